//! Statements of accounts, as documents (`STATEMENTS`).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Which statement it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementPeriod {
    /// The year that it is about.
    pub year: i32,
    /// The month of that year, 1 to 12.
    pub month: i32,
    /// When the institution made it, where known.
    pub posted_date: Option<NaiveDate>,
}
