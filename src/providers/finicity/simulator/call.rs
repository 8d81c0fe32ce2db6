//! What surrounds every operation: the application's key and token, the body, the count; and how Finicity says no.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Simulator;
use super::ids::fingerprint;
use super::state::{AppToken, TOKEN};
use crate::store;

/// An error as Finicity answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: StatusCode,
    code: Value,
    message: String,
}

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// The errors whose text never varies: status, code, message.
const ERRORS: &[(u16, &str, &str)] = &[
    (401, "10001", "Invalid credentials"),
    (401, "10022", "Invalid (Finicity-App-Token)"),
    (401, "10023", "Expired (Finicity-App-Token)"),
    (401, "10024", "Missing parameter (Finicity-App-Token)"),
    (401, "10026", "Missing parameter (Finicity-App-Key)"),
    (401, "10027", "Invalid parameter (Finicity-App-Key)"),
    (404, "14001", "Customer not found."),
    (400, "14016", "Invalid customer type."),
    (404, "38003", "Customer does not have the given account."),
    (404, "38007", "Customer does not have any accounts associated with institutionLoginId."),
    (400, "41003", "Start index cannot be less than one."),
    (400, "41004", "Limit cannot be less than one."),
    (409, "110002", "Username is not available."),
    (400, "110039", "Username is not as per the policy."),
];

impl Error {
    /// One of the errors whose text never varies.
    pub fn new(code: &'static str) -> Self {
        let found = ERRORS.iter().find(|(_, known, _)| *known == code);
        let (status, _, message) = found.copied().unwrap_or((400, code, "Bad request."));
        Self::with(status, json!(code), message)
    }

    /// A parameter is missing.
    pub fn missing(name: &str) -> Self {
        Self::with(400, json!("10005"), format!("Missing parameter ({name})"))
    }

    /// A parameter is no good.
    pub fn invalid(message: &str) -> Self {
        Self::with(400, json!("10010"), message)
    }

    /// The operation is not for accounts of this type, here.
    pub fn unsuited() -> Self {
        Self::with(400, json!("14020"), "Bad request. (Account type not supported).")
    }

    /// The institution could not be read: an aggregation's code, with the status that Finicity gives it.
    pub fn aggregation(code: i64) -> Self {
        Self::with(500, json!(code), format!("Aggregation error {code}"))
    }

    fn with(status: u16, code: Value, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code, message: message.into() }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::warn!(%error, "a simulator's state cannot be reached");
        Self::with(503, json!("15000"), "Service temporarily unavailable.")
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response()
    }
}

/// What an operation answers.
pub type Answer = Result<Json<Value>>;

/// Every request with a good key and a good token.
pub struct Caller;

impl FromRequestParts<Simulator> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, simulator: &Simulator) -> Result<Self> {
        Key::from_request_parts(parts, simulator).await?;
        let token = header(&parts.headers, "finicity-app-token").ok_or_else(|| Error::new("10024"))?;
        let known: Option<AppToken> = simulator.shared.documents.get(TOKEN, &fingerprint(&token)).await?;
        let known = known.ok_or_else(|| Error::new("10022"))?;
        if known.expires_at <= simulator.shared.clock.now() { Err(Error::new("10023")) } else { Ok(Self) }
    }
}

/// A request with a good key.
pub struct Key;

impl FromRequestParts<Simulator> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, simulator: &Simulator) -> Result<Self> {
        let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
        simulator.shared.calls.count(format!("{} {path}", parts.method));
        let key = header(&parts.headers, "finicity-app-key").ok_or_else(|| Error::new("10026"))?;
        if key == simulator.shared.app_key { Ok(Self) } else { Err(Error::new("10027")) }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap_or_default().to_owned())
}

/// A request's body, a JSON object.
pub struct Fields(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let body = Bytes::from_request(request, state).await.map_err(|_| Error::invalid("Body too large"))?;
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Error::invalid("Malformed body")),
        }
    }
}

impl Fields {
    /// A text that must be there.
    pub fn required(&self, name: &str) -> Result<String> {
        self.text(name).ok_or_else(|| Error::missing(name))
    }

    /// A text, or nothing.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Anything.
    pub fn value(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

/// An amount as a JSON number.
pub fn amount(amount: Decimal) -> Value {
    serde_json::from_str(&amount.normalize().to_string()).unwrap_or_default()
}
