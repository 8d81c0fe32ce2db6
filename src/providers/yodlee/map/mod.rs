//! From Yodlee's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod categories;
pub mod institutions;
pub mod investments;
pub mod liabilities;
pub mod products;
pub mod status;
pub mod subtypes;
pub mod transactions;

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::wire::Money;
use crate::providers::text::text;

/// The number, where there is one.
pub fn amount(money: Option<&Money>) -> Option<Decimal> {
    Some(money?.amount?.0)
}

fn currency(money: Option<&Money>) -> Option<String> {
    text(money?.currency.as_deref()).map(|code| code.chars().take(10).collect())
}

/// A day, also where a time follows it.
fn day(raw: Option<&str>) -> Option<NaiveDate> {
    raw?.get(..10)?.parse().ok()
}

fn instant(raw: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(raw?).ok().map(|at| at.to_utc())
}
