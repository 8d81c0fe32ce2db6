//! Builds requests and reads answers. What is not the one call itself is pure.
//!
//! Every call is made as a user, with a token of half an hour that all processes share; one that Yodlee takes no longer is made anew, once.

pub mod accounts;
pub mod credential;
pub mod institutions;
pub mod investments;
pub mod link;
pub mod logins;
pub mod notifications;
pub mod session;
pub mod transactions;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::domain::product::ProductReason;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::{Bytes, Call, HeaderName, HeaderValue, Method, Reply, StatusCode, header};
use crate::providers::records::{Made, Make, Record};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::FASTLINK;
use super::config::YodleeConfig;
use super::error;
use super::wire::{Token, TokenAnswer};

/// The version of the API that all this is written for.
const API_VERSION: HeaderValue = HeaderValue::from_static("1.1");

/// What an operation does.
#[derive(Clone, Copy)]
pub enum Verb {
    /// Reads.
    Get,
    /// Makes something.
    Post,
    /// Changes something.
    Put,
    /// Removes something.
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }
}

/// One of Yodlee's operations.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name, for logs and metrics.
    name: &'static str,
    verb: Verb,
    /// Whether it may be sent twice: it reads, or a second one changes nothing more.
    repeatable: bool,
    /// Whether its path names one login: where Yodlee does not know that, the link is lost.
    of_login: bool,
}

impl Operation {
    /// One that reads.
    pub const fn reading(name: &'static str) -> Self {
        Self { name, verb: Verb::Get, repeatable: true, of_login: false }
    }

    /// One that changes something.
    pub const fn changing(name: &'static str, verb: Verb) -> Self {
        Self { name, verb, repeatable: false, of_login: false }
    }

    /// The same, where a second one changes nothing more.
    pub const fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// The same, where the path names one login.
    pub const fn of_login(self) -> Self {
        Self { of_login: true, ..self }
    }
}

const TOKEN: Operation = Operation::changing("POST /auth/token", Verb::Post).repeatable();

/// Yodlee, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a YodleeConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a YodleeConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What this installation is at Yodlee.
    pub fn config(&self) -> &'a YodleeConfig {
        self.config
    }

    /// Where a browser finds FastLink.
    pub fn fastlink_url(&self) -> Result<&Url, Failure> {
        if self.config.fastlink_url.is_none() && self.cx.hosts.browser.is_none() {
            let message = "set fastlink_url: every environment of Yodlee's has its own";
            return Err(Failure::new(FailureKind::Auth, Persistence::Permanent, "FASTLINK_URL", message));
        }
        Ok(self.cx.browser_url(FASTLINK))
    }

    /// Reads something as that user.
    pub async fn get<T: DeserializeOwned>(&self, user: &str, operation: Operation, path: &str) -> Result<T, Failure> {
        let reply = self.send(user, &operation, path, None).await?;
        read(&operation, &reply)
    }

    /// Changes something as that user; nothing of the answer is needed, and there may be none. A page is no answer of Yodlee's.
    pub async fn change(
        &self,
        user: &str,
        operation: Operation,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), Failure> {
        match self.send(user, &operation, path, body).await?.is_empty_or_json() {
            true => Ok(()),
            false => Err(Failure::unreadable(operation.name)),
        }
    }

    /// A token of that user for somebody else than this adapter.
    pub async fn new_token(&self, user: &str) -> Result<Token, Failure> {
        let fields = [("clientId", self.config.client_id.as_str()), ("secret", self.config.secret.expose())];
        let mut call =
            Call::post_form(TOKEN.name, "/auth/token", fields).deadline(self.left()).patience(self.cx.patience);
        call = call.header(HeaderName::from_static("loginname"), text_header(user)?).repeatable();
        let reply = self.cx.upstream.send(versioned(call)).await?;
        let answer: TokenAnswer = read(&TOKEN, &self.checked(&TOKEN, reply, None)?)?;
        Ok(answer.token)
    }

    /// Sends a call with the user's token, and once more with a new one where that has ended.
    async fn send(
        &self,
        user: &str,
        operation: &Operation,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let token = self.token(user).await?;
        let reply = self.attempt(&token, operation, path, body).await?;
        let ended = |code: String| error::EXPIRED_TOKEN.contains(&code.as_str());
        if reply.status != StatusCode::UNAUTHORIZED || !error::code(&reply.body).is_some_and(ended) {
            return self.checked(operation, reply, Some(&token));
        }
        self.cx.records.forget(ServiceProvider::Yodlee, Record::Shared(&token_name(user)), &token).await?;
        let token = self.token(user).await?;
        let reply = self.attempt(&token, operation, path, body).await?;
        self.checked(operation, reply, Some(&token))
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
        let call = versioned(if operation.repeatable { call.repeatable() } else { call });
        Ok(self.cx.upstream.send(call).await?)
    }

    /// The user's token, made if there is none that still lives.
    async fn token(&self, user: &str) -> Result<Secret, Failure> {
        let make: Make<'_> = Box::new(|_| {
            Box::pin(async {
                let token = self.new_token(user).await?;
                let life = TimeDelta::seconds(i64::from(token.expires_in));
                Ok(Made { secret: token.access_token, expires_at: Some(self.now() + life) })
            })
        });
        let name = token_name(user);
        self.cx.records.get(ServiceProvider::Yodlee, Record::Shared(&name), self.now(), make).await
    }

    /// The answer, unless it is an error; in its words, our secrets may have been quoted.
    fn checked(&self, operation: &Operation, reply: Reply, token: Option<&Secret>) -> Result<Reply, Failure> {
        if reply.status.is_success() {
            return Ok(reply);
        }
        let retry_after = reply.retry_after(self.now());
        let mut failure = error::failure(reply.status, &reply.body, retry_after, operation.of_login);
        for secret in [Some(&self.config.secret), token].into_iter().flatten().map(Secret::expose) {
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

fn token_name(user: &str) -> String {
    format!("token/{user}")
}

fn versioned(call: Call) -> Call {
    call.header(HeaderName::from_static("api-version"), API_VERSION)
}

fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    let mut value = text_header(&format!("Bearer {}", token.expose()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn text_header(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| {
        let message = "a token or login name does not fit into a header";
        Failure::new(FailureKind::Auth, Persistence::Permanent, "CREDENTIALS", message)
    })
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

/// A list that must be in the answer: the description lets it be left out, and an empty object would read as nothing.
fn present<T>(list: Option<Vec<T>>, what: &str) -> Result<Vec<T>, Failure> {
    list.ok_or_else(|| Failure::unreadable(format_args!("{what} is missing")))
}

/// No account of the login suits the product (C8).
fn no_account(message: &str) -> Failure {
    let mut failure = refused("NO_COMPATIBLE_ACCOUNT", message);
    failure.product_reason = Some(ProductReason::NoCompatibleAccount);
    failure
}

/// We asked for something that cannot be had.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message)
}

#[cfg(test)]
mod tests;
