//! Plaid's errors: what the simulator says no with.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::ids;
use crate::store;

/// An error as Plaid answers it; also what stands in an Item's `error` and in webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: &'static str,
    code: String,
    reason: Option<&'static str>,
    message: String,
    display: Option<&'static str>,
    status: u16,
}

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// `error_code`, `error_type`, `error_message`, `display_message`.
type Row = (&'static str, &'static str, &'static str, Option<&'static str>);

const LOGIN: Option<&str> = Some("The login details of this account have changed. Please update them to go on.");

/// The errors whose text never varies.
const CODES: &[Row] = &[
    ("ACCESS_NOT_GRANTED", "ITEM_ERROR", "access to this product was not granted for the account", None),
    (
        "INSTITUTION_DOWN",
        "INSTITUTION_ERROR",
        "this institution is not currently responding to this request",
        Some("This financial institution is not currently responding to requests. We apologize for the inconvenience."),
    ),
    (
        "INSTITUTION_NOT_RESPONDING",
        "INSTITUTION_ERROR",
        "this institution is not currently responding to this request. please try again soon",
        None,
    ),
    ("INSTITUTION_NO_LONGER_SUPPORTED", "INSTITUTION_ERROR", "this institution is no longer supported", None),
    ("INTERNAL_SERVER_ERROR", "API_ERROR", "an unexpected error occurred", None),
    ("INVALID_ACCESS_TOKEN", "INVALID_INPUT", "could not find matching access token", None),
    ("INVALID_ACCOUNT_ID", "INVALID_INPUT", "failed to find requested account ID for requested item", None),
    ("INVALID_API_KEYS", "INVALID_INPUT", "invalid client_id or secret provided", None),
    ("INVALID_BODY", "INVALID_REQUEST", "body could not be parsed as a JSON object", None),
    (
        "CLIENT_TRANSACTION_ID_ALREADY_IN_USE",
        "SIGNAL_ERROR",
        "client transaction id has already been used in a different transaction",
        None,
    ),
    (
        "SIGNAL_TRANSACTION_NOT_INITIATED",
        "SIGNAL_ERROR",
        "a return cannot be reported for a transaction that was not initiated",
        None,
    ),
    (
        "INVALID_CREDENTIALS",
        "ITEM_ERROR",
        "the provided credentials were not correct",
        Some("The provided credentials were not correct. Please try again."),
    ),
    ("INVALID_INSTITUTION", "INVALID_INPUT", "invalid institution_id provided", None),
    ("INVALID_LINK_TOKEN", "INVALID_INPUT", "the link_token is invalid or has expired", None),
    ("TOO_MANY_VERIFICATION_ATTEMPTS", "INVALID_INPUT", "too many attempts to verify the deposits", None),
    (
        "INVALID_MFA",
        "ITEM_ERROR",
        "the provided MFA response was not correct",
        Some("The provided security answer was not correct. Please try again."),
    ),
    ("INVALID_PUBLIC_TOKEN", "INVALID_INPUT", "could not find matching public token", None),
    (
        "INVALID_UPDATED_USERNAME",
        "ITEM_ERROR",
        "the username provided to /item/update did not match the original username for this item",
        Some("The username you entered is not the one that was linked. Please use the original one, or link anew."),
    ),
    (
        "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
        "INVALID_INPUT",
        "invalid key_id provided. note that key_ids are specific to Plaid environments, and verification requests must be made to the same environment that the webhook was sent from",
        None,
    ),
    (
        "ITEM_LOCKED",
        "ITEM_ERROR",
        "the account is locked. prompt the user to visit the institution's website and unlock their account",
        Some("The given account is locked. Please visit your institution's website to unlock it."),
    ),
    (
        "ITEM_LOGIN_REQUIRED",
        "ITEM_ERROR",
        "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state",
        LOGIN,
    ),
    (
        "ITEM_NOT_FOUND",
        "ITEM_ERROR",
        "The Item you requested cannot be found. This Item does not exist, has been previously removed via /item/remove, or has had access removed by the user.",
        None,
    ),
    ("NOT_FOUND", "INVALID_REQUEST", "requested route not found", None),
    (
        "NO_ACCOUNTS",
        "ITEM_ERROR",
        "no valid accounts were found for this item",
        Some(
            "No valid accounts were found at the financial institution. Please visit your financial institution's website to confirm accounts are available.",
        ),
    ),
    (
        "NO_AUTH_ACCOUNTS",
        "ITEM_ERROR",
        "There are no valid checking or savings account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more.",
        None,
    ),
    (
        "NO_INVESTMENT_ACCOUNTS",
        "ITEM_ERROR",
        "There are no valid investment account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more information.",
        None,
    ),
    (
        "NO_LIABILITY_ACCOUNTS",
        "ITEM_ERROR",
        "There are no valid liability account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for more information.",
        None,
    ),
    (
        "PRODUCT_NOT_ENABLED",
        "ITEM_ERROR",
        "a requested product was not enabled for the current access token. please ensure it is included when initializing Link and create the Item again.",
        None,
    ),
    (
        "PRODUCT_NOT_READY",
        "ITEM_ERROR",
        "the requested product is not yet ready. please provide a webhook or try the request again later",
        None,
    ),
    ("PRODUCTS_NOT_SUPPORTED", "ITEM_ERROR", "the requested product is not supported by this institution", None),
    ("SANDBOX_PRODUCT_NOT_ENABLED", "SANDBOX_ERROR", "the requested product is not enabled for this item", None),
    ("SANDBOX_WEBHOOK_INVALID", "SANDBOX_ERROR", "webhook for this item is either not set up, or invalid", None),
    (
        "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION",
        "TRANSACTIONS_ERROR",
        "Underlying transaction data changed since last page was fetched. Please restart pagination from last update.",
        None,
    ),
    (
        "USER_PERMISSION_REVOKED",
        "ITEM_ERROR",
        "the holder of this account has revoked their permission for your application to access it",
        Some("You have taken back the permission to read this account."),
    ),
];

