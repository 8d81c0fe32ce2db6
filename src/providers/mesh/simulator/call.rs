//! Who calls and with what, and how it is answered.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::Simulator;
use super::institutions::BROKER_TYPE;
use crate::providers::mesh::{SANDBOX_CLIENT_ID, SANDBOX_SECRET};
use crate::store;

/// A call with good keys.
pub struct Call {
    /// Who answers.
    pub simulator: Simulator,
    /// The body; null where there is none.
    pub body: Value,
}

/// Why a call is refused.
#[derive(Debug)]
pub enum Error {
    /// The keys or the customer's token are not good; says nothing more.
    Unauthorized,
    /// What was sent is not good.
    BadRequest(&'static str),
    /// It is not there.
    NotFound(&'static str),
    /// The institution or the simulator fails.
    Failed,
}

/// What an operation answers.
pub type Answer = Result<Response, Error>;

impl FromRequest<Simulator> for Call {
    type Rejection = Error;

    async fn from_request(request: Request, simulator: &Simulator) -> Result<Self, Error> {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        simulator.count(format!("{} {path}", request.method()));
        check(request.headers())?;
        let bytes =
            Bytes::from_request(request, simulator).await.map_err(|_| Error::BadRequest("The body is too long"))?;
        let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        let body = body.map_err(|_| Error::BadRequest("The body is no JSON"))?;
        Ok(Self { simulator: simulator.clone(), body })
    }
}

fn check(headers: &HeaderMap) -> Result<(), Error> {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given.as_bytes() == value.as_bytes());
    let good = is("x-client-id", SANDBOX_CLIENT_ID) && is("x-client-secret", SANDBOX_SECRET);
    if good { Ok(()) } else { Err(Error::Unauthorized) }
}

impl Call {
    /// A text of the body that has to be there.
    pub fn text(&self, name: &str) -> Result<&str, Error> {
        let found = self.body[name].as_str().filter(|text| !text.is_empty());
        found.ok_or(Error::BadRequest("A required field is missing"))
    }

    /// The institution's type, which has to be the one there is.
    pub fn check_type(&self) -> Result<(), Error> {
        if self.text("type")? == BROKER_TYPE { Ok(()) } else { Err(Error::BadRequest("The type is not supported")) }
    }
}

/// A good answer.
pub fn ok(content: Value) -> Answer {
    let mut body = json!({ "status": "ok", "message": "", "errorHash": "", "errorType": "" });
    if !content.is_null() {
        body["content"] = content;
    }
    Ok(Json(body).into_response())
}

/// A decimal as Mesh sends it.
pub fn number(decimal: Decimal) -> Value {
    json!(decimal.to_f64())
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, word, message) = match self {
            Self::Unauthorized => return (StatusCode::UNAUTHORIZED, Json(json!({}))).into_response(),
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, "badRequest", message),
            Self::NotFound(message) => (StatusCode::NOT_FOUND, "notFound", message),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "serverFailure", "The institution cannot be reached"),
        };
        let body = json!({ "status": word, "message": message, "errorHash": "", "errorType": word });
        (status, Json(body)).into_response()
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::debug!(%error, "the simulator's state cannot be reached");
        Self::Failed
    }
}
