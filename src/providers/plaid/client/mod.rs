//! Builds requests and reads answers. Every operation is a POST of JSON; what is not the one call itself is pure.

pub mod accounts;
pub mod alone;
pub mod assets;
pub mod income;
pub mod institutions;
pub mod investments;
pub mod items;
pub mod link;
pub mod options;
pub mod placement;
pub mod session;
pub mod signal;
pub mod statements;
pub mod transactions;

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::net::{Call, HeaderName, HeaderValue, Reply};
use crate::providers::records::Records;
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::PlaidConfig;
use super::error;
use super::spec::SPEC;

/// The version of the API that all this is written for.
const API_VERSION: HeaderValue = HeaderValue::from_static("2020-09-14");
/// The fields of requests that hold a secret.
const SECRET_FIELDS: [&str; 5] = ["access_token", "public_token", "link_token", "asset_report_token", "user_token"];

/// One of Plaid's operations; its path is its name too.
#[derive(Clone, Copy)]
pub struct Operation {
    path: &'static str,
    repeatable: bool,
}

impl Operation {
    /// One that may be sent twice: it reads, or a second one changes nothing more.
    pub const fn repeatable(path: &'static str) -> Self {
        Self { path, repeatable: true }
    }

    /// One that is billed or makes something each time.
    pub const fn once(path: &'static str) -> Self {
        Self { path, repeatable: false }
    }
}

/// Plaid, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a PlaidConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation may take.
    pub fn new(config: &'a PlaidConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What is kept beside its connections.
    pub fn records(&self) -> &'a dyn Records {
        self.cx.records
    }

    /// What this installation is at Plaid.
    pub fn config(&self) -> &'a PlaidConfig {
        self.config
    }

    /// Sends a request and reads its answer.
    pub async fn post<T: DeserializeOwned>(&self, operation: Operation, body: &Value) -> Result<T, Failure> {
        let reply = self.cx.upstream.send(self.call(operation, body)?).await?;
        read(operation, &reply, self.cx.now).map_err(|failure| self.without_secrets(failure, body))
    }

    /// The same for an answer that is a PDF.
    pub async fn document(&self, operation: Operation, body: &Value) -> Result<Vec<u8>, Failure> {
        let reply = self.cx.upstream.send(self.call(operation, body)?).await?;
        document(operation, &reply, self.cx.now).map_err(|failure| self.without_secrets(failure, body))
    }

    /// The request, within what is left of the time.
    fn call(&self, operation: Operation, body: &Value) -> Result<Call, Failure> {
        let left = self.deadline.saturating_sub(self.started.elapsed());
        let call = Call::post_json(operation.path, operation.path, body.to_string().into_bytes())
            .deadline(left)
            .patience(self.cx.patience)
            .subject(subject(body))
            .header(HeaderName::from_static("plaid-version"), API_VERSION)
            .header(HeaderName::from_static("plaid-client-id"), credential(&self.config.client_id)?)
            .header(HeaderName::from_static("plaid-secret"), credential(self.config.secret.expose())?);
        Ok(if operation.repeatable { call.repeatable() } else { call })
    }

    /// Plaid's words, in which it may have quoted what was sent.
    fn without_secrets(&self, mut failure: Failure, body: &Value) -> Failure {
        let several = body["access_tokens"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let sent = SECRET_FIELDS.iter().filter_map(|field| body[field].as_str()).chain(several);
        for secret in sent.chain([self.config.secret.expose()]).filter(|secret| !secret.is_empty()) {
            failure.message = failure.message.replace(secret, "[secret]");
        }
        failure
    }
}

/// A credential as a header; simulators take any, so that none need be configured for them.
fn credential(text: &str) -> Result<HeaderValue, Failure> {
    let text = if text.is_empty() { "sandbox" } else { text };
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::new(
            FailureKind::Auth,
            Persistence::Permanent,
            "CREDENTIALS",
            "the credentials do not fit into a header",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads an answer. A `Retry-After` that is a date counts from business time, which only the sandbox shifts.
fn read<T: DeserializeOwned>(operation: Operation, reply: &Reply, now: DateTime<Utc>) -> Result<T, Failure> {
    if !reply.status.is_success() {
        return Err(error::failure(reply.status, &reply.body, reply.retry_after(now)));
    }
    serde_json::from_slice(&reply.body).map_err(|error| {
        // The error's own text may quote the answer.
        let (line, column) = (error.line(), error.column());
        Failure::unreadable(format_args!("{} at line {line}, column {column}", operation.path))
    })
}

/// A document as it came.
fn document(operation: Operation, reply: &Reply, now: DateTime<Utc>) -> Result<Vec<u8>, Failure> {
    if !reply.status.is_success() {
        return Err(error::failure(reply.status, &reply.body, reply.retry_after(now)));
    }
    if !reply.body.starts_with(b"%PDF-") {
        return Err(Failure::unreadable(format_args!("{} is no PDF", operation.path)));
    }
    let hash = reply.headers.get("plaid-content-hash").map(HeaderValue::as_bytes);
    if hash.is_some_and(|hash| !hash.eq_ignore_ascii_case(sha256_hex(&reply.body).as_bytes())) {
        return Err(Failure::unreadable(format_args!("{} is not as it was sent", operation.path)));
    }
    Ok(reply.body.to_vec())
}

/// Lower-case hexadecimal SHA-256 of the bytes.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whom a request is for: the Item or the report that it names.
fn subject(body: &Value) -> Option<&str> {
    let tokens = [&body["access_token"], &body["access_tokens"][0], &body["asset_report_token"], &body["user_token"]];
    tokens.into_iter().find_map(Value::as_str)
}

/// A request that names an Item and nothing else.
fn of_item(credential: &Secret) -> Value {
    json!({ "access_token": credential.expose() })
}

/// We asked for something that cannot be asked for; nothing was sent.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message)
}

/// Those of the countries that Plaid serves; it takes no others.
fn countries(codes: &[String]) -> Result<Vec<&str>, Failure> {
    let served: Vec<&str> = codes.iter().map(String::as_str).filter(|code| SPEC.countries.contains(code)).collect();
    if served.is_empty() {
        return Err(refused("COUNTRY_NOT_SUPPORTED", "Plaid serves none of these countries"));
    }
    Ok(served)
}

/// The number of entries before a page, from the page's name.
fn offset(page: Option<&str>) -> Result<u64, Failure> {
    page.map_or(Ok(0), |page| page.parse().map_err(|_| refused("PAGE", "no page has this name")))
}

/// The name of the page that begins at `next`, if there is one. More than `most` entries are no honest number.
fn page_at(next: u64, total: u64, most: u64, operation: Operation) -> Result<Option<String>, Failure> {
    if total > most {
        return Err(Failure::unreadable(format_args!("the total of {}", operation.path)));
    }
    Ok((next < total).then(|| next.to_string()))
}

#[cfg(test)]
mod tests;
