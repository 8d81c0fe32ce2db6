//! Akoya (US), versions 2 and 3 of its product APIs; documents at <https://docs.akoya.com>.
//!
//! A connection is a *consent* (`grant_id`): webhooks name it, and an id token opens it, which is the bearer of every call.
//!
//! What is peculiar here:
//! - The id token is short-lived, and renewed for a refresh token that is good for one use: the new one is stored before it is used.
//!   An answer that is lost on the way loses both; the customer then authorizes once more, under the same connection.
//! - Nothing is kept at Akoya: every call goes to the institution, and there is no delta: transactions are read by windows of dates.
//! - An authorization cannot name products. What was granted stands in the id token, and anything else is refused without a call.
//! - An account's id is unique for one `sub` (login) alone, a transaction's id for one account, and stays when it is posted.
//! - A transaction's direction is its `debitCreditMemo`, not its sign.
//! - Answers wrap each account and transaction by its kind; 206 is an answer from which some accounts are missing.
//! - PKCE is not documented, and not sent.

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
use url::Url;

use crate::config::Mode;
use crate::domain::secret::Secret;

use super::{Context, Failure, Hint, Provider, Spec, data, link, section};
use client::credential::Credential;
use client::{Api, accounts, institutions, tokens, transactions};

pub use config::AkoyaConfig;

/// The one application that the simulator knows, and its secret.
const SANDBOX_CLIENT_ID: &str = "sandbox";
const SANDBOX_CLIENT_SECRET: &str = "sandbox-secret";

/// Makes Akoya from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: AkoyaConfig = section::read(section)?;
    match config.missing_for_live().first() {
        Some(&"institutions") if mode == Mode::Live => {
            return Err("institutions is not set, and mode is live: list those that your application is subscribed to ([[providers.akoya.institutions]] id, name), or set recipient_id so that Akoya is asked for them".to_owned());
        }
        Some(&"institutions") => config.recipient_id = "sandbox".to_owned(),
        _ => {}
    }
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what Akoya's hub shows")? {
        config.client_id = SANDBOX_CLIENT_ID.to_owned();
        config.client_secret = Secret::new(SANDBOX_CLIENT_SECRET);
        if config.institutions.is_empty() && config.recipient_id.is_empty() {
            config.recipient_id = "sandbox".to_owned();
        }
    }
    let config = if mode == Mode::Live { config.in_production() } else { config };
    Ok(Arc::new(Akoya { config }))
}

/// Akoya, as one application at it.
#[derive(Clone, Debug)]
pub struct Akoya {
    config: AkoyaConfig,
}

impl Akoya {
    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for Akoya {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn hosts(&self) -> Vec<(&'static str, Option<Url>)> {
        let AkoyaConfig { idp_url, sts_url, service_url, .. } = self.config.clone();
        vec![(client::IDP, idp_url), (client::STS, sts_url), (client::SERVICE, service_url)]
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
        accounts::status(&self.api(cx, "status"), &Credential::read(credential)?).await
    }

    fn renewal_due(&self, credential: &Secret, now: DateTime<Utc>) -> bool {
        Credential::read(credential).is_ok_and(|credential| credential.renewal_due(now, self.config.id_token_minutes))
    }

    async fn renew(&self, cx: &Context<'_>, credential: &Secret) -> Result<Secret, Failure> {
        let renewed = tokens::renew(&self.api(cx, "renew"), &Credential::read(credential)?).await?;
        Ok(renewed.write())
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        accounts::accounts(&self.api(cx, wanted.operation()), &Credential::read(credential)?, wanted).await
    }

    async fn transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage, Failure> {
        transactions::page(&self.api(cx, "transactions"), &Credential::read(credential)?, request).await
    }

    async fn holdings(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderHolding>, Failure> {
        accounts::holdings(&self.api(cx, "holdings"), &Credential::read(credential)?).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        transactions::investment_page(&self.api(cx, "investment_transactions"), &Credential::read(credential)?, request)
            .await
    }

    async fn liabilities(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
    ) -> Result<Vec<data::ProviderLiability>, Failure> {
        accounts::liabilities(&self.api(cx, "liabilities"), &Credential::read(credential)?).await
    }

    /// Nothing is kept at Akoya: every reading is a refresh.
    async fn refresh(&self, _: &Context<'_>, _: &Secret, _: &data::RefreshRequest<'_>) -> Result<(), Failure> {
        Ok(())
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        institutions::page(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        tokens::revoke(&self.api(cx, "revoke"), &Credential::read(credential)?).await
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
    use crate::net;
    use crate::providers::Hosts;
    use crate::providers::records::NoRecords;

    fn section(entries: &[(&str, &str)]) -> Dict {
        entries.iter().map(|&(key, value)| (key.to_owned(), Value::from(value))).collect()
    }

    #[test]
    fn a_sandbox_needs_nothing_and_live_mode_credentials_and_institutions() {
        assert_eq!(build(Dict::new(), Mode::Sandbox).unwrap().spec().name, "Akoya");
        let error = |entries: &[(&str, &str)]| build(section(entries), Mode::Live).err().unwrap();
        assert!(error(&[]).contains("LINKSPAN_PROVIDERS__AKOYA__CLIENT_ID"));
        assert!(error(&[("client_id", "a"), ("client_secret", "b")]).contains("recipient_id"));
        let live = section(&[("client_id", "a"), ("client_secret", "b"), ("recipient_id", "r")]);
        assert!(build(live, Mode::Live).is_ok());
    }

    #[test]
    fn live_mode_knows_all_hosts_and_a_simulator_is_one() {
        let live = section(&[
            ("client_id", "a"),
            ("client_secret", "b"),
            ("recipient_id", "r"),
            ("idp_url", "https://idp.example"),
        ]);
        let hosts = build(live, Mode::Live).unwrap().hosts();
        let addresses: Vec<&str> = hosts.iter().filter_map(|(_, url)| url.as_ref().map(Url::as_str)).collect();
        assert_eq!(addresses, ["https://idp.example/", "https://sts.ddp.akoya.com/", "https://api.akoya.com/"]);
        assert!(build(Dict::new(), Mode::Sandbox).unwrap().hosts().iter().all(|(_, url)| url.is_none()));
    }

    #[tokio::test]
    async fn a_call_takes_no_longer_than_its_operation_may() {
        let settings = net::Settings { allow_private_addresses: false, user_agent: "test".to_owned() };
        let client = net::Client::new(settings, None).unwrap();
        let upstream = client.upstream("akoya", "http://127.0.0.1:1/".parse().unwrap(), true).unwrap();
        let cx = Context {
            upstream: &upstream,
            hosts: &Hosts::default(),
            now: Utc::now(),
            records: &NoRecords,
            attended: false,
            deadline: net::MAX_DEADLINE,
            patience: net::DEFAULT_PATIENCE,
        };
        let akoya = Akoya { config: Value::from(Dict::new()).deserialize().unwrap() };
        let none = data::AccountsWanted::default();
        for (wanted, seconds) in [
            (none, 30),
            (data::AccountsWanted { live_balances: true, ..none }, 30),
            (data::AccountsWanted { identifiers: true, ..none }, 180),
            (data::AccountsWanted { owners: true, ..none }, 180),
        ] {
            let left = akoya.api(&cx, wanted.operation()).left().as_secs();
            assert!((seconds - 5..=seconds).contains(&left), "{wanted:?}: {left}");
        }
    }
}
