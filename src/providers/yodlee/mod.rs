//! Yodlee (Envestnet; US, Canada, UK, Australia), API 1.1 and FastLink 4; documents at <https://developer.envestnet.com/resources/yodlee>.
//!
//! A connection is a *provider account*: a user's login at an institution (which Yodlee calls a provider). A user is made by naming it, and
//! every call is made as one, with a token of half an hour. Logins are only ever added and mended in *FastLink*, Yodlee's own page; there is no
//! session that could be asked for: what a visit has brought shows in the user's logins.
//!
//! What is peculiar here:
//! - An account's container decides which field holds its balance; a transaction's id is unique only within its container.
//! - Amounts have no sign; the direction stands beside them.
//! - Yodlee fetches once a day by itself and answers from what it has, also when it can no longer log in: each account says so.
//! - An expired consent is mended by `edit`, a revoked one only by a fresh link (G1).
//! - `edit` lets the customer put in any login: another one is recognised by its accounts (D9).
//! - Full numbers, holders and notifications are part of some contracts only, and of no sandbox of Yodlee's.
//! - An empty list may come as `{}`: where that would erase something, it is asked for again in another way.

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
use figment::value::Dict;
use url::Url;

use crate::config::Mode;
use crate::domain::secret::Secret;

use super::{Context, Failure, Hint, Provider, Spec, data, link, section};
use client::credential::Credential;
use client::{Api, accounts, institutions, investments, logins, session, transactions};

pub use config::YodleeConfig;

/// The host to which only browsers go.
const FASTLINK: &str = "fastlink";

/// The one client that the simulator knows, its secret, and its administrator.
const SANDBOX_CLIENT_ID: &str = "sandbox";
const SANDBOX_SECRET: &str = "sandbox-secret";
const SANDBOX_ADMIN: &str = "sandbox_ADMIN";
/// The configuration with which its FastLink brings numbers and holders too.
const SANDBOX_PROFILE_CONFIG: &str = "Aggregation plus Verification";

/// Makes Yodlee from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: YodleeConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what Yodlee's dashboard shows")? {
        config.client_id = SANDBOX_CLIENT_ID.to_owned();
        config.secret = Secret::new(SANDBOX_SECRET);
        config.admin_login = Some(SANDBOX_ADMIN.to_owned());
        config.fastlink_profile_config.get_or_insert_with(|| SANDBOX_PROFILE_CONFIG.to_owned());
    }
    Ok(Arc::new(Yodlee::new(config)))
}

/// Yodlee, as one application at it.
#[derive(Clone, Debug)]
pub struct Yodlee {
    config: YodleeConfig,
}

impl Yodlee {
    /// Yodlee with these credentials.
    pub fn new(config: YodleeConfig) -> Self {
        Self { config }
    }

    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for Yodlee {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn hosts(&self) -> Vec<(&'static str, Option<Url>)> {
        vec![(FASTLINK, self.config.fastlink_url.clone())]
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
        logins::status(&self.api(cx, "status"), &Credential::read(credential)?).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        let operation = if wanted.live_balances { "live_balances" } else { "accounts" };
        accounts::accounts(&self.api(cx, operation), &Credential::read(credential)?, wanted).await
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
        investments::holdings(&self.api(cx, "holdings"), &Credential::read(credential)?).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        investments::page(&self.api(cx, "investment_transactions"), &Credential::read(credential)?, request).await
    }

    async fn liabilities(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
    ) -> Result<Vec<data::ProviderLiability>, Failure> {
        accounts::liabilities(&self.api(cx, "liabilities"), &Credential::read(credential)?).await
    }

    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure> {
        logins::refresh(&self.api(cx, "refresh"), &Credential::read(credential)?, request).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        institutions::page(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        let credential = Credential::read(credential)?;
        logins::remove(&self.api(cx, "revoke"), &credential.user, &credential.login).await
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
    fn a_sandbox_needs_nothing_and_live_mode_credentials_and_an_address() {
        let sandbox = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!(sandbox.spec().id, ServiceProvider::Yodlee);
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("client_id"));
        let half = section(&[("client_id", "5f1"), ("secret", "s3")]);
        assert!(build(half, Mode::Live).err().unwrap().contains("fastlink_url"));
        let whole = section(&[("client_id", "5f1"), ("secret", "s3"), ("fastlink_url", "https://fl4.example/")]);
        assert!(build(whole, Mode::Live).is_ok());
        assert!(build(section(&[("client_key", "5f1")]), Mode::Sandbox).err().unwrap().contains("client_key"));
    }
}
