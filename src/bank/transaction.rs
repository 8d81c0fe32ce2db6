//! Transactions as seen at one moment, and what changes between two moments.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::domain::transaction::{Category, TransactionStatus};

/// A transaction as it looks at some moment. Money out of the account is positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankTransaction {
    /// Opaque; a posted one has another id than the pending one before it.
    pub id: String,
    /// The id of the pending one that this one replaces.
    pub pending_id: Option<String>,
    /// The account's key.
    pub account: String,
    /// Two digits after the point.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: &'static str,
    /// What the institution writes.
    pub description: String,
    /// With whom, where that is somebody.
    pub merchant: Option<String>,
    /// What for.
    pub category: Category,
    /// How final.
    pub status: TransactionStatus,
    /// When the customer made it; its date is the transaction's date.
    pub made_at: DateTime<Utc>,
    /// When it was booked; `None` while pending.
    pub posted_on: Option<NaiveDate>,
    /// Whether the like of it comes every month.
    pub recurring: bool,
    /// How it was made.
    pub channel: Channel,
}

/// How a transaction was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// In a shop.
    InStore,
    /// In the web.
    Online,
    /// By the bank itself, by transfer or direct debit.
    Other,
}

/// What changed between two moments, each list in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Not there at the first moment.
    pub added: Vec<BankTransaction>,
    /// There at both, but different.
    pub modified: Vec<BankTransaction>,
    /// Not there any more.
    pub removed: Vec<Removed>,
}

/// A transaction that is not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its id.
    pub id: String,
    /// The account's key.
    pub account: String,
}
