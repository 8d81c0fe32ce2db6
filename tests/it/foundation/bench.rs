//! A linked connection of a server that has ended, taken over by the foil.

use std::num::NonZeroU32;
use std::sync::Arc;

use linkspan::clock::Clock;
use linkspan::config::Config;
use linkspan::crypto::KeyRing;
use linkspan::domain::ids::{ConnectionId, TenantId};
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::link::Linking;
use linkspan::net;
use linkspan::providers::records::Records;
use linkspan::providers::{Entry, Registry};
use linkspan::rates::Rate;
use linkspan::records::Kept;
use linkspan::sandbox::{Sandbox, Setup};
use linkspan::store::Store;
use linkspan::sync::{Next, Sync};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::foil::{Foil, credential};
use crate::support::{TestApp, database};

/// A ring of one key, so that another process reads what the server sealed.
const RING: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A store on that database whose secrets are open, as a process has it.
pub async fn store(database_url: &str) -> Store {
    let store = Store::connect(database_url.parse().unwrap(), 4);
    store.unlock(&KeyRing::parse(&Secret::new(RING)).unwrap()).await.unwrap();
    store
}

/// A store on a fresh database, and its address.
pub async fn fresh_store() -> (Store, String) {
    let url = database::create().await;
    (store(&url).await, url)
}

pub struct Bench {
    pub foil: Arc<Foil>,
    pub entry: Entry,
    pub store: Store,
    pub sync: Sync,
    pub linking: Linking,
    pub clock: Clock,
    pub tenant_id: TenantId,
    pub id: ConnectionId,
    pub database_url: String,
    _stop: DropGuard,
}

impl Bench {
    /// With its credential in the foil's first generation.
    pub async fn new() -> Self {
        let app = TestApp::with(&[("LINKSPAN_KEYS", RING)]).await;
        let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
        let database_url = app.stop().await;
        let store = store(&database_url).await;
        let (clock, stop) = (Clock::default(), CancellationToken::new());
        let entry = entry(&store, &clock, &stop).await;
        let foil = Arc::new(Foil::before(entry.provider.clone()));
        let entry = Entry { provider: foil.clone(), ..entry };
        let registry = Registry::of(vec![entry.clone()]);
        let linking = Linking {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            public_url: "http://127.0.0.1:1".to_owned(),
            visits: Arc::new(Rate::new("connectToken", NonZeroU32::MAX, NonZeroU32::MAX)),
            original_call_rule: false,
        };
        let sync = Sync { store: store.clone(), registry, clock: clock.clone() };
        let id: ConnectionId = id.parse().unwrap();
        let mut sql = PgConnection::connect(&database_url).await.unwrap();
        let tenant = sqlx::query_scalar("select tenant_id from connections").fetch_one(&mut sql).await.unwrap();
        // The server may have ended in the middle of something: what it held is free, as after its lease.
        sql.execute("update connection_leases set lease_until = '-infinity'").await.unwrap();
        let bench = Self {
            foil,
            entry,
            store,
            sync,
            linking,
            clock,
            tenant_id: TenantId(tenant),
            id,
            database_url,
            _stop: stop.drop_guard(),
        };
        let token = bench.credential().await;
        bench.put_credential(&credential(0, &token)).await;
        bench
    }

    /// The credential as it is stored.
    pub async fn credential(&self) -> String {
        let mut tx = self.store.tenant(self.tenant_id).begin().await.unwrap();
        tx.credential(self.id).await.unwrap().unwrap().expose().to_owned()
    }

    async fn put_credential(&self, credential: &Secret) {
        let mut tx = self.store.tenant(self.tenant_id).begin().await.unwrap();
        tx.renew_credential(self.id, credential).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Fetches the transactions.
    pub async fn fetch(&self) -> Next {
        let mut tx = self.store.tenant(self.tenant_id).begin().await.unwrap();
        tx.want_products(self.id, &[Product::Transactions]).await.unwrap();
        tx.commit().await.unwrap();
        self.sync.run(self.tenant_id, self.id).await.unwrap()
    }

    pub async fn sql(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }
}

/// The first provider of the list, with a simulator that goes on where the server's ended.
async fn entry(store: &Store, clock: &Clock, stop: &CancellationToken) -> Entry {
    let config = Config::from_sources(None, Vec::new()).unwrap();
    let settings = net::Settings { allow_private_addresses: false, user_agent: "Linkspan/foil".to_owned() };
    let client = net::Client::new(settings, None).unwrap();
    let setup = Setup {
        config: &config,
        store: store.clone(),
        clock: clock.clone(),
        client: &client,
        local_url: "http://127.0.0.1:1".parse().unwrap(),
        public_url: "http://127.0.0.1:1".to_owned(),
    };
    let sandbox = Sandbox::start(setup, stop).await.unwrap();
    let records: Arc<dyn Records> = Arc::new(Kept::new(store.clone()));
    let registry = Registry::new(&config, &client, sandbox.addresses(), &records).unwrap();
    registry.iter().next().unwrap().clone()
}
