//! Builds requests and reads answers; what is not the one call itself is pure.
//!
//! Every call carries the application's key and a token of the API. The token lives two hours and is one for all processes. Five
//! failed logins lock the partner's account, so a refused one is remembered, and is not tried again for a long while with the
//! same credentials.

pub mod accounts;
mod consents;
pub mod customers;
pub mod institutions;
pub mod link;
pub mod session;
pub mod transactions;

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::{Call, HeaderName, HeaderValue, Method, Reply, StatusCode, header};
use crate::providers::records::{Attempt, Made, Make, Record};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::FinicityConfig;
use super::error;
use super::wire::link::AccessToken;

/// Never sent twice, and never again after a refusal.
const AUTHENTICATE: Operation = Operation::once("authenticate");
/// "If the token is greater than 90 minutes, generate a new one"; a record is renewed five minutes before its end.
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(95);
/// How long refused credentials are left alone.
const REFUSAL_LIFE: TimeDelta = TimeDelta::hours(12);
/// What a kept token and a kept refusal begin with.
const TOKEN: &str = "token ";
const REFUSED: &str = "refused ";

/// One of Finicity's operations.
#[derive(Clone, Copy)]
pub struct Operation {
    name: &'static str,
    repeatable: bool,
}

impl Operation {
    /// One that may be sent twice: it reads, or a second one changes nothing more.
    pub const fn repeatable(name: &'static str) -> Self {
        Self { name, repeatable: true }
    }

    /// One that is billed, makes something or asks an institution each time.
    pub const fn once(name: &'static str) -> Self {
        Self { name, repeatable: false }
    }
}

/// Finicity, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a FinicityConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a FinicityConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// How much of the call's time is left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.started.elapsed())
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What this installation is at Finicity.
    pub fn config(&self) -> &'a FinicityConfig {
        self.config
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(&self, operation: Operation, path: String) -> Result<T, Failure> {
        self.send(operation, Method::GET, path, None).await.and_then(|reply| read(operation, &reply))
    }

    /// Sends a body and reads the answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        operation: Operation,
        path: String,
        body: &Value,
    ) -> Result<T, Failure> {
        self.send(operation, Method::POST, path, Some(body)).await.and_then(|reply| read(operation, &reply))
    }

    /// Has something done; nothing of the answer is needed, and there may be none. A page is no answer of Finicity's.
    pub async fn tell(&self, operation: Operation, method: Method, path: String) -> Result<(), Failure> {
        match self.send(operation, method, path, None).await?.is_empty_or_json() {
            true => Ok(()),
            false => Err(Failure::unreadable(operation.name)),
        }
    }

    /// Sends a request; with a new token once more, where the token had ended: it was not acted on then.
    async fn send(
        &self,
        operation: Operation,
        method: Method,
        path: String,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let kept = self.kept_token().await?;
        let call = self.call(operation, method, path, body)?;
        match self.attempt(call.clone(), &kept).await {
            Err(failure) if error::is_token_refused(&failure) => {
                let name = self.token_record();
                self.cx.records.forget(ServiceProvider::Finicity, Record::Shared(&name), &kept).await?;
                self.attempt(call, &self.kept_token().await?).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, call: Call, kept: &Secret) -> Result<Reply, Failure> {
        let token = kept.expose().strip_prefix(TOKEN).ok_or_else(|| refused_before(kept))?;
        let call = call.header(HeaderName::from_static("finicity-app-token"), credential(token)?);
        self.ask(call, Some(token)).await
    }

    /// The call itself.
    async fn ask(&self, call: Call, token: Option<&str>) -> Result<Reply, Failure> {
        let reply = self.cx.upstream.send(call).await?;
        // 203 is Finicity's way to say that the institution asks the customer something.
        if reply.status.is_success() && reply.status != StatusCode::NON_AUTHORITATIVE_INFORMATION {
            return Ok(reply);
        }
        let mut failure = error::failure(reply.status, &reply.body, reply.retry_after(self.cx.now));
        // Finicity's words may quote what was sent.
        let secrets = [self.config.partner_secret.expose(), self.config.app_key.expose(), token.unwrap_or_default()];
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            failure.message = failure.message.replace(secret, "[secret]");
        }
        Err(failure)
    }

    /// The request but for its token, within what is left of the time.
    fn call(&self, operation: Operation, method: Method, path: String, body: Option<&Value>) -> Result<Call, Failure> {
        let call = match body {
            Some(body) => Call { method, ..Call::post_json(operation.name, path, body.to_string().into_bytes()) },
            None => Call::new(operation.name, method, path),
        };
        let call = call
            .deadline(self.left())
            .patience(self.cx.patience)
            .answers(error::is_of_login)
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
            .header(HeaderName::from_static("finicity-app-key"), credential(self.config.app_key.expose())?);
        Ok(if operation.repeatable { call.repeatable() } else { call })
    }

    /// The token, or the memory of a refusal.
    async fn kept_token(&self) -> Result<Secret, Failure> {
        let name = self.token_record();
        let make: Make<'_> = Box::new(|_: Attempt| Box::pin(self.authenticate()));
        self.cx.records.get(ServiceProvider::Finicity, Record::Shared(&name), self.cx.now, make).await
    }

    async fn authenticate(&self) -> Result<Made, Failure> {
        let body = json!({
            "partnerId": or_sandbox(&self.config.partner_id),
            "partnerSecret": or_sandbox(self.config.partner_secret.expose()),
        });
        let path = "/aggregation/v2/partners/authentication".to_owned();
        let call = self.call(AUTHENTICATE, Method::POST, path, Some(&body))?;
        match self.ask(call, None).await {
            Ok(reply) => {
                let token: AccessToken = read(AUTHENTICATE, &reply)?;
                let secret = Secret::new(format!("{TOKEN}{}", token.token.expose()));
                Ok(Made { secret, expires_at: Some(self.cx.now + TOKEN_LIFE) })
            }
            Err(failure) if failure.kind == FailureKind::Auth => {
                let secret = Secret::new(format!("{REFUSED}{}", failure.code));
                Ok(Made { secret, expires_at: Some(self.cx.now + REFUSAL_LIFE) })
            }
            Err(failure) => Err(failure),
        }
    }

    /// Under which name the token is kept: another one as soon as the credentials are others.
    fn token_record(&self) -> String {
        let config = self.config;
        let parts = [config.partner_id.as_str(), config.partner_secret.expose(), config.app_key.expose()];
        format!("app_token/{}", short_hash(&parts.join("\n")))
    }
}

