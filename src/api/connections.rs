//! Connections: list, read, change, delete, history.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::App;
use super::auth::Caller;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json};
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use super::start::check_metadata;
use super::views::{ConnectionView, connection_view, connection_views};
use crate::domain::connection::{Status, StatusReason};
use crate::domain::ids::{ConnectionId, CustomerId, InstitutionId};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::store::ConnectionFilter;

/// An id in a path; a malformed one is as unknown as any.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Connections, oldest first.
#[utoipa::path(get, path = "/connections", tag = "Connections", params(
    ("customerId" = Option<CustomerId>, Query), ("externalCustomerId" = Option<String>, Query),
    ("institutionId" = Option<InstitutionId>, Query), ("serviceProvider" = Option<ServiceProvider>, Query),
    ("status" = Option<Vec<Status>>, Query, explode, description = "May be repeated"), ("product" = Option<Product>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ConnectionView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_connections(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<Page<ConnectionView>>, Problem> {
    let filter = ConnectionFilter {
        customer_id: params.one("customerId", "a customer's id")?,
        external_customer_id: params.one("externalCustomerId", "a text")?,
        institution_id: params.one("institutionId", "an institution's id")?,
        service_provider: params.one_of("serviceProvider", ServiceProvider::ALL, ServiceProvider::as_str)?,
        status: params.any_of("status", Status::ALL, Status::as_str)?,
        product: params.one_of("product", Product::ALL, Product::as_str)?,
    };
    let (after, limit) = params.cursor::<ConnectionId>("connections")?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.connections(&filter, after, limit + 1, None).await?;
    let page = Page::new("connections", rows, limit, |row| row.id, |row| row);
    let data = connection_views(&mut tx, &app.linking, page.data).await?;
    Ok(Json(Page { data, next_cursor: page.next_cursor }))
}

/// One connection.
#[utoipa::path(get, path = "/connections/{connectionId}", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    responses((status = 200, body = ConnectionView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_connection(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<ConnectionView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    Ok(Json(connection_view(&mut tx, &app.linking, id(&connection)?).await?))
}

/// What of a connection can be changed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"metadata": {"plan": "pro"}}))]
pub struct ConnectionPatch {
    /// The tenant's own; replaces what is there. At most 16 KiB.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

/// Change the tenant's own data on a connection.
#[utoipa::path(patch, path = "/connections/{connectionId}", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    request_body = ConnectionPatch, responses((status = 200, body = ConnectionView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub(super) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<ConnectionPatch>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    key.local(&caller.rows, &bytes, StatusCode::OK, async |tx| {
        let ConnectionPatch { metadata } = read?;
        check_metadata(&metadata)?;
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        if connection.condition.status.is_terminal() {
            return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
        }
        tx.set_metadata(id, &metadata, app.clock().now()).await?;
        connection_view(tx, &app.linking, id).await
    })
    .await
}

/// Delete a connection: its data is gone at once, the provider is told until it confirms.
#[utoipa::path(delete, path = "/connections/{connectionId}", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    key.local(&caller.rows, b"", StatusCode::NO_CONTENT, async |tx| app.linking.delete(tx, id).await).await
}

/// A change of status.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// Before; null at the start.
    from: Option<Status>,
    /// After.
    to: Status,
    /// Why it stands there.
    reason: Option<StatusReason>,
    /// What caused the change.
    cause: String,
    /// When.
    at: DateTime<Utc>,
}

/// Status changes, oldest first.
#[utoipa::path(get, path = "/connections/{connectionId}/history", tag = "Connections", params(
    ("connectionId" = ConnectionId, Path), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<HistoryView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn list_history(
    caller: Caller,
    Path(connection): Path<String>,
    mut params: Params,
) -> Result<Json<Page<HistoryView>>, Problem> {
    let id: ConnectionId = id(&connection)?;
    let (after, limit) = params.cursor::<i64>("history")?;
    let mut tx = caller.rows.begin().await?;
    tx.connection(id).await?.ok_or_else(Problem::not_found)?;
    let rows = tx.history(id, after.unwrap_or_default(), limit + 1).await?;
    Ok(Json(Page::new(
        "history",
        rows,
        limit,
        |row| row.number,
        |row| HistoryView { from: row.from, to: row.to, reason: row.reason, cause: row.cause, at: row.at },
    )))
}
