//! Accounts, numbers and owners.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::account::{Ach, Address, Bacs, Balances, Eft, Identifiers, International, Owner, Verification};
use crate::providers::data::ProviderAccount;
use crate::providers::plaid::wire;

use super::subtypes::{account_type, subtype};
use super::{currency, text};

/// How many names, telephone numbers, addresses of an owner, and owners of an account, are kept.
const MOST_ENTRIES: usize = 50;

/// An account. `asked_at` is when a live balance was asked for: that is when the institution said so, unless it says another time.
pub fn account(account: wire::account::Account, asked_at: Option<DateTime<Utc>>) -> ProviderAccount {
    let account_type = account_type(account.account_type.as_deref());
    let balances = account.balances;
    ProviderAccount {
        provider_account_id: account.account_id.0,
        persistent_id: text(account.persistent_account_id.as_deref()),
        name: text(account.name.as_deref())
            .or_else(|| text(account.official_name.as_deref()))
            .unwrap_or_else(|| "Account".to_owned()),
        mask: text(account.mask.as_deref()).map(|mask| mask.chars().take(20).collect()),
        account_type,
        subtype: subtype(account_type, account.subtype.as_deref()),
        currency: currency(balances.iso_currency_code.as_deref(), balances.unofficial_currency_code.as_deref()),
        // The signs are ours already: what is owed on cards and loans is positive.
        balances: Balances {
            current: balances.current.map(|amount| amount.0),
            available: balances.available.map(|amount| amount.0),
            limit: balances.limit.map(|amount| amount.0),
            updated_at: balances.last_updated_datetime.or(asked_at),
        },
        verification: account.verification_status.as_deref().and_then(verification),
        identifiers: None,
        owners: None,
        verbatim: account.verbatim,
    }
}

/// What the numbers still wait for; nothing where they were verified, or were never in doubt.
fn verification(status: &str) -> Option<Verification> {
    match status {
        "pending_automatic_verification" | "unsent" => Some(Verification::Automatic),
        "pending_manual_verification" => Some(Verification::ByCustomer),
        "verification_expired" | "verification_failed" | "database_insights_fail" => Some(Verification::Failed),
        _ => None,
    }
}

/// Full numbers by account; the first of each kind where an account has several.
pub fn identifiers(numbers: wire::account::Numbers) -> BTreeMap<String, Identifiers> {
    let mut found: BTreeMap<String, Identifiers> = BTreeMap::new();
    for ach in numbers.ach.into_iter().flatten() {
        let entry = found.entry(ach.account_id.0).or_default();
        entry.ach.get_or_insert(Ach {
            account: number(&ach.account),
            routing: number(&ach.routing),
            wire_routing: text(ach.wire_routing.as_deref()),
            is_tokenized: ach.is_tokenized_account_number.unwrap_or(false),
        });
    }
    for eft in numbers.eft.into_iter().flatten() {
        let entry = found.entry(eft.account_id.0).or_default();
        entry.eft.get_or_insert(Eft {
            account: number(&eft.account),
            institution: number(&eft.institution),
            branch: number(&eft.branch),
        });
    }
    for bacs in numbers.bacs.into_iter().flatten() {
        let entry = found.entry(bacs.account_id.0).or_default();
        entry.bacs.get_or_insert(Bacs { account: number(&bacs.account), sort_code: number(&bacs.sort_code) });
    }
    for international in numbers.international.into_iter().flatten() {
        let entry = found.entry(international.account_id.0).or_default();
        let iban = number(&international.iban);
        entry.international.get_or_insert(International { iban, bic: text(international.bic.as_deref()) });
    }
    found
}

/// Owners by account.
pub fn owners(identity: wire::account::Identity) -> BTreeMap<String, Vec<Owner>> {
    identity.accounts.into_iter().map(|account| (account.account_id.0, owners_of(account.owners))).collect()
}

/// The owners of one account.
pub fn owners_of(owners: Option<Vec<wire::account::Owner>>) -> Vec<Owner> {
    owners.into_iter().flatten().take(MOST_ENTRIES).map(owner).collect()
}

fn owner(owner: wire::account::Owner) -> Owner {
    let names = owner.names.iter().flatten();
    let addresses = first_choice_first(owner.addresses, |address| address.primary);
    Owner {
        names: names.filter_map(|name| text(Some(name))).take(MOST_ENTRIES).collect(),
        phone_numbers: contacts(owner.phone_numbers),
        emails: contacts(owner.emails),
        addresses: addresses.into_iter().filter_map(|address| address.data).map(address).collect(),
    }
}

fn contacts(contacts: Option<Vec<wire::account::Contact>>) -> Vec<String> {
    first_choice_first(contacts, |contact| contact.primary)
        .into_iter()
        .filter_map(|contact| text(contact.data.as_deref()))
        .collect()
}

fn first_choice_first<T>(entries: Option<Vec<T>>, primary: fn(&T) -> Option<bool>) -> Vec<T> {
    let mut entries: Vec<T> = entries.unwrap_or_default();
    entries.sort_by_key(|entry| primary(entry) != Some(true));
    entries.truncate(MOST_ENTRIES);
    entries
}

fn address(address: wire::account::AddressData) -> Address {
    Address {
        street: text(address.street.as_deref()),
        city: text(address.city.as_deref()),
        region: text(address.region.as_deref()),
        postal_code: text(address.postal_code.as_deref()),
        country: text(address.country.as_deref()),
    }
}

/// A number as it may be stored; empty where the institution gave none.
fn number(raw: &str) -> String {
    text(Some(raw)).unwrap_or_default()
}
