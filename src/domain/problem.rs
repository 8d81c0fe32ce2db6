//! Why a request is refused: the stable codes, and the shape that every layer hands up (RFC 9457 on the wire).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service_provider::ServiceProvider;

wire_enum! {
    /// The stable codes of problem documents; each has one HTTP status.
    pub enum Code {
        /// Malformed or invalid.
        InvalidRequest = "INVALID_REQUEST",
        /// No key, or not a valid one.
        Unauthorized = "UNAUTHORIZED",
        /// The link session is over its time.
        ConnectTokenExpired = "CONNECT_TOKEN_EXPIRED",
        /// The key's role does not allow it.
        Forbidden = "FORBIDDEN",
        /// Unknown, or somebody else's.
        NotFound = "NOT_FOUND",
        /// The path exists with other methods.
        MethodNotAllowed = "METHOD_NOT_ALLOWED",
        /// The connection is `EXPIRED` or `DELETED`.
        ConnectionTerminal = "CONNECTION_TERMINAL",
        /// The customer has not linked it yet.
        ConnectionNotLinked = "CONNECTION_NOT_LINKED",
        /// The session has ended.
        ConnectSessionFinished = "CONNECT_SESSION_FINISHED",
        /// The customer has this login already.
        DuplicateConnection = "DUPLICATE_CONNECTION",
        /// The only one of the required products (A15).
        LastRequiredProduct = "LAST_REQUIRED_PRODUCT",
        /// The customer must act first.
        UserActionRequired = "USER_ACTION_REQUIRED",
        /// The key was used with another body.
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH",
        /// The first request with this key still runs.
        IdempotencyInFlight = "IDEMPOTENCY_IN_FLIGHT",
        /// An abandoned payment profile.
        ProfileMustBeRecreated = "PROFILE_MUST_BE_RECREATED",
        /// What is reported of a payment contradicts what was reported before.
        PaymentOutcomeConflict = "PAYMENT_OUTCOME_CONFLICT",
        /// What is asked for of a product is not there yet, or could not be made.
        ProductNotReady = "PRODUCT_NOT_READY",
        /// The request's body did not come.
        RequestTimeout = "REQUEST_TIMEOUT",
        /// Over 1 MiB.
        PayloadTooLarge = "PAYLOAD_TOO_LARGE",
        /// Not JSON.
        UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
        /// A product cannot be added; `errors` says why and what helps.
        ProductsNotAddable = "PRODUCTS_NOT_ADDABLE",
        /// These products cannot be asked for together, or not alone.
        ProductCombination = "PRODUCT_COMBINATION",
        /// A product lacks an option that it cannot start without.
        ProductOptionsRequired = "PRODUCT_OPTIONS_REQUIRED",
        /// The provider refuses an option that was given.
        ProductOptionsRefused = "PRODUCT_OPTIONS_REFUSED",
        /// The customer did not give what is required.
        RequiredProductNotGranted = "REQUIRED_PRODUCT_NOT_GRANTED",
        /// The institution lacks what is required.
        InstitutionNotEligible = "INSTITUTION_NOT_ELIGIBLE",
        /// No provider can do it.
        NoProviderAvailable = "NO_PROVIDER_AVAILABLE",
        /// The provider has no choice of accounts in a repair.
        AccountSelectionUnsupported = "ACCOUNT_SELECTION_UNSUPPORTED",
        /// The consent screen has no text.
        ConsentTextMissing = "CONSENT_TEXT_MISSING",
        /// The connection does not have the product that is asked for; it can be added.
        ProductNotPresent = "PRODUCT_NOT_PRESENT",
        /// This provider does not have it.
        UnsupportedByProvider = "UNSUPPORTED_BY_PROVIDER",
        /// This institution does not have it.
        UnsupportedByInstitution = "UNSUPPORTED_BY_INSTITUTION",
        /// Too many requests.
        RateLimited = "RATE_LIMITED",
        /// Too many refreshes.
        RefreshLimit = "REFRESH_LIMIT",
        /// A bug here; the request id helps support to find it.
        InternalError = "INTERNAL_ERROR",
        /// The provider failed.
        ProviderError = "PROVIDER_ERROR",
        /// The database or the provider is away.
        Unavailable = "UNAVAILABLE",
        /// The provider was too slow.
        ProviderTimeout = "PROVIDER_TIMEOUT",
    }
}

