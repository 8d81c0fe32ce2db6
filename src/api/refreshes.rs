//! `POST /connections/{id}/refresh` (rules E) and how a run stands.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json, null_is_default};
use super::params::Path;
use super::problem::ProblemDocument;
use super::products::check_once;
use super::psu::EndUser;
use super::views::{CategorizationStatus, UpdateStatus};
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::plan::Billing;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::link::WantedRefresh;
use crate::store::{Refresh, RefreshResult, RefreshStatus, TenantTx};

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
    #[schema(nullable)]
    import_new_accounts: bool,
    /// Ask the provider to keep the login, where it has that.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
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
    /// What the provider bills for it, at most; null where a reading runs that asks for nothing.
    billing: Option<Billing>,
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
    EndUser(psu): EndUser,
    key: IdempotencyKey,
    Body { read, bytes }: Body<RefreshBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    let wanted = read.and_then(|body| {
        check_once(body.products.as_deref().unwrap_or_default())?;
        Ok(WantedRefresh {
            products: body.products,
            import_new_accounts: body.import_new_accounts,
            store_secrets: body.store_secrets,
            psu,
        })
    });
    if let Ok(wanted) = &wanted
        && app.linking.asks_at_once(&caller.rows, id, wanted).await?
    {
        let refreshed = async {
            let refresh_id = app.linking.refresh_attended(&caller.rows, id, wanted).await?;
            let answer = answer(&mut caller.rows.begin().await?, &app, id, refresh_id).await?;
            Ok((StatusCode::ACCEPTED, answer))
        };
        return key.outward(&caller.rows, "tenant", &bytes, refreshed).await;
    }
    key.local(&caller.rows, &bytes, StatusCode::ACCEPTED, async |tx| {
        let refresh_id = app.linking.refresh(tx, id, &wanted?).await?;
        answer(tx, &app, id, refresh_id).await
    })
    .await
}

async fn answer(
    tx: &mut TenantTx,
    app: &App,
    id: ConnectionId,
    refresh_id: RefreshId,
) -> Result<RefreshAnswer, Problem> {
    let view = super::views::connection_view(tx, &app.linking, id).await?;
    let refresh = tx.refresh(id, refresh_id).await?.ok_or_else(Problem::not_found)?;
    Ok(RefreshAnswer {
        refresh_id,
        update_status: UpdateStatus::InProgress,
        categorization_status: view.categorization_status,
        billing: billing(app, view.service_provider, &refresh),
    })
}

/// What a refresh costs at the connection's provider; nothing where it only reads what was added.
fn billing(app: &App, provider: Option<ServiceProvider>, refresh: &Refresh) -> Option<Billing> {
    let entry = app.registry().get(provider?)?;
    let products: Vec<Product> = refresh.targets.keys().copied().collect();
    refresh.forced_by.map(|_| entry.provider.spec().billing_of_refresh(&products))
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
    /// What the provider bills for it, at most; null where it only reads what was added to the connection.
    billing: Option<Billing>,
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
    State(app): State<App>,
    caller: Caller,
    Path((connection, refresh)): Path<(String, String)>,
) -> Result<Json<RefreshView>, Problem> {
    let (connection_id, refresh_id): (ConnectionId, RefreshId) = (id(&connection)?, id(&refresh)?);
    let mut tx = caller.rows.begin().await?;
    let refresh = tx.refresh(connection_id, refresh_id).await?.ok_or_else(Problem::not_found)?;
    let connection = tx.connection(connection_id).await?.ok_or_else(Problem::not_found)?;
    let billing = billing(&app, connection.service_provider, &refresh);
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
        billing,
        created_at: refresh.created_at,
        finished_at: refresh.finished_at,
    }))
}
