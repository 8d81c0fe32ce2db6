//! From Finicity's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod categories;
pub mod institutions;
pub mod investments;
pub mod liabilities;
pub mod status;
pub mod subtypes;
pub mod transactions;

#[cfg(test)]
mod tests;

use rust_decimal::Decimal;

use super::wire::Amount;

/// The longest name, description or symbol that is kept, in characters.
const LONGEST_TEXT: usize = 500;

/// A text as it may be stored and shown: without control characters, at most 500 characters; `None` if nothing is left.
fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The same for a currency's code.
fn currency(raw: Option<&str>) -> Option<String> {
    text(raw).map(|code| code.chars().take(10).collect())
}

fn decimal(amount: Option<Amount>) -> Option<Decimal> {
    amount.map(|amount| amount.0)
}
