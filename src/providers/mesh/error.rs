//! What Mesh's failures mean: one table. The word in an answer's `status` decides, the HTTP status only where there is none.
//!
//! An answer of status 401 has no body, and comes for our own keys as for a customer's token; `client` finds out which.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::{Answer, Ignored};

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
const SEE_TO_IT: Condition = Condition::new(Status::ReconnectRequired, StatusReason::Other);
const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const MESH_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// The institution takes the customer's token no longer.
pub const TOKEN_REFUSED: &str = "TOKEN_REFUSED";

type Meaning = (FailureKind, Persistence, Option<Condition>, Option<ProductReason>);

/// The words of `ApiResult.status`, of `HoldingsModel.status` and of a refresh, and two of our own.
const TABLE: &[(&str, Meaning)] = &[
    ("badRequest", (K::Invalid, Permanent, None, None)),
    ("conflict", (K::Unavailable, Temporary, None, Some(P::ProviderError))),
    ("failed", (K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError))),
    ("locked", (K::UserAction, NeedsUser, Some(SEE_TO_IT), Some(P::LoginRequired))),
    ("mfaRequired", (K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired))),
    ("notAuthorized", (K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired))),
    ("notFound", (K::NotFound, Permanent, Some(RELINK_NEEDED), None)),
    ("permissionDenied", (K::Auth, Permanent, None, Some(P::ProviderError))),
    ("serverFailure", (K::Unavailable, Temporary, Some(MESH_DOWN), Some(P::ProviderError))),
    ("tooManyRequest", (K::RateLimit, Temporary, None, Some(P::ProviderError))),
    ("unavailableForLegalReasons", (K::Unsupported, Permanent, None, Some(P::InstitutionUnsupported))),
    // Another visit to Link gives the same connection new tokens.
    (TOKEN_REFUSED, (K::UserAction, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired))),
    // The token has ended and nothing renews it: only a fresh link helps (G1).
    ("TOKEN_ENDED", (K::UserAction, NeedsUser, Some(RELINK_NEEDED), Some(P::LoginRequired))),
];

/// What one of the table's words means; an unknown one is `UNDETERMINED` (F3).
pub fn of_word(word: &str, message: &str) -> Failure {
    let found = TABLE.iter().find(|(known, _)| *known == word);
    let meaning = found.map_or((K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)), |(_, meaning)| *meaning);
    let plain = (1..=100).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    meant(if plain { word } else { "UNKNOWN" }, message, meaning)
}

/// The customer's token has ended.
pub fn token_ended() -> Failure {
    of_word("TOKEN_ENDED", "the customer's token has ended and cannot be renewed: the customer must link anew")
}

/// The customer's token is refused, though our keys are good.
pub fn token_refused() -> Failure {
    of_word(TOKEN_REFUSED, "the institution takes the customer's token no longer: the customer must log in again")
}

/// An answer of another status than 2xx.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let answer: Option<Answer<Ignored>> = serde_json::from_slice(body).ok();
    let word = answer.as_ref().and_then(|answer| answer.status.as_deref()).filter(|word| *word != "ok");
    let message = answer.as_ref().and_then(|answer| answer.message.as_deref()).unwrap_or_default();
    let mut failure = match word {
        Some(word) => of_word(word, message),
        None => without_word(status),
    };
    // Limits are not published.
    let pause = (failure.kind == K::RateLimit).then_some(Duration::from_secs(60));
    failure.retry_after = retry_after.or(pause);
    failure
}

/// A body that says nothing: documented for 401 and 403, else of a gateway or of something else at the address.
fn without_word(status: StatusCode) -> Failure {
    let meaning = match status.as_u16() {
        401 | 403 => (K::Auth, Temporary, None, Some(P::ProviderError)),
        // What Mesh itself does not find has a word.
        404 | 408 | 500.. => (K::Unavailable, Temporary, Some(MESH_DOWN), Some(P::ProviderError)),
        429 => (K::RateLimit, Temporary, None, Some(P::ProviderError)),
        _ => (K::Bug, Temporary, Some(MESH_DOWN), Some(P::ProviderError)),
    };
    let status = status.as_u16();
    meant(&format!("HTTP_{status}"), &format!("an answer of status {status} without a word of Mesh's"), meaning)
}

fn meant(code: &str, message: &str, (kind, persistence, condition, product): Meaning) -> Failure {
    let message: String = message.chars().filter(|c| !c.is_control()).take(500).collect();
    let mut failure = Failure::new(kind, persistence, code, message);
    (failure.condition, failure.product_reason) = (condition, product);
    failure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
        failure(status, body.as_bytes(), None)
    }

    #[test]
    fn the_word_decides_before_the_status() {
        for (status, word, kind) in [
            (400, "badRequest", K::Invalid),
            (400, "notFound", K::NotFound),
            (400, "tooManyRequest", K::RateLimit),
            (500, "locked", K::UserAction),
            (403, "permissionDenied", K::Auth),
            (400, "newInThisVersion", K::Bug),
            (503, "ok", K::Unavailable),
        ] {
            let failure = of(status, &json!({ "status": word, "message": "why\u{7}" }).to_string());
            assert_eq!(failure.kind, kind, "{word}");
            assert!(!failure.message.contains('\u{7}'), "{word}");
        }
        assert_eq!(of(400, r#"{"status":"newInThisVersion"}"#).condition, Some(UNKNOWN));
    }

    #[test]
    fn without_a_word_the_status_decides() {
        for (status, kind) in [
            (401, K::Auth),
            (403, K::Auth),
            (404, K::Unavailable),
            (418, K::Bug),
            (429, K::RateLimit),
            (500, K::Unavailable),
            (503, K::Unavailable),
        ] {
            for body in ["", "{}", "[]", "null", "<html>"] {
                assert_eq!(of(status, body).kind, kind, "{status} {body}");
            }
        }
        assert!(of(429, "").retry_after.is_some());
    }

    #[test]
    fn the_table_says_who_must_act() {
        for (_, (kind, persistence, condition, _)) in TABLE {
            let asks = condition.is_some_and(|condition| condition.status.needs_customer());
            assert_eq!(*persistence == NeedsUser, asks && *kind != K::NotFound);
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_a_failure(status in 300_u16..600, body in prop::collection::vec(any::<u8>(), 0..200), word in "\\PC{0,120}") {
            let text = json!({ "status": word, "message": word }).to_string();
            for body in [&body[..], text.as_bytes()] {
                let failure = failure(StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT), body, None);
                prop_assert!(!failure.code.is_empty() && failure.code.len() <= 100);
            }
        }
    }
}
