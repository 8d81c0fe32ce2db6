//! Salt Edge (Europe), version 6 of its API, as two providers: with a licence of the client's own, and under Salt Edge's (partners). The kind of
//! API key decides, the endpoints are the same. Documents at <https://docs.saltedge.com/v6/>; there is no machine-readable description, so that
//! all this is checked against notes alone.
//!
//! What is peculiar here:
//! - Requests are signed over address and body; there is no token, and nothing ends but consents.
//! - A customer's record is made first and cannot be looked up again: its id is kept, and where that failed all are gone through.
//! - The customer comes back before fetching ends; what a visit brought shows in the customer's connections, whose attempts bear
//!   our session's id.
//! - It answers from what it has, also when the bank serves it no longer: the connection is asked for first.
//! - Pending transactions get other ids with each refresh; nothing links them to posted ones.
//! - Which of two published keys signs callbacks is for the operator to say. Callbacks are registered in the dashboard.
//! - Holdings and trades have no resource; of the terms of debts there are only optional fields of accounts, which are not read.

mod client;
pub mod config;
mod error;
mod map;
mod signature;
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
use client::{Api, Credential, data as reading, session, transactions};

pub use config::SaltEdgeConfig;

/// The one client that the simulators know, and the keys of both directions.
const SANDBOX_APP_ID: &str = "sandbox";
const SANDBOX_SECRET: &str = "sandbox-secret";
const SANDBOX_KEY: &str = include_str!("sandbox/key.pem");
const SANDBOX_PUBLIC_KEY: &str = include_str!("sandbox/public_key.pem");

/// Makes the provider for clients with a licence of their own.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    build_kind(section, mode, &spec::CLIENT)
}

/// Makes the provider for partners.
pub fn build_partners(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    build_kind(section, mode, &spec::PARTNERS)
}

/// From the section of the configuration; the text of an error names the key, the problem and the fix.
fn build_kind(section: Dict, mode: Mode, spec: &'static Spec) -> Result<Arc<dyn Provider>, String> {
    let mut config: SaltEdgeConfig = section::read(section)?;
    if section::lacks(spec.id, mode, &config.missing_for_live(), "what the dashboard shows")? {
        config.app_id = SANDBOX_APP_ID.to_owned();
        config.secret = Secret::new(SANDBOX_SECRET);
        config.private_key = Some(signature::signing_key("private_key", SANDBOX_KEY)?);
        config.callback_public_key = Some(signature::public_key("callback_public_key", SANDBOX_PUBLIC_KEY)?);
    }
    Ok(Arc::new(SaltEdge { config, spec }))
}

/// Salt Edge, as one client at it.
#[derive(Clone, Debug)]
struct SaltEdge {
    config: SaltEdgeConfig,
    spec: &'static Spec,
}

impl SaltEdge {
    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, self.spec.id, cx, self.spec.deadline(operation))
    }
}

#[async_trait]
impl Provider for SaltEdge {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    async fn begin_link(&self, cx: &Context<'_>, request: &link::LinkRequest) -> Result<link::LinkBegun, Failure> {
        client::link::begin(&self.api(cx, "begin_link"), request).await
    }

    async fn continue_link(
        &self,
        cx: &Context<'_>,
        request: &link::LinkContinuation,
    ) -> Result<link::LinkProgress, Failure> {
        session::progress(&self.api(cx, "continue_link"), request).await
    }

    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation, Failure> {
        reading::status(&self.api(cx, "status"), &Credential::read(credential)?).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        reading::accounts(&self.api(cx, "accounts"), &Credential::read(credential)?, wanted).await
    }

    async fn transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage, Failure> {
        transactions::page(&self.api(cx, "transactions"), &Credential::read(credential)?, request).await
    }

    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure> {
        reading::refresh(&self.api(cx, "refresh"), &Credential::read(credential)?, request.products).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        reading::institutions(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        session::remove(&self.api(cx, "revoke"), &Credential::read(credential)?.connection).await
    }

    fn webhook_key_id(&self, webhook: &Webhook<'_>) -> Option<String> {
        webhook::key_id(webhook.headers)
    }

    fn webhook_signature(&self, webhook: &Webhook<'_>) -> Option<Vec<u8>> {
        webhook::signature(webhook.headers).map(<[u8]>::to_vec)
    }

    async fn webhook_key(&self, _: &Context<'_>, key_id: &str) -> Result<data::WebhookKey, Failure> {
        let key = self.config.callback_public_key.as_ref().ok_or_else(|| {
            let message = "set callback_public_key: without it no callback can be taken";
            Failure::new(FailureKind::Auth, Persistence::Permanent, "CALLBACK_KEY", message)
        })?;
        Ok(data::WebhookKey { key_id: key_id.to_owned(), material: key.text().into(), expired_at: None })
    }

    fn verify_webhook(
        &self,
        key: &data::WebhookKey,
        webhook: &Webhook<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        webhook::verify(key, webhook, now)
    }

    fn read_webhook(&self, body: &[u8]) -> Result<Vec<Hint>, data::WebhookRefused> {
        webhook::hints(body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::domain::service_provider::ServiceProvider;

    #[test]
    fn a_sandbox_needs_nothing_and_live_mode_says_which_key_is_missing() {
        assert_eq!(build(Dict::new(), Mode::Sandbox).unwrap().spec().id, ServiceProvider::SaltEdge);
        let partners = build_partners(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!(partners.spec().id, ServiceProvider::SaltEdgePartners);
        let missing = build_partners(Dict::new(), Mode::Live).err().unwrap();
        assert!(missing.contains("LINKSPAN_PROVIDERS__SALT_EDGE_PARTNERS__APP_ID"), "{missing}");
    }
}
