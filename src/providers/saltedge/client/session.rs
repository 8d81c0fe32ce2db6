//! How a visit of the customer's goes on. Salt Edge knows no sessions: what a visit has brought shows in the customer's connections. What the
//! browser says is believed only as to whether the visit is over.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::saltedge::error::{self, DIFFERENT_LOGIN};
use crate::providers::saltedge::map::status::{failure, is_in, may_be_of};
use crate::providers::saltedge::wire::{Attempt, Connection};
use crate::providers::{Failure, FailureKind, Persistence};

use super::{Api, Credential, data, id, link, parse, text};

/// How long a visit may last that began at the last moment.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// A visit to their page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Our id of it, which is sent with it.
    pub id: String,
    /// The customer's id at Salt Edge.
    pub customer: String,
    /// When the page can no longer be opened.
    pub expires_at: DateTime<Utc>,
    /// What for.
    pub aim: Aim,
}

/// What a visit is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// A new connection.
    Connect {
        /// Those that were there already.
        known: Vec<String>,
    },
    /// A connection that is there.
    Reconnect {
        /// Which.
        connection: String,
        /// Its last attempt before.
        attempt: Option<String>,
    },
}

impl Session {
    /// As it is kept.
    pub fn secret(&self) -> Secret {
        text(self)
    }
}

/// What the browser says.
struct Claim<'a> {
    is_over: bool,
    error_class: Option<&'a str>,
}

/// How a session stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let session: Session = parse(&request.provider_session)?;
    let claim = claim(&request.input)?;
    let found = found(api, &session).await?;
    let attempt = found.as_ref().and_then(|one| one.last_attempt.as_ref());
    if let Some(one) = found.as_ref().filter(|_| attempt.is_some_and(is_in)) {
        return Ok(finished(&session, one));
    }
    let failed = attempt.and_then(failure);
    if let (Some(one), Some(class), true) = (&found, &failed, claim.is_over) {
        if matches!(session.aim, Aim::Connect { .. }) {
            // A connection that never worked is of no use to anybody.
            remove(api, &one.id).await?;
        }
        return Ok(ended(class));
    }
    let is_running = attempt.is_some() && failed.is_none();
    let is_late = session.expires_at + GRACE <= api.now();
    Ok(match claim {
        Claim { error_class: Some(class), .. } => ended(class),
        Claim { is_over: true, .. } if !is_running => end(AttemptEnd::CANCELLED),
        _ if is_late => end(AttemptEnd::SESSION_EXPIRED),
        _ => LinkProgress::Pending,
    })
}

/// The connection that the visit has worked on.
async fn found(api: &Api<'_>, session: &Session) -> Result<Option<Connection>, Failure> {
    match &session.aim {
        Aim::Connect { known } => {
            let mut new = link::connections(api, &session.customer).await?;
            let is_others = |attempt: &Attempt| !may_be_of(attempt, &session.id);
            new.retain(|one| !known.contains(&one.id) && !one.last_attempt.as_ref().is_some_and(is_others));
            // One that works, where the customer tried more than once.
            new.sort_by_key(|one| one.last_attempt.as_ref().is_some_and(is_in));
            Ok(new.pop())
        }
        Aim::Reconnect { connection, attempt } => {
            let shown = data::show(api, connection, "").await?;
            let last = shown.last_attempt.as_ref();
            let is_new = last.and_then(|last| last.id.as_ref()) != attempt.as_ref();
            Ok((is_new && last.is_none_or(|last| may_be_of(last, &session.id))).then_some(shown))
        }
    }
}

fn finished(session: &Session, connection: &Connection) -> LinkProgress {
    let attempt = connection.last_attempt.as_ref().and_then(|attempt| attempt.id.clone());
    let provider_session_id = attempt.filter(|attempt| id(attempt).is_ok());
    if matches!(session.aim, Aim::Reconnect { .. }) {
        return LinkProgress::Repaired { credential: None, provider_session_id };
    }
    let credential = Credential { customer: session.customer.clone(), connection: connection.id.clone() };
    LinkProgress::Linked(Linked {
        credential: credential.secret(),
        provider_connection_id: connection.id.clone(),
        provider_session_id,
        withheld: Default::default(),
    })
}

fn ended(class: &str) -> LinkProgress {
    end(&if class == DIFFERENT_LOGIN { AttemptEnd::DIFFERENT_LOGIN.to_owned() } else { error::plain(class) })
}

fn end(code: &str) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(code))
}

/// Ends a connection; one that is not there any more is ended.
pub async fn remove(api: &Api<'_>, connection: &str) -> Result<(), Failure> {
    match api.delete("DELETE /connections/{id}", &format!("/connections/{}", id(connection)?)).await {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn claim(input: &LinkInput) -> Result<Claim<'_>, Failure> {
    match input {
        LinkInput::Nothing => Ok(Claim { is_over: false, error_class: None }),
        LinkInput::Callback(query) => {
            let class = query.get("error_class").map(String::as_str).filter(|class| !class.is_empty());
            Ok(Claim { is_over: true, error_class: class })
        }
        LinkInput::Result(_) | LinkInput::PublicToken(_) => {
            let message = "this provider hands nothing to a page: the customer comes back by the address";
            Err(Failure::new(FailureKind::Invalid, Persistence::Permanent, "RESULT", message))
        }
    }
}
