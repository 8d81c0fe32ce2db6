//! Terms of cards, mortgages and student loans, which stand on the accounts; a card's last statement comes apart.

use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::data::ProviderLiability;
use crate::providers::yodlee::wire::account::{Account, Statement};

use super::subtypes::{account_type, subtype};
use super::{amount, day};

/// The terms of an account, with its last statement; `None` for what has no such terms.
pub fn liability(account: &Account, statements: &[Statement]) -> Option<ProviderLiability> {
    let kind = kind(account)?;
    let card = kind == LiabilityKind::Credit;
    let statement = statements
        .iter()
        .filter(|statement| card && statement.account_id == Some(account.id))
        .max_by_key(|statement| day(statement.statement_date.as_deref()));
    let rate = if card { account.apr } else { account.interest_rate };
    let due = if card { &account.minimum_amount_due } else { &account.amount_due };
    Some(ProviderLiability {
        provider_account_id: account.id.to_string(),
        kind,
        terms: LiabilityTerms {
            interest_rate: rate.map(|rate| rate.0),
            minimum_payment: amount(due.as_ref()).or_else(|| amount(account.minimum_amount_due.as_ref())),
            next_payment_due_date: day(account.due_date.as_deref()),
            last_payment_amount: amount(account.last_payment_amount.as_ref()),
            last_payment_date: day(account.last_payment_date.as_deref()),
            last_statement_balance: statement.and_then(|statement| amount(statement.amount_due.as_ref())),
            last_statement_date: statement.and_then(|statement| day(statement.statement_date.as_deref())),
            original_principal: amount(account.original_loan_amount.as_ref()),
            origination_date: day(account.origination_date.as_deref()),
            maturity_date: day(account.maturity_date.as_deref()),
            // Nothing says so.
            is_overdue: None,
        },
    })
}

fn kind(account: &Account) -> Option<LiabilityKind> {
    let account_type = account_type(account.container.as_deref());
    match (account_type, subtype(account_type, account.account_type.as_deref())) {
        (AccountType::Credit, _) => Some(LiabilityKind::Credit),
        (AccountType::Loan, AccountSubtype::Mortgage | AccountSubtype::HomeEquity) => Some(LiabilityKind::Mortgage),
        (AccountType::Loan, AccountSubtype::StudentLoan) => Some(LiabilityKind::Student),
        _ => None,
    }
}
