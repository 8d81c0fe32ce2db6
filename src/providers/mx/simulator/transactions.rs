//! Transactions, those of investment accounts among them, and holdings.

use std::collections::BTreeSet;

use axum::extract::Path;
use chrono::{DateTime, Days, NaiveDate};
use serde_json::{Value, json};

use super::accounts::{account_guid, number, shared};
use super::call::{Answer, Call, Error, Result};
use super::state::{Member, guid};
use super::users::time;
use crate::bank::{BankAccount, BankHolding, BankTrade, BankTransaction, Books};
use crate::domain::account::AccountType;
use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::mx::config::Version;

/// How far back a list goes that names no first day, and how far ahead.
const BACK: Days = Days::new(120);
const AHEAD: Days = Days::new(5);

/// `GET …/transactions`
pub async fn list(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let today = books.now().at.date_naive();
    let from = day(&call, "from_date")?.unwrap_or(today - BACK).max(member.history_from);
    // "To this date (at midnight)": that day itself is not in it.
    let to = day(&call, "to_date")?.unwrap_or(today + AHEAD);
    let includes: BTreeSet<&str> = call.query("includes").unwrap_or_default().split(',').collect();
    let mut rows: Vec<(NaiveDate, Value)> = Vec::new();
    for account in shared(&member, &books) {
        rows.extend(lines(&member, &books, &account, from).into_iter().filter(|(day, _)| *day < to));
    }
    rows.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
    let mut rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.retain(|name, _| match name.as_str() {
            "merchant" => includes.contains("merchants"),
            "classification" => includes.contains("classifications"),
            _ => true,
        });
    }
    call.page("transactions", 1000, &rows)
}

/// A day of the query: a date in the older version, seconds in the newer one.
fn day(call: &Call, name: &str) -> Result<Option<NaiveDate>> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let day = match call.version {
        Version::V20111101 => text.parse().ok(),
        Version::V20250224 => {
            text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(|at| at.date_naive())
        }
    };
    day.map(Some).ok_or_else(|| Error::new(400, &format!("{name} is not a date")))
}

/// What MX has of an account, each with the day that it is listed under.
fn lines(member: &Member, books: &Books, account: &BankAccount, from: NaiveDate) -> Vec<(NaiveDate, Value)> {
    if account.account_type == AccountType::Investment {
        let known = if member.allows(Product::InvestmentTransactions) { member.seen.at } else { return Vec::new() };
        let trades = books.trades(&account.key, from, known.date_naive(), known);
        return trades.iter().map(|trade| (trade.date, trade_json(member, trade))).collect();
    }
    if !member.allows(Product::Transactions) {
        return Vec::new();
    }
    let rows = books.transactions(&account.key, from, member.seen);
    rows.iter().map(|row| (row.made_at.date_naive(), transaction_json(member, row))).collect()
}

fn transaction_json(member: &Member, row: &BankTransaction) -> Value {
    let (coarse, fine) = category(row.category);
    let pending = row.status == TransactionStatus::Pending;
    json!({
        "guid": guid("TRN", &[&member.guid, &row.id]), "id": row.id,
        "account_guid": account_guid(member, &row.account), "account_id": row.account,
        "member_guid": member.guid, "user_guid": member.user, "member_is_managed_by_user": false,
        "amount": number(row.amount.abs()),
        "type": if row.amount.is_sign_negative() { "CREDIT" } else { "DEBIT" },
        "status": if pending { "PENDING" } else { "POSTED" },
        "date": row.made_at.date_naive().to_string(), "transacted_at": time(row.made_at),
        "posted_at": row.posted_on.map(|day| format!("{day}T12:00:00Z")),
        "currency_code": row.currency,
        "description": row.merchant.as_ref().unwrap_or(&row.description), "original_description": row.description,
        "top_level_category": coarse, "category": fine,
        "is_income": row.category == Category::Income, "is_fee": row.category == Category::BankFees,
        "is_expense": row.amount.is_sign_positive(), "is_international": false, "is_recurring": row.recurring,
        "created_at": time(row.made_at), "updated_at": time(row.made_at),
        "merchant": row.merchant.as_ref().map(|name| json!({ "name": name, "guid": guid("MCH", &[name]) })),
        "classification": null,
    })
}

