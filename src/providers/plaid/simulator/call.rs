//! What surrounds every operation: credentials, the body, the request id, the count.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::fields::Fields;
use super::ids;

/// A request with good credentials, which are taken off its body.
pub struct Call {
    /// Who is asked.
    pub simulator: Simulator,
    /// The path.
    pub operation: String,
    body: Map<String, Value>,
}

impl Call {
    /// The fields of the body.
    pub fn fields(&self, required: &[&str], optional: &[&str]) -> Result<Fields> {
        Fields::new(self.body.clone(), required, optional)
    }
}

impl FromRequest<Simulator> for Call {
    type Rejection = Error;

    async fn from_request(request: Request, simulator: &Simulator) -> Result<Self> {
        let path = request.extensions().get::<MatchedPath>();
        let operation = path.map(|path| path.as_str().to_owned()).unwrap_or_default();
        simulator.calls().count(&operation, None);
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, &()).await.map_err(|_| Error::new("INVALID_BODY"))?;
        let Ok(Value::Object(mut body)) = serde_json::from_slice(&bytes) else {
            return Err(Error::new("INVALID_BODY"));
        };
        let given = |name: &str, body: &mut Map<String, Value>| -> Option<String> {
            let in_body = body.remove(name).filter(|value| !value.is_null());
            in_body.map(|value| value.as_str().unwrap_or_default().to_owned()).or_else(|| header(&headers, name))
        };
        let credentials = (given("client_id", &mut body), given("secret", &mut body));
        simulator.check_credentials(credentials)?;
        check_version(&headers)?;
        Ok(Self { simulator: simulator.clone(), operation, body })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let header = headers.get(format!("plaid-{}", name.replace('_', "-")))?;
    Some(header.to_str().unwrap_or_default().to_owned())
}

fn check_version(headers: &HeaderMap) -> Result<()> {
    let good = headers.get("plaid-version").is_none_or(|version| version == "2020-09-14");
    if good { Ok(()) } else { Err(Error::invalid_field("Plaid-Version must be 2020-09-14")) }
}

/// An answer with 200.
pub struct Reply(Value);

/// An answer that is a PDF, with its hash beside it.
pub struct Pdf(pub Vec<u8>);

impl IntoResponse for Pdf {
    fn into_response(self) -> Response {
        let hash = ids::sha256_hex(&self.0);
        ([("content-type", "application/pdf"), ("plaid-content-hash", hash.as_str())], self.0).into_response()
    }
}

/// What an operation answers.
pub type Answer = Result<Reply>;

/// An answer of these fields; the request id comes of itself.
pub fn reply(body: Value) -> Answer {
    Ok(Reply(body))
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut body = self.0;
        body["request_id"] = json!(ids::request_id());
        Json(body).into_response()
    }
}

/// Item ids beyond so many are not told apart.
const MOST_ITEMS: usize = 100_000;

/// An operation, and the Item whose access token it came with.
type Called = (String, Option<String>);

/// How often each operation was called in this process. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    counts: Arc<Mutex<BTreeMap<Called, u64>>>,
}

impl Calls {
    pub(super) fn count(&self, operation: &str, item_id: Option<&str>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if item_id.is_none() || counts.len() < MOST_ITEMS {
            *counts.entry((operation.to_owned(), item_id.map(str::to_owned))).or_default() += 1;
        }
    }

    /// Calls of an operation (`/transactions/sync`), well-formed or not.
    pub fn of(&self, operation: &str) -> u64 {
        self.get(operation, None)
    }

    /// Calls of an operation with an access token of that Item.
    pub fn of_item(&self, operation: &str, item_id: &str) -> u64 {
        self.get(operation, Some(item_id))
    }

    /// Every operation that was called, with how often.
    pub fn all(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .filter(|((_, item), _)| item.is_none())
            .map(|((operation, _), count)| (operation.clone(), *count))
            .collect()
    }

    fn get(&self, operation: &str, item_id: Option<&str>) -> u64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&(operation.to_owned(), item_id.map(str::to_owned))).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_per_operation_and_item() {
        let calls = Calls::default();
        calls.count("/auth/get", None);
        calls.count("/auth/get", Some("item"));
        assert_eq!((calls.of("/auth/get"), calls.of_item("/auth/get", "item")), (1, 1));
        assert_eq!((calls.of("/item/get"), calls.of_item("/auth/get", "other")), (0, 0));
    }

    #[test]
    fn credentials_may_stand_in_the_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("plaid-client-id", axum::http::HeaderValue::from_static("abc"));
        assert_eq!(header(&headers, "client_id").as_deref(), Some("abc"));
        assert_eq!(header(&headers, "secret"), None);
        assert!(check_version(&headers).is_ok());
        headers.insert("plaid-version", axum::http::HeaderValue::from_static("2019-05-29"));
        assert!(check_version(&headers).is_err());
    }
}
