//! What error classes mean: one table, for answers of the API, for attempts that failed, and for customers who come back with one. The names
//! are of version 5 `[1]`; version 6 seems to drop the prefix `Aisp`, so that consents are recognised by how their class ends.

use std::time::Duration;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::net::StatusCode;
use crate::providers::failure::{Meaning, meaning};
use crate::providers::text::printable;
use crate::providers::{Failure, FailureKind, Persistence};

use super::wire::ErrorAnswer;

use FailureKind as K;
use Persistence::{NeedsUser, Permanent, Temporary};
use ProductReason as P;

const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const NETWORK_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// A state that is new to us (F3).
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// Another login was put in the place of the linked one (D9).
pub const DIFFERENT_LOGIN: &str = "CredentialsNotMatch";
/// The customer is there already.
pub const DUPLICATED_CUSTOMER: &str = "DuplicatedCustomer";
/// A connection has been fetched a short while ago.
pub const TOO_SOON: &str = "ConnectionCannotBeRefreshed";
/// What a connection that was switched off is refused with.
pub const DISABLED: &str = "ConnectionDisabled";
/// Without a reason, an inactive connection lacks a login.
pub const INACTIVE: &str = "InvalidCredentials";

/// How long to wait where a limit is hit that nobody has published.
const PAUSE: Duration = Duration::from_secs(60);
/// How long to wait for the next of four unattended fetches a day `[1]`.
const PAUSE_BETWEEN_FETCHES: Duration = Duration::from_secs(6 * 3600);

const CLASSES: &[(&[&str], Meaning)] = &[
    (
        &[
            "InvalidCredentials",
            "CredentialsNotMatch",
            "InvalidInteractiveCredentials",
            "InteractiveTimeout",
            "InteractiveAdapterTimeout",
            "ProviderAccessNotGranted",
        ],
        meaning(K::UserAction, NeedsUser, Some(LOGIN_REQUIRED), Some(P::LoginRequired)),
    ),
    (
        &["ConsentExpired", "ConsentRevoked"],
        meaning(K::UserAction, NeedsUser, Some(TOKEN_EXPIRED), Some(P::LoginRequired)),
    ),
    (&["ConnectionDisabled"], meaning(K::UserAction, NeedsUser, Some(RELINK_NEEDED), Some(P::LoginRequired))),
    (
        &[
            "ProviderError",
            "ProviderInactive",
            "ProviderUnavailable",
            "ProviderDisabled",
            "ConnectionFailed",
            "ConnectionLost",
            "ExecutionTimeout",
            "FetchingTimeout",
            "ConnectionFetchingStopped",
        ],
        meaning(K::Unavailable, Temporary, Some(INSTITUTION_DOWN), Some(P::ProviderError)),
    ),
    (&["ConnectionAlreadyProcessing"], meaning(K::NotReady, Temporary, None, Some(P::NotReady))),
    (&["InternalServerError"], meaning(K::Unavailable, Temporary, Some(NETWORK_DOWN), Some(P::ProviderError))),
    (
        &[
            "ClientPending",
            "ClientRestricted",
            "ClientDisabled",
            "ActionNotAllowed",
            "AppsRestricted",
            "ConnectionLimitReached",
            "SignatureNotMatch",
            "MissingSignature",
            "ExpiresAtInvalid",
            "RequestExpired",
            "ApiKeyNotFound",
        ],
        meaning(K::Auth, Permanent, None, Some(P::ProviderError)),
    ),
    (&["ReturnURLInvalid", DUPLICATED_CUSTOMER], meaning(K::Invalid, Permanent, None, Some(P::ProviderError))),
    (
        &["FetchScopesNotAllowed", "ConsentScopesNotAllowed"],
        meaning(K::Consent, NeedsUser, None, Some(P::ConsentMissing)),
    ),
    (&["RateLimitExceeded", "TooManyRequests"], meaning(K::RateLimit, Temporary, None, Some(P::ProviderError))),
    (&["BackgroundFetchLimitExceeded", TOO_SOON], meaning(K::RateLimit, Temporary, None, Some(P::NotReady))),
    (&["ConnectionNotFound"], meaning(K::NotFound, Permanent, Some(RELINK_NEEDED), Some(P::LoginRequired))),
    (&["CustomerNotFound"], meaning(K::NotFound, Permanent, None, Some(P::ProviderError))),
];

