//! How a session stands: `/link/token/get`, and the exchange of what it brought.
//!
//! A **first link** has succeeded once Plaid shows a public token for it, or the page brings one; it is exchanged at once, for
//! it lives half an hour.
//!
//! **Update mode** has nothing to exchange, and Plaid has no single sign of its success. In this order:
//! 1. a visit with a result or the event `HANDOFF` succeeded, whatever came before or after it;
//! 2. the newest visit ended with an exit: the attempt is over;
//! 3. the newest visit ended without either (Plaid keeps complete visits only for hosted pages), or the page says that Link
//!    succeeded: the Item decides. Without an error it is repaired; with one, it is asked for again.
//!
//! **Without an Item** (a payment, a verification) there is nothing to exchange either, and it is the same with the object in the
//! Item's place.
//!
//! That the Item has no error is no sign by itself: it has none before a choice of accounts or a consent either.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::connection::Condition;
use crate::domain::secret::Secret;
use crate::providers::data::Observation;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::plaid::error::code;
use crate::providers::plaid::wire::link::{Session, TokenState};
use crate::providers::plaid::wire::{Exchanged, PlaidError};
use crate::providers::{Failure, FailureKind};

use super::alone::Wanted;
use super::{Api, Operation, items, refused};

const TOKEN_GET: Operation = Operation::repeatable("/link/token/get");
/// A second exchange of the same token fails or brings the same.
const EXCHANGE: Operation = Operation::repeatable("/item/public_token/exchange");

/// How long a visit that is going on when its token ends may still succeed. Plaid ends idle visits after 15 minutes.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// Asks how a session stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    if let Some(wanted) = Wanted::of(request)? {
        return without_item(api, &request.provider_session, &wanted, &request.input).await;
    }
    match (claim(&request.input)?, &request.credential) {
        (Claim::Left(end), _) => Ok(LinkProgress::Ended(end)),
        (Claim::Succeeded { public_token, session }, None) => exchange(api, &public_token, session).await,
        (Claim::Nothing, None) => first_link(api, &request.provider_session).await,
        (claim, Some(credential)) => {
            let claimed = matches!(claim, Claim::Succeeded { .. });
            update_mode(api, &request.provider_session, credential, claimed).await
        }
    }
}

async fn first_link(api: &Api<'_>, link_token: &Secret) -> Result<LinkProgress, Failure> {
    let Some(state) = token_state(api, link_token).await? else { return Ok(expired()) };
    match visit(&state) {
        Visit::Succeeded { public_token: Some(token), session } => match exchange(api, &token, session).await {
            // It was found too late, or an earlier exchange of it was not answered.
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(ended(AttemptEnd::LINK_LOST)),
            outcome => outcome,
        },
        Visit::Left(end) => Ok(LinkProgress::Ended(end)),
        visit => Ok(unfinished(&state, &visit, api.now())),
    }
}

async fn update_mode(
    api: &Api<'_>,
    link_token: &Secret,
    credential: &Secret,
    claimed: bool,
) -> Result<LinkProgress, Failure> {
    let Some(state) = token_state(api, link_token).await? else { return Ok(expired()) };
    match visit(&state) {
        Visit::Succeeded { session, .. } => Ok(repaired(session)),
        Visit::Left(end) => Ok(LinkProgress::Ended(end)),
        visit => {
            let may_be_done = claimed || matches!(visit, Visit::Silent { .. });
            if may_be_done && is_well(&items::status(api, credential).await?) {
                return Ok(repaired(visit.session_id().map(str::to_owned)));
            }
            Ok(unfinished(&state, &visit, api.now()))
        }
    }
}

/// Which object came of it is taken from Plaid's own record of the session alone: what the page says of it, anybody could. Once
/// somebody was there, the object counts before how they left: whoever has authorised a payment at their bank need not come back.
async fn without_item(
    api: &Api<'_>,
    link_token: &Secret,
    wanted: &Wanted,
    input: &LinkInput,
) -> Result<LinkProgress, Failure> {
    let told = claim_alone(input)?;
    let Some(state) = token_state(api, link_token).await? else { return Ok(expired()) };
    let visit = visit(&state);
    let is_idle = visit == Visit::None && matches!(told, Claim::Nothing);
    if let Some(object) = wanted.object(visit.session_id()).filter(|_| !is_idle)
        && (matches!(visit, Visit::Succeeded { .. }) || object.has_come(api).await?)
    {
        return Ok(LinkProgress::Linked(object.linked(visit.session_id().map(str::to_owned))));
    }
    match (told, visit) {
        (Claim::Left(end), _) | (_, Visit::Left(end)) => Ok(LinkProgress::Ended(end)),
        (_, visit) => Ok(unfinished(&state, &visit, api.now())),
    }
}

/// The Item keeps its access token.
fn repaired(session: Option<String>) -> LinkProgress {
    LinkProgress::Repaired { credential: None, provider_session_id: session }
}

/// Whether the Item has no error that keeps the customer's work from being done.
fn is_well(item: &Observation) -> bool {
    item.code.is_none() || item.condition == Condition::HEALTHY
}

