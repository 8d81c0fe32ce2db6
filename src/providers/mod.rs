//! Providers: the trait that each implements, and the one list of them.
//!
//! A provider never touches the database, never retries, never sleeps and never logs bodies; those are layers around it.
//! What a call needs (its outbound handle, the time, a deadline) comes in a [`Context`], credentials of a connection as a [`Secret`].
//!
//! A new provider is a folder, a line in [`LIST`] and a row of the support matrix. The folder has the rooms of the others:
//! - `mod.rs` (what is peculiar; the trait, one line a method; `build`), `spec.rs`, `config.rs`
//! - `client/` builds calls, `wire/` is what they look like, `map/` makes them ours, `error.rs` is the one table of failures, `webhook.rs`
//! - `simulator/` over the shared bank in the provider's own format, with its knobs; `fixtures/` from its description
//!
//! What differs is said in the spec, and the layers act on it: how it launches ([`spec::LaunchKind`]), whether transactions are read
//! as changes or as whole windows of dates (`reads_windows`), how webhooks show whose they are ([`spec::WebhookProof`]), limits and
//! deadlines. What it needs kept beside its connections, its own record of a customer or a token of its API, it asks of
//! `cx.records` ([`records`]); a credential that ends is renewed by `renewal_due` and `renew`. A credential is opaque to everybody
//! else: it may hold several tokens. `tests/it/contract` then tests the provider without a line of its own.

pub mod akoya;
pub mod amount;
pub mod data;
pub mod failure;
pub mod finapi;
pub mod finicity;
pub mod link;
pub mod mesh;
pub mod mx;
pub mod own;
pub mod plaid;
pub mod records;
pub mod rows;
mod registry;
pub mod saltedge;
mod section;
pub mod spec;
mod text;
pub mod verbatim;
pub mod yodlee;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use figment::value::Dict;
use url::Url;

use crate::config::Mode;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net;

pub use failure::{Failure, FailureKind, Persistence};
pub use registry::{Entry, REQUEST_DEADLINE, Registry, RegistryError, Simulation};
pub use spec::Spec;

/// A provider of the list: how it is made from its own section of the configuration.
pub struct Listed {
    /// Which.
    pub id: ServiceProvider,
    /// What it can do, whether this installation has it or not.
    pub spec: &'static Spec,
    /// Makes it; the text of an error names the key, the problem and the fix.
    pub build: fn(Dict, Mode) -> Result<Arc<dyn Provider>, String>,
    /// Makes its simulator.
    #[cfg(feature = "sandbox")]
    pub simulate: fn(crate::bank::Environment) -> Arc<dyn crate::bank::Simulated>,
    /// The codes of the webhooks that the simulator can be made to send.
    #[cfg(feature = "sandbox")]
    pub webhooks: &'static [&'static str],
}

/// The one list of providers.
pub const LIST: &[Listed] = &[
    Listed {
        id: ServiceProvider::Plaid,
        spec: &plaid::spec::SPEC,
        build: plaid::build,
        #[cfg(feature = "sandbox")]
        simulate: plaid::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: plaid::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::Finicity,
        spec: &finicity::spec::SPEC,
        build: finicity::build,
        #[cfg(feature = "sandbox")]
        simulate: finicity::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: finicity::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::Mx,
        spec: &mx::spec::SPEC,
        build: mx::build,
        #[cfg(feature = "sandbox")]
        simulate: mx::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: mx::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::Yodlee,
        spec: &yodlee::spec::SPEC,
        build: yodlee::build,
        #[cfg(feature = "sandbox")]
        simulate: yodlee::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: yodlee::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::SaltEdge,
        spec: &saltedge::spec::CLIENT,
        build: saltedge::build,
        #[cfg(feature = "sandbox")]
        simulate: saltedge::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: saltedge::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::SaltEdgePartners,
        spec: &saltedge::spec::PARTNERS,
        build: saltedge::build_partners,
        #[cfg(feature = "sandbox")]
        simulate: saltedge::simulator::simulate_partners,
        #[cfg(feature = "sandbox")]
        webhooks: saltedge::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::Mesh,
        spec: &mesh::spec::SPEC,
        build: mesh::build,
        #[cfg(feature = "sandbox")]
        simulate: mesh::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: mesh::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::Akoya,
        spec: &akoya::spec::SPEC,
        build: akoya::build,
        #[cfg(feature = "sandbox")]
        simulate: akoya::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: akoya::simulator::WEBHOOKS,
    },
    Listed {
        id: ServiceProvider::FinApi,
        spec: &finapi::spec::SPEC,
        build: finapi::build,
        #[cfg(feature = "sandbox")]
        simulate: finapi::simulator::simulate,
        #[cfg(feature = "sandbox")]
        webhooks: finapi::simulator::WEBHOOKS,
    },
];

