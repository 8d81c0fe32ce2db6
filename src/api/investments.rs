//! Holdings, investment transactions and liabilities.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::auth::Caller;
use super::json::Json;
use super::page::Page;
use super::params::{Day, Params};
use super::problem::ProblemDocument;
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, HoldingId, InvestmentTransactionId, LiabilityId};
use crate::domain::investment::{InvestmentTransactionType, Security};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::domain::problem::Problem;
use crate::store::{Holding, InvestmentFilter, InvestmentTransaction, Liability};

/// A security that is held.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldingView {
    /// Ours.
    id: HoldingId,
    /// Of which account.
    account_id: AccountId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// What is held.
    security: Security,
    /// How much.
    #[schema(value_type = String)]
    quantity: Decimal,
    /// Price of one.
    #[schema(value_type = Option<String>)]
    price: Option<Decimal>,
    /// Value of all.
    #[schema(value_type = Option<String>)]
    value: Option<Decimal>,
    /// What all of it cost.
    #[schema(value_type = Option<String>)]
    cost_basis: Option<Decimal>,
    /// ISO 4217.
    currency: Option<String>,
    /// When the price was current.
    price_as_of: Option<NaiveDate>,
    /// When it was last read.
    updated_at: DateTime<Utc>,
}

impl From<Holding> for HoldingView {
    fn from(row: Holding) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            connection_id: row.connection_id,
            security: row.security,
            quantity: row.quantity,
            price: row.price,
            value: row.value,
            cost_basis: row.cost_basis,
            currency: row.currency,
            price_as_of: row.price_as_of,
            updated_at: row.updated_at,
        }
    }
}

fn filter(params: &mut Params) -> Result<InvestmentFilter, Problem> {
    Ok(InvestmentFilter {
        account_id: params.one("accountId", "an account's id")?,
        connection_id: params.one("connectionId", "a connection's id")?,
        customer_id: params.one("customerId", "a customer's id")?,
        ..InvestmentFilter::default()
    })
}

/// What is held.
#[utoipa::path(get, path = "/investments/holdings", tag = "Data", params(
    ("accountId" = Option<AccountId>, Query), ("connectionId" = Option<ConnectionId>, Query), ("customerId" = Option<CustomerId>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<HoldingView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_holdings(caller: Caller, mut params: Params) -> Result<Json<Page<HoldingView>>, Problem> {
    let filter = filter(&mut params)?;
    let (after, limit) = params.cursor::<HoldingId>("holdings")?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.holdings(&filter, after, limit + 1).await?;
    Ok(Json(Page::new("holdings", rows, limit, |row| row.id, HoldingView::from)))
}

/// A movement of an investment account; positive = cash out of it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvestmentTransactionView {
    /// Ours.
    id: InvestmentTransactionId,
    /// Of which account.
    account_id: AccountId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// What was traded.
    security: Option<Security>,
    /// What it is.
    #[serde(rename = "type")]
    transaction_type: InvestmentTransactionType,
    /// What the institution wrote.
    description: String,
    /// How much; negative = sold. Null where the provider does not say.
    #[schema(value_type = Option<String>)]
    quantity: Option<Decimal>,
    /// Price of one.
    #[schema(value_type = Option<String>)]
    price: Option<Decimal>,
    /// Positive = cash out.
    #[schema(value_type = String)]
    amount: Decimal,
    /// Fees within it.
    #[schema(value_type = Option<String>)]
    fees: Option<Decimal>,
    /// ISO 4217.
    currency: Option<String>,
    /// When.
    transaction_date: NaiveDate,
}

impl From<InvestmentTransaction> for InvestmentTransactionView {
    fn from(row: InvestmentTransaction) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            connection_id: row.connection_id,
            security: row.security,
            transaction_type: row.transaction_type,
            description: row.description,
            quantity: row.quantity,
            price: row.price,
            amount: row.amount,
            fees: row.fees,
            currency: row.currency,
            transaction_date: row.date,
        }
    }
}

/// Movements of investment accounts, newest first, then by id.
#[utoipa::path(get, path = "/investments/transactions", tag = "Data", params(
    ("accountId" = Option<AccountId>, Query), ("connectionId" = Option<ConnectionId>, Query), ("customerId" = Option<CustomerId>, Query),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<InvestmentTransactionView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_investment_transactions(
    caller: Caller,
    mut params: Params,
) -> Result<Json<Page<InvestmentTransactionView>>, Problem> {
    let mut filter = filter(&mut params)?;
    filter.from = params.day("from")?;
    filter.to = params.day("to")?;
    let (after, limit) = params.cursor::<(Day, InvestmentTransactionId)>("investment-transactions")?;
    let after = after.map(|(day, id)| (day.0, id));
    let mut tx = caller.rows.begin().await?;
    let rows = tx.investment_transactions(&filter, after, limit + 1).await?;
    Ok(Json(Page::new(
        "investment-transactions",
        rows,
        limit,
        |row| (row.date, row.id),
        InvestmentTransactionView::from,
    )))
}

/// The terms of a card or loan.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiabilityView {
    /// Ours.
    id: LiabilityId,
    /// Of which account.
    account_id: AccountId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// Which terms apply.
    #[serde(rename = "type")]
    kind: LiabilityKind,
    /// The terms.
    #[serde(flatten)]
    terms: LiabilityTerms,
    /// ISO 4217.
    currency: Option<String>,
    /// When they were last read.
    updated_at: DateTime<Utc>,
}

/// Terms of cards, mortgages and student loans.
#[utoipa::path(get, path = "/liabilities", tag = "Data", params(
    ("accountId" = Option<AccountId>, Query), ("connectionId" = Option<ConnectionId>, Query), ("customerId" = Option<CustomerId>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<LiabilityView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_liabilities(caller: Caller, mut params: Params) -> Result<Json<Page<LiabilityView>>, Problem> {
    let filter = filter(&mut params)?;
    let (after, limit) = params.cursor::<LiabilityId>("liabilities")?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.liabilities(&filter, after, limit + 1).await?;
    let item = |row: Liability| LiabilityView {
        id: row.id,
        account_id: row.account_id,
        connection_id: row.connection_id,
        kind: row.kind,
        terms: row.terms.in_currency(row.currency.as_deref()),
        currency: row.currency,
        updated_at: row.updated_at,
    };
    Ok(Json(Page::new("liabilities", rows, limit, |row| row.id, item)))
}
