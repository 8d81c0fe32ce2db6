//! `/investments/holdings/get`, `/investments/transactions/get` and `/investments/refresh`.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde_json::{Value, json};

use super::accounts::{self, chosen, number};
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{Open, account_id};
use super::ids;
use super::items;
use super::product::Product;
use super::webhooks;
use crate::bank::{BankAccount, BankHolding, BankSecurity, BankTrade, History, Login};
use crate::domain::investment::{InvestmentTransactionType, SecurityType};

/// An account as the investment operations show it.
fn account(open: &Open, one: &BankAccount) -> Value {
    let mut row = accounts::account(open, one);
    row["balances"]["margin_loan_amount"] = Value::Null;
    row
}

fn rows(open: &Open, accounts: &[&BankAccount]) -> Vec<Value> {
    accounts.iter().map(|one| account(open, one)).collect()
}

/// Plaid's id of a security: the same everywhere.
fn security_id(security: &BankSecurity) -> String {
    ids::id(&["security", &security.key])
}

/// `/investments/holdings/get`
pub async fn get_holdings(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &["options"])?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Investments).await?;
    let chosen = chosen(&open, &fields, Product::Investments, &[])?;
    let now = open.books.now().at;
    let held: Vec<BankHolding> = chosen.iter().flat_map(|account| open.books.holdings(&account.key, now)).collect();
    reply(json!({
        "accounts": rows(&open, &chosen),
        "holdings": held.iter().map(|one| holding(&open, one)).collect::<Vec<_>>(),
        "securities": securities(held.iter().map(|one| &one.security)),
        "item": items::item(&open.item, None),
        "is_investments_fallback_item": false,
    }))
}

fn holding(open: &Open, holding: &BankHolding) -> Value {
    json!({
        "account_id": account_id(&open.item.id, &holding.account),
        "security_id": security_id(&holding.security),
        "institution_price": number(holding.price),
        "institution_price_as_of": holding.security.close_price_on,
        "institution_price_datetime": null,
        "institution_value": number(holding.value),
        "cost_basis": number(holding.cost_basis),
        "quantity": number(holding.quantity),
        "iso_currency_code": holding.security.currency,
        "unofficial_currency_code": null,
        "vested_quantity": null,
        "vested_value": null,
        "tax_lots": [],
    })
}

/// Each security once.
fn securities<'a>(all: impl Iterator<Item = &'a BankSecurity>) -> Vec<Value> {
    let once: BTreeMap<&str, &BankSecurity> = all.map(|security| (security.key.as_str(), security)).collect();
    once.into_values().map(security).collect()
}

fn security(one: &BankSecurity) -> Value {
    let security = &one.security;
    let kind = match security.security_type {
        SecurityType::Cash => "cash",
        SecurityType::Equity => "equity",
        SecurityType::Etf => "etf",
        SecurityType::MutualFund => "mutual fund",
        SecurityType::FixedIncome => "fixed income",
        SecurityType::Derivative => "derivative",
        SecurityType::Cryptocurrency => "cryptocurrency",
        SecurityType::Loan => "loan",
        SecurityType::Other | SecurityType::Unidentified => "other",
    };
    json!({
        "security_id": security_id(one),
        "isin": security.isin,
        "cusip": security.cusip,
        "sedol": null,
        "institution_security_id": null,
        "institution_id": null,
        "proxy_security_id": null,
        "name": security.name,
        "ticker_symbol": security.symbol,
        "is_cash_equivalent": security.security_type == SecurityType::Cash,
        "type": kind,
        "subtype": null,
        "close_price": number(one.close_price),
        "close_price_as_of": one.close_price_on,
        "update_datetime": null,
        "iso_currency_code": one.currency,
        "unofficial_currency_code": null,
        "market_identifier_code": null,
        "sector": null,
        "industry": null,
        "cfi_code": null,
        "option_contract": null,
        "fixed_income": null,
    })
}

/// A window of days, and a page in it.
struct Window {
    from: NaiveDate,
    to: NaiveDate,
    count: usize,
    offset: usize,
}

