//! Errors in the two forms that Akoya has: FDX's from the product APIs, OAuth's from the identity provider.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::store;

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: StatusCode,
    body: Value,
}

/// What an operation comes to.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a product API.
    fn fdx(status: StatusCode, code: u16, message: &str) -> Self {
        Self { status, body: json!({ "code": code, "message": message }) }
    }

    /// An error of the identity provider.
    pub fn oauth(status: StatusCode, error: &str, description: &str) -> Self {
        Self { status, body: json!({ "error": error, "error_description": description }) }
    }

    /// The consent is no more.
    pub fn customer_not_found() -> Self {
        Self::fdx(StatusCode::NOT_FOUND, 601, "Customer not found")
    }

    /// The token is none, or not any more.
    pub fn not_authorized() -> Self {
        Self::fdx(StatusCode::UNAUTHORIZED, 602, "Customer not authorized")
    }

    /// No such account among the shared ones.
    pub fn account_not_found() -> Self {
        Self::fdx(StatusCode::NOT_FOUND, 701, "Account not found")
    }

    /// The institution of the path is another than the token's, or the product was not granted.
    pub fn no_subscription() -> Self {
        Self::fdx(StatusCode::FORBIDDEN, 403, "Incorrect providerId or no subscription to provider")
    }

    /// The request is wrong.
    pub fn invalid(message: &str) -> Self {
        Self::fdx(StatusCode::BAD_REQUEST, 703, message)
    }

    /// The institution is down.
    pub fn maintenance() -> Self {
        Self::fdx(StatusCode::SERVICE_UNAVAILABLE, 503, "System is down for maintenance")
    }

    /// No such path.
    pub fn no_such_path() -> Self {
        Self::fdx(StatusCode::NOT_FOUND, 404, "Not found")
    }

    /// Our credentials are wrong.
    pub fn invalid_client() -> Self {
        Self::oauth(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed.")
    }

    /// A code that is no good, or another's.
    pub fn invalid_code() -> Self {
        Self::oauth(StatusCode::BAD_REQUEST, "invalid_grant", "The code is invalid, used or expired.")
    }

    /// A refresh token that is no good.
    pub fn invalid_refresh_token() -> Self {
        let text = "Refresh token is invalid or has already been claimed by another client.";
        Self::oauth(StatusCode::BAD_REQUEST, "invalid_request", text)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::warn!(%error, "the simulator's state cannot be reached");
        Self::fdx(StatusCode::INTERNAL_SERVER_ERROR, 500, "Internal error")
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
