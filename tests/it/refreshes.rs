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

/// What asks finAPI to fetch from the bank.
const UPDATE: &str = "/api/tasks/backgroundUpdate";

/// A bank of finAPI.
const BANK: &str = "Isarwinkel Universalbank";

const PSU: [(&str, &str); 3] =
    [("psu-ip-address", "2001:db8::7"), ("psu-device-os", "Plan 9"), ("psu-user-agent", "Mothra/1.0 (canary)")];

#[tokio::test(flavor = "multi_thread")]
async fn e3_a_bank_is_read_four_times_a_day_without_the_end_user_and_more_often_with_them() {
    // The schedule has accesses of its own otherwise.
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__FINAPI__REFRESH_BY", "provider")]).await;
    let id = app.linked_through("FINAPI", BANK, json!({ "products": ["TRANSACTIONS"], "countryCodes": ["DE"] })).await;
    let path = format!("/connections/{id}/refresh");
    let wait = async || {
        app.advance(601).await;
        app.settled(&id).await;
    };
    for round in 1..=4 {
        wait().await;
        app.post(&path, json!({})).await.expect(202);
        app.called(UPDATE, round).await;
    }
    wait().await;
    let calls = app.fidelity.requests(UPDATE).len();
    assert_eq!(calls, 4);
    let refused = app.post(&path, json!({})).await;
    let left: i64 = refused.headers["retry-after"].parse().unwrap();
    assert!((86_400 - 5 * 601..86_400 - 3 * 601).contains(&left), "{left}");
    refused.problem(429, "REFRESH_LIMIT");
    assert_eq!(app.fidelity.requests(UPDATE).len(), calls, "nothing is asked upstream");

    // One whom the end user asked for goes on, tells who they are, and does not count.
    let body = || Some(json!({ "products": ["TRANSACTIONS"] }).to_string().into_bytes());
    app.call("POST", &path, Key::Sandbox, &PSU, body()).await.expect(202);
    let told = app.fidelity.requests(UPDATE).pop().unwrap();
    let psu = json!({ "ipAddress": "2001:db8::7", "deviceOs": "Plan 9", "userAgent": "Mothra/1.0 (canary)" });
    assert_eq!(told["userMetadata"], psu);
    assert_eq!(told["importNewAccountsMode"], "SKIP");
    wait().await;
    assert_eq!(app.fidelity.requests(UPDATE).len(), calls + 1, "the bank is read once");
    let left: i64 = app.post(&path, json!({})).await.headers["retry-after"].parse().unwrap();
    app.advance(left).await;
    app.settled(&id).await;
    app.post(&path, json!({})).await.expect(202);
    app.called(UPDATE, calls + 2).await;
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_the_end_users_headers_come_whole_or_not_at_all() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let path = format!("/connections/{id}/refresh");
    let refuse = async |headers: &[(&str, &str)]| {
        let answer = app.call("POST", &path, Key::Sandbox, headers, Some(b"{}".to_vec())).await;
        answer.problem(400, "INVALID_REQUEST")["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(refuse(&PSU[..2]).await, "PSU-User-Agent");
    assert_eq!(refuse(&[PSU[0], PSU[0], PSU[1], PSU[2]]).await, "PSU-IP-Address");
    assert_eq!(refuse(&[("psu-ip-address", "somewhere"), PSU[1], PSU[2]]).await, "PSU-IP-Address");
    assert_eq!(refuse(&[PSU[0], ("psu-device-os", ""), PSU[2]]).await, "PSU-Device-OS");
    // A provider that takes none of them is refreshed all the same.
    app.call("POST", &path, Key::Sandbox, &PSU, Some(b"{}".to_vec())).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn e7_e10_the_schedule_has_banks_read_unless_the_provider_does_so_itself() {
    let body = || json!({ "products": ["TRANSACTIONS"], "countryCodes": ["DE"] });
    let app = TestApp::new().await;
    let id = app.linked_through("FINAPI", BANK, body()).await;
    for round in 1..=2 {
        app.advance(13 * 3600).await;
        app.called(UPDATE, round).await;
        app.advance(11).await;
        app.settled(&id).await;
    }
    // Of the four accesses of the last 24 hours, the schedule has used one or two.
    app.advance(601).await;
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);

    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__FINAPI__REFRESH_BY", "provider")]).await;
    let id = app.linked_through("FINAPI", BANK, body()).await;
    let before = app.connection(&id).await["successfullyAggregatedAt"].clone();
    app.advance(13 * 3600).await;
    app.until(&format!("/connections/{id}"), |now| now["successfullyAggregatedAt"] != before).await;
    assert_eq!(app.fidelity.requests(UPDATE).len(), 0, "ours only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_a_refresh_tells_first_that_the_customer_is_needed_and_then_asks_no_more() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let unlinked = format!("/connections/{}/refresh", started["connectionId"].as_str().unwrap());
    app.post(&unlinked, json!({})).await.problem(409, "CONNECTION_NOT_LINKED");
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    let calls = app.fetches();
    let path = format!("/connections/{id}/refresh");
    for _ in 0..5 {
        let refused = app.post(&path, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
        assert_eq!(refused["repair"], format!("/connections/{id}/repair"));
    }
    assert_eq!(app.fetches(), calls, "no login is locked by retries");
    // A8: nothing is fetched for an addition either.
    let added = app.add(&id, json!(["BALANCES"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(app.fetches(), calls);
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
async fn f7_a_credential_that_ends_meanwhile_is_renewed_before_it_is_revoked() {
    const REMOVE: &str = "/api/v1/account";
    let app = TestApp::new().await;
    let id = app.linked_through("MESH", "First Platypus Bank", json!({ "products": ["INVESTMENT_HOLDINGS"] })).await;
    app.faults_at("MESH", json!([{ "route": REMOVE, "kind": "STATUS", "status": 500 }])).await;
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204);
    app.called(REMOVE, 1).await;
    app.advance(25 * 3600).await;
    let token = |body: &Value| body["authToken"].as_str().unwrap().to_owned();
    let first = token(&app.fidelity.requests(REMOVE)[0]);
    let tokens = async || app.fidelity.requests(REMOVE).iter().map(token).collect::<Vec<_>>();
    while tokens().await.last() == Some(&first) {
        app.called(REMOVE, tokens().await.len() + 1).await;
    }
    // The renewed one is kept: the old one renews nothing any more.
    app.faults_at("MESH", json!([])).await;
    let (seen, renewals) = (tokens().await, app.fidelity.requests("/api/v1/token/refresh").len());
    app.advance(3600).await;
    app.called(REMOVE, seen.len() + 1).await;
    assert_eq!(tokens().await[seen.len()], seen[seen.len() - 1]);
    assert_eq!(app.fidelity.requests("/api/v1/token/refresh").len(), renewals);
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
    app.until(&path, |one| one["updateStatus"] == "FAILED").await;
    app.break_route("").await;
    app.advance(3600).await;
    let well = app.until(&path, |one| one["updateStatus"] == "READY" && one["status"] == "ACTIVE").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn e11_balances_alone_are_asked_for_live_and_the_answer_says_what_that_costs() {
    let app = TestApp::new().await;
    let refresh = async |id: &str, products: Value| {
        let begun = app.post(&format!("/connections/{id}/refresh"), json!({ "products": products })).await.expect(202);
        let path = format!("/connections/{id}/refreshes/{}", begun["refreshId"].as_str().unwrap());
        let done = app.until(&path, |run| run["finishedAt"].is_string()).await;
        assert_eq!((&done["status"], &done["billing"]), (&json!("SUCCEEDED"), &begun["billing"]), "{done:#}");
        begun["billing"].as_str().unwrap().to_owned()
    };
    let live = |operation: &str| app.fidelity.operations().iter().filter(|path| path.contains(operation)).count();
    let wait = async |id: &str, seconds: i64| {
        app.advance(seconds).await;
        app.settled(id).await;
    };
    for (provider, operation, alone, together) in [
        ("PLAID", "/accounts/balance/get", "PER_CALL", "PER_CALL"),
        ("FINICITY", "/availableBalance/live", "PER_CALL", "BY_CONTRACT"),
        ("MX", "/check_balance", "BY_CONTRACT", "BY_CONTRACT"),
        ("YODLEE", "/accounts/latestBalances", "BY_CONTRACT", "BY_CONTRACT"),
    ] {
        let asked = json!({ "products": ["BALANCES", "TRANSACTIONS"], "serviceProvider": provider });
        let id = app.linked_through(provider, "First Platypus Bank", asked).await;
        let before = live(operation);
        assert_eq!(refresh(&id, json!(["BALANCES", "TRANSACTIONS"])).await, together, "{provider}");
        assert_eq!(live(operation), before, "{provider}: not alone, not live");
        wait(&id, 3 * 3600 + 1).await;
        assert_eq!(refresh(&id, json!(["BALANCES"])).await, alone, "{provider}");
        assert!(live(operation) > before, "{provider}: no live balance was asked for");
    }
    // What was billed with the link is not billed again for being read, and what is added is only read.
    let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"], "additionalConsentedProducts": ["LIABILITIES"] });
    let id = app.linked(asked).await;
    assert_eq!(refresh(&id, json!(["OWNERS"])).await, "NEVER");
    let added = app.add(&id, json!(["LIABILITIES"])).await.expect(200);
    let path = format!("/connections/{id}/refreshes/{}", added["refreshId"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200)["billing"], Value::Null);
    app.assert_faithful();
}