impl Window {
    fn read(fields: &Fields) -> Result<Self> {
        let day = |name: &str| fields.date(name)?.ok_or_else(|| Error::missing_fields(&[name.to_owned()]));
        let (from, to) = (day("start_date")?, day("end_date")?);
        if from > to {
            return Err(Error::invalid_field("start_date must not be after end_date"));
        }
        let options = fields.object("options", &[], &["account_ids", "count", "offset", "async_update"])?;
        let options = options.unwrap_or_default();
        options.boolean("async_update")?;
        let count = options.integer("count", 1..=500)?.unwrap_or(100) as usize;
        let offset = options.integer("offset", 0..=u32::MAX)?.unwrap_or_default() as usize;
        Ok(Self { from, to, count, offset })
    }
}

/// `/investments/transactions/get`: newest first, at most two years back.
pub async fn get_transactions(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "start_date", "end_date"], &["options"])?;
    let window = Window::read(&fields)?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Investments).await?;
    let first_login = Login { at: open.item.created_at, ..open.item.login.clone() };
    if open.books.history(&first_login) == History::NotReady {
        return Err(Error::new("PRODUCT_NOT_READY"));
    }
    let chosen = chosen(&open, &fields, Product::Investments, &["count", "offset", "async_update"])?;
    let now = open.books.now().at;
    let earliest = now.date_naive().checked_sub_months(Months::new(24)).unwrap_or(window.from);
    let from = window.from.max(earliest);
    let mut trades: Vec<BankTrade> =
        chosen.iter().flat_map(|account| open.books.trades(&account.key, from, window.to, now)).collect();
    trades.sort_by(|a, b| (b.date, &b.id).cmp(&(a.date, &a.id)));
    let page: Vec<&BankTrade> = trades.iter().skip(window.offset).take(window.count).collect();
    reply(json!({
        "accounts": rows(&open, &chosen),
        "investment_transactions": page.iter().map(|one| trade(&open, one)).collect::<Vec<_>>(),
        "securities": securities(page.iter().filter_map(|one| one.security.as_ref())),
        "total_investment_transactions": trades.len(),
        "item": items::item(&open.item, None),
        "is_investments_fallback_item": false,
    }))
}

fn trade(open: &Open, trade: &BankTrade) -> Value {
    let (kind, subtype) = match trade.kind {
        InvestmentTransactionType::Buy => ("buy", "buy"),
        InvestmentTransactionType::Sell => ("sell", "sell"),
        InvestmentTransactionType::Income => ("cash", "dividend"),
        InvestmentTransactionType::Cash if trade.amount.is_sign_negative() => ("cash", "deposit"),
        InvestmentTransactionType::Cash => ("cash", "withdrawal"),
        InvestmentTransactionType::Fee => ("fee", "account fee"),
        InvestmentTransactionType::Transfer => ("transfer", "transfer"),
        InvestmentTransactionType::Cancel => ("cancel", "trade"),
        InvestmentTransactionType::Other | InvestmentTransactionType::Unidentified => ("cash", "adjustment"),
    };
    json!({
        "investment_transaction_id": ids::id(&["trade", &open.item.id, &trade.id]),
        "account_id": account_id(&open.item.id, &trade.account),
        "security_id": trade.security.as_ref().map(security_id),
        "date": trade.date,
        "transaction_datetime": null,
        "name": trade.description,
        "quantity": number(trade.quantity),
        "amount": number(trade.amount),
        "price": number(trade.price),
        "fees": number(trade.fees),
        "type": kind,
        "subtype": subtype,
        "iso_currency_code": trade.currency,
        "unofficial_currency_code": null,
    })
}

/// `/investments/refresh`: what is new comes by webhook.
pub async fn refresh(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let simulator = &call.simulator;
    let open = simulator.open(&call, fields.need("access_token")?).await?;
    if !open.item.products.contains(&Product::Investments) {
        return Err(Error::new("PRODUCT_NOT_ENABLED"));
    }
    let now = open.books.now().at;
    let held: usize =
        open.suited(Product::Investments).map(|account| open.books.holdings(&account.key, now).len()).sum();
    simulator.send(&open.item, webhooks::holdings(&open.item.id, held)).await?;
    simulator.send(&open.item, webhooks::trades(&open.item.id, "DEFAULT_UPDATE", 0)).await?;
    reply(json!({}))
}
