//! Who calls: the token of a user, or of the administrator. A user is made by the first token that is asked for in their name.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, MatchedPath, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::json;

use super::Simulator;
use super::errors::{Error, Result};
use super::state::{PROVIDER_ACCOUNT, ProviderAccount, TOKEN, Token, USER, User};
use crate::bank::ids;
use crate::bank::pages::Form;
use crate::bank::{Books, Login};

/// The life of a token.
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(30);

/// A call with a good token.
pub struct Caller {
    /// Who answers.
    pub simulator: Simulator,
    /// As whom the call is made.
    pub user: String,
    token: String,
}

impl FromRequestParts<Simulator> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, simulator: &Simulator) -> Result<Self> {
        simulator.count(parts);
        check_version(&parts.headers)?;
        let bearer = header(&parts.headers, "authorization");
        let bearer = bearer.ok_or_else(|| Error::unauthorized("Y007", "Authorization header missing"))?;
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default().to_owned();
        let user = simulator.user_of(&token).await?;
        Ok(Self { simulator: simulator.clone(), user, token })
    }
}

impl Caller {
    /// Only for the administrator.
    pub fn admin(self) -> Result<Self> {
        let is_admin = self.user == self.simulator.shared.admin;
        if is_admin { Ok(self) } else { Err(Error::unauthorized("Y015", "Unauthorized User")) }
    }

    /// The user's provider accounts, oldest first.
    pub async fn logins(&self) -> Result<Vec<ProviderAccount>> {
        let documents = &self.simulator.shared.documents;
        let user: User = documents.get(USER, &self.user).await?.unwrap_or_default();
        let mut logins: Vec<ProviderAccount> = Vec::new();
        for id in user.logins {
            logins.extend(documents.get::<ProviderAccount>(PROVIDER_ACCOUNT, &id.to_string()).await?);
        }
        logins.sort_by_key(|login| (login.created_at, login.id));
        Ok(logins)
    }

    /// One of them; an id that is somebody else's is as unknown as any.
    pub async fn login(&self, id: &str) -> Result<ProviderAccount> {
        let found: Option<ProviderAccount> = self.simulator.shared.documents.get(PROVIDER_ACCOUNT, id).await?;
        found.filter(|login| login.user == self.user).ok_or_else(|| Error::invalid("providerAccountId"))
    }
}

impl Simulator {
    /// Whose a token is.
    pub async fn user_of(&self, token: &str) -> Result<String> {
        let found: Option<Token> = self.shared.documents.get(TOKEN, &ids::fingerprint(token)).await?;
        let found = found.ok_or_else(|| Error::unauthorized("Y020", "Invalid token in authorization header"))?;
        if found.expires_at <= self.shared.clock.now() {
            return Err(Error::unauthorized("Y023", "Token has expired"));
        }
        Ok(found.user)
    }

    /// The books of a login, if it ever was one.
    pub async fn books(&self, login: &Option<Login>) -> Result<Option<Books>> {
        match login {
            Some(login) => Ok(Some(self.shared.bank.books(&login.user).await?)),
            None => Ok(None),
        }
    }

    /// Counts a call.
    fn count(&self, parts: &Parts) {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        self.shared.calls.count(format!("{} {path}", parts.method));
    }
}

/// `POST /auth/token`
pub async fn create_token(State(simulator): State<Simulator>, headers: HeaderMap, body: Bytes) -> Result<Response> {
    simulator.shared.calls.count("POST /auth/token");
    check_version(&headers)?;
    let user = header(&headers, "loginname");
    let user = user.ok_or_else(|| Error::unauthorized("Y016", "loginName header missing"))?;
    if !(3..=150).contains(&user.len()) {
        return Err(Error::bad("Y801", "Invalid length for loginName"));
    }
    if user.contains(char::is_whitespace) {
        return Err(Error::invalid("loginName"));
    }
    let form = Form::parse(&body);
    let given = (form.first("clientId"), form.first("secret"));
    if given.0.is_empty() || given.1.is_empty() {
        return Err(Error::bad("Y303", "clientId or secret is missing"));
    }
    if given != (simulator.shared.client_id.as_str(), simulator.shared.secret.as_str()) {
        return Err(Error::bad("Y301", "Invalid clientId or secret"));
    }
    let (now, token) = (simulator.shared.clock.now(), ids::random_token());
    let documents = &simulator.shared.documents;
    documents.put_new(USER, user, &User::default()).await?;
    let stored = Token { user: user.to_owned(), expires_at: now + TOKEN_LIFE };
    documents.put(TOKEN, &ids::fingerprint(&token), &stored).await?;
    let issued_at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({ "accessToken": token, "issuedAt": issued_at, "expiresIn": TOKEN_LIFE.num_seconds() });
    Ok((StatusCode::CREATED, Json(json!({ "token": body }))).into_response())
}

/// `DELETE /auth/token`
pub async fn delete_token(caller: Caller) -> Result<StatusCode> {
    caller.simulator.shared.documents.delete(TOKEN, &ids::fingerprint(&caller.token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_version(headers: &HeaderMap) -> Result<()> {
    match header(headers, "api-version") {
        Some("1.1") => Ok(()),
        _ => Err(Error::unauthorized("Y016", "Api-Version header missing")),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