fn trade_json(member: &Member, trade: &BankTrade) -> Value {
    let class = match trade.kind {
        InvestmentTransactionType::Buy => "Buy",
        InvestmentTransactionType::Sell => "Sell",
        InvestmentTransactionType::Income => "Income",
        InvestmentTransactionType::Fee => "Fees",
        InvestmentTransactionType::Transfer => "Transfer",
        _ => "Deposit",
    };
    let at = format!("{}T12:00:00Z", trade.date);
    json!({
        "guid": guid("TRN", &[&member.guid, &trade.id]), "id": trade.id,
        "account_guid": account_guid(member, &trade.account), "account_id": trade.account,
        "member_guid": member.guid, "user_guid": member.user, "member_is_managed_by_user": false,
        "amount": number(trade.amount.abs()),
        "type": if trade.amount.is_sign_negative() { "CREDIT" } else { "DEBIT" },
        "status": "POSTED", "date": trade.date.to_string(), "transacted_at": at, "posted_at": at,
        "currency_code": trade.currency,
        "description": trade.description, "original_description": trade.description,
        "top_level_category": "Investments", "category": class,
        "is_international": false, "created_at": at, "updated_at": at,
        "merchant": null,
        "classification": { "parent_class": class, "guid": guid("MNC", &[class]) },
    })
}

/// MX's coarse and fine category.
fn category(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Income => ("Income", "Paycheck"),
        Category::TransferIn => ("Transfer", "Transfer In"),
        Category::TransferOut => ("Transfer", "Transfer Out"),
        Category::LoanPayments => ("Financial", "Loan Payment"),
        Category::BankFees => ("Fees & Charges", "Service Fee"),
        Category::Entertainment => ("Entertainment", "Movies & DVDs"),
        Category::FoodAndDrink => ("Food & Dining", "Groceries"),
        Category::GeneralMerchandise => ("Shopping", "Shopping"),
        Category::HomeImprovement => ("Home", "Home Improvement"),
        Category::Medical => ("Health & Fitness", "Doctor"),
        Category::PersonalCare => ("Personal Care", "Hair"),
        Category::GeneralServices => ("Business Services", "Legal"),
        Category::GovernmentAndNonProfit => ("Taxes", "Federal Tax"),
        Category::Transportation => ("Auto & Transport", "Gas"),
        Category::Travel => ("Travel", "Hotel"),
        Category::RentAndUtilities => ("Bills & Utilities", "Utilities"),
        Category::Other | Category::Unidentified => ("Uncategorized", "Uncategorized"),
    }
}

/// `GET …/investment_holdings`
pub async fn list_holdings(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let accounts = if member.allows(Product::InvestmentHoldings) { shared(&member, &books) } else { Vec::new() };
    let held = accounts.iter().flat_map(|account| books.holdings(&account.key, member.seen.at));
    let all: Vec<Value> = held.map(|holding| holding_json(&member, &holding)).collect();
    call.page("investment_holdings", 1000, &all)
}

fn holding_json(member: &Member, holding: &BankHolding) -> Value {
    let security = &holding.security.security;
    let kind = match security.security_type {
        SecurityType::Cash => "CASH",
        SecurityType::Equity => "EQUITY",
        SecurityType::Etf => "EXCHANGE_TRADED_FUND",
        SecurityType::MutualFund => "MUTUAL_FUND",
        SecurityType::FixedIncome => "FIXED_INCOME",
        _ => "UNKNOWN_TYPE",
    };
    json!({
        "guid": guid("HOL", &[&member.guid, &holding.account, &holding.security.key]),
        "account_guid": account_guid(member, &holding.account), "user_guid": member.user,
        "symbol": security.symbol, "description": security.name, "holding_type": kind,
        "quantity": holding.quantity.to_string(),
        "current_price": number(holding.price), "market_value": number(holding.value),
        "cost_basis": number(holding.cost_basis), "currency_code": holding.security.currency,
        "current_price_as_of": format!("{}T00:00:00Z", holding.security.close_price_on),
        "created_at": time(member.created_at),
    })
}
