//! What Akoya's errors mean: one table. The code decides (FDX's from the product APIs, OAuth's from the identity provider), the
//! HTTP status only where there is no code.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::{Reply, StatusCode};
use crate::providers::failure::{Meaning, meaning};
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::{ApiError, OauthError};

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

/// What was asked, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// For data, with an id token that was just renewed: it cannot have ended of itself.
    Fresh,
    /// For data, with an older id token.
    Aged,
    /// For tokens in exchange for a code.
    Exchange,
    /// For tokens in exchange for a refresh token.
    Renewal,
    /// For something of our own: a service token, institutions.
    Service,
}

const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
/// Every call goes through to the institution.
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const AKOYA_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// Codes of the product APIs.
const FDX: &[(&str, Meaning)] = &[
    // "Customer not found": the customer took the consent back, at the institution or at Akoya.
    ("601", meaning(K::Consent, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired))),
    // "Customer not authorized", with an id token that cannot have ended: see `not_authorized`.
    ("602", meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired))),
    // An account or holding that is gone.
    ("701", meaning(K::NotFound, Permanent, None, Some(P::NoCompatibleAccount))),
    ("1207", meaning(K::RateLimit, Temporary, None, Some(P::ProviderError))),
];

/// Codes of the identity provider, whatever was asked for.
const OAUTH: &[(&str, Meaning)] = &[
    ("invalid_client", meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
    ("unauthorized_client", meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
    ("invalid_scope", meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
    ("unsupported_grant_type", meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
    ("server_error", meaning(K::Unavailable, Temporary, Some(AKOYA_DOWN), Some(P::ProviderError))),
    ("temporarily_unavailable", meaning(K::Unavailable, Temporary, Some(AKOYA_DOWN), Some(P::ProviderError))),
];

/// An id token that the institution ended before its time: it is renewed, and only if that does not help must the customer act.
const ENDED_EARLY: Meaning = meaning(K::TokenEnded, Temporary, None, Some(P::NotReady));
/// A refresh token that is used, ended or revoked; it is renewed by another authorization.
const REFRESH_ENDED: Meaning = meaning(K::UserAction, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired));
/// A code that is used or older than five minutes.
const CODE_ENDED: Meaning = meaning(K::Invalid, Permanent, None, None);

/// An answer of another status than 2xx.
pub fn failure(asked: Asked, status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let (code, message) = read(body);
    let found = code.as_deref().and_then(|code| by_code(asked, code)).map(|meaning| (code.clone(), meaning));
    let (code, meaning) = found.unwrap_or_else(|| (None, by_status(asked, status, code.is_some())));
    let code = code.unwrap_or_else(|| format!("HTTP_{}", status.as_u16()));
    let message = message.unwrap_or_else(|| format!("an answer of status {}", status.as_u16()));
    let mut failure = meaning.failure(code, message);
    failure.retry_after = retry_after.or(match meaning.kind {
        // Nobody says how long a limit lasts.
        FailureKind::RateLimit => Some(Duration::from_secs(60)),
        _ => None,
    });
    failure
}

/// Whether an answer is the institution's own, whatever its status: it comes with a code of the product APIs. Another institution
/// may well be fine.
pub fn is_of_institution(reply: &Reply) -> bool {
    read(&reply.body).0.is_some()
}

/// Code and message of either kind of error.
fn read(body: &[u8]) -> (Option<String>, Option<String>) {
    let api = serde_json::from_slice::<ApiError>(body).unwrap_or_default();
    let oauth = serde_json::from_slice::<OauthError>(body).unwrap_or_default();
    let code = api.code.0.or(oauth.error.0).filter(|code| is_code(code));
    let message = api.message.0.or(oauth.error_description.0);
    (code, message.map(|text| text.chars().filter(|c| !c.is_control()).take(500).collect()))
}

/// Whether a text may be shown and stored as a code.
fn is_code(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn by_code(asked: Asked, code: &str) -> Option<Meaning> {
    let of_table = |table: &[(&str, Meaning)]| table.iter().find(|(known, _)| *known == code).map(|(_, found)| *found);
    match (asked, code) {
        (Asked::Aged, "602") => Some(ENDED_EARLY),
        (Asked::Renewal, "invalid_grant" | "invalid_request" | "invalid_token" | "access_denied") => {
            Some(REFRESH_ENDED)
        }
        (Asked::Exchange, "invalid_grant" | "invalid_request" | "access_denied") => Some(CODE_ENDED),
        (Asked::Service, "601" | "602") => Some(meaning(K::Auth, Permanent, None, Some(P::ProviderError))),
        _ => of_table(FDX).or_else(|| of_table(OAUTH)),
    }
}

/// What a status means without a code that is known. Where there was a code nevertheless, an unknown one says nothing that is known
/// of the connection (F3).
fn by_status(asked: Asked, status: StatusCode, has_code: bool) -> Meaning {
    let institution = !matches!(asked, Asked::Exchange | Asked::Renewal | Asked::Service);
    let down = if institution { INSTITUTION_DOWN } else { AKOYA_DOWN };
    match status.as_u16() {
        401 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        // "Incorrect providerId or no subscription to provider": our own application is not, or no longer, let in there. That is
        // about the whole connection, no matter of the customer's, and passes when the subscription is put right.
        403 => meaning(K::Auth, Temporary, Some(AKOYA_DOWN), Some(P::ProviderError)),
        429 => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        // "FdxVersion in header is not implemented."
        501 => meaning(K::Unsupported, Permanent, None, Some(P::InstitutionUnsupported)),
        // "Request timed out (round trip call took >10 seconds)."
        408 => meaning(K::Timeout, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
        500.. => meaning(K::Unavailable, Temporary, Some(down), Some(P::ProviderError)),
        404 if has_code => meaning(K::NotFound, Permanent, None, Some(P::InstitutionUnsupported)),
        404 => meaning(K::Unavailable, Temporary, Some(down), Some(P::ProviderError)),
        _ if has_code && institution => meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
        _ => meaning(K::Bug, Temporary, None, Some(P::ProviderError)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn judge(asked: Asked, status: u16, body: &str) -> Failure {
        failure(asked, StatusCode::from_u16(status).unwrap(), body.as_bytes(), None)
    }

    #[test]
    fn f3_what_the_customer_has_to_mend_is_said_so() {
        for (asked, status, body, condition) in [
            (Asked::Fresh, 401, r#"{"code":602,"message":"Customer not authorized"}"#, LOGIN_REQUIRED),
            (Asked::Fresh, 401, r#"{"code":"601","message":"Customer not found"}"#, TOKEN_EXPIRED),
            (Asked::Aged, 404, r#"{"code":601}"#, TOKEN_EXPIRED),
            (
                Asked::Renewal,
                400,
                r#"{"error":"invalid_request","error_description":"Refresh token is invalid or has already been claimed by another client."}"#,
                TOKEN_EXPIRED,
            ),
            (Asked::Renewal, 400, r#"{"error":"invalid_grant"}"#, TOKEN_EXPIRED),
        ] {
            let failure = judge(asked, status, body);
            assert_eq!((failure.persistence, failure.condition), (NeedsUser, Some(condition)), "{body}");
        }
    }

    #[test]
    fn an_id_token_that_ended_early_is_renewed_before_the_customer_is_asked() {
        let failure = judge(Asked::Aged, 401, r#"{"code":602}"#);
        assert_eq!((failure.kind, failure.persistence, failure.condition), (K::TokenEnded, Temporary, None));
    }

    #[test]
    fn a_code_that_is_no_good_says_nothing_of_a_connection() {
        let failure = judge(Asked::Exchange, 400, r#"{"error":"invalid_grant"}"#);
        assert_eq!((failure.kind, failure.condition), (K::Invalid, None));
        assert_eq!(judge(Asked::Exchange, 401, r#"{"error":"invalid_client"}"#).kind, K::Auth);
    }

    #[test]
    fn outages_and_limits_are_the_institutions() {
        let limited = judge(Asked::Fresh, 429, r#"{"code":1207,"message":"Too many requests"}"#);
        assert_eq!((limited.kind, limited.retry_after), (K::RateLimit, Some(Duration::from_secs(60))));
        for status in [408, 500, 503] {
            assert_eq!(judge(Asked::Fresh, status, "").condition, Some(INSTITUTION_DOWN), "{status}");
        }
        assert_eq!(judge(Asked::Renewal, 503, "").condition, Some(AKOYA_DOWN));
        assert_eq!(judge(Asked::Fresh, 501, "").kind, K::Unsupported);
        assert_eq!(judge(Asked::Fresh, 404, "<html>").condition, Some(INSTITUTION_DOWN));
        assert_eq!(judge(Asked::Fresh, 404, r#"{"code":404}"#).kind, K::NotFound);
    }

    #[test]
    fn e9_a_subscription_that_is_missing_is_ours_to_mend_and_tried_again() {
        for body in ["{}", r#"{"code":403,"message":"Incorrect providerId or no subscription to provider"}"#] {
            let failure = judge(Asked::Fresh, 403, body);
            assert_eq!((failure.kind, failure.persistence), (K::Auth, Temporary), "{body}");
            assert_eq!(failure.condition, Some(AKOYA_DOWN), "{body}");
        }
    }

    #[test]
    fn f3_an_unknown_code_is_undetermined() {
        assert_eq!(judge(Asked::Fresh, 418, r#"{"code":99999}"#).condition, Some(UNKNOWN));
        let foreign = judge(Asked::Fresh, 401, "<!doctype html>");
        assert_eq!((foreign.kind, foreign.condition, foreign.code.as_str()), (K::Auth, None, "HTTP_401"));
    }

    proptest! {
        #[test]
        fn any_answer_has_a_meaning(status in 100_u16..600, body in ".{0,200}") {
            for asked in [Asked::Fresh, Asked::Aged, Asked::Exchange, Asked::Renewal, Asked::Service] {
                let failure = judge(asked, status, &body);
                prop_assert!(!failure.code.is_empty());
            }
        }
    }
}
