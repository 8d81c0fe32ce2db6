//! Accounts with balances, numbers and owners; the terms of those that are owed on.

use crate::providers::Failure;
use crate::providers::data::{AccountsWanted, ProviderAccount, ProviderLiability};
use crate::providers::mx::map;
use crate::providers::mx::wire::account::{AccountNumber, AccountNumbers, AccountOwner, AccountOwners};
use crate::providers::mx::wire::member::Member;

use super::members::{self, Job};
use super::{Api, Link};

/// The accounts, with what is asked for beside them.
pub async fn accounts(api: &Api<'_>, link: &Link, wanted: AccountsWanted) -> Result<Vec<ProviderAccount>, Failure> {
    let member = members::usable(api, link).await?;
    if wanted.live_balances {
        members::refresh_balances(api, link, &member).await?;
    }
    let listed = members::accounts(api, link).await?;
    let mut accounts: Vec<_> = listed.iter().map(map::accounts::account).collect();
    if wanted.identifiers {
        let mut numbers = map::accounts::identifiers(numbers(api, link, &member).await?);
        for (account, listed) in accounts.iter_mut().zip(&listed) {
            account.identifiers = numbers.remove(&listed.guid);
        }
    }
    if wanted.owners {
        let mut owners = map::accounts::owners(owners(api, link, &member).await?);
        for (account, listed) in accounts.iter_mut().zip(&listed) {
            account.owners = owners.remove(&listed.guid);
        }
    }
    Ok(accounts)
}

/// Full numbers; fetched from the institution first where there are none.
pub async fn numbers(api: &Api<'_>, link: &Link, member: &Member) -> Result<Vec<AccountNumber>, Failure> {
    let path = link.path("/account_numbers");
    let entries = |page: AccountNumbers| (page.account_numbers, page.pagination);
    let there = api.list("identifiers", &path, entries).await?;
    if !there.is_empty() {
        return Ok(there);
    }
    members::fill(api, (link, member), Job::Verify).await?;
    let filled = api.list("identifiers", &path, entries).await?;
    if filled.is_empty() { Err(members::nothing(Job::Verify)) } else { Ok(filled) }
}

/// Owners; fetched from the institution first where there are none.
pub async fn owners(api: &Api<'_>, link: &Link, member: &Member) -> Result<Vec<AccountOwner>, Failure> {
    let path = link.path("/account_owners");
    let entries = |page: AccountOwners| (page.account_owners, page.pagination);
    let there = api.list("owners", &path, entries).await?;
    if !there.is_empty() {
        return Ok(there);
    }
    members::fill(api, (link, member), Job::Identify).await?;
    let filled = api.list("owners", &path, entries).await?;
    if filled.is_empty() { Err(members::nothing(Job::Identify)) } else { Ok(filled) }
}

/// The terms of all cards and loans.
pub async fn liabilities(api: &Api<'_>, link: &Link) -> Result<Vec<ProviderLiability>, Failure> {
    members::usable(api, link).await?;
    let accounts = members::accounts(api, link).await?;
    Ok(accounts.iter().filter_map(map::liabilities::liability).collect())
}
