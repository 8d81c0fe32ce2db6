//! Terms of cards, mortgages and student loans, which stand in the accounts' `detail`.

use rust_decimal::Decimal;

use crate::domain::account::AccountSubtype;
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::data::ProviderLiability;
use crate::providers::finicity::wire::Epoch;
use crate::providers::finicity::wire::account::{Account, Detail};

use super::decimal;
use super::subtypes::account_type;

/// The account's terms; `None` for accounts that have none.
pub fn liability(account: &Account) -> Option<ProviderLiability> {
    let (_, subtype) = account_type(account.account_type.as_deref());
    let detail = account.detail.as_ref()?;
    let (kind, terms) = match subtype {
        AccountSubtype::CreditCard | AccountSubtype::LineOfCredit => (LiabilityKind::Credit, card(detail)),
        AccountSubtype::Mortgage => (LiabilityKind::Mortgage, loan(detail)),
        AccountSubtype::StudentLoan => (LiabilityKind::Student, loan(detail)),
        _ => return None,
    };
    Some(ProviderLiability { provider_account_id: account.id.0.clone(), kind, terms })
}

fn day(epoch: Option<Epoch>) -> Option<chrono::NaiveDate> {
    epoch.and_then(Epoch::day)
}

fn card(detail: &Detail) -> LiabilityTerms {
    LiabilityTerms {
        interest_rate: detail.interest_rate.and_then(|rate| rate.0),
        minimum_payment: decimal(detail.payment_min_amount),
        next_payment_due_date: day(detail.payment_due_date),
        last_payment_amount: decimal(detail.last_payment_amount),
        last_payment_date: day(detail.last_payment_date),
        last_statement_balance: decimal(detail.statement_close_balance),
        last_statement_date: day(detail.statement_end_date),
        is_overdue: overdue(detail),
        ..LiabilityTerms::default()
    }
}

fn loan(detail: &Detail) -> LiabilityTerms {
    LiabilityTerms {
        interest_rate: detail.interest_rate.and_then(|rate| rate.0),
        minimum_payment: decimal(detail.next_payment).or_else(|| decimal(detail.payment_min_amount)),
        next_payment_due_date: day(detail.next_payment_date).or_else(|| day(detail.payment_due_date)),
        last_payment_amount: decimal(detail.last_payment_amount),
        last_payment_date: day(detail.last_payment_receive_date).or_else(|| day(detail.last_payment_date)),
        last_statement_balance: decimal(detail.statement_close_balance),
        last_statement_date: day(detail.statement_close_date),
        original_principal: decimal(detail.initial_ml_amount),
        origination_date: day(detail.initial_ml_date),
        maturity_date: day(detail.original_maturity_date).or_else(|| day(detail.expected_payoff_date)),
        is_overdue: overdue(detail),
    }
}

fn overdue(detail: &Detail) -> Option<bool> {
    let amount = decimal(detail.past_due_amount).map(|due| due > Decimal::ZERO);
    amount.or_else(|| detail.days_delinquent.map(|days| days > 0))
}
