//! Transactions, those of investment accounts among them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::{Amount, Guid, Pagination, day, time};

/// `GET …/members/{member}/transactions`
#[derive(Deserialize)]
pub struct Transactions {
    /// The transactions of this page.
    pub transactions: Vec<Transaction>,
    /// Where the page stands.
    pub pagination: Pagination,
}

/// A transaction.
#[derive(Clone, Debug, Deserialize)]
pub struct Transaction {
    /// MX's id.
    pub guid: Guid,
    /// Of which account.
    pub account_guid: Option<Guid>,
    /// Of which member.
    pub member_guid: Option<Guid>,
    /// How much, whatever the direction.
    pub amount: Option<Amount>,
    /// The direction: `CREDIT` = into the account, `DEBIT` = out of it.
    #[serde(rename = "type")]
    pub direction: Option<String>,
    /// `PENDING` or `POSTED`.
    pub status: Option<String>,
    /// ISO 4217.
    pub currency_code: Option<String>,
    /// As MX cleaned it up.
    pub description: Option<String>,
    /// As the institution wrote it.
    pub original_description: Option<String>,
    /// MX's fine category.
    pub category: Option<String>,
    /// MX's coarse category.
    pub top_level_category: Option<String>,
    /// The day that the list is ordered and filtered by.
    #[serde(default, deserialize_with = "day")]
    pub date: Option<NaiveDate>,
    /// When it was made.
    #[serde(default, deserialize_with = "time")]
    pub transacted_at: Option<DateTime<Utc>>,
    /// When it was booked.
    #[serde(default, deserialize_with = "time")]
    pub posted_at: Option<DateTime<Utc>>,
    /// With whom; only where asked for.
    pub merchant: Option<Merchant>,
    /// What kind of movement; only where asked for.
    pub classification: Option<Classification>,
}

/// With whom a transaction was made.
#[derive(Clone, Debug, Deserialize)]
pub struct Merchant {
    /// The name.
    pub name: Option<String>,
}

/// What kind of movement a transaction is.
#[derive(Clone, Debug, Deserialize)]
pub struct Classification {
    /// The coarse kind: `Buy`, `Sell`, `Income`, `Fees`, ….
    pub parent_class: Option<String>,
}
