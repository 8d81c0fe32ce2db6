//! Who calls: the client, or one of its users.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, MatchedPath, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::state::{CONNECTION, Connection, TOKEN, Token, USER, User};
use crate::bank::Books;
use crate::bank::ids;
use crate::bank::pages::Form;

/// The life of a token.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);

/// A call with a good token.
pub struct Caller {
    /// Who answers.
    pub simulator: Simulator,
    user: Option<String>,
}

impl FromRequestParts<Simulator> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, simulator: &Simulator) -> Result<Self> {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        simulator.shared.calls.count(format!("{} {path}", parts.method));
        let bearer = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|bearer| bearer.strip_prefix("Bearer ")).unwrap_or_default();
        let found: Option<Token> = simulator.shared.documents.get(TOKEN, &ids::fingerprint(token)).await?;
        match found.filter(|token| token.expires_at > simulator.shared.clock.now()) {
            Some(token) => Ok(Self { simulator: simulator.clone(), user: token.user }),
            None if path.starts_with("/api/v2/") => Err(Error::credentials("invalid_token", "Invalid access token")),
            None => Err(Error::form(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Invalid access token")),
        }
    }
}

/// A bank connection with the books behind it.
pub struct Imported {
    /// It.
    pub connection: Connection,
    /// What the institution has.
    pub books: Books,
}

impl Caller {
    /// The user as whom the call is made.
    pub fn user(&self) -> Result<&str> {
        let message = "This service needs a user's access token.";
        self.user.as_deref().ok_or_else(|| Error::access(StatusCode::FORBIDDEN, "FORBIDDEN", message))
    }

    /// Only for the client.
    pub fn as_client(&self) -> Result<()> {
        match self.user {
            None => Ok(()),
            Some(_) => {
                let message = "This service needs the client's access token.";
                Err(Error::access(StatusCode::FORBIDDEN, "FORBIDDEN", message))
            }
        }
    }

    /// The user's bank connections, in order of ids.
    pub async fn connections(&self) -> Result<Vec<Imported>> {
        let user: Option<User> = self.simulator.shared.documents.get(USER, self.user()?).await?;
        let mut all = Vec::new();
        for id in user.map(|user| user.connections).unwrap_or_default() {
            all.extend(self.simulator.imported(id).await?);
        }
        Ok(all)
    }

    /// One of them; an id that is somebody else's is as unknown as any.
    pub async fn connection(&self, id: &str) -> Result<Imported> {
        let id: i64 = id.parse().map_err(|_| Error::bad("id"))?;
        let user = self.user()?;
        let found = self.simulator.imported(id).await?;
        found.filter(|one| one.connection.user == user).ok_or_else(Error::unknown)
    }
}

impl Simulator {
    /// A bank connection, if it is there.
    pub(super) async fn imported(&self, id: i64) -> crate::store::Result<Option<Imported>> {
        let found: Option<Connection> = self.shared.documents.get(CONNECTION, &id.to_string()).await?;
        match found {
            Some(connection) => {
                let books = self.shared.bank.books(&connection.login.user).await?;
                // What an update has fetched is kept, so that it does not move with time.
                let fetched = connection.has_fetched(&books);
                let connection =
                    if fetched { self.change(id, |one| one.seen = books.now()).await? } else { connection };
                Ok(Some(Imported { connection, books }))
            }
            None => Ok(None),
        }
    }
}

/// `POST /api/v2/oauth/token`
pub async fn create_token(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>> {
    simulator.shared.calls.count("POST /api/v2/oauth/token");
    let form = Form::parse(&body);
    let client = (form.first("client_id"), form.first("client_secret"));
    if client != (super::super::SANDBOX_CLIENT_ID, super::super::SANDBOX_SECRET) {
        return Err(Error::credentials("invalid_client", "Bad client credentials"));
    }
    let documents = &simulator.shared.documents;
    let user = match form.first("grant_type") {
        "client_credentials" => None,
        "password" => {
            let name = form.first("username");
            let found: Option<User> = documents.get(USER, name).await?;
            let password = ids::fingerprint(form.first("password"));
            found
                .filter(|user| user.password == password)
                .ok_or_else(|| Error::credentials("invalid_grant", "Bad credentials"))?;
            Some(name.to_owned())
        }
        _ => return Err(Error::access(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Unsupported grant type")),
    };
    let token = ids::random_token();
    let stored = Token { user, expires_at: simulator.shared.clock.now() + TOKEN_LIFE };
    documents.put(TOKEN, &ids::fingerprint(&token), &stored).await?;
    let life = TOKEN_LIFE.num_seconds();
    Ok(Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": life, "scope": "all" })))
}

/// `POST /api/v2/users`
pub async fn create_user(caller: Caller, Json(body): Json<Value>) -> Result<(StatusCode, Json<Value>)> {
    caller.as_client()?;
    let id = body["id"].as_str().map_or_else(ids::random_token, str::to_owned);
    let password = body["password"].as_str().map_or_else(ids::random_token, str::to_owned);
    if !(1..=36).contains(&id.len()) || !(6..=128).contains(&password.len()) {
        return Err(Error::bad("id or password"));
    }
    let automatic = body["isAutoUpdateEnabled"].as_bool().unwrap_or(false);
    let password_kept = ids::fingerprint(&password);
    let user = User { password: password_kept, connections: Default::default(), rules: Vec::new(), automatic };
    if !caller.simulator.shared.documents.put_new(USER, &id, &user).await? {
        let message = "There is a user with this id already.";
        return Err(Error::access(StatusCode::UNPROCESSABLE_ENTITY, "ENTITY_EXISTS", message));
    }
    let body = json!({ "id": id, "password": password, "isAutoUpdateEnabled": automatic });
    Ok((StatusCode::CREATED, Json(body)))
}
