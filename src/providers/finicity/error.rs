//! What Finicity's codes mean: two tables. An aggregation's code stands in the accounts, and in the body of what failed at an
//! institution, whatever the HTTP status (often 500); the API's own codes come with a status of their own.
//!
//! Sources: the examples of the official description; the nine codes that Data Connect Fix mends are Finicity's own list.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::{Reply, StatusCode};
use crate::providers::text::printable;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::ErrorBody;

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const SEE_TO_IT: Condition = Condition::new(Status::ReconnectRequired, StatusReason::Other);
/// The authorization ended, and can be given anew on the same login.
pub const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const FINICITY_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// Only a fresh link helps (G1).
const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// Our code where the receipt of the consent says that it was taken back.
pub const CONSENT_REVOKED: &str = "CONSENT_REVOKED";
/// The code of a token that expired or was revoked.
pub const TOKEN_ENDED: i64 = 947;
/// The code of an answer with status 203: the institution asks the customer something.
const MFA_NEEDED: i64 = 185;

/// Codes of aggregations; 0 and 169 (an account that is there twice) are good.
const AGGREGATION: &[(&[i64], Condition)] = &[
    (&[0, 169], Condition::HEALTHY),
    // Password wrong or expired; a question asked, or answered wrong.
    (&[103, 109, 185, 187], LOGIN_REQUIRED),
    // Something at the institution's own site first; an account that is not found, perhaps closed.
    (&[108, 946], SEE_TO_IT),
    // The institution moved to OAuth; the token ended or was taken back.
    (&[945, TOKEN_ENDED, 948], TOKEN_EXPIRED),
];

/// What an aggregation's code says of the login.
pub fn aggregation(code: i64) -> Condition {
    match AGGREGATION.iter().find(|(codes, _)| codes.contains(&code)) {
        Some((_, condition)) => *condition,
        // The ranges of connectors, institutions and Finicity itself; nobody lists them whole.
        None if (100..1000).contains(&code) => INSTITUTION_DOWN,
        None => UNKNOWN,
    }
}

/// A failure because of an aggregation's code.
pub fn aggregation_failure(code: i64, message: &str) -> Failure {
    let condition = aggregation(code);
    let (kind, persistence, reason) = match condition {
        TOKEN_EXPIRED => (K::Consent, NeedsUser, P::LoginRequired),
        LOGIN_REQUIRED | SEE_TO_IT => (K::UserAction, NeedsUser, P::LoginRequired),
        INSTITUTION_DOWN => (K::Unavailable, Temporary, P::ProviderError),
        _ => (K::Bug, Temporary, P::ProviderError),
    };
    let mut failure = Failure::new(kind, persistence, code.to_string(), message);
    failure.condition = Some(condition);
    failure.product_reason = Some(reason);
    failure
}

/// Whether an answer is about one login, whatever its status: the institution failed, or wants its customer.
pub fn is_of_login(reply: &Reply) -> bool {
    let code = read(&reply.body).and_then(|(code, _)| code.parse().ok());
    code.is_some_and(is_aggregation)
}

/// No code of the API is as short as an aggregation's.
fn is_aggregation(code: i64) -> bool {
    (1..1000).contains(&code)
}

/// What a code of the API means.
type Meaning = (FailureKind, Persistence, Option<Condition>, Option<ProductReason>);

/// Codes of the API. What is not here is judged by the status.
const API: &[(&[&str], Meaning)] = &[
    // Our credentials, or a token that is not ours.
    (
        &["10001", "10021", "10022", "10023", "10024", "10026", "10027", "24302"],
        (K::Auth, Permanent, None, Some(P::ProviderError)),
    ),
    // The login has no accounts any more: it was deleted, or moved to another one.
    (&["38007"], (K::NotFound, Permanent, Some(RELINK_NEEDED), None)),
    (&["14001", "14006", "38003", "13002", "3003", "3004"], (K::NotFound, Permanent, None, None)),
    // Also "account type not supported", which its text alone tells apart.
    (&["14020", "10005", "10007", "10009", "10010", "10025"], (K::Invalid, Permanent, None, None)),
    (&["10013"], (K::Unsupported, Permanent, None, Some(P::NoCompatibleAccount))),
    (&["110002", "11000"], (K::Invalid, Permanent, None, None)),
    (&["50051", "50052"], (K::Unsupported, Permanent, None, Some(P::ProviderUnsupported))),
    (&["3300001"], (K::RateLimit, Temporary, None, Some(P::ProviderError))),
];

