//! `/transactions`: of deposit, card and loan accounts, and the trades of investment accounts, oldest first.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Simulator;
use super::accounts::{day, number, time};
use super::contacts::AccountPath;
use super::errors::{Error, Result};
use super::gate::{Open, Place};
use super::trades;
use crate::bank::{BankAccount, BankTransaction};
use crate::domain::account::AccountType;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};

/// Where nobody asks for more.
const DEFAULT_WINDOW: TimeDelta = TimeDelta::days(15);
/// Rows of a page, where nobody asks for less.
const PAGE: usize = 50;

/// The query.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    start_time: Option<String>,
    end_time: Option<String>,
    offset: Option<String>,
    limit: Option<String>,
    mode: Option<String>,
}

/// What is asked for.
struct Window {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    offset: usize,
    limit: usize,
}

impl Window {
    fn read(asked: &Asked, now: DateTime<Utc>) -> Result<Self> {
        let (from, to) = match (&asked.start_time, &asked.end_time) {
            (None, None) => (now - DEFAULT_WINDOW, now),
            (Some(from), Some(to)) => (instant(from)?, instant(to)?),
            _ => return Err(Error::invalid("startTime and endTime go together")),
        };
        let count = |text: &Option<String>, default: usize| match text {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Error::invalid("offset and limit must be whole numbers")),
        };
        if asked.mode.as_deref().is_some_and(|mode| !matches!(mode, "raw" | "standard")) || from > to {
            return Err(Error::invalid("mode must be raw or standard, and startTime not after endTime"));
        }
        Ok(Self { from, to, offset: count(&asked.offset, 0)?, limit: count(&asked.limit, PAGE)?.clamp(1, PAGE) })
    }

    fn href(&self, place: &Place, account: &str, offset: usize) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("endTime", &time(self.to))
            .append_pair("limit", &self.limit.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("startTime", &time(self.from))
            .finish();
        format!("/transactions/{}/{}/{account}?{query}", place.version, place.provider)
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    read.map_err(|_| Error::invalid("Start or end date value is not in the ISO 8601 format."))
}

/// `GET /transactions/{version}/{providerId}/{accountId}`
pub async fn list(
    State(simulator): State<Simulator>,
    Path(path): Path<AccountPath>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/transactions");
    let (place, account) = path.split();
    let open = simulator.open(&headers, &place, Product::Transactions).await?;
    let window = Window::read(&asked, open.books.now().at)?;
    let rows = rows(&open, open.account(&account)?, &window);
    let page: Vec<&Value> = rows.iter().skip(window.offset).take(window.limit).collect();
    let next = window.offset.saturating_add(window.limit);
    let mut links = json!({});
    if next < rows.len() {
        links["next"] = json!({ "href": window.href(&place, &account, next) });
    }
    if window.offset > 0 {
        let before = window.offset.saturating_sub(window.limit);
        links["prev"] = json!({ "href": window.href(&place, &account, before) });
    }
    Ok(Json(json!({ "links": links, "transactions": page })))
}

fn rows(open: &Open, account: &BankAccount, window: &Window) -> Vec<Value> {
    let (from, to) = (window.from.date_naive(), window.to.date_naive());
    if account.account_type == AccountType::Investment {
        let trades = open.books.trades(&account.key, from, to, open.books.now().at);
        return trades.iter().map(trades::row).collect();
    }
    let wrapper = match account.account_type {
        AccountType::Credit => "locTransaction",
        AccountType::Loan => "loanTransaction",
        _ => "depositTransaction",
    };
    let all = open.books.transactions(&account.key, from, open.books.now());
    let within = |row: &&BankTransaction| (window.from..=window.to).contains(&row.made_at);
    all.iter().filter(within).map(|row| json!({ wrapper: fields(account, row) })).collect()
}

fn fields(account: &BankAccount, row: &BankTransaction) -> Value {
    let out = row.amount.is_sign_positive();
    // The description's text: what lowers a debt is positive, what raises it negative. An asset's amounts come without a sign, as
    // in its examples.
    let owed = matches!(account.account_type, AccountType::Credit | AccountType::Loan);
    let amount = if owed { -row.amount } else { row.amount.abs() };
    let mut fields = json!({
        "accountId": row.account,
        // The id stays when a pending one is posted.
        "transactionId": row.pending_id.as_ref().unwrap_or(&row.id),
        "amount": number(amount),
        "debitCreditMemo": if out { "DEBIT" } else { "CREDIT" },
        "status": if row.status == TransactionStatus::Pending { "PENDING" } else { "POSTED" },
        "transactionTimestamp": time(row.made_at),
        "description": row.description,
        "transactionType": kind(account.account_type, row.category, out),
    });
    if let Some(posted) = row.posted_on {
        fields["postedTimestamp"] = json!(day(posted));
    }
    if let Some(code) = merchant_code(row.category) {
        fields["category"] = json!(code);
    }
    if let (AccountType::Depository, Some(merchant)) = (account.account_type, &row.merchant) {
        fields["payee"] = json!(merchant);
    }
    fields
}

/// FDX's kind of movement.
fn kind(account: AccountType, category: Category, out: bool) -> &'static str {
    match (account, category) {
        (AccountType::Loan, Category::BankFees) => "FEE",
        (AccountType::Loan, _) if out => "INTEREST",
        (AccountType::Loan, _) => "PAYMENT",
        (_, Category::Income) => "DIRECTDEPOSIT",
        (_, Category::BankFees) => "FEE",
        (_, Category::TransferIn | Category::TransferOut) => "TRANSFER",
        (_, Category::LoanPayments) if out => "WITHDRAWAL",
        (_, Category::LoanPayments) => "DEPOSIT",
        _ if out => "POSDEBIT",
        _ => "POSCREDIT",
    }
}

/// A merchant category code.
fn merchant_code(category: Category) -> Option<&'static str> {
    Some(match category {
        Category::FoodAndDrink => "5812",
        Category::Entertainment => "7832",
        Category::GeneralMerchandise => "5311",
        Category::HomeImprovement => "5200",
        Category::Medical => "8011",
        Category::PersonalCare => "7230",
        Category::GeneralServices => "6300",
        Category::GovernmentAndNonProfit => "9311",
        Category::Transportation => "5541",
        Category::Travel => "7011",
        Category::RentAndUtilities => "4900",
        _ => return None,
    })
}
