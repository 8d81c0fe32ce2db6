//! `/statements/*`: one for each whole month of the range that was asked for in Link.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use super::accounts::kind;
use super::call::{Answer, Call, Pdf, reply};
use super::errors::{Error, Result};
use super::gate::{Open, account_id};
use super::product::Product;
use super::state::{Item, StatementRange};
use super::{ids, institutions, pdf};
use crate::bank::BankAccount;

/// So long after the customer's visit the statements are there.
const READY_AFTER: TimeDelta = TimeDelta::seconds(1);
/// The longest span of a refresh.
const LONGEST: Months = Months::new(24);

/// `/statements/list`
pub async fn list(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let open = open(&call, fields.need("access_token")?).await?;
    let account = |account: &BankAccount| {
        let (kind, subtype) = kind(account.account_type, account.subtype);
        let statements = months(&open).map(|month| {
            json!({
                "statement_id": statement_id(&open, account, month), "month": month.month(), "year": month.year(),
                "date_posted": month + Months::new(1),
            })
        });
        json!({
            "account_id": account_id(&open.item.id, &account.key), "account_name": account.name,
            "account_official_name": account.official_name, "account_mask": account.mask,
            "account_type": kind, "account_subtype": subtype, "statements": statements.collect::<Vec<_>>(),
        })
    };
    reply(json!({
        "item_id": open.item.id,
        "institution_id": institutions::id(&open.item.institution),
        "institution_name": open.books.institution().name,
        "accounts": open.suited(Product::Statements).map(account).collect::<Vec<_>>(),
    }))
}

/// `/statements/download`
pub async fn download(call: Call) -> Result<Pdf> {
    let fields = call.fields(&["access_token", "statement_id"], &[])?;
    let open = open(&call, fields.need("access_token")?).await?;
    let wanted = fields.need("statement_id")?;
    let all = open.suited(Product::Statements).flat_map(|account| months(&open).map(move |month| (account, month)));
    let mut found = all.filter(|(account, month)| statement_id(&open, account, *month) == wanted);
    let (account, month) =
        found.next().ok_or_else(|| Error::invalid_field("statement_id is not that of a statement"))?;
    let end = month + Months::new(1);
    let rows = open.books.transactions(&account.key, month, open.books.now());
    let rows = rows.iter().filter(|row| row.posted_on.is_some_and(|day| (month..end).contains(&day)));
    let line = |row: &crate::bank::BankTransaction| {
        format!("{} {} {}", row.posted_on.unwrap_or_default(), row.description, row.amount)
    };
    let head = format!("{} {} {}", account.name, account.mask, month.format("%Y-%m"));
    Ok(Pdf(pdf::document(&std::iter::once(head).chain(rows.map(line)).collect::<Vec<_>>())))
}

/// `/statements/refresh`: the statements of these days are there a little later, which a webhook tells.
pub async fn refresh(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "start_date", "end_date"], &[])?;
    let open = open(&call, fields.need("access_token")?).await?;
    let (Some(from), Some(to)) = (fields.date("start_date")?, fields.date("end_date")?) else {
        return Err(Error::invalid_field("start_date and end_date must be dates"));
    };
    if from > to || to > from + LONGEST {
        return Err(Error::invalid_field("start_date must be at most two years before end_date"));
    }
    let asked_at = call.simulator.shared.clock.now();
    let ask = |item: &mut Item| item.statements_refresh = Some(StatementRange { from, to, asked_at });
    call.simulator.update_item(&open.item.id, ask).await?;
    reply(json!({}))
}

/// What was asked for again has come, if its time has: whether it has just now.
pub fn arrive(item: &mut Item, now: DateTime<Utc>) -> bool {
    let Some(new) = item.statements_refresh.take_if(|range| range.asked_at + READY_AFTER <= now) else { return false };
    item.statements = Some(match item.statements.take() {
        Some(old) => StatementRange { from: old.from.min(new.from), to: old.to.max(new.to), asked_at: old.asked_at },
        None => new,
    });
    true
}

/// The Item, if its statements are there. They never come on the fly, only by a session of Link (C5).
async fn open(call: &Call, access_token: &str) -> Result<Open> {
    let open = call.simulator.open(call, access_token).await?;
    if !open.item.products.contains(&Product::Statements) {
        return Err(Error::new("PRODUCT_NOT_ENABLED"));
    }
    let open = call.simulator.initialise(open, Product::Statements, 0).await?;
    let since = open.item.statements.as_ref().map_or(open.item.created_at, |range| range.asked_at);
    let is_ready = since + READY_AFTER <= call.simulator.shared.clock.now();
    if is_ready { Ok(open) } else { Err(Error::new("PRODUCT_NOT_READY")) }
}

/// The first days of the months that have a statement.
fn months(open: &Open) -> impl Iterator<Item = NaiveDate> {
    let today = open.books.now().at.date_naive();
    let range = open.item.statements.as_ref();
    let (from, to) = range.map_or((today - Months::new(24), today), |range| (range.from, range.to.min(today)));
    whole_months(from, to)
}

/// The first days of the months that lie within the range as a whole, the latest first; of two years at most.
fn whole_months(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let last = to.with_day(1).unwrap_or(to);
    let is_whole =
        move |first: &NaiveDate| *first >= from && (*first + Months::new(1)).pred_opt().is_some_and(|end| end <= to);
    (0..=24).map(move |ago| last - Months::new(ago)).filter(is_whole)
}

fn statement_id(open: &Open, account: &BankAccount, month: NaiveDate) -> String {
    ids::id(&["statement", &open.item.id, &account.key, &month.to_string()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn only_whole_months_of_the_range_have_a_statement() {
        let months = |from: &str, to: &str| -> Vec<String> {
            let months = whole_months(from.parse().unwrap(), to.parse().unwrap());
            months.map(|month| month.format("%Y-%m").to_string()).collect()
        };
        assert_eq!(months("2026-01-02", "2026-04-29"), ["2026-03", "2026-02"]);
        assert_eq!(months("2026-01-01", "2026-04-30"), ["2026-04", "2026-03", "2026-02", "2026-01"]);
        assert!(months("2026-01-02", "2026-01-31").is_empty());
    }
}
