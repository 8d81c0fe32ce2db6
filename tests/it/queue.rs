//! The queue: what is asked for, when it runs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use linkspan::store::{JobKind, NewJob, Store};
use serde_json::Value;

use crate::support::bench::Bench;

const LEASE: Duration = Duration::from_secs(15);

async fn ask(store: &Store, run_at: DateTime<Utc>) {
    store.enqueue(&NewJob { kind: JobKind::Sync, key: "one".into(), payload: Value::Null, run_at }).await.unwrap();
}

#[tokio::test]
async fn e8_a_pause_that_a_provider_asked_for_is_not_undercut_by_asking_meanwhile() {
    let bench = Bench::new().await;
    let (store, now) = (&bench.store, bench.clock.now());
    let asked = now + TimeDelta::seconds(60);
    ask(store, now).await;
    let job = store.claim_jobs(now, LEASE, 1).await.unwrap().remove(0);
    // Somebody asks while it runs, somebody else while it waits.
    ask(store, now).await;
    store.retry_job(&job, now, Some(asked), "429").await.unwrap();
    ask(store, now).await;
    assert!(store.claim_jobs(asked - TimeDelta::seconds(1), LEASE, 1).await.unwrap().is_empty());
    let job = store.claim_jobs(asked, LEASE, 1).await.unwrap().remove(0);
    // Once it is done, the pause is over.
    store.finish_job(&job).await.unwrap();
    ask(store, now).await;
    assert_eq!(store.claim_jobs(now, LEASE, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_pause_of_our_own_ends_when_somebody_asks() {
    let bench = Bench::new().await;
    let (store, now) = (&bench.store, bench.clock.now());
    ask(store, now).await;
    let job = store.claim_jobs(now, LEASE, 1).await.unwrap().remove(0);
    store.retry_job(&job, now + TimeDelta::hours(1), None, "down").await.unwrap();
    assert!(store.claim_jobs(now, LEASE, 1).await.unwrap().is_empty());
    ask(store, now).await;
    assert_eq!(store.claim_jobs(now, LEASE, 1).await.unwrap().len(), 1);
}
