//! What connections hold, and the institutions.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::{TimeDelta, Timelike};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::connections::time;
use super::gate::{Error, Result};
use super::state::Connection;
use super::{Simulator, hashed, number};
use crate::bank::{self, BankAccount, BankInstitution, BankTransaction, Books, History};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};

/// Rows of a page, at most and unless told otherwise.
const PAGE: usize = 1000;

type Asked = Query<BTreeMap<String, String>>;

/// A page of rows, by ascending id.
pub fn page(query: &Asked, mut rows: Vec<(String, Value)>) -> Result<Json<Value>> {
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let size = query.get("per_page").map_or(Ok(PAGE), |text| text.parse());
    let size = size.ok().filter(|size| (1..=PAGE).contains(size)).ok_or(Error::refused("PerPageInvalid"))?;
    let from = query.get("from_id").map(String::as_str).unwrap_or_default();
    let mut rows = rows.into_iter().skip_while(|(id, _)| id.as_str() < from);
    let data: Vec<Value> = rows.by_ref().take(size).map(|(_, row)| row).collect();
    Ok(Json(json!({ "data": data, "meta": { "next_id": rows.next().map(|(id, _)| id), "next_page": null } })))
}

/// A JSON number.
fn amount(amount: Decimal) -> Value {
    serde_json::from_str(&amount.normalize().to_string()).unwrap_or_default()
}

fn account_id(connection: &Connection, key: &str) -> String {
    number(&["account", &connection.id, key])
}

fn shared(connection: &Connection, books: Option<&Books>) -> Vec<BankAccount> {
    let mut accounts = books.map(Books::accounts).unwrap_or_default();
    accounts.retain(|account| connection.accounts.contains(&account.key));
    accounts
}

/// `GET /accounts`
pub async fn accounts(State(simulator): State<Simulator>, query: Asked) -> Result<Json<Value>> {
    let connection = simulator.asked(&query).await?;
    let books = simulator.books(&connection).await?;
    let accounts = shared(&connection, books.as_ref());
    let rows: Vec<_> = accounts
        .iter()
        .zip(std::iter::repeat(books.as_ref()))
        .filter_map(|(account, books)| {
            Some((account_id(&connection, &account.key), shown_account(&connection, account, books?)))
        })
        .collect();
    page(&query, rows)
}

fn shown_account(connection: &Connection, account: &BankAccount, books: &Books) -> Value {
    let balances = books.balances(&account.key, books.now()).unwrap_or_default();
    let is_debt = matches!(account.account_type, AccountType::Credit | AccountType::Loan);
    let held = balances.current.unwrap_or_default();
    let numbers = connection.has(Product::Identifiers).then_some(&account.identifiers);
    let (iban, bacs) = (numbers.and_then(|one| one.international.as_ref()), numbers.and_then(|one| one.bacs.as_ref()));
    let mut extra = json!({
        "account_name": account.name, "client_name": account.owners.first().and_then(|one| one.names.first()),
        "iban": iban.map(|one| &one.iban), "swift": iban.and_then(|one| one.bic.as_ref()),
        "account_number": bacs.map(|one| &one.account), "sort_code": bacs.map(|one| &one.sort_code),
        "cards": [format!("**** **** **** {}", account.mask)],
        "available_amount": balances.available.map(amount), "credit_limit": balances.limit.map(amount),
    });
    if let Value::Object(fields) = &mut extra {
        fields.retain(|_, value| !value.is_null());
    }
    json!({
        "id": account_id(connection, &account.key), "connection_id": connection.id, "name": account.official_name,
        "nature": nature(account.subtype), "balance": amount(if is_debt { -held } else { held }),
        "currency_code": account.currency, "extra": extra, "created_at": time(connection.created_at),
        "updated_at": time(books.now().at),
    })
}

fn nature(subtype: AccountSubtype) -> &'static str {
    match subtype {
        AccountSubtype::Checking => "checking",
        AccountSubtype::Savings => "savings",
        AccountSubtype::CreditCard => "credit_card",
        AccountSubtype::Mortgage => "mortgage",
        AccountSubtype::StudentLoan => "loan",
        _ => "investment",
    }
}

/// `GET /transactions`
pub async fn transactions(State(simulator): State<Simulator>, query: Asked) -> Result<Json<Value>> {
    let connection = simulator.asked(&query).await?;
    let books = simulator.books(&connection).await?;
    let wanted = match query.get("pending").map(String::as_str) {
        Some("true") => TransactionStatus::Pending,
        _ => TransactionStatus::Posted,
    };
    let mut rows = Vec::new();
    if let Some(books) = books.filter(|_| connection.has(Product::Transactions)) {
        let month = books.now().at.date_naive() - TimeDelta::days(30);
        let from = match connection.history(&books) {
            History::NotReady => None,
            History::Recent => Some(connection.from.max(month)),
            History::Complete => Some(connection.from),
        };
        let accounts = shared(&connection, Some(&books));
        let accounts = accounts.iter().filter(|account| account.account_type != AccountType::Investment);
        for (account, from) in accounts.zip(std::iter::repeat(from)) {
            let Some(from) = from else { break };
            let all = books.transactions(&account.key, from, books.now());
            rows.extend(all.iter().filter(|row| row.status == wanted).map(|row| transaction(&connection, row)));
        }
    }
    page(&query, rows)
}

