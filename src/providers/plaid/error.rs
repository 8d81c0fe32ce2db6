//! What Plaid's errors mean: one table. Its sources are Plaid's error pages and the official description; the code decides, the
//! HTTP status only where there is no code.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::failure::{Meaning, meaning};
use crate::providers::text::printable;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::PlaidError;

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
const SEE_TO_IT: Condition = Condition::new(Status::ReconnectRequired, StatusReason::Other);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const PLAID_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// Only a fresh link helps (G1).
pub const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// The table. Codes that are not here are judged by their type ([`by_type`]).
const TABLE: &[(&[&str], Meaning)] = &[
    // The customer must log in again, in update mode.
    (
        &[
            "ITEM_LOGIN_REQUIRED",
            "INVALID_CREDENTIALS",
            "INVALID_MFA",
            "INVALID_OTP",
            "INSUFFICIENT_CREDENTIALS",
            "INVALID_SEND_METHOD",
            "INVALID_PHONE_NUMBER",
            "USER_INPUT_TIMEOUT",
        ],
        meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
    ),
    // The same, after something at the institution's own site.
    (
        &["ITEM_LOCKED", "PASSWORD_RESET_REQUIRED", "USER_SETUP_REQUIRED", "MFA_NOT_SUPPORTED"],
        meaning(K::UserAction, NeedsUser, Some(SEE_TO_IT), Some(P::LoginRequired)),
    ),
    // Update mode may restore it; where Plaid refuses to open that, `begin_link` says that only a fresh link helps.
    (&["USER_PERMISSION_REVOKED"], meaning(K::Consent, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired))),
    // One product lacks a permission or consent; the connection stays as it is (P13).
    (&["ACCESS_NOT_GRANTED"], meaning(K::Consent, NeedsUser, None, Some(P::PermissionDenied))),
    (&["ADDITIONAL_CONSENT_REQUIRED"], meaning(K::Consent, NeedsUser, None, Some(P::ConsentMissing))),
    // Another login than the linked one, inside a session (D9, U15); a payment profile, which is no connection (D10).
    (&["INVALID_UPDATED_USERNAME", "PAYMENT_PROFILE_LOGIN_REQUIRED"], meaning(K::UserAction, NeedsUser, None, None)),
    // Not applicable to these accounts (C8, P23).
    (
        &[
            "NO_ACCOUNTS",
            "NO_AUTH_ACCOUNTS",
            "NO_INVESTMENT_ACCOUNTS",
            "NO_INVESTMENT_AUTH_ACCOUNTS",
            "NO_LIABILITY_ACCOUNTS",
        ],
        meaning(K::Unsupported, Permanent, None, Some(P::NoCompatibleAccount)),
    ),
    (
        &[
            "PRODUCTS_NOT_SUPPORTED",
            "PRODUCT_NOT_SUPPORTED",
            "ITEM_NOT_SUPPORTED",
            "UNAUTHORIZED_INSTITUTION",
            "INSTITUTION_REGISTRATION_REQUIRED",
            "INSTITUTION_NOT_ENABLED_IN_ENVIRONMENT",
        ],
        meaning(K::Unsupported, Permanent, None, Some(P::InstitutionUnsupported)),
    ),
    (&["INSTANT_MATCH_FAILED"], meaning(K::Unsupported, Permanent, None, Some(P::NoInstantFlow))),
    // Our team at Plaid has no access to the product.
    (
        &[
            "PRODUCT_NOT_ENABLED",
            "SANDBOX_PRODUCT_NOT_ENABLED",
            "INVALID_PRODUCT",
            "UNAUTHORIZED_ROUTE_ACCESS",
            "ADDENDUM_NOT_SIGNED",
            "NOT_ENABLED_FOR_SIGNAL_TRANSACTION_SCORE_RULESETS",
        ],
        meaning(K::Unsupported, Permanent, None, Some(P::ProviderUnsupported)),
    ),
    // A report that cannot be made, of this Item or just now: another one may do.
    (
        &["DATA_UNAVAILABLE", "ASSET_REPORT_GENERATION_FAILED", "DATA_QUALITY_CHECK_FAILED"],
        meaning(K::Unavailable, Permanent, None, Some(P::ProviderError)),
    ),
    (&["PRODUCT_NOT_READY"], meaning(K::NotReady, Temporary, None, Some(P::NotReady))),
    (&["TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"], meaning(K::Restart, Temporary, None, Some(P::NotReady))),
    // The Item is gone.
    (&["ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN"], meaning(K::NotFound, Permanent, Some(RELINK_NEEDED), None)),
    (&["ITEM_CONCURRENTLY_DELETED"], meaning(K::NotFound, Permanent, None, None)),
    (
        &[
            "INVALID_LINK_TOKEN",
            "INVALID_PUBLIC_TOKEN",
            "INVALID_ACCOUNT_ID",
            "INVALID_INSTITUTION",
            "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
            "NOT_FOUND",
        ],
        meaning(K::NotFound, Permanent, None, None),
    ),
    // The institution or Plaid.
    (
        &["INSTITUTION_DOWN", "INSTITUTION_NOT_RESPONDING", "INSTITUTION_NOT_AVAILABLE"],
        meaning(K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
    ),
    (
        &["INTERNAL_SERVER_ERROR", "PLANNED_MAINTENANCE"],
        meaning(K::Unavailable, Temporary, Some(PLAID_DOWN), Some(P::ProviderError)),
    ),
    (
        &["INSTITUTION_NO_LONGER_SUPPORTED"],
        meaning(K::Unsupported, Permanent, Some(RELINK_NEEDED), Some(P::InstitutionUnsupported)),
    ),
    (&["LAST_UPDATED_DATETIME_OUT_OF_RANGE"], meaning(K::Unavailable, Temporary, None, Some(P::ProviderError))),
    // Our credentials.
    (&["INVALID_API_KEYS", "UNAUTHORIZED_ENVIRONMENT"], meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
];

/// What a code means that the table does not have; an unknown one of an unknown type is `UNDETERMINED` (F3).
fn by_type(error_type: &str) -> Meaning {
    match error_type {
        "RATE_LIMIT_EXCEEDED" => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        "INSTITUTION_ERROR" => meaning(K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
        "API_ERROR" => meaning(K::Unavailable, Temporary, Some(PLAID_DOWN), Some(P::ProviderError)),
        "INVALID_RESULT" | "TRANSACTIONS_ERROR" => meaning(K::Unavailable, Temporary, None, Some(P::ProviderError)),
        "INVALID_REQUEST" | "INVALID_INPUT" | "SANDBOX_ERROR" | "SIGNAL_ERROR" => {
            meaning(K::Invalid, Permanent, None, None)
        }
        "OAUTH_ERROR" => meaning(K::UserAction, NeedsUser, None, None),
        _ => meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
    }
}

impl Meaning {
    /// What an error means.
    pub fn of(error: &PlaidError) -> Self {
        let code = error.error_code.as_deref().unwrap_or_default();
        let found = TABLE.iter().find(|(codes, _)| codes.contains(&code));
        let mut meaning = match found {
            Some((_, meaning)) => *meaning,
            None if code.ends_with("_LIMIT") => by_type("RATE_LIMIT_EXCEEDED"),
            None => by_type(error.error_type.as_deref().unwrap_or_default()),
        };
        // The institution's token ended, rather than a password: the customer renews it there (F3).
        if code == "ITEM_LOGIN_REQUIRED"
            && error.error_code_reason.as_deref().is_some_and(|why| why.starts_with("OAUTH_"))
        {
            meaning.condition = Some(TOKEN_EXPIRED);
        }
        meaning
    }

    /// What it says of the Item that holds the error.
    pub fn item_condition(self) -> Condition {
        match (self.condition, self.kind) {
            (Some(condition), _) => condition,
            (None, FailureKind::Consent) => SEE_TO_IT,
            // A fault of one product or one call.
            (None, _) => Condition::HEALTHY,
        }
    }
}

/// The code as it may be shown and stored. Where the customer took the access back, the reason says so and not the code (F6).
pub fn code(error: &PlaidError) -> String {
    let reason = error.error_code_reason.as_deref().filter(|reason| *reason == "OAUTH_USER_REVOKED");
    let code = reason.or(error.error_code.as_deref()).unwrap_or_default();
    let plain = (1..=100).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { code.to_owned() } else { "UNKNOWN".to_owned() }
}

/// An answer of another status than 2xx.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let error = serde_json::from_slice::<PlaidError>(body).ok().filter(|error| error.error_code.is_some());
    let mut failure = match error {
        Some(error) => of_error(&error),
        None => without_code(status),
    };
    failure.retry_after = retry_after.or(match failure.kind {
        // Limits are counted by minute, and Plaid does not say how much of it is left.
        FailureKind::RateLimit => Some(Duration::from_secs(60)),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(Duration::from_secs(10)),
        _ => None,
    });
    failure
}

fn of_error(error: &PlaidError) -> Failure {
    let meaning = Meaning::of(error);
    let message = error.error_message.as_deref().unwrap_or_default();
    let mut failure = meaning.failure(code(error), printable(message));
    failure.request_id = error.request_id.as_deref().map(|id| printable(id).chars().take(100).collect());
    failure
}

/// A body that is not Plaid's: of a gateway before it, or of something else at the address.
fn without_code(status: StatusCode) -> Failure {
    let meaning = match status.as_u16() {
        429 => by_type("RATE_LIMIT_EXCEEDED"),
        401 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        403 | 408 | 500.. => by_type("API_ERROR"),
        _ => meaning(K::Bug, Temporary, Some(PLAID_DOWN), Some(P::ProviderError)),
    };
    let text = format!("an answer of status {} without an error code", status.as_u16());
    meaning.failure(format!("HTTP_{}", status.as_u16()), text)
}

#[cfg(test)]
mod tests;
