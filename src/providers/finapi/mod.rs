//! finAPI (Germany, Austria), Access V2 and Web Form 2; documents at <https://docs.finapi.io>.
//!
//! A connection is a *bank connection* of a finAPI *user*, one user for each of our customers. Banking is seen to in the *Web Form*, which has
//! a host of its own: a form imports a bank connection, a task updates one, and brings a form where it needs the customer.
//!
//! What is peculiar here:
//! - A form tells of its end once, without proof: it is asked how it stands.
//! - That an update needs the customer (510, `WEB_FORM_REQUIRED`) is an everyday outcome. One update runs at a time (423).
//! - An update brings at most 89 days; what is older is made up by an adjusting entry. Such entries, and what looks like a duplicate, are no
//!   transactions of the bank's and are left out.
//! - Pending transactions stand in a list of their own, which every update replaces; their ids are not those of the booked ones.
//! - So do positions of securities: they are known by ISIN, WKN or name.
//! - Owners come with the import alone, through one of three interfaces; the name of an account's holder comes always.
//! - When a consent ends is read, never computed.

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
use client::{Api, connections, holdings, institutions, session, transactions};

pub use config::FinApiConfig;

/// The host of the Web Form.
const WEB_FORM: &str = "web_form";
/// Where that is when live.
const WEB_FORM_URL: &str = "https://webform-live.finapi.io";

/// The one client that the simulator knows, and its secret.
const SANDBOX_CLIENT_ID: &str = "sandbox";
const SANDBOX_SECRET: &str = "sandbox-secret";

/// Makes finAPI from its section of the configuration; the text of an error names the key, the problem and the fix.
pub fn build(section: Dict, mode: Mode) -> Result<Arc<dyn Provider>, String> {
    let mut config: FinApiConfig = section::read(section)?;
    if section::lacks(spec::SPEC.id, mode, &config.missing_for_live(), "what finAPI gave you")? {
        config.client_id = SANDBOX_CLIENT_ID.to_owned();
        config.client_secret = Secret::new(SANDBOX_SECRET);
    }
    if mode == Mode::Live && config.web_form_url.is_none() {
        config.web_form_url = Some(WEB_FORM_URL.parse().map_err(|error| format!("web_form_url: {error}"))?);
    }
    config.test_banks.get_or_insert(mode == Mode::Sandbox);
    Ok(Arc::new(FinApi::new(config)))
}

/// finAPI, as one client of it.
#[derive(Clone, Debug)]
pub struct FinApi {
    config: FinApiConfig,
}

impl FinApi {
    /// finAPI with these credentials.
    pub fn new(config: FinApiConfig) -> Self {
        Self { config }
    }

    fn api<'a>(&'a self, cx: &'a Context<'a>, operation: &str) -> Api<'a> {
        Api::new(&self.config, cx, spec::SPEC.deadline(operation))
    }
}

#[async_trait]
impl Provider for FinApi {
    fn spec(&self) -> &'static Spec {
        &spec::SPEC
    }

    fn hosts(&self) -> Vec<(&'static str, Option<Url>)> {
        vec![(WEB_FORM, self.config.web_form_url.clone())]
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
        connections::status(&self.api(cx, "status"), &Credential::read(credential)?).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure> {
        connections::accounts(&self.api(cx, "accounts"), &Credential::read(credential)?, wanted).await
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
        holdings::holdings(&self.api(cx, "holdings"), &Credential::read(credential)?).await
    }

    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure> {
        connections::refresh(&self.api(cx, "refresh"), &Credential::read(credential)?, request).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure> {
        institutions::page(&self.api(cx, "institutions"), request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        connections::remove(&self.api(cx, "revoke"), &Credential::read(credential)?).await
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
    fn a_sandbox_needs_nothing_and_live_mode_credentials() {
        let sandbox = build(Dict::new(), Mode::Sandbox).unwrap();
        assert_eq!(sandbox.hosts(), [(WEB_FORM, None)]);
        assert!(build(Dict::new(), Mode::Live).err().unwrap().contains("client_id"));
        let live = build(section(&[("client_id", "5f1"), ("client_secret", "s3")]), Mode::Live).unwrap();
        assert_eq!(live.hosts(), [(WEB_FORM, Some(WEB_FORM_URL.parse().unwrap()))]);
        assert!(build(section(&[("client_key", "5f1")]), Mode::Sandbox).err().unwrap().contains("client_key"));
    }
}
