//! Builds requests and reads answers. What is not the one call itself is pure.
//!
//! Nearly every call is made as a user, with a token that all processes share; one that finAPI takes no longer is made anew, once.

pub mod connections;
pub mod credential;
pub mod holdings;
pub mod institutions;
pub mod link;
pub mod notifications;
pub mod session;
pub mod transactions;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::domain::product::ProductReason;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::{Bytes, Call, HeaderValue, Method, Reply, StatusCode, Upstream, header};
use crate::providers::records::{Made, Make, Record};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::WEB_FORM;
use super::config::FinApiConfig;
use super::error;
use super::wire::AccessToken;
use credential::User;

/// What an operation does.
#[derive(Clone, Copy)]
pub enum Verb {
    /// Reads.
    Get,
    /// Makes something.
    Post,
    /// Changes something.
    Patch,
    /// Removes something.
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// One of finAPI's operations.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name, for logs and metrics.
    name: &'static str,
    verb: Verb,
    /// Whether it may be sent twice: it reads, or a second one changes nothing more.
    repeatable: bool,
    /// Whether it is about one bank connection: where finAPI does not know that, the link is lost.
    of_connection: bool,
    /// Whether it is one of the Web Form's.
    of_web_form: bool,
}

impl Operation {
    /// One of Access that reads.
    pub const fn reading(name: &'static str) -> Self {
        Self { repeatable: true, ..Self::changing(name, Verb::Get) }
    }

    /// One of Access that changes something.
    pub const fn changing(name: &'static str, verb: Verb) -> Self {
        Self { name, verb, repeatable: false, of_connection: false, of_web_form: false }
    }

    /// The same, where a second one changes nothing more.
    pub const fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// The same, where it is about one bank connection.
    pub const fn of_connection(self) -> Self {
        Self { of_connection: true, ..self }
    }

    /// The same, where it is one of the Web Form's.
    pub const fn of_web_form(self) -> Self {
        Self { of_web_form: true, ..self }
    }
}

const TOKEN: Operation = Operation::changing("POST /api/v2/oauth/token", Verb::Post).repeatable();

/// As whom a call is made.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    /// The client itself.
    Client,
    /// A user of it.
    User(&'a User),
}

impl Caller<'_> {
    /// Where the token is kept.
    fn record(&self) -> String {
        match self {
            Self::Client => "token".to_owned(),
            Self::User(user) => format!("token/{}", user.id),
        }
    }
}

