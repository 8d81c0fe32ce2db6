//! Builds requests, signs them, and reads answers.

pub mod data;
pub mod link;
pub mod session;
pub mod transactions;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::{Bytes, Call, HeaderName, HeaderValue, Method, header};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::SaltEdgeConfig;
use super::error;
use super::signature::of_request;
use super::wire::Page;

/// How long a signature holds: as long as a call with all its repetitions may take. An hour is the most `[O]`.
const SIGNED_FOR: TimeDelta = TimeDelta::minutes(10);
/// Pages of one list; far more are no honest number.
const MOST_PAGES: usize = 1000;

/// A link: which connection of which customer. Nothing in it opens anything without our own keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The customer's id at Salt Edge.
    pub customer: String,
    /// The connection's.
    pub connection: String,
}

impl Credential {
    /// Reads it.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        parse(secret)
    }

    /// As it is kept.
    pub fn secret(&self) -> Secret {
        text(self)
    }
}

/// Reads what we keep as a sealed text.
fn parse<T: DeserializeOwned>(secret: &Secret) -> Result<T, Failure> {
    serde_json::from_str(secret.expose()).map_err(|_| {
        let message = "this is no link or session of this provider's";
        Failure::new(FailureKind::Invalid, Persistence::Permanent, "UNREADABLE_CREDENTIAL", message)
    })
}

fn text<T: Serialize>(value: &T) -> Secret {
    // Plain texts and dates: nothing in them can fail to be written.
    Secret::new(serde_json::to_string(value).unwrap_or_default())
}

/// Salt Edge, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a SaltEdgeConfig,
    id: ServiceProvider,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a SaltEdgeConfig, id: ServiceProvider, cx: &'a Context<'a>, longest: Duration) -> Self {
        Self { config, id, cx, started: Instant::now(), deadline: cx.deadline.min(longest) }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(&self, operation: &'static str, path: &str) -> Result<T, Failure> {
        self.send(operation, Method::GET, path, None).await
    }

    /// Reads all pages of a list.
    pub async fn all<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Failure> {
        let mut rows = Vec::new();
        let mut from: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page: Page<T> = self.page(operation, path, query, from.as_deref()).await?;
            rows.extend(page.data);
            match page.meta.next_id {
                Some(next) if Some(&next) != from.as_ref() => from = Some(next),
                _ => return Ok(rows),
            }
        }
        Err(Failure::unreadable(format_args!("{operation}: the list does not end")))
    }

    /// Reads a page of a list, from that id on.
    pub async fn page<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
        from_id: Option<&str>,
    ) -> Result<Page<T>, Failure> {
        let path = paged(path, query, self.config.page_size, from_id);
        self.get(operation, &path).await
    }

    /// Makes something.
    pub async fn post<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        data: Value,
    ) -> Result<T, Failure> {
        self.send(operation, Method::POST, path, Some(json!({ "data": data }))).await
    }

    /// Removes something.
    pub async fn delete(&self, operation: &'static str, path: &str) -> Result<(), Failure> {
        self.send::<Value>(operation, Method::DELETE, path, None).await.map(drop)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Failure> {
        let is_repeatable = method != Method::POST;
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut call = Call::new(operation, method, path).patience(self.cx.patience);
        call = call.deadline(self.deadline.saturating_sub(self.started.elapsed()));
        for (name, value) in self.headers(&call.method, path, &body)? {
            call = call.header(name, value);
        }
        call.body = body;
        let reply = self.cx.upstream.send(if is_repeatable { call.repeatable() } else { call }).await?;
        if !reply.status.is_success() {
            let mut failure = error::failure(reply.status, &reply.body, reply.retry_after(self.now()));
            let secret = self.config.secret.expose();
            if !secret.is_empty() {
                failure.message = failure.message.replace(secret, "[secret]");
            }
            return Err(failure);
        }
        serde_json::from_slice(&reply.body).map_err(|error| {
            // The error's own text may quote the answer.
            let (line, column) = (error.line(), error.column());
            Failure::unreadable(format_args!("{operation} at line {line}, column {column}"))
        })
    }

    /// Who we are, and the signature over exactly what is sent.
    fn headers(&self, method: &Method, path: &str, body: &[u8]) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
        let json = HeaderValue::from_static("application/json");
        let mut headers = vec![
            (header::ACCEPT, json.clone()),
            (header::CONTENT_TYPE, json),
            (HeaderName::from_static("app-id"), value(&self.config.app_id)?),
            (HeaderName::from_static("secret"), value(self.config.secret.expose())?),
        ];
        if let Some(key) = &self.config.private_key {
            let expires_at = (self.now() + SIGNED_FOR).timestamp();
            let url = format!("{}{path}", self.cx.upstream.base_url().as_str().trim_end_matches('/'));
            let signature = key.sign(&of_request(expires_at, method.as_str(), &url, body)).ok_or_else(not_ours)?;
            headers.push((HeaderName::from_static("expires-at"), value(&expires_at.to_string())?));
            headers.push((HeaderName::from_static("signature"), value(&signature)?));
        }
        Ok(headers)
    }
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| not_ours())?;
    value.set_sensitive(true);
    Ok(value)
}

fn not_ours() -> Failure {
    let message = "app_id, secret or private_key cannot be used: copy them again";
    Failure::new(FailureKind::Auth, Persistence::Permanent, "CREDENTIALS", message)
}

/// The address of a page.
fn paged(path: &str, query: &[(&str, &str)], size: u32, from_id: Option<&str>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query).append_pair("per_page", &size.to_string());
    pairs.extend_pairs(from_id.map(|from| ("from_id", from)));
    format!("{path}?{}", pairs.finish())
}

/// An id in a path: nothing in it leads elsewhere.
fn id(text: &str) -> Result<&str, Failure> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_plain && (1..=200).contains(&text.len()) {
        return Ok(text);
    }
    Err(Failure::new(FailureKind::Invalid, Persistence::Permanent, "ID", "this is no id of this provider's"))
}
