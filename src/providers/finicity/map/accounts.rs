//! Accounts, numbers and owners.

use crate::domain::account::{AccountType, Ach, Address, Balances, Identifiers, Owner};
use crate::providers::data::ProviderAccount;
use crate::providers::finicity::wire::Epoch;
use crate::providers::finicity::wire::account::{
    Account, AchDetails, Detail, Holder, HolderAddress, Holders, LiveBalance,
};

use super::subtypes::account_type;
use super::{currency, decimal, text};

/// How many telephone numbers, addresses of an owner, and owners of an account, are kept.
const MOST_ENTRIES: usize = 50;

/// An account.
pub fn account(account: &Account) -> ProviderAccount {
    let (account_type, subtype) = account_type(account.account_type.as_deref());
    let last_four = text(account.real_account_number_last4.as_deref())
        .or_else(|| text(account.account_number_display.as_deref()))
        .or_else(|| text(account.number.as_deref()));
    ProviderAccount {
        provider_account_id: account.id.0.clone(),
        persistent_id: None,
        name: text(account.name.as_deref()).unwrap_or_else(|| "Account".to_owned()),
        mask: last_four.map(|number| last_of(&number)),
        account_type,
        subtype,
        currency: currency(account.currency.as_deref()),
        balances: balances(account, account_type),
        identifiers: None,
        owners: None,
        verification: None,
        verbatim: account.verbatim.clone(),
    }
}

/// The last four characters.
fn last_of(number: &str) -> String {
    let from = number.chars().count().saturating_sub(4);
    number.chars().skip(from).collect()
}

/// What is owed on a card is a negative balance at Finicity; loans come with either sign, and nobody owes less than nothing on one.
fn balances(account: &Account, account_type: AccountType) -> Balances {
    let nothing = Detail::default();
    let detail = account.detail.as_ref().unwrap_or(&nothing);
    let balance = decimal(account.balance);
    let (current, available, limit) = match account_type {
        AccountType::Credit => {
            (balance.map(|owed| -owed), decimal(detail.credit_available_amount), decimal(detail.credit_max_amount))
        }
        AccountType::Loan => (balance.map(|owed| owed.abs()), None, None),
        AccountType::Investment => (balance, decimal(detail.available_cash_balance), None),
        _ => (balance, decimal(detail.available_balance_amount), None),
    };
    Balances { current, available, limit, updated_at: account.balance_date.and_then(Epoch::time) }
}

/// Puts a live balance in the place of the last known one.
pub fn set_live_balance(account: &mut ProviderAccount, live: LiveBalance) {
    account.balances.current = Some(live.cleared_balance.0);
    account.balances.available = Some(live.available_balance.0);
    account.balances.updated_at = live.cleared_balance_date.and_then(Epoch::time).or(account.balances.updated_at);
}

/// Full numbers; `None` where the institution gave none.
pub fn identifiers(details: &AchDetails) -> Option<Identifiers> {
    let account = text(Some(&details.real_account_number))?;
    let routing = text(Some(&details.routing_number))?;
    // Whether the number is a token is said by another operation alone, which is billed besides.
    let ach = Ach { account, routing, wire_routing: None, is_tokenized: false };
    Some(Identifiers { ach: Some(ach), ..Identifiers::default() })
}

/// Owners.
pub fn owners(holders: Holders) -> Vec<Owner> {
    holders.holders.into_iter().flatten().take(MOST_ENTRIES).map(owner).collect()
}

fn owner(holder: Holder) -> Owner {
    let mut emails: Vec<_> = holder.emails.into_iter().flatten().take(MOST_ENTRIES).collect();
    emails.sort_by_key(|email| email.is_primary != Some(true));
    let phones = holder.phones.into_iter().flatten().take(MOST_ENTRIES);
    let addresses = holder.addresses.into_iter().flatten().take(MOST_ENTRIES);
    Owner {
        names: text(holder.owner_name.as_deref()).into_iter().collect(),
        phone_numbers: phones.filter_map(|phone| text(phone.phone.as_deref())).collect(),
        emails: emails.iter().filter_map(|email| text(email.email.as_deref())).collect(),
        addresses: addresses.map(|one| address(&one)).collect(),
    }
}

fn address(address: &HolderAddress) -> Address {
    let lines = [address.line1.as_deref(), address.line2.as_deref()].into_iter().filter_map(text);
    let street = lines.collect::<Vec<_>>().join(", ");
    Address {
        street: text(Some(&street)).or_else(|| text(address.owner_address.as_deref())),
        city: text(address.city.as_deref()),
        region: text(address.state.as_deref()),
        postal_code: text(address.postal_code.as_deref()),
        country: text(address.country.as_deref()).map(alpha_two),
    }
}

/// ISO 3166 alpha-2 for the countries whose alpha-3 code comes up; any other code as it is.
fn alpha_two(code: String) -> String {
    match code.as_str() {
        "USA" => "US".to_owned(),
        "CAN" => "CA".to_owned(),
        _ => code,
    }
}
