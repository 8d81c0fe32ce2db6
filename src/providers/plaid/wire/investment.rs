//! Holdings and trades.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Amount, Id};

/// `/investments/holdings/get`.
#[derive(Deserialize)]
pub struct Holdings {
    /// What is held.
    pub holdings: Vec<Holding>,
    /// The securities that the holdings name.
    pub securities: Vec<Security>,
}

/// A security that is held.
#[derive(Deserialize)]
pub struct Holding {
    /// In which account.
    pub account_id: Id,
    /// What.
    pub security_id: Id,
    /// Price of one at the institution.
    pub institution_price: Option<Amount>,
    /// When that price was current.
    pub institution_price_as_of: Option<NaiveDate>,
    /// Value of all at the institution.
    pub institution_value: Option<Amount>,
    /// What all of it cost.
    pub cost_basis: Option<Amount>,
    /// How much.
    pub quantity: Amount,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
}

/// A security.
#[derive(Deserialize)]
pub struct Security {
    /// Its id.
    pub security_id: Id,
    /// ISIN, for clients with a licence.
    pub isin: Option<String>,
    /// CUSIP, likewise.
    pub cusip: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Ticker symbol.
    pub ticker_symbol: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub security_type: Option<String>,
}

/// `/investments/transactions/get`.
#[derive(Deserialize)]
pub struct Trades {
    /// The movements of this page, newest first.
    pub investment_transactions: Vec<Trade>,
    /// The securities that they name.
    pub securities: Vec<Security>,
    /// How many there are on all pages.
    pub total_investment_transactions: u64,
}

/// A movement of an investment account; positive = cash out.
#[derive(Deserialize)]
pub struct Trade {
    /// Its id.
    pub investment_transaction_id: Id,
    /// Of which account.
    pub account_id: Id,
    /// What was traded.
    pub security_id: Option<Id>,
    /// When it was booked.
    pub date: NaiveDate,
    /// The institution's wording.
    pub name: Option<String>,
    /// How much; negative = sold.
    pub quantity: Amount,
    /// Positive = cash out.
    pub amount: Amount,
    /// Price of one.
    pub price: Option<Amount>,
    /// Fees.
    pub fees: Option<Amount>,
    /// Coarse type.
    #[serde(rename = "type")]
    pub trade_type: Option<String>,
    /// Fine type.
    pub subtype: Option<String>,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
}