/// Whether an answer says that the token of the API has ended.
pub fn is_token_refused(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "10022" | "10023")
}

/// Whether an answer says that a customer of that name is there already.
pub fn is_name_taken(failure: &Failure) -> bool {
    failure.code == "110002"
}

/// An answer that is not what was asked for: any status but 2xx, and 203.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let mut failure = match read(body) {
        _ if status == StatusCode::NON_AUTHORITATIVE_INFORMATION => {
            aggregation_failure(MFA_NEEDED, "the institution asks the customer something")
        }
        Some((code, message)) => of_code(status, &code, &message),
        None => without_code(status),
    };
    failure.retry_after = retry_after.or((failure.kind == K::RateLimit).then_some(Duration::from_secs(60)));
    failure
}

/// The code and the words of an error, in either shape.
fn read(body: &[u8]) -> Option<(String, String)> {
    let error: ErrorBody = serde_json::from_slice(body).ok()?;
    let wrapped = error.errors.and_then(|errors| errors.list.into_iter().next());
    let (code, message) = match wrapped {
        Some(error) => (error.reason_code, error.description),
        None => (error.code, error.message.or(error.user_message)),
    };
    Some((code?.0, printable(&message.unwrap_or_default())))
}

fn of_code(status: StatusCode, code: &str, message: &str) -> Failure {
    let number: Option<i64> = code.parse().ok();
    if let Some(number) = number.filter(|number| is_aggregation(*number)) {
        return aggregation_failure(number, message);
    }
    match API.iter().find(|(codes, _)| codes.contains(&code)) {
        // "Account type not supported" has the code of any bad request.
        Some(_) if code == "14020" && message.to_ascii_lowercase().contains("not supported") => {
            named((K::Unsupported, Permanent, None, Some(P::NoCompatibleAccount)), code, message)
        }
        Some((_, meaning)) => named(*meaning, code, message),
        None => of_status(status, code, message),
    }
}

fn named((kind, persistence, condition, product): Meaning, code: &str, message: &str) -> Failure {
    let mut failure = Failure::new(kind, persistence, code, message);
    failure.condition = condition;
    failure.product_reason = product;
    failure
}

/// An answer whose code is not known, or that has none: of a gateway, or of something else at the address.
/// A body that is not Finicity's: of a gateway before it, or of something else at the address. It may pass.
fn without_code(status: StatusCode) -> Failure {
    let (code, message) = (format!("HTTP_{}", status.as_u16()), "an answer without a code");
    match status.as_u16() {
        401 => named((K::Auth, Temporary, None, Some(P::ProviderError)), &code, message),
        404 => named((K::Unavailable, Temporary, Some(FINICITY_DOWN), Some(P::ProviderError)), &code, message),
        _ => of_status(status, &code, message),
    }
}

fn of_status(status: StatusCode, code: &str, message: &str) -> Failure {
    let meaning = match status.as_u16() {
        401 => (K::Auth, Permanent, None, Some(P::ProviderError)),
        429 => (K::RateLimit, Temporary, None, Some(P::ProviderError)),
        403 | 408 | 500.. => (K::Unavailable, Temporary, Some(FINICITY_DOWN), Some(P::ProviderError)),
        404 => (K::NotFound, Permanent, None, None),
        400 | 409 | 422 => (K::Invalid, Permanent, None, None),
        _ => (K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
    };
    named(meaning, code, message)
}

#[cfg(test)]
mod tests;
