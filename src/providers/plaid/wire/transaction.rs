//! Transactions.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Amount, Id};

/// `/transactions/sync`.
#[derive(Deserialize)]
pub struct SyncPage {
    /// How far Plaid's own history is.
    pub transactions_update_status: Option<String>,
    /// New ones.
    pub added: Vec<Transaction>,
    /// Changed ones.
    pub modified: Vec<Transaction>,
    /// Vanished ones.
    pub removed: Vec<Removed>,
    /// Where the next page begins; empty while nothing is ready.
    pub next_cursor: String,
    /// Whether there is one now.
    pub has_more: bool,
}

/// A transaction; positive = money out.
#[derive(Deserialize)]
pub struct Transaction {
    /// Its id.
    pub transaction_id: Id,
    /// The pending one that it replaces.
    pub pending_transaction_id: Option<Id>,
    /// Of which account.
    pub account_id: Id,
    /// Positive = money out.
    pub amount: Amount,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
    /// Plaid's wording.
    pub name: Option<String>,
    /// The institution's wording, because it is asked for.
    pub original_description: Option<String>,
    /// With whom.
    pub merchant_name: Option<String>,
    /// What for.
    pub personal_finance_category: Option<PersonalFinanceCategory>,
    /// Not booked yet.
    pub pending: bool,
    /// When it was booked, or made while pending.
    pub date: NaiveDate,
    /// When it was made.
    pub authorized_date: Option<NaiveDate>,
}

/// What a transaction was for.
#[derive(Deserialize)]
pub struct PersonalFinanceCategory {
    /// The coarse category.
    pub primary: Option<String>,
}

/// A transaction that vanished.
#[derive(Deserialize)]
pub struct Removed {
    /// Its id.
    pub transaction_id: Id,
}
