//! The terms of cards and loans: fields of the accounts themselves.

use rust_decimal::Decimal;

use crate::domain::account::AccountSubtype;
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::akoya::wire::Amount;
use crate::providers::akoya::wire::account::{Account, Kind};
use crate::providers::data::ProviderLiability;

use super::code;
use super::subtypes::account_type;

/// The terms; `None` for an account that has none of the three kinds.
pub fn liability(kind: Kind, account: &Account) -> Option<ProviderLiability> {
    let (_, subtype) = account_type(kind, &code(&account.account_type));
    let liability = match (kind, subtype) {
        (_, AccountSubtype::Mortgage | AccountSubtype::HomeEquity) => LiabilityKind::Mortgage,
        (_, AccountSubtype::StudentLoan) => LiabilityKind::Student,
        (Kind::Loc, _) => LiabilityKind::Credit,
        _ => return None,
    };
    let decimal = |amount: Option<Amount>| amount.map(|amount| amount.0);
    Some(ProviderLiability {
        provider_account_id: account.account_id.0.clone(),
        kind: liability,
        terms: LiabilityTerms {
            interest_rate: decimal(account.purchases_apr.or(account.interest_rate)),
            minimum_payment: decimal(account.minimum_payment_amount.or(account.next_payment_amount)),
            next_payment_due_date: account.next_payment_date.day(),
            last_payment_amount: decimal(account.last_payment_amount),
            last_payment_date: account.last_payment_date.day(),
            last_statement_balance: decimal(account.last_stmt_balance),
            last_statement_date: account.last_stmt_date.day(),
            original_principal: decimal(account.original_principal),
            origination_date: account.originating_date.day(),
            maturity_date: account.maturity_date.day(),
            is_overdue: account.past_due_amount.map(|amount| amount.0 > Decimal::ZERO),
        },
    })
}