fn transaction(connection: &Connection, row: &BankTransaction) -> (String, Value) {
    let id = transaction_id(connection, row);
    let is_out = row.amount.is_sign_positive();
    let mode = match row.category {
        Category::TransferIn | Category::TransferOut => "transfer",
        Category::BankFees => "fee",
        _ => "normal",
    };
    let mut extra = json!({ "posting_date": row.posted_on, "time": row.made_at.time().format("%H:%M:%S").to_string() });
    if let Some(merchant) = &row.merchant {
        extra[if is_out { "payee" } else { "payer" }] = json!(merchant);
    }
    let shown = json!({
        "id": id, "account_id": account_id(connection, &row.account), "duplicated": false, "mode": mode,
        "status": if row.status == TransactionStatus::Pending { "pending" } else { "posted" },
        "made_on": row.made_at.date_naive(), "amount": amount(-row.amount), "currency_code": row.currency,
        "description": row.description, "category": category(row.category), "extra": extra,
    });
    (id, shown)
}

/// Ids ascend as rows come: by when they were booked. Pending ones have others after each attempt.
fn transaction_id(connection: &Connection, row: &BankTransaction) -> String {
    let Some(posted) = row.posted_on else {
        return number(&["pending", &connection.id, &connection.attempt.to_string(), &row.id]);
    };
    let hash = hashed(&["transaction", &connection.id, &row.id]);
    let seconds = if posted == row.made_at.date_naive() {
        i64::from(row.made_at.num_seconds_from_midnight())
    } else {
        // The bank books between six and ten.
        6 * 3600
    };
    let at = posted.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::seconds(seconds);
    format!("{:010}{hash:09}", at.timestamp().max(0))
}

/// The name of their category.
fn category(ours: Category) -> &'static str {
    match ours {
        Category::Income => "paycheck",
        Category::TransferIn | Category::TransferOut => "transfer",
        Category::LoanPayments => "loans",
        Category::BankFees => "service_fee",
        Category::Entertainment => "movies_and_music",
        Category::FoodAndDrink => "groceries",
        Category::GeneralMerchandise => "electronics_and_software",
        Category::HomeImprovement => "home_improvement",
        Category::Medical => "pharmacy",
        Category::PersonalCare => "personal_care",
        Category::GeneralServices => "business_services",
        Category::GovernmentAndNonProfit => "taxes",
        Category::Transportation => "gas_and_fuel",
        Category::Travel => "hotel",
        Category::RentAndUtilities => "utilities",
        Category::Other | Category::Unidentified => "uncategorized",
    }
}

/// `GET /providers`
pub async fn providers(query: Asked) -> Result<Json<Value>> {
    let country = query.get("country_code");
    let all = bank::institutions().iter();
    let asked = all.filter(|one| country.is_none_or(|code| one.country_codes.contains(&code.as_str())));
    let rows: Vec<_> = asked.map(|one| (number(&["provider", &one.key]), shown_provider(one))).collect();
    page(&query, rows)
}

/// `GET /providers/{code}`
pub async fn provider(Path(code): Path<String>) -> Result<Json<Value>> {
    let found = bank::institution(&code).ok_or(Error::not_found("ProviderNotFound"))?;
    Ok(Json(json!({ "data": shown_provider(found) })))
}

fn shown_provider(institution: &BankInstitution) -> Value {
    let mut scopes = vec!["accounts", "balance"];
    scopes.extend(institution.has(Product::Transactions).then_some("transactions"));
    scopes.extend(institution.has(Product::Owners).then_some("holder_info"));
    let mut fields = vec!["account_name", "available_amount", "cards", "client_name"];
    if institution.has(Product::Identifiers) {
        fields.extend(["iban", "swift", "account_number", "sort_code"]);
    }
    json!({
        "id": number(&["provider", &institution.key]), "code": institution.key, "name": institution.name,
        "country_code": institution.country(), "mode": if institution.oauth { "oauth" } else { "web" },
        "status": if institution.health == InstitutionHealth::Down { "inactive" } else { "active" },
        "max_consent_days": institution.consent_days, "refresh_timeout": 60, "regulated": institution.oauth,
        "supported_account_natures": ["checking", "savings", "credit_card", "mortgage", "loan", "investment"],
        "supported_fetch_scopes": scopes, "supported_account_extra_fields": fields,
    })
}
