//! Logins at institutions: how they stand, their refresh, their end.

use chrono::TimeDelta;
use serde_json::json;

use crate::providers::data::{Observation, RefreshRequest};
use crate::providers::yodlee::map::status::{attempted_since, observation};
use crate::providers::yodlee::spec::SPEC;
use crate::providers::yodlee::wire::Id;
use crate::providers::yodlee::wire::provider_account::{Consents, ProviderAccount, ProviderAccounts};
use crate::providers::{Failure, FailureKind};

use super::credential::Credential;
use super::link::fastlink_config;
use super::{Api, Operation, Verb, path, present};

const LIST: Operation = Operation::reading("GET /providerAccounts");
const GET: Operation = Operation::reading("GET /providerAccounts/{id}").of_login();
const CONSENTS: Operation = Operation::reading("GET /consents");
const REFRESH: Operation = Operation::changing("PUT /providerAccounts/refresh", Verb::Put).of_login();
const DELETE: Operation = Operation::changing("DELETE /providerAccounts/{id}", Verb::Delete).repeatable().of_login();

/// All logins of a user but those that the customer keeps by hand. A user without any has an empty answer.
pub async fn list(api: &Api<'_>, user: &str) -> Result<Vec<ProviderAccount>, Failure> {
    let answer: ProviderAccounts = api.get(user, LIST, "/providerAccounts").await?;
    let mut logins = answer.provider_account.unwrap_or_default();
    logins.retain(|login| login.is_manual != Some(true));
    Ok(logins)
}

/// One login.
pub async fn get(api: &Api<'_>, user: &str, login: &str) -> Result<ProviderAccount, Failure> {
    let answer: ProviderAccounts = api.get(user, GET, &format!("/providerAccounts/{}", id(login)?)).await?;
    let logins = present(answer.provider_account, "providerAccount")?;
    let found = logins.into_iter().find(|one| one.id.to_string() == login);
    found.ok_or_else(|| Failure::unreadable("another login than was asked for"))
}

/// How a login stands, and until when its consent holds where it has one.
pub async fn status(api: &Api<'_>, credential: &Credential) -> Result<Observation, Failure> {
    let login = get(api, &credential.user, &credential.login).await?;
    let consents = match login.consent_id {
        Some(id) if id > 0 => {
            let path = path("/consents", &[("providerAccountIds", credential.login.as_str())]);
            let answer: Consents = api.get(&credential.user, CONSENTS, &path).await?;
            answer.consent.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    Ok(observation(&login, &consents))
}

/// Asks Yodlee to fetch from the institution now, which brings all of its data; what it cannot refresh is passed over.
pub async fn refresh(api: &Api<'_>, credential: &Credential, request: &RefreshRequest<'_>) -> Result<(), Failure> {
    if !request.products.iter().any(|product| SPEC.refreshable.contains(product)) {
        return Ok(());
    }
    let yesterday = api.now() - TimeDelta::hours(24);
    if request.scheduled && attempted_since(&get(api, &credential.user, &credential.login).await?, yesterday) {
        return Ok(());
    }
    let login: i64 = credential.login.parse().map_err(|_| not_an_id())?;
    let config = fastlink_config(api.config(), credential.profile);
    let body = json!({ "configName": config, "providerAccountIds": [login] });
    api.change(&credential.user, REFRESH, "/providerAccounts/refresh", Some(&body)).await
}

/// Ends a login with all its data; one that is not there any more is ended.
pub async fn remove(api: &Api<'_>, user: &str, login: &str) -> Result<(), Failure> {
    match api.change(user, DELETE, &format!("/providerAccounts/{}", id(login)?), None).await {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn id(login: &str) -> Result<Id, Failure> {
    Id::read(login).ok_or_else(not_an_id)
}

fn not_an_id() -> Failure {
    super::refused("UNREADABLE_CREDENTIAL", "the link names no login")
}
