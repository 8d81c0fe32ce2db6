//! Why a call has no answer. The texts are ours: what a library or a server said is not repeated, for it may quote what was sent.

use std::error::Error as StdError;
use std::io;
use std::iter;
use std::time::Duration;

use super::guard::Forbidden;

/// Why there is no answer. Neither `Debug` nor `Display` shows a path, a query, a header or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address or the path cannot be called; nothing was sent.
    #[error("the address cannot be called: {0}")]
    Url(&'static str),
    /// The host is at, or its name leads only to, an address that may not be connected to; nothing was sent.
    #[error("the address is in a private or special range")]
    Blocked,
    /// The call's deadline passed.
    #[error("no complete answer within the deadline")]
    Timeout,
    /// Nothing came for 30 seconds, though the deadline had not passed.
    #[error("the answer stalled")]
    Stalled,
    /// No connection: name not found, refused, unreachable.
    #[error("no connection: {0}")]
    Connect(String),
    /// The TLS handshake failed: no TLS, or a certificate that is not accepted.
    #[error("no TLS connection: {0}")]
    Tls(String),
    /// The answer is larger than the call accepts.
    #[error("the answer is too large")]
    BodyTooLarge,
    /// The answer's body ended early, or broke its framing.
    #[error("the answer was cut off")]
    Cut,
    /// The circuit breaker is open: nothing was sent, and nothing will be before `retry_after`.
    #[error("the upstream keeps failing and is left alone for {} s", retry_after.as_secs())]
    Open {
        /// When to ask again at the earliest.
        retry_after: Duration,
    },
    /// The connection broke before there was an answer, or what came was no HTTP.
    #[error("the exchange failed: {0}")]
    Transport(String),
    /// The client cannot be set up: no root certificates on this machine, or a user agent that is no header value.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

impl Error {
    /// Whether the upstream or the way to it failed, as opposed to what we asked for or would not do.
    pub fn is_transport(&self) -> bool {
        use Error::{Connect, Cut, Stalled, Timeout, Tls, Transport};
        matches!(self, Timeout | Stalled | Connect(_) | Tls(_) | Cut | Transport(_))
    }

    /// A name for metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::Blocked => "blocked",
            Self::Timeout => "timeout",
            Self::Stalled => "stalled",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::BodyTooLarge => "too_large",
            Self::Cut => "cut",
            Self::Open { .. } => "open",
            Self::Transport(_) => "transport",
            Self::Setup(_) => "setup",
        }
    }

    /// Reads a failure before the answer's headers.
    pub(super) fn before_answer(error: &reqwest::Error) -> Self {
        if error.is_builder() {
            return Self::Url("it is no valid request target");
        }
        if find::<Forbidden>(error).is_some() {
            return Self::Blocked;
        }
        let io = causes(error).filter_map(|cause| cause.downcast_ref()).last().map(io::Error::kind);
        if error.is_connect() {
            return match io {
                _ if error.is_dns() => Self::Connect("name not found".into()),
                _ if error.is_timeout() => Self::Connect("timed out".into()),
                // This is how the TLS layer reports a handshake that it would not finish.
                Some(io::ErrorKind::InvalidData) => Self::Tls(tls_text(error)),
                Some(kind) => Self::Connect(kind.to_string()),
                None => Self::Connect("failed".into()),
            };
        }
        let hyper = find::<hyper::Error>(error);
        Self::Transport(match io {
            _ if hyper.is_some_and(hyper::Error::is_parse) => "what came is no HTTP".into(),
            _ if hyper.is_some_and(hyper::Error::is_incomplete_message) => "closed before an answer".into(),
            Some(kind) => kind.to_string(),
            None => "broken off".into(),
        })
    }
}

/// The error and its causes, outermost first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&cause| match cause.downcast_ref().and_then(io::Error::get_ref) {
        // An I/O error that wraps another skips it in its own `source`.
        Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

/// The outermost cause of type `T`.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What the TLS layer, the last cause, says of the certificate or the protocol.
fn tls_text(error: &reqwest::Error) -> String {
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    text.chars().take(200).collect()
}
