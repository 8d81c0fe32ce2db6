//! What holds for every answer.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Key, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_request_id_and_version() {
    let app = TestApp::new().await;
    for path in ["/healthz", "/connections", "/nowhere"] {
        let answer = app.get(path).await;
        assert!(!answer.headers["x-request-id"].is_empty());
        assert_eq!(answer.headers["linkspan-version"], "2026-12-01");
    }
    app.get("/nowhere").await.problem(404, "NOT_FOUND");
    app.delete("/connections").await.problem(405, "METHOD_NOT_ALLOWED");
    app.call("GET", "/connections", Key::Nobody, &[], None).await.problem(401, "UNAUTHORIZED");
    app.call("GET", "/connections", Key::Sandbox, &[("linkspan-version", "2020-01-01")], None)
        .await
        .problem(400, "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_identical_starts_with_one_key_are_one() {
    let app = TestApp::new().await;
    let body = json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"] }).to_string().into_bytes();
    let headers = [("idempotency-key", "one")];
    let (first, second) = tokio::join!(
        app.call("POST", "/connect/start", Key::Sandbox, &headers, Some(body.clone())),
        app.call("POST", "/connect/start", Key::Sandbox, &headers, Some(body.clone())),
    );
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(app.all("/connections").await.len(), 1);
    let other = json!({ "externalCustomerId": "b", "products": ["TRANSACTIONS"] }).to_string().into_bytes();
    app.call("POST", "/connect/start", Key::Sandbox, &headers, Some(other)).await.problem(409, "IDEMPOTENCY_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_the_callers_fault_and_ends_the_connection() {
    let app = TestApp::with(&[("LINKSPAN_LIMITS__REQUEST_TIMEOUT_SECONDS", "1")]).await;
    for path in ["/connect/start", "/webhooks/PLAID"] {
        let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: linkspan\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{\"products\":",
            app.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // To the end of the connection, which the server makes.
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 408 ") && head.contains("connection: close"), "{path}: {answer}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], "REQUEST_TIMEOUT", "{path}");
        assert!(head.contains(problem["requestId"].as_str().unwrap()), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_long_is_answered_like_anything_else() {
    let app = TestApp::new().await;
    let long = "x".repeat(50_000);
    app.get(&format!("/nowhere/{long}")).await.problem(404, "NOT_FOUND");
    app.get(&format!("/connections/{long}")).await.problem(404, "NOT_FOUND");
    app.get(&format!("/connections?after={long}")).await.problem(400, "INVALID_REQUEST");
    app.get(&format!("/connections?{long}=1")).await.problem(400, "INVALID_REQUEST");
    let many: Vec<(String, String)> = (0..90).map(|number| (format!("x-{number}"), "x".repeat(600))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    app.call("GET", "/nowhere", Key::Sandbox, &many, None).await.problem(404, "NOT_FOUND");
    app.call("GET", "/connections", Key::Of(&long), &[], None).await.problem(401, "UNAUTHORIZED");
    app.call("POST", "/connect/start", Key::Sandbox, &[("idempotency-key", &long)], None)
        .await
        .problem(400, "INVALID_REQUEST");
    let huge = vec![b'x'; 1024 * 1024 + 1];
    app.call("POST", "/webhooks/PLAID", Key::Nobody, &[], Some(huge)).await.problem(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_from_elsewhere_may_ask_and_ask_beforehand() {
    let app = TestApp::new().await;
    let asks = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    for path in ["/connect/session", "/connect/institutions", "/connect/link-token", "/connect/complete"] {
        let answer = app.call("OPTIONS", path, Key::Nobody, &asks, None).await;
        assert_eq!((answer.status, answer.headers["access-control-allow-origin"].as_str()), (200, "*"), "{path}");
        assert!(answer.headers["access-control-allow-headers"].contains("authorization"), "{path}");
        assert!(answer.headers["access-control-allow-methods"].contains("POST"), "{path}");
    }
    // What a back end calls answers no browser.
    let answer = app.call("OPTIONS", "/connect/start", Key::Nobody, &asks, None).await;
    answer.problem(405, "METHOD_NOT_ALLOWED");
    let token = app.start(json!({ "products": ["TRANSACTIONS"] })).await["connectToken"].as_str().unwrap().to_owned();
    let session = app.call("GET", "/connect/session", Key::Of(&token), &asks[..1], None).await;
    assert_eq!((session.status, session.headers["access-control-allow-origin"].as_str()), (200, "*"));
}
