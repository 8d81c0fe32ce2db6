//! How a web form stands. What the browser brings back is a hint at most: finAPI is asked.

use crate::providers::finapi::wire::WebForm;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::{Failure, FailureKind};

use super::credential::{Credential, Session};
use super::{Api, connections, link, notifications, refused};

/// The import's error where the user has that login already.
const EXISTS: &str = "ENTITY_EXISTS";
/// How an attempt ends whose login is linked already.
const DUPLICATE: &str = "DUPLICATE_CONNECTION";

/// Asks how a form stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let session = Session::read(&request.provider_session)?;
    if matches!(request.input, LinkInput::PublicToken(_) | LinkInput::Result(_)) {
        let mut failure = refused("RESULT", "the web form gives nothing to a page");
        failure.kind = FailureKind::Invalid;
        return Err(failure);
    }
    let form = link::form(api, &session.user, &session.form).await?;
    match form.status.as_str() {
        "NOT_YET_OPENED" | "IN_PROGRESS" => Ok(LinkProgress::Pending),
        "COMPLETED" => completed(api, session, form, request).await,
        "ABORTED" => Ok(ended(AttemptEnd::CANCELLED, form)),
        "EXPIRED" => Ok(ended(AttemptEnd::SESSION_EXPIRED, form)),
        "COMPLETED_WITH_ERROR" if session.updates.is_none() && form.payload.error_code.as_deref() == Some(EXISTS) => {
            existing(api, session, form).await
        }
        "COMPLETED_WITH_ERROR" => {
            let code = form.payload.error_code.clone().filter(|code| is_code(code));
            let code = match code.as_deref() {
                // Nothing was there to be imported (B16).
                Some("NO_ACCOUNTS_FOR_TYPE_LIST") => AttemptEnd::NO_ACCOUNTS,
                Some(code) => code,
                None => "FAILED",
            };
            Ok(ended(code, form))
        }
        _ => Err(Failure::unreadable("status of a web form")),
    }
}

async fn completed(
    api: &Api<'_>,
    session: Session,
    form: WebForm,
    request: &LinkContinuation,
) -> Result<LinkProgress, Failure> {
    let connection = form.payload.bank_connection_id;
    let Some((updated, known)) = &session.updates else {
        let connection = connection.ok_or_else(|| Failure::unreadable("bankConnectionId of a completed form"))?;
        return linked(api, session, connection, form).await;
    };
    let credential = request.credential.as_ref().ok_or_else(|| refused("CREDENTIAL", "a repair needs its link"))?;
    if Credential::read(credential)?.connection != *updated {
        return Err(refused("SESSION", "this session repairs another link"));
    }
    // Another login leaves none of the accounts that were there (D9).
    let found = connections::of_connection(api, &session.user, *updated).await?;
    if !known.is_empty() && !found.iter().any(|account| known.contains(&account.id)) {
        return Ok(ended(AttemptEnd::DIFFERENT_LOGIN, form));
    }
    Ok(LinkProgress::Repaired { credential: None, provider_session_id: Some(form.id) })
}

/// The customer's finAPI user has that login already (G4): an earlier session may have been lost after its import. Whether another
/// connection holds it is not known here; that is found out where it is stored.
async fn existing(api: &Api<'_>, session: Session, form: WebForm) -> Result<LinkProgress, Failure> {
    let mut there = connections::of_user(api, &session.user).await?;
    there.retain(|one| session.bank.is_none_or(|bank| one.bank.id == bank));
    let [one] = there.as_slice() else {
        // Which of several logins it was, finAPI does not say.
        return Ok(ended(DUPLICATE, form));
    };
    if one.account_ids.is_empty() {
        return Ok(ended(AttemptEnd::NO_ACCOUNTS, form));
    }
    let credential = Credential { user: session.user, connection: one.id };
    if session.notify {
        notifications::subscribe(api, &credential).await;
    }
    Ok(LinkProgress::Linked(Linked {
        credential: credential.secret(),
        provider_connection_id: one.id.to_string(),
        provider_session_id: Some(form.id),
        withheld: Default::default(),
    }))
}

async fn linked(api: &Api<'_>, session: Session, connection: i64, form: WebForm) -> Result<LinkProgress, Failure> {
    let there = connections::get(api, &session.user, connection).await?;
    let credential = Credential { user: session.user, connection };
    if there.account_ids.is_empty() {
        connections::remove(api, &credential).await?;
        return Ok(ended(AttemptEnd::NO_ACCOUNTS, form));
    }
    if session.notify {
        notifications::subscribe(api, &credential).await;
    }
    Ok(LinkProgress::Linked(Linked {
        credential: credential.secret(),
        provider_connection_id: connection.to_string(),
        provider_session_id: Some(form.id),
        withheld: Default::default(),
    }))
}

fn ended(code: &str, form: WebForm) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(code).in_session(Some(form.id)))
}

fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}
