//! MX (US, Canada), the Platform API in both of its versions, 20111101 and 20250224; documents at <https://docs.mx.com>.
//!
//! A connection is a *member* of a *user*, which is MX's record of a customer. Both are named by ids and need no secret. A session is
//! a *widget url*, good once; what came of it is found in the list of the user's members.
//!
//! What is peculiar here:
//! - Data is fetched by *jobs* that run at MX (`aggregate`, `verify`, `identify`, …), one kind at a time, and is read afterwards.
//!   MX says yes to an aggregation within three hours of the last one, and does nothing.
//! - Reading gives what MX has, even if the login is long lost: the member's status is asked for first.
//! - Movements of investments are ordinary transactions of investment accounts; terms of loans stand on the accounts.
//! - Amounts have no sign but a direction; deleted rows simply vanish, so that transactions are read as windows of days.
//! - Webhooks bring the user name and password that MX's dashboard was given, and no signature.

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
use client::{Api, Link, accounts, investments, members, session, transactions, widget};

pub use config::MxConfig;

/// The one client that the simulator knows, with its key, and what its webhooks bring.
const SANDBOX: [&str; 4] = ["sandbox", "sandbox-key", "mx", "sandbox-webhooks"];

/// Makes MX from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: MxConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what MX's dashboard shows")? {
        let [client_id, api_key, username, password] = SANDBOX;
        config.client_id = client_id.to_owned();
        config.api_key = Secret::new(api_key);
        config.webhook_username = username.to_owned();
        config.webhook_password = Secret::new(password);
    }
    Ok(Arc::new(Mx::new(config)))
}

/// MX, as one client of it.
#[derive(Clone, Debug)]
pub struct Mx {
    config: MxConfig,
}

impl Mx {
    /// MX with these credentials.
    pub fn new(config: MxConfig) -> Self {
        Self { config }
    }

    fn api<'a>(&'a self, cx: &'a Context<'a>) -> Api<'a> {
        Api::new(&self.config, cx)
    }
}

#[async_trait]
impl Provider for Mx {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    async fn begin_link(&self, cx: &Context<'_>, request: &link::LinkRequest) -> Result<link::LinkBegun, Failure> {
        widget::begin(&self.api(cx), request).await
    }

    async fn continue_link(
        &self,
        cx: &Context<'_>,
        request: &link::LinkContinuation,
    ) -> Result<link::LinkProgress, Failure> {
        session::progress(&self.api(cx), request).await
    }

    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation, Failure> {
        members::observe(&self.api(cx), &Link::of(credential)?).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        accounts::accounts(&self.api(cx), &Link::of(credential)?, wanted).await
    }

    async fn transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage, Failure> {
        transactions::page(&self.api(cx), &Link::of(credential)?, request).await
    }

    async fn holdings(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderHolding>, Failure> {
        investments::holdings(&self.api(cx), &Link::of(credential)?).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        investments::movements(&self.api(cx), &Link::of(credential)?, request).await
    }

    async fn liabilities(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
    ) -> Result<Vec<data::ProviderLiability>, Failure> {
        accounts::liabilities(&self.api(cx), &Link::of(credential)?).await
    }

    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure> {
        members::refresh(&self.api(cx), &Link::of(credential)?, request).await
    }

    async fn processor_token(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        provider_account_id: &str,
        processor: &str,
    ) -> Result<Secret, Failure> {
        client::processor_token(&self.api(cx), &Link::of(credential)?, provider_account_id, processor).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        client::institutions(&self.api(cx), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        members::remove(&self.api(cx), &Link::of(credential)?).await
    }

    fn webhook_key_id(&self, webhook: &Webhook<'_>) -> Option<String> {
        webhook::key_id(webhook.headers)
    }

    async fn webhook_key(&self, _cx: &Context<'_>, _key_id: &str) -> Result<data::WebhookKey, Failure> {
        webhook::key(&self.config).ok_or_else(|| {
            let message = "no webhook_username and webhook_password are configured";
            Failure::new(FailureKind::Auth, Persistence::Permanent, "NO_WEBHOOK_PASSWORD", message)
        })
    }

    fn verify_webhook(
        &self,
        key: &data::WebhookKey,
        webhook: &Webhook<'_>,
        _now: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        webhook::verify(key, webhook.headers)
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

    fn section(entries: &[(&str, &str)]) -> Dict {
        entries.iter().map(|&(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    #[test]
    fn a_sandbox_needs_nothing_and_live_mode_the_credentials() {
        assert!(build(Dict::new(), Mode::Sandbox).is_ok());
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("client_id"));
        assert!(build(section(&[("client_id", "c")]), Mode::Live).err().unwrap().contains("api_key"));
        assert!(build(section(&[("client_id", "c"), ("api_key", "k")]), Mode::Live).is_ok());
        assert!(build(section(&[("version", "v20111101")]), Mode::Sandbox).is_ok());
        assert!(build(section(&[("client_key", "c")]), Mode::Sandbox).err().unwrap().contains("client_key"));
    }
}
