//! Accounts as the last aggregation saw them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Simulator;
use super::call::{Answer, Caller, Error, Result, amount};
use super::state::{InstitutionLogin, LOGIN};
use super::{ids, institutions};
use crate::bank::{BankAccount, BankHolding, Books, Moment};
use crate::domain::account::AccountType;
use crate::domain::investment::SecurityType;
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::finicity::map::subtypes;

/// `GET …/customers/{customer}/accounts`.
pub async fn of_customer(State(simulator): State<Simulator>, Path(customer): Path<String>, _: Caller) -> Answer {
    let mut accounts = Vec::new();
    for login in simulator.logins(&customer).await? {
        accounts.extend(simulator.show(&login).await?);
    }
    Ok(Json(json!({ "accounts": accounts })))
}

/// `GET …/institutionLogins/{login}/accounts`.
pub async fn of_login(
    State(simulator): State<Simulator>,
    Path((customer, login)): Path<(String, String)>,
    _: Caller,
) -> Answer {
    let login = simulator.login_of(&customer, &login).await?;
    Ok(Json(json!({ "accounts": simulator.show(&login).await? })))
}

/// `POST …/institutionLogins/{login}/accounts`: the institution is read now.
pub async fn refresh(
    State(simulator): State<Simulator>,
    Path((customer, login)): Path<(String, String)>,
    _: Caller,
) -> Answer {
    simulator.login_of(&customer, &login).await?;
    let login = simulator.change(&login, |_| {}).await?;
    match login.attempt.map(|attempt| attempt.code) {
        Some(code) if code != 0 => Err(Error::aggregation(code)),
        _ => Ok(Json(json!({ "accounts": simulator.show(&login).await? }))),
    }
}

