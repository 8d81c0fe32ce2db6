//! The paths as a browser meets them without a session, over the real router.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::page::{Page, Policy};
use super::{assets, routes, texts};
use crate::clock::Clock;
use crate::link::Linking;
use crate::providers::Registry;
use crate::rates::Rate;
use crate::store::Store;

/// A server without providers whose database is away: what needs none of it answers all the same.
fn server() -> Router {
    let nowhere = sqlx::postgres::PgConnectOptions::new().socket("/nonexistent");
    let linking = Linking {
        store: Store::connect(nowhere, 1),
        registry: Registry::of(Vec::new()),
        clock: Clock::default(),
        public_url: "https://link.example".to_owned(),
        visits: Arc::new(Rate::new("connectToken", NonZeroU32::MIN, NonZeroU32::MIN)),
        original_call_rule: false,
    };
    routes().with_state(linking)
}

async fn ask(request: Request<Body>) -> Response<Body> {
    server().oneshot(request).await.unwrap()
}

async fn get(path: &str) -> Response<Body> {
    ask(Request::get(path).header("x-request-id", "request-12345").body(Body::empty()).unwrap()).await
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn without_a_session_every_page_says_where_to_begin() {
    for path in ["/link", "/link/lct", "/link/%FF", "/link/lsk_live_key"] {
        let response = get(path).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(response.headers().get(header::SET_COOKIE).is_none(), "{path}");
        let page = text(response).await;
        assert!(page.contains(texts::NO_SESSION.title) && page.contains("request-12345"), "{path}: {page}");
    }
    for path in ["/link/choose", "/link/cancel"] {
        let response = ask(Request::post(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(header_of(&get(path).await, "location"), "/link");
    }
}

#[tokio::test]
async fn every_answer_is_bound_to_its_page() {
    let paths = ["/link", "/link/lct", "/link/choose", "/link/assets/none.css", "/connect/callback/NOBODY"];
    for path in paths {
        let response = get(path).await;
        assert_eq!(header_of(&response, "referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header_of(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header_of(&response, "cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_return_without_a_state_of_ours_changes_nothing() {
    // The database is away: whatever asked it would be 503.
    let provider = crate::domain::service_provider::ServiceProvider::ALL[0];
    for query in ["", "?state=", "?state=lct_1", "?state=st_1&state=st_2", "?code=1"] {
        let response = get(&format!("/connect/callback/{provider}{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(header_of(&response, "content-security-policy").ends_with("frame-ancestors 'none'"));
        assert!(text(response).await.contains(texts::UNKNOWN_STATE.title), "{query}");
    }
    assert_eq!(get("/connect/callback/NOBODY?state=st_1").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn while_the_database_is_away_pages_say_so() {
    let provider = crate::domain::service_provider::ServiceProvider::ALL[0];
    for path in ["/link/lct_1".to_owned(), format!("/connect/callback/{provider}?state=st_1")] {
        let response = get(&path).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(header_of(&response, "retry-after"), "2");
        let page = text(response).await;
        assert!(page.contains(texts::TRY_AGAIN) && !page.contains("lct_1"), "{page}");
    }
}

#[tokio::test]
async fn the_stylesheet_may_be_kept_for_ever() {
    let page = text(get("/link").await).await;
    assert!(page.contains(&format!("href=\"{}\"", assets::STYLE.path)), "{page}");
    let response = get(&assets::STYLE.path).await;
    assert_eq!(header_of(&response, "content-type"), "text/css; charset=utf-8");
    assert_eq!(header_of(&response, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(get("/link/assets/../mod.rs").await.status(), StatusCode::NOT_FOUND);
}

#[test]
fn no_page_may_do_more_than_it_needs() {
    for policy in [Policy::Session, Policy::Callback, Policy::Form] {
        let value = policy.header();
        let said: HashMap<_, _> =
            value.to_str().unwrap().split("; ").filter_map(|directive| directive.split_once(' ')).collect();
        assert_eq!(said["default-src"], "'none'");
        assert_eq!(said["style-src"], "'self'");
        assert_eq!(said["base-uri"], "'none'");
        assert_eq!(said.get("script-src").copied(), (policy == Policy::Form).then_some("'self'"));
        assert_eq!(said["frame-ancestors"] == "'none'", policy == Policy::Callback);
        assert_eq!(said["form-action"] == "'self'", policy == Policy::Session);
    }
}

#[test]
fn a_page_needs_no_script_and_holds_no_style() {
    let html =
        Page::saying(texts::COMPLETED, Some(("https://app.example/?a=1&b=\"", texts::BACK))).html().into_string();
    assert!(!html.contains("<script") && !html.contains("style=") && !html.contains("<style"), "{html}");
    assert!(html.contains("href=\"https://app.example/?a=1&amp;b=&quot;\""), "{html}");
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{html}");
}
