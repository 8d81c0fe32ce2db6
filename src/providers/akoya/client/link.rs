//! The authorization: the customer goes to the institution's own page, and comes back with a code.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::link::{
    AttemptEnd, Launch, LinkBegun, LinkContinuation, LinkInput, LinkProgress, LinkPurpose, LinkRequest, Linked,
};

use super::credential::Credential;
use super::{Api, at, notifications, refused, tokens};

/// `offline_access` is what brings a refresh token.
const SCOPE: &str = "openid profile offline_access";
/// How long a customer may take, at most.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// What is kept of a session.
#[derive(Serialize, Deserialize)]
struct Session {
    provider_id: String,
    redirect_uri: String,
    state: String,
    expires_at: DateTime<Utc>,
}

/// Opens a session. Akoya is asked for nothing: the address is made here.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let session = session(request, api.now())?;
    let url = authorize_url(api.browser_url(), &api.config().client_id, &session)?;
    if let Some(callback) = &request.webhook_url {
        notifications::subscribe(api, callback).await;
    }
    Ok(LinkBegun {
        launch: Launch::Redirect { url, token: None },
        issued: None,
        expires_at: session.expires_at,
        provider_session: Secret::new(serde_json::to_string(&session).unwrap_or_default()),
        request_id: None,
    })
}

fn session(request: &LinkRequest, now: DateTime<Utc>) -> Result<Session, Failure> {
    let own = match &request.purpose {
        LinkPurpose::Repair { credential, .. } => Some(Credential::read(credential)?.provider_id),
        LinkPurpose::Connect(_) => None,
    };
    let provider_id = own.or_else(|| request.institution.clone());
    let provider_id =
        provider_id.ok_or_else(|| refused("INSTITUTION", "an authorization is at an institution: choose one first"))?;
    let return_url =
        Url::parse(&request.return_url).map_err(|_| refused("RETURN_URL", "the way back is no address"))?;
    let state = return_url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
    let redirect_uri = request.oauth_redirect_url.clone();
    Ok(Session {
        provider_id,
        // One address for the whole installation, as registered (D7); the state is in the query of the other.
        redirect_uri: redirect_uri.ok_or_else(|| refused("REDIRECT_URI", "there is no registered way back"))?,
        state: state.ok_or_else(|| refused("STATE", "the way back has no state"))?,
        expires_at: now + TimeDelta::seconds(i64::from(request.lifetime_seconds)).min(LONGEST),
    })
}

fn authorize_url(host: &Url, client_id: &str, session: &Session) -> Result<String, Failure> {
    let mut url = at(host, "/auth")?;
    url.query_pairs_mut()
        .append_pair("connector", &session.provider_id)
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", &session.redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", SCOPE)
        .append_pair("state", &session.state);
    Ok(url.into())
}

/// What came of a session.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let session: Session = serde_json::from_str(request.provider_session.expose())
        .map_err(|_| refused("SESSION", "there is no such session"))?;
    let query = match &request.input {
        LinkInput::Callback(query) => query,
        LinkInput::Nothing if session.expires_at <= api.now() => return Ok(ended(AttemptEnd::SESSION_EXPIRED)),
        // Nobody but the customer brings the code.
        LinkInput::Nothing => return Ok(LinkProgress::Pending),
        LinkInput::PublicToken(_) | LinkInput::Result(_) => {
            return Err(refused("CODE", "an authorization ends at its way back, with a code"));
        }
    };
    match read_callback(&session, query)? {
        Back::Code(code) => linked(api, &session, request.credential.as_ref(), &code).await,
        Back::Ended(end) => Ok(end),
    }
}

/// What the way back says.
#[derive(Debug)]
enum Back {
    Code(Secret),
    Ended(LinkProgress),
}

fn read_callback(session: &Session, query: &BTreeMap<String, String>) -> Result<Back, Failure> {
    if query.get("state") != Some(&session.state) {
        return Err(refused("STATE", "the way back is another session's"));
    }
    let text = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    match (text("code"), text("error")) {
        (_, Some("access_denied")) => Ok(Back::Ended(ended(AttemptEnd::CANCELLED))),
        (_, Some(error)) => {
            let code: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            Ok(Back::Ended(ended(&code.to_ascii_uppercase())))
        }
        (Some(code), None) => Ok(Back::Code(Secret::new(code))),
        (None, None) => Err(refused("CODE", "the way back has neither a code nor an error")),
    }
}

fn ended(code: &str) -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(if code.is_empty() { "UNKNOWN" } else { code }))
}

/// The customer agreed. A repair brings another consent of the same login (`sub`); one of another login is given up again (D9).
async fn linked(
    api: &Api<'_>,
    session: &Session,
    known: Option<&Secret>,
    code: &Secret,
) -> Result<LinkProgress, Failure> {
    let known = known.map(Credential::read).transpose()?;
    let credential = tokens::exchange(api, &session.provider_id, code, &session.redirect_uri).await?;
    let Some(known) = known else {
        return Ok(LinkProgress::Linked(Linked {
            provider_connection_id: credential.claims.connection_id().to_owned(),
            credential: credential.write(),
            provider_session_id: None,
            withheld: Default::default(),
        }));
    };
    if known.claims.sub != credential.claims.sub {
        if let Err(failure) = tokens::revoke(api, &credential).await {
            tracing::info!(code = %failure.code, "a consent of another login was not given up");
        }
        return Ok(ended(AttemptEnd::DIFFERENT_LOGIN));
    }
    Ok(LinkProgress::Repaired { credential: Some(credential.write()), provider_session_id: None })
}