/// What every call gets.
pub struct Context<'a> {
    /// The provider's address, behind the layers of [`net`].
    pub upstream: &'a net::Upstream,
    /// Its further addresses.
    pub hosts: &'a Hosts,
    /// Business time.
    pub now: DateTime<Utc>,
    /// What the provider needs kept beside its connections.
    pub records: &'a dyn records::Records,
    /// Whether a customer or a caller is behind the call, and not the schedule (E7).
    pub attended: bool,
    /// The longest that this call may take, all in all; `spec().deadline(operation)` may be shorter.
    pub deadline: Duration,
    /// The longest pause between two attempts that the provider may ask for; a longer one ends the call with its failure.
    pub patience: Duration,
}

/// The addresses of a provider beside its base address.
#[derive(Clone, Default)]
pub struct Hosts {
    /// Those that [`Provider::hosts`] names and that are elsewhere, each behind layers of its own.
    pub others: HashMap<&'static str, net::Upstream>,
    /// Where a customer's browser reaches the provider, if that is elsewhere: the pages of its simulator.
    pub browser: Option<Url>,
}

impl Context<'_> {
    /// One of the provider's hosts; the base address where that has no other.
    pub fn host(&self, name: &str) -> &net::Upstream {
        self.hosts.others.get(name).unwrap_or(self.upstream)
    }

    /// The address at which a customer's browser reaches that host.
    pub fn browser_url(&self, name: &str) -> &Url {
        self.hosts.browser.as_ref().unwrap_or_else(|| self.host(name).base_url())
    }
}

/// A webhook as it came.
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    /// The address that the provider was given, which some sign too.
    pub url: &'a str,
    /// Its headers.
    pub headers: &'a net::HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

/// A verified hint that something changed at the provider. It only ever causes a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What it is about.
    pub subject: HintSubject,
    /// What changed.
    pub kind: HintKind,
}

/// What a hint is about, in the provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HintSubject {
    /// A connection, by the provider's connection id.
    Connection(String),
    /// A link session, by what `begin_link` returned as `provider_session` (a secret) .
    Session(Secret),
    /// An asset report, by the provider's id of it.
    AssetReport(String),
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// New data: read these products again.
    Data(&'static [crate::domain::product::Product]),
    /// The state of what it is about: ask for it.
    Status,
    /// Access ends soon unless the customer repairs it (D2); not every provider says so again when asked.
    AccessExpiring {
        /// When it ends, where the provider says.
        at: Option<DateTime<Utc>>,
    },
    /// The customer has accounts that are not shared.
    NewAccounts,
    /// A link session may be over.
    SessionFinished,
    /// Nothing that concerns us.
    Nothing,
}

