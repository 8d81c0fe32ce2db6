//! A login's accounts, and what is known of them: numbers, owners, live balances, holdings, terms; its state, refresh and end.

use serde::de::DeserializeOwned;

use crate::domain::account::AccountType;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::net::{Method, StatusCode};
use crate::providers::data::{AccountsWanted, Observation, ProviderAccount, ProviderHolding, ProviderLiability};
use crate::providers::finicity::error;
use crate::providers::finicity::map::{self, status, subtypes};
use crate::providers::finicity::spec::SPEC;
use crate::providers::finicity::wire::account::{Account, Accounts, AchDetails, Holders};
use crate::providers::rows::check_whose;
use crate::providers::{Failure, FailureKind};

use super::{Api, Login, Operation, consents};

const ACCOUNTS: Operation = Operation::repeatable("accounts");
/// The next three ask the institution and are billed by call.
const LIVE_BALANCE: Operation = Operation::once("live_balance");
const DETAILS: Operation = Operation::once("identifiers");
const OWNER: Operation = Operation::once("owners");
/// Asks the institution; never without a caller's request.
const REFRESH: Operation = Operation::once("refresh");
const DELETE: Operation = Operation::repeatable("delete_login");

/// The accounts of a login that the customer chose. Calls for others would be billed, and nobody shared them.
pub async fn accounts_of_login(api: &Api<'_>, login: &Login) -> Result<Vec<Account>, Failure> {
    let answer: Accounts = api.get(ACCOUNTS, format!("{}/accounts", login.path())).await?;
    let mut accounts = of_customer(answer, &login.customer)?;
    if accounts.is_empty() {
        // A login without accounts is none.
        let body = br#"{"code":"38007","message":"the login has no accounts"}"#;
        return Err(error::failure(StatusCode::NOT_FOUND, body, None));
    }
    accounts.retain(|account| !account.is_pending());
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    accounts.dedup_by(|a, b| a.id == b.id);
    Ok(accounts)
}

/// The accounts of an answer, which must be that customer's. Of which login they are is not compared: it changes where an institution
/// moves to OAuth.
fn of_customer(answer: Accounts, customer: &str) -> Result<Vec<Account>, Failure> {
    let is_foreign = |one: &Account| one.customer_id.as_ref().is_some_and(|id| id.0 != customer);
    check_whose("accounts", &answer.accounts, is_foreign)?;
    Ok(answer.accounts)
}

