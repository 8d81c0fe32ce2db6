//! Accounts, their numbers and owners.

use rust_decimal::Decimal;

use crate::domain::account::{
    AccountSubtype as S, AccountType as T, Address, Bacs, Balances, Identifiers, International, Owner,
};
use crate::providers::amount::Amount;
use crate::providers::data::{AccountsWanted, ProviderAccount};
use crate::providers::saltedge::wire::{Account, AccountExtra, HolderInfo};
use crate::providers::text::{currency, text};

use super::status::time;

/// Type and subtype by `nature`.
const NATURES: &[(&str, T, S)] = &[
    ("account", T::Depository, S::Checking),
    ("bonus", T::Other, S::Other),
    ("checking", T::Depository, S::Checking),
    ("credit", T::Credit, S::LineOfCredit),
    ("credit_card", T::Credit, S::CreditCard),
    ("debit_card", T::Depository, S::Checking),
    ("ewallet", T::Depository, S::Wallet),
    ("insurance", T::Investment, S::Insurance),
    ("investment", T::Investment, S::Other),
    ("loan", T::Loan, S::Other),
    ("mortgage", T::Loan, S::Mortgage),
    ("savings", T::Depository, S::Savings),
];

/// What an account is. A `card` is of either kind: one that can be drawn has a limit.
fn kind(account: &Account) -> (T, S) {
    let nature = account.nature.as_deref().unwrap_or_default();
    if nature == "card" {
        return if account.extra.credit_limit.is_some() {
            (T::Credit, S::CreditCard)
        } else {
            (T::Depository, S::Checking)
        };
    }
    let found = NATURES.iter().find(|(name, ..)| *name == nature);
    found.map_or((T::Unidentified, S::Unidentified), |&(_, kind, subtype)| (kind, subtype))
}

/// An account, with what is asked for beside it.
pub fn account(
    account: Account,
    holder: Option<&HolderInfo>,
    wanted: AccountsWanted,
    debts_are_negative: bool,
) -> ProviderAccount {
    let (account_type, subtype) = kind(&account);
    let is_debt = matches!(account_type, T::Credit | T::Loan);
    let balances = Balances {
        current: account.balance.map(|Amount(held)| if is_debt && debts_are_negative { -held } else { held }),
        available: decimal(account.extra.available_amount),
        limit: decimal(account.extra.credit_limit).filter(|_| is_debt),
        updated_at: time(account.updated_at.as_deref()),
    };
    let owners =
        wanted.owners.then(|| owners(holder, account.extra.client_name.as_deref())).filter(|all| !all.is_empty());
    let identifiers = identifiers(&account.extra).filter(|_| wanted.identifiers);
    let mask = mask(&account);
    let name = text(account.extra.account_name.as_deref()).or_else(|| text(account.name.as_deref()));
    let name = name.unwrap_or_else(|| "Account".to_owned());
    ProviderAccount {
        provider_account_id: account.id,
        persistent_id: None,
        name,
        mask,
        account_type,
        subtype,
        currency: currency(account.currency_code.as_deref()),
        balances,
        verification: None,
        identifiers,
        owners,
        verbatim: account.verbatim,
    }
}

fn decimal(amount: Option<Amount>) -> Option<Decimal> {
    amount.map(|Amount(amount)| amount)
}

/// The last four digits of the first number that has as many.
fn mask(account: &Account) -> Option<String> {
    let extra = &account.extra;
    let numbers = [&extra.account_number, &extra.iban].into_iter().flatten().chain(&extra.cards).chain(&account.name);
    numbers.into_iter().find_map(|number| {
        let end: String = number.chars().rev().filter(|one| !one.is_whitespace()).take(4).collect();
        (end.len() == 4 && end.bytes().all(|one| one.is_ascii_digit())).then(|| end.chars().rev().collect())
    })
}

fn identifiers(extra: &AccountExtra) -> Option<Identifiers> {
    let international =
        text(extra.iban.as_deref()).map(|iban| International { iban, bic: text(extra.swift.as_deref()) });
    let bacs = match (text(extra.account_number.as_deref()), text(extra.sort_code.as_deref())) {
        (Some(account), Some(code)) => Some(Bacs { account, sort_code: code.replace(['-', ' '], "") }),
        _ => None,
    };
    let numbers = Identifiers { bacs, international, ..Identifiers::default() };
    (numbers != Identifiers::default()).then_some(numbers)
}

/// The people behind the connection, else the name on the account.
fn owners(holder: Option<&HolderInfo>, client_name: Option<&str>) -> Vec<Owner> {
    let known = holder.filter(|holder| !holder.names.is_empty());
    match (known, text(client_name)) {
        (Some(holder), _) => vec![Owner {
            names: texts(&holder.names),
            phone_numbers: texts(&holder.phone_numbers),
            emails: texts(&holder.emails),
            addresses: holder.addresses.iter().map(address).collect(),
        }],
        (None, Some(name)) => vec![Owner { names: vec![name], ..Owner::default() }],
        (None, None) => Vec::new(),
    }
}

fn texts(raw: &[String]) -> Vec<String> {
    raw.iter().filter_map(|one| text(Some(one))).collect()
}

fn address(address: &crate::providers::saltedge::wire::Address) -> Address {
    Address {
        street: text(address.street.as_deref()),
        city: text(address.city.as_deref()),
        region: text(address.state.as_deref()),
        postal_code: text(address.post_code.as_deref()),
        country: text(address.country_code.as_deref()),
    }
}
