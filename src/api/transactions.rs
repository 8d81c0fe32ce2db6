//! Transactions: lists, one, and what changed since a cursor.

use axum::extract::Path;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::page::{Cursor, Page};
use super::params::Params;
use super::problem::ProblemDocument;
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, TransactionId};
use crate::domain::problem::Problem;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::store::{Transaction, TransactionFilter};

/// A transaction; positive = money out of the account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Ours; a posted one keeps the id of its pending one.
    id: TransactionId,
    /// Of which account.
    account_id: AccountId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// Decimal text; positive = money out.
    #[schema(value_type = String)]
    amount: Decimal,
    /// ISO 4217.
    currency: Option<String>,
    /// What the institution wrote.
    description: String,
    /// With whom.
    merchant: Option<String>,
    /// What for.
    category: Category,
    /// How final.
    status: TransactionStatus,
    /// Whether it comes about every month.
    recurring: bool,
    /// When it was made.
    transaction_date: NaiveDate,
    /// When it was booked; null while pending.
    posted_date: Option<NaiveDate>,
}

impl From<Transaction> for TransactionView {
    fn from(row: Transaction) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            connection_id: row.connection_id,
            amount: row.amount,
            currency: row.currency,
            description: row.description,
            merchant: row.merchant,
            category: row.category,
            status: row.status,
            recurring: row.recurring,
            transaction_date: row.transaction_date,
            posted_date: row.posted_date,
        }
    }
}

/// Transactions, newest first, then by id.
#[utoipa::path(get, path = "/transactions", tag = "Data", params(
    ("accountId" = Option<AccountId>, Query), ("connectionId" = Option<ConnectionId>, Query), ("customerId" = Option<CustomerId>, Query),
    ("status" = Option<TransactionStatus>, Query), ("category" = Option<Category>, Query),
    ("from" = Option<NaiveDate>, Query, description = "First day, inclusive"), ("to" = Option<NaiveDate>, Query, description = "Last day, inclusive"),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<TransactionView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_transactions(
    caller: Caller,
    mut params: Params,
) -> Result<Json<Page<TransactionView>>, Problem> {
    let filter = TransactionFilter {
        account_id: params.one("accountId", "an account's id")?,
        connection_id: params.one("connectionId", "a connection's id")?,
        customer_id: params.one("customerId", "a customer's id")?,
        status: params.one("status", "PENDING or POSTED")?,
        category: params.one("category", "a category")?,
        from: params.one("from", "a day like 2026-01-31")?,
        to: params.one("to", "a day like 2026-01-31")?,
    };
    let (after, limit) = params.cursor::<(NaiveDate, TransactionId)>()?;
    params.end()?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.transactions(&filter, after, limit + 1).await?;
    Ok(Json(Page::new(rows, limit, |row| (row.transaction_date, row.id), TransactionView::from)))
}

/// One transaction.
#[utoipa::path(get, path = "/transactions/{transactionId}", tag = "Data", params(("transactionId" = TransactionId, Path)),
    responses((status = 200, body = TransactionView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_transaction(
    caller: Caller,
    Path(transaction): Path<String>,
) -> Result<Json<TransactionView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    Ok(Json(tx.transaction(id(&transaction)?).await?.ok_or_else(Problem::not_found)?.into()))
}

/// A transaction that is gone.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedTransaction {
    /// Ours.
    id: TransactionId,
    /// Of which account.
    account_id: AccountId,
}

/// What changed since a cursor.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionChanges {
    /// New since the cursor.
    added: Vec<TransactionView>,
    /// Changed since the cursor.
    modified: Vec<TransactionView>,
    /// Gone since the cursor.
    removed: Vec<RemovedTransaction>,
    /// Give it as `after` next time, also when nothing came.
    next_cursor: String,
    /// Whether there is more now.
    has_more: bool,
}

/// The changes of a connection's transactions since a cursor; without one, from the beginning.
#[utoipa::path(get, path = "/transactions/sync", tag = "Data", params(
    ("connectionId" = ConnectionId, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = TransactionChanges), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn sync_transactions(caller: Caller, mut params: Params) -> Result<Json<TransactionChanges>, Problem> {
    let connection_id: Option<ConnectionId> = params.one("connectionId", "a connection's id")?;
    let (after, limit) = params.cursor::<(i64, TransactionId)>()?;
    params.end()?;
    let connection_id = connection_id.ok_or_else(|| {
        Problem::invalid("connectionId", "REQUIRED", "connectionId is missing: a cursor belongs to one connection.")
    })?;
    let mut tx = caller.rows.begin().await?;
    tx.connection(connection_id).await?.ok_or_else(Problem::not_found)?;
    let after = after.unwrap_or((0, TransactionId(uuid::Uuid::nil())));
    let mut rows = tx.transaction_changes(connection_id, after, limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or(1);
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().map_or(after, |row| (row.changed_seq, row.transaction.id));
    let mut changes = TransactionChanges {
        added: Vec::new(),
        modified: Vec::new(),
        removed: Vec::new(),
        next_cursor: Cursor(next).encode(),
        has_more,
    };
    for row in rows {
        if row.removed {
            changes.removed.push(RemovedTransaction { id: row.transaction.id, account_id: row.transaction.account_id });
        } else if (row.added_seq, row.transaction.id) > after {
            changes.added.push(row.transaction.into());
        } else {
            changes.modified.push(row.transaction.into());
        }
    }
    Ok(Json(changes))
}
