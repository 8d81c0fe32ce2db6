//! Bodies: JSON in and out. What cannot be read is refused with a pointer to the place.

mod reader;
mod tree;
mod within;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::tree::Tree;
pub use self::within::{instant_or_null, within, within_or_null};
use crate::domain::problem::{Code, Problem};

/// The largest body that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// A JSON body. An empty one counts as `{}`, so that a request whose fields may all be left out needs none.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

/// A body that is kept as it came, beside what it says: for idempotency, to which a refusal is an answer like any other.
#[derive(Clone, Debug)]
pub struct Body<T> {
    /// What it says, or why it cannot be read.
    pub read: Result<T, Problem>,
    /// As it came.
    pub bytes: Bytes,
}

/// A body as it came, whatever it is.
#[derive(Clone, Debug)]
pub(super) struct RawBody(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Problem::new(Code::PayloadTooLarge, "The body is over 1 MiB. Send less at once.")
                }
                _ => Problem::invalid("", "BODY", "The body could not be read to its end. Send it again."),
            }
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let is_encoded = request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self { read: parse(b"{}"), bytes });
        }
        if !is_json || is_encoded {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "The body must be plain JSON: send Content-Type: application/json, and no Content-Encoding.",
            ));
        }
        Ok(Self { read: parse(&bytes), bytes })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Body::from_request(request, state).await?.read.map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.all(|part| {
        part.strip_prefix("charset=").is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    });
    utf8 && (essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")))
}

/// Syntax goes first: what is wrong with the fields of a broken text is nobody's business.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Problem::invalid("", "ENCODING", "The body must be UTF-8 text."))?;
    let tree: Tree = serde_json::from_str(text).map_err(|error| {
        let detail = if error.is_eof() {
            "The body ends in the middle of its JSON. Send all of it.".to_owned()
        } else {
            format!("The body is not valid JSON: {error}.")
        };
        Problem::invalid("", "SYNTAX", detail)
    })?;
    Ok(T::deserialize(tree)?)
}

/// `null` means the same as leaving the field out.
pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