/// `DELETE …/institutionLogins/{login}`.
pub async fn delete(
    State(simulator): State<Simulator>,
    Path((customer, login)): Path<(String, String)>,
    _: Caller,
) -> Result<StatusCode> {
    let id = simulator.login_of(&customer, &login).await?.id;
    simulator
        .note_logins(&customer, |logins| {
            logins.remove(&id);
        })
        .await?;
    simulator.shared.documents.delete(LOGIN, &login).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Simulator {
    /// A login of that customer.
    pub(super) async fn login_of(&self, customer: &str, id: &str) -> Result<InstitutionLogin> {
        self.customer(customer).await?;
        let login = self.login(id).await?;
        if login.customer == customer { Ok(login) } else { Err(Error::new("38007")) }
    }

    /// The accounts of a login.
    pub(super) async fn show(&self, login: &InstitutionLogin) -> Result<Vec<Value>> {
        let books = self.shared.bank.books(&login.login.user).await?;
        let open = books.accounts();
        let shared = open.iter().filter(|account| login.accounts.contains(&account.key));
        Ok(shared.map(|account| show(login, &books, account)).collect())
    }
}

/// Finicity's id of an account.
pub fn account_id(login: &InstitutionLogin, key: &str) -> i64 {
    ids::number(&["account", &login.id.to_string(), key])
}

/// A day at noon, in seconds since 1970.
pub fn noon(day: NaiveDate) -> i64 {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    day.and_time(noon).and_utc().timestamp()
}

fn show(login: &InstitutionLogin, books: &Books, account: &BankAccount) -> Value {
    let id = account_id(login, &account.key).to_string();
    let mut shown = json!({
        "id": id, "number": format!("xxxx{}", account.mask), "accountNumberDisplay": account.mask,
        "realAccountNumberLast4": account.mask, "name": account.name, "accountNickname": account.official_name,
        "type": subtypes::named(account.subtype), "status": "active", "customerId": login.customer,
        "institutionId": institutions::id(&login.institution).to_string(), "institutionLoginId": login.id,
        "createdDate": login.created_at.timestamp(), "currency": account.currency, "displayPosition": 1,
    });
    if let Some(attempt) = login.attempt {
        shown["aggregationStatusCode"] = json!(attempt.code);
        shown["aggregationAttemptDate"] = json!(attempt.at.timestamp());
    }
    if let Some(end) = login.authorized_until {
        shown["authorizationExpires"] = json!(true);
        shown["authorizationEndDate"] = json!(end.timestamp());
    }
    if let Some(seen) = login.seen {
        put_seen(&mut shown, books, account, seen);
    }
    shown
}

/// What an aggregation brought.
fn put_seen(shown: &mut Value, books: &Books, account: &BankAccount, seen: Moment) {
    let at = seen.at.timestamp();
    shown["aggregationSuccessDate"] = json!(at);
    shown["balanceDate"] = json!(at);
    shown["lastUpdatedDate"] = json!(at);
    let balances = books.balances(&account.key, seen).unwrap_or_default();
    let current = balances.current.unwrap_or_default();
    let owed = matches!(account.account_type, AccountType::Credit | AccountType::Loan);
    shown["balance"] = amount(if owed { -current } else { current });
    let mut detail = Map::new();
    detail.insert("dateAsOf".to_owned(), json!(at));
    let available = match account.account_type {
        AccountType::Depository => Some("availableBalanceAmount"),
        AccountType::Credit => Some("creditAvailableAmount"),
        AccountType::Investment => Some("availableCashBalance"),
        _ => None,
    };
    let mut put = |name: Option<&str>, value: Option<Decimal>| {
        if let (Some(name), Some(value)) = (name, value) {
            detail.insert(name.to_owned(), amount(value));
        }
    };
    put(available, balances.available);
    put(Some("creditMaxAmount"), balances.limit);
    if let Some(liability) = books.liability(&account.key, seen.at) {
        let terms = if liability.kind == LiabilityKind::Credit { card } else { loan };
        detail.extend(terms(&liability.terms));
    }
    shown["detail"] = Value::Object(detail);
    let held = books.holdings(&account.key, seen.at);
    if account.account_type == AccountType::Investment {
        shown["position"] = held.iter().map(|one| position(one, seen.at)).collect();
    }
}

/// Those of the fields that have a value.
fn fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn card(terms: &LiabilityTerms) -> Map<String, Value> {
    fields([
        ("interestRate", terms.interest_rate.map(|rate| json!(rate.to_string()))),
        ("paymentMinAmount", terms.minimum_payment.map(amount)),
        ("paymentDueDate", terms.next_payment_due_date.map(|day| json!(noon(day)))),
        ("lastPaymentAmount", terms.last_payment_amount.map(amount)),
        ("lastPaymentDate", terms.last_payment_date.map(|day| json!(noon(day)))),
        ("statementCloseBalance", terms.last_statement_balance.map(amount)),
        ("statementEndDate", terms.last_statement_date.map(|day| json!(noon(day)))),
        ("pastDueAmount", Some(json!(0))),
    ])
}

fn loan(terms: &LiabilityTerms) -> Map<String, Value> {
    fields([
        ("interestRate", terms.interest_rate.map(|rate| json!(rate.to_string()))),
        ("nextPayment", terms.minimum_payment.map(amount)),
        ("nextPaymentDate", terms.next_payment_due_date.map(|day| json!(noon(day)))),
        ("lastPaymentAmount", terms.last_payment_amount.map(amount)),
        ("lastPaymentReceiveDate", terms.last_payment_date.map(|day| json!(noon(day)))),
        ("initialMlAmount", terms.original_principal.map(amount)),
        ("initialMlDate", terms.origination_date.map(|day| json!(noon(day)))),
        ("originalMaturityDate", terms.maturity_date.map(|day| json!(noon(day)))),
        ("pastDueAmount", Some(json!(0))),
    ])
}

fn position(held: &BankHolding, at: DateTime<Utc>) -> Value {
    let security = &held.security.security;
    let mut shown = json!({
        "id": ids::number(&["position", &held.account, &held.security.key]),
        "units": amount(held.quantity), "currentPrice": amount(held.price), "marketValue": amount(held.value),
        "costBasis": amount(held.cost_basis), "securityType": security_type(security.security_type),
        "currentPriceDate": noon(held.security.close_price_on).min(at.timestamp()),
        "securityCurrency": held.security.currency, "status": "A", "posType": "Long",
    });
    if let Some(name) = &security.name {
        shown["securityName"] = json!(name);
        shown["description"] = json!(name);
    }
    if let Some(symbol) = &security.symbol {
        shown["symbol"] = json!(symbol);
    }
    let id = security.cusip.as_ref().map(|id| ("CUSIP", id)).or(security.isin.as_ref().map(|id| ("ISIN", id)));
    if let Some((kind, id)) = id {
        shown["securityId"] = json!(id);
        shown["securityIdType"] = json!(kind);
    }
    shown
}

fn security_type(kind: SecurityType) -> &'static str {
    match kind {
        SecurityType::Cash => "Cash",
        SecurityType::Equity => "Stock",
        SecurityType::Etf => "ETF",
        SecurityType::MutualFund => "Mutual Fund",
        SecurityType::FixedIncome => "Bond",
        SecurityType::Derivative => "Option",
        SecurityType::Cryptocurrency => "Cryptocurrency",
        _ => "Other",
    }
}
