//! What finAPI's errors mean: one table for the codes of Access and of the Web Form.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::failure::{Meaning, meaning};
use crate::providers::text::printable;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::{ErrorAnswer, ErrorDetails};

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

/// The customer must log in again.
pub const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
/// The consent has ended.
pub const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
/// The bank connection is gone.
pub const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
/// The bank fails.
pub const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const FINAPI_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// A state that is new to us (F3).
pub const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// A user's id and password are not taken.
pub const UNKNOWN_USER: &str = "invalid_grant";

/// How long to wait where an update runs: they take up to a minute, most of them less.
const PAUSE_WHILE_LOCKED: Duration = Duration::from_secs(10);
/// How long to wait where finAPI was asked too often and does not say for how long.
const PAUSE_WHEN_LIMITED: Duration = Duration::from_secs(60);

const CODES: &[(&[&str], Meaning)] = &[
    // The customer has to go through a form; of status 510 in Access.
    (
        &[
            "ADDITIONAL_AUTHENTICATION_REQUIRED",
            "WEB_FORM_REQUIRED",
            "WEB_FORM_ABORTED",
            "MISSING_CREDENTIALS",
            "LOGIN_FIELDS_MISMATCH",
            "INVALID_TWO_STEP_PROCEDURE",
            "MISSING_TWO_STEP_PROCEDURE",
            "NO_EXISTING_CHALLENGE",
            "NO_PSU_METADATA",
        ],
        meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
    ),
    (&["INVALID_CONSENT"], meaning(K::UserAction, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired))),
    // An update runs.
    (&["LOCKED", "ILLEGAL_ENTITY_STATE"], meaning(K::NotReady, Temporary, None, Some(P::NotReady))),
    // Our credentials, or our contract.
    (
        &[
            "FORBIDDEN",
            "MANDATOR_MISCONFIGURATION",
            "NOT_ALLOWED",
            "NO_CERTIFICATE",
            "NO_TPP_CLIENT_CREDENTIALS",
            "invalid_client",
            "unauthorized_client",
        ],
        meaning(K::Auth, Permanent, None, Some(P::ProviderError)),
    ),
    // A token, of which a new one was made before it comes to this.
    (
        &["INVALID_TOKEN", "UNAUTHORIZED_ACCESS", "UNAUTHORIZED", "invalid_token"],
        meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
    ),
    // The user is not there any more, and all bank connections with them.
    (&[UNKNOWN_USER], meaning(K::NotFound, Permanent, Some(RELINK_NEEDED), None)),
    (&["UNKNOWN_ENTITY", "NOT_FOUND"], meaning(K::NotFound, Permanent, None, None)),
    (
        &["UNSUPPORTED_BANK", "BANK_NOT_SUPPORTED", "BANK_NOT_UNIQUE", "NO_ACCOUNTS_FOR_TYPE_LIST"],
        meaning(K::Unsupported, Permanent, None, Some(P::InstitutionUnsupported)),
    ),
    (
        &["UNSUPPORTED_FEATURE", "UNSUPPORTED_ORDER", "NOT_SUPPORTED"],
        meaning(K::Unsupported, Permanent, None, Some(P::ProviderUnsupported)),
    ),
    (&["UNEXPECTED_ERROR", "INTERNAL_SERVER_ERROR"], DOWN),
    (
        &[
            "BAD_REQUEST",
            "ENTITY_EXISTS",
            "ILLEGAL_FIELD_VALUE",
            "ILLEGAL_PAGE_SIZE",
            "INVALID_ACCOUNT_TYPES",
            "INVALID_FILTER_OPTIONS",
            "INVALID_REDIRECT_URL",
            "METHOD_NOT_ALLOWED",
            "MISSING_FIELD",
            "TOO_MANY_IDS",
            "UNSUPPORTED_MEDIA_TYPE",
            "invalid_request",
        ],
        meaning(K::Invalid, Permanent, None, Some(P::ProviderError)),
    ),
];

const DOWN: Meaning = meaning(K::Unavailable, Temporary, Some(FINAPI_DOWN), Some(P::ProviderError));

/// The answer's code, if it is one of finAPI's.
pub fn code(body: &[u8]) -> Option<String> {
    code_of(&serde_json::from_slice(body).ok()?)
}

fn code_of(answer: &ErrorAnswer) -> Option<String> {
    let details = answer.errors.iter().find_map(|one| one.code.clone());
    let code = details.or_else(|| answer.code.clone()).or_else(|| answer.error.clone())?;
    let plain = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    plain.then_some(code)
}

/// An answer of another status than 2xx. Where the call was about one bank connection (`of_connection`), nothing found means that it is gone.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>, of_connection: bool) -> Failure {
    let answer: ErrorAnswer = serde_json::from_slice(body).unwrap_or_default();
    let code = code_of(&answer);
    let first = answer.errors.first();
    let mut meaning = code.as_deref().and_then(|code| known(code, first)).unwrap_or_else(|| by_status(status));
    // A token for a user whose bank connections were asked for is another matter than a wrong token.
    if of_connection && status == StatusCode::NOT_FOUND && meaning.kind == K::NotFound {
        meaning.condition = Some(RELINK_NEEDED);
    }
    let words = first.and_then(|one| one.message.as_deref()).or(answer.description.as_deref());
    let text = match words {
        Some(message) => printable(message),
        None => format!("an answer of status {} without words of finAPI's", status.as_u16()),
    };
    let code = code.unwrap_or_else(|| format!("HTTP_{}", status.as_u16()));
    let mut failure = meaning.failure(code, text);
    failure.request_id = answer.request_id.as_deref().map(|id| printable(id).chars().take(100).collect());
    failure.retry_after = retry_after.or(match meaning.kind {
        K::NotReady => Some(PAUSE_WHILE_LOCKED),
        K::RateLimit => Some(PAUSE_WHEN_LIMITED),
        _ => None,
    });
    failure
}

