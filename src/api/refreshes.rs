//! `POST /connections/{id}/refresh` (rules E) and how a run stands.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json, null_is_default};
use super::params::Path;
use super::problem::ProblemDocument;
use super::products::check_once;
use super::views::{CategorizationStatus, UpdateStatus};
use crate::domain::connection::Status;
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::link::sync_job;
use crate::store::{Connection, Refresh, RefreshResult, RefreshStatus, TenantTx, placements};

/// The headers of a refresh that the end user asked for (E3): all three or none.
const PSU_HEADERS: [&str; 3] = ["psu-ip-address", "psu-device-os", "psu-user-agent"];

/// What to refresh; every field may be left out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RefreshBody {
    /// Only these; default all that the connection fetches.
    #[serde(default)]
    products: Option<Vec<Product>>,
    /// Also bring accounts that were not there at the first import, where the provider has that.
    #[serde(default, deserialize_with = "null_is_default")]
    import_new_accounts: bool,
    /// Ask the provider to keep the login, where it has that.
    #[serde(default, deserialize_with = "null_is_default")]
    store_secrets: bool,
}

/// A refresh that has begun, or that runs already.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshAnswer {
    /// Ask for it at `/connections/{id}/refreshes/{refreshId}`.
    refresh_id: RefreshId,
    /// How current the data is.
    update_status: UpdateStatus,
    /// How far transactions are categorised.
    categorization_status: CategorizationStatus,
}

/// Fetch now. Answers at once; while a refresh runs, with the same one.
#[utoipa::path(post, path = "/connections/{connectionId}/refresh", tag = "Connections", params(("connectionId" = ConnectionId, Path),
    ("PSU-IP-Address" = Option<String>, Header), ("PSU-Device-OS" = Option<String>, Header), ("PSU-User-Agent" = Option<String>, Header)),
    request_body = RefreshBody, responses((status = 202, body = RefreshAnswer), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument)))]
pub(super) async fn refresh_connection(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    headers: HeaderMap,
    key: IdempotencyKey,
    Body { read, bytes }: Body<RefreshBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    check_psu(&headers)?;
    key.local(&caller.rows, &bytes, StatusCode::ACCEPTED, async |tx| {
        let body = read?;
        check_once(body.products.as_deref().unwrap_or_default())?;
        begin(tx, &app, id, &body).await
    })
    .await
}

fn check_psu(headers: &HeaderMap) -> Result<(), Problem> {
    let given = PSU_HEADERS.iter().filter(|name| headers.contains_key(**name)).count();
    let address_is_one = headers
        .get(PSU_HEADERS[0])
        .is_none_or(|value| value.to_str().is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok()));
    if given != 0 && given != PSU_HEADERS.len() {
        return Err(Problem::invalid(
            "PSU-IP-Address",
            "INCOMPLETE",
            "Send all of PSU-IP-Address, PSU-Device-OS and PSU-User-Agent, or none.",
        ));
    }
    if !address_is_one {
        return Err(Problem::invalid(
            "PSU-IP-Address",
            "INVALID_VALUE",
            "PSU-IP-Address must be an IPv4 or IPv6 address.",
        ));
    }
    Ok(())
}

async fn begin(tx: &mut TenantTx, app: &App, id: ConnectionId, body: &RefreshBody) -> Result<RefreshAnswer, Problem> {
    let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
    check_status(app, tx, &connection).await?;
    if body.store_secrets {
        return Err(Problem::new(
            Code::UnsupportedByProvider,
            "This service provider does not keep logins on request: leave storeSecrets out.",
        ));
    }
    if body.import_new_accounts && connection.new_accounts_available {
        // The provider shares new accounts only after the customer has chosen them (E5).
        let detail = "The customer has accounts that are not shared yet. Open a repair with accountSelection: true.";
        return Err(Problem::new(Code::UserActionRequired, detail)
            .with("reasons", serde_json::json!(["NEW_ACCOUNTS"]))
            .with("repair", format!("/connections/{id}/repair")));
    }
    let now = app.clock().now();
    let refresh_id = match tx.last_forced_refresh(id).await? {
        Some(refresh) if refresh.status == RefreshStatus::InProgress => refresh.id,
        last => {
            let products = wanted(tx, id, body.products.as_deref()).await?;
            check_pause(app, &connection, last.as_ref(), now)?;
            let targets = tx.want_products(id, &products).await?;
            tx.enqueue(&sync_job(tx.tenant_id, id, now)).await?;
            tx.insert_refresh(id, &targets, true, now).await?
        }
    };
    let view = super::views::connection_view(tx, &app.linking, id).await?;
    Ok(RefreshAnswer {
        refresh_id,
        update_status: UpdateStatus::InProgress,
        categorization_status: view.categorization_status,
    })
}

