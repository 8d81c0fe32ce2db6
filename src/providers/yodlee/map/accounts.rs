//! Accounts, numbers and owners. Which field holds which balance depends on the container.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::domain::account::{AccountType, Ach, Address, Bacs, Balances, Identifiers, Owner};
use crate::providers::data::ProviderAccount;
use crate::providers::yodlee::wire::Money;
use crate::providers::yodlee::wire::account::{self as wire, Account, BankTransferCode, FullNumbers, LatestBalance};

use super::subtypes::{account_type, subtype};
use super::{amount, currency, instant, text};

/// How many owners, telephone numbers and addresses of an account are kept.
const MOST_ENTRIES: usize = 50;
/// How many digits of a number may be shown.
const MASK: usize = 4;

/// An account, with what was asked for beside it.
pub fn account(account: Account, identifiers: bool, owners: bool) -> ProviderAccount {
    let account_type = account_type(account.container.as_deref());
    let moneys = [&account.balance, &account.current_balance, &account.running_balance, &account.principal_balance];
    let mut moneys = moneys.into_iter().map(Option::as_ref);
    ProviderAccount {
        provider_account_id: account.id.to_string(),
        // The id itself goes when the login is linked anew, and the description promises no other.
        persistent_id: None,
        name: text(account.account_name.as_deref())
            .or_else(|| text(account.nickname.as_deref()))
            .unwrap_or_else(|| "Account".to_owned()),
        mask: account.account_number.as_deref().and_then(mask),
        account_type,
        subtype: subtype(account_type, account.account_type.as_deref()),
        currency: moneys.find_map(currency),
        balances: balances(account_type, &account),
        identifiers: identifiers.then(|| numbers(&account)).flatten(),
        owners: owners.then(|| people(&account)).flatten(),
        verification: None,
        verbatim: account.verbatim,
    }
}

/// The last digits or letters of a number, which may come in full.
fn mask(number: &str) -> Option<String> {
    let plain: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let shown: String = plain.iter().skip(plain.len().saturating_sub(MASK)).collect();
    (!shown.is_empty()).then_some(shown)
}

fn balances(account_type: AccountType, account: &Account) -> Balances {
    let first = |moneys: [&Option<Money>; 2]| moneys.into_iter().find_map(|money| amount(money.as_ref()));
    let (current, available, limit) = match account_type {
        AccountType::Credit => (
            first([&account.running_balance, &account.balance]),
            amount(account.available_credit.as_ref()),
            amount(account.total_credit_line.as_ref()),
        ),
        AccountType::Loan => (first([&account.principal_balance, &account.balance]), None, None),
        AccountType::Investment => (amount(account.balance.as_ref()), amount(account.cash.as_ref()), None),
        _ => (
            first([&account.current_balance, &account.balance]),
            amount(account.available_balance.as_ref()),
            amount(account.over_draft_limit.as_ref()),
        ),
    };
    Balances { current, available, limit, updated_at: instant(account.last_updated.as_deref()) }
}

/// Puts what the institution said just now in the place of what was known. `asked_at` is when it was asked.
pub fn refresh(account: &mut ProviderAccount, latest: &LatestBalance, asked_at: DateTime<Utc>) {
    let balances = &mut account.balances;
    let put = |known: &mut Option<Decimal>, money: &Option<Money>| *known = amount(money.as_ref()).or(*known);
    if account.account_type == AccountType::Investment {
        put(&mut balances.current, &latest.balance);
        put(&mut balances.available, &latest.cash);
    } else {
        put(&mut balances.current, &latest.current_balance);
        put(&mut balances.available, &latest.available_balance);
    }
    balances.updated_at = instant(latest.last_updated.as_deref()).or(Some(asked_at));
}

/// Full numbers; nothing where the number or the institution's code is missing.
fn numbers(account: &Account) -> Option<Identifiers> {
    let (number, is_tokenized) = full_number(account.full_account_number_list.as_ref()?)?;
    let codes = account.bank_transfer_code.as_deref().unwrap_or_default();
    let code = |kind: &str| code(codes, kind);
    let identifiers = Identifiers {
        ach: code("ROUTING_NUMBER").map(|routing| Ach {
            account: number.clone(),
            routing,
            wire_routing: None,
            is_tokenized,
        }),
        bacs: code("SORT_CODE").map(|sort_code| Bacs { account: number, sort_code }),
        ..Identifiers::default()
    };
    (identifiers != Identifiers::default()).then_some(identifiers)
}

/// The number to pay with: the institution's token where it gives one, for the real number may then not be paid to.
fn full_number(numbers: &FullNumbers) -> Option<(String, bool)> {
    let token = text(numbers.tokenized_account_number.as_deref()).map(|number| (number, true));
    let plain = || text(numbers.payment_account_number.as_deref());
    let shown = || text(numbers.unmasked_account_number.as_deref());
    token.or_else(|| plain().or_else(shown).map(|number| (number, false)))
}

fn code(codes: &[BankTransferCode], kind: &str) -> Option<String> {
    text(codes.iter().find(|code| code.code_type.as_deref() == Some(kind))?.id.as_deref())
}

/// The owners. How to reach them is told for the account as a whole: it stands with each.
fn people(account: &Account) -> Option<Vec<Owner>> {
    if account.holder.is_none() && account.profile.is_none() {
        return None;
    }
    let reach = account.profile.as_ref().map(reach).unwrap_or_default();
    let names = account.holder.iter().flatten().filter_map(|holder| holder.name.as_ref()).filter_map(name);
    let mut owners: Vec<Owner> =
        names.take(MOST_ENTRIES).map(|name| Owner { names: vec![name], ..reach.clone() }).collect();
    if owners.is_empty() && reach != Owner::default() {
        owners.push(reach);
    }
    Some(owners)
}

fn name(name: &wire::Name) -> Option<String> {
    text(name.full_name.as_deref()).or_else(|| {
        let parts = [&name.first, &name.middle, &name.last];
        let parts: Vec<String> = parts.into_iter().filter_map(|part| text(part.as_deref())).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

fn reach(profile: &wire::Profile) -> Owner {
    let contacts = |list: &Option<Vec<wire::Contact>>| {
        list.iter().flatten().filter_map(|contact| text(contact.value.as_deref())).take(MOST_ENTRIES).collect()
    };
    Owner {
        names: Vec::new(),
        phone_numbers: contacts(&profile.phone_number),
        emails: contacts(&profile.email),
        addresses: profile.address.iter().flatten().take(MOST_ENTRIES).map(address).collect(),
    }
}

fn address(address: &wire::Address) -> Address {
    let lines = [&address.address1, &address.address2];
    let lines: Vec<String> = lines.into_iter().filter_map(|line| text(line.as_deref())).collect();
    Address {
        street: text(address.street.as_deref()).or_else(|| (!lines.is_empty()).then(|| lines.join(", "))),
        city: text(address.city.as_deref()),
        region: text(address.state.as_deref()),
        postal_code: text(address.zip.as_deref()),
        country: text(address.country.as_deref()),
    }
}
