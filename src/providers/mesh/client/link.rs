//! A visit to Link: opened with a link token, and over when the page hands over what Link gave it.
//!
//! Mesh has no server-side exchange: the tokens come by the browser. They are believed once each of them reads the account that it is said
//! to be of, at the institution that was chosen.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::providers::link::{
    AttemptEnd, Launch, LaunchScript, LinkBegun, LinkContinuation, LinkInput, LinkProgress, LinkPurpose, LinkRequest,
    Linked,
};
use crate::providers::mesh::map;
use crate::providers::mesh::wire::{Connected, Handed, LinkToken};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::{Account, Credential, Lives, Session, read, sealed};
use super::{Api, Operation, present, reading, tokens};

const LINK_TOKEN: Operation = Operation::once("POST /api/v1/linktoken", "/api/v1/linktoken");

/// A link token is good for ten minutes, and a visit that was begun just in time goes on.
const LIFE: TimeDelta = TimeDelta::minutes(10);
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// The most accounts of one link.
const MOST_ACCOUNTS: usize = 100;

/// What a page of ours needs. Our own script opens Link in a frame, as Mesh's package does, so that no other script is in the page to which
/// the tokens come.
pub static LAUNCH_SCRIPT: LaunchScript = LaunchScript {
    source: include_str!("../launch.js"),
    script_src: "",
    frame_src: "'self' https://*.meshconnect.com",
    connect_src: "'self'",
};

/// Opens a visit.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let (user, integration) = match &request.purpose {
        LinkPurpose::Connect(_) => (request.customer_ref.clone(), request.institution.clone()),
        LinkPurpose::Repair { credential, .. } => {
            let credential: Credential = read(credential)?;
            (credential.user, credential.integration)
        }
    };
    // One institution is one link of ours.
    let mut body = json!({ "userId": user, "restrictMultipleAccounts": true });
    if let Some(integration) = &integration {
        body["integrationId"] = json!(integration);
    }
    let made: LinkToken = api.ask(LINK_TOKEN, Some(&body)).await?;
    let token = present(made.link_token, "the link token")?;
    let expires_at = api.now() + LIFE;
    Ok(LinkBegun {
        launch: Launch::Script {
            script_url: api.config().script_url.clone(),
            token: token.expose().to_owned(),
            config: Map::new(),
        },
        provider_session: sealed(&Session { user, integration, expires_at }),
        issued: Some(token),
        expires_at,
        request_id: None,
    })
}

/// Takes what the page handed over; without that, nobody but the customer knows how the visit stands.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let session: Session = read(&request.provider_session)?;
    let LinkInput::Result(result) = &request.input else {
        let over = session.expires_at + GRACE <= api.now();
        return Ok(if over { ended(AttemptEnd::SESSION_EXPIRED) } else { LinkProgress::Pending });
    };
    match handed(result)? {
        Handed { access_token: Some(connected), .. } => take(api, request, &session, connected).await,
        Handed { delayed_auth: Some(delayed), .. } => {
            let connected = tokens::delayed(api, delayed).await?;
            take(api, request, &session, connected).await
        }
        Handed { error: Some(error), .. } if !error.is_empty() => Ok(ended("LINK_FAILED")),
        Handed { exited: true, .. } => Ok(ended(AttemptEnd::CANCELLED)),
        _ => Err(odd("this is nothing that Link gives: hand over what it gave to onIntegrationConnected or onExit")),
    }
}

fn handed(result: &Value) -> Result<Handed, Failure> {
    // The error itself would quote what was handed over.
    Handed::deserialize(result).map_err(|_| odd("what was handed over cannot be read: hand over what Link gave"))
}

async fn take(
    api: &Api<'_>,
    request: &LinkContinuation,
    session: &Session,
    connected: Connected,
) -> Result<LinkProgress, Failure> {
    if connected.account_tokens.is_empty() {
        return Ok(ended(AttemptEnd::NO_ACCOUNTS));
    }
    let integrations = api.integrations().await?;
    let (kind, name) = (connected.broker_type.as_str(), connected.broker_name.as_deref());
    let Some(institution) = map::matching(&integrations, session.integration.as_deref(), kind, name) else {
        return Ok(ended("DIFFERENT_INSTITUTION"));
    };
    let category = institution.categories.iter().flatten().next().cloned();
    let mut linked = credential(api, session, &connected)?;
    (linked.integration, linked.category) = (Some(institution.id.clone()), category);
    let before: Option<Credential> = request.credential.as_ref().map(read).transpose()?;
    if let Some(before) = before {
        // Another login has none of the accounts (D9).
        if !linked.accounts.iter().any(|new| before.accounts.iter().any(|old| old.id == new.id)) {
            return Ok(ended(AttemptEnd::DIFFERENT_LOGIN));
        }
        linked.connection = before.connection;
        confirm(api, &linked).await?;
        return Ok(LinkProgress::Repaired { credential: Some(sealed(&linked)), provider_session_id: None });
    }
    confirm(api, &linked).await?;
    Ok(LinkProgress::Linked(Linked {
        credential: sealed(&linked),
        provider_connection_id: linked.connection,
        provider_session_id: None,
        withheld: Default::default(),
    }))
}

/// What was handed over as a credential, unproved.
fn credential(api: &Api<'_>, session: &Session, connected: &Connected) -> Result<Credential, Failure> {
    let lives = Lives { access: connected.expires_in_seconds, refresh: connected.refresh_token_expires_in_seconds };
    let mut accounts: Vec<Account> = Vec::new();
    let mut connection = None;
    for tokens in connected.account_tokens.iter().take(MOST_ACCOUNTS) {
        let about = tokens.account.as_ref();
        let id = about.and_then(|account| map::text(account.account_id.as_deref()));
        let id = id.ok_or_else(|| odd("an account without an id was handed over: start the visit again"))?;
        if connection.is_none() {
            let own = about.and_then(|account| map::text(account.mesh_account_id.as_deref()));
            connection = Some(own.unwrap_or_else(|| format!("{}/{}/{id}", session.user, connected.broker_type)));
        }
        let name = about.and_then(|account| map::text(account.account_name.as_deref()));
        let mut account =
            Account { id, name, access: String::new(), refresh: None, expires_at: None, refresh_expires_at: None };
        if !account.take(tokens, lives, api.now()) {
            return Err(odd("an account without a token was handed over: start the visit again"));
        }
        if accounts.iter().all(|other| other.id != account.id) {
            accounts.push(account);
        }
    }
    Ok(Credential {
        user: session.user.clone(),
        connection: connection.unwrap_or_default(),
        integration: None,
        broker_type: connected.broker_type.clone(),
        category: None,
        accounts,
    })
}

/// Proves that each token reads the account that it is said to be of.
async fn confirm(api: &Api<'_>, credential: &Credential) -> Result<(), Failure> {
    for account in &credential.accounts {
        let held = reading::held(api, credential, account).await.map_err(|mut failure| {
            // Of tokens that nobody holds yet, nothing follows for the connection.
            failure.condition = None;
            failure
        })?;
        if held.account_id.is_some_and(|id| id != account.id) {
            return Err(odd("a token of another account was handed over: start the visit again"));
        }
    }
    Ok(())
}

fn ended(code: &str) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(code))
}

fn odd(message: &str) -> Failure {
    Failure::new(FailureKind::Invalid, Persistence::Permanent, "HANDED_OVER", message)
}
