//! stub, replaced
pub use reqwest::header::HeaderMap;
/// e
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Error {
    #[error("u")]
    Url(String),
    #[error("b")]
    Blocked,
    #[error("t")]
    Timeout,
    #[error("s")]
    Stalled,
    #[error("c")]
    Connect(String),
    #[error("l")]
    BodyTooLarge,
    #[error("cut")]
    Cut,
    #[error("o")]
    Open { retry_after: std::time::Duration },
    #[error("tr")]
    Transport(String),
}
/// u
#[derive(Clone)]
pub struct Upstream;
