//! What must be there before requests can be answered: tables, keys, the sandbox's tenant, the first jobs. A database that is
//! away is waited for; anything else ends the start.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Database, Error, keys};
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::KeyRing;
use crate::domain::secret::Secret;
use crate::jobs::first_jobs;
use crate::providers::Registry;
use crate::store::{self, Store};

/// How often a database that is away is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// The name of the sandbox's tenant.
const SANDBOX_TENANT: &str = "sandbox";

/// What was prepared.
pub(super) struct Prepared {
    /// The sandbox's key.
    pub(super) sandbox_key: Option<Secret>,
}

/// Prepares; `None` if told to stop before.
pub(super) async fn prepare(
    config: &Config,
    database: &Database,
    store: &Store,
    registry: &Registry,
    clock: &Clock,
    stop: &CancellationToken,
) -> Result<Option<Prepared>, Error> {
    let ring = keys::ring(config)?;
    let sandbox_key = if config.has_sandbox_tenant() { Some(keys::sandbox_api_key(config)?) } else { None };
    let mut told = false;
    while !stop.is_cancelled() {
        let attempted = async {
            attempt(config, database, store, &ring, sandbox_key.as_ref()).await?;
            first_jobs(store, registry, clock).await
        };
        match attempted.await {
            Ok(()) => return Ok(Some(Prepared { sandbox_key })),
            Err(store::Error::Away(why) | store::Error::Busy(why)) => {
                if !told {
                    tracing::error!(
                        "the database is away ({why}); requests are answered 503 until it is back: check that it runs and LINKSPAN_DATABASE_URL is right"
                    );
                    told = true;
                }
            }
            Err(error) => return Err(explain(&error)),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
    Ok(None)
}

async fn attempt(
    config: &Config,
    database: &Database,
    store: &Store,
    ring: &KeyRing,
    sandbox_key: Option<&Secret>,
) -> store::Result<()> {
    if config.migrate {
        store::migrate(&database.owner).await?;
    }
    store.check_schema().await?;
    store.unlock(ring).await?;
    if let Some(key) = sandbox_key {
        let tenant = store.ensure_tenant(SANDBOX_TENANT, true).await?;
        store.put_sandbox_key(tenant, key).await?;
    }
    Ok(())
}

/// Waits until `/readyz` would say so.
pub(super) async fn until_ready(store: &Store, registry: &Registry, sandbox: bool, stop: &CancellationToken) {
    if !sandbox {
        return;
    }
    let providers = || registry.iter().map(|entry| entry.id());
    while !stop.is_cancelled() && !store.has_institutions_of(providers()).await.is_ok_and(|all| all) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What an operator is told.
pub(super) fn explain(error: &store::Error) -> Error {
    match error {
        store::Error::Away(why) | store::Error::Busy(why) => {
            Error(format!("the database is away ({why}): check that it runs, and that LINKSPAN_DATABASE_URL is right"))
        }
        store::Error::Unreadable(why) => Error(format!(
            "the database was made by another version of Linkspan: {why}; use that version, or an empty database"
        )),
        store::Error::Seal(why) => Error(format!(
            "the stored secrets cannot be opened: {why}; LINKSPAN_KEYS must hold the keys that sealed them"
        )),
        error => Error(format!(
            "the database could not be prepared: {error}; the role of LINKSPAN_DATABASE_URL must own the tables and may need the right to create the role linkspan_app"
        )),
    }
}
