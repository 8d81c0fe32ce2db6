//! The engine: fetch pages, diff, store with their events in one transaction.
//!
//! One run works on one connection under its lease. It never holds a database transaction while it asks the provider, and every
//! write checks that the lease is still its own.

mod accounts;
mod investments;
mod on_demand;
mod outcome;
mod recognition;
mod refreshing;
mod run;
mod transactions;

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::{Entry, Registry};
use crate::store::{Connection, ConnectionProduct, Lease, Refresh, Store, TenantTx};

pub use outcome::Next;

/// How long a run may go without a sign of life before somebody else may take over.
const LEASE: Duration = Duration::from_secs(15);

/// Everything that aggregation needs.
#[derive(Clone)]
pub struct Sync {
    /// The database.
    pub store: Store,
    /// The providers.
    pub registry: Registry,
    /// Business time.
    pub clock: Clock,
}

/// One run on one connection.
struct Run<'a> {
    sync: &'a Sync,
    tenant_id: TenantId,
    lease: Lease,
    connection: Connection,
    products: Vec<ConnectionProduct>,
    refreshes: Vec<Refresh>,
    credential: Secret,
    entry: Entry,
    /// The provider's ids of accounts that the tenant's filters leave out, as far as they were read in this run (B13).
    left_out: Mutex<HashSet<String>>,
}

impl Run<'_> {
    /// A transaction that has made sure that the lease is ours.
    async fn begin(&self) -> Result<TenantTx, Problem> {
        let mut tx = self.sync.store.tenant(self.tenant_id).begin().await?;
        tx.hold_lease(self.lease, LEASE).await?;
        Ok(tx)
    }

    /// The same for what is written of a product; `None` where it was removed since the run began (A15).
    async fn begin_for(&self, product: Product) -> Result<Option<TenantTx>, Problem> {
        let mut tx = self.begin().await?;
        let began = self.products.iter().find(|row| row.product == product).map(|row| row.removals);
        let rows = tx.products(self.id()).await?;
        let stays =
            rows.iter().any(|row| row.product == product && row.placement.is_some() && Some(row.removals) == began);
        Ok(stays.then_some(tx))
    }

    /// A product as it stands now, which may be another than when the run began.
    async fn product_row(&self, product: Product) -> Result<Option<ConnectionProduct>, Problem> {
        let mut tx = self.begin().await?;
        let rows = tx.products(self.id()).await?;
        tx.commit().await?;
        Ok(rows.into_iter().find(|row| row.product == product))
    }

    fn id(&self) -> ConnectionId {
        self.connection.id
    }
}
