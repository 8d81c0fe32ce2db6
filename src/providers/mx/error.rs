//! What MX's error answers mean: one table, by HTTP status, for MX documents no codes in its bodies. Its source is MX's page on
//! errors. Sentences in a body are for support alone.

use std::time::Duration;

use serde_json::Value;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::failure::{Meaning, meaning};
use crate::providers::{Failure, FailureKind, Persistence};

use super::map::status::RELINK_NEEDED;

use FailureKind as K;
use Persistence::{Permanent, Temporary};
use ProductReason as P;

const MX_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);

fn of(status: u16, is_own: bool) -> Meaning {
    match status {
        // For a job also: the institution does not have it.
        400 | 422 => meaning(K::Invalid, Permanent, None, None),
        // Our credentials, or something before MX that is out of order: it may pass.
        401 | 403 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        404 if is_own => meaning(K::NotFound, Permanent, None, None),
        405 => meaning(K::Bug, Permanent, None, Some(P::ProviderError)),
        // The header that names the version.
        406 => meaning(K::Invalid, Permanent, None, Some(P::ProviderError)),
        408 => meaning(K::Timeout, Temporary, Some(MX_DOWN), Some(P::ProviderError)),
        // Another kind of job is running.
        409 => meaning(K::NotReady, Temporary, None, Some(P::NotReady)),
        429 => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        // A 404 that is not MX's own says nothing of what was asked for.
        404 | 500.. => meaning(K::Unavailable, Temporary, Some(MX_DOWN), Some(P::ProviderError)),
        _ => meaning(K::Bug, Temporary, None, Some(P::ProviderError)),
    }
}

/// An answer of another status than 2xx.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let words = words(body);
    let meaning = of(status.as_u16(), matches!(words, Some((_, true))));
    let message =
        words.map_or_else(|| format!("an answer of status {} without words", status.as_u16()), |(message, _)| message);
    let mut failure = meaning.failure(code(status), message);
    failure.retry_after = retry_after.or(match failure.kind {
        K::RateLimit => Some(Duration::from_secs(60)),
        K::NotReady => Some(Duration::from_secs(10)),
        _ => None,
    });
    failure
}

fn code(status: StatusCode) -> String {
    format!("HTTP_{}", status.as_u16())
}

/// The words of an error body, and whether it has the form of MX's own: `{"error": {"message"}}`, `{"errors": [{"message"}]}`. What
/// stands before MX says `{"message"}`, `{"error"}` or nothing that can be read.
fn words(body: &[u8]) -> Option<(String, bool)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let inner = [(&body["error"], true), (&body["errors"][0], true), (&body, false)];
    let (words, is_own) = inner.iter().find_map(|(one, is_own)| match (one.as_str(), one["message"].as_str()) {
        (Some(text), _) => Some((text, false)),
        (None, message) => Some((message?, *is_own)),
    })?;
    let words: String = words.chars().filter(|c| !c.is_control()).take(500).collect();
    (!words.trim().is_empty()).then_some((words, is_own))
}

/// The same failure where the member itself was asked for: if it is not there, it was deleted, and only a fresh link helps.
pub fn of_member(mut failure: Failure) -> Failure {
    if failure.kind == K::NotFound {
        failure.condition = Some(RELINK_NEEDED);
    }
    failure
}

/// The same failure where a job was asked for: a plain refusal means that the institution does not have it.
pub fn of_job(failure: Failure) -> Failure {
    let mut failure = of_member(failure);
    if failure.kind == K::Invalid {
        failure.kind = K::Unsupported;
        failure.product_reason = Some(P::InstitutionUnsupported);
    }
    failure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(status: u16, body: &str) -> Failure {
        failure(StatusCode::from_u16(status).unwrap_or_default(), body.as_bytes(), None)
    }

    #[test]
    fn the_status_decides() {
        for (status, kind, persistence) in [
            (400, K::Invalid, Permanent),
            (401, K::Auth, Temporary),
            (403, K::Auth, Temporary),
            (404, K::Unavailable, Temporary),
            (409, K::NotReady, Temporary),
            (418, K::Bug, Temporary),
            (429, K::RateLimit, Temporary),
            (503, K::Unavailable, Temporary),
        ] {
            let failure = of(status, "{}");
            assert_eq!(
                (failure.kind, failure.persistence, &*failure.code),
                (kind, persistence, &*format!("HTTP_{status}"))
            );
        }
        assert_eq!(of(429, "").retry_after, Some(Duration::from_secs(60)));
    }

    #[test]
    fn the_words_are_found_wherever_they_are() {
        for body in [
            r#"{"error":{"message":"no"}}"#,
            r#"{"errors":[{"message":"no"}]}"#,
            r#"{"error":"no"}"#,
            r#"{"message":"no"}"#,
        ] {
            assert_eq!(of(400, body).message, "no", "{body}");
        }
        assert!(of(502, "<h1>Bad gateway</h1>").message.contains("502"));
    }

    #[test]
    fn what_was_asked_for_lends_a_meaning() {
        assert_eq!(of_member(of(404, r#"{"error":{"message":"no"}}"#)).condition, Some(RELINK_NEEDED));
        let refused = of_job(of(400, ""));
        assert_eq!((refused.kind, refused.product_reason), (K::Unsupported, Some(P::InstitutionUnsupported)));
    }

    #[test]
    fn only_what_mx_itself_does_not_find_is_gone() {
        for body in ["", "{}", "<html>", r#"{"message":"no Route matched"}"#, r#"{"error":"Not Found"}"#] {
            assert_eq!(of_member(of(404, body)).condition, Some(MX_DOWN), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_a_failure(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            prop_assert!(failure(status, &body, None).message.chars().count() <= 500);
        }
    }
}
