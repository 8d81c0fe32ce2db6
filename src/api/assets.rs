//! Asset reports of a connection: ordered, awaited, read as JSON and as a PDF, removed.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::App;
use super::accounts::check_sensitive;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json, within};
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::asset_report::{AssetReport, AssetReportState};
use crate::domain::ids::{AssetReportId, ConnectionId};
use crate::domain::problem::Problem;
use crate::store::OrderedReport;

/// Which report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"days": 90}))]
pub struct AssetReportBody {
    /// How many days of history, 1 to 731.
    #[serde(deserialize_with = "within::<_, _, 1, 731>")]
    #[schema(minimum = 1, maximum = 731)]
    days: u16,
}

/// A report that was ordered.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReportOrderedView {
    /// Ask for it at `/connections/{id}/assets/{reportId}`.
    report_id: AssetReportId,
    /// How it stands.
    state: AssetReportState,
}

/// How a report stands.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReportSummary {
    /// Ours.
    report_id: AssetReportId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// How it stands.
    state: AssetReportState,
    /// How many days of history were asked for.
    #[schema(minimum = 1, maximum = 731)]
    days: u16,
    /// The provider's code, where it failed.
    failure_code: Option<String>,
    /// When it was ordered.
    created_at: DateTime<Utc>,
    /// When it was there, or had failed.
    finished_at: Option<DateTime<Utc>>,
}

impl From<OrderedReport> for AssetReportSummary {
    fn from(report: OrderedReport) -> Self {
        Self {
            report_id: report.id,
            connection_id: report.connection_id,
            state: report.state,
            days: report.days,
            failure_code: report.failure_code,
            created_at: report.created_at,
            finished_at: report.finished_at,
        }
    }
}

/// A report with what it says.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReportView {
    /// How it stands.
    #[serde(flatten)]
    summary: AssetReportSummary,
    /// What it says; null until it is `READY`.
    report: Option<AssetReport>,
}

/// Order an asset report on all accounts that are shared now. Billed each time. It takes seconds to minutes: an event says when it is there.
/// It is a document of its moment, and stays as it was made also when an account is no longer shared: delete it when its time is over.
#[utoipa::path(post, path = "/connections/{connectionId}/assets", tag = "Data", params(("connectionId" = ConnectionId, Path)),
    request_body = AssetReportBody, responses((status = 202, body = AssetReportOrderedView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn order_asset_report(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<AssetReportBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    key.local(&caller.rows, &bytes, StatusCode::ACCEPTED, async |tx| {
        let report_id = app.on_demand.order_asset_report(tx, id, read?.days).await?;
        Ok(AssetReportOrderedView { report_id, state: AssetReportState::Pending })
    })
    .await
}

/// The reports of a connection, oldest first, without what they say.
#[utoipa::path(get, path = "/connections/{connectionId}/assets", tag = "Data", params(
    ("connectionId" = ConnectionId, Path), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<AssetReportSummary>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn list_asset_reports(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    mut params: Params,
) -> Result<Json<Page<AssetReportSummary>>, Problem> {
    let id: ConnectionId = id(&connection)?;
    let (after, limit) = params.cursor::<AssetReportId>("assets")?;
    let mut tx = caller.rows.begin().await?;
    let rows = app.on_demand.asset_reports(&mut tx, id, after, limit + 1).await?;
    Ok(Json(Page::new("assets", rows, limit, |row| row.id, AssetReportSummary::from)))
}

/// A report. It holds owners: needs the role `write`; every reading of what it says is audited.
#[utoipa::path(get, path = "/connections/{connectionId}/assets/{reportId}", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("reportId" = AssetReportId, Path)),
    responses((status = 200, body = AssetReportView), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn get_asset_report(
    State(app): State<App>,
    caller: Caller,
    Path((connection, report)): Path<(String, String)>,
) -> Result<Json<AssetReportView>, Problem> {
    check_sensitive(&caller)?;
    let mut tx = caller.rows.begin().await?;
    let found = app.on_demand.asset_report(&mut tx, id(&connection)?, id(&report)?).await?;
    let report = tx.read_asset_report(found.id, &caller.actor()).await?;
    tx.commit().await?;
    Ok(Json(AssetReportView { summary: found.into(), report }))
}

/// A report that is `READY`, as a PDF of the provider's. Needs the role `write`; every reading is audited.
#[utoipa::path(get, path = "/connections/{connectionId}/assets/{reportId}/pdf", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("reportId" = AssetReportId, Path)),
    responses((status = 200, body = [u8], content_type = "application/pdf"), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument),
        (status = 504, body = ProblemDocument)))]
pub(super) async fn get_asset_report_pdf(
    State(app): State<App>,
    caller: Caller,
    Path((connection, report)): Path<(String, String)>,
) -> Result<Response, Problem> {
    check_sensitive(&caller)?;
    let (connection, report) = (id(&connection)?, id(&report)?);
    let document = app.on_demand.asset_report_pdf(&caller.rows, connection, report, &caller.actor()).await?;
    Ok(pdf(document))
}

/// Forget a report, here at once and at the provider as soon as it confirms.
#[utoipa::path(delete, path = "/connections/{connectionId}/assets/{reportId}", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("reportId" = AssetReportId, Path)),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn delete_asset_report(
    State(app): State<App>,
    caller: Caller,
    Path((connection, report)): Path<(String, String)>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let (connection, report) = (id(&connection)?, id(&report)?);
    key.local(&caller.rows, b"", StatusCode::NO_CONTENT, async |tx| {
        tx.lock_row(connection).await?;
        let found = app.on_demand.asset_report(tx, connection, report).await?;
        app.linking.remove_report(tx, &found).await
    })
    .await
}

/// A document as it came from the provider.
pub(super) fn pdf(document: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/pdf")], document).into_response()
}
