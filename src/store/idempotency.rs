//! Idempotency keys: a first answer is kept, sealed, for a day.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Result, Store, TenantStore, TenantTx};

/// How long a key is known.
pub const KEEP_KEYS: TimeDelta = TimeDelta::hours(24);

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is new, or its lease has lapsed: go on.
    Ours,
    /// It has been answered: status and body.
    Answered(u16, Vec<u8>),
    /// It was used with another body.
    Mismatch,
    /// The first request still runs; for so long at the most.
    InFlight(Duration),
}

impl TenantTx {
    /// Claims a key for the length of the lease, from `now` on for a day. Waits for another transaction that holds it.
    pub async fn claim_key(
        &mut self,
        key_hash: &[u8],
        body_hash: &[u8],
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Claim> {
        let tenant_id = self.tenant_id.0;
        let claimed = sqlx::query_scalar!(
            "insert into idempotency_keys (tenant_id, key_hash, body_hash, lease_until, created_at)
             values ($1, $2, $3, now() + make_interval(secs => $4), $5)
             on conflict (tenant_id, key_hash) do update set lease_until = excluded.lease_until,
                    created_at = excluded.created_at, body_hash = excluded.body_hash, status = null, answer = null
                where idempotency_keys.created_at <= $6
                   or (idempotency_keys.status is null and idempotency_keys.lease_until < now()
                       and idempotency_keys.body_hash = excluded.body_hash)
             returning 1",
            tenant_id,
            key_hash,
            body_hash,
            lease.as_secs_f64(),
            now,
            now - KEEP_KEYS
        )
        .fetch_optional(self.sql())
        .await?;
        if claimed.is_some() {
            return Ok(Claim::Ours);
        }
        let row = sqlx::query!(
            r#"select body_hash, status, answer, extract(epoch from lease_until - now())::float8 as "left!"
             from idempotency_keys where tenant_id = $1 and key_hash = $2"#,
            tenant_id,
            key_hash
        )
        .fetch_one(self.sql())
        .await?;
        if row.body_hash != body_hash {
            return Ok(Claim::Mismatch);
        }
        match (row.status, row.answer) {
            (Some(status), Some(answer)) => {
                let body = self.open("idempotency_keys", row_of(key_hash), "answer", &answer)?;
                Ok(Claim::Answered(u16::try_from(status).unwrap_or(500), body))
            }
            _ => Ok(Claim::InFlight(Duration::from_secs_f64(row.left.clamp(1.0, 60.0)))),
        }
    }

    /// Marks where an effect begins that `undo_effect` may take back, while the claim stays.
    pub async fn mark_effect(&mut self) -> Result<()> {
        sqlx::query("savepoint effect").execute(self.sql()).await?;
        Ok(())
    }

    /// Takes back what was done since `mark_effect`.
    pub async fn undo_effect(&mut self) -> Result<()> {
        sqlx::query("rollback to savepoint effect").execute(self.sql()).await?;
        Ok(())
    }

    /// Keeps the answer to a claimed key.
    pub async fn answer_key(
        &mut self,
        key_hash: &[u8],
        body_hash: &[u8],
        status: u16,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("idempotency_keys", row_of(key_hash), "answer", body)?;
        sqlx::query!(
            "insert into idempotency_keys (tenant_id, key_hash, body_hash, lease_until, status, answer, created_at)
             values ($1, $2, $3, now(), $4, $5, $6)
             on conflict (tenant_id, key_hash) do update set status = excluded.status, answer = excluded.answer
                where idempotency_keys.body_hash = excluded.body_hash",
            tenant_id,
            key_hash,
            body_hash,
            i32::from(status),
            sealed,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Forgets a claim whose request failed on our side, so that it can be sent again.
    pub async fn release_key(&mut self, key_hash: &[u8]) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from idempotency_keys where tenant_id = $1 and key_hash = $2 and status is null",
            tenant_id,
            key_hash
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

impl TenantStore {
    /// Gives a sign of life for as long as it is polled, so that the lease may be short and a crash does not block the key for long.
    pub async fn keep_key(&self, key_hash: &[u8], lease: Duration) -> Infallible {
        loop {
            tokio::time::sleep(lease / 3).await;
            if let Err(error) = self.prolong_key(key_hash, lease).await {
                tracing::debug!(%error, "an idempotency key could not be prolonged");
            }
        }
    }

    async fn prolong_key(&self, key_hash: &[u8], lease: Duration) -> Result<()> {
        let mut tx = self.begin().await?;
        let tenant_id = tx.tenant_id.0;
        sqlx::query!(
            "update idempotency_keys set lease_until = now() + make_interval(secs => $3)
             where tenant_id = $1 and key_hash = $2 and status is null",
            tenant_id,
            key_hash,
            lease.as_secs_f64()
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }
}

impl Store {
    /// Forgets keys from before that time.
    pub async fn forget_keys(&self, before: DateTime<Utc>) -> Result<i64> {
        Ok(sqlx::query_scalar!("select forget_idempotency_keys($1)", before)
            .fetch_one(&self.pool)
            .await?
            .unwrap_or_default())
    }
}

/// A stand-in for the row's id: the first half of the key's hash.
fn row_of(key_hash: &[u8]) -> Uuid {
    key_hash.first_chunk::<16>().map_or(Uuid::nil(), |half| Uuid::from_bytes(*half))
}
