//! Refreshes (rules E), history of status and deletion (rules F).

use serde_json::{Value, json};

use crate::support::{Key, TestApp, state};

#[tokio::test(flavor = "multi_thread")]
async fn e1_e8_a_refresh_runs_once_at_a_time_and_not_too_often() {
    let app = TestApp::new().await;
    let consented = json!(["INVESTMENT_HOLDINGS"]);
    let id =
        app.linked(json!({ "products": ["BALANCES", "TRANSACTIONS"], "additionalConsentedProducts": consented })).await;
    let path = format!("/connections/{id}/refresh");
    // The first reading of an added product is no refresh that the provider counts.
    let added = app.post(&format!("/connections/{id}/products"), json!({ "products": consented })).await.expect(200);
    assert!(added["refreshId"].is_string());
    let begun = app.post(&path, json!({ "products": ["TRANSACTIONS"] })).await.expect(202);
    assert_eq!(begun["updateStatus"], "IN_PROGRESS");
    let refresh = format!("/connections/{id}/refreshes/{}", begun["refreshId"].as_str().unwrap());
    let done = app.until(&refresh, |run| run["finishedAt"].is_string()).await;
    assert_eq!((&done["status"], &done["results"][0]["product"]), (&json!("SUCCEEDED"), &json!("TRANSACTIONS")));
    assert_eq!(app.fidelity.requests("/transactions/refresh").len(), 1);
    let again = app.post(&path, json!({})).await;
    let wait: u64 = again.headers["retry-after"].parse().unwrap();
    again.problem(429, "REFRESH_LIMIT");
    assert!((1..=60).contains(&wait), "{wait}");
    app.advance(61).await;
    // While one runs, the same one is answered.
    let body = || Some(b"{}".to_vec());
    let calls = (0..10).map(|_| app.call("POST", &path, Key::Sandbox, &[], body()));
    let answers = futures::future::join_all(calls).await;
    let ids: std::collections::BTreeSet<String> = answers
        .into_iter()
        .filter(|answer| answer.status == 202)
        .map(|answer| answer.body["refreshId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    app.settled(&id).await;
    app.advance(61).await;
    for (body, status, code) in [
        (json!({ "products": ["OWNERS"] }), 400, "INVALID_REQUEST"),
        (json!({ "products": [] }), 400, "INVALID_REQUEST"),
        (json!({ "storeSecrets": true }), 422, "UNSUPPORTED_BY_PROVIDER"),
    ] {
        app.post(&path, body).await.problem(status, code);
    }
    let half = app.call("POST", &path, Key::Sandbox, &[("psu-ip-address", "192.0.2.1")], body()).await;
    half.problem(400, "INVALID_REQUEST");
    assert_eq!(app.get(&format!("/connections/{id}/refreshes/{id}")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_a_refresh_tells_first_that_the_customer_is_needed_and_then_asks_no_more() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let unlinked = format!("/connections/{}/refresh", started["connectionId"].as_str().unwrap());
    app.post(&unlinked, json!({})).await.problem(409, "CONNECTION_NOT_LINKED");
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    let calls = app.fidelity.operations().len();
    let path = format!("/connections/{id}/refresh");
    for _ in 0..5 {
        let refused = app.post(&path, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
        assert_eq!(refused["repair"], format!("/connections/{id}/repair"));
    }
    assert_eq!(app.fidelity.operations().len(), calls, "no login is locked by retries");
    // A8: nothing is fetched for an addition either.
    let added = app.add(&id, json!(["BALANCES"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_f6_each_change_is_one_row_of_history_and_one_event() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204);
    let history = app.all(&format!("/connections/{id}/history")).await;
    let rows: Vec<_> =
        history.iter().map(|row| (row["to"].as_str().unwrap(), row["cause"].as_str().unwrap())).collect();
    assert_eq!(
        rows,
        [
            ("IN_PROGRESS", "STARTED"),
            ("ACTIVE", "LINKED"),
            ("RECONNECT_REQUIRED", "AGGREGATION"),
            ("ACTIVE", "REPAIRED"),
            ("DELETED", "DELETED_BY_TENANT"),
        ]
    );
    let events = app.all_events(&id).await;
    let told = events.iter().filter(|event| event["data"]["to"].is_string() && event["data"]["product"].is_null());
    let told: Vec<_> = told.map(|event| event["data"]["to"].as_str().unwrap()).collect();
    assert_eq!(told, ["ACTIVE", "RECONNECT_REQUIRED", "ACTIVE", "DELETED"]);
    let broken = events.iter().find(|event| event["data"]["to"] == "RECONNECT_REQUIRED").unwrap();
    assert_eq!(broken["data"]["actBy"], "CUSTOMER");
    assert!(broken["data"]["detail"].as_str().unwrap().contains("repair"));
    // In order, without a gap.
    let numbers: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_a_revocation_is_tried_until_the_provider_confirms() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.break_route("/item/remove").await;
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204);
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204, "twice is once");
    app.called("/item/remove", 1).await;
    let gone = app.connection(&id).await;
    assert_eq!((&gone["status"], &gone["products"]), (&json!("DELETED"), &json!([])));
    for list in ["accounts", "transactions", "liabilities", "investments/holdings"] {
        assert_eq!(app.all(&format!("/{list}?connectionId={id}")).await, Vec::<Value>::new());
    }
    assert_eq!(app.events(&id, "connection.deleted", 1).await.len(), 1);
    app.break_route("").await;
    let tried = app.fidelity.requests("/item/remove").len();
    app.advance(3600).await;
    app.called("/item/remove", tried + 1).await;
    assert_eq!(app.events(&id, "connection.deleted", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_a_read_that_failed_says_so_while_it_waits_for_its_next_try() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let path = format!("/connections/{id}");
    assert_eq!(app.connection(&id).await["updateStatus"], "READY");
    app.break_route("/transactions/sync").await;
    let begun = app.post(&format!("{path}/refresh"), json!({})).await.expect(202);
    let failed = app.settled(&id).await;
    assert_eq!(failed["updateStatus"], "FAILED");
    assert_eq!(state(&failed, "TRANSACTIONS"), ("FAILED", Some("PROVIDER_ERROR")));
    let run = app.get(&format!("{path}/refreshes/{}", begun["refreshId"].as_str().unwrap())).await.expect(200);
    assert_eq!((&run["status"], &run["results"][0]["reason"]), (&json!("FAILED"), &json!("PROVIDER_ERROR")));
    // Tried again in vain, it has still failed.
    let tries = app.fidelity.requests("/item/get").len();
    app.advance(3600).await;
    app.called("/item/get", tries + 1).await;
    assert_eq!(app.connection(&id).await["updateStatus"], "FAILED");
    app.break_route("").await;
    app.advance(3600).await;
    let well = app.until(&path, |one| one["updateStatus"] != "FAILED" && one["status"] == "ACTIVE").await;
    assert_eq!((&well["updateStatus"], state(&well, "TRANSACTIONS")), (&json!("READY"), ("AVAILABLE", None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_balances_alone_are_asked_for_live() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["BALANCES", "TRANSACTIONS"] })).await;
    let refresh = async |body: Value| {
        app.advance(61).await;
        app.post(&format!("/connections/{id}/refresh"), body).await.expect(202);
        assert_eq!(app.settled(&id).await["updateStatus"], "READY");
        app.fidelity.requests("/accounts/balance/get").len()
    };
    // Each live one is billed: nobody gets it who has not asked for just that.
    assert_eq!(refresh(json!({})).await, 0);
    assert_eq!(refresh(json!({ "products": ["BALANCES", "TRANSACTIONS"] })).await, 0);
    let forced = app.fidelity.requests("/transactions/refresh").len();
    assert_eq!(refresh(json!({ "products": ["BALANCES"] })).await, 1);
    assert_eq!(app.fidelity.requests("/transactions/refresh").len(), forced);
}
