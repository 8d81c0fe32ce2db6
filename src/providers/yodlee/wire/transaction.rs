//! Movements of accounts of every container.

use serde::Deserialize;

use super::{Amount, Id, Money};

/// `GET /transactions`.
#[derive(Deserialize)]
pub struct Transactions {
    /// A page of them.
    pub transaction: Option<Vec<Transaction>>,
}

/// A movement. The amount is positive whatever the direction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Unique only together with the container.
    pub id: Id,
    /// See there.
    #[serde(rename = "CONTAINER")]
    pub container: String,
    /// The account.
    pub account_id: Id,
    /// How much.
    pub amount: Money,
    /// `CREDIT` or `DEBIT`.
    pub base_type: String,
    /// `POSTED`, `PENDING`, `CLEARED`, `SCHEDULED`, `FAILED`.
    pub status: Option<String>,
    /// When it was booked, or else made.
    pub date: Option<String>,
    /// When it was made.
    pub transaction_date: Option<String>,
    /// When it was booked.
    pub post_date: Option<String>,
    /// What it says.
    pub description: Option<Description>,
    /// With whom.
    pub merchant: Option<Merchant>,
    /// The name of its category.
    pub category: Option<String>,
    /// The coarse kind of its category.
    pub category_type: Option<String>,
    /// What kind of movement it is, where the site is of one of a few countries.
    #[serde(rename = "type")]
    pub transaction_type: Option<String>,
    /// Trades: how much.
    pub quantity: Option<Amount>,
    /// Trades: the price of one.
    pub price: Option<Money>,
    /// Trades: the fee.
    pub commission: Option<Money>,
    /// Trades: ticker symbol.
    pub symbol: Option<String>,
    /// Trades: CUSIP.
    pub cusip_number: Option<String>,
    /// Trades: ISIN.
    pub isin: Option<String>,
    /// Trades: the security's name.
    pub holding_description: Option<String>,
}

/// What a transaction says.
#[derive(Clone, Debug, Deserialize)]
pub struct Description {
    /// As the institution wrote it.
    pub original: Option<String>,
    /// Made readable.
    pub simple: Option<String>,
}

/// With whom.
#[derive(Clone, Debug, Deserialize)]
pub struct Merchant {
    /// The name.
    pub name: Option<String>,
}

/// `GET /transactions/count`.
#[derive(Deserialize)]
pub struct Count {
    /// The counts.
    pub transaction: Total,
}

/// The only count that is given.
#[derive(Deserialize)]
pub struct Total {
    /// It.
    #[serde(rename = "TOTAL")]
    pub total: Number,
}

/// A number of rows.
#[derive(Deserialize)]
pub struct Number {
    /// It.
    pub count: u64,
}
