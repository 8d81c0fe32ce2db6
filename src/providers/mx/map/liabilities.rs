//! The terms of cards and loans, which stand on their accounts.

use crate::domain::account::AccountSubtype::{CreditCard, LineOfCredit, Mortgage, StudentLoan};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::data::ProviderLiability;
use crate::providers::mx::wire::Amount;
use crate::providers::mx::wire::account::Account;

use super::accounts::kind;

/// The terms of an account that has any.
pub fn liability(account: &Account) -> Option<ProviderLiability> {
    let kind = match kind(account.account_type.as_deref(), account.subtype.as_deref()).1 {
        CreditCard | LineOfCredit => LiabilityKind::Credit,
        Mortgage => LiabilityKind::Mortgage,
        StudentLoan => LiabilityKind::Student,
        _ => return None,
    };
    let amount = |amount: Option<Amount>| amount.map(|amount| amount.0);
    let rate = if kind == LiabilityKind::Credit {
        account.apr.or(account.interest_rate)
    } else {
        account.interest_rate.or(account.apr)
    };
    let terms = LiabilityTerms {
        interest_rate: amount(rate),
        minimum_payment: amount(account.minimum_payment),
        next_payment_due_date: account.payment_due_at,
        last_payment_amount: amount(account.last_payment),
        last_payment_date: account.last_payment_at,
        last_statement_balance: amount(account.statement_balance),
        last_statement_date: None,
        original_principal: amount(account.original_balance),
        origination_date: account.started_on,
        maturity_date: account.matures_on,
        is_overdue: None,
    };
    Some(ProviderLiability { provider_account_id: account.guid.to_string(), kind, terms })
}
