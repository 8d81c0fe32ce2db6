//! The database cut off, or silent: requests are answered 503 and when to try again, nothing that was acknowledged is lost, and all goes
//! on by itself.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::proxy::{Proxy, Wire};
use crate::support::{Answer, Customer, Key, TestApp, database};

/// How long a request may take to be refused: two seconds, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_says_so_and_recovers_by_itself() {
    let proxy = Proxy::before(&database::create().await).await;
    let app = TestApp::on(proxy.url.clone(), &[]).await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let (connection, refresh) = (format!("/connections/{id}"), format!("/connections/{id}/refresh"));
    let mut acknowledged = Vec::new();
    for (round, wire) in [Wire::Cut, Wire::Silent, Wire::Cut].into_iter().enumerate() {
        let customer = format!("customer-{round}");
        let body = json!({ "externalCustomerId": customer, "products": ["TRANSACTIONS"] });
        let started = in_the_end(async || app.post("/connect/start", body.clone()).await).await.expect(201);
        acknowledged.push(started["connectionId"].as_str().unwrap().to_owned());
        proxy.set(wire);
        for _ in 0..3 {
            let body = json!({ "externalCustomerId": "lost", "products": ["TRANSACTIONS"] }).to_string().into_bytes();
            let (read, write) = tokio::join!(
                timed(app.get(&connection)),
                timed(app.call("POST", "/connect/start", Key::Sandbox, &[], Some(body)))
            );
            for (answer, time) in [read, write] {
                assert!(time < SOON, "{wire:?}: {time:?}");
                assert!(answer.headers.contains_key("retry-after"), "{wire:?}: {:?}", answer.headers);
                answer.problem(503, "UNAVAILABLE");
            }
        }
        proxy.set(Wire::Whole);
        until_ready(&app).await;
        for id in &acknowledged {
            let path = format!("/connections/{id}");
            assert_eq!(in_the_end(async || app.get(&path).await).await.expect(200)["status"], "IN_PROGRESS");
        }
    }
    // And the jobs go on.
    in_the_end(async || app.post(&refresh, json!({})).await).await.expect(202);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = app.get(&connection).await;
        assert!([200, 503].contains(&answer.status), "{:#}", answer.body);
        if answer.status == 200 && answer.body["updateStatus"] != "IN_PROGRESS" {
            assert_eq!(answer.body["status"], "ACTIVE", "{:#}", answer.body);
            break;
        }
        assert!(Instant::now() < deadline, "the jobs do not go on: {:#}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_who_comes_back_while_the_database_is_away_brings_it_again() {
    let proxy = Proxy::before(&database::create().await).await;
    let app = TestApp::on(proxy.url.clone(), &[]).await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let institution = app.institution("First Platypus Bank").await;
    let token = started["connectToken"].as_str().unwrap();
    let launched = app.post_as(token, "/connect/link-token", json!({ "institutionId": institution })).await.expect(200);
    let way_back = Customer::new(&app, launched["launch"]["url"].as_str().unwrap()).finish().await;
    proxy.set(Wire::Cut);
    let answer = app.http.get(&way_back).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    // The page opens the same address again by itself, with all that the provider said.
    let page = answer.text().await.unwrap();
    let next = page.split_once("http-equiv=\"refresh\" content=\"").unwrap().1.split_once("url=").unwrap().1;
    let next = next.split_once('"').unwrap().0.replace("&amp;", "&");
    proxy.set(Wire::Whole);
    until_ready(&app).await;
    let address = reqwest::Url::parse(&way_back).unwrap().join(&next).unwrap();
    assert!(address.query().unwrap().ends_with(reqwest::Url::parse(&way_back).unwrap().query().unwrap()), "{address}");
    // As often as the page opens itself: a connection of the pool that broke may still cost a request a 503, and what was cut off
    // holds the connection for as long as its lease lasts.
    let connection = format!("/connections/{}", started["connectionId"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_secs(60);
    while in_the_end(async || app.get(&connection).await).await.expect(200)["status"] != "ACTIVE" {
        assert!(Instant::now() < deadline, "the customer is lost");
        app.http.get(address.clone()).send().await.unwrap();
    }
}

async fn timed<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (call.await, began.elapsed())
}

/// Waits until it says that it is ready; until then it says 503 and nothing else.
async fn until_ready(app: &TestApp) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match app.call("GET", "/readyz", Key::Nobody, &[], None).await.status {
            200 => return,
            status => assert_eq!(status, 503),
        }
        assert!(Instant::now() < deadline, "it never recovered");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What is answered in the end: each connection of the pool that broke may still cost a request a 503.
async fn in_the_end(call: impl AsyncFn() -> Answer) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = call().await;
        if answer.status != 503 {
            return answer;
        }
        assert!(Instant::now() < deadline, "it never recovered");
    }
}
