//! Accounts, and what is known of them: numbers, owners, live balances, terms.

use crate::domain::account::AccountType;
use crate::domain::product::ProductReason;
use crate::providers::data::{AccountsWanted, ProviderAccount, ProviderLiability};
use crate::providers::rows::check_whose;
use crate::providers::yodlee::error;
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::products::BASIC;
use crate::providers::yodlee::wire::account::{Account, Accounts, LatestBalance, LatestBalances, Statements};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::Credential;
use super::{Api, Operation, no_account, path, present, refused};

const ACCOUNTS: Operation = Operation::reading("GET /accounts").of_login();
/// Each makes Yodlee ask the institution.
const LATEST: Operation = Operation { repeatable: false, ..Operation::reading("GET /accounts/latestBalances") };
const STATEMENTS: Operation = Operation::reading("GET /statements");

/// The most accounts in one request for live balances (`[S]` GET /accounts/latestBalances).
const MOST_LIVE: usize = 10;

/// What is asked for beside accounts for their numbers and holders.
pub const PROFILE_FIELDS: &str = "fullAccountNumberList,holder,profile";

/// The accounts of a login as Yodlee has them; a failure where the institution no longer serves the login, for all of it is old then.
pub async fn of_login(api: &Api<'_>, credential: &Credential, include: &str) -> Result<Vec<Account>, Failure> {
    let mut query = vec![("providerAccountId", credential.login.as_str())];
    if !include.is_empty() {
        query.push(("include", include));
    }
    let answer: Accounts = api.get(&credential.user, ACCOUNTS, &path("/accounts", &query)).await?;
    let accounts = present(answer.account, "account")?;
    let is_foreign = |one: &Account| one.provider_account_id.is_some_and(|id| id.to_string() != credential.login);
    check_whose("accounts", &accounts, is_foreign)?;
    match lost(&accounts) {
        Some(failure) => Err(failure),
        None => Ok(accounts),
    }
}

/// What the customer has to mend, if every account says so.
fn lost(accounts: &[Account]) -> Option<Failure> {
    let status = |account: &Account| {
        let basic = account.dataset.iter().flatten().find(|dataset| dataset.name.as_deref() == Some(BASIC));
        let failure = error::of_login(basic?.additional_status.as_deref()?)?;
        (failure.persistence == Persistence::NeedsUser && failure.condition.is_some()).then_some(failure)
    };
    let mut failures = accounts.iter().map(status);
    let first = failures.next()??;
    failures.all(|one| one.is_some()).then_some(first)
}

/// Whether these are the accounts of the linked login, and not of another one that the customer put in its place (D9).
pub fn is_same_login(credential: &Credential, accounts: &[Account]) -> bool {
    let known = |account: &Account| credential.accounts.contains(&account.id.to_string());
    credential.accounts.is_empty() || accounts.is_empty() || accounts.iter().any(known)
}

/// The accounts, with what is asked for beside them.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Credential,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    let numbers: &[&str] = if wanted.identifiers { &["fullAccountNumberList"] } else { &[] };
    let people: &[&str] = if wanted.owners { &["holder", "profile"] } else { &[] };
    let found = of_login(api, credential, &[numbers, people].concat().join(",")).await?;
    if !is_same_login(credential, &found) {
        return Err(different_login());
    }
    let latest = if wanted.live_balances { live_balances(api, credential, &found).await? } else { Vec::new() };
    let mut accounts: Vec<ProviderAccount> =
        found.into_iter().map(|account| map::accounts::account(account, wanted.identifiers, wanted.owners)).collect();
    for account in &mut accounts {
        let of_account = |one: &&LatestBalance| one.account_id.to_string() == account.provider_account_id;
        if let Some(one) = latest.iter().find(of_account) {
            map::accounts::refresh(account, one, api.now());
        }
    }
    check(&accounts, wanted)?;
    Ok(accounts)
}

/// What was asked for and nowhere given is not there to be had.
fn check(accounts: &[ProviderAccount], wanted: AccountsWanted) -> Result<(), Failure> {
    let missing = |message| {
        let mut failure = refused("NOT_AGGREGATED", message);
        failure.product_reason = Some(ProductReason::InstitutionUnsupported);
        Err(failure)
    };
    if wanted.identifiers && accounts.iter().all(|account| account.identifiers.is_none()) {
        return match accounts.iter().any(|account| account.account_type == AccountType::Depository) {
            true => missing("the institution or the FastLink configuration gives no full numbers"),
            false => Err(no_account("only deposit accounts have full numbers")),
        };
    }
    if wanted.owners && accounts.iter().all(|account| account.owners.is_none()) {
        return missing("the institution or the FastLink configuration gives no holders");
    }
    Ok(())
}

fn different_login() -> Failure {
    let message = "the customer has put another login in the place of the linked one";
    let mut failure = Failure::new(FailureKind::UserAction, Persistence::NeedsUser, "DIFFERENT_LOGIN", message);
    failure.condition = Some(error::LOGIN_REQUIRED);
    failure.product_reason = Some(ProductReason::LoginRequired);
    failure
}

/// What the institution says just now of those accounts of which it can be asked. A tenant without the service does without.
async fn live_balances(
    api: &Api<'_>,
    credential: &Credential,
    accounts: &[Account],
) -> Result<Vec<LatestBalance>, Failure> {
    let live = accounts.iter().filter(|one| matches!(one.container.as_deref(), Some("bank" | "investment")));
    let ids: Vec<String> = live.map(|account| account.id.to_string()).collect();
    let mut latest = Vec::new();
    for some in ids.chunks(MOST_LIVE) {
        let ids = some.join(",");
        let query = [("providerAccountId", credential.login.as_str()), ("accountId", ids.as_str())];
        match api.get::<LatestBalances>(&credential.user, LATEST, &path("/accounts/latestBalances", &query)).await {
            Ok(answer) => latest.extend(present(answer.account_balance, "accountBalance")?),
            Err(failure) if failure.kind == FailureKind::Unsupported => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        }
    }
    let (came, failed): (Vec<_>, Vec<_>) =
        latest.into_iter().partition(|one| one.refresh_status.as_deref() == Some("SUCCESS"));
    match failed.iter().find_map(|one| error::of_login(one.failed_reason.as_deref()?)) {
        Some(failure) if came.is_empty() => Err(failure),
        _ => Ok(came),
    }
}

/// Terms of cards and loans.
pub async fn liabilities(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderLiability>, Failure> {
    let accounts = of_login(api, credential, "").await?;
    let has = |container: &str| accounts.iter().any(|account| account.container.as_deref() == Some(container));
    let statements = if has("creditCard") {
        let path = path("/statements", &[("container", "creditCard")]);
        api.get::<Statements>(&credential.user, STATEMENTS, &path).await?.statement.unwrap_or_default()
    } else {
        Vec::new()
    };
    let found: Vec<_> =
        accounts.iter().filter_map(|account| map::liabilities::liability(account, &statements)).collect();
    if found.is_empty() {
        return Err(no_account("only cards, mortgages and student loans have terms"));
    }
    Ok(found)
}
