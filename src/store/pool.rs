//! The pool, and the handle that carries the tenant.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool, Postgres, Transaction};

use super::{Error, Result};
use crate::domain::ids::TenantId;

/// A database transaction.
pub type Tx = Transaction<'static, Postgres>;

/// How long a request waits for a free connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(1500);

/// The database, without a tenant: for the queue, the catalogue and the look-ups that find the tenant.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) pool: PgPool,
}

impl Store {
    /// A pool that serves as the role `linkspan_app`. Connects lazily, so that a database that is away at start is no end.
    pub fn connect(options: PgConnectOptions, connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("set role linkspan_app; set statement_timeout = '15s'; set idle_in_transaction_session_timeout = '30s'").await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Self { pool }
    }

    /// The handle for one tenant's rows.
    pub fn tenant(&self, tenant_id: TenantId) -> TenantStore {
        TenantStore { store: self.clone(), tenant_id }
    }

    /// A transaction that sees no tenant's rows.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.pool.begin().await?)
    }

    /// Whether the database answers and has the tables that this version needs.
    pub async fn check(&self) -> Result<()> {
        sqlx::query_scalar!("select count(*) from tenants").fetch_one(&self.pool).await?;
        Ok(())
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
    pub async fn begin(&self) -> Result<Tx> {
        // One round trip for both; the id is a UUID, so it cannot end the literal.
        let statement = format!("begin; set local linkspan.tenant_id = '{}'", self.tenant_id);
        Ok(self.store.pool.begin_with(sqlx::AssertSqlSafe(statement)).await?)
    }

    /// The same database without the tenant.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => Self::Unreadable(other.to_string()),
        }
    }
}
