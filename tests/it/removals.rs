//! Removing products from a connection (rule A15).

use serde_json::{Value, json};

use crate::support::{Answer, Key, TestApp, state};

async fn remove(app: &TestApp, id: &str, product: &str) -> Answer {
    app.delete(&format!("/connections/{id}/products/{product}")).await
}

async fn erase(app: &TestApp, id: &str, product: &str) -> Answer {
    app.delete(&format!("/connections/{id}/products/{product}?data=ERASE")).await
}

async fn rows(app: &TestApp, path: &str, id: &str) -> Vec<Value> {
    app.all(&format!("{path}?connectionId={id}")).await
}

/// What the feed of changes tells after a cursor: how many were added and removed, and where it ends.
async fn feed(app: &TestApp, id: &str, after: &str) -> (usize, usize, String) {
    let (mut added, mut removed, mut after) = (0, 0, after.to_owned());
    loop {
        let path = format!("/transactions/sync?connectionId={id}&limit=500&after={after}");
        let page = app.get(&path).await.expect(200);
        added += page["added"].as_array().unwrap().len();
        removed += page["removed"].as_array().unwrap().len();
        after = page["nextCursor"].as_str().unwrap().to_owned();
        if page["hasMore"] == false {
            return (added, removed, after);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a_removed_product_leaves_its_array_and_is_fetched_no_more() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["LIABILITIES", "OWNERS"] })).await;
    let before = rows(&app, "/liabilities", &id).await;
    assert!(!before.is_empty());
    let calls = app.fidelity.operations().len();
    let removed = remove(&app, &id, "LIABILITIES").await.expect(200);
    assert_eq!(app.fidelity.operations().len(), calls, "the provider is not told");
    assert_eq!((&removed["product"], &removed["data"]), (&json!("LIABILITIES"), &json!("KEEP")));
    assert_eq!(removed["billing"], "CONTINUES_UNTIL_CONNECTION_DELETED");
    let connection = &removed["connection"];
    assert_eq!(connection["optionalProducts"], json!(["OWNERS"]));
    assert_eq!(connection["requested"]["optionalProducts"], json!(["OWNERS", "LIABILITIES"]));
    assert_eq!(state(connection, "LIABILITIES"), ("UNAVAILABLE", Some("REMOVED")));
    assert_eq!(connection["repair"], json!({ "required": false, "reasons": [] }));
    let told = app.events(&id, "connection.products_changed", 1).await;
    let expected = json!({ "removedProducts": ["LIABILITIES"], "data": "KEEP", "cause": "PRODUCT_REMOVED" });
    assert_eq!((told.len(), &told[0]), (1, &expected));
    let states = app.all_events(&id).await;
    let last = states.iter().rfind(|event| event["type"] == "connection.product_state_changed").unwrap();
    assert_eq!((&last["data"]["product"], &last["data"]["reason"]), (&json!("LIABILITIES"), &json!("REMOVED")));

    let asked = app.fidelity.requests("/liabilities/get").len();
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    assert_eq!(app.settled(&id).await["status"], "ACTIVE");
    assert_eq!(app.fidelity.requests("/liabilities/get").len(), asked);
    assert_eq!(rows(&app, "/liabilities", &id).await, before);
    let narrowed = json!({ "products": ["LIABILITIES"] });
    app.post(&format!("/connections/{id}/refresh"), narrowed).await.problem(400, "INVALID_REQUEST");
    remove(&app, &id, "LIABILITIES").await.problem(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a5_added_again_it_is_judged_as_any_other_and_goes_on_where_it_was() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["OWNERS"], "optionalProducts": ["TRANSACTIONS"] });
    let id = app.linked(asked).await;
    let count = async || rows(&app, "/transactions", &id).await.len();
    let before = count().await;
    remove(&app, &id, "TRANSACTIONS").await.expect(200);
    app.knob(&id, "post-transactions", json!({ "count": 3 })).await;
    app.settled(&id).await;
    assert_eq!(count().await, before, "what is kept stays as it is");
    let added = app.add(&id, json!(["TRANSACTIONS"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "ADDED");
    assert_eq!(added["connection"]["optionalProducts"], json!(["TRANSACTIONS"]));
    app.until(&format!("/connections/{id}"), |one| state(one, "TRANSACTIONS") == ("AVAILABLE", None)).await;
    app.settled(&id).await;
    assert_eq!(count().await, before + 3, "nothing is missed or doubled");
    let cursors = app.fidelity.requests("/transactions/sync");
    assert!(cursors.last().unwrap()["cursor"].is_string(), "it is not read from its beginning");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_erased_transactions_are_told_as_removed_and_come_whole_when_added_again() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["OWNERS", "TRANSACTIONS"] })).await;
    let before = rows(&app, "/transactions", &id).await;
    let (added, _, known) = feed(&app, &id, "").await;
    assert_eq!(added, before.len());
    let erased = erase(&app, &id, "TRANSACTIONS").await.expect(200);
    assert_eq!((&erased["data"], &erased["connection"]["historyFrom"]), (&json!("ERASE"), &Value::Null));
    assert_eq!(erased["connection"]["products"], json!(["OWNERS"]));
    assert!(rows(&app, "/transactions", &id).await.is_empty());
    let (_, removed, _) = feed(&app, &id, &known).await;
    assert_eq!(removed, before.len());
    app.add(&id, json!(["TRANSACTIONS"])).await.expect(200);
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "TRANSACTIONS"), ("AVAILABLE", None));
    assert!(connection["historyFrom"].is_string());
    let mut ids = [before, rows(&app, "/transactions", &id).await]
        .map(|all| all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
    ids.iter_mut().for_each(|all| all.sort());
    assert_eq!(ids[0], ids[1], "an id is for life");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_what_cannot_be_removed_says_why_and_changes_nothing() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS", "OWNERS"] })).await;
    remove(&app, started["connectionId"].as_str().unwrap(), "OWNERS").await.problem(409, "CONNECTION_NOT_LINKED");
    let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"] });
    let id = app.linked(asked).await;
    let (before, events) = (app.connection(&id).await, app.last_event(&id).await);
    remove(&app, &id, "TRANSACTIONS").await.problem(409, "LAST_REQUIRED_PRODUCT");
    for unknown in ["LIABILITIES", "ASSETS", "owners", "NOTHING"] {
        remove(&app, &id, unknown).await.problem(404, "NOT_FOUND");
    }
    for query in ["data=SHRED", "data=ERASE&data=KEEP", "typo=1"] {
        let path = format!("/connections/{id}/products/OWNERS?{query}");
        app.delete(&path).await.problem(400, "INVALID_REQUEST");
    }
    assert_eq!((app.connection(&id).await, app.last_event(&id).await), (before, events));
    app.delete(&format!("/connections/{id}")).await;
    remove(&app, &id, "OWNERS").await.problem(409, "CONNECTION_TERMINAL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_one_key_removes_once_and_another_wish_is_another_request() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"] })).await;
    let path = format!("/connections/{id}/products/OWNERS");
    let erasing = format!("{path}?data=ERASE");
    let headers = [("idempotency-key", "once")];
    let calls = (0..20).map(|_| app.call("DELETE", &path, Key::Sandbox, &headers, None));
    let answers: Vec<Value> =
        futures::future::join_all(calls).await.into_iter().map(|answer| answer.expect(200)).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(app.events(&id, "connection.products_changed", 1).await.len(), 1);
    app.call("DELETE", &erasing, Key::Sandbox, &headers, None).await.problem(409, "IDEMPOTENCY_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a3_what_is_left_decides_what_can_be_added() {
    let app = TestApp::new().await;
    let asked = json!({
        "products": ["OWNERS", "TRANSACTIONS"], "optionalProducts": ["INVESTMENT_TRANSACTIONS"], "serviceProvider": "MX",
    });
    let id = app.linked_through("MX", "First Platypus Bank", asked).await;
    let dry = json!({ "products": ["INVESTMENT_HOLDINGS"], "dryRun": true });
    let path = format!("/connections/{id}/products");
    app.post(&path, dry.clone()).await.expect(200);
    remove(&app, &id, "INVESTMENT_TRANSACTIONS").await.expect(200);
    let refused = app.post(&path, dry).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let error = &refused["errors"][0];
    assert_eq!((&error["code"], &error["remedy"]), (&json!("PREREQUISITE_MISSING"), &json!("ADD_FIRST")));
    // Its row wants either beside it; without both, only the customer can bring it back.
    app.post(&path, json!({ "products": ["INVESTMENT_TRANSACTIONS"], "dryRun": true })).await.expect(200);
    remove(&app, &id, "TRANSACTIONS").await.expect(200);
    let alone = app.add(&id, json!(["INVESTMENT_TRANSACTIONS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(alone["errors"][0]["remedy"], "REPAIR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a_run_under_way_writes_nothing_of_what_was_removed() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["LIABILITIES"] })).await;
    // The true answer, late.
    app.faults(json!([{ "route": "/liabilities/get", "kind": "LOOP", "latencyMs": 2_000 }])).await;
    let read = app.fidelity.operations().iter().filter(|path| *path == "/accounts/get").count();
    let body = json!({ "products": ["LIABILITIES", "TRANSACTIONS"] });
    let begun = app.post(&format!("/connections/{id}/refresh"), body).await.expect(202);
    app.called("/accounts/get", read + 1).await;
    erase(&app, &id, "LIABILITIES").await.expect(200);
    let path = format!("/connections/{id}/refreshes/{}", begun["refreshId"].as_str().unwrap());
    let run = app.until(&path, |run| run["finishedAt"].is_string()).await;
    assert_eq!(run["status"], "PARTIAL", "{run:#}");
    let results = run["results"].as_array().unwrap();
    let of_liabilities = results.iter().find(|one| one["product"] == "LIABILITIES").unwrap();
    assert_eq!((&of_liabilities["status"], &of_liabilities["reason"]), (&json!("FAILED"), &json!("REMOVED")));
    assert!(rows(&app, "/liabilities", &id).await.is_empty());
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "LIABILITIES"), ("UNAVAILABLE", Some("REMOVED")));
    assert_eq!((&connection["status"], &connection["updateStatus"]), (&json!("ACTIVE"), &json!("READY")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_a_repair_that_was_opened_before_asks_for_it_no_more() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "revoke", json!({})).await;
    let needed = app.add(&id, json!(["OWNERS"])).await.expect(200);
    assert_eq!(needed["results"][0]["outcome"], "REPAIR_REQUIRED");
    let lost = app.repair(&id, json!({ "products": ["LIABILITIES"] })).await;
    app.play(&lost, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    let anew = app.repair(&id, json!({ "products": ["LIABILITIES"] })).await;
    assert_eq!(anew["mode"], "RELINK");
    remove(&app, &id, "OWNERS").await.expect(200);
    app.play(&anew, None, json!({})).await.expect(200);
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(request["additional_consented_products"], json!(["liabilities"]), "{request:#}");
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "OWNERS"), ("UNAVAILABLE", Some("REMOVED")));
    assert_eq!(state(&connection, "LIABILITIES"), ("CONSENTED", None));
}
