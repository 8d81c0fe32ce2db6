//! Who calls: one client, whose calls must be signed and fresh; and the errors that are answered.

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{MOST_BYTES, Simulator};
use crate::providers::saltedge::signature::of_request;
use crate::providers::saltedge::{SANDBOX_APP_ID, SANDBOX_SECRET};
use crate::store;

/// The furthest that a signature may reach, in seconds.
const FURTHEST: i64 = 3600;

/// An error of the API.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    class: &'static str,
}

/// What an operation answers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A request that is not taken.
    pub fn refused(class: &'static str) -> Self {
        Self { status: StatusCode::NOT_ACCEPTABLE, class }
    }

    /// Nothing is there.
    pub fn not_found(class: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, class }
    }

    fn bad(class: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, class }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::debug!(%error, "the simulator's state cannot be reached");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, class: "InternalServerError" }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let message = format!("The request was refused: {}", self.class);
        let body = json!({ "error": { "class": self.class, "message": message, "request_id": uuid::Uuid::new_v4() }, "request": {} });
        (self.status, Json(body)).into_response()
    }
}

/// Lets only signed calls through, and counts them.
pub async fn check(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    simulator.count(format!("{} {path}", parts.method));
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return Error::bad("WrongRequestFormat").into_response() };
    let host = header(&parts.headers, "host").unwrap_or_default();
    let url = format!("http://{host}{}", parts.uri);
    match simulator.check_caller(&parts.headers, parts.method.as_str(), &url, &body) {
        Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(error) => error.into_response(),
    }
}

impl Simulator {
    fn check_caller(&self, headers: &HeaderMap, method: &str, url: &str, body: &[u8]) -> Result<()> {
        if header(headers, "app-id") != Some(SANDBOX_APP_ID) || header(headers, "secret") != Some(SANDBOX_SECRET) {
            return Err(Error::not_found("ApiKeyNotFound"));
        }
        let signature = header(headers, "signature").ok_or(Error::bad("MissingSignature"))?;
        let expires_at = header(headers, "expires-at").and_then(|text| text.parse::<i64>().ok());
        let expires_at = expires_at.ok_or(Error::bad("ExpiresAtInvalid"))?;
        let left = expires_at - self.shared.clock.now().timestamp();
        if left > FURTHEST {
            return Err(Error::bad("ExpiresAtInvalid"));
        }
        if left <= 0 {
            return Err(Error::bad("RequestExpired"));
        }
        let signed = of_request(expires_at, method, url, body);
        let is_good = self.shared.client_key.as_ref().is_some_and(|key| key.verifies(&signed, signature.as_bytes()));
        if is_good { Ok(()) } else { Err(Error::bad("SignatureNotMatch")) }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What a body holds under `data`.
pub fn data(body: &Bytes) -> Result<Value> {
    let mut body: Value = serde_json::from_slice(body).map_err(|_| Error::bad("WrongRequestFormat"))?;
    match body["data"].take() {
        Value::Object(data) => Ok(Value::Object(data)),
        _ => Err(Error::bad("DataMissing")),
    }
}
