//! The pool, and the handles that carry the tenant.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::pulse::Pulse;
use super::{Error, Result};
use crate::crypto::{DataKey, KeyRing, Place, Vault};
use crate::domain::ids::TenantId;
use crate::domain::secret::Secret;

/// How long a request waits for a free connection: a queue is no outage, of which the pulse tells.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);

/// What every serving connection does first: no other rights than the serving role's, and bounds on its patience.
const GREETING: &str = "set role linkspan_app; set statement_timeout = '15s'; set lock_timeout = '10s'; \
                        set idle_in_transaction_session_timeout = '30s'";

/// The database, without a tenant: for the queue, the catalogue and the look-ups that find the tenant.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: PgPool,
    pub(super) vault: Arc<OnceLock<Vault>>,
    /// Whether the database answered when it was last asked.
    pub(super) pulse: Arc<Pulse>,
}

impl Store {
    /// A pool that serves as the role `linkspan_app`. Connects lazily, so that a database that is away at start is no end.
    pub fn connect(options: PgConnectOptions, connections: u32) -> Self {
        let pulse = Arc::new(Pulse::new());
        let beat = Arc::clone(&pulse);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let is_sound = !beat.predates_outage(connection.age);
                Box::pin(async move { Ok(is_sound) })
            })
            .after_connect(|connection, _| Box::pin(async move { connection.execute(GREETING).await.map(drop) }))
            .connect_lazy_with(options);
        Self { pool, vault: Arc::default(), pulse }
    }

    /// The handle for one tenant's rows.
    pub fn tenant(&self, tenant_id: TenantId) -> TenantStore {
        TenantStore { store: self.clone(), tenant_id }
    }

    /// A transaction that sees no tenant's rows.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.pool.begin().await?)
    }

    /// Whether the database answers, has the tables that this version needs, and its secrets can be opened.
    pub async fn check(&self) -> Result<()> {
        self.check_schema().await?;
        self.vault().map(drop)
    }

    /// Whether the database answers and has the tables that this version needs.
    pub async fn check_schema(&self) -> Result<()> {
        sqlx::query_scalar!("select count(*) from data_keys").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Opens the data keys with the ring, making the first one where there is none. Until then secrets cannot be read.
    pub async fn unlock(&self, ring: &KeyRing) -> Result<()> {
        if self.vault.get().is_some() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        // One process makes the first key, the others wait for it.
        sqlx::query!("select pg_advisory_xact_lock(7262108)").execute(&mut *tx).await?;
        let mut keys = sqlx::query_as!(DataKey, "select id, ring_key_id, sealed from data_keys order by id")
            .fetch_all(&mut *tx)
            .await?;
        if keys.is_empty() {
            let key = DataKey::generate(ring).map_err(Error::from)?;
            sqlx::query!(
                "insert into data_keys (id, ring_key_id, sealed) values ($1, $2, $3)",
                key.id,
                key.ring_key_id,
                key.sealed
            )
            .execute(&mut *tx)
            .await?;
            keys.push(key);
        }
        let vault = Vault::open_keys(ring, &keys)?;
        tx.commit().await?;
        // Another task may have been first; its vault is as good.
        let _ = self.vault.set(vault);
        Ok(())
    }

    pub(super) fn vault(&self) -> Result<&Vault> {
        self.vault.get().ok_or_else(|| Error::Away("the keys have not been opened yet".into()))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The database as one tenant sees it.
#[derive(Clone, Debug)]
pub struct TenantStore {
    store: Store,
    /// Whose rows these are.
    pub tenant_id: TenantId,
}

impl TenantStore {
    /// A transaction in which only this tenant's rows can be seen or written.
    pub async fn begin(&self) -> Result<TenantTx> {
        // One round trip for both; the id is a UUID, so it cannot end the literal.
        let statement = format!("begin; set local linkspan.tenant_id = '{}'", self.tenant_id);
        let tx = self.store.pool.begin_with(sqlx::AssertSqlSafe(statement)).await?;
        Ok(TenantTx { tx, tenant_id: self.tenant_id, vault: Arc::clone(&self.store.vault) })
    }

    /// The same database without the tenant.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// A transaction that sees one tenant's rows. Rolled back unless committed.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    /// Whose rows these are.
    pub tenant_id: TenantId,
    vault: Arc<OnceLock<Vault>>,
}

impl TenantTx {
    /// Makes everything done in it last.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    pub(super) fn sql(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub(super) fn seal(&self, table: &str, row: impl Into<Uuid>, column: &str, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.vault()?.seal(self.place(table, row.into(), column), plain)?)
    }

    pub(super) fn open(&self, table: &str, row: impl Into<Uuid>, column: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        Ok(self.vault()?.open(self.place(table, row.into(), column), sealed)?)
    }

    pub(super) fn open_secret(&self, table: &str, row: impl Into<Uuid>, column: &str, sealed: &[u8]) -> Result<Secret> {
        let plain = self.open(table, row, column, sealed)?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| Error::Seal("it holds no text".into()))
    }

    fn vault(&self) -> Result<&Vault> {
        self.vault.get().ok_or_else(|| Error::Away("the keys have not been opened yet".into()))
    }

    fn place<'a>(&self, table: &'a str, row: Uuid, column: &'a str) -> Place<'a> {
        Place { tenant: self.tenant_id.0, table, row, column }
    }
}
