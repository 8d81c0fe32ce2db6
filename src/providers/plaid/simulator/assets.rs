//! `/asset_report/*`: a snapshot of what the Items held and moved, there a while after it was ordered.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Simulator;
use super::accounts::{self, number, owner, time};
use super::call::{Answer, Call, Pdf, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{Open, account_id};
use super::product::Product;
use super::state::{ASSET_REPORT, AssetReport};
use super::updates::transaction_id;
use super::{ids, institutions, pdf, webhooks};
use crate::bank::{BankAccount, Moment};
use crate::domain::transaction::TransactionStatus;
use crate::store;

/// So long after it was ordered a report is there.
const READY_AFTER: TimeDelta = TimeDelta::seconds(2);
/// The most Items of a report.
const MOST_ITEMS: usize = 99;
/// The most days of history.
const MOST_DAYS: u32 = 731;

/// `/asset_report/create`
pub async fn create(call: Call) -> Answer {
    let fields = call.fields(&["access_tokens", "days_requested"], &["options"])?;
    let tokens = fields.texts("access_tokens")?.unwrap_or_default();
    if !(1..=MOST_ITEMS).contains(&tokens.len()) {
        return Err(Error::invalid_field("access_tokens must have 1 to 99 entries"));
    }
    let days = fields.integer("days_requested", 0..=MOST_DAYS)?.unwrap_or_default();
    let options = ["client_report_id", "webhook", "add_ons", "user", "require_all_items"];
    let options = fields.object("options", &[], &options)?.unwrap_or_default();
    let user = options.object("user", &[], &USER)?.unwrap_or_default();
    let simulator = &call.simulator;
    let now = simulator.shared.clock.now();
    let mut items = Vec::new();
    for token in &tokens {
        let open = simulator.open(&call, token).await?;
        // Never added on the fly: only a session of Link brings it (C5).
        if !open.item.products.contains(&Product::Assets) {
            return Err(not_enabled());
        }
        let open = simulator.initialise(open, Product::Assets, days).await?;
        items.push(item(&open, days, now));
    }
    let token = ids::random_token("assets");
    let report = AssetReport {
        id: ids::id(&["asset report", &token]),
        ordered_at: now,
        webhook: options.url("webhook")?.map(String::from),
        told: false,
        report: json!({
            "asset_report_id": ids::id(&["asset report", &token]),
            "client_report_id": options.text("client_report_id")?,
            "date_generated": time(now + READY_AFTER),
            "days_requested": days,
            "user": shown(&user)?,
            "items": items,
        }),
    };
    simulator.shared.documents.put(ASSET_REPORT, &ids::fingerprint(&token), &report).await?;
    reply(json!({ "asset_report_token": token, "asset_report_id": report.id }))
}

const USER: [&str; 7] = ["client_user_id", "first_name", "middle_name", "last_name", "ssn", "phone_number", "email"];

fn shown(user: &Fields) -> Result<Value> {
    let texts = USER.iter().map(|name| Ok(((*name).to_owned(), json!(user.text(name)?))));
    texts.collect::<Result<serde_json::Map<_, _>>>().map(Value::Object)
}

fn not_enabled() -> Error {
    Error::new("PRODUCT_NOT_ENABLED").of_kind("ASSET_REPORT_ERROR")
}

/// `/asset_report/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["asset_report_token"], &["include_insights", "fast_report", "options"])?;
    let report = ready(&call, &fields).await?;
    reply(json!({ "report": report.report, "warnings": [] }))
}

/// `/asset_report/pdf/get`
pub async fn get_pdf(call: Call) -> Result<Pdf> {
    let fields = call.fields(&["asset_report_token"], &["options"])?;
    let report = ready(&call, &fields).await?;
    let accounts = report.report["items"].as_array().into_iter().flatten();
    let accounts = accounts.flat_map(|item| item["accounts"].as_array().into_iter().flatten());
    let line = |one: &Value| format!("{} {}", one["name"].as_str().unwrap_or_default(), one["balances"]["current"]);
    let head = format!("Asset report {}", report.id);
    Ok(Pdf(pdf::document(&std::iter::once(head).chain(accounts.map(line)).collect::<Vec<_>>())))
}

