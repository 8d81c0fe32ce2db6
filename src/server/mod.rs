//! Puts everything together and runs it: database, sandbox, providers, API, jobs.

mod database;
mod keys;
mod prepare;

use std::sync::Arc;

use axum::Router;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
#[cfg(feature = "sandbox")]
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;
#[cfg(feature = "sandbox")]
use url::Url;

use crate::api::{self, App, ClientAddress};
use crate::clock::Clock;
use crate::config::{Config, InvestmentRule};
use crate::jobs::{Runner, Work};
use crate::link::Linking;
use crate::net;
use crate::on_demand::OnDemand;
use crate::providers::Registry;
use crate::providers::records::Records;
use crate::rates::Rate;
use crate::records::Kept;
#[cfg(feature = "sandbox")]
use crate::sandbox::{Sandbox, Setup};
use crate::store::{Role, Store};
use crate::sync::Sync;
use crate::webhooks::Inbound;

pub use database::Database;

/// Why the server could not start; a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A server that has its listener and its parts; `run` sets it going.
pub struct Server {
    config: Config,
    database: Database,
    linking: Linking,
    inbound: Inbound,
    listener: TcpListener,
    router: Router,
    /// Where the API is, as browsers reach it.
    pub public_url: String,
    /// Where it listens, as this machine reaches it.
    pub local_url: String,
    stop: CancellationToken,
    #[cfg(feature = "sandbox")]
    sandbox: Sandbox,
    #[cfg(feature = "sandbox")]
    _simulators: DropGuard,
}

impl Server {
    /// Starts the database, the simulators and the listener. Nothing is served before `run`.
    pub async fn start(
        config: Config,
        observer: Option<Arc<dyn net::Observer>>,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind(config.bind).await.map_err(|error| {
            Error(format!(
                "{} cannot be listened on ({error}): stop what uses it, or set LINKSPAN_BIND to another address",
                config.bind
            ))
        })?;
        let address = listener.local_addr().map_err(Error::new)?;
        let public_url =
            config.public_url.as_ref().map_or_else(|| format!("http://{address}"), |_| config.public_url());
        let database = Database::open(&config).await?;
        let store = Store::connect(database.app.clone(), connections(&config));
        let clock = Clock::default();
        let client = client(&config, observer)?;
        #[cfg(feature = "sandbox")]
        let (sandbox, _simulators) = {
            let local_url: Url = format!("http://127.0.0.1:{}", address.port()).parse().map_err(Error::new)?;
            let (store, clock, public_url) = (store.clone(), clock.clone(), public_url.clone());
            let setup = Setup { config: &config, store, clock, client: &client, local_url, public_url };
            // The simulators answer until the last request has ended.
            let stop = CancellationToken::new();
            (Sandbox::start(setup, &stop).await.map_err(Error::new)?, stop.drop_guard())
        };
        #[cfg(feature = "sandbox")]
        let simulators = sandbox.addresses().clone();
        #[cfg(not(feature = "sandbox"))]
        let simulators = std::collections::HashMap::new();
        let records: Arc<dyn Records> = Arc::new(Kept::new(store.clone()));
        let registry = Registry::new(&config, &client, &simulators, &records).map_err(Error::new)?;
        let linking = Linking {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            public_url: public_url.clone(),
            visits: Arc::new(Rate::new(
                "connectToken",
                config.limits.connect_token_per_second,
                config.limits.connect_token_burst,
            )),
            original_call_rule: config.products.investment_rule == InvestmentRule::OriginalCall,
        };
        let inbound = Inbound::new(store, registry, clock, public_url.clone());
        let app = app(&config, &linking, &inbound, &stop);
        #[cfg(feature = "sandbox")]
        let router = {
            let paths = config.has_sandbox_tenant().then(|| crate::sandbox::routes(sandbox.clone()));
            api::router(app, paths, crate::widget::routes().merge(sandbox.pages()))
        };
        #[cfg(not(feature = "sandbox"))]
        let router = api::router(app, None, crate::widget::routes());
        Ok(Self {
            config,
            database,
            linking,
            inbound,
            listener,
            router,
            public_url,
            local_url: format!("http://{address}"),
            stop,
            #[cfg(feature = "sandbox")]
            sandbox,
            #[cfg(feature = "sandbox")]
            _simulators,
        })
    }

