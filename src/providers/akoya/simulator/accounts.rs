//! `/accounts-info`, `/balances`, `/accounts`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::{Open, Place};
use super::holdings;
use crate::bank::BankAccount;
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::product::Product;

/// The query of the three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    mode: Option<String>,
    account_ids: Option<String>,
}

/// How much is shown of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Info,
    Balances,
    Holdings,
}

/// `GET /accounts-info/{version}/{providerId}`
pub async fn info(
    State(simulator): State<Simulator>,
    Path(place): Path<Place>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/accounts-info");
    simulator.list(&headers, &place, &asked, Product::Balances, Depth::Info).await
}

/// `GET /balances/{version}/{providerId}`
pub async fn balances(
    State(simulator): State<Simulator>,
    Path(place): Path<Place>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/balances");
    simulator.list(&headers, &place, &asked, Product::Balances, Depth::Balances).await
}

/// `GET /accounts/{version}/{providerId}`
pub async fn everything(
    State(simulator): State<Simulator>,
    Path(place): Path<Place>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/accounts");
    simulator.list(&headers, &place, &asked, Product::InvestmentHoldings, Depth::Holdings).await
}

impl Simulator {
    async fn list(
        &self,
        headers: &HeaderMap,
        place: &Place,
        asked: &Asked,
        product: Product,
        depth: Depth,
    ) -> Result<Json<Value>> {
        if asked.mode.as_deref().is_some_and(|mode| !matches!(mode, "raw" | "standard")) {
            return Err(Error::invalid("mode must be raw or standard"));
        }
        let open = self.open(headers, place, product).await?;
        let wanted: Option<Vec<&str>> = asked.account_ids.as_deref().map(|ids| ids.split(',').collect());
        let chosen =
            open.accounts.iter().filter(|one| wanted.as_ref().is_none_or(|ids| ids.contains(&one.key.as_str())));
        let rows: Vec<Value> = chosen.map(|account| row(&open, account, depth)).collect();
        Ok(Json(json!({ "accounts": rows })))
    }
}

/// A decimal as a JSON number.
pub fn number(value: Decimal) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or_default()
}

/// A time as Akoya writes it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A day as Akoya writes it.
pub fn day(day: NaiveDate) -> String {
    time(day.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// FDX's name of a type.
fn account_type(account: &BankAccount) -> &'static str {
    match account.subtype {
        AccountSubtype::Checking => "CHECKING",
        AccountSubtype::Savings => "SAVINGS",
        AccountSubtype::CreditCard => "CREDITCARD",
        AccountSubtype::Mortgage => "MORTGAGE",
        AccountSubtype::StudentLoan => "STUDENTLOAN",
        AccountSubtype::Brokerage => "BROKERAGEPRODUCT",
        AccountSubtype::Plan401k => "401K",
        AccountSubtype::Ira => "IRA",
        AccountSubtype::Roth => "ROTH",
        _ => "OTHER",
    }
}

fn row(open: &Open, account: &BankAccount, depth: Depth) -> Value {
    let mut fields = common(account);
    if depth != Depth::Info {
        fields.extend(held(open, account));
    }
    let wrapper = match account.account_type {
        AccountType::Depository => "depositAccount",
        AccountType::Credit => "locAccount",
        AccountType::Loan => "loanAccount",
        _ => {
            if depth == Depth::Holdings {
                fields.insert("holdings".to_owned(), holdings::rows(open, account));
            }
            "investmentAccount"
        }
    };
    json!({ wrapper: fields })
}

fn common(account: &BankAccount) -> Map<String, Value> {
    let owed = matches!(account.account_type, AccountType::Credit | AccountType::Loan);
    let fields = json!({
        "accountId": account.key,
        "accountType": account_type(account),
        "accountNumberDisplay": format!("xxxxxx{}", account.mask),
        "balanceType": if owed { "LIABILITY" } else { "ASSET" },
        "currency": { "currencyCode": account.currency },
        "description": account.official_name,
        "nickname": account.name,
        "productName": account.official_name,
        "lineOfBusiness": "Personal",
        "status": "OPEN",
    });
    object(fields)
}

/// Balances, and the terms that stand beside them.
fn held(open: &Open, account: &BankAccount) -> Map<String, Value> {
    let now = open.books.now();
    let balances = open.books.balances(&account.key, now).unwrap_or_default();
    let money = |amount: Option<Decimal>| amount.map(number);
    let (current, available, limit) = (money(balances.current), money(balances.available), money(balances.limit));
    let mut fields = object(json!({ "balanceAsOf": time(now.at) }));
    let more = match account.account_type {
        AccountType::Depository => json!({ "currentBalance": current, "availableBalance": available }),
        AccountType::Credit => json!({ "currentBalance": current, "availableCredit": available, "creditLine": limit }),
        AccountType::Loan => json!({ "principalBalance": current }),
        _ => json!({ "currentValue": current, "availableCashBalance": available }),
    };
    fields.extend(object(more));
    fields.extend(terms(open, account));
    fields.retain(|_, value| !value.is_null());
    fields
}

fn terms(open: &Open, account: &BankAccount) -> Map<String, Value> {
    let Some(liability) = open.books.liability(&account.key, open.books.now().at) else { return Map::new() };
    let terms = liability.terms;
    let money = |amount: Option<Decimal>| amount.map(number);
    let common = json!({
        "nextPaymentAmount": money(terms.minimum_payment),
        "nextPaymentDate": terms.next_payment_due_date.map(day),
        "lastPaymentAmount": money(terms.last_payment_amount),
        "lastPaymentDate": terms.last_payment_date.map(day),
    });
    let own = if account.account_type == AccountType::Credit {
        json!({
            "purchasesApr": money(terms.interest_rate),
            "minimumPaymentAmount": money(terms.minimum_payment),
            "lastStmtBalance": money(terms.last_statement_balance),
            "lastStmtDate": terms.last_statement_date.map(day),
            "pastDueAmount": 0,
        })
    } else {
        json!({
            "interestRate": money(terms.interest_rate),
            "originalPrincipal": money(terms.original_principal),
            "originatingDate": terms.origination_date.map(day),
            "maturityDate": terms.maturity_date.map(day),
            "interestPaidYearToDate": money(liability.interest_this_year),
        })
    };
    let mut fields = object(common);
    fields.extend(object(own));
    fields
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
