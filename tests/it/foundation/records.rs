//! Records that providers need kept: made by one at a time across processes, early, with a seed that survives a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use linkspan::domain::secret::Secret;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::records::{Attempt, Made, Make, Record, Records};
use linkspan::providers::{Failure, FailureKind, Persistence};
use linkspan::records::Kept;
use linkspan::store::RecordClaim;
use sqlx::{Connection, Executor, PgConnection};

use super::bench::{fresh_store, store};

const ANYBODY: ServiceProvider = ServiceProvider::Mx;
const TOKEN: Record<'static> = Record::Shared("token");

/// Makes `<seed>-<number>` that ends then, and counts.
fn makes<'a>(count: &'a AtomicU32, expires_at: Option<DateTime<Utc>>) -> Make<'a> {
    Box::new(move |Attempt { seed, number }| {
        count.fetch_add(1, Ordering::SeqCst);
        let secret = Secret::new(format!("{}-{number}", seed.expose()));
        Box::pin(async move { Ok(Made { secret, expires_at }) })
    })
}

fn never<'a>() -> Make<'a> {
    Box::new(|_| panic!("it is there"))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_processes_makes_it() {
    let (first, url) = fresh_store().await;
    let second = store(&url).await;
    let keepers = [Kept::new(first), Kept::new(second)];
    let (count, now) = (AtomicU32::new(0), Utc::now());
    let asking = (0..20).map(|at| keepers[at % 2].get(ANYBODY, TOKEN, now, makes(&count, None)));
    let secrets: Vec<Secret> = futures::future::join_all(asking).await.into_iter().map(Result::unwrap).collect();
    assert!(secrets.iter().all(|one| *one == secrets[0]));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let other = keepers[0].get(ANYBODY, Record::Shared("other"), now, makes(&count, None)).await.unwrap();
    assert_ne!(other, secrets[0], "each has a seed of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_made_anew_before_it_ends_while_the_others_go_on() {
    let (store, _) = fresh_store().await;
    let keeper = Arc::new(Kept::new(store));
    let (count, now) = (AtomicU32::new(0), Utc::now());
    let end = now + TimeDelta::minutes(30);
    let old = keeper.get(ANYBODY, TOKEN, now, makes(&count, Some(end))).await.unwrap();
    let soon = end - TimeDelta::minutes(2);
    assert_eq!(keeper.get(ANYBODY, TOKEN, end - TimeDelta::minutes(6), never()).await.unwrap(), old);
    let (began, begins) = tokio::sync::oneshot::channel();
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let slow: Make<'static> = Box::new(move |_| {
        Box::pin(async move {
            began.send(()).unwrap();
            finished.await.unwrap();
            Ok(Made { secret: Secret::new("new"), expires_at: None })
        })
    });
    let renewing = keeper.clone();
    let renewing = tokio::spawn(async move { renewing.get(ANYBODY, TOKEN, soon, slow).await.unwrap() });
    begins.await.unwrap();
    assert_eq!(keeper.get(ANYBODY, TOKEN, soon, never()).await.unwrap(), old, "still good while it is renewed");
    finish.send(()).unwrap();
    assert_eq!(renewing.await.unwrap(), Secret::new("new"));
    assert_eq!(keeper.get(ANYBODY, TOKEN, soon, never()).await.unwrap(), Secret::new("new"));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_followed_by_another_with_the_same_seed() {
    let (store, url) = fresh_store().await;
    let keeper = Kept::new(store.clone());
    let (seeds, now) = (std::sync::Mutex::new(Vec::new()), Utc::now());
    let fails: Make<'_> = Box::new(|attempt| {
        seeds.lock().unwrap().push((attempt.number, attempt.seed));
        Box::pin(async { Err(Failure::new(FailureKind::Unavailable, Persistence::Temporary, "DOWN", "not just now")) })
    });
    assert_eq!(keeper.get(ANYBODY, TOKEN, now, fails).await.unwrap_err().code, "DOWN");
    let (number, seed) = seeds.lock().unwrap()[0].clone();
    assert_eq!(number, 1);
    // A process dies in its attempt.
    let name = TOKEN.name();
    let RecordClaim::Yours { attempt: lost, .. } = store.claim_record(ANYBODY, &name, None, now).await.unwrap() else {
        panic!("nobody makes it")
    };
    assert!(matches!(store.claim_record(ANYBODY, &name, None, now).await.unwrap(), RecordClaim::Busy));
    let mut sql = PgConnection::connect(&url).await.unwrap();
    sql.execute("update provider_records set maker_until = now() - interval '1 second'").await.unwrap();
    let count = AtomicU32::new(0);
    let made = keeper.get(ANYBODY, TOKEN, now, makes(&count, None)).await.unwrap();
    assert_eq!(made, Secret::new(format!("{}-3", seed.expose())));
    // And wakes up later: what it made is not the record.
    store.settle_record(ANYBODY, &name, lost, Some((&Secret::new("late"), None))).await.unwrap();
    assert_eq!(keeper.get(ANYBODY, TOKEN, now, never()).await.unwrap(), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_made_anew_but_not_a_newer_one() {
    let (store, _) = fresh_store().await;
    let keeper = Kept::new(store);
    let (count, now) = (AtomicU32::new(0), Utc::now());
    let first = keeper.get(ANYBODY, TOKEN, now, makes(&count, None)).await.unwrap();
    keeper.forget(ANYBODY, TOKEN, &first).await.unwrap();
    let second = keeper.get(ANYBODY, TOKEN, now, makes(&count, None)).await.unwrap();
    assert_ne!(first, second);
    keeper.forget(ANYBODY, TOKEN, &first).await.unwrap();
    assert_eq!(keeper.get(ANYBODY, TOKEN, now, never()).await.unwrap(), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_record_is_sealed_and_goes_with_the_customer() {
    let (store, url) = fresh_store().await;
    let tenant = store.ensure_tenant("tenant", false).await.unwrap();
    let mut tx = store.tenant(tenant).begin().await.unwrap();
    let customer = tx.ensure_customer("user-42").await.unwrap().to_string();
    tx.commit().await.unwrap();
    let keeper = Kept::new(store);
    let (count, now) = (AtomicU32::new(0), Utc::now());
    let made = keeper.get(ANYBODY, Record::Customer(&customer), now, makes(&count, None)).await.unwrap();
    let mut sql = PgConnection::connect(&url).await.unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("select seed || sealed from provider_records").fetch_one(&mut sql).await.unwrap();
    assert!(!sealed.windows(20).any(|part| made.expose().as_bytes().starts_with(part)));
    sql.execute("delete from customers").await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from provider_records").fetch_one(&mut sql).await.unwrap();
    assert_eq!(left, 0);
}
