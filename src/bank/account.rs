//! Accounts as the institution keeps them.

use chrono::{DateTime, Utc};

use super::institution::BankInstitution;
use super::numbers;
use super::person::person;
use super::plan::{Plan, Planned};
use super::random::Key;
use crate::domain::account::AccountSubtype::{self, *};
use crate::domain::account::{AccountType, Identifiers, Owner};

/// An account. What it holds is asked for with [`Books::balances`](super::Books::balances).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// Opaque, the same for every simulator and for life.
    pub key: String,
    /// What the customer calls it.
    pub name: String,
    /// What the institution calls it.
    pub official_name: String,
    /// The last four digits of its number.
    pub mask: String,
    /// Coarse type.
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// ISO 4217.
    pub currency: &'static str,
    /// Full numbers; empty for cards, loans and investments.
    pub identifiers: Identifiers,
    /// The people behind it, one or two.
    pub owners: Vec<Owner>,
    /// When it was opened, if that was after the first look at the user.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

impl BankAccount {
    pub(super) fn new(plan: &Plan, planned: &Planned, institution: &BankInstitution) -> Self {
        let country = institution.country();
        let number = full_number(planned, country);
        let name = name(planned);
        let bank = Key::new(0).name(&institution.key);
        let identifiers = match planned.subtype {
            Checking | Savings => numbers::identifiers(bank, country, &bank_code(&institution.key), &number),
            _ => Identifiers::default(),
        };
        Self {
            key: planned.id.clone(),
            official_name: format!("{} {name}", institution.name),
            name,
            mask: number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
            account_type: account_type(planned.subtype),
            subtype: planned.subtype,
            currency: institution.currency(),
            identifiers,
            owners: owners(plan, planned, country),
            opened_at: planned.opened_at,
            closed_at: planned.closed_at,
        }
    }
}

/// The account's own number, without its bank's.
pub(super) fn full_number(planned: &Planned, country: &str) -> String {
    planned.key.name("number").draw().digits(numbers::account_digits(country))
}

/// Four letters that stand for a bank in IBAN and BIC.
fn bank_code(key: &str) -> String {
    key.bytes()
        .filter(u8::is_ascii_alphabetic)
        .chain(*b"XXXX")
        .take(4)
        .map(|b| char::from(b.to_ascii_uppercase()))
        .collect()
}

fn account_type(subtype: AccountSubtype) -> AccountType {
    match subtype {
        Checking | Savings => AccountType::Depository,
        CreditCard => AccountType::Credit,
        Mortgage | StudentLoan => AccountType::Loan,
        _ => AccountType::Investment,
    }
}

fn name(planned: &Planned) -> String {
    let name = match planned.subtype {
        Checking => "Everyday Checking",
        Savings if planned.opened_at.is_some() => "Goal Savings",
        Savings => "High-Yield Savings",
        CreditCard => "Cash Rewards Card",
        Mortgage => "Home Mortgage",
        StudentLoan => "Student Loan",
        Brokerage => "Self-Directed Brokerage",
        Plan401k => "401(k) Retirement Plan",
        Ira => "Traditional IRA",
        Roth => "Roth IRA",
        Retirement => "RRSP Retirement Savings",
        TaxAdvantaged => "Tax-Free Savings Account",
        other => other.as_str(),
    };
    match planned.household % 1000 {
        0 => name.to_owned(),
        n => format!("{name} {}", n + 1),
    }
}

/// The customer; savings and houses often belong to two.
fn owners(plan: &Plan, planned: &Planned, country: &str) -> Vec<Owner> {
    let joint = matches!(planned.subtype, Savings | Mortgage) && planned.key.name("joint").draw().chance(400);
    let mut owners = vec![person(plan.person, country)];
    if joint {
        let mut partner = person(plan.person.name("partner"), country);
        partner.addresses.clone_from(&owners[0].addresses);
        owners.push(partner);
    }
    owners
}
