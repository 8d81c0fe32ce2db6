//! Securities, what is held of them, and trades.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::investment::{InvestmentTransactionType, Security};

/// A security as the institution knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankSecurity {
    /// Opaque, the same at every institution.
    pub key: String,
    /// What it is.
    pub security: Security,
    /// What one cost at the end of the last trading day.
    pub close_price: Decimal,
    /// The day of that price.
    pub close_price_on: NaiveDate,
    /// ISO 4217.
    pub currency: &'static str,
}

/// What an account holds of a security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankHolding {
    /// The account's key.
    pub account: String,
    /// What is held.
    pub security: BankSecurity,
    /// How much of it.
    pub quantity: Decimal,
    /// Price of one.
    pub price: Decimal,
    /// Quantity times price, to two digits.
    pub value: Decimal,
    /// What all of it cost.
    pub cost_basis: Decimal,
}

/// A movement of an investment account. Money out of the account's cash is positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankTrade {
    /// Opaque.
    pub id: String,
    /// The account's key.
    pub account: String,
    /// What was traded, where something was.
    pub security: Option<BankSecurity>,
    /// What it is.
    pub kind: InvestmentTransactionType,
    /// What the institution writes.
    pub description: String,
    /// How much was traded; negative = sold, zero = cash only.
    pub quantity: Decimal,
    /// Price of one; zero = cash only.
    pub price: Decimal,
    /// Quantity times price and the fees.
    pub amount: Decimal,
    /// Fees within the amount.
    pub fees: Decimal,
    /// ISO 4217.
    pub currency: &'static str,
    /// When.
    pub date: NaiveDate,
}
