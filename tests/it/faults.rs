//! Everything that can go wrong at the provider's end of a call: nobody panics, the connection stands where the contract says, and is
//! well again once the provider is.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestApp;

/// A call may take 30 seconds, and a run begins with one.
const LONGEST: Duration = Duration::from_secs(90);

/// Panics of the server's tasks, of whichever test.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics that name our sources.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|location| location.file().starts_with("src/")) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(panic);
        }));
    });
}

/// The faults, each with a name.
fn faults() -> Vec<(&'static str, Value)> {
    vec![
        ("500", json!({ "kind": "STATUS", "status": 500 })),
        ("503", json!({ "kind": "STATUS", "status": 503, "retryAfter": 1 })),
        ("400", json!({ "kind": "STATUS", "status": 400 })),
        ("403", json!({ "kind": "STATUS", "status": 403 })),
        ("timeout", json!({ "kind": "TIMEOUT" })),
        ("slow body", json!({ "kind": "SLOW_BODY" })),
        ("cut body", json!({ "kind": "CUT_BODY" })),
        ("malformed", json!({ "kind": "MALFORMED" })),
        ("html", json!({ "kind": "HTML" })),
        ("429", json!({ "kind": "RATE_LIMIT" })),
        ("429 with a pause", json!({ "kind": "RATE_LIMIT", "retryAfter": 3 })),
    ]
}

fn on(route: &str, fault: &Value) -> Value {
    let mut fault = fault.clone();
    fault["route"] = route.into();
    json!([fault])
}

/// Lets the provider's own pauses and ours pass.
async fn pass(app: &TestApp) {
    app.post("/sandbox/clock", json!({ "advanceSeconds": 4000 })).await.expect(200);
}

/// A sync meets the fault at that route; what became of the connection, before and after the provider is well again.
async fn sync_meets(name: &str, route: &str, fault: &Value) {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let before = app.all(&format!("/transactions?connectionId={id}")).await.len();
    app.faults(on(route, fault)).await;
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    let path = format!("/connections/{id}");
    let ill = app.until_within(LONGEST, &path, |one| one["status"] != "ACTIVE").await;
    let stands = (ill["status"].as_str().unwrap(), ill["statusReason"].as_str(), ill["actBy"].as_str());
    assert_eq!(
        stands,
        ("DEGRADED", Some("SERVICE_PROVIDER_CURRENTLY_UNAVAILABLE"), Some("PROVIDER")),
        "{name}: {ill:#}"
    );
    assert!(ill["staleSince"].is_string(), "{name}");
    assert_eq!(app.all(&format!("/transactions?connectionId={id}")).await.len(), before, "{name}");
    app.faults(json!([])).await;
    pass(&app).await;
    let well = app.until_within(LONGEST, &path, |one| one["status"] == "ACTIVE").await;
    assert_eq!(well["staleSince"], Value::Null, "{name}");
}

/// A link meets the fault; the same session succeeds once the provider is well again.
async fn link_meets(name: &str, fault: &Value) {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    app.faults(on("*", fault)).await;
    let met = app.play(&started, Some("First Platypus Bank"), json!({})).await;
    let status = met.status;
    assert!([429, 502, 503, 504].contains(&status), "{name}: {:#}", met.body);
    let code = met.body["code"].as_str().unwrap_or_default().to_owned();
    met.problem(status, &code);
    let path = format!("/connections/{}", started["connectionId"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200)["status"], "IN_PROGRESS", "{name}");
    app.faults(json!([])).await;
    let linked = loop {
        let linked = app.play(&started, Some("First Platypus Bank"), json!({})).await;
        // The breaker leaves the provider alone for a while.
        if linked.status != 503 {
            break linked.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!(linked["status"], "ACTIVE", "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_a_sync_that_meets_a_fault_degrades_and_heals() {
    count_panics();
    let faults = faults();
    futures::future::join_all(faults.iter().map(|(name, fault)| sync_meets(name, "*", fault))).await;
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_meets_a_fault_says_so_and_can_be_finished() {
    count_panics();
    let faults = faults();
    futures::future::join_all(faults.iter().map(|(name, fault)| link_meets(name, fault))).await;
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_met_by_few_calls_and_then_by_none() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.faults(json!([{ "route": "*", "kind": "STATUS", "status": 500 }])).await;
    let before = app.fidelity.operations().len();
    let path = format!("/connections/{id}");
    app.post(&format!("{path}/refresh"), json!({})).await.expect(202);
    app.until(&path, |one| one["status"] == "DEGRADED").await;
    // Ask again and again: each is refused without a call once the breaker is open.
    for number in 0..5 {
        let started =
            app.start(json!({ "externalCustomerId": format!("c{number}"), "products": ["TRANSACTIONS"] })).await;
        let refused = app.play(&started, Some("First Platypus Bank"), json!({})).await;
        assert!([502, 503].contains(&refused.status), "{:#}", refused.body);
    }
    let calls = app.fidelity.operations().len() - before;
    assert!(calls <= 10, "{calls} calls in an outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_that_never_ends_is_ended() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let before = app.all(&format!("/transactions?connectionId={id}")).await;
    app.faults(json!([{ "route": "/transactions/sync", "kind": "LOOP" }])).await;
    // So many that there is a second page, which the loop then never gives.
    for _ in 0..2 {
        app.post(&format!("/sandbox/connections/{id}/post-transactions"), json!({ "count": 400 })).await.expect(200);
    }
    let calls = app.fidelity.operations().iter().filter(|operation| *operation == "/transactions/sync").count();
    assert!(calls < 50, "{calls} calls");
    app.faults(json!([])).await;
    pass(&app).await;
    let path = format!("/connections/{id}");
    app.until(&path, |one| one["status"] == "ACTIVE" && one["updateStatus"] != "IN_PROGRESS").await;
    app.post(&format!("{path}/refresh"), json!({})).await.expect(202);
    app.settled(&id).await;
    let after = app.all(&format!("/transactions?connectionId={id}")).await;
    assert!(after.len() >= before.len() + 800, "{} and then {}", before.len(), after.len());
}