/// What the session's token says; `None` once Plaid no longer knows it.
async fn token_state(api: &Api<'_>, link_token: &Secret) -> Result<Option<TokenState>, Failure> {
    match api.post(TOKEN_GET, &json!({ "link_token": link_token.expose() })).await {
        Ok(state) => Ok(Some(state)),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn exchange(api: &Api<'_>, public_token: &Secret, session: Option<String>) -> Result<LinkProgress, Failure> {
    let item: Exchanged = api.post(EXCHANGE, &json!({ "public_token": public_token.expose() })).await?;
    Ok(LinkProgress::Linked(Linked {
        credential: item.access_token,
        provider_connection_id: item.item_id.0,
        provider_session_id: session,
        withheld: Default::default(),
    }))
}

/// Where the customer is.
#[derive(Debug, PartialEq, Eq)]
enum Visit {
    /// Not there yet.
    None,
    /// On the way.
    Open { session: Option<String> },
    /// Link succeeded.
    Succeeded { public_token: Option<Secret>, session: Option<String> },
    /// It is over, and Plaid does not say how.
    Silent { session: Option<String> },
    /// The customer left.
    Left(AttemptEnd),
}

impl Visit {
    fn session_id(&self) -> Option<&str> {
        match self {
            Self::Open { session } | Self::Succeeded { session, .. } | Self::Silent { session } => session.as_deref(),
            Self::Left(end) => end.provider_session_id.as_deref(),
            Self::None => None,
        }
    }
}

/// The visit that counts: one that succeeded, else the newest.
fn visit(state: &TokenState) -> Visit {
    let visits = || state.link_sessions.iter().flatten();
    let succeeded = visits().filter(|visit| has_succeeded(visit));
    if let Some(visit) = succeeded.max_by_key(|visit| (public_token(visit).is_some(), visit.started_at)) {
        return Visit::Succeeded { public_token: public_token(visit).cloned(), session: session_id(visit) };
    }
    let Some(newest) = visits().max_by_key(|visit| visit.started_at) else { return Visit::None };
    let session = session_id(newest);
    match (newest.exit.as_ref().or(newest.on_exit.as_ref()), newest.finished_at) {
        (Some(exit), _) => Visit::Left(end(exit.error.as_ref(), session)),
        (None, Some(_)) => Visit::Silent { session },
        (None, None) => Visit::Open { session },
    }
}

fn has_succeeded(visit: &Session) -> bool {
    let handed_off = || visit.events.iter().flatten().any(|event| event.event_name.as_deref() == Some("HANDOFF"));
    public_token(visit).is_some() || visit.on_success.is_some() || handed_off()
}

/// What a visit brought. Sessions link one Item: several are not asked for.
fn public_token(visit: &Session) -> Option<&Secret> {
    let results = visit.results.iter().flat_map(|results| results.item_add_results.iter().flatten());
    let tokens = results.chain(&visit.on_success).filter_map(|success| success.public_token.as_ref());
    tokens.into_iter().find(|token| !token.expose().is_empty())
}

fn session_id(visit: &Session) -> Option<String> {
    visit.link_session_id.as_deref().and_then(support_id)
}

/// An id for support, as it may be stored.
fn support_id(id: &str) -> Option<String> {
    let plain = (1..=100).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| id.to_owned())
}

/// Why the customer left, in the words of rules B16 and D9.
fn end(error: Option<&PlaidError>, session: Option<String>) -> AttemptEnd {
    let error = error.filter(|error| error.error_code.as_deref().is_some_and(|code| !code.is_empty()));
    let own = error.map(code);
    let code = match own.as_deref() {
        None => AttemptEnd::CANCELLED,
        Some("INVALID_UPDATED_USERNAME") => AttemptEnd::DIFFERENT_LOGIN,
        // Asked again and again, the customer withheld what must be there (B12).
        Some("ACCESS_NOT_GRANTED") => "REQUIRED_PRODUCT_NOT_GRANTED",
        Some(own) => own,
    };
    AttemptEnd::of(code).in_session(session)
}

fn expired() -> LinkProgress {
    ended(AttemptEnd::SESSION_EXPIRED)
}

fn ended(code: &str) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(code))
}

/// A session without a result: open, until its token has ended and nobody is on the way any more.
fn unfinished(state: &TokenState, visit: &Visit, now: DateTime<Utc>) -> LinkProgress {
    let grace = if matches!(visit, Visit::Open { .. }) { GRACE } else { TimeDelta::zero() };
    match state.expiration {
        Some(expiration) if now.signed_duration_since(expiration) > grace => expired(),
        _ => LinkProgress::Pending,
    }
}

/// What the front end says.
enum Claim {
    Nothing,
    Succeeded { public_token: Secret, session: Option<String> },
    Left(AttemptEnd),
}

/// What Plaid's script gave to `onSuccess` or `onExit`.
#[derive(Deserialize)]
struct ScriptResult {
    public_token: Option<Secret>,
    error: Option<PlaidError>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    link_session_id: Option<String>,
}

fn claim(input: &LinkInput) -> Result<Claim, Failure> {
    match input {
        LinkInput::Nothing | LinkInput::Callback(_) => Ok(Claim::Nothing),
        LinkInput::PublicToken(token) => Ok(Claim::Succeeded { public_token: token.clone(), session: None }),
        LinkInput::Result(value) => script_result(value),
    }
}

fn script_result(value: &Value) -> Result<Claim, Failure> {
    let result: ScriptResult = serde_json::from_value(value.clone()).map_err(|_| not_a_result())?;
    let session = result.metadata.and_then(|metadata| metadata.link_session_id).as_deref().and_then(support_id);
    match result.public_token.filter(|token| !token.expose().is_empty()) {
        Some(public_token) => Ok(Claim::Succeeded { public_token, session }),
        None if value.get("error").is_some() => Ok(Claim::Left(end(result.error.as_ref(), session))),
        None => Err(not_a_result()),
    }
}

/// The same of a session without an Item, which has no public token, or none that counts.
fn claim_alone(input: &LinkInput) -> Result<Claim, Failure> {
    match input {
        LinkInput::Result(value) if value.get("error").is_none() && value["metadata"].is_object() => {
            Ok(Claim::Succeeded { public_token: Secret::new(""), session: None })
        }
        input => claim(input),
    }
}

fn not_a_result() -> Failure {
    refused("RESULT", "this is not what Plaid's script gives to a page")
}

#[cfg(test)]
mod tests;
