//! The terms of cards and loans.

use rust_decimal::Decimal;

use crate::domain::account::Address;
use crate::domain::liability::{LiabilityKind, LiabilityTerms};

/// The terms of one card, mortgage or student loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankLiability {
    /// The account's key.
    pub account: String,
    /// Which terms apply.
    pub kind: LiabilityKind,
    /// The terms; every one is filled that its kind has.
    pub terms: LiabilityTerms,
    /// The loan's full number; `None` for cards.
    pub account_number: Option<String>,
    /// Interest paid since the year began; `None` for cards.
    pub interest_this_year: Option<Decimal>,
    /// Principal paid since the year began; `None` for cards.
    pub principal_this_year: Option<Decimal>,
    /// What stands behind a mortgage.
    pub property: Option<Address>,
}
