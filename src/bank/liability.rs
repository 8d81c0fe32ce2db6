//! The terms of cards and loans.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::account::full_number;
use super::ledger::{Instalment, Ledger, Loan, first_of_month, instant, loan_payments};
use super::person::address;
use super::plan::Planned;
use crate::domain::account::{AccountSubtype, Address};
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

/// The account's terms at that time; `None` for any but cards, mortgages and student loans.
pub(super) fn liability(
    ledger: &Ledger<'_>,
    account: &Planned,
    country: &str,
    at: DateTime<Utc>,
) -> Option<BankLiability> {
    let (kind, loan) = match account.subtype {
        AccountSubtype::CreditCard => (LiabilityKind::Credit, None),
        AccountSubtype::Mortgage => (LiabilityKind::Mortgage, Loan::of(account)),
        AccountSubtype::StudentLoan => (LiabilityKind::Student, Loan::of(account)),
        _ => return None,
    };
    let paid = loan.map(|loan| paid_this_year(&loan, at));
    let total = |part: fn(&Instalment) -> i64| paid.as_ref().map(|all| Decimal::new(all.iter().map(part).sum(), 2));
    Some(BankLiability {
        account: account.id.clone(),
        kind,
        terms: loan.map_or_else(|| card_terms(ledger, account, at), |loan| loan_terms(&loan, at)),
        account_number: loan.map(|_| full_number(account, country)),
        interest_this_year: total(|one| one.interest),
        principal_this_year: total(|one| one.principal),
        property: (kind == LiabilityKind::Mortgage).then(|| address(ledger.plan.person, country)),
    })
}

/// A card's statement is made when a month ends, and is due on the 21st of the next.
fn card_terms(ledger: &Ledger<'_>, card: &Planned, at: DateTime<Utc>) -> LiabilityTerms {
    let month = first_of_month(at.date_naive());
    let statement = card.base() + ledger.outstanding(card, instant(month, 0));
    let last = ledger.last_card_payment(card, at);
    let due = month.with_day(21).filter(|day| *day >= at.date_naive());
    LiabilityTerms {
        interest_rate: Some(Decimal::new(card.card_rate(), 2)),
        minimum_payment: Some(Decimal::new((statement / 50).clamp(0, statement.max(0)).max(3_500), 2)),
        next_payment_due_date: due.or_else(|| (month + Months::new(1)).with_day(21)),
        last_payment_amount: last.map(|(_, cents)| Decimal::new(cents, 2)),
        last_payment_date: last.map(|(day, _)| day),
        last_statement_balance: Some(Decimal::new(statement, 2)),
        last_statement_date: Some(month - Days::new(1)),
        is_overdue: Some(false),
        ..LiabilityTerms::default()
    }
}

fn loan_terms(loan: &Loan, at: DateTime<Utc>) -> LiabilityTerms {
    let paid = loan_payments(loan, at);
    let last = paid.checked_sub(1).and_then(|n| loan.instalments().nth(n));
    let next = loan.instalments().nth(paid);
    LiabilityTerms {
        interest_rate: Some(Decimal::new(loan.rate, 2)),
        minimum_payment: next.map(|one| Decimal::new(one.amount(), 2)),
        next_payment_due_date: next.and_then(|_| due_day(loan, paid + 1)),
        last_payment_amount: last.map(|one| Decimal::new(one.amount(), 2)),
        last_payment_date: last.and_then(|_| due_day(loan, paid)),
        original_principal: Some(Decimal::new(loan.principal, 2)),
        origination_date: Some(loan.begun),
        maturity_date: due_day(loan, loan.months as usize),
        is_overdue: Some(false),
        ..LiabilityTerms::default()
    }
}

/// When the n-th payment is due, counted from one.
fn due_day(loan: &Loan, n: usize) -> Option<NaiveDate> {
    loan.begun.checked_add_months(Months::new(u32::try_from(n).ok()?))?.with_day(loan.due_day)
}

fn paid_this_year(loan: &Loan, at: DateTime<Utc>) -> Vec<Instalment> {
    let before = NaiveDate::from_ymd_opt(at.year() - 1, 12, 31).map_or(0, |day| loan.due_until(day));
    loan.instalments().take(loan_payments(loan, at)).skip(before).collect()
}