/// An upstream data network. Stateless and object safe. What not every provider has, answers as unsupported until it is written; no
/// webhook is taken for genuine until it is verified.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What this provider can do, as data.
    fn spec(&self) -> &'static Spec;

    /// How many days of history are read where the caller asked for none in particular (B15): more may be billed.
    fn ordinary_history_days(&self) -> u16 {
        self.spec().history_days
    }

    /// Its hosts beside the base address, each with its key in the configuration (`<name>_url`) and its address; `None` = that one.
    fn hosts(&self) -> Vec<(&'static str, Option<Url>)> {
        Vec::new()
    }

    /// Whether its consent screen has the text that a consent repair needs (D6); true where it needs none.
    fn has_consent_text(&self) -> bool {
        true
    }

    /// What a page of ours needs to run its script; `None` where no launch is a script.
    fn launch_script(&self) -> Option<&'static link::LaunchScript> {
        None
    }

    /// Opens a session in which the customer links, repairs, consents or chooses accounts. Creates nothing that is billed.
    async fn begin_link(&self, cx: &Context<'_>, request: &link::LinkRequest) -> Result<link::LinkBegun, Failure>;

    /// Asks how the session stands, or hands over what the front end or the redirect brought. Safe to call again until it is `Linked`.
    async fn continue_link(
        &self,
        cx: &Context<'_>,
        request: &link::LinkContinuation,
    ) -> Result<link::LinkProgress, Failure>;

    /// How the connection stands, what was granted, which institution it is at.
    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation, Failure>;

    /// Whether the credential must be renewed before its next use. Pure.
    fn renewal_due(&self, _credential: &Secret, _now: DateTime<Utc>) -> bool {
        false
    }

    /// A new credential in place of one that ends, or that every use changes. Called by the layer alone, under the connection's
    /// lease, and committed before it is used.
    async fn renew(&self, _cx: &Context<'_>, _credential: &Secret) -> Result<Secret, Failure> {
        Err(Failure::unsupported("renew"))
    }

    /// The accounts, with what is asked for beside them; each extra is fetched only when asked (it may be billed).
    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>, Failure>;

    /// One page of changes since the cursor. [`FailureKind::Restart`] means: the cursor that it was asked with is of no use any
    /// more; begin earlier.
    async fn transactions(
        &self,
        _cx: &Context<'_>,
        _credential: &Secret,
        _request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage, Failure> {
        Err(Failure::unsupported("transactions"))
    }

    /// Everything that is held now.
    async fn holdings(&self, _cx: &Context<'_>, _credential: &Secret) -> Result<Vec<data::ProviderHolding>, Failure> {
        Err(Failure::unsupported("holdings"))
    }

    /// One page of the movements in a window of dates.
    async fn investment_transactions(
        &self,
        _cx: &Context<'_>,
        _credential: &Secret,
        _request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage, Failure> {
        Err(Failure::unsupported("investment_transactions"))
    }

    /// Terms of all cards and loans.
    async fn liabilities(
        &self,
        _cx: &Context<'_>,
        _credential: &Secret,
    ) -> Result<Vec<data::ProviderLiability>, Failure> {
        Err(Failure::unsupported("liabilities"))
    }

    /// Asks the provider to fetch from the institution now; results come later by sync or hint.
    async fn refresh(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::RefreshRequest<'_>,
    ) -> Result<(), Failure>;

    /// A token for that account at a payment processor.
    async fn processor_token(
        &self,
        _cx: &Context<'_>,
        _credential: &Secret,
        _provider_account_id: &str,
        _processor: &str,
    ) -> Result<Secret, Failure> {
        Err(Failure::unsupported("processor_token"))
    }

    /// Asset reports, where it has them.
    fn asset_reports(&self) -> Option<&dyn own::AssetReports> {
        None
    }

    /// Statements, where it has them.
    fn statements(&self) -> Option<&dyn own::Statements> {
        None
    }

    /// Risks of payments, where it evaluates them.
    fn payment_risks(&self) -> Option<&dyn own::PaymentRisks> {
        None
    }

    /// Income, where it has it.
    fn incomes(&self) -> Option<&dyn own::Incomes> {
        None
    }

    /// Payments that customers authorise, where it has them.
    fn payments(&self) -> Option<&dyn own::Payments> {
        None
    }

    /// Verifications of people, where it has them.
    fn identity_verifications(&self) -> Option<&dyn own::IdentityVerifications> {
        None
    }

    /// One page of the institutions that it serves.
    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage, Failure>;

    /// Ends the connection at the provider, and with it billing. Idempotent: an unknown one counts as revoked.
    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure>;

    /// Which verification key this webhook names; `None` where it is malformed. This and the next three are for providers whose
    /// webhooks are signed ([`spec::WebhookProof`]).
    fn webhook_key_id(&self, _webhook: &Webhook<'_>) -> Option<String> {
        None
    }

    /// The signature that a verified webhook carries, in one form however it was spelled: by it alone a replay is known, so that a
    /// captured webhook cannot be varied into a new one. `None` where it is proved by a password, which is the same each time.
    fn webhook_signature(&self, _webhook: &Webhook<'_>) -> Option<Vec<u8>> {
        None
    }

    /// Fetches a verification key (cached and limited by the layer above).
    async fn webhook_key(&self, _cx: &Context<'_>, _key_id: &str) -> Result<data::WebhookKey, Failure> {
        Err(Failure::unsupported("webhook_key"))
    }

    /// Verifies signature, age and body. Pure.
    fn verify_webhook(
        &self,
        _key: &data::WebhookKey,
        _webhook: &Webhook<'_>,
        _now: DateTime<Utc>,
    ) -> Result<(), data::WebhookRefused> {
        Err(data::WebhookRefused::Signature)
    }

    /// What a verified body hints at. Pure.
    fn read_webhook(&self, body: &[u8]) -> Result<Vec<Hint>, data::WebhookRefused>;
}
