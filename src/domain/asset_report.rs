//! Asset reports: what the accounts of a connection held and moved over so many days, for lending decisions (`ASSETS`).

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::account::{AccountSubtype, AccountType, Balances, Owner};
use super::ids::AccountId;
use super::transaction::TransactionStatus;

wire_enum! {
    /// How an asset report stands.
    pub enum AssetReportState {
        /// The provider prepares it.
        Pending = "PENDING",
        /// It is there.
        Ready = "READY",
        /// It could not be made; order another one.
        Failed = "FAILED",
    }
}

/// What a report says: a snapshot, that never changes. Sealed at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReport {
    /// When the provider made it.
    pub generated_at: DateTime<Utc>,
    /// The accounts that were shared then.
    pub accounts: Vec<AssetAccount>,
}

/// An account in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetAccount {
    /// The account's id here; null where the connection does not have the account.
    pub account_id: Option<AccountId>,
    /// Where it is kept.
    pub institution_name: Option<String>,
    /// Its name.
    pub name: String,
    /// The last digits of its number.
    pub mask: Option<String>,
    /// Coarse type.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// ISO 4217, of all amounts that name no other.
    pub currency: Option<String>,
    /// What it held then.
    pub balances: Balances,
    /// So many days of history are in the report.
    pub days_available: u16,
    /// The people behind it.
    pub owners: Vec<Owner>,
    /// What it held at the end of each day, newest first.
    pub historical_balances: Vec<HistoricalBalance>,
    /// Its movements, newest first.
    pub transactions: Vec<AssetTransaction>,
}

/// What an account held at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoricalBalance {
    /// The day.
    pub date: NaiveDate,
    /// Held, or owed on credit and loans.
    #[schema(value_type = String)]
    pub current: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// A movement in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetTransaction {
    /// The day on which it was booked, or made while pending.
    pub date: NaiveDate,
    /// Positive = money out of the account.
    #[schema(value_type = String)]
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What the institution wrote.
    pub description: String,
    /// How final.
    pub status: TransactionStatus,
}
