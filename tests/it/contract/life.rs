//! How a connection fares: its states, forced refreshes, its end; and what becomes of answers that nobody documents.

use chrono::TimeDelta;
use linkspan::bank::Knob;
use linkspan::domain::connection::Condition;
use linkspan::domain::product::Product;
use linkspan::providers::data::{AccountsWanted, RefreshRequest};
use linkspan::providers::{FailureKind, Persistence};
use serde_json::json;

use super::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn f3_what_the_customer_has_to_mend_is_said_so() {
    for rig in Rig::each().await {
        for knob in [Knob::ResetLogin, Knob::ExpireConsent, Knob::Revoke] {
            let linked = rig.linked(rig.everything(), json!({})).await;
            rig.turn(&linked, knob.clone()).await;
            let (credential, observed, code) = rig.broken(&linked.credential).await;
            assert!(observed.status.needs_customer(), "{}: {knob:?}: {observed:?}", rig.name());
            assert!(code.is_some(), "{}: {knob:?}", rig.name());
            let failure = rig.provider().accounts(&rig.cx(), &credential, AccountsWanted::default()).await;
            let failure = rig.lost(&credential, failure.expect_err("a lost login gives nothing")).await;
            assert_eq!(failure.persistence, Persistence::NeedsUser, "{}: {knob:?}: {failure}", rig.name());
            let condition = failure.condition.expect("the failure says how the connection stands");
            assert!(condition.status.needs_customer(), "{}: {knob:?}: {condition:?}", rig.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_a_refresh_is_taken_for_what_the_spec_says() {
    for rig in Rig::each().await {
        let linked = rig.ready().await;
        for product in rig.spec().refreshable.iter().filter(|product| product.is_common()) {
            // As the layer above keeps them apart, from each other and from the link.
            rig.move_clock(TimeDelta::seconds(i64::from(rig.spec().refresh_pause_seconds)));
            let before = rig.calls();
            rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(&[*product])).await.unwrap();
            // As the layer above keeps them apart.
            rig.move_clock(TimeDelta::seconds(i64::from(rig.spec().refresh_pause_seconds)));
            assert!(rig.calls() > before, "{}: {product} was not asked for", rig.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_revoking_is_idempotent_and_final() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        let other = rig.linked(rig.everything(), json!({ "username": "user_good+other" })).await;
        for _ in 0..2 {
            rig.provider().revoke(&rig.cx(), &linked.credential).await.unwrap();
        }
        let gone = rig.provider().status(&rig.cx(), &linked.credential).await;
        // It is not known any more, or as one that only the customer could restore.
        let lost = gone.as_ref().map_or(true, |seen| seen.condition.status.needs_customer());
        assert!(lost, "{}: {gone:?}", rig.name());
        assert_eq!(rig.status(&other.credential).await.condition, Condition::HEALTHY, "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_taken_for_no_success() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        let foreign = rig.answering(200, "<!doctype html><h1>We will be back soon</h1>").await;
        let revoked = rig.provider().revoke(&foreign.patient(), &linked.credential).await;
        assert!(revoked.is_err(), "{}: it is still there", rig.name());
        if !rig.spec().refreshable.is_empty() {
            let request = RefreshRequest::of(rig.spec().refreshable);
            let refreshed = rig.provider().refresh(&foreign.patient(), &linked.credential, &request).await;
            assert!(refreshed.is_err(), "{}: nothing is fetched", rig.name());
        }
    }
}

/// What a gateway, an outage or an attacker may answer in place of the provider.
const ODD_BODIES: [&str; 6] = ["", "{}", "[]", "null", "<!doctype html><h1>Bad gateway</h1>", "{\"error\":"];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_documents_is_a_failure_with_a_kind() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        for (status, kind) in [
            (200, None),
            (401, Some(FailureKind::Auth)),
            (404, None),
            (418, None),
            (429, Some(FailureKind::RateLimit)),
            (500, Some(FailureKind::Unavailable)),
            (503, Some(FailureKind::Unavailable)),
        ] {
            // A repeatable call is sent again after the last four, which takes its time: one odd body each shows enough.
            let bodies = if status > 418 { &ODD_BODIES[4..5] } else { &ODD_BODIES[..] };
            for body in bodies {
                let foreign = rig.answering(status, body).await;
                let status_call = rig.provider().status(&foreign.patient(), &linked.credential).await;
                let failure = status_call.expect_err("no observation is in such an answer");
                assert!(!failure.code.is_empty(), "{}: {status} {body}", rig.name());
                assert!(kind.is_none_or(|kind| failure.kind == kind), "{}: {status} {body}: {failure}", rig.name());
                let wanted = AccountsWanted { live_balances: false, identifiers: true, owners: true };
                let _ = rig.provider().accounts(&foreign.hasty(), &linked.credential, wanted).await;
                let _ = rig.provider().holdings(&foreign.hasty(), &linked.credential).await;
                let _ = rig.provider().liabilities(&foreign.hasty(), &linked.credential).await;
                let _ = rig
                    .provider()
                    .refresh(&foreign.hasty(), &linked.credential, &RefreshRequest::of(&[Product::Transactions]))
                    .await;
                let _ = rig.provider().begin_link(&foreign.hasty(), &rig.request(rig.everything())).await;
            }
        }
    }
}
