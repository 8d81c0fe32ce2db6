//! From finAPI's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod categories;
pub mod institutions;
pub mod securities;
pub mod status;
pub mod transactions;

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};

/// The longest name, description or symbol that is kept, in characters.
const LONGEST_TEXT: usize = 500;

/// A text as it may be stored and shown: without control characters, at most 500 characters; `None` if nothing is left.
fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn currency(raw: Option<&str>) -> Option<String> {
    text(raw).map(|code| code.chars().take(10).collect())
}

fn day(raw: Option<&str>) -> Option<NaiveDate> {
    raw?.get(..10)?.parse().ok()
}

/// A time, with an offset written as `+01:00` or as the Web Form does, `+0100`.
pub fn instant(raw: Option<&str>) -> Option<DateTime<Utc>> {
    let raw = raw?;
    let parsed = DateTime::parse_from_rfc3339(raw).or_else(|_| DateTime::parse_from_str(raw, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|at| at.to_utc())
}
