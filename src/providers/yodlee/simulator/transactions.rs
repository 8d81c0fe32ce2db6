//! Transactions of all containers, page by page, and how many there are.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::accounts::{Aggregated, container};
use super::errors::{Error, Result};
use super::gate::Caller;
use super::values::{Query, day, given, ids, listed, money, number, page, time, without_nulls};
use crate::bank::ids as make;
use crate::bank::{BankAccount, BankTrade, BankTransaction, Channel, History};
use crate::domain::account::AccountType;
use crate::domain::investment::InvestmentTransactionType as Trade;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};

/// The longest time between a purchase and its booking, so that none is missed whose booking is asked for.
const LATE: Days = Days::new(15);

/// A row with what it is sorted by.
struct Row {
    date: NaiveDate,
    id: i64,
    body: Value,
}

/// `GET /transactions`
pub async fn list(caller: Caller, query: Query) -> Result<(HeaderMap, Json<Value>)> {
    let (skip, top) = page(&query)?;
    let rows = rows(&caller, &query).await?;
    let mut headers = HeaderMap::new();
    if skip + top < rows.len() {
        let next = format!("</transactions?skip={}&top={top}>; rel=\"next\"", skip + top);
        headers.extend(HeaderValue::from_str(&next).ok().map(|value| (header::LINK, value)));
    }
    let some = rows.into_iter().skip(skip).take(top).map(|row| row.body).collect();
    Ok((headers, listed("transaction", some)))
}

/// `GET /transactions/count`
pub async fn count(caller: Caller, query: Query) -> Result<Json<Value>> {
    let count = rows(&caller, &query).await?.len();
    Ok(Json(json!({ "transaction": { "TOTAL": { "count": count } } })))
}

/// Everything that is asked for, newest first.
async fn rows(caller: &Caller, query: &Query) -> Result<Vec<Row>> {
    let wanted = ids(query, "accountId", 100)?;
    let kind = given(query, "container");
    if kind.is_some_and(|kind| kind.contains(',')) {
        return Err(Error::bad("Y805", "Multiple containers not supported"));
    }
    let today = caller.simulator.shared.clock.now().date_naive();
    let to = day(query, "toDate")?.unwrap_or(today);
    let from = day(query, "fromDate")?.unwrap_or(today - Days::new(30)).max(to - Days::new(731));
    if from > to {
        return Err(Error::bad("Y809", "Invalid date range"));
    }
    let mut rows = Vec::new();
    for one in caller.simulator.aggregated(caller).await? {
        for account in one.accounts() {
            let id = one.login.account_id(&account.key);
            let is_asked = wanted.as_ref().is_none_or(|ids| ids.contains(&id));
            if is_asked && kind.is_none_or(|kind| kind == container(&account)) {
                rows.extend(of_account(&one, &account, from, to));
            }
        }
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.date), row.id));
    Ok(rows)
}

fn of_account(one: &Aggregated, account: &BankAccount, from: NaiveDate, to: NaiveDate) -> Vec<Row> {
    let now = one.books.now();
    if account.account_type == AccountType::Investment {
        let trades = match one.login.has(Product::InvestmentTransactions) {
            true => one.books.trades(&account.key, from, to, now.at),
            false => Vec::new(),
        };
        return trades.iter().map(|trade| investment_row(one, account, trade)).collect();
    }
    let earliest = match one.login.history(&one.books) {
        _ if !one.login.has(Product::Transactions) => return Vec::new(),
        History::NotReady => return Vec::new(),
        History::Recent => from.max(now.at.date_naive() - TimeDelta::days(30)),
        History::Complete => from,
    };
    let all = one.books.transactions(&account.key, earliest - LATE, now);
    let rows = all.iter().map(|transaction| row(one, account, transaction));
    rows.filter(|row| (earliest..=to).contains(&row.date)).collect()
}

