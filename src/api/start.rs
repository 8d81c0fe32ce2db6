//! `POST /connect/start`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::App;
use super::auth::Caller;
use super::idempotency::IdempotencyKey;
use super::json::{Body, null_is_default, within_or_null};
use super::problem::ProblemDocument;
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::codes::{is_country, is_language};
use crate::domain::combination::{IdentifiersFlow, check_arrays};
use crate::domain::ids::{ConnectionId, CustomerId, InstitutionId};
use crate::domain::placement::Placement;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::SessionMode;
use crate::link::{Opened, StartRequest};
use crate::store::ConnectionSettings;

/// The largest `metadata`, as JSON, in bytes.
const MOST_METADATA: usize = 16 * 1024;

/// What is to be linked.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"externalCustomerId": "user-42", "products": ["BALANCES", "TRANSACTIONS"]}))]
pub struct StartBody {
    /// The tenant's own id of the customer; 1 to 200 characters.
    external_customer_id: String,
    /// Must succeed; filters institutions. At least one.
    products: Vec<Product>,
    /// Required where the institution and the shared accounts have them.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    required_if_supported_products: Vec<Product>,
    /// Fetched if possible.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    optional_products: Vec<Product>,
    /// Consent only; nothing is fetched until added.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    additional_consented_products: Vec<Product>,
    /// The institution, where the customer need not choose one.
    #[serde(default)]
    institution_id: Option<InstitutionId>,
    /// What the picker searches for at first.
    #[serde(default)]
    institution_search: Option<String>,
    /// The only provider that may be used.
    #[serde(default)]
    service_provider: Option<ServiceProvider>,
    /// ISO 3166 alpha-2. Left out: those of the institution that is named; else US, or where that service provider or product is not
    /// to be had there, where it is.
    #[serde(default)]
    country_codes: Option<Vec<String>>,
    /// ISO 639-1; default en.
    #[serde(default)]
    language: Option<String>,
    /// Where the customer goes afterwards; http or https.
    #[serde(default)]
    redirect_url: Option<String>,
    /// Account subtypes by type: depository, credit, loan, investment, other.
    #[serde(default)]
    account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// Which accounts the picker offers where the network filters them by products: those that suit any required product, or all of
    /// them. Elsewhere `accountFilters` chooses.
    #[serde(default)]
    account_match: Option<AccountMatch>,
    /// How far back, 1 to 730 days; left out, as far as the provider gives without a charge.
    #[serde(default, deserialize_with = "within_or_null::<_, _, 1, 730>")]
    #[schema(minimum = 1, maximum = 730)]
    history_days: Option<u16>,
    /// What products cannot start without, by product.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    product_options: Option<Map<String, Value>>,
    /// How `IDENTIFIERS` are to be had, where not instantly.
    #[serde(default)]
    identifiers_flow: Option<IdentifiersFlow>,
    /// How long the session lives, 60 seconds to 7 days; default 4 hours (F1).
    #[serde(default, deserialize_with = "within_or_null::<_, _, 60, 604_800>")]
    #[schema(minimum = 60, maximum = 604800)]
    expires_in: Option<u32>,
    /// Allow a second connection to the same login.
    #[serde(default)]
    allow_duplicate: Option<bool>,
    /// The tenant's own; at most 16 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

wire_enum! {
    /// Which required products an account must suit.
    pub enum AccountMatch {
        /// Any of them.
        Any = "ANY",
        /// All of them.
        All = "ALL",
    }
}

/// A session was opened. The connect token is shown only here.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartAnswer {
    /// The connection.
    connection_id: ConnectionId,
    /// Opens the session from a front end.
    connect_token: String,
    /// Send the customer here, or open it in a frame.
    widget_url: String,
    /// Until when.
    expires_at: DateTime<Utc>,
    /// The customer.
    customer_id: CustomerId,
    /// The tenant's own id of the customer.
    external_customer_id: String,
    /// What the session is for (repairs only).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mode: Option<SessionMode>,
}

