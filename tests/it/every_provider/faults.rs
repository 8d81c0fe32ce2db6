//! What goes wrong at each provider leaves its connection where the contract says, and it is well again once the provider is.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{Linked, link_all};
use crate::support::TestApp;

/// A run may have to wait for others.
const LONGEST: Duration = Duration::from_secs(120);
/// How long one run is waited for.
const A_RUN: Duration = Duration::from_secs(20);

/// A token that renews but once is lost with the answer that held its successor: the customer has to come back.
fn renews_once(one: &Linked) -> bool {
    ["AKOYA", "MESH"].contains(&one.provider)
}

/// Each with its name, and whether it spoils an answer after something has happened.
fn faults() -> [(&'static str, bool, Value); 10] {
    [
        ("500", false, json!({"route": "*",  "kind": "STATUS", "status": 500 })),
        ("503", false, json!({"route": "*",  "kind": "STATUS", "status": 503, "retryAfter": 3 })),
        // Of something before the provider, or of our own making: no answer about the customer's login.
        ("401", false, json!({"route": "*",  "kind": "STATUS", "status": 401 })),
        ("403", false, json!({"route": "*",  "kind": "STATUS", "status": 403 })),
        ("404", false, json!({"route": "*",  "kind": "STATUS", "status": 404 })),
        ("429", false, json!({"route": "*",  "kind": "RATE_LIMIT" })),
        ("429 with a pause", false, json!({"route": "*",  "kind": "RATE_LIMIT", "retryAfter": 60 })),
        ("a cut body", true, json!({"route": "*",  "kind": "CUT_BODY" })),
        ("half of the JSON", true, json!({"route": "*",  "kind": "MALFORMED" })),
        ("a page", true, json!({"route": "*",  "kind": "HTML" })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_may_fail_in_every_way_and_come_back() {
    let app = TestApp::new().await;
    let linked = link_all(&app, false).await;
    for (name, cuts, fault) in faults() {
        // Finicity's own no to our credentials is not asked for again soon: five of them lock the account.
        let waits = |one: &Linked| name == "401" && one.provider == "FINICITY";
        let met: Vec<&Linked> = linked.iter().filter(|one| !(waits(one) || cuts && renews_once(one))).collect();
        for one in &met {
            app.faults_at(one.provider, json!([fault])).await;
        }
        // Every one is due to be read by then.
        app.advance(25 * 3600).await;
        join_all(met.iter().map(|one| is_ill(&app, one, name))).await;
        for one in &met {
            app.faults_at(one.provider, json!([])).await;
        }
        // A run that was under way as the fault ended may have met it still: it is tried again after a pause of its own.
        let deadline = Instant::now() + LONGEST;
        loop {
            app.advance(2 * 3600).await;
            let ill = join_all(met.iter().map(|one| is_ill_still(&app, one))).await;
            let ill: Vec<Value> = ill.into_iter().flatten().collect();
            assert!(Instant::now() < deadline || ill.is_empty(), "{name}: {ill:#?}");
            if ill.is_empty() {
                break;
            }
        }
    }
}

async fn is_ill(app: &TestApp, one: &Linked, name: &str) {
    let path = format!("/connections/{}", one.id);
    let ill = app.until_within(LONGEST, &path, |now| now["status"] != "ACTIVE").await;
    let stands = (ill["status"].as_str().unwrap(), ill["actBy"].as_str());
    assert_eq!(stands, ("DEGRADED", Some("PROVIDER")), "{}: {name}: {ill:#}", one.provider);
    assert!(ill["staleSince"].is_string(), "{}: {name}", one.provider);
}

/// The connection, if it has not become well within the time that a run takes.
async fn is_ill_still(app: &TestApp, one: &Linked) -> Option<Value> {
    let deadline = Instant::now() + A_RUN;
    loop {
        let now = app.connection(&one.id).await;
        if now["status"] == "ACTIVE" {
            assert_eq!(now["staleSince"], Value::Null, "{}: {now:#}", one.provider);
            return None;
        }
        if Instant::now() > deadline {
            return Some(now);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