fn row(one: &Aggregated, account: &BankAccount, transaction: &BankTransaction) -> Row {
    let login = &one.login;
    let made = transaction.made_at.date_naive();
    let date = transaction.posted_on.unwrap_or(made);
    let id = make::number(&["transaction", &login.id.to_string(), &transaction.id]);
    let is_out = transaction.amount.is_sign_positive();
    let (category, category_type) = category(transaction.category);
    let merchant = transaction
        .merchant
        .as_ref()
        .map(|name| json!({ "id": make::number(&["merchant", name]).to_string(), "name": name, "source": "YODLEE" }));
    let body = without_nulls(json!({
        "CONTAINER": container(account), "id": id, "accountId": login.account_id(&account.key),
        "amount": money(transaction.amount.abs(), transaction.currency),
        "baseType": if is_out { "DEBIT" } else { "CREDIT" }, "categoryType": category_type, "category": category,
        "categorySource": "SYSTEM", "date": date, "transactionDate": made, "postDate": transaction.posted_on,
        "description": { "original": transaction.description, "simple": transaction.description },
        "isManual": false, "sourceType": "AGGREGATED", "merchant": merchant, "isRecurring": transaction.recurring.to_string(),
        "status": if transaction.status == TransactionStatus::Pending { "PENDING" } else { "POSTED" },
        "isPhysical": transaction.channel == Channel::InStore, "createdDate": time(transaction.made_at),
        "type": if is_out { "PURCHASE" } else { "DEPOSIT" },
    }));
    Row { date, id, body }
}

fn investment_row(one: &Aggregated, account: &BankAccount, trade: &BankTrade) -> Row {
    let login = &one.login;
    let id = make::number(&["trade", &login.id.to_string(), &trade.id]);
    let security = trade.security.as_ref().map(|security| &security.security);
    let is_traded = !trade.quantity.is_zero();
    let body = without_nulls(json!({
        "CONTAINER": "investment", "id": id, "accountId": login.account_id(&account.key),
        "amount": money(trade.amount.abs(), trade.currency),
        "baseType": if trade.amount.is_sign_positive() { "DEBIT" } else { "CREDIT" },
        "categoryType": "TRANSFER", "category": "Securities Trades", "categorySource": "SYSTEM", "date": trade.date,
        "transactionDate": trade.date, "settleDate": is_traded.then(|| trade.date + Days::new(2)),
        "description": { "original": trade.description, "simple": trade.description }, "isManual": false,
        "sourceType": "AGGREGATED", "status": "POSTED", "type": trade_type(trade.kind),
        "quantity": is_traded.then(|| number(trade.quantity.abs())),
        "price": is_traded.then(|| money(trade.price, trade.currency)),
        "commission": (!trade.fees.is_zero()).then(|| money(trade.fees, trade.currency)),
        "symbol": security.and_then(|one| one.symbol.as_ref()), "isin": security.and_then(|one| one.isin.as_ref()),
        "cusipNumber": security.and_then(|one| one.cusip.as_ref()),
        "holdingDescription": security.and_then(|one| one.name.as_ref()),
    }));
    Row { date: trade.date, id, body }
}

fn trade_type(kind: Trade) -> &'static str {
    match kind {
        Trade::Buy => "BUY",
        Trade::Sell => "SELL",
        Trade::Income => "DIVIDEND",
        Trade::Cash => "DEPOSIT",
        Trade::Fee => "FEE",
        Trade::Transfer => "TRANSFER",
        Trade::Cancel => "CANCEL",
        Trade::Other | Trade::Unidentified => "OTHER",
    }
}

/// The name of Yodlee's category, and its coarse kind.
fn category(ours: Category) -> (&'static str, &'static str) {
    match ours {
        Category::Income => ("Salary/Regular Income", "INCOME"),
        Category::TransferIn | Category::TransferOut => ("Transfers", "TRANSFER"),
        Category::LoanPayments => ("Loans", "EXPENSE"),
        Category::BankFees => ("Service Charges/Fees", "EXPENSE"),
        Category::Entertainment => ("Entertainment/Recreation", "EXPENSE"),
        Category::FoodAndDrink => ("Groceries", "EXPENSE"),
        Category::GeneralMerchandise => ("Electronics/General Merchandise", "EXPENSE"),
        Category::HomeImprovement => ("Home Improvement", "EXPENSE"),
        Category::Medical => ("Healthcare/Medical", "EXPENSE"),
        Category::PersonalCare => ("Personal/Family", "EXPENSE"),
        Category::GeneralServices => ("Services/Supplies", "EXPENSE"),
        Category::GovernmentAndNonProfit => ("Taxes", "EXPENSE"),
        Category::Transportation => ("Automotive/Fuel", "EXPENSE"),
        Category::Travel => ("Travel", "EXPENSE"),
        Category::RentAndUtilities => ("Utilities", "EXPENSE"),
        Category::Other | Category::Unidentified => ("Uncategorized", "UNCATEGORIZE"),
    }
}
