//! What Yodlee's errors mean: one table for the codes of the API, one for what befell a login (`additionalStatus` of a dataset). The first comes
//! from the official description, the second from the notes on next actions in Yodlee's own client library.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::failure::{Meaning, meaning};
use crate::providers::text::printable;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::YodleeError;

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

/// The customer must log in again.
pub const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const SEE_TO_IT: Condition = Condition::new(Status::ReconnectRequired, StatusReason::Other);
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const YODLEE_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// A state that is new to us (F3).
pub const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// How long an update must lie back before the next (`[S]` PUT /providerAccounts).
const PAUSE_BETWEEN_UPDATES: Duration = Duration::from_secs(15 * 60);
/// How long to wait where a limit is hit that nobody has published.
const PAUSE_AFTER_LIMIT: Duration = Duration::from_secs(60);

/// Statuses of a dataset with which nothing is wrong.
const FINE: &[&str] = &[
    "AVAILABLE_DATA_RETRIEVED",
    "LOGIN_IN_PROGRESS",
    "DATA_RETRIEVAL_IN_PROGRESS",
    "ACCT_SUMMARY_RECEIVED",
    "MIGRATION_IN_PROGRESS",
];

const ADDITIONAL_STATUS: &[(&[&str], Meaning)] = &[
    // The customer must log in again: FastLink's flow `edit`.
    (
        &[
            "ADDL_AUTHENTICATION_REQUIRED",
            "CREDENTIALS_UPDATE_NEEDED",
            "INCORRECT_CREDENTIALS",
            "INVALID_ADDL_INFO_PROVIDED",
            "NEW_AUTHENTICATION_REQUIRED",
            "USER_INPUT_REQUIRED",
        ],
        meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
    ),
    // The same, after something at the institution's own site.
    (
        &["ACCOUNT_LOCKED", "USER_ACTION_NEEDED_AT_SITE"],
        meaning(K::UserAction, NeedsUser, Some(SEE_TO_IT), Some(P::LoginRequired)),
    ),
    // The consent is renewed by the same flow.
    (
        &["CONSENT_REQUIRED", "CONSENT_EXPIRED", "INCORRECT_OAUTH_TOKEN"],
        meaning(K::UserAction, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired)),
    ),
    // Only a fresh link helps: flow `add` (G1).
    (&["CONSENT_REVOKED"], meaning(K::UserAction, NeedsUser, Some(RELINK_NEEDED), Some(P::LoginRequired))),
    (&["SITE_NOT_SUPPORTED"], meaning(K::Unsupported, Permanent, Some(RELINK_NEEDED), Some(P::InstitutionUnsupported))),
    // One dataset lacks something that only the customer can give; the login itself is well.
    (
        &["PROPERTY_VALUE_NOT_AVAILABLE", "ENROLLMENT_REQUIRED_FOR_DATASET"],
        meaning(K::Consent, NeedsUser, None, Some(P::ConsentMissing)),
    ),
    (&["DATASET_NOT_SUPPORTED"], meaning(K::Unsupported, Permanent, None, Some(P::InstitutionUnsupported))),
    (&["DATA_NOT_AVAILABLE"], meaning(K::Unsupported, Permanent, None, Some(P::NoCompatibleAccount))),
    (
        &[
            "REQUEST_TIME_OUT",
            "SITE_BLOCKING_ERROR",
            "UNEXPECTED_SITE_ERROR",
            "SITE_UNAVAILABLE",
            "SITE_SESSION_INVALIDATED",
            "BETA_SITE_DEV_IN_PROGRESS",
            "DATA_RETRIEVAL_FAILED",
            "PARTIAL_DATA_RETRIEVED",
            "REQUIRED_DATA_NOT_AVAILABLE",
        ],
        meaning(K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
    ),
    (&["TECH_ERROR"], meaning(K::Unavailable, Temporary, Some(YODLEE_DOWN), Some(P::ProviderError))),
];

/// What the status of a dataset means; `None` where nothing is wrong, [`UNKNOWN`] where it is new to us.
pub fn of_additional_status(status: &str) -> Option<Meaning> {
    if FINE.contains(&status) {
        return None;
    }
    let found = ADDITIONAL_STATUS.iter().find(|(statuses, _)| statuses.contains(&status));
    Some(found.map_or(meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)), |(_, meaning)| *meaning))
}

