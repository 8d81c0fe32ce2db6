//! Accounts, numbers and owners.

use crate::domain::account::{AccountSubtype, AccountType, Address, Balances, Identifiers, International, Owner};
use crate::providers::data::ProviderAccount;
use crate::providers::finapi::wire::{Account, BankConnection, ConnectionOwner};

use super::{currency, instant, text};

/// How many owners are kept.
const MOST_OWNERS: usize = 50;
/// How many digits of a number may be shown.
const MASK: usize = 4;

/// An account of that bank connection, with what was asked for beside it.
pub fn account(connection: &BankConnection, account: &Account, identifiers: bool, owners: bool) -> ProviderAccount {
    let (account_type, subtype) = kind(account.account_type.as_deref());
    let name = text(account.account_name.as_deref()).or_else(|| text(account.account_type.as_deref()));
    ProviderAccount {
        provider_account_id: account.id.to_string(),
        // The id itself stays for as long as the bank connection does; IBAN and number may change.
        persistent_id: None,
        name: name.unwrap_or_else(|| "Account".to_owned()),
        mask: account.iban.as_deref().and_then(mask).or_else(|| account.account_number.as_deref().and_then(mask)),
        account_type,
        subtype,
        currency: currency(account.account_currency.as_deref()),
        balances: balances(account_type, account),
        verification: None,
        identifiers: if identifiers { numbers(connection, account) } else { None },
        owners: if owners { people(connection, account) } else { None },
        verbatim: account.verbatim.clone(),
    }
}

/// Whether some interface still has the account; one that none has is closed, or no longer shared.
pub fn is_there(account: &Account) -> bool {
    let statuses = account.interfaces.iter().flatten().map(|one| one.status.as_deref());
    account.interfaces.as_ref().is_none_or(Vec::is_empty) || statuses.into_iter().any(|one| one != Some("DEPRECATED"))
}

/// Our type and subtype. A share in a cooperative bank (`Membership`) has no like of ours; a building savings contract is saved into.
pub fn kind(finapi: Option<&str>) -> (AccountType, AccountSubtype) {
    match finapi {
        Some("Checking") => (AccountType::Depository, AccountSubtype::Checking),
        Some("Savings" | "Bausparen") => (AccountType::Depository, AccountSubtype::Savings),
        Some("CreditCard") => (AccountType::Credit, AccountSubtype::CreditCard),
        Some("Security") => (AccountType::Investment, AccountSubtype::Brokerage),
        Some("Loan") => (AccountType::Loan, AccountSubtype::Other),
        Some("Membership") | None => (AccountType::Other, AccountSubtype::Other),
        Some(_) => (AccountType::Unidentified, AccountSubtype::Unidentified),
    }
}

/// The last digits or letters of a number.
fn mask(number: &str) -> Option<String> {
    let plain: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let shown: String = plain.iter().skip(plain.len().saturating_sub(MASK)).collect();
    (!shown.is_empty()).then_some(shown)
}

/// finAPI's balances are the customer's: what is owed is negative there, and positive here.
fn balances(account_type: AccountType, account: &Account) -> Balances {
    let balance = account.balance.map(|amount| amount.0);
    let current = match account_type {
        AccountType::Credit | AccountType::Loan => balance.map(|owed| -owed),
        _ => balance,
    };
    let updates = account.interfaces.iter().flatten();
    Balances {
        current,
        available: account.available_funds.map(|amount| amount.0),
        limit: account.overdraft_limit.map(|amount| amount.0),
        updated_at: updates.filter_map(|one| instant(one.last_successful_update.as_deref())).max(),
    }
}

fn numbers(connection: &BankConnection, account: &Account) -> Option<Identifiers> {
    let iban: String = text(account.iban.as_deref())?.chars().filter(|c| !c.is_whitespace()).collect();
    let bic = text(connection.bank.bic.as_deref());
    Some(Identifiers { international: Some(International { iban, bic }), ..Identifiers::default() })
}

/// The owners as an interface has loaded them, or else the name of the account's holder.
fn people(connection: &BankConnection, account: &Account) -> Option<Vec<Owner>> {
    let loaded = connection.owners.iter().flatten().take(MOST_OWNERS).map(owner);
    let loaded: Vec<Owner> = loaded.filter(|owner| *owner != Owner::default()).collect();
    if !loaded.is_empty() {
        return Some(loaded);
    }
    let name = text(account.account_holder_name.as_deref())?;
    Some(vec![Owner { names: vec![name], ..Owner::default() }])
}

fn owner(owner: &ConnectionOwner) -> Owner {
    let joined = |parts: [&Option<String>; 2]| {
        let parts: Vec<String> = parts.into_iter().filter_map(|part| text(part.as_deref())).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let address = Address {
        street: joined([&owner.street, &owner.house_number]),
        city: text(owner.city.as_deref()),
        region: None,
        postal_code: text(owner.post_code.as_deref()),
        country: text(owner.country.as_deref()),
    };
    Owner {
        names: joined([&owner.first_name, &owner.last_name]).into_iter().collect(),
        phone_numbers: Vec::new(),
        emails: text(owner.email.as_deref()).into_iter().collect(),
        addresses: Some(address).filter(|address| *address != Address::default()).into_iter().collect(),
    }
}
