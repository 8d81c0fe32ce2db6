//! Keeps the providers' records in the database, and renews credentials of connections: the two places where what a provider
//! hands over is committed before it is used.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::records::{Attempt, Make, Record, Records};
use crate::providers::{Entry, Failure, FailureKind, Persistence};
use crate::store::{self, Lease, RecordClaim, Store, TenantStore};

/// How often, and after which pause, somebody else's attempt is looked at.
const TRIES: u32 = 150;
const PAUSE: Duration = Duration::from_millis(100);

/// The records of an installation.
#[derive(Clone, Debug)]
pub struct Kept {
    store: Store,
}

impl Kept {
    /// In that database.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Records for Kept {
    async fn get(
        &self,
        provider: ServiceProvider,
        record: Record<'_>,
        now: DateTime<Utc>,
        make: Make<'_>,
    ) -> Result<Secret, Failure> {
        let name = record.name();
        for _ in 0..TRIES {
            match self.store.claim_record(provider, &name, record.customer(), now).await.map_err(away)? {
                RecordClaim::There(secret) => return Ok(secret),
                RecordClaim::Busy => tokio::time::sleep(PAUSE).await,
                RecordClaim::Yours { attempt, seed } => {
                    let number = u32::try_from(attempt).unwrap_or(u32::MAX);
                    let made = make(Attempt { seed, number }).await;
                    let stored = made.as_ref().ok().map(|made| (&made.secret, made.expires_at));
                    self.store.settle_record(provider, &name, attempt, stored).await.map_err(away)?;
                    return made.map(|made| made.secret);
                }
            }
        }
        Err(failure("RECORD_BUSY", "another process has not finished making what this call needs"))
    }

    async fn forget(&self, provider: ServiceProvider, record: Record<'_>, refused: &Secret) -> Result<(), Failure> {
        self.store.expire_record(provider, &record.name(), refused).await.map_err(away)
    }
}

fn away(error: store::Error) -> Failure {
    tracing::warn!(%error, "a provider's record cannot be read or kept");
    failure("RECORD_AWAY", "what this call needs cannot be read or kept at the moment")
}

fn failure(code: &str, message: &str) -> Failure {
    let mut failure = Failure::new(FailureKind::Unavailable, Persistence::Temporary, code, message);
    failure.retry_after = Some(Duration::from_secs(2));
    failure
}

/// The connection's credential, renewed where it has to be. Only for the holder of the connection's lease: a credential that
/// changes with each use is renewed by one at a time, and committed before it is used.
pub async fn fresh_credential(
    rows: &TenantStore,
    entry: &Entry,
    clock: &Clock,
    held: (Lease, Duration),
    credential: Secret,
) -> Result<Result<Secret, Failure>, store::Error> {
    if !entry.provider.renewal_due(&credential, clock.now()) {
        return Ok(Ok(credential));
    }
    renewed_credential(rows, entry, clock, held, &credential).await
}

/// The connection's credential, renewed though it may not have ended yet.
pub async fn renewed_credential(
    rows: &TenantStore,
    entry: &Entry,
    clock: &Clock,
    (lease, length): (Lease, Duration),
    credential: &Secret,
) -> Result<Result<Secret, Failure>, store::Error> {
    let mut tx = rows.begin().await?;
    tx.hold_lease(lease, length).await?;
    tx.commit().await?;
    let renewed = match entry.provider.renew(&entry.in_job(clock), credential).await {
        Ok(renewed) => renewed,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut tx = rows.begin().await?;
    tx.hold_lease(lease, length).await?;
    tx.renew_credential(lease.connection_id, &renewed).await?;
    tx.commit().await?;
    Ok(Ok(renewed))
}
