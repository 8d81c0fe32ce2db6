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
use crate::providers::text::{currency, text};

fn decimal(amount: Option<Amount>) -> Option<Decimal> {
    amount.map(|amount| amount.0)
}