/// What a class means; one that is new is [`UNKNOWN`].
pub fn of_class(class: &str) -> Meaning {
    known(class).unwrap_or(meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)))
}

fn known(class: &str) -> Option<Meaning> {
    let is_that = |name: &&str| *name == class || (name.starts_with("Consent") && class.ends_with(*name));
    CLASSES.iter().find(|(names, _)| names.iter().any(&is_that)).map(|(_, meaning)| *meaning)
}

/// A class as it may be stored and shown.
pub fn plain(class: &str) -> String {
    let plain: String = class.chars().filter(char::is_ascii_alphanumeric).take(100).collect();
    if plain.is_empty() { "Unknown".to_owned() } else { plain }
}

/// What befell a connection, as the failure of the call that needed it.
pub fn of_connection(class: &str) -> Failure {
    of_class(class).failure(plain(class), "the institution does not serve the connection")
}

/// An answer of another status than 2xx. Their edge answers 403 in HTML to what is not signed or has no name: that is ours to put right.
pub fn failure(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let answer: ErrorAnswer = serde_json::from_slice(body).unwrap_or_default();
    let class = answer.error.class.or(answer.error_class).map(|class| plain(&class));
    let found = class.as_deref().and_then(known);
    let meaning = found.unwrap_or_else(|| by_status(status));
    let message = answer.error.message.or(answer.error_message).filter(|_| class.is_some());
    let message = message.unwrap_or_else(|| format!("an answer of status {} without a class", status.as_u16()));
    let code = class.unwrap_or_else(|| format!("HTTP_{}", status.as_u16()));
    let mut failure = meaning.failure(code, printable(&message));
    failure.request_id = answer.error.request_id.map(|id| printable(&id).chars().take(100).collect());
    failure.retry_after = retry_after.or(match (meaning.kind, meaning.product) {
        (K::RateLimit, Some(P::NotReady)) => Some(PAUSE_BETWEEN_FETCHES),
        (K::RateLimit | K::NotReady, _) => Some(PAUSE),
        _ => None,
    });
    failure
}

/// A body that is not theirs, or a class that is new.
fn by_status(status: StatusCode) -> Meaning {
    match status.as_u16() {
        401 | 403 => meaning(K::Auth, Temporary, None, Some(P::ProviderError)),
        429 => meaning(K::RateLimit, Temporary, None, Some(P::ProviderError)),
        // What they themselves do not find has a class.
        404 | 408 | 500.. => meaning(K::Unavailable, Temporary, Some(NETWORK_DOWN), Some(P::ProviderError)),
        _ => meaning(K::Bug, Temporary, Some(UNKNOWN), Some(P::ProviderError)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_both_versions_and_shapes_are_known() {
        let nested = br#"{"error":{"class":"AispConsentExpired","message":"a\nb","request_id":"r-1"},"request":{}}"#;
        let failure = super::failure(StatusCode::NOT_ACCEPTABLE, nested, None);
        assert_eq!((failure.kind, failure.condition), (K::UserAction, Some(TOKEN_EXPIRED)));
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("AispConsentExpired", "ab"));
        assert_eq!(failure.request_id.as_deref(), Some("r-1"));
        let flat = br#"{"error_class":"ConnectionNotFound","error_message":"gone"}"#;
        assert_eq!(super::failure(StatusCode::NOT_FOUND, flat, None).condition, Some(RELINK_NEEDED));
        assert_eq!(of_class("ConsentRevoked").persistence, NeedsUser);
        assert_eq!(of_class("BrandNew").condition, Some(UNKNOWN));
    }

    #[test]
    fn the_edge_says_no_in_html() {
        let failure = super::failure(StatusCode::FORBIDDEN, b"<html>403</html>", None);
        assert_eq!((failure.kind, failure.persistence, failure.code.as_str()), (K::Auth, Temporary, "HTTP_403"));
        let bare = super::failure(StatusCode::NOT_FOUND, b"<html>404</html>", None);
        assert_eq!((bare.kind, bare.condition), (K::Unavailable, Some(NETWORK_DOWN)));
        let limit = br#"{"error":{"class":"BackgroundFetchLimitExceeded","message":"4"}}"#;
        let limit = super::failure(StatusCode::NOT_ACCEPTABLE, limit, None);
        assert_eq!((limit.kind, limit.retry_after), (K::RateLimit, Some(PAUSE_BETWEEN_FETCHES)));
    }
}
