//! The providers of this process: each with its address, its mode and the layers around its calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::records::{Made, Make, Record, Records};
use super::spec::WebhookProof;
use super::{Context, Failure, FailureKind, Hosts, Persistence, Provider};
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::domain::problem::{Code, Problem, ProviderProblem};
use crate::domain::service_provider::ServiceProvider;
use crate::net;

/// Where a provider's simulator is.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Its API.
    pub api: Url,
    /// The customer's pages.
    pub pages: Url,
}

/// The longest that a provider may take inside a request of ours.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(20);

/// The longest pause that a provider may ask for inside a request of ours.
const REQUEST_PATIENCE: Duration = Duration::from_secs(2);

/// A provider that this process can reach.
#[derive(Clone)]
pub struct Entry {
    /// The adapter.
    pub provider: Arc<dyn Provider>,
    /// Its address, behind the layers of `net`.
    pub upstream: net::Upstream,
    /// Its further addresses.
    pub hosts: Arc<Hosts>,
    /// Simulated or live.
    pub mode: Mode,
    /// What it needs kept beside its connections.
    pub records: Arc<dyn Records>,
    /// Whether it has the institutions read by a schedule of its own, so that ours only reads (E10).
    pub refreshes_itself: bool,
}

impl Entry {
    /// Which provider.
    pub fn id(&self) -> ServiceProvider {
        self.provider.spec().id
    }

    /// What a call inside a request of ours gets.
    pub fn in_request(&self, clock: &Clock) -> Context<'_> {
        Context { attended: true, ..self.context(clock, REQUEST_DEADLINE, REQUEST_PATIENCE) }
    }

    /// What a call inside a job gets: as long as the operation's own deadline. A longer pause that the provider asks for is the
    /// queue's business.
    pub fn in_job(&self, clock: &Clock) -> Context<'_> {
        self.context(clock, net::MAX_DEADLINE, net::DEFAULT_PATIENCE)
    }

    fn context(&self, clock: &Clock, deadline: Duration, patience: Duration) -> Context<'_> {
        let Self { upstream, hosts, records, .. } = self;
        Context { upstream, hosts, now: clock.now(), records: &**records, attended: false, deadline, patience }
    }

    /// Where the provider's webhooks come in, on this server. Where nothing but the address shows whose they are, it ends with a
    /// secret, made once for the installation.
    pub async fn webhook_path(&self, clock: &Clock) -> Result<String, Failure> {
        let path = format!("/webhooks/{}", self.id());
        if self.provider.spec().webhooks != WebhookProof::SecretPath {
            return Ok(path);
        }
        let make: Make<'_> =
            Box::new(|attempt| Box::pin(std::future::ready(Ok(Made { secret: attempt.seed, expires_at: None }))));
        let secret = self.records.get(self.id(), Record::Shared("webhooks"), clock.now(), make).await?;
        Ok(format!("{path}/{}", secret.expose()))
    }

    /// What a caller is told of a failure at this provider.
    pub fn problem(&self, failure: Failure) -> Problem {
        let spec = self.provider.spec();
        tracing::warn!(provider = %spec.id, kind = %failure.kind, code = %failure.code, request_id = ?failure.request_id, "a provider refused or failed");
        let (code, detail) = match (failure.kind, failure.persistence) {
            (FailureKind::Timeout, _) => (Code::ProviderTimeout, format!("{} was too slow. Try again.", spec.name)),
            (FailureKind::UserAction | FailureKind::Consent, _) | (_, Persistence::NeedsUser) => {
                (Code::UserActionRequired, format!("{} wants the customer first: open a repair session.", spec.name))
            }
            (FailureKind::Invalid | FailureKind::NotFound, _) if failure.given.is_some() => (
                Code::ProductOptionsRefused,
                format!(
                    "{} refuses an option that was given; its own error stands in provider. A session keeps its options: open another one (POST /connect/start, or the repair), with one that it takes.",
                    spec.name
                ),
            ),
            (FailureKind::Unsupported, _) => {
                (Code::UnsupportedByProvider, format!("{} cannot do this here.", spec.name))
            }
            (FailureKind::RateLimit, _) => (
                Code::Unavailable,
                format!("{} wants to be asked less often. Try again as Retry-After says.", spec.name),
            ),
            // It is away rather than wrong: nobody is there, we leave it alone, or it says itself when to ask again.
            (FailureKind::NotReady, _) if failure.retry_after.is_some() => {
                (Code::Unavailable, format!("{} is still at work on this. Try again as Retry-After says.", spec.name))
            }
            (FailureKind::Unavailable | FailureKind::NotReady, _) if failure.is_away() => {
                (Code::Unavailable, format!("{} is away. Try again as Retry-After says.", spec.name))
            }
            (_, Persistence::Temporary) => (
                Code::ProviderError,
                format!("{} failed; its own error stands in provider. Try again in a minute.", spec.name),
            ),
            _ => (
                Code::ProviderError,
                format!(
                    "{} refuses this, and would again; its own error stands in provider. Whoever runs this installation finds what to mend by it, often in providers.{} of the configuration.",
                    spec.name,
                    spec.id.as_str().to_lowercase()
                ),
            ),
        };
        let mut problem = Problem::new(code, detail);
        if let Some(pointer) = failure.given {
            let detail = format!("{} refuses what was given here.", spec.name);
            problem = problem.with_error(pointer, "REFUSED_BY_PROVIDER", detail);
        }
        problem.retry_after = failure.retry_after.or((code == Code::Unavailable).then_some(Duration::from_secs(10)));
        problem.provider = Some(Box::new(ProviderProblem {
            service_provider: spec.id,
            code: failure.code,
            message: failure.message,
            request_id: failure.request_id,
        }));
        problem
    }
}