fn known(code: &str, details: Option<&ErrorDetails>) -> Option<Meaning> {
    if code == "BANK_SERVER_REJECTION" {
        // Of type `BUSINESS`, the bank refused the customer.
        let is_business = details.is_none_or(|one| one.error_type.as_deref() != Some("TECHNICAL"));
        return Some(match is_business {
            true => meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
            false => meaning(K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
        });
    }
    CODES.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, meaning)| *meaning)
}

/// A body that is not finAPI's, or a code that is new.
fn by_status(status: StatusCode) -> Meaning {
    match status.as_u16() {
        429 => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        401 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        423 => meaning(K::NotReady, Temporary, None, Some(P::NotReady)),
        510 => meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
        // What finAPI itself does not find has a code.
        403 | 404 | 408 | 500.. => DOWN,
        _ => meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
    }
}

/// What a bank connection says of itself, as the failure of the call that needed it.
pub fn of_connection(condition: Condition, code: Option<String>) -> Failure {
    let code = code.unwrap_or_else(|| "USER_ACTION_REQUIRED".to_owned());
    let mut failure = Failure::new(K::UserAction, NeedsUser, code, "the next update needs the customer");
    failure.condition = Some(condition);
    failure.product_reason = Some(P::LoginRequired);
    failure
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn access(status: u16, code: &str, error_type: &str) -> Failure {
        let body = json!({
            "errors": [{ "message": "Bitte\nmelden Sie sich an", "code": code, "type": error_type }],
            "date": "2026-11-21T12:00:00.000Z", "requestId": "r-1", "endpoint": "POST /x", "authContext": "1/2",
        });
        failure(StatusCode::from_u16(status).unwrap_or_default(), body.to_string().as_bytes(), None, true)
    }

    #[test]
    fn a_form_that_is_needed_is_no_fault_of_finapis() {
        for code in ["ADDITIONAL_AUTHENTICATION_REQUIRED", "WEB_FORM_REQUIRED", "NEW_CODE"] {
            let failure = access(510, code, "BUSINESS");
            assert_eq!((failure.kind, failure.persistence), (K::UserAction, NeedsUser), "{code}");
            assert_eq!(failure.condition, Some(LOGIN_REQUIRED), "{code}");
        }
    }

    #[test]
    fn a_bank_that_refuses_the_customer_is_told_from_one_that_fails() {
        assert_eq!(access(422, "BANK_SERVER_REJECTION", "BUSINESS").kind, K::UserAction);
        let technical = access(422, "BANK_SERVER_REJECTION", "TECHNICAL");
        assert_eq!((technical.kind, technical.condition), (K::Unavailable, Some(INSTITUTION_DOWN)));
    }

    #[test]
    fn what_is_locked_is_asked_for_later() {
        let failure = access(423, "LOCKED", "TECHNICAL");
        assert_eq!((failure.kind, failure.retry_after), (K::NotReady, Some(PAUSE_WHILE_LOCKED)));
    }

    #[test]
    fn nothing_found_means_that_the_connection_is_gone() {
        let failure = access(404, "UNKNOWN_ENTITY", "BUSINESS");
        assert_eq!((failure.kind, failure.condition), (K::NotFound, Some(RELINK_NEEDED)));
        assert_eq!(failure.message, "Bittemelden Sie sich an");
        assert_eq!(failure.request_id.as_deref(), Some("r-1"));
    }

    #[test]
    fn only_what_finapi_itself_does_not_find_is_gone() {
        for body in ["", "{}", "<html>", r#"{"error":"Not Found","status":404}"#] {
            let failure = failure(StatusCode::NOT_FOUND, body.as_bytes(), None, true);
            assert_eq!((failure.kind, failure.condition), (K::Unavailable, Some(FINAPI_DOWN)), "{body}");
        }
    }

    #[test]
    fn the_web_form_and_its_tokens_speak_of_errors_in_other_words() {
        let form = br#"{"code":"BANK_NOT_SUPPORTED","description":"no","timestamp":"","endpoint":""}"#;
        assert_eq!(failure(StatusCode::UNPROCESSABLE_ENTITY, form, None, false).kind, K::Unsupported);
        let field = br#"{"errors":[{"field":"bank.id","message":"must not be null"}],"timestamp":"","endpoint":""}"#;
        let invalid = failure(StatusCode::BAD_REQUEST, field, None, false);
        assert_eq!((invalid.code.as_str(), invalid.message.as_str()), ("HTTP_400", "must not be null"));
        let token = br#"{"error":"invalid_grant","error_description":"Bad credentials"}"#;
        assert_eq!(failure(StatusCode::UNAUTHORIZED, token, None, false).condition, Some(RELINK_NEEDED));
    }
}
