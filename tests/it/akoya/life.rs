//! A connection's life through the whole server.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::Context;
use linkspan::providers::data::AccountsWanted;
use serde_json::{Value, json};

use crate::contract::Rig;
use crate::support::{TestApp, state};

/// Links at an institution with a page of its own, in which the customer does not allow some products; the connection's id.
async fn linked(app: &TestApp, body: Value, deny: Value) -> String {
    let page = app.get("/institutions?serviceProvider=AKOYA&query=Platypus+OAuth+Bank").await.expect(200);
    let mut whole = json!({ "serviceProvider": "AKOYA" });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let started = app.start(whole).await;
    let play = json!({ "institutionId": page["data"][0]["id"], "deny": deny });
    let connection = app.play(&started, None, play).await.expect(200);
    assert_eq!(connection["serviceProvider"], "AKOYA", "{connection:#}");
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}

async fn rows(app: &TestApp, path: &str) -> Vec<Value> {
    app.get(path).await.expect(200)["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_links_reads_adds_repairs_and_deletes() {
    let app = TestApp::new().await;
    let body = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["BALANCES", "IDENTIFIERS", "OWNERS", "LIABILITIES"] });
    let id = linked(&app, body, json!([])).await;
    let connection = app.connection(&id).await;
    for product in ["TRANSACTIONS", "BALANCES", "IDENTIFIERS", "OWNERS", "LIABILITIES"] {
        assert_eq!(state(&connection, product), ("AVAILABLE", None), "{product}: {connection:#}");
    }
    let accounts = rows(&app, &format!("/accounts?connectionId={id}")).await;
    let checking = accounts.iter().find(|one| one["subtype"] == "CHECKING").unwrap()["id"].as_str().unwrap();
    let numbers = app.get(&format!("/accounts/{checking}/identifiers")).await.expect(200);
    assert_eq!(numbers["ach"]["routing"].as_str().map(str::len), Some(9), "{numbers:#}");
    assert!(!rows(&app, &format!("/liabilities?connectionId={id}")).await.is_empty());

    let added = app.add(&id, json!(["INVESTMENT_HOLDINGS"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "ADDED", "{added:#}");
    assert_eq!(state(&app.settled(&id).await, "INVESTMENT_HOLDINGS"), ("AVAILABLE", None));
    assert!(!rows(&app, &format!("/investments/holdings?connectionId={id}")).await.is_empty());
    let refused = app.add(&id, json!(["ASSETS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER", "{refused:#}");

    // The id token is older than a minute and not yet due: it is renewed before the customer is asked for anything.
    app.advance(120).await;
    let broken = app.knob(&id, "reset-login", json!({})).await;
    assert_eq!((&broken["status"], &broken["statusReason"]), (&json!("RECONNECT_REQUIRED"), &json!("LOGIN_REQUIRED")));
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(repaired["status"], "ACTIVE", "{repaired:#}");
    // The repair brought another consent: that one is the connection's now.
    let revoked = app.knob(&id, "revoke", json!({})).await;
    assert_eq!((&revoked["status"], &revoked["statusReason"]), (&json!("RECONNECT_REQUIRED"), &json!("TOKEN_EXPIRED")));
    assert_eq!(app.repaired(&id, json!({}), json!({})).await["status"], "ACTIVE");
    let calls = app.fidelity.operations().iter().filter(|path| *path == "/revoke").count();
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204);
    app.until(&format!("/connections/{id}"), |connection| connection["status"] == "DELETED").await;
    for _ in 0..300 {
        if app.fidelity.operations().iter().filter(|path| *path == "/revoke").count() > calls {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the consent was not given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_what_the_id_token_does_not_cover_waits_for_a_repair() {
    let app = TestApp::new().await;
    let id = linked(&app, json!({ "products": ["TRANSACTIONS"] }), json!(["OWNERS"])).await;
    let called = |path: &str| app.fidelity.operations().iter().filter(|called| called.starts_with(path)).count();
    let added = app.add(&id, json!(["OWNERS", "BALANCES"])).await.expect(200);
    let outcomes: Vec<&str> =
        added["results"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["REPAIR_REQUIRED", "ADDED"], "{added:#}");
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "OWNERS").0, "CONSENT_REQUIRED", "{connection:#}");
    assert_eq!(called("/contacts"), 0, "refused without a call");
    let repaired = app.repaired(&id, json!({ "products": ["OWNERS"] }), json!({})).await;
    assert_eq!(state(&repaired, "OWNERS"), ("AVAILABLE", None), "{repaired:#}");
    assert!(called("/contacts") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_rows_are_posted_under_their_id_and_vanished_ones_are_removed() {
    let app = TestApp::new().await;
    let id = linked(&app, json!({ "products": ["TRANSACTIONS"] }), json!([])).await;
    app.knob(&id, "post-transactions", json!({ "count": 6 })).await;
    let of =
        async |status: &str| rows(&app, &format!("/transactions?connectionId={id}&status={status}&limit=500")).await;
    let ids =
        |rows: Vec<Value>| -> Vec<String> { rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect() };
    let pending = ids(of("PENDING").await);
    assert!(pending.len() >= 2, "{pending:?}");
    app.advance(12 * 86_400).await;
    app.knob(&id, "post-transactions", json!({ "count": 1 })).await;
    let (still, posted) = (ids(of("PENDING").await), ids(of("POSTED").await));
    assert!(pending.iter().all(|id| !still.contains(id)), "nothing is pending for twelve days");
    assert!(pending.iter().filter(|id| posted.contains(id)).count() >= 2, "{pending:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e7_only_the_schedule_reads_as_a_batch() {
    let rig = Rig::one(ServiceProvider::Akoya).await;
    let linked = rig.ready().await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let tell = told.clone();
    let listen = async move |headers: HeaderMap| {
        let kind = headers.get("x-akoya-interaction-type").map(|kind| kind.to_str().unwrap().to_owned());
        tell.lock().unwrap().extend(kind);
        StatusCode::NOT_FOUND
    };
    let foreign = rig.before(Router::new().fallback(listen)).await;
    for attended in [true, false] {
        let cx = Context { attended, ..foreign.patient() };
        rig.provider().accounts(&cx, &linked.credential, AccountsWanted::default()).await.unwrap_err();
    }
    assert_eq!(*told.lock().unwrap(), ["user", "batch"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_that_fails_takes_no_other_one_with_it() {
    let app = TestApp::new().await;
    let tartan = app.institution_at("AKOYA", "Tartan Bank").await;
    let asked = json!({ "products": ["TRANSACTIONS"], "serviceProvider": "AKOYA" });
    let started = app.start(asked.clone()).await;
    // Its customer gets in, and a minute later it fails.
    let play = json!({ "institutionId": tartan, "username": "user_down" });
    let down = app.play(&started, None, play).await.expect(200)["id"].as_str().unwrap().to_owned();
    app.settled(&down).await;
    app.advance(120).await;
    for _ in 0..6 {
        app.post(&format!("/connections/{down}/refresh"), json!({})).await;
        app.settled(&down).await;
    }
    let ill = app.connection(&down).await;
    assert_eq!(ill["statusReason"], "INSTITUTION_CURRENTLY_UNAVAILABLE", "{ill:#}");
    assert_eq!(app.get("/service-providers/AKOYA").await.expect(200)["health"], "HEALTHY");
    linked(&app, asked, json!([])).await;
}
