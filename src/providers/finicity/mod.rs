//! Finicity (Mastercard Open Finance US, version 1.42.0 of its description); documents at
//! <https://developer.mastercard.com/open-finance-us/documentation/>.
//!
//! A connection is an *institution login* of a *customer*; there is one customer for each of ours. Neither has a secret of its own:
//! every call carries the application's key and a token of two hours, which is one for all processes. A session is *Connect*, opened
//! at a page of Finicity's; *Connect Fix* mends a login.
//!
//! What is peculiar here:
//! - Connect hands nothing over and cannot be asked: what it brought shows in the customer's accounts.
//! - A login has no state of its own; it stands as the worst of its accounts' last aggregations. Finicity goes on showing what it
//!   last had.
//! - Products are nowhere asked for: the contract decides. Numbers, owners, live balances and long history are billed by use.
//! - Transactions are read as windows of dates. Deposits are positive, the other way round than here.
//! - The customer's move to OAuth may give the login another id; the repair brings the new one.
//! - A refresh may only be asked for on a caller's request; once a day Finicity refreshes by itself.

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

use super::{Context, Failure, Hint, Provider, Spec, Webhook, data, link, section};
use client::{Api, accounts, institutions, session, transactions};
use config::CustomerKind;

pub use config::FinicityConfig;

/// The one partner that the simulator knows.
const SANDBOX_PARTNER: &str = "2445584000000";
const SANDBOX_SECRET: &str = "sandbox-secret";
const SANDBOX_KEY: &str = "sandbox-key";
/// The one key that verifies webhooks: it is ours, and nothing in them names it.
const WEBHOOK_KEY: &str = "partner_secret";

/// Makes Finicity from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: FinicityConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what the developer dashboard shows")? {
        config.partner_id = SANDBOX_PARTNER.to_owned();
        config.partner_secret = Secret::new(SANDBOX_SECRET);
        config.app_key = Secret::new(SANDBOX_KEY);
        config.customers = CustomerKind::Testing;
    }
    Ok(Arc::new(Finicity { config }))
}

/// Finicity, as one partner of it.
#[derive(Clone, Debug)]
pub struct Finicity {
    config: FinicityConfig,
}

impl Finicity {
    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for Finicity {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn ordinary_history_days(&self) -> u16 {
        spec::STANDARD_HISTORY
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
        accounts::observe(&self.api(cx, "status"), credential).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        accounts::accounts(&self.api(cx, wanted.operation()), credential, wanted).await
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
        accounts::holdings(&self.api(cx, "holdings"), credential).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        transactions::movements(&self.api(cx, "investment_transactions"), credential, request).await
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
        accounts::refresh(&self.api(cx, "refresh"), credential, request.products).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        institutions::page(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        accounts::revoke(&self.api(cx, "revoke"), credential).await
    }

    fn webhook_key_id(&self, webhook: &Webhook<'_>) -> Option<String> {
        webhook::signature(webhook.headers).map(|_| WEBHOOK_KEY.to_owned())
    }

    fn webhook_signature(&self, webhook: &Webhook<'_>) -> Option<Vec<u8>> {
        webhook::signature(webhook.headers).map(Into::into)
    }

    async fn webhook_key(&self, _: &Context<'_>, key_id: &str) -> Result<data::WebhookKey, Failure> {
        Ok(data::WebhookKey { key_id: key_id.to_owned(), material: serde_json::Value::Null, expired_at: None })
    }

    fn verify_webhook(
        &self,
        _: &data::WebhookKey,
        webhook: &Webhook<'_>,
        _: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        webhook::verify(&self.config.partner_secret, webhook.headers, webhook.body)
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
    use crate::net;
    use crate::providers::Hosts;
    use crate::providers::records::NoRecords;

    fn section(entries: &[(&str, &str)]) -> Dict {
        entries.iter().map(|&(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    #[test]
    fn a_sandbox_needs_nothing_and_live_mode_the_credentials() {
        let sandbox = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!((sandbox.spec().id, sandbox.spec().history_days), (ServiceProvider::Finicity, 730));
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("partner_id"));
        let keys = [("partner_id", "2445"), ("partner_secret", "s3"), ("app_key", "k")];
        assert!(
            build(section(&keys[..2]), Mode::Live).err().unwrap().contains("LINKSPAN_PROVIDERS__FINICITY__APP_KEY")
        );
        assert!(build(section(&keys), Mode::Live).is_ok());
        assert!(build(section(&[("partner", "1")]), Mode::Sandbox).err().unwrap().contains("partner"));
    }

    #[test]
    fn b15_long_history_is_billed_and_read_only_where_it_is_asked_for() {
        let finicity = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!((finicity.ordinary_history_days(), finicity.spec().history_days), (180, 730));
    }

    #[tokio::test]
    async fn a_call_takes_no_longer_than_its_operation_may() {
        let settings = net::Settings { allow_private_addresses: false, user_agent: "test".to_owned() };
        let client = net::Client::new(settings, None).unwrap();
        let upstream = client.upstream("finicity", "http://127.0.0.1:1/".parse().unwrap(), true).unwrap();
        let cx = Context {
            upstream: &upstream,
            hosts: &Hosts::default(),
            now: Utc::now(),
            records: &NoRecords,
            attended: false,
            deadline: net::MAX_DEADLINE,
            patience: net::DEFAULT_PATIENCE,
        };
        let finicity = Finicity { config: FinicityConfig::default() };
        let none = data::AccountsWanted::default();
        for (wanted, seconds) in [
            (none, 30),
            (data::AccountsWanted { live_balances: true, ..none }, 180),
            (data::AccountsWanted { identifiers: true, ..none }, 180),
            (data::AccountsWanted { owners: true, ..none }, 180),
        ] {
            let left = finicity.api(&cx, wanted.operation()).left().as_secs();
            assert!((seconds - 5..=seconds).contains(&left), "{wanted:?}: {left}");
        }
    }
}
