//! The OpenAPI document keeps its word: examples succeed, what is always there is required, statuses are listed.
//! That answers are as documented is judged at every call of every test.

use linkspan::domain::problem::Code;
use serde_json::{Value, json};

use crate::support::document::{operation, operations};
use crate::support::{Key, TestApp, World};

/// Operations whose bodies are not ours.
const FOREIGN_BODIES: &[&str] =
    &["POST /webhooks/{serviceProvider}", "POST /webhooks/{serviceProvider}/{webhookSecret}"];

#[tokio::test(flavor = "multi_thread")]
async fn every_example_succeeds_for_its_owner() {
    let app = TestApp::new().await;
    let world = World::of_sandbox(&app).await;
    // The world has just been refreshed; the provider's pause must be over.
    app.post("/sandbox/clock", json!({ "advanceSeconds": 120 })).await.expect(200);
    let mut posted = 0;
    for operation in operations().iter().filter(|operation| operation.has_body()) {
        if FOREIGN_BODIES.contains(&operation.name().as_str()) {
            continue;
        }
        assert!(operation.example().is_some(), "{} has no example", operation.name());
        let session = World::of_start(&app, Key::Sandbox).await;
        let world = world.visited_by(session);
        let answer = world.call(&app, operation, Key::Sandbox).await;
        assert!((200..300).contains(&answer.status), "{}: {:#}", operation.name(), answer.body);
        posted += 1;
    }
    assert!(posted >= 12, "{posted}");
}

#[test]
fn every_operation_lists_the_problems_that_it_can_answer() {
    for operation in operations() {
        let statuses = operation.statuses();
        let mut wanted = vec![400, 500, 503];
        if operation.scheme.is_some() {
            wanted.extend([401, 429]);
        }
        if operation.has_body() {
            wanted.extend([413, 415]);
        }
        if !operation.in_path().is_empty() {
            wanted.push(404);
        }
        if operation.scheme.as_deref() == Some("apiKey") && operation.method != "GET" {
            wanted.push(403);
        }
        for status in wanted {
            assert!(statuses.contains(&status), "{} does not list {status}", operation.name());
        }
    }
    let document: Value = serde_json::from_str(&linkspan::server::openapi()).unwrap();
    let codes = document["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
    assert_eq!(codes.len(), Code::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headers_of_each_request_are_those_that_it_takes() {
    let app = TestApp::new().await;
    let world = World::of_start(&app, Key::Sandbox).await.of_nobody();
    for operation in operations() {
        let in_header = |name: &str| {
            operation.parameters().into_iter().find(|parameter| parameter.place == "header" && parameter.name == name)
        };
        let call = async |header: (&str, &str)| {
            let body = world.body(operation).map(|body| body.to_string().into_bytes());
            let key = world.key(operation, Key::Sandbox);
            app.call(operation.method, &world.path(operation), key, &[header], body).await
        };
        assert!(in_header("Linkspan-Version").is_some(), "{}", operation.name());
        let other = call(("linkspan-version", "2020-01-01")).await.problem(400, "INVALID_REQUEST");
        assert_eq!(other["errors"][0]["pointer"], "Linkspan-Version", "{}", operation.name());
        let takes_key = operation.scheme.is_some() && ["POST", "PATCH", "DELETE"].contains(&operation.method);
        let key = in_header("Idempotency-Key");
        assert_eq!(key.is_some(), takes_key, "{}", operation.name());
        if let Some(key) = key {
            assert_eq!(key.longest, Some(255), "{}", operation.name());
            let long = call(("idempotency-key", &"x".repeat(256))).await.problem(400, "INVALID_REQUEST");
            assert_eq!(long["errors"][0]["pointer"], "Idempotency-Key", "{}", operation.name());
        }
        for status in operation.statuses() {
            assert_eq!(
                operation.headers(status),
                ["linkspan-version", "x-request-id"],
                "{} {status}",
                operation.name()
            );
        }
    }
}

#[test]
fn what_may_be_null_in_an_answer_is_always_there() {
    let start = operation("POST", "/connect/start").unwrap();
    let whole = json!({
        "connectionId": "0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e", "connectToken": "lct_x", "widgetUrl": "https://x.example",
        "expiresAt": "2026-12-01T00:00:00Z", "customerId": "0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e", "externalCustomerId": "a",
    });
    assert_eq!(start.complaints(201, "application/json", &whole), Vec::<String>::new());
    let mut more = whole.clone();
    more["typo"] = json!(1);
    assert!(!start.complaints(201, "application/json", &more).is_empty());
    let list = operation("GET", "/connections").unwrap();
    let page = json!({ "data": [] });
    assert!(list.complaints(200, "application/json", &page)[0].contains("nextCursor"));
}
