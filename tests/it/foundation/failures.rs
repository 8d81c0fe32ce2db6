//! Failures that do not pass by themselves, and those that do (E9).

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use linkspan::link::{LaunchRequest, RepairRequest};
use linkspan::providers::link::LinkInput;
use linkspan::providers::{Failure, FailureKind, Persistence};

use super::bench::Bench;

/// Lets so many hours pass, and reads: the status and reason then.
async fn later(bench: &Bench, hours: i64) -> (String, Option<String>) {
    bench.clock.set_offset_seconds((bench.clock.offset() + TimeDelta::hours(hours)).num_seconds());
    bench.fetch().await;
    sqlx::query_as("select status, status_reason from connections").fetch_one(&mut bench.sql().await).await.unwrap()
}

/// The next reading meets that.
fn meet(bench: &Bench, kind: FailureKind, persistence: Persistence, code: &str) {
    let failure = Failure::new(kind, persistence, code, "no");
    bench.foil.pages.lock().unwrap().push_back(Err(failure));
}

fn is(found: &(String, Option<String>), status: &str, reason: &str) -> bool {
    (found.0.as_str(), found.1.as_deref()) == (status, Some(reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn e9_three_failures_of_one_lasting_cause_over_three_days_need_the_customer() {
    let bench = Bench::new().await;
    let degraded = |found: &(String, Option<String>)| is(found, "DEGRADED", "SERVICE_PROVIDER_CURRENTLY_UNAVAILABLE");
    // The provider says at each reading that the customer must act, and not that the login is lost.
    bench.foil.generation.store(7, Ordering::SeqCst);
    for hours in [0, 12, 12, 47] {
        let found = later(&bench, hours).await;
        assert!(degraded(&found), "{found:?}");
    }
    let found = later(&bench, 1).await;
    assert!(is(&found, "UNRECOVERABLE", "CONTINUED_AGGREGATION_FAILURES"), "{found:?}");
    // F4: a repair brings it back, and what was before counts no more.
    let mut tx = bench.store.tenant(bench.tenant_id).begin().await.unwrap();
    let request = RepairRequest { expires_in: 3600, ..RepairRequest::default() };
    let opened = bench.linking.repair(&mut tx, bench.id, request).await.unwrap();
    tx.commit().await.unwrap();
    let (tenant_id, session_id) = bench.linking.session_of(&opened.connect_token).await.unwrap();
    bench.linking.launch(tenant_id, session_id, LaunchRequest::default()).await.unwrap();
    bench.linking.complete(tenant_id, session_id, LinkInput::Nothing).await.unwrap();
    bench.foil.generation.store(70, Ordering::SeqCst);
    let found = later(&bench, 1).await;
    assert!(degraded(&found), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e9_outages_limits_and_our_own_faults_never_count() {
    use FailureKind::{Auth, Bug, Invalid, NotFound, RateLimit, Timeout, Unavailable, UserAction};
    use Persistence::{NeedsUser, Permanent, Temporary};
    let bench = Bench::new().await;
    for (kind, persistence) in [
        (Unavailable, Temporary),
        (RateLimit, Temporary),
        (Timeout, Temporary),
        (Bug, Temporary),
        (Auth, Permanent),
        (Invalid, Permanent),
    ] {
        for _ in 0..4 {
            meet(&bench, kind, persistence, "SAME");
            let found = later(&bench, 48).await;
            assert_eq!(found.0, "DEGRADED", "{kind} {found:?}");
        }
    }
    // Nor do causes that differ, nor one that was over meanwhile.
    for (kind, persistence, code) in
        [(NotFound, Permanent, "GONE"), (UserAction, NeedsUser, "ACT"), (NotFound, Permanent, "GONE")]
    {
        meet(&bench, kind, persistence, code);
        assert_eq!(later(&bench, 48).await.0, "DEGRADED");
    }
    meet(&bench, NotFound, Permanent, "GONE");
    assert_eq!(later(&bench, 48).await.0, "DEGRADED");
    assert_eq!(later(&bench, 1).await.0, "ACTIVE");
    meet(&bench, NotFound, Permanent, "GONE");
    assert_eq!(later(&bench, 48).await.0, "DEGRADED");
    for expected in ["DEGRADED", "UNRECOVERABLE"] {
        meet(&bench, NotFound, Permanent, "GONE");
        assert_eq!(later(&bench, 48).await.0, expected);
    }
}
