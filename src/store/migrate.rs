//! Migrations: compiled in, run by the role that owns the tables.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::Result;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings the database up to this version. Several processes may try at once; one does it.
pub async fn migrate(owner: &PgConnectOptions) -> Result<()> {
    let mut connection = owner.connect().await?;
    MIGRATIONS.run_direct(None, &mut connection, false).await?;
    connection.close().await?;
    Ok(())
}
