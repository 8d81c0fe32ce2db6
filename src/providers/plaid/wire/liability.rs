//! Terms of cards and loans.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Amount, Id};

/// `/liabilities/get`.
#[derive(Deserialize)]
pub struct Liabilities {
    /// The terms by kind.
    pub liabilities: ByKind,
}

/// The terms by kind.
#[derive(Default, Deserialize)]
pub struct ByKind {
    /// Cards.
    pub credit: Option<Vec<Credit>>,
    /// Mortgages.
    pub mortgage: Option<Vec<Mortgage>>,
    /// Student loans.
    pub student: Option<Vec<Student>>,
}

/// A card.
#[derive(Deserialize)]
pub struct Credit {
    /// Of which account; absent where Plaid could not match it.
    pub account_id: Option<Id>,
    /// Interest rates.
    pub aprs: Option<Vec<Apr>>,
    /// Whether a payment is overdue.
    pub is_overdue: Option<bool>,
    /// The last payment.
    pub last_payment_amount: Option<Amount>,
    /// When it was made.
    pub last_payment_date: Option<NaiveDate>,
    /// When the last statement was issued.
    pub last_statement_issue_date: Option<NaiveDate>,
    /// What it said.
    pub last_statement_balance: Option<Amount>,
    /// The least to pay.
    pub minimum_payment_amount: Option<Amount>,
    /// By when.
    pub next_payment_due_date: Option<NaiveDate>,
}

/// An interest rate of a card.
#[derive(Deserialize)]
pub struct Apr {
    /// Percent a year.
    pub apr_percentage: Option<Amount>,
    /// For what it is charged.
    pub apr_type: Option<String>,
}

/// A mortgage.
#[derive(Deserialize)]
pub struct Mortgage {
    /// Of which account.
    pub account_id: Option<Id>,
    /// Interest.
    pub interest_rate: Option<MortgageRate>,
    /// The last payment.
    pub last_payment_amount: Option<Amount>,
    /// When it was made.
    pub last_payment_date: Option<NaiveDate>,
    /// When all is due.
    pub maturity_date: Option<NaiveDate>,
    /// The next payment.
    pub next_monthly_payment: Option<Amount>,
    /// By when.
    pub next_payment_due_date: Option<NaiveDate>,
    /// When it was lent.
    pub origination_date: Option<NaiveDate>,
    /// How much was lent.
    pub origination_principal_amount: Option<Amount>,
    /// What is overdue.
    pub past_due_amount: Option<Amount>,
}

/// The interest of a mortgage.
#[derive(Deserialize)]
pub struct MortgageRate {
    /// Percent a year.
    pub percentage: Option<Amount>,
}

/// A student loan.
#[derive(Deserialize)]
pub struct Student {
    /// Of which account.
    pub account_id: Option<Id>,
    /// When all is expected to be paid.
    pub expected_payoff_date: Option<NaiveDate>,
    /// Percent a year.
    pub interest_rate_percentage: Option<Amount>,
    /// Whether a payment is overdue.
    pub is_overdue: Option<bool>,
    /// The last payment.
    pub last_payment_amount: Option<Amount>,
    /// When it was made.
    pub last_payment_date: Option<NaiveDate>,
    /// When the last statement was issued.
    pub last_statement_issue_date: Option<NaiveDate>,
    /// What it said.
    pub last_statement_balance: Option<Amount>,
    /// The least to pay.
    pub minimum_payment_amount: Option<Amount>,
    /// By when.
    pub next_payment_due_date: Option<NaiveDate>,
    /// When it was lent.
    pub origination_date: Option<NaiveDate>,
    /// How much was lent.
    pub origination_principal_amount: Option<Amount>,
}
