//! Transactions: lists, one, and what changed since a cursor.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::page::{Cursor, Page};
use super::params::{Day, Params, Path};
use super::problem::ProblemDocument;
use crate::domain::connection::Status;
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, TransactionId};
use crate::domain::problem::{Code, Problem};
use crate::domain::transaction::{Category, TransactionStatus};
use crate::store::{Span, TenantTx, Transaction, TransactionFilter};

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
        status: params.one_of("status", TransactionStatus::ALL, TransactionStatus::as_str)?,
        category: params.one_of("category", Category::ALL, Category::as_str)?,
        from: params.day("from")?,
        to: params.day("to")?,
    };
    let (after, limit) = params.cursor::<(Day, TransactionId)>("transactions")?;
    let after = after.map(|(day, id)| (day.0, id));
    let mut tx = caller.rows.begin().await?;
    let rows = tx.transactions(&filter, after, limit + 1).await?;
    Ok(Json(Page::new("transactions", rows, limit, |row| (row.transaction_date, row.id), TransactionView::from)))
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

/// The changes of a connection's transactions since a cursor; without one, from the beginning. Of a deleted connection, 409 says that they are
/// gone with it.
#[utoipa::path(get, path = "/transactions/sync", tag = "Data", params(
    ("connectionId" = ConnectionId, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = TransactionChanges), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub(super) async fn sync_transactions(caller: Caller, mut params: Params) -> Result<Json<TransactionChanges>, Problem> {
    let connection_id: Option<ConnectionId> = params.one("connectionId", "a connection's id")?;
    let connection_id = connection_id.ok_or_else(|| {
        Problem::invalid("connectionId", "REQUIRED", "connectionId is missing: a cursor belongs to one connection.")
    })?;
    let (after, limit) = params.cursor::<SyncCursor>(&changes_of(connection_id))?;
    let mut tx = caller.rows.begin().await?;
    let connection = tx.connection(connection_id).await?.ok_or_else(Problem::not_found)?;
    if connection.condition.status == Status::Deleted {
        return Err(Problem::new(
            Code::ConnectionTerminal,
            "The connection was deleted, and its transactions with it: remove yours.",
        ));
    }
    let last = tx.last_sequence(connection_id).await?.ok_or_else(Problem::not_found)?;
    let mut cursor = after.unwrap_or_default();
    if cursor.upto.is_none() {
        (cursor.upto, cursor.added, cursor.at) = (Some(last), true, (cursor.after, TransactionId(uuid::Uuid::nil())));
    }
    let changes = read_changes(&mut tx, connection_id, cursor, limit).await?;
    Ok(Json(changes))
}

/// Where a reader stands. One walk reads what came and changed between two sequence numbers: first what is new, then what
/// changed among the rest, so that nothing comes as modified that never came as added.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SyncCursor {
    /// The walk's beginning.
    after: i64,
    /// Its end; none between two walks.
    upto: Option<i64>,
    /// Whether it is still at what is new.
    added: bool,
    /// How far it is.
    at: (i64, TransactionId),
}

impl Default for SyncCursor {
    fn default() -> Self {
        Self { after: 0, upto: None, added: true, at: (0, TransactionId(uuid::Uuid::nil())) }
    }
}

/// The list that a cursor belongs to.
fn changes_of(id: ConnectionId) -> String {
    format!("transactions/sync/{id}")
}

async fn read_changes(
    tx: &mut TenantTx,
    id: ConnectionId,
    mut cursor: SyncCursor,
    limit: i64,
) -> Result<TransactionChanges, Problem> {
    let span = Span { after: cursor.after, upto: cursor.upto.unwrap_or(cursor.after) };
    let most = usize::try_from(limit).unwrap_or(1);
    let (mut added, mut modified, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    let mut has_more = false;
    if cursor.added {
        let mut rows = tx.transactions_added(id, span, cursor.at, limit + 1).await?;
        has_more = rows.len() > most;
        rows.truncate(most);
        cursor.at = rows.last().map_or(cursor.at, |row| (row.sequence, row.transaction.id));
        added = rows.into_iter().map(|row| row.transaction.into()).collect();
        if !has_more {
            (cursor.added, cursor.at) = (false, (span.after, TransactionId(uuid::Uuid::nil())));
        }
    }
    if !cursor.added {
        let room = most - added.len();
        let mut rows = tx.transactions_changed(id, span, cursor.at, i64::try_from(room).unwrap_or(0) + 1).await?;
        has_more = rows.len() > room;
        rows.truncate(room);
        cursor.at = rows.last().map_or(cursor.at, |row| (row.sequence, row.transaction.id));
        for row in rows {
            match row.removed {
                true => {
                    removed.push(RemovedTransaction { id: row.transaction.id, account_id: row.transaction.account_id })
                }
                false => modified.push(row.transaction.into()),
            }
        }
    }
    if !has_more {
        cursor = SyncCursor { after: span.upto, ..SyncCursor::default() };
    }
    Ok(TransactionChanges { added, modified, removed, next_cursor: Cursor::encode(&changes_of(id), &cursor), has_more })
}