impl Error {
    /// The error of that code. One that is not in the table (a test user's password asked for it) is an error of the Item.
    pub fn new(code: &str) -> Self {
        let row = CODES.iter().find(|row| row.0 == code);
        let (_, kind, message, display) =
            row.copied().unwrap_or(("", "ITEM_ERROR", "the institution answered with an error", None));
        let status = match code {
            "NOT_FOUND" => 404,
            "INTERNAL_SERVER_ERROR" => 500,
            _ => 400,
        };
        Self { kind, code: code.to_owned(), reason: None, message: message.to_owned(), display, status }
    }

    /// A field has a value that cannot be taken.
    pub fn invalid_field(message: impl Into<String>) -> Self {
        Self { kind: "INVALID_REQUEST", ..Self::new("INVALID_FIELD") }.saying(message)
    }

    /// Fields that are required are not there.
    pub fn missing_fields(names: &[String]) -> Self {
        let message = format!("the following required fields are missing: {}", names.join(", "));
        Self { kind: "INVALID_REQUEST", ..Self::new("MISSING_FIELDS") }.saying(message)
    }

    /// Fields are there that nobody knows.
    pub fn unknown_fields(names: &[String]) -> Self {
        let message = format!("the following fields are not recognized by this endpoint: {}", names.join(", "));
        Self { kind: "INVALID_REQUEST", ..Self::new("UNKNOWN_FIELDS") }.saying(message)
    }

    /// The customer has not consented to the product's data.
    pub fn additional_consent(product: &str) -> Self {
        let message =
            format!("client does not have user consent to access the PRODUCT_{} product", product.to_uppercase());
        Self { kind: "INVALID_INPUT", ..Self::new("ADDITIONAL_CONSENT_REQUIRED") }.saying(message)
    }

    /// This client may not use the product.
    pub fn product_not_authorized(product: &str) -> Self {
        let message = format!("client is not authorized to access the following products: [\"{product}\"]");
        Self { kind: "INVALID_INPUT", ..Self::new("INVALID_PRODUCT") }.saying(message)
    }

    /// The same code of another kind of object.
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// With another text.
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// With an `error_code_reason`.
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// `error_code`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// `error_type`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// `error_message`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// As it stands in an Item and in a webhook: with a status, without a request id.
    pub fn embedded(&self) -> Value {
        let mut body = self.body();
        body["status"] = json!(self.status);
        body
    }

    fn body(&self) -> Value {
        json!({
            "error_type": self.kind,
            "error_code": self.code,
            "error_code_reason": self.reason,
            "error_message": self.message,
            "display_message": self.display,
            "documentation_url": "https://plaid.com/docs/errors/",
            "suggested_action": null,
        })
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        tracing::warn!(%error, "the Plaid simulator has no access to its state");
        Self::new("INTERNAL_SERVER_ERROR")
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut body = self.body();
        body["request_id"] = json!(ids::request_id());
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outside_of_the_table_is_an_error_of_the_item() {
        let error = Error::new("USER_SETUP_REQUIRED");
        assert_eq!((error.kind(), error.code(), error.status), ("ITEM_ERROR", "USER_SETUP_REQUIRED", 400));
    }

    #[test]
    fn the_table_has_no_code_twice() {
        let codes: std::collections::BTreeSet<_> = CODES.iter().map(|row| row.0).collect();
        assert_eq!(codes.len(), CODES.len());
    }

    #[test]
    fn an_embedded_error_has_a_status_and_no_request_id() {
        let body = Error::new("ITEM_LOGIN_REQUIRED").because("OAUTH_CONSENT_EXPIRED").embedded();
        assert_eq!(body["status"], 400);
        assert_eq!(body["error_code_reason"], "OAUTH_CONSENT_EXPIRED");
        assert!(body.get("request_id").is_none());
    }
}
