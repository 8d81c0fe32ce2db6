//! Securities held.

use serde::Deserialize;

use super::{Amount, Id, Money};

/// `GET /holdings`.
#[derive(Deserialize)]
pub struct Holdings {
    /// The holdings.
    pub holding: Option<Vec<Holding>>,
}

/// A security that is held.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// Its id.
    pub id: Id,
    /// The account.
    pub account_id: Id,
    /// What it is.
    pub holding_type: Option<String>,
    /// Its name.
    pub description: Option<String>,
    /// Ticker symbol.
    pub symbol: Option<String>,
    /// CUSIP.
    pub cusip_number: Option<String>,
    /// ISIN.
    pub isin: Option<String>,
    /// How much of it.
    pub quantity: Option<Amount>,
    /// Price of one.
    pub price: Option<Money>,
    /// Value of all.
    pub value: Option<Money>,
    /// Whether it was sold without being held.
    pub is_short: Option<bool>,
}
