//! Statements of a connection: listed, and downloaded.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::accounts::check_sensitive;
use super::assets::pdf;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::ids::{AccountId, ConnectionId, StatementId};
use crate::domain::problem::Problem;
use crate::domain::statement::StatementPeriod;
use crate::store::Statement;

/// A statement.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementView {
    /// Download it at `/connections/{id}/statements/{statementId}/download`.
    statement_id: StatementId,
    /// Of which account.
    account_id: AccountId,
    /// Which it is.
    #[serde(flatten)]
    period: StatementPeriod,
}

impl From<Statement> for StatementView {
    fn from(row: Statement) -> Self {
        Self { statement_id: row.id, account_id: row.account_id, period: row.period }
    }
}

/// The statements of a connection, the latest month first.
#[utoipa::path(get, path = "/connections/{connectionId}/statements", tag = "Data", params(
    ("connectionId" = ConnectionId, Path), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<StatementView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn list_statements(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    mut params: Params,
) -> Result<Json<Page<StatementView>>, Problem> {
    let id: ConnectionId = id(&connection)?;
    let (after, limit) = params.cursor::<(i32, i32, StatementId)>("statements")?;
    let mut tx = caller.rows.begin().await?;
    let rows = app.on_demand.statements(&mut tx, id, after, limit + 1).await?;
    let place = |row: &Statement| (row.period.year, row.period.month, row.id);
    Ok(Json(Page::new("statements", rows, limit, place, StatementView::from)))
}

/// A statement as the institution's PDF. It holds numbers and owners: needs the role `write`; every reading is audited.
#[utoipa::path(get, path = "/connections/{connectionId}/statements/{statementId}/download", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("statementId" = StatementId, Path)),
    responses((status = 200, body = [u8], content_type = "application/pdf"), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument),
        (status = 504, body = ProblemDocument)))]
pub(super) async fn download_statement(
    State(app): State<App>,
    caller: Caller,
    Path((connection, statement)): Path<(String, String)>,
) -> Result<Response, Problem> {
    check_sensitive(&caller)?;
    let (connection, statement) = (id(&connection)?, id(&statement)?);
    Ok(pdf(app.on_demand.statement_pdf(&caller.rows, connection, statement, &caller.actor()).await?))
}
