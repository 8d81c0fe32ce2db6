//! Bounds for callers: rates, and a busy database.

use serde_json::json;

use crate::support::{Key, TestApp, World};

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_told_and_the_widget_counts_with_the_front_end() {
    let limits = [
        ("LINKSPAN_LIMITS__CONNECT_TOKEN_PER_SECOND", "1"),
        ("LINKSPAN_LIMITS__CONNECT_TOKEN_BURST", "3"),
        ("LINKSPAN_LIMITS__API_KEY_BURST", "40"),
        ("LINKSPAN_LIMITS__API_KEY_PER_SECOND", "1"),
    ];
    let app = TestApp::with(&limits).await;
    let session = World::of_start(&app, Key::Sandbox).await;
    let token = session.connect_token.as_str();
    let cookie = app.call("GET", &format!("/link/{token}"), Key::Nobody, &[], None).await;
    assert_eq!(cookie.status, 303);
    let cookie = cookie.headers["set-cookie"].split(';').next().unwrap().to_owned();
    let page = async || app.call("GET", "/link", Key::Nobody, &[("cookie", &cookie)], None).await;
    assert_eq!((page().await.status, page().await.status), (200, 200));
    let widget = page().await;
    assert_eq!(widget.status, 429);
    assert!(widget.headers.contains_key("retry-after"));
    let front_end = app.call("GET", "/connect/session", Key::Of(token), &[], None).await;
    assert_eq!(front_end.headers["ratelimit-policy"], "\"connectToken\";q=3;w=3");
    assert_eq!(front_end.headers["ratelimit"], format!("\"connectToken\";r=0;t={}", front_end.headers["retry-after"]));
    front_end.problem(429, "RATE_LIMITED");

    let reads = futures::future::join_all((0..60).map(|_| app.get("/support-matrix"))).await;
    let refused = reads.into_iter().filter(|answer| answer.status == 429).count();
    assert!((10..60).contains(&refused), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_long_lists_at_once_are_all_answered() {
    let app = TestApp::new().await;
    app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let began = std::time::Instant::now();
    let reads = (0..100).map(|number| app.get(["/transactions?limit=500", "/events?limit=500"][number % 2]));
    for answer in futures::future::join_all(reads).await {
        assert!(!answer.expect(200)["data"].as_array().unwrap().is_empty());
    }
    println!("100 lists of 500: {:?}", began.elapsed());
}
