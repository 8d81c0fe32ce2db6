//! Plaid (US, Canada, Europe), version 2020-09-14 of its API; documents at <https://plaid.com/docs>.
//!
//! A connection is an *Item*: webhooks name it by `item_id`, calls by an `access_token` that never ends. A session is a
//! *link token*, opened at a page of Plaid's (Hosted Link) or by its script; a session for an existing Item is *update mode*.
//!
//! A payment and the verification of a person are linked without an Item (see `client/alone.rs`).
//!
//! What is peculiar here:
//! - Balances come with any other product, and cannot be linked for alone (B5); both investment products are one (B6).
//! - Calling a product's endpoint for the first time adds the product, and may bill it (C1).
//! - `error_code` decides what a failure means, not the HTTP status; outages of a bank come as status 400.
//! - Amounts are positive where money leaves, and what is owed is positive: as here.

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

use super::{Context, Failure, Hint, Provider, Spec, Webhook, data, link, own, section};
use client::{Api, accounts, alone, institutions, investments, items, session, transactions};

pub use config::PlaidConfig;

/// The one client that the simulator knows.
const SANDBOX_CLIENT_ID: &str = "sandbox";
/// The secret that the simulator takes; no real one, but to be kept like one.
pub const SANDBOX_SECRET: &str = "sandbox-secret";

/// Makes Plaid from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: PlaidConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what Plaid's dashboard shows")? {
        config.client_id = SANDBOX_CLIENT_ID.to_owned();
        config.secret = Secret::new(SANDBOX_SECRET);
    }
    Ok(Arc::new(Plaid::new(config)))
}

/// Plaid, as one team at it.
#[derive(Clone, Debug)]
pub struct Plaid {
    config: PlaidConfig,
}

impl Plaid {
    /// Plaid with these credentials.
    pub fn new(config: PlaidConfig) -> Self {
        Self { config }
    }

    /// How it is configured.
    pub fn config(&self) -> &PlaidConfig {
        &self.config
    }

    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for Plaid {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn has_consent_text(&self) -> bool {
        self.config.consent_customization.is_some()
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
        session::progress(&self.api(cx, "continue_link"), request).await
    }

    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation, Failure> {
        if let Some(object) = alone::Object::of(credential) {
            return Ok(object.observation());
        }
        items::status(&self.api(cx, "status"), credential).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        if alone::Object::of(credential).is_some() {
            return Ok(Vec::new());
        }
        let operation = if wanted.live_balances { "live_balances" } else { "accounts" };
        accounts::accounts(&self.api(cx, operation), credential, wanted).await
    }

    async fn transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage, Failure> {
        transactions::page(&self.api(cx, "transactions"), credential, request).await
    }

    async fn holdings(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderHolding>, Failure> {
        investments::holdings(&self.api(cx, "holdings"), credential).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        investments::page(&self.api(cx, "investment_transactions"), credential, request).await
    }

    async fn liabilities(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
    ) -> Result<Vec<data::ProviderLiability>, Failure> {
        accounts::liabilities(&self.api(cx, "liabilities"), credential).await
    }

    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure> {
        items::refresh(&self.api(cx, "refresh"), credential, request).await
    }

    async fn processor_token(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        provider_account_id: &str,
        processor: &str,
    ) -> Result<Secret, Failure> {
        items::processor_token(&self.api(cx, "processor_token"), credential, provider_account_id, processor).await
    }

    fn asset_reports(&self) -> Option<&dyn own::AssetReports> {
        Some(self)
    }

    fn statements(&self) -> Option<&dyn own::Statements> {
        Some(self)
    }

    fn payment_risks(&self) -> Option<&dyn own::PaymentRisks> {
        Some(self)
    }

    fn incomes(&self) -> Option<&dyn own::Incomes> {
        Some(self)
    }

    fn payments(&self) -> Option<&dyn own::Payments> {
        Some(self)
    }

    fn identity_verifications(&self) -> Option<&dyn own::IdentityVerifications> {
        Some(self)
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        institutions::page(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        if alone::Object::of(credential).is_some() {
            // Nothing at Plaid goes on after it, and there is no call that would end it.
            return Ok(());
        }
        items::remove(&self.api(cx, "revoke"), credential).await
    }

    fn webhook_signature(&self, webhook: &Webhook<'_>) -> Option<Vec<u8>> {
        webhook::signature(webhook.headers).map(<[u8]>::to_vec)
    }

    fn webhook_key_id(&self, webhook: &Webhook<'_>) -> Option<String> {
        webhook::key_id(webhook.headers)
    }

    async fn webhook_key(&self, cx: &Context<'_>, key_id: &str) -> Result<data::WebhookKey, Failure> {
        items::webhook_key(&self.api(cx, "webhook_key"), key_id).await
    }

    fn verify_webhook(
        &self,
        key: &data::WebhookKey,
        webhook: &Webhook<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        webhook::verify(key, webhook.headers, webhook.body, now)
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
    fn a_sandbox_needs_nothing_and_live_mode_the_credentials() {
        let sandbox = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!(sandbox.spec().id, ServiceProvider::Plaid);
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("client_id"));
        assert!(build(section(&[("client_id", "5f1")]), Mode::Live).err().unwrap().contains("secret"));
        assert!(build(section(&[("client_id", "5f1"), ("secret", "s3")]), Mode::Live).is_ok());
        assert!(build(section(&[("client_key", "5f1")]), Mode::Sandbox).err().unwrap().contains("client_key"));
    }

    #[test]
    fn d6_the_consent_text_is_a_customization() {
        let with = section(&[("consent_customization", "consent")]);
        assert!(build(with, Mode::Sandbox).unwrap().has_consent_text());
        assert!(!build(Dict::new(), Mode::Sandbox).unwrap().has_consent_text());
    }

    #[test]
    fn slow_operations_have_their_deadlines() {
        let seconds = |operation: &str| spec::SPEC.deadline(operation).as_secs();
        assert_eq!(["live_balances", "refresh", "holdings", "accounts"].map(seconds), [60, 120, 180, 30]);
    }
}
