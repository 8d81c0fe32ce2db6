//! Bank connections: how they stand, their accounts, their update, their end.

use serde_json::{Value, json};

use crate::domain::account::AccountType;
use crate::domain::product::ProductReason;
use crate::providers::data::{AccountsWanted, Observation, ProviderAccount, Psu, RefreshRequest};
use crate::providers::finapi::error;
use crate::providers::finapi::map;
use crate::providers::finapi::map::status::{condition, observation};
use crate::providers::finapi::spec::SPEC;
use crate::providers::finapi::wire::{Account, Accounts, BankConnection, BankConnections};
use crate::providers::rows::check_whose;
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::{Credential, User};
use super::{Api, Caller, Operation, Verb, no_account, path, refused};

const GET: Operation = Operation::reading("GET /api/v2/bankConnections/{id}").of_connection();
const LIST: Operation = Operation::reading("GET /api/v2/bankConnections");
const DELETE: Operation =
    Operation::changing("DELETE /api/v2/bankConnections/{id}", Verb::Delete).repeatable().of_connection();
const ACCOUNTS: Operation = Operation::reading("GET /api/v2/accounts");
const UPDATE: Operation =
    Operation::changing("POST /api/tasks/backgroundUpdate", Verb::Post).of_connection().of_web_form();

/// A bank connection as it stands.
pub async fn get(api: &Api<'_>, user: &User, connection: i64) -> Result<BankConnection, Failure> {
    let path = format!("/api/v2/bankConnections/{connection}");
    let found: BankConnection = api.get(Caller::User(user), GET, &path).await?;
    if found.id == connection { Ok(found) } else { Err(Failure::unreadable("another bank connection was answered")) }
}

/// All of a user's.
pub async fn of_user(api: &Api<'_>, user: &User) -> Result<Vec<BankConnection>, Failure> {
    Ok(api.get::<BankConnections>(Caller::User(user), LIST, "/api/v2/bankConnections").await?.connections)
}

/// The same, where it is still served; what finAPI has of one that needs the customer is old.
pub async fn served(api: &Api<'_>, credential: &Credential) -> Result<BankConnection, Failure> {
    let found = get(api, &credential.user, credential.connection).await?;
    let (condition, code) = condition(&found, api.now());
    if condition.status.needs_customer() {
        return Err(error::of_connection(condition, code.map(str::to_owned)));
    }
    Ok(found)
}

/// How it stands.
pub async fn status(api: &Api<'_>, credential: &Credential) -> Result<Observation, Failure> {
    let connection = get(api, &credential.user, credential.connection).await?;
    let accounts = of_connection(api, &credential.user, credential.connection).await?;
    Ok(observation(&connection, &accounts, api.now()))
}

/// Its accounts that are still there.
pub async fn of_connection(api: &Api<'_>, user: &User, connection: i64) -> Result<Vec<Account>, Failure> {
    let id = connection.to_string();
    let path = path("/api/v2/accounts", &[("bankConnectionIds", id.as_str())]);
    let mut found = api.get::<Accounts>(Caller::User(user), ACCOUNTS, &path).await?.accounts;
    check_whose("accounts", &found, |account| account.bank_connection_id != connection)?;
    found.retain(map::accounts::is_there);
    Ok(found)
}

/// The ids of those of them that are of that type, or of any.
pub async fn account_ids(
    api: &Api<'_>,
    credential: &Credential,
    only: Option<AccountType>,
) -> Result<Vec<i64>, Failure> {
    let found = of_connection(api, &credential.user, credential.connection).await?;
    let is_asked =
        |account: &&Account| only.is_none_or(|only| map::accounts::kind(account.account_type.as_deref()).0 == only);
    Ok(found.iter().filter(is_asked).map(|account| account.id).collect())
}

/// The accounts, with what is asked for beside them. finAPI has no balances but those of the last update.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Credential,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    let connection = served(api, credential).await?;
    let found = of_connection(api, &credential.user, credential.connection).await?;
    let accounts: Vec<ProviderAccount> = found
        .iter()
        .map(|account| map::accounts::account(&connection, account, wanted.identifiers, wanted.owners))
        .collect();
    if wanted.identifiers && accounts.iter().all(|account| account.identifiers.is_none()) {
        return Err(no_account("no account has an IBAN"));
    }
    if wanted.owners && accounts.iter().all(|account| account.owners.is_none()) {
        let mut failure = refused("NOT_LOADED", "no interface of this bank has loaded owners: link it anew with them");
        failure.product_reason = Some(ProductReason::InstitutionUnsupported);
        return Err(failure);
    }
    Ok(accounts)
}

/// Says in an update's body who the end user is.
pub fn tell_of(psu: Option<&Psu>, body: &mut Value) {
    if let Some(psu) = psu {
        body["userMetadata"] =
            json!({ "ipAddress": psu.ip_address, "deviceOs": psu.device_os, "userAgent": psu.user_agent });
    }
}

/// Whether the consents take accounts that were not there when they were given; else an update would pass over them.
fn check_takes_new(connection: &BankConnection) -> Result<(), Failure> {
    let consents = connection.interfaces.iter().filter_map(|interface| interface.ais_consent.as_ref());
    if consents.into_iter().all(|consent| consent.supports_import_new_accounts != Some(false)) {
        return Ok(());
    }
    let message = "the consent takes no new accounts: it has to be given anew";
    Err(Failure::new(FailureKind::Consent, Persistence::NeedsUser, "CONSENT_TAKES_NO_NEW_ACCOUNTS", message))
}

/// Asks finAPI to fetch from the bank now, through all interfaces; what it cannot refresh is passed over. That the customer is needed shows in
/// the bank connection.
pub async fn refresh(api: &Api<'_>, credential: &Credential, request: &RefreshRequest<'_>) -> Result<(), Failure> {
    if !request.products.iter().any(|product| SPEC.refreshable.contains(product)) {
        return Ok(());
    }
    if request.import_new_accounts {
        check_takes_new(&get(api, &credential.user, credential.connection).await?)?;
    }
    let new_accounts = if request.import_new_accounts { "CONDITIONAL" } else { "SKIP" };
    let mut body = json!({ "bankConnectionId": credential.connection, "importNewAccountsMode": new_accounts });
    tell_of(request.psu, &mut body);
    api.change(Caller::User(&credential.user), UPDATE, "/api/tasks/backgroundUpdate", Some(&body)).await
}

/// Ends it with all its data; one that is not there any more is ended, and so is one of a user who is not.
pub async fn remove(api: &Api<'_>, credential: &Credential) -> Result<(), Failure> {
    let path = format!("/api/v2/bankConnections/{}", credential.connection);
    match api.change(Caller::User(&credential.user), DELETE, &path, None).await {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
