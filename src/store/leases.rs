//! The lease under which one holder at a time works on a connection. Its number is checked at every write.

use std::time::Duration;

use super::{Error, Result, TenantStore, TenantTx};
use crate::domain::ids::ConnectionId;

/// The right to work on a connection, until its time is over or somebody else has it.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// On which connection.
    pub connection_id: ConnectionId,
    /// Its number; higher ones are newer.
    pub fence: i64,
}

impl TenantTx {
    /// Takes the right to work on a connection for that long; `None` while somebody else has it, also while they write.
    pub async fn acquire_lease(&mut self, id: ConnectionId, length: Duration) -> Result<Option<Lease>> {
        let fence = sqlx::query_scalar!(
            "update connection_leases set fence = fence + 1, lease_until = now() + make_interval(secs => $2)
             where connection_id in (
                select l.connection_id from connection_leases l join connections c on c.id = l.connection_id
                where l.connection_id = $1 and c.tenant_id = $3 and l.lease_until < now() for update of l skip locked)
             returning fence",
            id.0,
            length.as_secs_f64(),
            self.tenant_id.0
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(fence.map(|fence| Lease { connection_id: id, fence }))
    }

    /// Makes sure, for the rest of this transaction, that the lease is still ours, and prolongs it.
    pub async fn hold_lease(&mut self, lease: Lease, length: Duration) -> Result<()> {
        // Always the connection's row first, then its lease, then the rest: nobody waits for one another in a circle.
        self.lock_row(lease.connection_id).await?;
        let held = sqlx::query!(
            "update connection_leases set lease_until = now() + make_interval(secs => $3)
             where connection_id = $1 and fence = $2 and lease_until >= now()",
            lease.connection_id.0,
            lease.fence,
            length.as_secs_f64()
        )
        .execute(self.sql())
        .await?;
        if held.rows_affected() == 1 { Ok(()) } else { Err(Error::LeaseLost) }
    }

    /// Gives the right back.
    pub async fn release_lease(&mut self, lease: Lease) -> Result<()> {
        sqlx::query!(
            "update connection_leases set lease_until = '-infinity' where connection_id = $1 and fence = $2",
            lease.connection_id.0,
            lease.fence
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

impl TenantStore {
    /// Gives a sign of life for as long as it is polled, so that a lease may be short and a crash blocks nobody for long;
    /// returns when the lease was lost. A database that is away is no loss by itself: the lease may last until it is back.
    pub async fn keep_lease(&self, lease: Lease, length: Duration) {
        loop {
            tokio::time::sleep(length / 4).await;
            let prolong = async {
                let mut tx = self.begin().await?;
                tx.hold_lease(lease, length).await?;
                tx.commit().await
            };
            if let Err(Error::LeaseLost) = prolong.await {
                return;
            }
        }
    }
}
