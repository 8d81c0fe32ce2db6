//! How the tests see what goes over the wire; production has no observer.

use super::HeaderMap;

/// Told of every exchange, each attempt of a repeated call included.
pub trait Observer: Send + Sync {
    /// Called when an answer has been read to its end. It runs on the caller's task and must not block.
    fn exchange(&self, exchange: &Exchange<'_>);
}

/// One request with its whole answer. It holds secrets, so it has no `Debug`.
pub struct Exchange<'a> {
    /// The upstream's name.
    pub upstream: &'a str,
    /// The call's operation.
    pub operation: &'a str,
    /// The method in capitals.
    pub method: &'a str,
    /// The path with its query, relative to the upstream's base address, as the call gave it.
    pub path: &'a str,
    /// The headers that the call gave (not those that every request has).
    pub request_headers: &'a HeaderMap,
    /// The request's body; empty if it has none.
    pub request_body: &'a [u8],
    /// The answer's status.
    pub status: u16,
    /// The answer's headers.
    pub response_headers: &'a HeaderMap,
    /// The answer's body.
    pub response_body: &'a [u8],
}
