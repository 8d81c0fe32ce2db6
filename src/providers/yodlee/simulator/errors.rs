//! Yodlee's errors as they are sent.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use crate::store;

/// An error of the API.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// What an operation answers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A request that is not taken.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// An invalid value of that parameter.
    pub fn invalid(parameter: &str) -> Self {
        Self::bad("Y800", format!("Invalid value for {parameter}"))
    }

    /// A required parameter that is missing.
    pub fn required(parameter: &str) -> Self {
        Self::bad("Y803", format!("{parameter} required"))
    }

    /// Not who may do this.
    pub fn unauthorized(code: &'static str, message: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code, message: message.to_owned() }
    }

    /// Nothing is there.
    pub fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "Y807", message: "Resource not found".to_owned() }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::debug!(%error, "the simulator's state cannot be reached");
        let message = "Technical Error: please try again".to_owned();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "Y902", message }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let reference = Uuid::new_v4().simple().to_string();
        let body = json!({ "errorCode": self.code, "errorMessage": self.message, "referenceCode": reference });
        (self.status, Json(body)).into_response()
    }
}