/// The credentials were refused not long ago; nothing was sent.
fn refused_before(kept: &Secret) -> Failure {
    let code = kept.expose().strip_prefix(REFUSED).unwrap_or("CREDENTIALS");
    let text =
        "Finicity refused partner_id, partner_secret or app_key, and five refusals lock the account: correct them";
    Failure::new(FailureKind::Auth, Persistence::Temporary, code, text)
}

/// The beginning of a text's hash, in hexadecimal digits.
fn short_hash(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Simulators take any credentials that are the same throughout, so that none need be configured for them.
pub fn or_sandbox(text: &str) -> &str {
    if text.is_empty() { "sandbox" } else { text }
}

fn credential(text: &str) -> Result<HeaderValue, Failure> {
    let unfit = |_| {
        let text = "the credentials do not fit into a header";
        Failure::new(FailureKind::Auth, Persistence::Permanent, "CREDENTIALS", text)
    };
    let mut value = HeaderValue::from_str(or_sandbox(text)).map_err(unfit)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads an answer.
fn read<T: DeserializeOwned>(operation: Operation, reply: &Reply) -> Result<T, Failure> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        // The error's own text may quote the answer.
        let (line, column) = (error.line(), error.column());
        Failure::unreadable(format_args!("{} at line {line}, column {column}", operation.name))
    })
}

/// We asked for something that cannot be asked for; nothing was sent.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message)
}

/// A login of a customer: what a connection's credential says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The customer.
    pub customer: String,
    /// The login: our connection.
    pub id: String,
    /// Logins in whose place it stands; they end with it.
    pub retired: Vec<String>,
}

impl Login {
    /// As the credential has it: the customer, the login, and those that it replaced.
    pub fn read(credential: &Secret) -> Result<Self, Failure> {
        let mut parts = credential.expose().split('/').map(|part| is_id(part).then(|| part.to_owned()));
        let mut next = || parts.next().flatten();
        let unreadable = || Failure::unreadable("the connection's credential");
        let (customer, id) = (next().ok_or_else(unreadable)?, next().ok_or_else(unreadable)?);
        let retired: Option<Vec<String>> = parts.collect();
        Ok(Self { customer, id, retired: retired.ok_or_else(unreadable)? })
    }

    /// The credential of the connection.
    pub fn credential(&self) -> Secret {
        let retired: String = self.retired.iter().map(|id| format!("/{id}")).collect();
        Secret::new(format!("{}/{}{retired}", self.customer, self.id))
    }

    fn path(&self) -> String {
        self.path_of(&self.id)
    }

    fn path_of(&self, id: &str) -> String {
        format!("/aggregation/v1/customers/{}/institutionLogins/{id}", self.customer)
    }
}

/// Whether a text may stand in a path.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests;