/// `/asset_report/remove`
pub async fn remove(call: Call) -> Answer {
    let fields = call.fields(&["asset_report_token"], &[])?;
    let token = ids::fingerprint(fields.need("asset_report_token")?);
    let removed = call.simulator.shared.documents.delete(ASSET_REPORT, &token).await?;
    if removed { reply(json!({ "removed": true })) } else { Err(unknown()) }
}

async fn ready(call: &Call, fields: &Fields) -> Result<AssetReport> {
    let token = ids::fingerprint(fields.need("asset_report_token")?);
    let shared = &call.simulator.shared;
    let report: AssetReport = shared.documents.get(ASSET_REPORT, &token).await?.ok_or_else(unknown)?;
    if report.ordered_at + READY_AFTER > shared.clock.now() {
        return Err(Error::new("PRODUCT_NOT_READY").of_kind("ASSET_REPORT_ERROR"));
    }
    Ok(report)
}

fn unknown() -> Error {
    Error::invalid_field("asset_report_token is not the token of a report that is there")
}

impl Simulator {
    /// Tells of reports that are there now.
    pub(super) async fn tell_reports(&self) -> store::Result<()> {
        let now = self.shared.clock.now();
        let reports: Vec<(String, Value)> = self.shared.documents.list(ASSET_REPORT).await?;
        for (token, _) in reports.into_iter().filter(|(_, report)| report["told"] == false) {
            let tell = |report: &mut AssetReport| {
                if report.told || report.ordered_at + READY_AFTER > now {
                    return Err(());
                }
                report.told = true;
                Ok((report.webhook.clone(), report.id.clone()))
            };
            let Some(Ok((Some(url), id))) = self.shared.documents.update(ASSET_REPORT, &token, tell).await? else {
                continue;
            };
            if let Err(error) = self.post(&url, &webhooks::report_ready(&id)).await {
                tracing::debug!(code = error.code(), "an asset report of the Plaid simulator is not told");
            }
        }
        Ok(())
    }
}

fn item(open: &Open, days: u32, now: DateTime<Utc>) -> Value {
    json!({
        "item_id": open.item.id,
        "institution_name": open.books.institution().name,
        "institution_id": institutions::id(&open.item.institution),
        "date_last_updated": time(now),
        "accounts": open.accounts.iter().map(|one| account(open, one, days, now)).collect::<Vec<_>>(),
    })
}

fn account(open: &Open, account: &BankAccount, days: u32, now: DateTime<Utc>) -> Value {
    let from = now.date_naive().checked_sub_days(Days::new(u64::from(days))).unwrap_or_default();
    let mut row = accounts::account(open, account);
    if let Some(row) = row.as_object_mut() {
        row.remove("holder_category");
        row.remove("verification_status");
    }
    row["balances"]["margin_loan_amount"] = Value::Null;
    row["days_available"] = json!(days);
    row["ownership_type"] = Value::Null;
    row["owners"] = account.owners.iter().map(owner).collect();
    row["historical_balances"] = (1..=days.min(MOST_DAYS)).filter_map(|ago| balance(open, account, ago, now)).collect();
    row["transactions"] = transactions(open, account, from);
    row
}

fn balance(open: &Open, account: &BankAccount, ago: u32, now: DateTime<Utc>) -> Option<Value> {
    let at = now - TimeDelta::days(i64::from(ago));
    let held = open.books.balances(&account.key, Moment { at, ..open.books.now() })?.current?;
    Some(json!({
        "date": at.date_naive(), "current": number(held),
        "iso_currency_code": account.currency, "unofficial_currency_code": null,
    }))
}

fn transactions(open: &Open, account: &BankAccount, from: NaiveDate) -> Value {
    let rows = open.books.transactions(&account.key, from, open.books.now());
    let row = |row: &crate::bank::BankTransaction| {
        json!({
            "account_id": account_id(&open.item.id, &account.key),
            "transaction_id": transaction_id(&open.item.id, &row.id),
            "amount": number(row.amount),
            "iso_currency_code": row.currency,
            "unofficial_currency_code": null,
            "original_description": row.description,
            "date": row.posted_on.unwrap_or_else(|| row.made_at.date_naive()),
            "pending": row.status == TransactionStatus::Pending,
        })
    };
    rows.iter().map(row).collect()
}
