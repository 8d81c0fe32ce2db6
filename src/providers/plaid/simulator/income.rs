//! `/user/create` and `/credit/bank_income/get`: what came into the accounts of a user's Items.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::accounts::{kind, number, owner, time};
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{Open, account_id};
use super::product::Product;
use super::state::{ITEM, Item, USER};
use super::{Simulator, ids, institutions};
use crate::bank::{BankAccount, BankTransaction, Moment};
use crate::domain::transaction::{Category, TransactionStatus};

/// So long after the customer's visit the report is there.
const READY_AFTER: TimeDelta = TimeDelta::seconds(1);

/// `/user/create`: the same user for the same client's id of it.
pub async fn create_user(call: Call) -> Answer {
    let optional = ["identity", "end_customer", "consumer_report_user_identity", "with_upgraded_user"];
    let fields = call.fields(&["client_user_id"], &optional)?;
    let client_user_id = fields.need("client_user_id")?;
    let shared = &call.simulator.shared;
    let token = ids::derived_token("user", &shared.secret, client_user_id);
    let user_id = ids::id(&["user", client_user_id]);
    shared.documents.put(USER, &ids::fingerprint(&token), &user_id).await?;
    reply(json!({ "user_token": token, "user_id": user_id }))
}

impl Simulator {
    /// The user that a request names, by token or id.
    pub(super) async fn user(&self, fields: &Fields) -> Result<Option<String>> {
        if let Some(token) = fields.text("user_token")? {
            let known = self.shared.documents.get(USER, &ids::fingerprint(token)).await?;
            return known.map(Some).ok_or_else(|| Error::invalid_field("user_token is not that of a user"));
        }
        Ok(fields.text("user_id")?.map(str::to_owned))
    }
}

/// `/credit/bank_income/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&[], &["user_token", "user_id", "options"])?;
    let options = fields.object("options", &[], &["count"])?.unwrap_or_default();
    let count = options.integer("count", 1..=1000)?.unwrap_or(1);
    let simulator = &call.simulator;
    let user = simulator.user(&fields).await?.ok_or_else(|| Error::missing_fields(&["user_token".to_owned()]))?;
    let items: Vec<(String, Item)> = simulator.shared.documents.list(ITEM).await?;
    let now = simulator.shared.clock.now();
    let mut reports = Vec::new();
    for (_, item) in items {
        let Some(asked) = item.income.clone().filter(|asked| asked.user == user) else { continue };
        if !item.products.contains(&Product::Income) {
            continue;
        }
        if asked.asked_at + READY_AFTER > now {
            return Err(Error::new("PRODUCT_NOT_READY").of_kind("INCOME_VERIFICATION_ERROR"));
        }
        let books = simulator.shared.bank.books(&item.login.user).await?;
        reports.push((asked.asked_at, report(&Open::new(item, books), asked.days, asked.asked_at + READY_AFTER)));
    }
    reports.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let latest: Vec<Value> = reports.into_iter().map(|(_, report)| report).take(count as usize).collect();
    reply(json!({ "bank_income": latest }))
}

/// The report of one session.
fn report(open: &Open, days: u32, at: DateTime<Utc>) -> Value {
    let from = at.date_naive().checked_sub_days(Days::new(u64::from(days))).unwrap_or_default();
    let accounts: Vec<&BankAccount> = open.suited(Product::Income).collect();
    let sources: Vec<Value> = accounts.iter().flat_map(|account| sources(open, account, from, at)).collect();
    json!({
        "bank_income_id": ids::id(&["income", &open.item.id, &at.to_rfc3339()]),
        "generated_time": time(at),
        "days_requested": days,
        "items": [{
            "item_id": open.item.id,
            "institution_id": institutions::id(&open.item.institution),
            "institution_name": open.books.institution().name,
            "last_updated_time": time(at),
            "bank_income_accounts": accounts.iter().map(|one| account(open, one)).collect::<Vec<_>>(),
            "bank_income_sources": sources,
        }],
        "warnings": [],
    })
}

fn account(open: &Open, account: &BankAccount) -> Value {
    let (kind, subtype) = kind(account.account_type, account.subtype);
    json!({
        "account_id": account_id(&open.item.id, &account.key), "mask": account.mask, "name": account.name,
        "official_name": account.official_name, "type": kind, "subtype": subtype,
        "owners": account.owners.iter().map(owner).collect::<Vec<_>>(),
    })
}

/// What came in under one description is one source.
fn sources(open: &Open, account: &BankAccount, from: NaiveDate, at: DateTime<Utc>) -> Vec<Value> {
    let then = Moment { at, ..open.books.now() };
    let rows = open.books.transactions(&account.key, from, then);
    let mut by_description: BTreeMap<&str, Vec<&BankTransaction>> = BTreeMap::new();
    let is_income = |row: &&BankTransaction| {
        row.category == Category::Income && row.status == TransactionStatus::Posted && row.amount < Decimal::ZERO
    };
    for row in rows.iter().filter(is_income) {
        by_description.entry(row.description.as_str()).or_default().push(row);
    }
    by_description.into_iter().map(|(description, rows)| source(open, account, description, &rows)).collect()
}

fn source(open: &Open, account: &BankAccount, description: &str, rows: &[&BankTransaction]) -> Value {
    let day = |row: &&BankTransaction| row.posted_on.unwrap_or_else(|| row.made_at.date_naive());
    let mut by_month: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
    for row in rows {
        *by_month.entry(day(row).with_day(1).unwrap_or_default()).or_default() -= row.amount;
    }
    let month = |(first, amount): (&NaiveDate, &Decimal)| {
        let amount = json!({ "amount": number(*amount), "iso_currency_code": account.currency, "unofficial_currency_code": null });
        json!({
            "start_date": first, "end_date": (*first + Months::new(1)).pred_opt(), "total_amounts": [amount], "transactions": [],
        })
    };
    let wages = description.contains("PAYROLL");
    json!({
        "income_source_id": ids::id(&["income source", &open.item.id, &account.key, description]),
        "account_id": account_id(&open.item.id, &account.key),
        "income_description": description,
        "income_category": if wages { "SALARY" } else { "BANK_INTEREST" },
        "pay_frequency": if wages { "SEMI_MONTHLY" } else { "MONTHLY" },
        "start_date": rows.iter().map(day).min(),
        "end_date": rows.iter().map(day).max(),
        "total_amount": number(-rows.iter().map(|row| row.amount).sum::<Decimal>()),
        "transaction_count": rows.len(),
        "historical_summary": by_month.iter().map(month).collect::<Vec<_>>(),
    })
}