    /// Serves until told to stop. `ready` is called once, with the sandbox's key, when requests can be answered.
    pub async fn run(self, ready: impl FnOnce(&str, Option<&str>) + Send) -> Result<(), Error> {
        let tasks = TaskTracker::new();
        let stop = self.stop.clone();
        let clients = ClientAddress { header: self.config.client_ip_header.clone() };
        let serving = tasks.spawn(api::serve(self.listener, self.router, self.config.limits, clients, stop.clone()));
        let Linking { store, registry, clock, .. } = self.linking.clone();
        tasks.spawn({
            let (store, stop) = (store.clone(), stop.clone());
            async move { store.feel_pulse(stop.cancelled()).await }
        });
        let prepared = prepare::prepare(&self.config, &self.database, &store, &registry, &clock, &stop).await;
        let outcome = match prepared {
            Ok(Some(prepared)) => {
                let sync = Sync { store: store.clone(), registry: registry.clone(), clock };
                let on_demand = OnDemand { linking: self.linking.clone() };
                let work = Work { linking: self.linking, sync, on_demand, inbound: self.inbound };
                #[cfg(feature = "sandbox")]
                tasks.spawn({
                    let (sandbox, stop) = (self.sandbox, stop.clone());
                    async move { sandbox.follow_clock(stop).await }
                });
                tasks.spawn(Runner::new(work, self.config.jobs.workers).run(stop.clone()));
                prepare::until_ready(&store, &registry, self.config.has_sandbox_tenant(), &stop).await;
                if !stop.is_cancelled() {
                    ready(&self.public_url, prepared.sandbox_key.as_ref().map(crate::domain::secret::Secret::expose));
                }
                stop.cancelled().await;
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                stop.cancel();
                Err(error)
            }
        };
        // The listener's end cancels nothing else: requests first, then jobs, then the database.
        let _ = serving.await;
        tasks.close();
        tasks.wait().await;
        store.close().await;
        self.database.close().await;
        outcome
    }
}

/// The one outbound client.
fn client(config: &Config, observer: Option<Arc<dyn net::Observer>>) -> Result<net::Client, Error> {
    if config.net.allow_private_addresses {
        tracing::warn!(
            "net.allow_private_addresses is on: outbound calls may reach private addresses; never do this in production"
        );
    }
    let settings = net::Settings {
        allow_private_addresses: config.net.allow_private_addresses,
        user_agent: concat!("Linkspan/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    net::Client::new(settings, observer).map_err(Error::new)
}

fn app(config: &Config, linking: &Linking, inbound: &Inbound, stop: &CancellationToken) -> App {
    App {
        linking: linking.clone(),
        on_demand: OnDemand { linking: linking.clone() },
        inbound: inbound.clone(),
        api_keys: Arc::new(Rate::new("apiKey", config.limits.api_key_per_second, config.limits.api_key_burst)),
        metrics: PrometheusBuilder::new().install_recorder().ok(),
        limits: config.limits,
        stop: stop.clone(),
        has_sandbox: config.has_sandbox_tenant(),
    }
}

/// Four connections for each core beat many (they wait for each other), fewer than six starve the jobs.
fn connections(config: &Config) -> u32 {
    if config.database_connections > 0 {
        return config.database_connections;
    }
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 4).unwrap_or(16).clamp(6, 32)
}

/// The OpenAPI document of everything that this build can serve, as JSON.
pub fn openapi() -> String {
    #[cfg(feature = "sandbox")]
    return api::document_json(Some(crate::sandbox::paths()));
    #[cfg(not(feature = "sandbox"))]
    api::document_json(None)
}

/// Brings the database up to this version, and nothing else.
pub async fn migrate(config: &Config) -> Result<(), Error> {
    let database = Database::open(config).await?;
    let migrated = crate::store::migrate(&database.owner).await.map_err(|error| prepare::explain(&error));
    database.close().await;
    migrated
}

/// Makes a key for a tenant, which is made too where it is new; the key, shown only here.
pub async fn create_key(config: &Config, tenant: &str, role: Role) -> Result<String, Error> {
    if !(1..=100).contains(&tenant.chars().count()) || tenant.trim() != tenant || tenant.chars().any(char::is_control) {
        let detail = "--tenant takes a name of 1 to 100 characters, without line breaks and without spaces around it";
        return Err(Error(detail.to_owned()));
    }
    let database = Database::reach(config).await?;
    if config.migrate {
        crate::store::migrate(&database.owner).await.map_err(|error| prepare::explain(&error))?;
    }
    let store = Store::connect(database.app.clone(), 2);
    let prefix = if config.any_live() { "lsk_live_" } else { "lsk_sandbox_" };
    let key = crate::crypto::random_token(prefix).map_err(Error::new)?;
    let made = async {
        let id = store.ensure_tenant(tenant, false).await?;
        store.put_api_key(id, role, &key).await
    };
    let made = made.await;
    store.close().await;
    database.close().await;
    made.map_err(Error::new)?;
    Ok(key.expose().to_owned())
}
