//! From MX's terms to ours. Pure: bodies in, domain types out.

pub mod accounts;
pub mod institutions;
pub mod investments;
pub mod liabilities;
pub mod status;
pub mod transactions;

#[cfg(test)]
mod tests;

use crate::providers::text::{currency, text};
