//! Provider accounts: how they stand, their refresh, their end, their consents.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::Caller;
use super::providers::provider_id;
use super::state::{PROVIDER_ACCOUNT, ProviderAccount, Standing, USER, User};
use super::values::{Query, given, ids, listed, time, without_nulls};
use crate::bank::Access;
use crate::bank::ids as make;

/// How long an update must lie back before the next.
const PAUSE: TimeDelta = TimeDelta::minutes(15);
/// Provider accounts of one refresh.
const MOST_AT_ONCE: usize = 10;

impl Simulator {
    /// How a provider account stands now.
    pub(super) async fn standing(&self, login: &ProviderAccount) -> Result<Standing> {
        let books = self.books(&login.login).await?;
        Ok(login.standing(books.as_ref(), self.shared.clock.now()))
    }

    /// Changes a provider account.
    pub(super) async fn change(
        &self,
        id: i64,
        change: impl FnOnce(&mut ProviderAccount) + Send,
    ) -> crate::store::Result<ProviderAccount> {
        let change = |login: &mut ProviderAccount| {
            change(login);
            Ok::<_, std::convert::Infallible>(login.clone())
        };
        let done = self.shared.documents.update(PROVIDER_ACCOUNT, &id.to_string(), change).await?;
        done.map(|Ok(login)| login).ok_or(crate::store::Error::NotFound)
    }

    /// Removes a provider account with everything in it.
    async fn erase(&self, login: &ProviderAccount) -> Result<()> {
        self.shared.documents.delete(PROVIDER_ACCOUNT, &login.id.to_string()).await?;
        let forget = |user: &mut User| Ok::<_, ()>(user.logins.remove(&login.id));
        let _ = self.shared.documents.update(USER, &login.user, forget).await?;
        Ok(())
    }
}

/// The datasets of a provider account, or of an account of it.
pub fn datasets(login: &ProviderAccount, standing: &Standing) -> Value {
    let asked_each_time = login.login.as_ref().is_some_and(|login| login.user.username.starts_with("user_mfa"));
    let eligibility = match asked_each_time || !standing.is_served() {
        true => "ALLOW_UPDATE_WITH_CREDENTIALS",
        false => "ALLOW_UPDATE",
    };
    let dataset = |name: &str| {
        let is_updated = standing.additional == "AVAILABLE_DATA_RETRIEVED";
        without_nulls(json!({
            "name": name, "additionalStatus": standing.additional, "updateEligibility": eligibility,
            "lastUpdated": is_updated.then(|| time(login.attempted_at)), "lastUpdateAttempt": login.attempted_at,
            "nextUpdateScheduled": time(login.attempted_at + TimeDelta::days(1)),
        }))
    };
    let names = ["BASIC_AGG_DATA"].into_iter().chain(login.profile.then_some("ACCT_PROFILE"));
    names.map(dataset).collect()
}

/// A provider account as it is sent.
pub fn provider_account(login: &ProviderAccount, standing: &Standing) -> Value {
    let oauth = login.bank().is_some_and(|bank| bank.oauth);
    without_nulls(json!({
        "id": login.id, "providerId": provider_id(&login.institution), "isManual": false, "aggregationSource": "USER",
        "createdDate": time(login.created_at), "lastUpdated": time(login.attempted_at), "requestId": login.request_id,
        "status": standing.status, "authType": if oauth { "OAUTH" } else { "CREDENTIALS" },
        "dataset": datasets(login, standing), "consentId": login.consent_until.map(|_| consent_id(login)),
    }))
}

fn consent_id(login: &ProviderAccount) -> i64 {
    make::number(&["consent", &login.id.to_string()])
}

/// `GET /providerAccounts`
pub async fn list(caller: Caller) -> Result<Json<Value>> {
    let mut list = Vec::new();
    for login in caller.logins().await? {
        list.push(provider_account(&login, &caller.simulator.standing(&login).await?));
    }
    Ok(listed("providerAccount", list))
}

