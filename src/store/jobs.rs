//! The queue. One row for each kind and key: asking again while it waits changes nothing, asking while it runs makes it
//! run once more. `run_at` and `not_before` are business time, leases are the database's own time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::{Result, Store, TenantTx};

wire_enum! {
    /// The kinds of work.
    pub enum JobKind {
        /// Fetch what is due on a connection; key: connection id.
        Sync = "SYNC",
        /// Ask the provider how an open session stands; key: session id.
        PollSession = "POLL_SESSION",
        /// End a session whose time is over; key: session id.
        ExpireSession = "EXPIRE_SESSION",
        /// Revoke at the provider; key: revocation id.
        Revoke = "REVOKE",
        /// Order an asset report, or ask whether it is ready; key: report id.
        AssetReport = "ASSET_REPORT",
        /// Act on a stored provider webhook; key: its id.
        Webhook = "WEBHOOK",
        /// Fill the institution catalogue; key: service provider.
        Institutions = "INSTITUTIONS",
        /// Enqueue the reads that are due; key: `all`.
        Schedule = "SCHEDULE",
        /// Remove what is kept for a time only; key: `all`.
        Sweep = "SWEEP",
    }
}

/// A claimed job.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to do.
    pub kind: JobKind,
    /// On what.
    pub key: String,
    /// With what.
    pub payload: Value,
    /// How often it was tried since it last succeeded, this time included.
    pub attempts: i32,
    requested: i64,
    fence: i64,
}

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What to do.
    pub kind: JobKind,
    /// On what.
    pub key: String,
    /// With what; the newest payload wins.
    pub payload: Value,
    /// When, in business time.
    pub run_at: DateTime<Utc>,
}

pub(super) async fn enqueue(connection: &mut PgConnection, job: &NewJob) -> Result<()> {
    sqlx::query!(
        "insert into jobs (kind, key, payload, run_at) values ($1, $2, $3, $4)
         on conflict (kind, key) do update set
            payload = excluded.payload, requested = jobs.requested + 1, attempts = 0,
            run_at = greatest(jobs.not_before,
                case when jobs.lease_until is null then least(jobs.run_at, excluded.run_at) else excluded.run_at end)",
        job.kind.as_str(),
        job.key,
        job.payload,
        job.run_at
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("select pg_notify('linkspan_jobs', '')").execute(connection).await?;
    Ok(())
}

impl TenantTx {
    /// Enqueues in this transaction.
    pub async fn enqueue(&mut self, job: &NewJob) -> Result<()> {
        enqueue(self.sql(), job).await
    }
}

impl Store {
    /// Enqueues by itself.
    pub async fn enqueue(&self, job: &NewJob) -> Result<()> {
        let mut tx = self.begin().await?;
        enqueue(&mut tx, job).await?;
        Ok(tx.commit().await?)
    }

    /// Claims up to `most` jobs that are due, each for the length of the lease.
    pub async fn claim_jobs(&self, now: DateTime<Utc>, lease: Duration, most: i64) -> Result<Vec<Job>> {
        let rows = sqlx::query!(
            r#"with due as (
                select kind, key from jobs
                where run_at <= $1 and (lease_until is null or lease_until < now())
                order by run_at limit $3 for update skip locked
            )
            update jobs j set lease_until = now() + make_interval(secs => $2), fence = fence + 1, attempts = attempts + 1
            from due where j.kind = due.kind and j.key = due.key
            returning j.kind, j.key, j.payload, j.attempts, j.requested, j.fence"#,
            now,
            lease.as_secs_f64(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let kind = row.kind.parse().map_err(|_| super::Error::Unreadable(row.kind.clone()))?;
                Ok(Job {
                    kind,
                    key: row.key,
                    payload: row.payload,
                    attempts: row.attempts,
                    requested: row.requested,
                    fence: row.fence,
                })
            })
            .collect()
    }

    /// Whether a job of that kind, for that key if one is given, is due or runs.
    pub async fn has_job_due(&self, kind: JobKind, key: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from jobs where kind = $1 and ($2::text is null or key = $2) and run_at <= $3) as "due!""#,
            kind.as_str(),
            key,
            now
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// The job is done; it stays where it was asked for again meanwhile.
    pub async fn finish_job(&self, job: &Job) -> Result<()> {
        let mut tx = self.begin().await?;
        let gone = sqlx::query!(
            "delete from jobs where kind = $1 and key = $2 and fence = $3 and requested = $4",
            job.kind.as_str(),
            job.key,
            job.fence,
            job.requested
        )
        .execute(&mut *tx)
        .await?;
        if gone.rows_affected() == 0 {
            sqlx::query!(
                "update jobs set lease_until = null, not_before = null, attempts = 0, last_error = null
                 where kind = $1 and key = $2 and fence = $3",
                job.kind.as_str(),
                job.key,
                job.fence
            )
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// The job is to be tried again at that time, or earlier where it is asked for, but never before `not_before`.
    pub async fn retry_job(
        &self,
        job: &Job,
        run_at: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
        why: &str,
    ) -> Result<()> {
        sqlx::query!(
            "update jobs set lease_until = null, last_error = $5, not_before = $7,
                run_at = greatest($7, case when requested = $6 then $4 else least(run_at, $4) end)
             where kind = $1 and key = $2 and fence = $3",
            job.kind.as_str(),
            job.key,
            job.fence,
            run_at,
            why,
            job.requested,
            not_before
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Prolongs the lease of a job that still runs; false where it was lost.
    pub async fn keep_job(&self, job: &Job, lease: Duration) -> Result<bool> {
        let done = sqlx::query!(
            "update jobs set lease_until = now() + make_interval(secs => $4) where kind = $1 and key = $2 and fence = $3",
            job.kind.as_str(),
            job.key,
            job.fence,
            lease.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether the database notifies of new jobs: a listener that hears each enqueue. Only ever shortens a wait.
    pub async fn job_listener(&self) -> Result<sqlx::postgres::PgListener> {
        let mut listener = sqlx::postgres::PgListener::connect_with(&self.pool).await?;
        listener.listen("linkspan_jobs").await?;
        Ok(listener)
    }
}
