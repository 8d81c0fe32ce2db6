//! finAPI's errors as they are sent: those of Access, of its tokens, and of the Web Form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store;

/// An error of the API.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    body: Value,
}

/// What an operation answers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of Access.
    pub fn access(status: StatusCode, code: &str, message: &str) -> Self {
        let error_type = if status == StatusCode::INTERNAL_SERVER_ERROR { "TECHNICAL" } else { "BUSINESS" };
        let body = json!({
            "errors": [{ "message": message, "code": code, "type": error_type }], "date": Utc::now(),
            "requestId": Uuid::new_v4().to_string(), "endpoint": "", "authContext": "1/1",
        });
        Self { status, body }
    }

    /// A value that Access does not take.
    pub fn bad(field: &str) -> Self {
        Self::access(StatusCode::BAD_REQUEST, "ILLEGAL_FIELD_VALUE", &format!("{field} has an illegal value"))
    }

    /// Nothing of that id.
    pub fn unknown() -> Self {
        Self::access(StatusCode::NOT_FOUND, "UNKNOWN_ENTITY", "There is no entity with this id.")
    }

    /// An update runs.
    pub fn locked() -> Self {
        Self::access(StatusCode::LOCKED, "LOCKED", "The bank connection is being updated.")
    }

    /// A token, or what a token was asked for with, is refused.
    pub fn credentials(error: &str, description: &str) -> Self {
        let body = json!({ "error": error, "error_description": description });
        Self { status: StatusCode::UNAUTHORIZED, body }
    }

    /// An error of the Web Form.
    pub fn form(status: StatusCode, code: &str, description: &str) -> Self {
        let body = json!({ "code": code, "description": description, "timestamp": Utc::now(), "endpoint": "" });
        Self { status, body }
    }

    /// A field that the Web Form does not take.
    pub fn form_field(field: &str, message: &str) -> Self {
        let errors = json!([{ "field": field, "message": message }]);
        let body = json!({ "errors": errors, "timestamp": Utc::now(), "endpoint": "" });
        Self { status: StatusCode::BAD_REQUEST, body }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::debug!(%error, "the simulator's state cannot be reached");
        Self::access(StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED_ERROR", "Unexpected error")
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
