//! The terms of cards, mortgages and student loans.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::money;

wire_enum! {
    /// Which terms apply.
    pub enum LiabilityKind {
        /// Card or line of credit.
        Credit = "CREDIT",
        /// Mortgage.
        Mortgage = "MORTGAGE",
        /// Student loan.
        Student = "STUDENT",
    }
}

/// Terms that all three kinds share, each where the institution gives it. Rates are percent a year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LiabilityTerms {
    /// Interest rate; for cards the purchase rate.
    #[schema(value_type = Option<String>)]
    pub interest_rate: Option<Decimal>,
    /// Due each period.
    #[schema(value_type = Option<String>)]
    pub minimum_payment: Option<Decimal>,
    /// When the next payment is due.
    pub next_payment_due_date: Option<NaiveDate>,
    /// The last payment.
    #[schema(value_type = Option<String>)]
    pub last_payment_amount: Option<Decimal>,
    /// When it was made.
    pub last_payment_date: Option<NaiveDate>,
    /// Balance of the last statement.
    #[schema(value_type = Option<String>)]
    pub last_statement_balance: Option<Decimal>,
    /// When that statement was issued.
    pub last_statement_date: Option<NaiveDate>,
    /// What was borrowed.
    #[schema(value_type = Option<String>)]
    pub original_principal: Option<Decimal>,
    /// When it was borrowed.
    pub origination_date: Option<NaiveDate>,
    /// When it is to be paid back.
    pub maturity_date: Option<NaiveDate>,
    /// Whether a payment is overdue.
    pub is_overdue: Option<bool>,
}

impl LiabilityTerms {
    /// The same with each amount written as its currency has it.
    pub fn in_currency(mut self, currency: Option<&str>) -> Self {
        let amounts = [
            &mut self.minimum_payment,
            &mut self.last_payment_amount,
            &mut self.last_statement_balance,
            &mut self.original_principal,
        ];
        for amount in amounts.into_iter().flatten() {
            *amount = money::in_currency(*amount, currency);
        }
        self.interest_rate = self.interest_rate.map(|rate| rate.normalize());
        self
    }
}
