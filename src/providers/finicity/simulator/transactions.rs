//! Transactions of one account in a window of dates, as the last aggregation saw them.

use std::collections::HashSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::accounts::{account_id, noon};
use super::call::{Answer, Caller, Error, Result, amount};
use super::details::Open;
use super::ids;
use crate::bank::{BankTrade, BankTransaction, Moment};
use crate::domain::account::AccountType;
use crate::domain::investment::InvestmentTransactionType;
use crate::domain::transaction::TransactionStatus;
use crate::providers::finicity::map::categories;

/// The largest page.
const MOST: usize = 1_000;
/// Days of history before an account was added, and with what [`load_history`] loads.
const STANDARD_DAYS: i64 = 180;
const LONG_DAYS: i64 = 730;
/// What was seen so long ago and is gone is shown as a shadow.
const MEMORY: TimeDelta = TimeDelta::days(10);

/// The query of [`list`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListQuery {
    from_date: Option<i64>,
    to_date: Option<i64>,
    start: Option<usize>,
    limit: Option<usize>,
    sort: Option<String>,
    include_pending: Option<bool>,
}

/// `POST …/accounts/{account}/transactions/historic`.
pub async fn load_history(
    State(simulator): State<Simulator>,
    Path((customer, account)): Path<(String, String)>,
    _: Caller,
) -> Result<StatusCode> {
    let open = simulator.open(&customer, &account).await?;
    match open.login.code(&open.books, simulator.shared.clock.now()) {
        0 => {}
        code => return Err(Error::aggregation(code)),
    }
    let key = open.account.key.clone();
    simulator
        .change(&open.login.id.to_string(), |login| {
            login.long_history.insert(key);
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/accounts/{account}/transactions`; `start` is the number of the first one.
pub async fn list(
    State(simulator): State<Simulator>,
    Path((customer, account)): Path<(String, String)>,
    _: Caller,
    Query(query): Query<ListQuery>,
) -> Answer {
    let from = query.from_date.ok_or_else(|| Error::missing("fromDate"))?;
    let to = query.to_date.ok_or_else(|| Error::missing("toDate"))?;
    let (start, limit) = (query.start.unwrap_or(1), query.limit.unwrap_or(25));
    if start < 1 {
        return Err(Error::new("41003"));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(Error::new("41004"));
    }
    let open = simulator.open(&customer, &account).await?;
    let mut rows = open.login.seen.map(|seen| open.rows(seen, from)).unwrap_or_default();
    let pending = query.include_pending.unwrap_or(false);
    rows.retain(|row| (from..=to).contains(&row.at) && (pending || row.shown["status"] != "pending"));
    let ascending = query.sort.as_deref() == Some("asc");
    rows.sort_by_key(|row| (row.at, row.id));
    if !ascending {
        rows.reverse();
    }
    let found = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(start - 1).take(limit).map(|row| row.shown).collect();
    let more = found >= start.saturating_add(limit);
    Ok(Json(json!({
        "found": found, "displaying": page.len(), "moreAvailable": more.to_string(), "fromDate": from.to_string(),
        "toDate": to.to_string(), "sort": if ascending { "asc" } else { "desc" }, "transactions": page,
    })))
}

/// A transaction to be shown.
struct Row {
    /// What it is listed and filtered by.
    at: i64,
    id: i64,
    shown: Value,
}

impl Open {
    /// Everything that was seen of the account from that time on, as far as its history goes.
    fn rows(&self, seen: Moment, from: i64) -> Vec<Row> {
        let days = if self.login.long_history.contains(&self.account.key) { LONG_DAYS } else { STANDARD_DAYS };
        let earliest = self.login.created_at - TimeDelta::days(days);
        let from = DateTime::<Utc>::from_timestamp_secs(from).unwrap_or(earliest).max(earliest).date_naive();
        let key = &self.account.key;
        if self.account.account_type == AccountType::Investment {
            let trades = self.books.trades(key, from, seen.at.date_naive(), seen.at);
            return trades.iter().map(|trade| self.trade(trade)).collect();
        }
        let current = self.books.transactions(key, from, seen);
        let ids: HashSet<&str> = current.iter().map(|one| one.id.as_str()).collect();
        let before = Moment { at: seen.at - MEMORY, ..seen };
        let remembered = (before.at > self.login.created_at).then(|| self.books.transactions(key, from, before));
        let gone = remembered.into_iter().flatten().filter(|one| !ids.contains(one.id.as_str()));
        let shadows: Vec<Row> = gone.map(|one| self.row(&one, "shadow")).collect();
        let status = |one: &BankTransaction| match one.status {
            TransactionStatus::Pending => "pending",
            TransactionStatus::Posted => "active",
        };
        current.iter().map(|one| self.row(one, status(one))).chain(shadows).collect()
    }

    fn basics(&self, id: i64, at: i64) -> Value {
        let account = account_id(&self.login, &self.account.key);
        json!({
            "id": id, "uniqueTransactionId": format!("{account}-{id}"), "accountId": account,
            "customerId": self.login.customer.parse::<i64>().unwrap_or_default(),
            "createdDate": at, "transactionDate": at,
        })
    }

    fn row(&self, one: &BankTransaction, status: &str) -> Row {
        let at = one.made_at.timestamp();
        let id = ids::number(&["transaction", &self.login.id.to_string(), &one.id]);
        let mut shown = self.basics(id, at);
        // Deposits are positive.
        shown["amount"] = amount(-one.amount);
        shown["status"] = json!(status);
        shown["description"] = json!(one.description);
        shown["categorization"] = json!({
            "normalizedPayeeName": one.merchant.clone().unwrap_or_default(),
            "category": categories::named(one.category), "country": "USA",
        });
        if let Some(day) = one.posted_on {
            shown["postedDate"] = json!(noon(day));
        }
        Row { at, id, shown }
    }

    fn trade(&self, trade: &BankTrade) -> Row {
        let at = noon(trade.date);
        let id = ids::number(&["trade", &self.login.id.to_string(), &trade.id]);
        let mut shown = self.basics(id, at);
        shown["amount"] = amount(-trade.amount);
        shown["status"] = json!("active");
        shown["description"] = json!(trade.description);
        shown["postedDate"] = json!(at);
        shown["investmentTransactionType"] = json!(movement(trade.kind));
        shown["feeAmount"] = amount(trade.fees);
        if !trade.quantity.is_zero() {
            shown["unitQuantity"] = amount(trade.quantity.abs());
            shown["unitPrice"] = amount(trade.price);
        }
        if let Some(symbol) = trade.security.as_ref().and_then(|one| one.security.symbol.as_ref()) {
            shown["ticker"] = json!(symbol);
        }
        Row { at, id, shown }
    }
}

fn movement(kind: InvestmentTransactionType) -> &'static str {
    match kind {
        InvestmentTransactionType::Buy => "purchased",
        InvestmentTransactionType::Sell => "sold",
        InvestmentTransactionType::Income => "dividend",
        InvestmentTransactionType::Cash => "contribution",
        InvestmentTransactionType::Fee => "fee",
        InvestmentTransactionType::Transfer => "transfer",
        InvestmentTransactionType::Cancel => "cancel",
        _ => "otherInfo",
    }
}
