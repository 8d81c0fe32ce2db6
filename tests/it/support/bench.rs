//! The engine alone, on a database of its own and over a network of the test's making: no server, no jobs, nothing that comes by itself.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use linkspan::clock::Clock;
use linkspan::config::Mode;
use linkspan::crypto::KeyRing;
use linkspan::domain::connection::Condition;
use linkspan::domain::ids::{ConnectionId, TenantId};
use linkspan::domain::placement::{Placement, Placements};
use linkspan::domain::problem::Problem;
use linkspan::domain::product::{Product, ProductState};
use linkspan::domain::secret::Secret;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::net;
use linkspan::providers::{Entry, Registry};
use linkspan::records::Kept;
use linkspan::store::{
    Connection, ConnectionProduct, ConnectionSettings, NewConnection, Span, Store, TenantTx, TransactionChange,
};
use linkspan::sync::{Next, Sync};
use sqlx::{ConnectOptions, PgPool};
use uuid::Uuid;

use super::database;
use super::network::{Books, Network, Row};

pub struct Bench {
    pub store: Store,
    pub tenant_id: TenantId,
    client: net::Client,
    pub clock: Clock,
    pub database: PgPool,
}

/// A connection on the bench.
pub struct Linked<'b> {
    pub id: ConnectionId,
    pub network: Network,
    pub sync: Sync,
    pub bench: &'b Bench,
}

impl Bench {
    pub async fn new() -> Self {
        let options: linkspan::store::ConnectOptions = database::create().await.parse().unwrap();
        let store = Store::connect(options.clone().disable_statement_logging(), 8);
        let ring = KeyRing::parse(&KeyRing::generate_text("test").unwrap()).unwrap();
        store.unlock(&ring).await.unwrap();
        let tenant_id = store.ensure_tenant("bench", false).await.unwrap();
        let settings = net::Settings { allow_private_addresses: false, user_agent: "test".into() };
        let client = net::Client::new(settings, None).unwrap();
        Self {
            store,
            tenant_id,
            client,
            clock: Clock::default(),
            database: PgPool::connect_with(options).await.unwrap(),
        }
    }

    pub async fn begin(&self) -> TenantTx {
        self.store.tenant(self.tenant_id).begin().await.unwrap()
    }

    /// A connection with these products, which has not been read.
    pub async fn link(&self, products: &[Product], settings: ConnectionSettings) -> Linked<'_> {
        let now = self.clock.now();
        let mut tx = self.begin().await;
        let customer_id = tx.ensure_customer("customer").await.unwrap();
        let new =
            NewConnection { customer_id, requested: Placements::default(), settings, metadata: Default::default() };
        let id = tx.insert_connection(&new, now).await.unwrap();
        let provider = ServiceProvider::Plaid;
        tx.set_credential(id, provider, &id.to_string(), &Secret::new("credential")).await.unwrap();
        tx.change_condition(id, Condition::HEALTHY, None, "LINKED", now).await.unwrap();
        for &product in products {
            tx.put_product(id, product, Some(Placement::Required), ProductState::Pending, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        let network = Network::new();
        let upstream = self.client.upstream("test", "http://127.0.0.1:9".parse().unwrap(), true).unwrap();
        let records = Arc::new(Kept::new(self.store.clone()));
        let (provider, hosts) = (Arc::new(network.clone()), Arc::default());
        let entry = Entry { provider, upstream, hosts, mode: Mode::Sandbox, records, refreshes_itself: false };
        let sync = Sync { store: self.store.clone(), registry: Registry::of(vec![entry]), clock: self.clock.clone() };
        Linked { id, network, sync, bench: self }
    }
}

impl Linked<'_> {
    /// Asks for everything once more, and reads.
    pub async fn read(&self) -> Next {
        self.try_read().await.unwrap()
    }

    /// The same, which may fail on our side.
    pub async fn try_read(&self) -> Result<Next, Problem> {
        let mut tx = self.bench.begin().await;
        let products: Vec<Product> = tx.products(self.id).await.unwrap().iter().map(|row| row.product).collect();
        tx.want_products(self.id, &products).await.unwrap();
        tx.commit().await.unwrap();
        self.sync.run(self.bench.tenant_id, self.id).await
    }

    /// Lets so much time pass for the lease that whoever holds it has lost it.
    pub async fn lapse(&self) {
        let lapse = sqlx::query(
            "update connection_leases set lease_until = now() - interval '1 second' where connection_id = $1",
        );
        lapse.bind(self.id.0).execute(&self.bench.database).await.unwrap();
    }

