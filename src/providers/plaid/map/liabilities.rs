//! Terms of cards, mortgages and student loans. Those that Plaid could not match to an account are passed over.

use rust_decimal::Decimal;

use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::providers::data::ProviderLiability;
use crate::providers::plaid::wire::Amount;
use crate::providers::plaid::wire::liability::{Apr, ByKind, Credit, Mortgage, Student};

/// All terms.
pub fn liabilities(by_kind: ByKind) -> Vec<ProviderLiability> {
    let credit = by_kind.credit.into_iter().flatten().filter_map(credit);
    let mortgage = by_kind.mortgage.into_iter().flatten().filter_map(mortgage);
    let student = by_kind.student.into_iter().flatten().filter_map(student);
    credit.chain(mortgage).chain(student).collect()
}

fn decimal(amount: Option<Amount>) -> Option<Decimal> {
    amount.map(|amount| amount.0)
}

fn credit(card: Credit) -> Option<ProviderLiability> {
    let purchases = |apr: &&Apr| apr.apr_type.as_deref() == Some("purchase_apr");
    Some(ProviderLiability {
        provider_account_id: card.account_id?.0,
        kind: LiabilityKind::Credit,
        terms: LiabilityTerms {
            interest_rate: card.aprs.iter().flatten().find(purchases).and_then(|apr| decimal(apr.apr_percentage)),
            minimum_payment: decimal(card.minimum_payment_amount),
            next_payment_due_date: card.next_payment_due_date,
            last_payment_amount: decimal(card.last_payment_amount),
            last_payment_date: card.last_payment_date,
            last_statement_balance: decimal(card.last_statement_balance),
            last_statement_date: card.last_statement_issue_date,
            is_overdue: card.is_overdue,
            ..LiabilityTerms::default()
        },
    })
}

fn mortgage(loan: Mortgage) -> Option<ProviderLiability> {
    Some(ProviderLiability {
        provider_account_id: loan.account_id?.0,
        kind: LiabilityKind::Mortgage,
        terms: LiabilityTerms {
            interest_rate: loan.interest_rate.and_then(|rate| decimal(rate.percentage)),
            minimum_payment: decimal(loan.next_monthly_payment),
            next_payment_due_date: loan.next_payment_due_date,
            last_payment_amount: decimal(loan.last_payment_amount),
            last_payment_date: loan.last_payment_date,
            original_principal: decimal(loan.origination_principal_amount),
            origination_date: loan.origination_date,
            maturity_date: loan.maturity_date,
            is_overdue: decimal(loan.past_due_amount).map(|overdue| overdue > Decimal::ZERO),
            ..LiabilityTerms::default()
        },
    })
}

fn student(loan: Student) -> Option<ProviderLiability> {
    Some(ProviderLiability {
        provider_account_id: loan.account_id?.0,
        kind: LiabilityKind::Student,
        terms: LiabilityTerms {
            interest_rate: decimal(loan.interest_rate_percentage),
            minimum_payment: decimal(loan.minimum_payment_amount),
            next_payment_due_date: loan.next_payment_due_date,
            last_payment_amount: decimal(loan.last_payment_amount),
            last_payment_date: loan.last_payment_date,
            last_statement_balance: decimal(loan.last_statement_balance),
            last_statement_date: loan.last_statement_issue_date,
            original_principal: decimal(loan.origination_principal_amount),
            origination_date: loan.origination_date,
            maturity_date: loan.expected_payoff_date,
            is_overdue: loan.is_overdue,
        },
    })
}
