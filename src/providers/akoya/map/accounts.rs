//! Accounts and their numbers.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::domain::account::{Ach, Balances, Identifiers};
use crate::providers::akoya::wire::account::{Account, Accounts, Currency, Kind, Wrapped};
use crate::providers::akoya::wire::contact::{PaymentNetwork, PaymentNetworks};
use crate::providers::akoya::wire::{Amount, Text};
use crate::providers::data::ProviderAccount;

use super::subtypes::account_type;
use super::{code, first_text, text};

/// How many characters of a masked number are shown.
const MASK: usize = 4;

/// The accounts that are open, each once.
pub fn open_accounts(answer: Accounts) -> Vec<(Kind, Account)> {
    let mut seen = BTreeSet::new();
    let all = answer.accounts.into_iter().filter_map(Wrapped::open);
    all.filter(|(_, account)| code(&account.status) != "CLOSED")
        .filter(|(_, account)| seen.insert(account.account_id.clone()))
        .collect()
}

/// An account. An account's id is only unique for one login (`sub`) at one institution: both are in the id that survives a relink.
pub fn account(kind: Kind, account: &Account, provider_id: &str, sub: &str) -> ProviderAccount {
    let (account_type, subtype) = account_type(kind, &code(&account.account_type));
    let names = [&account.nickname, &account.product_name, &account.description, &account.account_type];
    ProviderAccount {
        provider_account_id: account.account_id.0.clone(),
        persistent_id: Some(format!("{provider_id}/{sub}/{}", account.account_id.0)),
        name: first_text(names).unwrap_or_else(|| "Account".to_owned()),
        mask: mask(&account.account_number_display),
        account_type,
        subtype,
        currency: currency(account.currency.as_ref()),
        balances: balances(kind, account),
        identifiers: None,
        owners: None,
        verification: None,
        verbatim: account.verbatim.clone(),
    }
}

/// The last four signs of `xxxxxxxx0071` or `...7054`.
fn mask(display: &Text) -> Option<String> {
    let display = text(display)?;
    let end: Vec<char> = display.chars().rev().take_while(char::is_ascii_alphanumeric).take(MASK).collect();
    (!end.is_empty()).then(|| end.into_iter().rev().collect())
}

/// ISO 4217.
pub fn currency(currency: Option<&Currency>) -> Option<String> {
    text(&currency?.currency_code).map(|code| code.chars().take(10).collect())
}

/// What is owed on cards and loans is positive here as there.
fn balances(kind: Kind, account: &Account) -> Balances {
    let decimal = |amount: Option<Amount>| -> Option<Decimal> { amount.map(|amount| amount.0) };
    let (current, available, limit) = match kind {
        Kind::Deposit => (account.current_balance, account.available_balance, None),
        Kind::Loc => {
            (account.current_balance.or(account.principal_balance), account.available_credit, account.credit_line)
        }
        Kind::Loan => (account.principal_balance.or(account.current_balance), None, None),
        Kind::Investment | Kind::Insurance => {
            (account.current_value.or(account.current_balance), account.available_cash_balance, None)
        }
    };
    Balances {
        current: decimal(current),
        available: decimal(available),
        limit: decimal(limit),
        updated_at: account.balance_as_of.0,
    }
}

/// Full numbers: those of ACH, and the routing number for wires where that network is listed too.
pub fn identifiers(answer: &PaymentNetworks) -> Option<Identifiers> {
    let of = |names: &[&str]| -> Option<&PaymentNetwork> {
        answer.payment_networks.iter().find(|one| names.contains(&code(&one.network).as_str()))
    };
    let ach = of(&["USACH", "ACH"])?;
    let account = text(&ach.identifier)?;
    let wire_routing = of(&["USFEDWIRE", "FEDWIRE", "WIRE"]).and_then(|wire| text(&wire.bank_id));
    Some(Identifiers {
        ach: Some(Ach {
            account,
            routing: text(&ach.bank_id).unwrap_or_default(),
            wire_routing,
            // "If identifierType is ACCOUNT_NUMBER, this is the account number."
            is_tokenized: code(&ach.identifier_type) != "ACCOUNTNUMBER",
        }),
        ..Identifiers::default()
    })
}
