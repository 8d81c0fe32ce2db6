//! What comes in at `/webhooks/PLAID`: only what Plaid signed, and each once.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Key, TestApp};

/// A webhook as it was signed.
#[derive(Clone)]
struct Signed {
    token: String,
    body: Vec<u8>,
}

/// Takes webhooks in the application's place, and keeps them.
struct Receiver {
    url: String,
    taken: Arc<Mutex<Vec<Signed>>>,
}

impl Receiver {
    async fn new() -> Self {
        let taken: Arc<Mutex<Vec<Signed>>> = Arc::default();
        let kept = taken.clone();
        let take = async move |headers: HeaderMap, body: Bytes| {
            let token = headers["plaid-verification"].to_str().unwrap().to_owned();
            kept.lock().unwrap().push(Signed { token, body: body.to_vec() });
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
        Self { url, taken }
    }

    /// The webhooks of that code, once there are so many.
    async fn of(&self, code: &str, count: usize) -> Vec<Signed> {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            let is_of = |one: &&Signed| serde_json::from_slice::<Value>(&one.body).unwrap()["webhook_code"] == code;
            let found: Vec<Signed> = self.taken.lock().unwrap().iter().filter(is_of).cloned().collect();
            if found.len() >= count {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "{code} never came {count} times");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

async fn send(app: &TestApp, token: Option<&str>, body: &[u8]) -> u16 {
    let headers: Vec<(&str, &str)> = token.map(|token| ("plaid-verification", token)).into_iter().collect();
    app.call("POST", "/webhooks/PLAID", Key::Nobody, &headers, Some(body.to_vec())).await.status
}

async fn stored(app: &TestApp) -> i64 {
    let mut connection = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    sqlx::query_scalar("select count(*) from inbound_webhooks").fetch_one(&mut connection).await.unwrap()
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (head, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_what_a_fired_webhook_brings_is_there_when_the_knob_answers() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let known = app.knob(&id, "fire-webhook", json!({ "code": "NEW_ACCOUNTS_AVAILABLE" })).await;
    assert_eq!(known["statusReason"], "NEW_ACCOUNTS_AVAILABLE");
    let events = app.all_events(&id).await;
    assert!(events.iter().any(|event| event["type"] == "connection.new_accounts_available"), "{events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_plaid_signed_is_taken_and_each_webhook_once() {
    let receiver = Receiver::new().await;
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__PLAID__WEBHOOK_URL", &receiver.url)]).await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let fire = json!({ "code": "SYNC_UPDATES_AVAILABLE" });
    let before = receiver.of("SYNC_UPDATES_AVAILABLE", 0).await.len();
    app.knob(&id, "fire-webhook", fire.clone()).await;
    app.knob(&id, "fire-webhook", fire).await;
    let fired = receiver.of("SYNC_UPDATES_AVAILABLE", before + 2).await.split_off(before);
    let [first, second] = [&fired[0], &fired[1]];
    assert_eq!(stored(&app).await, 0);

    let mut changed = first.body.clone();
    changed.push(b' ');
    let broken = format!("{}A", &first.token[..first.token.len() - 2]);
    let unsigned = format!("{}.", first.token.rsplit_once('.').unwrap().0);
    let forged = [
        (None, &first.body),
        (Some(String::new()), &first.body),
        (Some("no.jwt.atall".to_owned()), &first.body),
        (Some(broken), &first.body),
        (Some(unsigned), &first.body),
        (Some(with_header(&first.token, |header| header["alg"] = json!("none"))), &first.body),
        (Some(with_header(&first.token, |header| header["alg"] = json!("HS256"))), &first.body),
        (
            Some(with_header(&first.token, |header| header["kid"] = json!("00000000-0000-0000-0000-000000000000"))),
            &first.body,
        ),
        (Some(first.token.clone()), &changed),
    ];
    for (token, body) in &forged {
        assert_eq!(send(&app, token.as_deref(), body).await, 401, "{token:?}");
    }
    assert_eq!(stored(&app).await, 0, "nothing of it was kept");

    // A replay is answered and changes nothing; two webhooks with one body are two.
    assert_eq!(first.body, second.body);
    for _ in 0..3 {
        assert_eq!(send(&app, Some(&first.token), &first.body).await, 204);
    }
    assert_eq!(stored(&app).await, 1);
    assert_eq!(send(&app, Some(&second.token), &second.body).await, 204);
    assert_eq!(stored(&app).await, 2);
    app.settled(&id).await;

    // What was signed too long ago is refused, however well.
    app.advance(6 * 60).await;
    app.knob(&id, "fire-webhook", json!({ "code": "DEFAULT_UPDATE" })).await;
    let fresh = receiver.of("DEFAULT_UPDATE", 1).await.pop().unwrap();
    assert_eq!(send(&app, Some(&second.token), &second.body).await, 401);
    assert_eq!(send(&app, Some(&fresh.token), &fresh.body).await, 204);
    assert_eq!(stored(&app).await, 3);
    let answer = app.call("POST", "/webhooks/NOBODY", Key::Nobody, &[], Some(fresh.body)).await;
    answer.problem(404, "NOT_FOUND");
}