/// `GET /providerAccounts/{id}`
pub async fn get(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    let login = caller.login(&id).await?;
    let standing = caller.simulator.standing(&login).await?;
    Ok(listed("providerAccount", vec![provider_account(&login, &standing)]))
}

/// `DELETE /providerAccounts/{id}`
pub async fn remove(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    caller.simulator.erase(&caller.login(&id).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /user/unregister`
pub async fn unregister(caller: Caller) -> Result<StatusCode> {
    for login in caller.logins().await? {
        caller.simulator.erase(&login).await?;
    }
    caller.simulator.shared.documents.delete(USER, &caller.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /providerAccounts/refresh`
pub async fn refresh(State(simulator): State<Simulator>, caller: Caller, Json(body): Json<Value>) -> Result<Response> {
    if body["configName"].as_str().is_none_or(str::is_empty) {
        return Err(Error::required("configName"));
    }
    let ids = body["providerAccountIds"].as_array().filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Error::bad("Y812", "Required field/value providerAccountId missing in the request"))?;
    let now = simulator.shared.clock.now();
    let mut links = Vec::new();
    for id in ids.iter().take(MOST_AT_ONCE) {
        let login = caller.login(&id.to_string()).await?;
        if now - login.attempted_at < PAUSE {
            let reason = format!("Update not allowed. Reason: providerAccountId {id} REFRESHED_RECENTLY");
            return Err(Error::bad("Y825", reason));
        }
        let books = simulator.books(&login.login).await?;
        let served = books.zip(login.login.clone()).is_some_and(|(books, login)| books.access(&login) == Access::Good);
        // What wants an answer each time cannot be refreshed without the customer.
        let asked = login.login.as_ref().is_some_and(|login| login.user.username.starts_with("user_mfa"));
        let failure = (asked && served).then(|| "ADDL_AUTHENTICATION_REQUIRED".to_owned());
        let request_id = make::random_token();
        let login = simulator
            .change(login.id, |login| {
                (login.attempted_at, login.request_id) = (now, request_id);
                login.failure = failure.or(login.failure.take());
            })
            .await?;
        simulator.tell_refreshed(&login).await?;
        links.push(json!({ "rel": "statusLink", "methodType": "GET", "href": format!("providerAccounts/{id}") }));
    }
    Ok((StatusCode::CREATED, Json(json!({ "statusLink": links }))).into_response())
}

/// `GET /consents`
pub async fn consents(caller: Caller, query: Query) -> Result<Json<Value>> {
    let wanted = ids(&query, "providerAccountIds", 100)?;
    let one = given(&query, "consentIds");
    let now = caller.simulator.shared.clock.now();
    let logins = caller.logins().await?;
    let logins = logins.iter().filter(|login| wanted.as_ref().is_none_or(|ids| ids.contains(&login.id)));
    let logins = logins.filter(|login| one.is_none_or(|id| id == consent_id(login).to_string()));
    let consent = |login: &ProviderAccount| {
        let until = login.consent_until?;
        let status = if login.revoked {
            "REVOKED"
        } else if until <= now {
            "EXPIRED"
        } else {
            "ACTIVE"
        };
        Some(json!({
            "consentId": consent_id(login), "providerAccountId": login.id, "providerId": provider_id(&login.institution),
            "consentStatus": status, "dataAccessFrequency": "RECURRING", "applicationDisplayName": "Linkspan",
            "title": "Share your data", "titleBody": "Your accounts are read.", "clientADR": "", "links": [],
            "preferences": [], "scope": [], "startDate": login.created_at.date_naive(),
            "startDateTime": time(login.created_at), "expirationDate": until.date_naive(),
            "expirationDateTime": time(until), "revokeDate": "", "revokeDateTime": "",
        }))
    };
    Ok(listed("consent", logins.filter_map(consent).collect()))
}
