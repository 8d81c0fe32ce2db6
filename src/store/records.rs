//! Providers' records beside their connections: sealed, and made by one at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Error, Result, Store};
use crate::crypto::{self, Place};
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

/// How long before its end a record is made anew, and until when it is used while somebody does.
const EARLY: TimeDelta = TimeDelta::minutes(5);
const LAST_USE: TimeDelta = TimeDelta::seconds(30);

/// How long an attempt to make one may take before somebody else may try.
const ATTEMPT: Duration = Duration::from_secs(30);

/// How a record stands for whoever asks for it.
#[derive(Debug)]
pub enum RecordClaim {
    /// It is there.
    There(Secret),
    /// Somebody else makes it.
    Busy,
    /// The asker makes it.
    Yours {
        /// Which attempt it is, from 1 on.
        attempt: i32,
        /// Random, the same in each attempt.
        seed: Secret,
    },
}

fn place(id: Uuid, column: &'static str) -> Place<'static> {
    Place { tenant: Uuid::nil(), table: "provider_records", row: id, column }
}

impl Store {
    /// The record, or the right to make it.
    pub async fn claim_record(
        &self,
        provider: ServiceProvider,
        name: &str,
        customer_id: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<RecordClaim> {
        let id = Uuid::now_v7();
        let seed = crypto::random_token("")?;
        let sealed_seed = self.vault()?.seal(place(id, "seed"), seed.expose().as_bytes())?;
        let mut tx = self.begin().await?;
        sqlx::query!(
            "insert into provider_records (service_provider, name, id, customer_id, seed) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            provider.as_str(),
            name,
            id,
            customer_id,
            sealed_seed
        )
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query!(
            r#"select id, seed, sealed, expires_at, attempts, maker_until > now() as "busy!" from provider_records
             where service_provider = $1 and name = $2 for update"#,
            provider.as_str(),
            name
        )
        .fetch_one(&mut *tx)
        .await?;
        let left = row.expires_at.map(|end| end - now);
        let good_for = |least| row.sealed.as_ref().filter(|_| left.is_none_or(|left| left > least));
        if let Some(sealed) = good_for(EARLY).or_else(|| good_for(LAST_USE).filter(|_| row.busy)) {
            return Ok(RecordClaim::There(self.open_record(row.id, "sealed", sealed)?));
        }
        if row.busy {
            return Ok(RecordClaim::Busy);
        }
        let attempt = sqlx::query_scalar!(
            "update provider_records set attempts = attempts + 1, maker_until = now() + make_interval(secs => $3)
             where service_provider = $1 and name = $2 returning attempts",
            provider.as_str(),
            name,
            ATTEMPT.as_secs_f64()
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(RecordClaim::Yours { attempt, seed: self.open_record(row.id, "seed", &row.seed)? })
    }

    /// Ends an attempt with what it made, if it made something; nothing changes where a later attempt has begun.
    pub async fn settle_record(
        &self,
        provider: ServiceProvider,
        name: &str,
        attempt: i32,
        made: Option<(&Secret, Option<DateTime<Utc>>)>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let id = sqlx::query_scalar!(
            "update provider_records set maker_until = '-infinity'
             where service_provider = $1 and name = $2 and attempts = $3 returning id",
            provider.as_str(),
            name,
            attempt
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let (Some(id), Some((secret, expires_at))) = (id, made) {
            let sealed = self.vault()?.seal(place(id, "sealed"), secret.expose().as_bytes())?;
            sqlx::query!(
                "update provider_records set sealed = $2, expires_at = $3 where id = $1",
                id,
                sealed,
                expires_at
            )
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets a record that the provider refused, if it is still that one.
    pub async fn expire_record(&self, provider: ServiceProvider, name: &str, refused: &Secret) -> Result<()> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select id, sealed from provider_records where service_provider = $1 and name = $2 for update",
            provider.as_str(),
            name
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some((id, sealed)) = row.and_then(|row| Some((row.id, row.sealed?))) else { return Ok(()) };
        if self.open_record(id, "sealed", &sealed)? == *refused {
            sqlx::query!("update provider_records set sealed = null, expires_at = null where id = $1", id)
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    fn open_record(&self, id: Uuid, column: &'static str, sealed: &[u8]) -> Result<Secret> {
        let plain = self.vault()?.open(place(id, column), sealed)?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| Error::Seal("it holds no text".into()))
    }
}
