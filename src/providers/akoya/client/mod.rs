//! Builds requests and reads answers; what is not the one call itself is pure.

pub mod accounts;
pub mod credential;
pub mod institutions;
pub mod link;
pub mod notifications;
pub mod tokens;
pub mod transactions;
pub mod windows;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use url::Url;

use crate::domain::secret::Secret;
use crate::net::{Call, HeaderName, HeaderValue, Reply, StatusCode, Upstream, header};
use crate::providers::records::Records;
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::AkoyaConfig;
use super::error::{self, Asked};
use credential::Credential;

/// The identity provider: a host beside that of the product APIs.
pub const IDP: &str = "idp";
/// The token service.
pub const STS: &str = "sts";
/// The service API.
pub const SERVICE: &str = "service";

/// Akoya, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a AkoyaConfig,
    cx: &'a Context<'a>,
    started: Instant,
    deadline: Duration,
}

/// An answer.
pub struct Answer<T> {
    /// What it says.
    pub body: T,
    /// Whether something is missing (206).
    pub partial: bool,
}

impl<'a> Api<'a> {
    /// Begins to count the call's time, of which there is no more than the operation's.
    pub fn new(config: &'a AkoyaConfig, cx: &'a Context<'a>, longest: Duration) -> Self {
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

    /// What this installation is at Akoya.
    pub fn config(&self) -> &'a AkoyaConfig {
        self.config
    }

    /// What is kept beside connections.
    fn records(&self) -> &'a dyn Records {
        self.cx.records
    }

    /// One of the hosts.
    fn host(&self, name: &str) -> &'a Upstream {
        self.cx.host(name)
    }

    /// The identity provider.
    fn idp(&self) -> &'a Upstream {
        self.cx.host(IDP)
    }

    /// The identity provider, as a customer's browser reaches it.
    fn browser_url(&self) -> &'a Url {
        self.cx.browser_url(IDP)
    }

    /// Asks for data. The path begins with the operation's name.
    pub async fn data<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        credential: &Credential,
        path: String,
    ) -> Result<Answer<T>, Failure> {
        let interaction = match (self.config.api_version.as_str(), self.cx.attended) {
            ("v2", true) => "user",
            ("v2", false) => "batch",
            (_, true) => "USER",
            (_, false) => "BATCH",
        };
        let call = Call::get(operation, path)
            .repeatable()
            .answers(error::is_of_institution)
            .header(header::AUTHORIZATION, bearer(&credential.id_token)?)
            .header(HeaderName::from_static("x-akoya-interaction-type"), HeaderValue::from_static(interaction));
        let reply = self.send(self.cx.upstream, call).await?;
        let body = self.read(credential.asked(self.cx.now), operation, &reply, &[&credential.id_token])?;
        Ok(Answer { body, partial: reply.status == StatusCode::PARTIAL_CONTENT })
    }

    /// Sends a call within what is left of the time.
    async fn send(&self, upstream: &Upstream, call: Call) -> Result<Reply, Failure> {
        Ok(upstream.send(call.deadline(self.left()).patience(self.cx.patience)).await?)
    }

    /// Reads an answer. A `Retry-After` that is a date counts from business time, which only the sandbox shifts.
    fn read<T: DeserializeOwned>(
        &self,
        asked: Asked,
        operation: &'static str,
        reply: &Reply,
        sent: &[&Secret],
    ) -> Result<T, Failure> {
        if !reply.status.is_success() {
            return Err(self.refusal(asked, reply, sent));
        }
        serde_json::from_slice(&reply.body).map_err(|error| {
            // The error's own text may quote the answer.
            let (line, column) = (error.line(), error.column());
            Failure::unreadable(format_args!("{operation} at line {line}, column {column}"))
        })
    }

    /// An answer that says no; what was sent may be quoted in it.
    fn refusal(&self, asked: Asked, reply: &Reply, sent: &[&Secret]) -> Failure {
        let mut failure = error::failure(asked, reply.status, &reply.body, reply.retry_after(self.cx.now));
        for secret in sent.iter().copied().chain([&self.config.client_secret]) {
            if !secret.expose().is_empty() {
                failure.message = failure.message.replace(secret.expose(), "[secret]");
            }
        }
        failure
    }

    /// The path of a call for data, with what comes after the institution.
    pub fn path(&self, operation: &str, provider_id: &str, more: &[&str]) -> String {
        path([operation, &self.config.api_version, provider_id].into_iter().chain(more.iter().copied()))
    }
}

/// A path of these segments, encoded.
fn path<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    let mut encoded = String::new();
    for segment in segments {
        encoded.push('/');
        // A form's encoding is a path's too, but for the space.
        encoded.extend(
            url::form_urlencoded::byte_serialize(segment.as_bytes()).map(|part| if part == "+" { "%20" } else { part }),
        );
    }
    encoded
}

/// The address of an operation at a host.
fn at(host: &Url, operation: &str) -> Result<Url, Failure> {
    let address = format!("{}{operation}", host.as_str().trim_end_matches('/'));
    address.parse().map_err(|_| refused("ADDRESS", "the configured address cannot be used"))
}

fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    sensitive(&format!("Bearer {}", token.expose()))
}

fn sensitive(text: &str) -> Result<HeaderValue, Failure> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| refused("CREDENTIALS", "the credentials do not fit into a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Our own credentials, as HTTP Basic authentication has them.
fn basic(config: &AkoyaConfig) -> Result<HeaderValue, Failure> {
    let plain = format!("{}:{}", config.client_id, config.client_secret.expose());
    sensitive(&format!("Basic {}", STANDARD.encode(plain)))
}

/// We asked for something that cannot be asked for; nothing was sent.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Invalid, Persistence::Permanent, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_holds_any_id() {
        assert_eq!(path(["balances", "v2", "mikomo"]), "/balances/v2/mikomo");
        assert_eq!(path(["a b", "c/d?e", "ä"]), "/a%20b/c%2Fd%3Fe/%C3%A4");
    }
}
