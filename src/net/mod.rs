//! The one outbound HTTP client. It knows addresses, deadlines and statuses, and nothing of providers or of the database.
//!
//! A [`Client`] (one per process) opens an [`Upstream`] for each base address; an upstream sends [`Call`]s and gives [`Reply`]s.
//! On the way, from outside to inside: the circuit breaker, the retry loop with its budget, one attempt under deadline, stall
//! limit and size cap, and the guard, which decides which addresses may be connected to at all. Redirects are never followed,
//! proxies of the environment are never used, bodies are never decompressed, and no log line or error holds a path, a query,
//! a header or a body.

mod breaker;
mod call;
mod client;
mod error;
mod guard;
mod observer;
mod pauses;
mod retry;
mod upstream;

#[cfg(test)]
mod tests;

pub use call::{Call, DEFAULT_DEADLINE, DEFAULT_MAX_BODY, DEFAULT_PATIENCE, MAX_DEADLINE, Reply};
pub use client::{Client, Settings};
pub use error::Error;
pub use observer::{Exchange, Observer};
pub use upstream::Upstream;

pub use hyper::body::Bytes;
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};