impl StartAnswer {
    pub(super) fn new(app: &App, opened: Opened) -> Self {
        Self {
            connection_id: opened.connection.id,
            widget_url: opened.widget_url(&app.linking.public_url),
            connect_token: opened.connect_token.expose().to_owned(),
            expires_at: opened.expires_at,
            customer_id: opened.connection.customer_id,
            external_customer_id: opened.connection.external_customer_id,
            mode: (opened.mode != SessionMode::Connect).then_some(opened.mode),
        }
    }
}

/// Start a link: the customer (created or found), a connection `IN_PROGRESS`, and the session that the customer finishes.
#[utoipa::path(post, path = "/connect/start", tag = "Linking", request_body = StartBody, responses(
    (status = 201, body = StartAnswer),
    (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
    (status = 409, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
    (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn start_link(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Body { read, bytes }: Body<StartBody>,
) -> Result<Response, Problem> {
    // Judged before the transaction, for it takes a database connection of its own; refused within, so that the key keeps it.
    let request = match read.and_then(read_start) {
        Ok(request) => app.linking.judge_start(request).await,
        Err(problem) => Err(problem),
    };
    key.local(&caller.rows, &bytes, StatusCode::CREATED, async |tx| {
        Ok(StartAnswer::new(&app, app.linking.start(tx, request?).await?))
    })
    .await
}

/// Judges each field by itself; whether they go together is the linking's business.
pub(super) fn read_start(body: StartBody) -> Result<StartRequest, Problem> {
    let arrays = [
        (Placement::Required, body.products),
        (Placement::RequiredIfSupported, body.required_if_supported_products),
        (Placement::Optional, body.optional_products),
        (Placement::AdditionalConsented, body.additional_consented_products),
    ];
    let placements = check_arrays(&arrays).map_err(|violations| {
        violations.into_iter().take(50).fold(
            Problem::new(crate::domain::problem::Code::InvalidRequest, "The products are not valid: each may stand once in one of the four arrays, and products needs at least one."),
            |problem, violation| problem.with_error(violation.pointer, violation.code.as_str(), violation.detail),
        )
    })?;
    let metadata = body.metadata.unwrap_or_default();
    check_metadata(&metadata)?;
    Ok(StartRequest {
        external_customer_id: text("/externalCustomerId", body.external_customer_id, 200)?,
        placements,
        settings: ConnectionSettings {
            country_codes: country_codes(body.country_codes)?,
            language: language(body.language)?,
            history_days: body.history_days,
            account_filters: account_filters(body.account_filters)?,
            match_all_accounts: body.account_match == Some(AccountMatch::All),
            product_options: body.product_options.unwrap_or_default(),
            identifiers_flow: body.identifiers_flow,
            pinned_provider: body.service_provider,
            allow_duplicate: body.allow_duplicate.unwrap_or_default(),
        },
        institution_id: body.institution_id,
        institution_search: body
            .institution_search
            .map(|search| text("/institutionSearch", search, 200))
            .transpose()?,
        redirect_url: redirect_url(body.redirect_url)?,
        expires_in: body.expires_in.unwrap_or(crate::link::LINK_SECONDS),
        metadata,
    })
}

/// A text of 1 to `most` characters without control characters.
pub(super) fn text(pointer: &str, text: String, most: usize) -> Result<String, Problem> {
    let length = text.chars().count();
    if length == 0 || length > most || text.chars().any(char::is_control) || text.trim().is_empty() {
        return Err(Problem::invalid(
            pointer,
            "INVALID_VALUE",
            format!("It must be a text of 1 to {most} characters without control characters."),
        ));
    }
    Ok(text)
}

pub(super) fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Problem> {
    let size = serde_json::to_vec(metadata).map_or(usize::MAX, |bytes| bytes.len());
    if size > MOST_METADATA {
        return Err(Problem::invalid("/metadata", "TOO_LARGE", "metadata must be at most 16 KiB of JSON."));
    }
    if metadata.values().any(has_rounded) {
        let detail = "metadata has a number of more than 15 digits, which would be rounded. Send it as text.";
        return Err(Problem::invalid("/metadata", "INVALID_VALUE", detail));
    }
    if has_nul(&Value::Object(metadata.clone())) {
        return Err(Problem::invalid("/metadata", "ENCODING", "metadata must not contain the character U+0000."));
    }
    Ok(())
}

/// Whole numbers beyond 64 bits are read as a double, which has not all of their digits.
fn has_rounded(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64() && number.as_f64().is_none_or(|number| number.abs() >= 1e15),
        Value::Array(items) => items.iter().any(has_rounded),
        Value::Object(members) => members.values().any(has_rounded),
        _ => false,
    }
}

/// PostgreSQL cannot keep this one character.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Empty where none are given.
fn country_codes(codes: Option<Vec<String>>) -> Result<Vec<String>, Problem> {
    let Some(codes) = codes else { return Ok(Vec::new()) };
    if codes.is_empty() || codes.len() > 50 {
        return Err(Problem::invalid(
            "/countryCodes",
            "INVALID_VALUE",
            "countryCodes needs 1 to 50 codes; leave it out where you need not choose.",
        ));
    }
    for (index, code) in codes.iter().enumerate() {
        if !is_country(code) {
            return Err(Problem::invalid(
                format!("/countryCodes/{index}"),
                "INVALID_VALUE",
                "A country is two capital letters of ISO 3166-1, like US.",
            ));
        }
    }
    Ok(codes)
}

fn language(language: Option<String>) -> Result<String, Problem> {
    let language = language.unwrap_or_else(|| "en".to_owned());
    if !is_language(&language) {
        return Err(Problem::invalid(
            "/language",
            "INVALID_VALUE",
            "A language is two small letters of ISO 639-1, like en.",
        ));
    }
    Ok(language)
}

/// Account subtypes by type (B13): our own words, or `ALL`.
pub(super) fn account_filters(
    filters: Option<BTreeMap<String, Vec<String>>>,
) -> Result<Option<BTreeMap<String, Vec<String>>>, Problem> {
    let Some(filters) = filters else { return Ok(None) };
    let wrong = |pointer: String, detail: &str| Err(Problem::invalid(pointer, "INVALID_VALUE", detail));
    if filters.is_empty() {
        return wrong(
            "/accountFilters".into(),
            "accountFilters needs at least one type; leave it out for all accounts.",
        );
    }
    for (kind, subtypes) in &filters {
        let shown: String = kind.chars().take(50).collect();
        let account_type = ["depository", "credit", "loan", "investment", "other"]
            .contains(&kind.as_str())
            .then(|| kind.to_uppercase().parse::<AccountType>().ok())
            .flatten();
        let Some(account_type) = account_type else {
            return wrong(
                format!("/accountFilters/{shown}"),
                "A type is one of depository, credit, loan, investment, other.",
            );
        };
        if subtypes.is_empty() || subtypes.len() > 100 {
            return wrong(format!("/accountFilters/{shown}"), "A type needs 1 to 100 subtypes, or ALL.");
        }
        for (index, subtype) in subtypes.iter().enumerate() {
            if subtype != "ALL" && !subtype.parse::<AccountSubtype>().is_ok_and(|subtype| subtype.is_of(account_type)) {
                return wrong(
                    format!("/accountFilters/{shown}/{index}"),
                    "This is no subtype of that type; GET /docs lists them under AccountSubtype, and ALL is all of them.",
                );
            }
        }
    }
    Ok(Some(filters))
}

/// Where the customer goes afterwards: an absolute http or https address.
pub(super) fn redirect_url(url: Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = url else { return Ok(None) };
    let parsed = url::Url::parse(&text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    });
    match parsed {
        // A browser would pass over what is no character of an address; whoever sent it meant something else.
        Some(url) if text.len() <= 2000 && !text.contains(|c: char| c.is_control() || c.is_whitespace()) => {
            Ok(Some(url.into()))
        }
        _ => Err(Problem::invalid(
            "/redirectUrl",
            "INVALID_VALUE",
            "redirectUrl must be an absolute http or https address of at most 2,000 characters, without a user, spaces or control characters.",
        )),
    }
}