impl Code {
    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthorized | Self::ConnectTokenExpired => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::ConnectionTerminal
            | Self::ConnectionNotLinked
            | Self::ConnectSessionFinished
            | Self::DuplicateConnection
            | Self::LastRequiredProduct
            | Self::UserActionRequired
            | Self::IdempotencyMismatch
            | Self::IdempotencyInFlight
            | Self::ProfileMustBeRecreated
            | Self::PaymentOutcomeConflict
            | Self::ProductNotReady => 409,
            Self::RequestTimeout => 408,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ProductsNotAddable
            | Self::ProductCombination
            | Self::ProductOptionsRequired
            | Self::ProductOptionsRefused
            | Self::RequiredProductNotGranted
            | Self::InstitutionNotEligible
            | Self::NoProviderAvailable
            | Self::AccountSelectionUnsupported
            | Self::ConsentTextMissing
            | Self::ProductNotPresent
            | Self::UnsupportedByProvider
            | Self::UnsupportedByInstitution => 422,
            Self::RateLimited | Self::RefreshLimit => 429,
            Self::InternalError => 500,
            Self::ProviderError => 502,
            Self::Unavailable => 503,
            Self::ProviderTimeout => 504,
        }
    }

    /// A short title for people, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self.status() {
            400 => "The request is not valid",
            401 => "The key or token is not valid",
            403 => "The key may not do this",
            404 => "Not found",
            405 => "This path has other methods",
            408 => "The request did not arrive in time",
            409 => "The state does not allow this",
            413 => "The body is too large",
            415 => "The body must be JSON",
            422 => "A rule refuses this",
            429 => "Too many requests",
            502 => "The provider failed",
            503 => "Unavailable for the moment",
            504 => "The provider was too slow",
            _ => "Something went wrong here",
        }
    }
}

/// One field or item that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldProblem {
    /// JSON pointer into the request's body; for a query parameter its name.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// More, by code: `anyOf`, `remedy`, `repair`, ….
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The provider's own error, without any secret.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderProblem {
    /// Which provider.
    pub service_provider: ServiceProvider,
    /// Its code.
    pub code: String,
    /// Its words.
    pub message: String,
    /// Its request id, for its support.
    pub request_id: Option<String>,
}

/// Why a request is refused. Everything in it may be shown to the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    /// The stable code.
    pub code: Code,
    /// What is wrong and what to do next.
    pub detail: String,
    /// The fields or items that are wrong.
    pub errors: Vec<FieldProblem>,
    /// The provider's own error.
    #[serde(skip)]
    pub provider: Option<Box<ProviderProblem>>,
    /// When to try again.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// The limit that was passed.
    #[serde(skip)]
    pub limit: Option<Box<Limit>>,
    /// More members of the document, by code.
    pub more: Map<String, Value>,
}

/// How often a caller may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted: `apiKey` or `connectToken`.
    pub name: &'static str,
    /// Requests a second in the long run.
    pub per_second: u32,
    /// Requests at once after a rest.
    pub burst: u32,
}

impl Problem {
    /// A problem with its detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            provider: None,
            retry_after: None,
            limit: None,
            more: Map::new(),
        }
    }

    /// Unknown, or somebody else's; always the same words.
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "There is nothing here with this id. Check the id, and that the key belongs to the same tenant.",
        )
    }

    /// One invalid field.
    pub fn invalid(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(Code::InvalidRequest, detail.clone()).with_error(pointer, code, detail)
    }

    /// Adds a field that is wrong.
    pub fn with_error(mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldProblem {
            pointer: pointer.into(),
            code: code.to_owned(),
            detail: detail.into(),
            more: Map::new(),
        });
        self
    }

    /// Adds a member to the document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}