/// The accounts of all of a customer's logins; none for a customer who has none.
pub async fn accounts_of_customer(api: &Api<'_>, customer: &str) -> Result<Vec<Account>, Failure> {
    let path = format!("/aggregation/v1/customers/{customer}/accounts");
    match api.get::<Accounts>(ACCOUNTS, path).await {
        Ok(answer) => of_customer(answer, customer),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The accounts of a login that works. Finicity goes on showing what it has of one that waits for its customer; that is stored
/// here already, and nothing of it is new.
pub async fn readable(api: &Api<'_>, login: &Login) -> Result<Vec<Account>, Failure> {
    let accounts = accounts_of_login(api, login).await?;
    match status::condition(&accounts, api.now()) {
        (condition, Some(code)) if condition.status.needs_customer() => {
            Err(error::aggregation_failure(code, "the last aggregation says that the customer must act"))
        }
        _ => Ok(accounts),
    }
}

/// How the login stands.
pub async fn observe(api: &Api<'_>, credential: &Secret) -> Result<Observation, Failure> {
    let login = Login::read(credential)?;
    let accounts = accounts_of_login(api, &login).await?;
    let mut observation = status::observation(&login.id, &accounts, SPEC.products, api.now());
    if observation.condition == error::TOKEN_EXPIRED {
        match consents::is_revoked(api, &login).await {
            Ok(true) => observation.code = Some(error::CONSENT_REVOKED.to_owned()),
            Ok(false) => {}
            // The customer is needed in any case.
            Err(failure) => tracing::info!(code = %failure.code, "it is not known why a consent ended"),
        }
    }
    Ok(observation)
}

/// The accounts with what is asked for beside them, each extra by a call for each account that it suits.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Secret,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    let login = Login::read(credential)?;
    let mut accounts: Vec<ProviderAccount> = readable(api, &login).await?.iter().map(map::accounts::account).collect();
    let numbered = |account: &ProviderAccount| subtypes::has_numbers(account.subtype);
    if wanted.live_balances {
        let path = |id: &str| {
            format!("v1/customers/{}/accounts/{id}/availableBalance/live?balance_cache_interval=0", login.customer)
        };
        each(api, LIVE_BALANCE, &mut accounts, numbered, path, map::accounts::set_live_balance).await?;
    }
    if wanted.identifiers {
        let path = |id: &str| format!("v1/customers/{}/accounts/{id}/details", login.customer);
        let set = |account: &mut ProviderAccount, details: AchDetails| {
            account.identifiers = map::accounts::identifiers(&details);
        };
        each(api, DETAILS, &mut accounts, numbered, path, set).await?;
    }
    if wanted.owners {
        let path = |id: &str| format!("v3/customers/{}/accounts/{id}/owner", login.customer);
        let set = |account: &mut ProviderAccount, holders: Holders| {
            account.owners = Some(map::accounts::owners(holders));
        };
        each(api, OWNER, &mut accounts, |_| true, path, set).await?;
    }
    Ok(accounts)
}

/// One call for each account that suits. An account for which the institution has nothing is passed over, unless it is the same
/// with all of them; any other failure is one of the whole.
async fn each<T: DeserializeOwned>(
    api: &Api<'_>,
    operation: Operation,
    accounts: &mut [ProviderAccount],
    suits: impl Fn(&ProviderAccount) -> bool,
    path: impl Fn(&str) -> String,
    set: impl Fn(&mut ProviderAccount, T),
) -> Result<(), Failure> {
    let (mut got, mut unsuited) = (false, None);
    for account in accounts.iter_mut().filter(|account| suits(account)) {
        let path = format!("/aggregation/{}", path(&account.provider_account_id));
        match api.get::<T>(operation, path).await {
            Ok(found) => {
                set(account, found);
                got = true;
            }
            Err(failure) if failure.kind == FailureKind::Unsupported => unsuited = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    match unsuited {
        Some(failure) if !got => Err(failure),
        _ => Ok(()),
    }
}

/// What the investment accounts hold.
pub async fn holdings(api: &Api<'_>, credential: &Secret) -> Result<Vec<ProviderHolding>, Failure> {
    let accounts = readable(api, &Login::read(credential)?).await?;
    let investments = accounts.iter().filter(|account| is_investment(account));
    Ok(investments.flat_map(map::investments::holdings).collect())
}

/// Whether an account is one of securities.
pub fn is_investment(account: &Account) -> bool {
    subtypes::account_type(account.account_type.as_deref()).0 == AccountType::Investment
}

/// Terms of cards and loans.
pub async fn liabilities(api: &Api<'_>, credential: &Secret) -> Result<Vec<ProviderLiability>, Failure> {
    let accounts = readable(api, &Login::read(credential)?).await?;
    Ok(accounts.iter().filter_map(map::liabilities::liability).collect())
}

/// Has the institution asked now. One call covers all of the login's data.
pub async fn refresh(api: &Api<'_>, credential: &Secret, products: &[Product]) -> Result<(), Failure> {
    if !products.iter().any(|product| SPEC.refreshable.contains(product)) {
        return Ok(());
    }
    let login = Login::read(credential)?;
    api.tell(REFRESH, Method::POST, format!("{}/accounts", login.path())).await
}

/// Ends the login at Finicity, and those in whose place it stands. One that is gone is ended.
pub async fn revoke(api: &Api<'_>, credential: &Secret) -> Result<(), Failure> {
    let login = Login::read(credential)?;
    for id in login.retired.iter().chain([&login.id]) {
        match api.tell(DELETE, Method::DELETE, login.path_of(id)).await {
            Err(failure) if failure.kind != FailureKind::NotFound => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}
