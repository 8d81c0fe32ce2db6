//! From finAPI's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod categories;
pub mod institutions;
pub mod securities;
pub mod status;
pub mod transactions;

#[cfg(test)]
mod tests;

use crate::providers::text::{currency, text};

use chrono::{DateTime, NaiveDate, Utc};

fn day(raw: Option<&str>) -> Option<NaiveDate> {
    raw?.get(..10)?.parse().ok()
}

/// A time, with an offset written as `+01:00` or as the Web Form does, `+0100`.
pub fn instant(raw: Option<&str>) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let parsed = DateTime::parse_from_rfc3339(raw).or_else(|_| DateTime::parse_from_str(raw, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|at| at.to_utc())
}