/// Why the registry could not be made; names the key and the fix.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct RegistryError(String);

/// The providers of this process.
#[derive(Clone)]
pub struct Registry {
    entries: Arc<Vec<Entry>>,
}

impl Registry {
    /// Builds every provider of the list. `simulators` says where those in sandbox mode are.
    pub fn new(
        config: &Config,
        client: &net::Client,
        simulators: &HashMap<ServiceProvider, Simulation>,
        records: &Arc<dyn Records>,
    ) -> Result<Self, RegistryError> {
        let mut entries = Vec::new();
        for listed in super::LIST {
            let name = listed.id.as_str().to_lowercase();
            let section = config.providers.get(&name);
            let mode = config.mode(listed.id);
            if mode == Mode::Off {
                continue;
            }
            let own = section.map(|section| section.own.clone()).unwrap_or_default();
            let wrong = |problem: String| RegistryError(format!("providers.{name}: {problem}"));
            let refreshes_itself = match own.get("refresh_by").map(|value| value.as_str()) {
                None | Some(Some("linkspan")) => false,
                Some(Some("provider")) => true,
                _ => return Err(wrong("refresh_by must be \"linkspan\" or \"provider\"".to_owned())),
            };
            let provider = (listed.build)(own, mode).map_err(wrong)?;
            let mut hosts = Hosts::default();
            let base_url = match (mode, section.and_then(|section| section.base_url.clone())) {
                (Mode::Sandbox, None) => match simulators.get(&listed.id) {
                    Some(simulation) => {
                        hosts.browser = Some(simulation.pages.clone());
                        simulation.api.clone()
                    }
                    None => continue,
                },
                (_, Some(url)) => url,
                (_, None) => provider.spec().production_url.parse().map_err(|error| wrong(format!("{error}")))?,
            };
            let open = |upstream: &str, key: &str, url: Url| {
                client.upstream(upstream, url, mode == Mode::Sandbox).map_err(|error| {
                    RegistryError(format!("providers.{name}.{key}: {error}; https is required when live, or set net.allow_private_addresses for a test rig"))
                })
            };
            let upstream = open(&name, "base_url", base_url)?;
            for (host, url) in provider.hosts() {
                if let Some(url) = url {
                    hosts.others.insert(host, open(&format!("{name}.{host}"), &format!("{host}_url"), url)?);
                }
            }
            let (hosts, records) = (Arc::new(hosts), records.clone());
            entries.push(Entry { provider, upstream, hosts, mode, records, refreshes_itself });
        }
        if let Some(unknown) = config
            .providers
            .keys()
            .find(|name| !super::LIST.iter().any(|listed| listed.id.as_str().to_lowercase() == **name))
        {
            let known: Vec<String> = super::LIST.iter().map(|listed| listed.id.as_str().to_lowercase()).collect();
            return Err(RegistryError(format!(
                "providers.{unknown}: no such provider here; there are: {}",
                known.join(", ")
            )));
        }
        Ok(Self::of(entries))
    }

    /// The registry of these.
    pub fn of(entries: Vec<Entry>) -> Self {
        Self { entries: Arc::new(entries) }
    }

    /// Every provider, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// One provider, if it is here.
    pub fn get(&self, id: ServiceProvider) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id() == id)
    }

    /// One provider that something stored refers to; a problem where it has been taken out of this installation.
    pub fn require(&self, id: Option<ServiceProvider>) -> Result<&Entry, Problem> {
        id.and_then(|id| self.get(id)).ok_or_else(|| {
            Problem::new(
                Code::Unavailable,
                "The connection's service provider is not configured in this installation. Ask the operator.",
            )
            .retry_after(Duration::from_secs(60))
        })
    }
}
