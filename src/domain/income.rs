//! Income as the movements of a customer's accounts show it (`INCOME`). Amounts are what came in: positive.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What kind of income it is.
    pub enum IncomeCategory {
        /// Wages.
        Salary = "SALARY",
        /// Benefits of those without work.
        Unemployment = "UNEMPLOYMENT",
        /// Cash that was paid in.
        Cash = "CASH",
        /// Work through platforms.
        GigEconomy = "GIG_ECONOMY",
        /// Rents.
        Rental = "RENTAL",
        /// For a child.
        ChildSupport = "CHILD_SUPPORT",
        /// Of those who serve or served.
        Military = "MILITARY",
        /// Pensions.
        Retirement = "RETIREMENT",
        /// Of those who cannot work.
        LongTermDisability = "LONG_TERM_DISABILITY",
        /// Interest.
        BankInterest = "BANK_INTEREST",
        /// Cash at a counter or a machine.
        CashDeposit = "CASH_DEPOSIT",
        /// From an app that holds money.
        TransferFromApplication = "TRANSFER_FROM_APPLICATION",
        /// Taxes that came back.
        TaxRefund = "TAX_REFUND",
        /// Other benefits.
        BenefitOther = "BENEFIT_OTHER",
        /// Anything else.
        Other = "OTHER",
        /// A kind that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}

wire_enum! {
    /// How often it comes.
    pub enum PayFrequency {
        /// Every day.
        Daily = "DAILY",
        /// Every week.
        Weekly = "WEEKLY",
        /// Every two weeks.
        Biweekly = "BIWEEKLY",
        /// Twice a month.
        SemiMonthly = "SEMI_MONTHLY",
        /// Every month.
        Monthly = "MONTHLY",
        /// It has no rhythm, or one that is not known.
        Unknown = "UNKNOWN",
    }
}

/// A source of income.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomeSource {
    /// What kind it is.
    pub category: IncomeCategory,
    /// What the institution wrote.
    pub description: String,
    /// How often it comes.
    pub pay_frequency: PayFrequency,
    /// The day of the first movement.
    pub from: Option<NaiveDate>,
    /// The day of the last.
    pub to: Option<NaiveDate>,
    /// All that came in by it.
    #[schema(value_type = String)]
    pub total: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// In so many movements.
    #[schema(minimum = 0)]
    pub transaction_count: u32,
    /// The same by periods of about a month, oldest first.
    pub history: Vec<IncomePeriod>,
}

/// What came in within a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomePeriod {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// What came in.
    #[schema(value_type = String)]
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
}
