//! How a visit to FastLink stands. What the browser brings back is a hint at most: it says that the visit is over, and perhaps which login came
//! of it. Whether there is one, and how it fares, is asked of Yodlee.
//!
//! A **first link** has succeeded once the user has a login that was not there before, and its accounts are known. A **repair** has succeeded
//! once the login was updated after the visit began, and nothing is left for the customer to mend.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use crate::domain::product::Product;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::status::{Update, failure_code, observation, update};
use crate::providers::yodlee::wire::account::Account;
use crate::providers::yodlee::wire::provider_account::ProviderAccount;
use crate::providers::{Failure, FailureKind};

use super::credential::{Aim, Credential, Session};
use super::link::attempted;
use super::{Api, accounts, logins, refused};

/// How long a visit that was begun just in time may still succeed: FastLink ends one that is idle for so long.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// Asks how a visit stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let session = Session::read(&request.provider_session)?;
    let claim = claim(&request.input)?;
    match &session.aim {
        Aim::Add { institution, known } => {
            let mut new = logins::list(api, &session.user).await?;
            new.retain(|login| {
                let is_asked = institution
                    .as_ref()
                    .is_none_or(|id| login.provider_id.map(|it| it.to_string()) == Some(id.clone()));
                is_asked && !known.contains(&login.id.to_string())
            });
            first_link(api, &session, &claim, new).await
        }
        Aim::Edit { login, attempted } => {
            let credential =
                request.credential.as_ref().ok_or_else(|| refused("CREDENTIAL", "a repair needs its link"))?;
            let credential = Credential::read(credential)?;
            if credential.login != *login {
                return Err(refused("SESSION", "this session repairs another link"));
            }
            repair(api, &session, &claim, &credential, attempted.as_deref()).await
        }
    }
}

async fn first_link(
    api: &Api<'_>,
    session: &Session,
    claim: &Claim,
    new: Vec<ProviderAccount>,
) -> Result<LinkProgress, Failure> {
    let rank = |login: &ProviderAccount| {
        let claimed = claim.login.as_deref() == Some(&login.id.to_string());
        (claimed, matches!(update(login), Update::Done | Update::Summarised), login.id)
    };
    let Some(login) = new.into_iter().max_by_key(rank) else { return Ok(unfinished(api, session, claim)) };
    let is_over = claim.is_over || is_expired(api, session);
    match update(&login) {
        Update::Done | Update::Summarised => link(api, session, &login).await,
        // Yodlee goes on without the customer, unless it waits for an answer of theirs.
        Update::LoggingIn if is_over && login.status.as_deref() == Some("USER_INPUT_REQUIRED") => {
            logins::remove(api, &session.user, &login.id.to_string()).await?;
            Ok(unfinished(api, session, claim))
        }
        Update::LoggingIn | Update::Fetching if is_expired(api, session) => {
            Ok(ended(AttemptEnd::SESSION_EXPIRED, &login))
        }
        Update::LoggingIn | Update::Fetching => Ok(LinkProgress::Pending),
        // Nothing comes of it any more; in FastLink the customer could have tried again.
        Update::Failed if is_over => {
            logins::remove(api, &session.user, &login.id.to_string()).await?;
            Ok(failed(&login))
        }
        Update::Failed => Ok(LinkProgress::Pending),
    }
}

async fn link(api: &Api<'_>, session: &Session, login: &ProviderAccount) -> Result<LinkProgress, Failure> {
    let id = login.id.to_string();
    let mut credential =
        Credential { user: session.user.clone(), login: id.clone(), profile: session.profile, accounts: Vec::new() };
    let include = if session.profile { accounts::PROFILE_FIELDS } else { "" };
    let found = accounts::of_login(api, &credential, include).await?;
    if found.is_empty() {
        logins::remove(api, &session.user, &id).await?;
        return Ok(ended(AttemptEnd::NO_ACCOUNTS, login));
    }
    credential.accounts = found.iter().map(|account| account.id.to_string()).collect();
    Ok(LinkProgress::Linked(Linked {
        credential: credential.secret(),
        provider_connection_id: id,
        provider_session_id: support_id(login),
        withheld: if session.profile { withheld(login, found) } else { BTreeSet::new() },
    }))
}

/// What of numbers and holders, which were asked for, a login did not bring. As long as it is updated they may still come.
fn withheld(login: &ProviderAccount, found: Vec<Account>) -> BTreeSet<Product> {
    if update(login) != Update::Done {
        return BTreeSet::new();
    }
    let accounts: Vec<_> = found.into_iter().map(|account| map::accounts::account(account, true, true)).collect();
    let given = [
        (Product::Identifiers, accounts.iter().any(|account| account.identifiers.is_some())),
        (Product::Owners, accounts.iter().any(|account| account.owners.is_some())),
    ];
    given.into_iter().filter(|(_, came)| !came).map(|(product, _)| product).collect()
}

