//! Transactions, booked and pending.

use axum::Json;
use chrono::{Days, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::{Error, Result};
use super::gate::{Caller, Imported};
use super::values::{Query, day, ids, number, paged, time, without_nulls};
use crate::bank::ids as make;
use crate::bank::{BankAccount, BankTransaction};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};

/// The longest time between a purchase and its booking, so that none is missed whose booking is asked for.
const LATE: Days = Days::new(15);

/// `GET /api/v2/transactions`
pub async fn list(caller: Caller, query: Query) -> Result<Json<Value>> {
    if !matches!(query.get("view").map(String::as_str), Some("bankView" | "userView")) {
        return Err(Error::bad("view"));
    }
    let from = day(&query, "minBankBookingDate")?;
    let mut found = Vec::new();
    for (one, account) in asked(&caller, &query).await? {
        let seen = one.connection.seen;
        let oldest = one.connection.created_at.date_naive() - Days::new(one.connection.days);
        let from = from.unwrap_or(oldest).max(oldest);
        for row in one.books.transactions(&account.key, from - LATE, seen) {
            if row.status == TransactionStatus::Posted && row.posted_on.is_some_and(|on| on >= from) {
                found.push(booked(&one, &account, &row));
            }
        }
        // What the bank did not deliver any more of an older history.
        if account.subtype == AccountSubtype::Checking && from == oldest {
            found.push(adjusting(&one, &account, oldest));
        }
    }
    found.sort_by_key(|row| row["id"].as_i64());
    paged(&query, "transactions", found, json!({ "income": 0, "spending": 0, "balance": 0 }))
}

/// `GET /api/v2/pendingTransactions`
pub async fn pending(caller: Caller, query: Query) -> Result<Json<Value>> {
    let mut found = Vec::new();
    for (one, account) in asked(&caller, &query).await? {
        let seen = one.connection.seen;
        let from = seen.at.date_naive() - Days::new(60);
        let rows = one.books.transactions(&account.key, from, seen);
        let rows = rows.iter().filter(|row| row.status == TransactionStatus::Pending);
        found.extend(rows.map(|row| {
            let mut body = common(&one, &account, row);
            body["counterpartyName"] = json!(row.merchant);
            without_nulls(body)
        }));
    }
    found.sort_by_key(|row| row["id"].as_i64());
    paged(&query, "pendingTransactions", found, json!({}))
}

/// The accounts whose transactions are asked for.
async fn asked(caller: &Caller, query: &Query) -> Result<Vec<(Imported, BankAccount)>> {
    let wanted = ids(query, "accountIds")?;
    let mut all = Vec::new();
    for one in caller.connections().await? {
        if !one.connection.has(Product::Transactions) {
            continue;
        }
        for account in one.accounts() {
            let is_asked = wanted.as_ref().is_none_or(|ids| ids.contains(&one.connection.account_id(&account.key)));
            if is_asked && account.account_type != AccountType::Investment {
                let again = Imported { connection: one.connection.clone(), books: one.books.clone() };
                all.push((again, account));
            }
        }
    }
    Ok(all)
}

fn common(one: &Imported, account: &BankAccount, row: &BankTransaction) -> Value {
    let connection = one.connection.id.to_string();
    json!({
        "id": make::number(&["transaction", &connection, &row.id]), "accountId": one.connection.account_id(&account.key),
        "importDate": time(row.made_at), "valueDate": row.made_at.date_naive(), "amount": number(-row.amount),
        "currency": row.currency, "purpose": row.description,
    })
}

fn booked(one: &Imported, account: &BankAccount, row: &BankTransaction) -> Value {
    let mut body = common(one, account, row);
    let name = category(row.category);
    body["bankBookingDate"] = json!(row.posted_on);
    body["finapiBookingDate"] = json!(row.posted_on);
    body["counterpartName"] = json!(row.merchant);
    body["category"] = json!({ "id": make::number(&["category", name]) % 1_000, "name": name, "isCustom": false });
    flagged(body, false)
}

/// An entry that finAPI makes up.
fn adjusting(one: &Imported, account: &BankAccount, on: NaiveDate) -> Value {
    let id = one.connection.account_id(&account.key);
    let body = json!({
        "id": make::number(&["adjusting", &id.to_string()]), "accountId": id, "valueDate": on, "bankBookingDate": on,
        "finapiBookingDate": on, "importDate": time(on.and_time(NaiveTime::MIN).and_utc()),
        "amount": number(Decimal::new(100_000, 2)), "currency": account.currency, "purpose": "Adjusting entry",
    });
    flagged(body, true)
}

fn flagged(mut body: Value, adjusting: bool) -> Value {
    body["isAdjustingEntry"] = json!(adjusting);
    body["isPotentialDuplicate"] = json!(false);
    body["isNew"] = json!(false);
    body["labels"] = json!([]);
    without_nulls(body)
}

/// The name of finAPI's category.
fn category(ours: Category) -> &'static str {
    match ours {
        Category::Income => "Gehalt",
        Category::TransferIn | Category::TransferOut => "Umbuchungen",
        Category::LoanPayments => "Kredite",
        Category::BankFees => "Bankgebühren",
        Category::Entertainment => "Freizeit",
        Category::FoodAndDrink => "Lebensmittel",
        Category::GeneralMerchandise => "Shopping",
        Category::HomeImprovement => "Baumarkt",
        Category::Medical => "Gesundheit",
        Category::PersonalCare => "Drogerie",
        Category::GeneralServices => "Versicherungen",
        Category::GovernmentAndNonProfit => "Steuern",
        Category::Transportation => "Mobilität",
        Category::Travel => "Reisen",
        Category::RentAndUtilities => "Wohnen",
        Category::Other | Category::Unidentified => "Sonstiges",
    }
}
