//! Asset reports.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::account::{Balances, Owner};
use super::{Amount, Id};
use crate::domain::secret::Secret;

/// `/asset_report/create`.
#[derive(Deserialize)]
pub struct ReportCreated {
    /// Opens the report.
    pub asset_report_token: Secret,
    /// Webhooks name it.
    pub asset_report_id: Id,
}

/// `/asset_report/get`.
#[derive(Deserialize)]
pub struct ReportAnswer {
    /// The report.
    pub report: Report,
}

/// A report.
#[derive(Deserialize)]
pub struct Report {
    /// When it was made.
    pub date_generated: DateTime<Utc>,
    /// The Items in it.
    pub items: Vec<ReportItem>,
}

/// An Item in a report.
#[derive(Deserialize)]
pub struct ReportItem {
    /// Where it is.
    pub institution_name: Option<String>,
    /// Its accounts.
    pub accounts: Vec<ReportAccount>,
}

/// An account in a report.
#[derive(Deserialize)]
pub struct ReportAccount {
    /// Its id.
    pub account_id: Id,
    /// What it held.
    pub balances: Balances,
    /// The last digits of its number.
    pub mask: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its name at the institution.
    pub official_name: Option<String>,
    /// Coarse type.
    #[serde(rename = "type")]
    pub account_type: Option<String>,
    /// Fine type.
    pub subtype: Option<String>,
    /// Days of history.
    pub days_available: Option<Amount>,
    /// Its owners.
    pub owners: Option<Vec<Owner>>,
    /// What it held on each day.
    pub historical_balances: Option<Vec<HistoricalBalance>>,
    /// Its movements.
    pub transactions: Option<Vec<ReportTransaction>>,
}

/// What an account held at the end of a day.
#[derive(Deserialize)]
pub struct HistoricalBalance {
    /// The day.
    pub date: NaiveDate,
    /// Held or owed.
    pub current: Amount,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
}

/// A movement in a report.
#[derive(Deserialize)]
pub struct ReportTransaction {
    /// Positive = money out.
    pub amount: Amount,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
    /// What the institution wrote.
    pub original_description: Option<String>,
    /// The same, cleaned; in reports with insights.
    pub name: Option<String>,
    /// When it was booked, or made while pending.
    pub date: NaiveDate,
    /// Whether it is not booked yet.
    pub pending: bool,
}
