//! How connections stand, and what they hold. Salt Edge answers with what it has, also when a bank serves it no longer: so the connection is
//! asked for first.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::product::Product;
use crate::providers::Failure;
use crate::providers::data::{AccountsWanted, InstitutionsPage, InstitutionsRequest, Observation, ProviderAccount};
use crate::providers::rows::check_whose;
use crate::providers::saltedge::error::TOO_SOON;
use crate::providers::saltedge::map;
use crate::providers::saltedge::spec::CLIENT;
use crate::providers::saltedge::wire::{Account, Connection, Consent, One, Page, Provider};
use crate::providers::verbatim::Kept;

use super::{Api, Credential, id};

/// Shows a connection.
const SHOW: &str = "GET /connections/{id}";

/// A connection and its consents.
pub async fn state(
    api: &Api<'_>,
    credential: &Credential,
    holder_info: bool,
) -> Result<(Connection, Vec<Consent>), Failure> {
    let connection = id(&credential.connection)?;
    let query = if holder_info { "?include_holder_info=true" } else { "" };
    let shown = show(api, connection, query).await?;
    let consents: Vec<Consent> = api.all("GET /consents", "/consents", &[("connection_id", connection)]).await?;
    check_whose("consents", &consents, |one| is_of_another(one.connection_id.as_deref(), connection))?;
    Ok((shown, consents))
}

/// A connection alone.
pub async fn show(api: &Api<'_>, connection: &str, query: &str) -> Result<Connection, Failure> {
    let shown: One<Connection> = api.get(SHOW, &format!("/connections/{}{query}", id(connection)?)).await?;
    check_whose("a connection", [&shown.data], |one| one.id != connection)?;
    Ok(shown.data)
}

/// Whether something names a connection, and another one.
pub fn is_of_another(named: Option<&str>, connection: &str) -> bool {
    named.is_some_and(|named| named != connection)
}

/// How a connection stands.
pub async fn status(api: &Api<'_>, credential: &Credential) -> Result<Observation, Failure> {
    let (connection, consents) = state(api, credential, false).await?;
    Ok(map::status::observation(&connection, &consents))
}

/// The connection, unless the customer has to mend it first.
pub async fn served(api: &Api<'_>, credential: &Credential, holder_info: bool) -> Result<Connection, Failure> {
    let (connection, consents) = state(api, credential, holder_info).await?;
    match map::status::lost(&connection, &consents) {
        Some(failure) => Err(failure),
        None => Ok(connection),
    }
}

async fn list(api: &Api<'_>, credential: &Credential) -> Result<Vec<Account>, Failure> {
    let query = [("connection_id", credential.connection.as_str())];
    let all: Vec<Kept<Account>> = api.all("GET /accounts", "/accounts", &query).await?;
    let all: Vec<Account> = all.into_iter().map(Kept::with_words).collect();
    check_whose("accounts", &all, |one| is_of_another(one.connection_id.as_deref(), &credential.connection))?;
    Ok(all)
}

/// The accounts, with what is asked for beside them.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Credential,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    let connection = served(api, credential, wanted.owners).await?;
    let (holder, negative) = (connection.holder_info.as_ref(), api.config.debts_are_negative);
    let accounts = list(api, credential).await?;
    Ok(accounts.into_iter().map(|one| map::accounts::account(one, holder, wanted, negative)).collect())
}

/// Asks for a fetch without the customer, of as much of it as they agreed to.
pub async fn refresh(api: &Api<'_>, credential: &Credential, products: &[Product]) -> Result<(), Failure> {
    let asked = refreshed_scopes(products);
    if asked.is_empty() {
        return Ok(());
    }
    let (connection, consents) = state(api, credential, false).await?;
    let agreed = map::status::current(&consents).map(|consent| consent.scopes.clone()).unwrap_or_default();
    let scopes: Vec<&str> = asked.into_iter().filter(|scope| agreed.iter().any(|one| one == scope)).collect();
    let path = format!("/connections/{}/background_refresh", id(&credential.connection)?);
    let body = json!({ "attempt": { "fetch_scopes": scopes } });
    let taken = api.post::<Value>("POST /connections/{id}/background_refresh", &path, body).await;
    taken.map(drop).map_err(|failure| when_possible(failure, &connection, api.now()))
}

/// The failure of a fetch that came too soon, with when the next is possible.
fn when_possible(failure: Failure, connection: &Connection, now: DateTime<Utc>) -> Failure {
    let possible = map::status::time(connection.next_refresh_possible_at.as_deref());
    match possible.and_then(|at| (at - now).to_std().ok()) {
        Some(pause) if failure.code == TOO_SOON => Failure { retry_after: Some(pause), ..failure },
        _ => failure,
    }
}

/// The scopes of those that can be refreshed; there are none without accounts.
fn refreshed_scopes(products: &[Product]) -> Vec<&'static str> {
    let wanted: Vec<Product> = products.iter().copied().filter(|one| CLIENT.refreshable.contains(one)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let is_asked = |scope: &&str| *scope == map::ACCOUNTS || wanted.iter().any(|one| map::scope(*one) == *scope);
    [map::ACCOUNTS, map::TRANSACTIONS, map::HOLDER_INFO].into_iter().filter(is_asked).collect()
}

/// A page of the institutions; those of other countries are left out, for only one country at a time can be asked for, but not
/// fake ones.
pub async fn institutions(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let sandboxes = api.config.include_sandboxes.to_string();
    let query = [("include_ais_fields", "true"), ("include_sandboxes", sandboxes.as_str())];
    let page: Page<Provider> = api.page("GET /providers", "/providers", &query, request.page.as_deref()).await?;
    let is_fake = |one: &Provider| api.config.include_sandboxes && one.country_code == map::institutions::FAKE;
    let found = page.data.into_iter().filter(|one| is_fake(one) || request.country_codes.contains(&one.country_code));
    let next = page.meta.next_id.filter(|next| Some(next) != request.page.as_ref());
    Ok(InstitutionsPage { institutions: found.filter_map(map::institutions::institution).collect(), next })
}