/// Where the last answer said that the customer must act, nothing is tried upstream (E2).
async fn check_status(app: &App, tx: &mut TenantTx, connection: &Connection) -> Result<(), Problem> {
    let condition = connection.condition;
    match condition.status {
        Status::InProgress => Err(Problem::new(Code::ConnectionNotLinked, condition.sentence())),
        status if status.is_terminal() => Err(Problem::new(Code::ConnectionTerminal, condition.sentence())),
        status if status.needs_customer() => {
            let products = tx.products(connection.id).await?;
            let plan = app.linking.repair_plan(connection, &products);
            let reasons = serde_json::to_value(&plan.reasons).unwrap_or_default();
            Err(Problem::new(Code::UserActionRequired, condition.sentence())
                .with("reasons", reasons)
                .with("repair", format!("/connections/{}/repair", connection.id)))
        }
        _ => Ok(()),
    }
}

async fn wanted(tx: &mut TenantTx, id: ConnectionId, asked: Option<&[Product]>) -> Result<Vec<Product>, Problem> {
    let placed = placements(&tx.products(id).await?);
    let Some(asked) = asked else { return Ok(placed.fetched().into_iter().collect()) };
    if asked.is_empty() {
        return Err(Problem::invalid(
            "/products",
            "REQUIRED",
            "products needs at least one product; leave it out for all.",
        ));
    }
    for (index, &product) in asked.iter().enumerate() {
        if !placed.of(product).is_some_and(Placement::is_fetched) {
            return Err(Problem::invalid(
                format!("/products/{index}"),
                "NOT_ON_CONNECTION",
                format!("The connection does not fetch {product}. Add it by POST /connections/{{id}}/products."),
            ));
        }
    }
    Ok(asked.to_vec())
}

/// The provider's own limit between two forced refreshes (E8).
fn check_pause(app: &App, connection: &Connection, last: Option<&Refresh>, now: DateTime<Utc>) -> Result<(), Problem> {
    let spec = app.registry().require(connection.service_provider)?.provider.spec();
    let pause = TimeDelta::seconds(i64::from(spec.refresh_pause_seconds));
    let Some(left) = last.map(|last| last.created_at + pause - now).filter(|left| *left > TimeDelta::zero()) else {
        return Ok(());
    };
    Err(Problem::new(
        Code::RefreshLimit,
        format!("{} refreshes a connection at most every {} seconds.", spec.name, spec.refresh_pause_seconds),
    )
    .retry_after(left.to_std().unwrap_or_default()))
}

/// A refresh and what became of each of its products.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshView {
    /// Ours.
    id: RefreshId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// How it stands.
    status: RefreshStatus,
    /// What became of each product.
    results: Vec<RefreshResult>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
}

/// How a refresh stands.
#[utoipa::path(get, path = "/connections/{connectionId}/refreshes/{refreshId}", tag = "Connections",
    params(("connectionId" = ConnectionId, Path), ("refreshId" = RefreshId, Path)),
    responses((status = 200, body = RefreshView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_refresh(
    caller: Caller,
    Path((connection, refresh)): Path<(String, String)>,
) -> Result<Json<RefreshView>, Problem> {
    let (connection_id, refresh_id): (ConnectionId, RefreshId) = (id(&connection)?, id(&refresh)?);
    let mut tx = caller.rows.begin().await?;
    let refresh = tx.refresh(connection_id, refresh_id).await?.ok_or_else(Problem::not_found)?;
    let results = if refresh.results.is_empty() {
        let pending = |&product| RefreshResult { product, status: RefreshStatus::InProgress, reason: None };
        refresh.targets.keys().map(pending).collect()
    } else {
        refresh.results
    };
    Ok(Json(RefreshView {
        id: refresh.id,
        connection_id,
        status: refresh.status,
        results,
        created_at: refresh.created_at,
        finished_at: refresh.finished_at,
    }))
}
