//! What comes round by itself: scheduled reads, catalogues, clearing away.

use chrono::TimeDelta;
use serde_json::Value;

use super::work::{Outcome, Work};
use crate::clock::Clock;
use crate::domain::problem::Problem;
use crate::link::sync_job;
use crate::providers::Registry;
use crate::store::{self, JobKind, NewJob, Store, placements};

/// How often due connections are looked for.
const EVERY: TimeDelta = TimeDelta::seconds(30);

/// Connections that one look enqueues; the next look goes on where this one ended.
const MOST: i32 = 500;

/// How long a webhook is known as replayed.
const KEEP_WEBHOOKS: TimeDelta = TimeDelta::days(7);

/// Enqueues the jobs that come round by themselves; they stay queued from then on.
pub async fn first_jobs(store: &Store, registry: &Registry, clock: &Clock) -> store::Result<()> {
    let now = clock.now();
    let job = |kind, key: &str| NewJob { kind, key: key.to_owned(), payload: Value::Null, run_at: now };
    store.enqueue(&job(JobKind::Schedule, "all")).await?;
    store.enqueue(&job(JobKind::Sweep, "all")).await?;
    for entry in registry.iter() {
        store.enqueue(&job(JobKind::Institutions, entry.id().as_str())).await?;
    }
    Ok(())
}

/// Enqueues the reads of connections whose time has come (E7).
pub(super) async fn enqueue_due(work: &Work) -> Result<Outcome, Problem> {
    let now = work.clock().now();
    let due = work.store().connections_due(now, MOST).await?;
    let full = due.len() >= MOST as usize;
    for (tenant_id, id) in due {
        let mut tx = work.store().tenant(tenant_id).begin().await?;
        tx.lock_row(id).await?;
        let fetched: Vec<_> = placements(&tx.products(id).await?).fetched().into_iter().collect();
        let targets = tx.want_products(id, &fetched).await?;
        work.linking.refresh_by_schedule(&mut tx, id, &targets).await?;
        // The run itself says when the next one is due; until then it is not due again.
        tx.set_next_read(id, None).await?;
        tx.enqueue(&sync_job(tenant_id, id, now)).await?;
        tx.commit().await?;
    }
    Ok(Outcome::Later(if full { now } else { now + EVERY }))
}

/// Forgets what is kept for a time only.
pub(super) async fn sweep(work: &Work) -> Result<Outcome, Problem> {
    let now = work.clock().now();
    work.store().forget_keys(now - store::KEEP_KEYS).await?;
    work.store().forget_webhooks(now - KEEP_WEBHOOKS).await?;
    Ok(Outcome::Later(now + TimeDelta::hours(1)))
}