    pub async fn connection(&self) -> Connection {
        self.bench.begin().await.connection(self.id).await.unwrap().unwrap()
    }

    pub async fn product(&self, product: Product) -> ConnectionProduct {
        let rows = self.bench.begin().await.products(self.id).await.unwrap();
        rows.into_iter().find(|row| row.product == product).unwrap()
    }

    /// The transactions that are stored and not removed.
    pub async fn stored(&self) -> Books {
        type Stored = (String, String, rust_decimal::Decimal, String);
        let rows: Vec<Stored> = sqlx::query_as(
            "select t.provider_transaction_id, l.provider_account_id, t.amount, t.status from transactions t
             join account_links l on l.account_id = t.account_id and l.valid_to is null where t.connection_id = $1 and not t.removed",
        )
        .bind(self.id.0)
        .fetch_all(&self.bench.database)
        .await
        .unwrap();
        let count = rows.len();
        let books: Books = rows
            .into_iter()
            .map(|(id, account, amount, status)| {
                let cents = i64::try_from(amount.mantissa()).unwrap();
                (id, Row { account, cents, tip: 0, pending: status == "PENDING", replaces: None })
            })
            .collect();
        assert_eq!(books.len(), count, "no transaction is there twice");
        books
    }

    /// Our id of each transaction that is stored and not removed, by the provider's.
    pub async fn ids(&self) -> HashMap<String, Uuid> {
        let rows: Vec<(String, Uuid)> = sqlx::query_as(
            "select provider_transaction_id, id from transactions where connection_id = $1 and not removed",
        )
        .bind(self.id.0)
        .fetch_all(&self.bench.database)
        .await
        .unwrap();
        rows.into_iter().collect()
    }

    /// What changed after that sequence number: our id, with the provider's unless it is removed; and the last number.
    pub async fn changes(&self, after: i64) -> (Vec<(Uuid, Option<String>)>, i64) {
        let rows: Vec<(Uuid, String, bool, i64)> = sqlx::query_as(
            "select id, provider_transaction_id, removed, changed_seq from transactions
             where connection_id = $1 and changed_seq > $2",
        )
        .bind(self.id.0)
        .bind(after)
        .fetch_all(&self.bench.database)
        .await
        .unwrap();
        let last = rows.iter().map(|row| row.3).max().unwrap_or(after);
        (rows.into_iter().map(|(id, name, removed, _)| (id, (!removed).then_some(name))).collect(), last)
    }

    /// What `/transactions/sync` tells after that sequence number: added, modified and removed.
    pub async fn told(&self, after: i64) -> [Vec<Uuid>; 3] {
        let (added, changed) = self.feed(after).await;
        let ids = |rows: Vec<&TransactionChange>| rows.iter().map(|row| row.transaction.id.0).collect();
        let (removed, modified) = changed.iter().partition(|change| change.removed);
        [ids(added.iter().collect()), ids(modified), ids(removed)]
    }

    /// What is modified after that sequence number, with its amount and status.
    pub async fn modified(&self, after: i64) -> Vec<(Uuid, String, String)> {
        let rows =
            self.feed(after).await.1.into_iter().filter(|change| !change.removed).map(|change| change.transaction);
        rows.map(|row| (row.id.0, row.amount.to_string(), row.status.as_str().to_owned())).collect()
    }

    async fn feed(&self, after: i64) -> (Vec<TransactionChange>, Vec<TransactionChange>) {
        let (span, first) = (Span { after, upto: i64::MAX }, (after, Uuid::nil().into()));
        let mut tx = self.bench.begin().await;
        let added = tx.transactions_added(self.id, span, first, 10_000).await.unwrap();
        (added, tx.transactions_changed(self.id, span, first, 10_000).await.unwrap())
    }

    /// When the connection was last read without fault, and each product last brought data.
    pub async fn read_at(&self, product: Product) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.connection().await.successfully_aggregated_at, self.product(product).await.last_aggregated_at)
    }
}

/// The bank's books as they are stored: what a row replaces is not kept, nor what its amount was before it was booked.
pub fn as_stored(mut books: Books) -> Books {
    for row in books.values_mut() {
        row.cents += std::mem::take(&mut row.tip);
        row.replaces = None;
    }
    books
}
