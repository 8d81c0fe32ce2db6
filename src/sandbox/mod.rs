//! The sandbox: mounts each provider's simulator on a loopback listener of its own, whose address is that provider's base address,
//! and its pages beside our own; turns knobs; plays the customer. Adapters know nothing of it.

pub mod describe;
mod faults;
mod forms;
mod handlers;
mod knobs;
mod play;
mod sender;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::bank::{Bank, Environment, Outbox, Simulated};
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::domain::service_provider::ServiceProvider;
use crate::net;
use crate::providers::{self, Simulation};
use crate::store::Store;
use crate::store::sandbox::Documents;

pub use faults::{Fault, FaultKind};
pub use handlers::{paths, routes};
pub use play::{PlayBody, Visit, VisitEnd};

/// Where the simulators' pages are mounted.
const PAGES: &str = "/simulators";

/// How often the clock is looked at, and after how many looks the simulators tell what is new.
const LOOK: Duration = Duration::from_secs(1);
const TELL_EVERY: u32 = 15;

/// What the sandbox stands on.
pub struct Setup<'a> {
    /// Which providers are simulated.
    pub config: &'a Config,
    /// The database.
    pub store: Store,
    /// The sandbox's clock.
    pub clock: Clock,
    /// For webhooks and for playing the customer.
    pub client: &'a net::Client,
    /// Where our own listener is.
    pub local_url: Url,
    /// How browsers reach us.
    pub public_url: String,
}

/// The running simulators.
#[derive(Clone)]
pub struct Sandbox {
    simulators: Arc<HashMap<ServiceProvider, Arc<dyn Simulated>>>,
    addresses: Arc<HashMap<ServiceProvider, Simulation>>,
    documents: Documents,
    clock: Clock,
    outbox: Outbox,
    local: net::Upstream,
    public_url: String,
}

impl Sandbox {
    /// Starts a simulator for each provider in sandbox mode that has no other address; they serve until told to stop.
    pub async fn start(setup: Setup<'_>, stop: &CancellationToken) -> Result<Self, std::io::Error> {
        let documents = Documents::new(setup.store.clone());
        let bank = Bank::new(documents.clone(), setup.clock.clone(), setup.config.sandbox_seed);
        let sender = sender::Sender::new(setup.client.clone(), &setup.public_url, &setup.local_url);
        let outbox = Outbox::new(Arc::new(sender));
        let (mut simulators, mut addresses) = (HashMap::new(), HashMap::new());
        for listed in providers::LIST {
            let name = listed.id.as_str().to_lowercase();
            let section = setup.config.providers.get(&name);
            let is_elsewhere = section.is_some_and(|section| section.base_url.is_some());
            if setup.config.mode(listed.id) != Mode::Sandbox || is_elsewhere {
                continue;
            }
            let pages: Url = format!("{}{PAGES}/{name}", setup.public_url).parse().map_err(std::io::Error::other)?;
            let simulator = (listed.simulate)(Environment {
                bank: bank.clone(),
                documents: documents.clone(),
                clock: setup.clock.clone(),
                outbox: outbox.clone(),
                pages_url: pages.clone(),
            });
            let faults = faults::Faults::new(documents.clone(), listed.id);
            let api = simulator.api().layer(middleware::from_fn_with_state(faults, faults::apply));
            let api = listen(api, stop.clone()).await?;
            addresses.insert(listed.id, Simulation { api, pages });
            simulators.insert(listed.id, simulator);
        }
        let local = setup.client.upstream("sandbox", setup.local_url, true).map_err(std::io::Error::other)?;
        Ok(Self {
            simulators: Arc::new(simulators),
            addresses: Arc::new(addresses),
            documents,
            clock: setup.clock,
            outbox,
            local,
            public_url: setup.public_url,
        })
    }

    /// Where each simulator is.
    pub fn addresses(&self) -> &HashMap<ServiceProvider, Simulation> {
        &self.addresses
    }

    /// A provider's simulator, if it is simulated here.
    pub fn simulator(&self, provider: ServiceProvider) -> Option<&Arc<dyn Simulated>> {
        self.simulators.get(&provider)
    }

    /// The customer's pages of all simulators.
    pub fn pages<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.simulators.iter().fold(Router::new(), |router, (provider, simulator)| {
            router.nest_service(&format!("{PAGES}/{}", provider.as_str().to_lowercase()), simulator.pages())
        })
    }

    /// Keeps this process's clock at the sandbox's, which another process may move, and lets the simulators tell what time brought.
    pub async fn follow_clock(&self, stop: CancellationToken) {
        let mut looks: u32 = 0;
        loop {
            if let Ok(offset) = self.documents.clock_offset().await {
                self.clock.set_offset_seconds(offset);
            }
            if looks.is_multiple_of(TELL_EVERY) {
                self.tell_all().await;
            }
            looks = looks.wrapping_add(1);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn tell_all(&self) {
        for (provider, simulator) in self.simulators.iter() {
            if let Err(error) = simulator.tell_all().await {
                tracing::debug!(%provider, %error, "a simulator could not tell what is new");
            }
        }
    }
}

async fn listen(router: Router, stop: CancellationToken) -> Result<Url, std::io::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?).parse().map_err(std::io::Error::other)?;
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "a simulator stopped");
        }
    });
    Ok(address)
}
