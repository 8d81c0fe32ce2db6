//! From Plaid's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod alone;
pub mod assets;
pub mod income;
pub mod institutions;
pub mod investments;
pub mod liabilities;
pub mod products;
pub mod status;
pub mod subtypes;
pub mod transactions;

#[cfg(test)]
mod tests;

use crate::providers::text::text;

/// The ISO code, or Plaid's own for what has none.
fn currency(iso: Option<&str>, unofficial: Option<&str>) -> Option<String> {
    text(iso.or(unofficial)).map(|code| code.chars().take(10).collect())
}
