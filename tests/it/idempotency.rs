//! `Idempotency-Key`: one effect and one answer for each key and body.

use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Answer, Key, TestApp, World};

async fn keyed(app: &TestApp, path: &str, idempotency_key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", idempotency_key)];
    app.call("POST", path, Key::Sandbox, &headers, Some(body.to_string().into_bytes())).await
}

fn start(customer: &str) -> Value {
    json!({ "externalCustomerId": customer, "products": ["TRANSACTIONS"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_again_for_a_day() {
    let app = TestApp::new().await;
    let first = keyed(&app, "/connect/start", "a", &start("one")).await.expect(201);
    let again = keyed(&app, "/connect/start", "a", &start("one")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), first);
    keyed(&app, "/connect/start", "a", &start("two")).await.problem(409, "IDEMPOTENCY_MISMATCH");
    // The same key elsewhere is another one.
    keyed(&app, &format!("/connections/{}/repair", first["connectionId"].as_str().unwrap()), "a", &json!({}))
        .await
        .problem(409, "CONNECTION_NOT_LINKED");
    app.post("/sandbox/clock", json!({ "advanceSeconds": 24 * 3600 - 60 })).await.expect(200);
    assert_eq!(keyed(&app, "/connect/start", "a", &start("one")).await.expect(201), first);
    app.post("/sandbox/clock", json!({ "advanceSeconds": 120 })).await.expect(200);
    let later = keyed(&app, "/connect/start", "a", &start("two")).await.expect(201);
    assert_ne!(later["connectionId"], first["connectionId"]);
    // Kept a day from then on, not from when the database thinks it is.
    assert_eq!(keyed(&app, "/connect/start", "a", &start("two")).await.expect(201), later);
    assert_eq!(app.all("/connections").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_an_answer_too() {
    let app = TestApp::new().await;
    let alone = json!({ "externalCustomerId": "a", "products": ["BALANCES"], "serviceProvider": "PLAID" });
    let bodies = [alone, json!({ "externalCustomerId": "a", "products": [] }), json!({ "products": 7 })];
    for (number, (body, status)) in bodies.iter().zip([422, 400, 400]).enumerate() {
        let key = format!("refused-{number}");
        let first = keyed(&app, "/connect/start", &key, body).await.expect(status);
        assert_eq!(keyed(&app, "/connect/start", &key, body).await.expect(status), first);
        keyed(&app, "/connect/start", &key, &start("a")).await.problem(409, "IDEMPOTENCY_MISMATCH");
    }
    assert_eq!(app.all("/connections").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_heeds_keys_too() {
    let app = TestApp::new().await;
    let clock = json!({ "advanceSeconds": 60 });
    let first = keyed(&app, "/sandbox/clock", "tick", &clock).await.expect(200);
    assert_eq!(keyed(&app, "/sandbox/clock", "tick", &clock).await.expect(200), first);
    assert_eq!(app.post("/sandbox/clock", json!({ "advanceSeconds": 0 })).await.expect(200)["offsetSeconds"], 60);
    keyed(&app, "/sandbox/clock", "tick", &json!({ "advanceSeconds": 1 })).await.problem(409, "IDEMPOTENCY_MISMATCH");

    let session = World::of_start(&app, Key::Sandbox).await;
    let play = json!({ "connectToken": session.connect_token, "username": "user_good", "password": "pass_good" });
    let first = keyed(&app, "/sandbox/play", "play", &play).await.expect(200);
    let calls = app.fidelity.operations().len();
    assert_eq!(keyed(&app, "/sandbox/play", "play", &play).await.expect(200), first);
    let id = app.settled(first["id"].as_str().unwrap()).await["id"].as_str().unwrap().to_owned();
    assert!(app.fidelity.operations().len() >= calls);
    let transactions = async || app.all(&format!("/transactions?connectionId={id}")).await.len();
    let before = transactions().await;
    for _ in 0..2 {
        let path = format!("/sandbox/connections/{id}/post-transactions");
        keyed(&app, &path, "more", &json!({ "count": 2 })).await.expect(200);
    }
    assert_eq!(transactions().await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_flight_is_waited_for_and_an_abandoned_one_taken_over() {
    let app = TestApp::new().await;
    let session = World::of_start(&app, Key::Sandbox).await;
    let token = session.connect_token.as_str();
    let headers = [("idempotency-key", "launch")];
    let ask = async || app.call("POST", "/connect/link-token", Key::Of(token), &headers, Some(b"{}".to_vec())).await;
    let first = ask().await.expect(200);
    // As a process leaves it that died while it called the provider.
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let lease =
        |until: &str| format!("update idempotency_keys set status = null, answer = null, lease_until = {until}");
    database.execute(sqlx::AssertSqlSafe(lease("now() + interval '1 hour'"))).await.unwrap();
    let waiting = ask().await;
    assert!(waiting.headers["retry-after"].parse::<u32>().unwrap() >= 1);
    waiting.problem(409, "IDEMPOTENCY_IN_FLIGHT");
    database.execute(sqlx::AssertSqlSafe(lease("now() - interval '1 second'"))).await.unwrap();
    let resumed = ask().await;
    assert!(!resumed.headers.contains_key("idempotent-replayed"));
    assert_eq!(resumed.expect(200)["launch"], first["launch"]);
    assert_eq!(ask().await.headers["idempotent-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_held_for_as_long_as_its_request_runs() {
    let app = TestApp::new().await;
    let session = World::of_start(&app, Key::Sandbox).await;
    app.faults(json!([{ "route": "/link/token/create", "kind": "TIMEOUT" }])).await;
    app.fidelity.expect_faults();
    let token = session.connect_token.as_str();
    let headers = [("idempotency-key", "launch")];
    let ask = async || app.call("POST", "/connect/link-token", Key::Of(token), &headers, Some(b"{}".to_vec())).await;
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let mut lapse = async || {
        let lapsed = "update idempotency_keys set lease_until = now() - interval '1 second' where status is null";
        while database.execute(lapsed).await.unwrap().rows_affected() == 0 {
            tokio::task::yield_now().await;
        }
        // Its own request takes it again.
        let held = "select 1 from idempotency_keys where status is null and lease_until > now()";
        while database.fetch_optional(held).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    let (answer, ()) = tokio::join!(ask(), lapse());
    answer.problem(504, "PROVIDER_TIMEOUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_requests_at_once_are_one() {
    let app = TestApp::new().await;
    let body = start("one");
    let answers = futures::future::join_all((0..20).map(|_| keyed(&app, "/connect/start", "at-once", &body))).await;
    let mut bodies: Vec<_> = answers.into_iter().map(|answer| answer.expect(201).to_string()).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(app.all("/connections").await.len(), 1);
    let path = format!("/connections/{}", app.all("/connections").await[0]["id"].as_str().unwrap());
    for expected in [None, Some("true")] {
        let gone = app.call("DELETE", &path, Key::Sandbox, &[("idempotency-key", "gone")], None).await;
        assert_eq!(gone.headers.get("idempotent-replayed").map(String::as_str), expected);
        assert_eq!(gone.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_short_text_and_what_may_pass_is_not_kept() {
    let app = TestApp::new().await;
    for wrong in ["", "ü", &"k".repeat(256)] {
        keyed(&app, "/connect/start", wrong, &start("a")).await.problem(400, "INVALID_REQUEST");
    }
    keyed(&app, "/connect/start", &"k".repeat(255), &start("a")).await.expect(201);

    app.fidelity.expect_faults();
    let session = World::of_start(&app, Key::Sandbox).await;
    let faults = async |faults: Value| {
        let body = Some(json!({ "faults": faults }).to_string().into_bytes());
        app.call("PUT", "/sandbox/providers/PLAID/faults", Key::Sandbox, &[], body).await.expect(204);
    };
    let headers = [("idempotency-key", "launch")];
    let token = Key::Of(&session.connect_token);
    let ask = async || app.call("POST", "/connect/link-token", token, &headers, Some(b"{}".to_vec())).await;
    for (kind, code, status) in
        [("RATE_LIMIT", "UNAVAILABLE", 503), ("STATUS", "UNAVAILABLE", 503), ("STATUS", "PROVIDER_ERROR", 502)]
    {
        let at_provider = if status == 502 { 500 } else { 503 };
        faults(
            json!([{ "route": "*", "kind": kind, "status": at_provider, "retryAfter": (status == 503).then_some(60) }]),
        )
        .await;
        let answer = ask().await;
        assert_eq!(answer.headers.get("retry-after").map(String::as_str), (status == 503).then_some("60"));
        let problem = answer.problem(status, code);
        assert_eq!(problem["provider"]["serviceProvider"], "PLAID");
    }
    // What is healed by the sandbox's own means is asked again at once.
    faults(json!([{ "route": "*", "kind": "RATE_LIMIT", "retryAfter": 60 }])).await;
    ask().await.problem(503, "UNAVAILABLE");
    faults(json!([])).await;
    ask().await.expect(200);
}