/// finAPI, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a FinApiConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a FinApiConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What this installation is at finAPI.
    pub fn config(&self) -> &'a FinApiConfig {
        self.config
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(
        &self,
        caller: Caller<'_>,
        operation: Operation,
        path: &str,
    ) -> Result<T, Failure> {
        read(&operation, &self.send(caller, &operation, path, None).await?)
    }

    /// Makes something, and reads what was made.
    pub async fn make<T: DeserializeOwned>(
        &self,
        caller: Caller<'_>,
        operation: Operation,
        path: &str,
        body: &Value,
    ) -> Result<T, Failure> {
        read(&operation, &self.send(caller, &operation, path, Some(body)).await?)
    }

    /// Changes something; nothing of the answer is needed, and there may be none. A page is no answer of finAPI's.
    pub async fn change(
        &self,
        caller: Caller<'_>,
        operation: Operation,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), Failure> {
        match self.send(caller, &operation, path, body).await?.is_empty_or_json() {
            true => Ok(()),
            false => Err(Failure::unreadable(operation.name)),
        }
    }

    /// Sends a call with the caller's token, and once more with a new one where that has ended.
    async fn send(
        &self,
        caller: Caller<'_>,
        operation: &Operation,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let token = self.token(caller).await?;
        let reply = self.attempt(&token, operation, path, body).await?;
        if reply.status != StatusCode::UNAUTHORIZED || error::code(&reply.body).is_none() {
            return self.checked(operation, reply, &[&token]);
        }
        self.forget(&caller.record(), &token).await?;
        let token = self.token(caller).await?;
        let reply = self.attempt(&token, operation, path, body).await?;
        self.checked(operation, reply, &[&token])
    }

    async fn attempt(
        &self,
        token: &Secret,
        operation: &Operation,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let mut call = Call::new(operation.name, operation.verb.method(), path);
        call = call.deadline(self.left()).patience(self.cx.patience);
        call = call.header(header::AUTHORIZATION, bearer(token)?);
        if let Some(body) = body {
            call = call.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            call.body = Bytes::from(body.to_string());
        }
        let call = if operation.repeatable { call.repeatable() } else { call };
        Ok(self.host(operation).send(call).await?)
    }

    fn host(&self, operation: &Operation) -> &Upstream {
        if operation.of_web_form { self.cx.host(WEB_FORM) } else { self.cx.upstream }
    }

    /// The caller's token, made if there is none that still lives.
    async fn token(&self, caller: Caller<'_>) -> Result<Secret, Failure> {
        let make: Make<'_> = Box::new(|_| {
            Box::pin(async {
                let token = self.new_token(caller).await?;
                let life = TimeDelta::seconds(i64::from(token.expires_in));
                Ok(Made { secret: token.access_token, expires_at: Some(self.now() + life) })
            })
        });
        self.kept(&caller.record(), make).await
    }

    async fn new_token(&self, caller: Caller<'_>) -> Result<AccessToken, Failure> {
        let mut fields =
            vec![("client_id", self.config.client_id.as_str()), ("client_secret", self.config.client_secret.expose())];
        match caller {
            Caller::Client => fields.push(("grant_type", "client_credentials")),
            Caller::User(user) => fields.extend([
                ("grant_type", "password"),
                ("username", user.id.as_str()),
                ("password", user.password.expose()),
            ]),
        }
        let call = Call::post_form(TOKEN.name, "/api/v2/oauth/token", fields);
        let call = call.deadline(self.left()).patience(self.cx.patience).repeatable();
        let reply = self.cx.upstream.send(call).await?;
        let password = match caller {
            Caller::User(user) => vec![&user.password],
            Caller::Client => Vec::new(),
        };
        read(&TOKEN, &self.checked(&TOKEN, reply, &password)?)
    }

    /// What is kept under a name for the whole installation.
    async fn kept(&self, name: &str, make: Make<'_>) -> Result<Secret, Failure> {
        self.cx.records.get(ServiceProvider::FinApi, Record::Shared(name), self.now(), make).await
    }

    async fn forget(&self, name: &str, refused: &Secret) -> Result<(), Failure> {
        self.cx.records.forget(ServiceProvider::FinApi, Record::Shared(name), refused).await
    }

    /// The answer, unless it is an error; in its words, our secrets may have been quoted.
    fn checked(&self, operation: &Operation, reply: Reply, secrets: &[&Secret]) -> Result<Reply, Failure> {
        if reply.status.is_success() {
            return Ok(reply);
        }
        let retry_after = reply.retry_after(self.now());
        let mut failure = error::failure(reply.status, &reply.body, retry_after, operation.of_connection);
        for secret in secrets.iter().copied().chain([&self.config.client_secret]).map(Secret::expose) {
            if !secret.is_empty() {
                failure.message = failure.message.replace(secret, "[secret]");
            }
        }
        Err(failure)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.started.elapsed())
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    let mut value = value.map_err(|_| Failure::unreadable("an access token"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read<T: DeserializeOwned>(operation: &Operation, reply: &Reply) -> Result<T, Failure> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        // The error's own text may quote the answer.
        let (line, column) = (error.line(), error.column());
        Failure::unreadable(format_args!("{} at line {line}, column {column}", operation.name))
    })
}

/// A path with its query.
fn path(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

/// No account of the bank connection suits the product (C8).
fn no_account(message: &str) -> Failure {
    let mut failure = refused("NO_COMPATIBLE_ACCOUNT", message);
    failure.product_reason = Some(ProductReason::NoCompatibleAccount);
    failure
}

/// We asked for something that cannot be had.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message)
}
