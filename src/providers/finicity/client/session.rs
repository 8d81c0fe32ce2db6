//! How a session stands. Connect hands nothing over: a first link shows as a login that the customer did not have before, a
//! repair as a login that works again, or as one in whose place another stands since the institution moved to OAuth.
//!
//! That the customer gave up shows only in their coming back; else a session is pending until its link has run out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::finicity::map::status;
use crate::providers::finicity::wire::account::Account;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};

use super::accounts::accounts_of_customer;
use super::link::{Fix, Session, last_success, needs_customer};
use super::{Api, Login, refused};

/// The longest code of an end.
const LONGEST_CODE: usize = 60;

/// What the customer's way back says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// They are not back.
    No,
    /// Connect says that it succeeded.
    Succeeded,
    /// They are back without a word of success.
    Ended(AttemptEnd),
}

/// Asks how a session stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let Some(session) = Session::read(&request.provider_session) else {
        return Err(refused("SESSION", "Finicity has no such session"));
    };
    let back = match &request.input {
        LinkInput::Nothing => Back::No,
        LinkInput::Callback(query) => way_back(query, &session.id),
        _ => return Err(refused("INPUT", "Connect hands nothing over: it is asked how the customer's accounts stand")),
    };
    let accounts = accounts_of_customer(api, &session.customer).await?;
    let seen = Seen { now: api.now(), back: &back };
    let found = match &session.fix {
        None => new_login(&session, &accounts, &back).map(|id| LinkProgress::Linked(linked(&session, id))),
        Some(fix) => mended(&session, fix, request, &accounts, seen)?,
    };
    Ok(match (found, back) {
        (Some(progress), _) => progress,
        (None, Back::Ended(end)) => LinkProgress::Ended(end),
        (None, _) if api.now().timestamp() >= session.ends => {
            LinkProgress::Ended(AttemptEnd::of(AttemptEnd::SESSION_EXPIRED).in_session(Some(session.id)))
        }
        (None, _) => LinkProgress::Pending,
    })
}

fn linked(session: &Session, id: String) -> Linked {
    let login = Login { customer: session.customer.clone(), id, retired: Vec::new() };
    Linked {
        credential: login.credential(),
        provider_connection_id: login.id,
        provider_session_id: Some(session.id.clone()),
        withheld: Default::default(),
    }
}

/// The accounts that this session may have brought, by the ids of their logins. Another session of the customer's may be going on:
/// as long as they are not back from this one, a login at another institution than the chosen one is not taken for its result.
fn new_accounts<'a>(session: &Session, accounts: &'a [Account], back: &Back) -> Vec<&'a Account> {
    let new = |account: &&Account| !account.is_pending() && !session.known.contains(&account.institution_login_id.0);
    let chosen = |account: &&Account| session.institution.as_ref().is_none_or(|id| *id == account.institution_id.0);
    let mut found: Vec<&Account> = accounts.iter().filter(new).collect();
    // An institution may have another id since it moved to OAuth.
    if *back == Back::No || found.iter().any(chosen) {
        found.retain(chosen);
    }
    found.sort_by(|a, b| a.institution_login_id.0.cmp(&b.institution_login_id.0));
    found
}

/// The login that this session brought.
fn new_login(session: &Session, accounts: &[Account], back: &Back) -> Option<String> {
    new_accounts(session, accounts, back).first().map(|account| account.institution_login_id.0.clone())
}

/// What came of a repair, if it is known. Another login mends nothing (D9). Nothing is deleted here: a login that was replaced ends
/// with the connection.
fn mended(
    session: &Session,
    fix: &Fix,
    request: &LinkContinuation,
    accounts: &[Account],
    seen: Seen<'_>,
) -> Result<Option<LinkProgress>, Failure> {
    let repaired = |credential: Option<Secret>| {
        Ok(Some(LinkProgress::Repaired { credential, provider_session_id: Some(session.id.clone()) }))
    };
    let different = || Ok(Some(LinkProgress::Ended(different_login(session))));
    let own: Vec<Account> =
        accounts.iter().filter(|account| account.institution_login_id.0 == fix.login).cloned().collect();
    if !own.is_empty() && !own.iter().any(|account| fix.knows(account)) {
        return different();
    }
    let (condition, _) = status::condition(&own, seen.now);
    let works = !own.is_empty() && !needs_customer(condition);
    if works && (fix.broken || last_success(&own) > fix.since) {
        return repaired(None);
    }
    // Migration moves the accounts; a repair at an institution with OAuth may add them anew.
    let moved = accounts
        .iter()
        .find(|account| fix.accounts.contains(&account.id.0) && account.institution_login_id.0 != fix.login);
    let brought = new_accounts(session, accounts, seen.back);
    if let Some(account) = moved.or_else(|| brought.iter().copied().find(|account| fix.knows(account))) {
        let before = request.credential.as_ref().map(Login::read).transpose()?;
        let mut retired = before.map(|login| login.retired).unwrap_or_default();
        if !own.is_empty() {
            retired.push(fix.login.clone());
        }
        let id = account.institution_login_id.0.clone();
        let login = Login { customer: session.customer.clone(), id, retired };
        return repaired(Some(login.credential()));
    }
    match seen.back {
        // As long as the customer is not back, another session may have brought it.
        Back::Succeeded if !brought.is_empty() => different(),
        Back::Succeeded if works => repaired(None),
        _ => Ok(None),
    }
}

/// When a session is looked at, and what the customer's way back said.
#[derive(Clone, Copy)]
struct Seen<'a> {
    now: DateTime<Utc>,
    back: &'a Back,
}

fn different_login(session: &Session) -> AttemptEnd {
    AttemptEnd::of(AttemptEnd::DIFFERENT_LOGIN).in_session(Some(session.id.clone()))
}

/// What the redirect's query says. Its names are not described officially: pages of Finicity's show `success` with `reasonCode`,
/// its SDKs `code` with `reason`. What is not understood is read as a customer who came back without a result.
fn way_back(query: &BTreeMap<String, String>, session_id: &str) -> Back {
    let first = |names: [&str; 2]| names.into_iter().find_map(|name| query.get(name)).map(String::as_str);
    let reason = first(["reasonCode", "reason"]).unwrap_or_default();
    if matches!(first(["success", "code"]), Some("true" | "200")) || matches!(reason, "OK" | "complete") {
        return Back::Succeeded;
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let code: String = reason.chars().map(plain).take(LONGEST_CODE).collect();
    let cancelled = matches!(code.as_str(), "" | "CANCEL" | "CANCELLED" | "EXIT" | "USER_EXIT");
    let code = if cancelled { AttemptEnd::CANCELLED.to_owned() } else { code };
    Back::Ended(AttemptEnd::of(code).in_session(Some(session_id.to_owned())))
}

#[cfg(test)]
mod tests;
