//! Builds requests and reads answers. What is not the one call itself is pure.

pub mod credential;
pub mod link;
pub mod reading;
pub mod tokens;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::net::{Bytes, Call, DEFAULT_MAX_BODY, HeaderName, HeaderValue, Method, Reply, StatusCode, header};
use crate::providers::data::InstitutionsPage;
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::MeshConfig;
use super::wire::{Answer, Health, Ignored, Integration, Integrations};
use super::{error, map};
use credential::{Account, Credential};

/// The largest list of institutions: it may hold their logos.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// One of Mesh's operations.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name, for logs and metrics.
    name: &'static str,
    path: &'static str,
    verb: Verb,
    /// Whether it may be sent twice.
    repeatable: bool,
    /// The largest answer.
    most_bytes: usize,
}

/// How an operation is sent.
#[derive(Clone, Copy)]
enum Verb {
    Get,
    Post,
    Delete,
}

impl Operation {
    const fn get(name: &'static str, path: &'static str) -> Self {
        Self { name, path, verb: Verb::Get, repeatable: true, most_bytes: DEFAULT_MAX_BODY }
    }

    /// Reads, though by POST.
    const fn reading(name: &'static str, path: &'static str) -> Self {
        Self { name, path, verb: Verb::Post, repeatable: true, most_bytes: DEFAULT_MAX_BODY }
    }

    /// Makes something.
    const fn once(name: &'static str, path: &'static str) -> Self {
        Self { name, path, verb: Verb::Post, repeatable: false, most_bytes: DEFAULT_MAX_BODY }
    }

    const fn delete(name: &'static str, path: &'static str) -> Self {
        Self { name, path, verb: Verb::Delete, repeatable: true, most_bytes: DEFAULT_MAX_BODY }
    }
}

const INTEGRATIONS: Operation =
    Operation { most_bytes: MOST_BYTES, ..Operation::get("GET /api/v1/integrations", "/api/v1/integrations") };
const HEALTH: Operation = Operation::get("GET /api/v1/status", "/api/v1/status");

/// Mesh, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a MeshConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a MeshConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What this installation is at Mesh.
    pub fn config(&self) -> &'a MeshConfig {
        self.config
    }

    /// Every institution.
    pub async fn integrations(&self) -> Result<Vec<Integration>, Failure> {
        let listed: Integrations = self.ask(INTEGRATIONS, None).await?;
        present(listed.items, "the list of integrations")
    }

    /// The institutions with how they fare, all in one page.
    pub async fn institutions(&self) -> Result<InstitutionsPage, Failure> {
        let integrations = self.integrations().await?;
        let health: Vec<Health> = self.ask(HEALTH, None).await?;
        Ok(InstitutionsPage { institutions: map::institutions(&integrations, &health), next: None })
    }

    /// Asks with our own keys alone.
    pub async fn ask<T: DeserializeOwned>(&self, operation: Operation, body: Option<&Value>) -> Result<T, Failure> {
        let reply = self.send(operation, body).await?;
        let sent =
            [body.and_then(|body| body["refreshToken"].as_str()), body.and_then(|body| body["accessToken"].as_str())];
        let sent: Vec<&str> = sent.into_iter().flatten().collect();
        present(self.read(operation, &reply, &sent)?, operation.name)
    }

    /// Asks with an account's token.
    pub async fn ask_of<T: DeserializeOwned>(
        &self,
        operation: Operation,
        credential: &Credential,
        account: &Account,
        more: Value,
    ) -> Result<T, Failure> {
        let reply = self.send_of(operation, credential, account, more).await?;
        present(self.read(operation, &reply, &[account.access.as_str()])?, operation.name)
    }

    /// Does something with an account's token; the answer says no more than that it was done.
    pub async fn tell_of(
        &self,
        operation: Operation,
        credential: &Credential,
        account: &Account,
    ) -> Result<(), Failure> {
        let reply = self.send_of(operation, credential, account, Value::Null).await?;
        self.read::<Ignored>(operation, &reply, &[account.access.as_str()]).map(drop)
    }

    /// An answer of status 401 is given to a bad token as to bad keys: asking for something that needs only the keys tells which.
    async fn send_of(
        &self,
        operation: Operation,
        credential: &Credential,
        account: &Account,
        more: Value,
    ) -> Result<Reply, Failure> {
        account.check(self.now())?;
        let mut body = json!({ "authToken": account.access, "type": credential.broker_type });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let reply = self.send(operation, Some(&body)).await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            self.integrations().await?;
            return Err(error::token_refused());
        }
        Ok(reply)
    }

    async fn send(&self, operation: Operation, body: Option<&Value>) -> Result<Reply, Failure> {
        let method = match operation.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Delete => Method::DELETE,
        };
        let left = self.deadline.saturating_sub(self.started.elapsed());
        let mut call = Call::new(operation.name, method, operation.path)
            .deadline(left)
            .patience(self.cx.patience)
            .max_body(operation.most_bytes)
            .subject(body.and_then(|body| body["authToken"].as_str()))
            .header(HeaderName::from_static("x-client-id"), key(&self.config.client_id)?)
            .header(HeaderName::from_static("x-client-secret"), key(self.config.client_secret.expose())?);
        if let Some(body) = body {
            call = call.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            call.body = Bytes::from(body.to_string());
        }
        let call = if operation.repeatable { call.repeatable() } else { call };
        Ok(self.cx.upstream.send(call).await?)
    }

    /// Reads an answer; in its words, what was sent may have been quoted.
    fn read<T: DeserializeOwned>(
        &self,
        operation: Operation,
        reply: &Reply,
        sent: &[&str],
    ) -> Result<Option<T>, Failure> {
        content(operation, reply, self.now()).map_err(|mut failure| {
            let ours = [self.config.client_secret.expose()];
            for secret in sent.iter().copied().chain(ours).filter(|secret| !secret.is_empty()) {
                failure.message = failure.message.replace(secret, "[secret]");
            }
            failure
        })
    }
}

/// What is inside of an answer, where that is no failure.
fn content<T: DeserializeOwned>(operation: Operation, reply: &Reply, now: DateTime<Utc>) -> Result<Option<T>, Failure> {
    if !reply.status.is_success() {
        return Err(error::failure(reply.status, &reply.body, reply.retry_after(now)));
    }
    let answer: Answer<T> = serde_json::from_slice(&reply.body).map_err(|error| {
        // The error's own text may quote the answer.
        let (line, column) = (error.line(), error.column());
        Failure::unreadable(format_args!("{} at line {line}, column {column}", operation.name))
    })?;
    match answer.status.as_deref() {
        Some("ok") => Ok(answer.content),
        Some(word) => Err(error::of_word(word, answer.message.as_deref().unwrap_or_default())),
        None => Err(Failure::unreadable(format_args!("the status of {}", operation.name))),
    }
}

/// Something that the description lets be left out, and without which an answer says nothing.
fn present<T>(found: Option<T>, what: &str) -> Result<T, Failure> {
    found.ok_or_else(|| Failure::unreadable(format_args!("{what} is missing")))
}

/// One of our keys as a header.
fn key(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let message = "client_id or client_secret does not fit into a header";
        Failure::new(FailureKind::Auth, Persistence::Permanent, "CREDENTIALS", message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn secret_text(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
