//! What every cluster of ours holds: the two roles and the database. Made one by one, so a start after a crash in between makes the rest.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

/// The owner of the databases, who migrates them.
pub const OWNER: &str = "linkspan_owner";
/// Who serves: bound by row-level security, and allowed what the migrations grant.
pub const APP: &str = "linkspan_app";
/// The cluster's superuser, for this module and tests.
pub const SUPERUSER: &str = "postgres";

const LIMIT: Duration = Duration::from_secs(30);

/// Makes what is missing.
pub async fn create(superuser: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let work = async {
        let mut database = superuser.connect().await?;
        create_in(&mut database).await?;
        database.close().await
    };
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))
}

async fn create_in(database: &mut PgConnection) -> Result<(), sqlx::Error> {
    let role = "select exists (select from pg_roles where rolname = $1)";
    let found = "select exists (select from pg_database where datname = $1)";
    for (exists, name, create) in [
        (role, OWNER, "create role linkspan_owner login createdb nosuperuser nocreaterole noreplication nobypassrls"),
        (role, APP, "create role linkspan_app login nocreatedb nosuperuser nocreaterole noreplication nobypassrls"),
        (found, "linkspan", "create database linkspan owner linkspan_owner"),
    ] {
        if !sqlx::query_scalar::<_, bool>(exists).bind(name).fetch_one(&mut *database).await? {
            sqlx::raw_sql(create).execute(&mut *database).await?;
        }
    }
    Ok(())
}