async fn repair(
    api: &Api<'_>,
    session: &Session,
    claim: &Claim,
    credential: &Credential,
    before: Option<&str>,
) -> Result<LinkProgress, Failure> {
    let login = logins::get(api, &credential.user, &credential.login).await?;
    if attempted(&login).as_deref() == before {
        return Ok(unfinished(api, session, claim));
    }
    match update(&login) {
        Update::LoggingIn | Update::Fetching if is_expired(api, session) => {
            Ok(ended(AttemptEnd::SESSION_EXPIRED, &login))
        }
        Update::LoggingIn | Update::Fetching => Ok(LinkProgress::Pending),
        Update::Done | Update::Summarised if !observation(&login, &[]).condition.status.needs_customer() => {
            repaired(api, session, credential, &login).await
        }
        _ if claim.is_over || is_expired(api, session) => Ok(failed(&login)),
        _ => Ok(LinkProgress::Pending),
    }
}

async fn repaired(
    api: &Api<'_>,
    session: &Session,
    credential: &Credential,
    login: &ProviderAccount,
) -> Result<LinkProgress, Failure> {
    let found = accounts::of_login(api, credential, "").await?;
    if !accounts::is_same_login(credential, &found) {
        return Ok(ended(AttemptEnd::DIFFERENT_LOGIN, login));
    }
    let accounts = found.iter().map(|account| account.id.to_string()).collect();
    let renewed = Credential { profile: session.profile, accounts, ..credential.clone() };
    Ok(LinkProgress::Repaired {
        credential: (renewed != *credential).then(|| renewed.secret()),
        provider_session_id: support_id(login),
    })
}

/// A visit that has brought nothing yet.
fn unfinished(api: &Api<'_>, session: &Session, claim: &Claim) -> LinkProgress {
    let code = match claim.is_over {
        true => AttemptEnd::CANCELLED,
        false if is_expired(api, session) => AttemptEnd::SESSION_EXPIRED,
        false => return LinkProgress::Pending,
    };
    LinkProgress::Ended(AttemptEnd::of(code))
}

fn ended(code: &str, login: &ProviderAccount) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(code).in_session(support_id(login)))
}

/// The end of an attempt that failed, with Yodlee's reason.
fn failed(login: &ProviderAccount) -> LinkProgress {
    match failure_code(login).as_deref() {
        // Nothing was there to be aggregated (B16).
        Some("DATA_NOT_AVAILABLE") => ended(AttemptEnd::NO_ACCOUNTS, login),
        Some(code) => ended(code, login),
        None => ended("FAILED", login),
    }
}

fn is_expired(api: &Api<'_>, session: &Session) -> bool {
    api.now() >= session.expires_at + GRACE
}

/// Yodlee's id of what the customer did, as it may be stored.
fn support_id(login: &ProviderAccount) -> Option<String> {
    let id = login.request_id.clone()?;
    ((1..=100).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())).then_some(id)
}

/// What the browser says.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    /// The customer has left FastLink.
    is_over: bool,
    /// The login that came of it.
    login: Option<String>,
}

fn claim(input: &LinkInput) -> Result<Claim, Failure> {
    match input {
        LinkInput::Nothing => Ok(Claim { is_over: false, login: None }),
        // FastLink's way back; what else stands in its query is documented nowhere.
        LinkInput::Callback(query) => {
            Ok(Claim { is_over: true, login: query.get("providerAccountId").filter(|id| is_id(id)).cloned() })
        }
        LinkInput::Result(value) => result(value),
        LinkInput::PublicToken(_) => Err(not_a_result()),
    }
}

/// What FastLink's script gave to `onSuccess`, `onError` or `onClose`: fields of one login, or a list of them.
fn result(value: &Value) -> Result<Claim, Failure> {
    const FIELDS: [&str; 6] = ["sites", "providerAccountId", "action", "status", "code", "reason"];
    if !FIELDS.iter().any(|field| value.get(field).is_some()) {
        return Err(not_a_result());
    }
    let sites = value["sites"].as_array().into_iter().flatten();
    let ids = sites.chain([value]).filter_map(|one| match &one["providerAccountId"] {
        Value::Number(id) => Some(id.to_string()),
        Value::String(id) => Some(id.clone()),
        _ => None,
    });
    Ok(Claim { is_over: true, login: ids.take(100).find(|id| is_id(id)) })
}

fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn not_a_result() -> Failure {
    let mut failure = refused("RESULT", "this is not what FastLink gives to a page");
    failure.kind = FailureKind::Invalid;
    failure
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_browser_says_that_a_visit_is_over_and_perhaps_what_came_of_it() {
        let of = |value: Value| claim(&LinkInput::Result(value)).ok().map(|claim| claim.login);
        let id = || Some(Some("10502782".to_owned()));
        assert_eq!(of(json!({ "sites": [{ "providerAccountId": 10502782, "status": "SUCCESS" }] })), id());
        assert_eq!(of(json!({ "providerAccountId": "10502782", "requestId": "r" })), id());
        assert_eq!(of(json!({ "action": "exit", "status": "USER_CLOSE_ACTION" })), Some(None));
        assert_eq!(of(json!({ "sites": [], "providerAccountId": "../../10502782" })), Some(None));
        for odd in [json!(null), json!([]), json!("exit"), json!({ "unheard": ["of"] })] {
            assert_eq!(of(odd.clone()), None, "{odd}");
        }
        assert!(claim(&LinkInput::Callback(Default::default())).unwrap().is_over);
        assert!(!claim(&LinkInput::Nothing).unwrap().is_over);
        assert!(claim(&LinkInput::PublicToken(crate::domain::secret::Secret::new("t"))).is_err());
    }
}
