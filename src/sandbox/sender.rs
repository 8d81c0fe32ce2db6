//! Carries the simulators' webhooks, as a provider's own network would.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::bank::WebhookSender;
use crate::net::{self, HeaderName, HeaderValue};

/// The longest that a delivery takes.
const DEADLINE: Duration = Duration::from_secs(10);

/// Posts over `net`. What is addressed to our public address goes to our own listener, which may not be reachable from here otherwise.
pub(super) struct Sender {
    client: net::Client,
    public_url: String,
    local_url: Url,
}

impl Sender {
    pub(super) fn new(client: net::Client, public_url: &str, local_url: &Url) -> Self {
        Self { client, public_url: public_url.to_owned(), local_url: local_url.clone() }
    }

    async fn try_post(&self, url: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Option<bool> {
        let (base, path) = match url.strip_prefix(&self.public_url) {
            Some(path) if path.starts_with('/') => (self.local_url.clone(), path.to_owned()),
            _ => (url.parse::<Url>().ok()?, String::new()),
        };
        let upstream = self.client.upstream("sandbox-webhooks", base, true).ok()?;
        let mut call = net::Call::post_json("webhook", path, body).deadline(DEADLINE);
        for (name, value) in headers {
            call = call.header(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(&value).ok()?);
        }
        Some(upstream.send(call).await.ok()?.status.is_success())
    }
}

#[async_trait]
impl WebhookSender for Sender {
    async fn post(&self, url: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> bool {
        self.try_post(url, headers, body).await.unwrap_or_default()
    }
}
