//! Bank income, and the users to whom it belongs.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Amount, Id};

/// `/user/create`: teams of before December 2025 get a token, later ones the id alone.
#[derive(Deserialize, Serialize)]
pub struct User {
    /// Opens the user's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_token: Option<String>,
    /// The user.
    pub user_id: String,
}

/// `/credit/bank_income/get`.
#[derive(Deserialize)]
pub struct BankIncomes {
    /// The reports.
    pub bank_income: Option<Vec<BankIncome>>,
}

/// A report.
#[derive(Deserialize)]
pub struct BankIncome {
    /// When it was made.
    pub generated_time: Option<DateTime<Utc>>,
    /// The Items in it.
    pub items: Option<Vec<IncomeItem>>,
}

/// An Item in a report.
#[derive(Deserialize)]
pub struct IncomeItem {
    /// The Item.
    pub item_id: Option<Id>,
    /// The sources.
    pub bank_income_sources: Option<Vec<Source>>,
}

/// A source of income.
#[derive(Deserialize)]
pub struct Source {
    /// Into which account.
    pub account_id: Option<Id>,
    /// What the institution wrote.
    pub income_description: Option<String>,
    /// What kind it is.
    pub income_category: Option<String>,
    /// The first movement.
    pub start_date: Option<NaiveDate>,
    /// The last.
    pub end_date: Option<NaiveDate>,
    /// How often it comes.
    pub pay_frequency: Option<String>,
    /// All that came in.
    pub total_amount: Option<Amount>,
    /// In so many movements.
    pub transaction_count: Option<u32>,
    /// The same by month.
    pub historical_summary: Option<Vec<Period>>,
}

/// What came in within a stretch of time.
#[derive(Deserialize)]
pub struct Period {
    /// First day.
    pub start_date: Option<NaiveDate>,
    /// Last day.
    pub end_date: Option<NaiveDate>,
    /// By currency.
    pub total_amounts: Option<Vec<Money>>,
}

/// An amount of a currency.
#[derive(Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
}
