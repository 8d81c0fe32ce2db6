//! Transactions, of investment accounts too.

use serde::Deserialize;

use super::{Amount, Epoch, Flag, Id};

/// `Transactions`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transactions {
    /// How many there are in the window.
    pub found: u64,
    /// Whether there are more behind these; a text here.
    pub more_available: Flag,
    /// These.
    pub transactions: Vec<Transaction>,
}

/// `Transaction`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Finicity's id.
    pub id: Id,
    /// "Deposits are positive values, withdrawals and debits are negative".
    pub amount: Amount,
    /// The account.
    pub account_id: Id,
    /// `active`, `pending`, or `shadow`: was there and is gone.
    pub status: String,
    /// What the institution wrote.
    pub description: Option<String>,
    /// What else it wrote.
    pub memo: Option<String>,
    /// When it was made.
    pub transaction_date: Option<Epoch>,
    /// When it was booked.
    pub posted_date: Option<Epoch>,
    /// When Finicity first saw it.
    pub created_date: Option<Epoch>,
    /// What Finicity makes of it.
    pub categorization: Option<Categorization>,
    /// What it is, in an investment account; an open list.
    pub investment_transaction_type: Option<String>,
    /// How much was traded.
    pub unit_quantity: Option<Amount>,
    /// Price of one.
    pub unit_price: Option<Amount>,
    /// Fees within the amount.
    pub fee_amount: Option<Amount>,
    /// The broker's part.
    pub commission_amount: Option<Amount>,
    /// Ticker.
    pub ticker: Option<String>,
    /// CUSIP, ISIN and so on.
    pub security_id: Option<String>,
    /// Which of them.
    pub security_id_type: Option<String>,
}

/// `Categorization`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Categorization {
    /// With whom.
    pub normalized_payee_name: Option<String>,
    /// What for; an open list.
    pub category: Option<String>,
}
