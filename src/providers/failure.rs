//! The one shape of everything that can go wrong at a provider.

use std::time::Duration;

use crate::domain::connection::Condition;
use crate::domain::product::ProductReason;
use crate::net;

wire_enum! {
    /// What kind of failure it is; the layers act on this alone.
    pub enum FailureKind {
        /// Our credentials at the provider are wrong.
        Auth = "AUTH",
        /// The customer's consent does not cover it.
        Consent = "CONSENT",
        /// The customer must log in again or act at the institution.
        UserAction = "USER_ACTION",
        /// Too many calls.
        RateLimit = "RATE_LIMIT",
        /// The object is not there (any more).
        NotFound = "NOT_FOUND",
        /// The provider refused what we sent.
        Invalid = "INVALID",
        /// The institution or the provider is down or failed.
        Unavailable = "UNAVAILABLE",
        /// Too slow.
        Timeout = "TIMEOUT",
        /// It cannot do this, here or for these accounts.
        Unsupported = "UNSUPPORTED",
        /// Not prepared yet; ask again later.
        NotReady = "NOT_READY",
        /// The short-lived part of the credential ended before its time: it is renewed once, and asked again with.
        TokenEnded = "TOKEN_ENDED",
        /// The cursor is of no use any more (data changed while it was read, or it is not known): begin earlier.
        Restart = "RESTART",
        /// It answered something that makes no sense.
        Bug = "BUG",
    }
}

wire_enum! {
    /// Whether trying again helps.
    pub enum Persistence {
        /// Never.
        Permanent = "PERMANENT",
        /// Later.
        Temporary = "TEMPORARY",
        /// Once the customer has acted.
        NeedsUser = "NEEDS_USER",
    }
}

/// Our code where no answer came at all.
const UNREACHABLE: &str = "UNREACHABLE";

/// A failure at a provider, classified. Its texts hold no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{kind} ({code}): {message}")]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// Whether trying again helps.
    pub persistence: Persistence,
    /// The provider's own code, or ours for transport failures.
    pub code: String,
    /// The provider's own words, for support; at most 500 characters.
    pub message: String,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// When to ask again at the earliest.
    pub retry_after: Option<Duration>,
    /// What it says of the connection as a whole.
    pub condition: Option<Condition>,
    /// What it says of the product that was asked for.
    pub product_reason: Option<ProductReason>,
    /// Which of what our caller gave it is about, as a JSON pointer into the body that it was given in.
    pub given: Option<&'static str>,
}

/// What an error means: a row of a provider's table of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What kind it is.
    pub kind: FailureKind,
    /// Whether trying again helps.
    pub persistence: Persistence,
    /// What it says of the connection; `None` = nothing.
    pub condition: Option<Condition>,
    /// What it says of the product that was asked for.
    pub product: Option<ProductReason>,
}

/// A row of a table of errors.
pub const fn meaning(
    kind: FailureKind,
    persistence: Persistence,
    condition: Option<Condition>,
    product: Option<ProductReason>,
) -> Meaning {
    Meaning { kind, persistence, condition, product }
}

impl Meaning {
    /// The failure of an error that means this, with its own code and words.
    pub fn failure(self, code: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure {
            condition: self.condition,
            product_reason: self.product,
            ..Failure::new(self.kind, self.persistence, code, message)
        }
    }
}

impl Failure {
    /// A failure that says nothing of connection or product.
    pub fn new(
        kind: FailureKind,
        persistence: Persistence,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let message: String = message.into().chars().take(500).collect();
        Self {
            kind,
            persistence,
            code: code.into(),
            message,
            request_id: None,
            retry_after: None,
            condition: None,
            product_reason: None,
            given: None,
        }
    }

    /// It is about what our caller gave there.
    pub fn of_given(mut self, pointer: &'static str) -> Self {
        self.given = Some(pointer);
        self
    }

    /// Whether nobody is there for the moment, rather than something being wrong with the call.
    pub fn is_away(&self) -> bool {
        self.retry_after.is_some() || self.code == UNREACHABLE
    }

    /// This provider does not have the operation.
    pub fn unsupported(operation: &str) -> Self {
        let mut failure = Self::new(
            FailureKind::Unsupported,
            Persistence::Permanent,
            "UNSUPPORTED",
            format!("{operation} does not exist at this provider"),
        );
        failure.product_reason = Some(ProductReason::ProviderUnsupported);
        failure
    }

    /// The answer could not be read as the provider documents it. `what` names the place, never the content.
    pub fn unreadable(what: impl std::fmt::Display) -> Self {
        Self::new(
            FailureKind::Bug,
            Persistence::Temporary,
            "UNREADABLE_ANSWER",
            format!("the provider's answer could not be read: {what}"),
        )
    }
}

impl From<net::Error> for Failure {
    fn from(error: net::Error) -> Self {
        use crate::domain::connection::{Status, StatusReason};
        let (kind, code) = match &error {
            net::Error::Timeout | net::Error::Stalled => (FailureKind::Timeout, "TIMEOUT"),
            net::Error::Open { .. } => (FailureKind::Unavailable, "CIRCUIT_OPEN"),
            net::Error::BodyTooLarge => (FailureKind::Bug, "BODY_TOO_LARGE"),
            net::Error::Blocked | net::Error::Url(_) => (FailureKind::Invalid, "ADDRESS_REFUSED"),
            _ => (FailureKind::Unavailable, UNREACHABLE),
        };
        let mut failure = Self::new(kind, Persistence::Temporary, code, error.to_string());
        failure.condition = Some(Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable));
        if let net::Error::Open { retry_after } = error {
            failure.retry_after = Some(retry_after);
        }
        failure
    }
}
