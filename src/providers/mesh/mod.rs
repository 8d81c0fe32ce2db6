//! Mesh (Mesh Connect, once Front Finance): brokers, exchanges and wallets; documents at <https://docs.meshconnect.com>.
//!
//! Mesh has no object for a connection: it is some accounts of one login, each with tokens of its own. A visit is *Link*, a frame that is
//! opened with a link token; the accounts' tokens come to the page around it.
//!
//! What is peculiar here:
//! - The tokens arrive in the browser: our page hands them over and keeps nothing, and each is proved by reading with it.
//! - Every read is live at the institution, and an answer of status 200 may be a failure (`content.status`).
//! - Status 401 comes for our keys as for a customer's token.
//! - Nobody tells how a connection stands: it is read. Webhooks tell of transfers alone, which are not ours.
//! - Everything is in USD, and every account is an investment account. What a holding cost is not read: the documents contradict
//!   themselves.
//! - A repair is a visit like the first, and brings new tokens.

mod client;
pub mod config;
mod error;
mod map;
#[cfg(feature = "sandbox")]
pub mod simulator;
pub mod spec;
mod webhook;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use figment::value::Dict;

use crate::config::Mode;
use crate::domain::secret::Secret;

use super::{Context, Failure, FailureKind, Hint, Persistence, Provider, Spec, Webhook, data, link, section};
use client::credential::{Credential, read, sealed};
use client::{Api, reading, tokens};

pub use config::MeshConfig;

/// The one client that the simulator knows, its secret, and what signs its webhooks.
const SANDBOX_CLIENT_ID: &str = "sandbox";
const SANDBOX_SECRET: &str = "sandbox-secret";
const SANDBOX_WEBHOOK_SECRET: &str = "sandbox-webhook-secret";

/// The one key of webhooks.
const WEBHOOK_KEY: &str = "hmac";

/// Makes Mesh from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: MeshConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what Mesh's dashboard shows")? {
        config.client_id = SANDBOX_CLIENT_ID.to_owned();
        config.client_secret = Secret::new(SANDBOX_SECRET);
        config.webhook_secret = Secret::new(SANDBOX_WEBHOOK_SECRET);
    }
    Ok(Arc::new(Mesh::new(config)))
}

/// Mesh, as one client at it.
#[derive(Clone, Debug)]
pub struct Mesh {
    config: MeshConfig,
}

impl Mesh {
    /// Mesh with these credentials.
    pub fn new(config: MeshConfig) -> Self {
        Self { config }
    }

    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for Mesh {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn launch_script(&self) -> Option<&'static link::LaunchScript> {
        Some(&client::link::LAUNCH_SCRIPT)
    }

    async fn begin_link(&self, cx: &Context<'_>, request: &link::LinkRequest) -> Result<link::LinkBegun, Failure> {
        client::link::begin(&self.api(cx, "begin_link"), request).await
    }

    async fn continue_link(
        &self,
        cx: &Context<'_>,
        request: &link::LinkContinuation,
    ) -> Result<link::LinkProgress, Failure> {
        client::link::progress(&self.api(cx, "continue_link"), request).await
    }

    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation, Failure> {
        reading::status(&self.api(cx, "status"), &read(credential)?).await
    }

    fn renewal_due(&self, credential: &Secret, now: DateTime<Utc>) -> bool {
        read(credential).is_ok_and(|credential: Credential| credential.accounts.iter().any(|one| one.is_due(now)))
    }

    async fn renew(&self, cx: &Context<'_>, credential: &Secret) -> Result<Secret, Failure> {
        tokens::renew(&self.api(cx, "renew"), &read(credential)?).await.map(|renewed| sealed(&renewed))
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        reading::accounts(&self.api(cx, "accounts"), &read(credential)?, wanted).await
    }

    async fn holdings(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderHolding>, Failure> {
        reading::holdings(&self.api(cx, "holdings"), &read(credential)?).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        reading::orders(&self.api(cx, "investment_transactions"), &read(credential)?, request).await
    }

    /// Nothing: every read is live.
    async fn refresh(&self, _: &Context<'_>, _: &Secret, _: &data::RefreshRequest<'_>) -> Result<(), Failure> {
        Ok(())
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        _: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        self.api(cx, "institutions").institutions().await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        tokens::remove(&self.api(cx, "revoke"), &read(credential)?).await
    }

    fn webhook_key_id(&self, webhook: &Webhook<'_>) -> Option<String> {
        webhook::signature(webhook.headers).map(|_| WEBHOOK_KEY.to_owned())
    }

    fn webhook_signature(&self, webhook: &Webhook<'_>) -> Option<Vec<u8>> {
        webhook::signature(webhook.headers).map(<[u8]>::to_vec)
    }

    /// The key is configured, and stays there.
    async fn webhook_key(&self, _: &Context<'_>, key_id: &str) -> Result<data::WebhookKey, Failure> {
        if self.config.webhook_secret.expose().is_empty() {
            let message = "set webhook_secret to what Mesh's dashboard shows, so that webhooks can be verified";
            return Err(Failure::new(FailureKind::NotFound, Persistence::Permanent, "WEBHOOK_SECRET", message));
        }
        Ok(data::WebhookKey { key_id: key_id.to_owned(), material: serde_json::Value::Null, expired_at: None })
    }

    fn verify_webhook(
        &self,
        _: &data::WebhookKey,
        webhook: &Webhook<'_>,
        _: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        webhook::verify(&self.config.webhook_secret, webhook.headers, webhook.body)
    }

    fn read_webhook(&self, body: &[u8]) -> Result<Vec<Hint>, data::WebhookRefused> {
        webhook::hints(body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use figment::value::Value;

    use super::*;
    use crate::domain::service_provider::ServiceProvider;

    fn section(entries: &[(&str, &str)]) -> Dict {
        entries.iter().map(|&(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    #[test]
    fn a_sandbox_needs_nothing_and_live_mode_the_keys() {
        let sandbox = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!(sandbox.spec().id, ServiceProvider::Mesh);
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("client_id"));
        assert!(build(section(&[("client_id", "c")]), Mode::Live).err().unwrap().contains("client_secret"));
        assert!(build(section(&[("client_id", "c"), ("client_secret", "s")]), Mode::Live).is_ok());
        assert!(build(section(&[("client_key", "c")]), Mode::Sandbox).err().unwrap().contains("client_key"));
    }
}
