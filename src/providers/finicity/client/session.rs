//! How a session stands. Connect hands nothing over: a first link shows as a login that the customer did not have before, a
//! repair as a login that works again, or as one in whose place another stands since the institution moved to OAuth.
//!
//! That the customer gave up shows only in their coming back; else a session is pending until its link has run out.

use std::collections::BTreeMap;

use crate::domain::secret::Secret;
use crate::net::Method;
use crate::providers::finicity::map::status;
use crate::providers::finicity::wire::account::Account;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::{Failure, FailureKind};

use super::accounts::accounts_of_customer;
use super::link::{Fix, Session, last_success, needs_customer};
use super::{Api, Login, Operation, refused};

const DELETE: Operation = Operation::repeatable("delete_login");
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
    let found = match &session.fix {
        None => new_login(&session, &accounts, &back).map(|id| LinkProgress::Linked(linked(&session, id))),
        Some(fix) => mended(api, &session, fix, &accounts, &back).await?,
    };
    Ok(match (found, back) {
        (Some(progress), _) => progress,
        (None, Back::Ended(end)) => LinkProgress::Ended(end),
        (None, _) if api.now().timestamp() >= session.ends => LinkProgress::Ended(AttemptEnd {
            cancelled: false,
            code: "SESSION_EXPIRED".to_owned(),
            message: None,
            provider_session_id: Some(session.id),
        }),
        (None, _) => LinkProgress::Pending,
    })
}

fn linked(session: &Session, id: String) -> Linked {
    let login = Login { customer: session.customer.clone(), id };
    Linked {
        credential: login.credential(),
        provider_connection_id: login.id,
        provider_session_id: Some(session.id.clone()),
    }
}

/// The login that this session brought. Another session of the customer's may be going on: as long as they are not back from this
/// one, a login at another institution than the chosen one is not taken for its result.
fn new_login(session: &Session, accounts: &[Account], back: &Back) -> Option<String> {
    let new = |account: &&Account| {
        account.status.as_deref() != Some("pending") && !session.known.contains(&account.institution_login_id.0)
    };
    let chosen = |account: &&Account| session.institution.as_ref().is_none_or(|id| *id == account.institution_id.0);
    let first = |wanted: &dyn Fn(&&Account) -> bool| {
        let found = accounts.iter().filter(new).filter(wanted);
        found.map(|account| account.institution_login_id.0.clone()).min()
    };
    // An institution may have another id since it moved to OAuth.
    first(&chosen).or_else(|| if *back == Back::No { None } else { first(&|_| true) })
}

/// Whether a repair succeeded.
async fn mended(
    api: &Api<'_>,
    session: &Session,
    fix: &Fix,
    accounts: &[Account],
    back: &Back,
) -> Result<Option<LinkProgress>, Failure> {
    let repaired = |credential: Option<Secret>| {
        Some(LinkProgress::Repaired { credential, provider_session_id: Some(session.id.clone()) })
    };
    let own: Vec<Account> =
        accounts.iter().filter(|account| account.institution_login_id.0 == fix.login).cloned().collect();
    if works(fix, &own, api, back) {
        return Ok(repaired(None));
    }
    // Migration moves the accounts; a repair at an institution with OAuth may add them anew.
    let moved = accounts
        .iter()
        .find(|account| fix.accounts.contains(&account.id.0) && account.institution_login_id.0 != fix.login);
    let other = moved.map(|account| account.institution_login_id.0.clone());
    let Some(id) = other.or_else(|| new_login(session, accounts, &Back::No)) else { return Ok(None) };
    let login = Login { customer: session.customer.clone(), id };
    if !own.is_empty() {
        // Else it is billed, and its accounts stand there twice.
        let old = Login { customer: session.customer.clone(), id: fix.login.clone() };
        delete(api, &old).await?;
    }
    Ok(repaired(Some(login.credential())))
}

/// Whether the login works, and because of this session: it did not before, or it was aggregated since.
fn works(fix: &Fix, own: &[Account], api: &Api<'_>, back: &Back) -> bool {
    let (condition, _) = status::condition(own, api.now());
    let since = last_success(own) > fix.since;
    !own.is_empty() && !needs_customer(condition) && (fix.broken || since || *back == Back::Succeeded)
}

/// Ends a login; one that is gone is ended.
pub async fn delete(api: &Api<'_>, login: &Login) -> Result<(), Failure> {
    match api.send(DELETE, Method::DELETE, login.path(), None).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
        Err(failure) => Err(failure),
    }
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
    Back::Ended(AttemptEnd {
        cancelled,
        code: if cancelled { "CANCELLED".to_owned() } else { code },
        message: None,
        provider_session_id: Some(session_id.to_owned()),
    })
}

#[cfg(test)]
mod tests;
