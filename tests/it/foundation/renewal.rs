//! Credentials that are renewed: by one at a time, committed before use, also where a repair brings a new one.

use std::sync::atomic::Ordering;

use linkspan::link::{Completion, LaunchRequest, RepairRequest};
use linkspan::providers::link::LinkInput;
use linkspan::sync::Next;

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_due_is_renewed_once_and_stored_before_it_is_used() {
    let bench = Bench::new().await;
    bench.foil.due_below.store(1, Ordering::SeqCst);
    let runs = futures::future::join_all((0..6).map(|_| bench.fetch())).await;
    assert!(runs.contains(&Next::Done), "{runs:?}");
    assert_eq!(bench.foil.generation.load(Ordering::SeqCst), 1);
    assert!(bench.credential().await.starts_with("1|"));
    assert_eq!(*bench.foil.refused.lock().unwrap(), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_fails_for_a_time_loses_nothing() {
    let bench = Bench::new().await;
    bench.foil.due_below.store(1, Ordering::SeqCst);
    bench.foil.failing.store(true, Ordering::SeqCst);
    assert!(matches!(bench.fetch().await, Next::Again(_)));
    assert!(bench.credential().await.starts_with("0|"));
    bench.foil.failing.store(false, Ordering::SeqCst);
    assert_eq!(bench.fetch().await, Next::Done);
    assert!(bench.credential().await.starts_with("1|"));
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_repair_may_bring_a_new_credential() {
    let bench = Bench::new().await;
    let mut tx = bench.store.tenant(bench.tenant_id).begin().await.unwrap();
    let request = RepairRequest { expires_in: 3600, ..RepairRequest::default() };
    let opened = bench.linking.repair(&mut tx, bench.id, request).await.unwrap();
    tx.commit().await.unwrap();
    let (tenant_id, session_id) = bench.linking.session_of(&opened.connect_token).await.unwrap();
    bench.linking.launch(tenant_id, session_id, LaunchRequest::default()).await.unwrap();
    let done = bench.linking.complete(tenant_id, session_id, LinkInput::Nothing).await.unwrap();
    assert_eq!(done, Completion::Done(bench.id));
    assert!(bench.credential().await.starts_with("10|"));
    assert_eq!(bench.fetch().await, Next::Done);
    assert_eq!(*bench.foil.refused.lock().unwrap(), Vec::<u32>::new());
}
