//! The income that a connection's accounts show.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::params::Path;
use super::problem::ProblemDocument;
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::income::IncomeSource;
use crate::domain::problem::Problem;
use crate::store::Income;

/// The income of a connection. Amounts are what came in: positive.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomeView {
    /// When the provider made the report; null until it has one.
    generated_at: Option<DateTime<Utc>>,
    /// All sources together, by currency.
    totals: Vec<IncomeTotal>,
    /// Where it comes from.
    sources: Vec<IncomeSourceView>,
}

/// All that came in of a currency.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomeTotal {
    /// How much.
    #[schema(value_type = String)]
    amount: Decimal,
    /// ISO 4217.
    currency: Option<String>,
}

/// A source of income.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomeSourceView {
    /// Into which account.
    account_id: AccountId,
    /// The source.
    #[serde(flatten)]
    source: IncomeSource,
}

/// The income that the accounts of a connection show, by source. `productStates` says whether it is there yet.
#[utoipa::path(get, path = "/connections/{connectionId}/income", tag = "Data", params(("connectionId" = ConnectionId, Path)),
    responses((status = 200, body = IncomeView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn get_income(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<IncomeView>, Problem> {
    let id: ConnectionId = id(&connection)?;
    let mut tx = caller.rows.begin().await?;
    Ok(Json(view(app.on_demand.income(&mut tx, id).await?)))
}

fn view(rows: Vec<Income>) -> IncomeView {
    let mut totals: BTreeMap<Option<String>, Decimal> = BTreeMap::new();
    for row in &rows {
        *totals.entry(row.source.currency.clone()).or_default() += row.source.total;
    }
    IncomeView {
        generated_at: rows.iter().map(|row| row.generated_at).max(),
        totals: totals.into_iter().map(|(currency, amount)| IncomeTotal { amount, currency }).collect(),
        sources: rows
            .into_iter()
            .map(|row| IncomeSourceView { account_id: row.account_id, source: row.source })
            .collect(),
    }
}