/// Codes of the API (`[S]`). Those that are not here are judged by the HTTP status.
const CODES: &[(&[&str], Meaning)] = &[
    // Our credentials.
    (
        &["Y004", "Y007", "Y015", "Y016", "Y027", "Y301", "Y303", "Y305"],
        meaning(K::Auth, Permanent, None, Some(P::ProviderError)),
    ),
    // The token, of which a new one was made before it comes to this.
    (EXPIRED_TOKEN, meaning(K::Auth, Temporary, None, Some(P::ProviderError))),
    (
        &[
            "Y400", "Y800", "Y801", "Y803", "Y804", "Y805", "Y806", "Y809", "Y812", "Y816", "Y820", "Y822", "Y823",
            "Y824", "Y848",
        ],
        meaning(K::Invalid, Permanent, None, Some(P::ProviderError)),
    ),
    (&["Y807"], meaning(K::NotFound, Permanent, None, None)),
    (&["Y821", "Y901"], meaning(K::Unsupported, Permanent, None, Some(P::ProviderUnsupported))),
    // The only documented reason is REFRESHED_RECENTLY.
    (&["Y825"], meaning(K::RateLimit, Temporary, None, Some(P::ProviderError))),
    // The login moves to open banking; ask again later.
    (&["Y868"], meaning(K::NotReady, Temporary, None, Some(P::NotReady))),
];

/// Codes that a new token cures.
pub const EXPIRED_TOKEN: &[&str] = &["Y020", "Y023"];

/// The answer's code, if it is one of Yodlee's.
pub fn code(body: &[u8]) -> Option<String> {
    let code = serde_json::from_slice::<YodleeError>(body).ok()?.error_code?;
    let plain = (1..=20).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then_some(code)
}

/// An answer of another status than 2xx. Where the call was about one login (`of_login`), an invalid value can only be its id: Yodlee does
/// not know the login any more.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>, of_login: bool) -> Failure {
    let error: YodleeError = serde_json::from_slice(body).unwrap_or_default();
    let code = code(body);
    let known = CODES.iter().find(|(codes, _)| code.as_deref().is_some_and(|code| codes.contains(&code)));
    let mut meaning = known.map_or_else(|| by_status(status), |(_, meaning)| *meaning);
    let gone = of_login && matches!(code.as_deref(), Some("Y800" | "Y807"));
    if gone {
        meaning = self::meaning(K::NotFound, Permanent, Some(RELINK_NEEDED), None);
    }
    let text = match &error.error_message {
        Some(message) if code.is_some() => printable(message),
        _ => format!("an answer of status {} without a code of Yodlee's", status.as_u16()),
    };
    let code = code.unwrap_or_else(|| format!("HTTP_{}", status.as_u16()));
    let mut failure = meaning.failure(code, text);
    failure.request_id = error.reference_code.as_deref().map(|id| printable(id).chars().take(100).collect());
    failure.retry_after = retry_after.or(match (meaning.kind, known.is_some()) {
        (K::RateLimit, true) => Some(PAUSE_BETWEEN_UPDATES),
        (K::RateLimit, false) => Some(PAUSE_AFTER_LIMIT),
        (K::NotReady, _) => Some(PAUSE_BETWEEN_UPDATES),
        _ => None,
    });
    failure
}

/// What befell a login, as the failure of the call that needed it.
pub fn of_login(status: &str) -> Option<Failure> {
    let meaning = of_additional_status(status)?;
    let code: String = status.chars().filter(|c| c.is_ascii_uppercase() || *c == '_').take(100).collect();
    Some(meaning.failure(code, "the institution does not serve the login"))
}

/// A body that is not Yodlee's, or a code that is new.
fn by_status(status: StatusCode) -> Meaning {
    match status.as_u16() {
        429 => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        401 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        // What Yodlee itself does not find has a code.
        403 | 404 | 408 | 500.. => meaning(K::Unavailable, Temporary, Some(YODLEE_DOWN), Some(P::ProviderError)),
        _ => meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
    }
}

#[cfg(test)]
mod tests;
