//! Tokens: what is sent for them, that each refresh token is good for one use, and what a token that ended means.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use chrono::TimeDelta;
use linkspan::bank::Knob;
use linkspan::domain::connection::{Status, StatusReason};
use linkspan::providers::data::AccountsWanted;
use linkspan::providers::{FailureKind, Persistence};
use serde_json::json;

use super::akoya;

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_for_one_use() {
    let rig = akoya().await;
    let first = rig.linked(rig.everything(), json!({})).await.credential;
    let second = rig.provider().renew(&rig.cx(), &first).await.unwrap();
    assert_ne!(first.expose(), second.expose());
    let claimed = rig.provider().renew(&rig.cx(), &first).await.unwrap_err();
    assert_eq!(claimed.persistence, Persistence::NeedsUser, "{claimed}");
    let condition = claimed.condition.unwrap();
    assert_eq!((condition.status, condition.reason), (Status::ReconnectRequired, Some(StatusReason::TokenExpired)));
    // The one that came of it goes on.
    assert!(rig.provider().renew(&rig.cx(), &second).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_ends_early_is_no_matter_of_the_customers() {
    let rig = akoya().await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    rig.move_clock(TimeDelta::minutes(10));
    assert!(!rig.provider().renewal_due(&linked.credential, rig.clock.now()));
    rig.turn(&linked, Knob::ResetLogin).await;
    let ended = rig.provider().status(&rig.cx(), &linked.credential).await.unwrap_err();
    assert_eq!((ended.kind, ended.condition), (FailureKind::TokenEnded, None));
    let renewed = rig.provider().renew(&rig.cx(), &linked.credential).await.unwrap();
    let seen = rig.status(&renewed).await;
    assert_eq!(seen.condition.reason, Some(StatusReason::LoginRequired), "renewed, it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_list_is_a_connection_that_works_in_part() {
    let rig = akoya().await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let body =
        json!({ "accounts": [{ "depositAccount": { "accountId": "a", "accountType": "CHECKING" } }] }).to_string();
    let partial = async move || (StatusCode::PARTIAL_CONTENT, body.clone());
    let foreign = rig.before(Router::new().fallback(partial)).await;
    let seen = rig.provider().status(&foreign.patient(), &linked.credential).await.unwrap();
    assert_eq!(seen.condition.reason, Some(StatusReason::PartialAggregationSuccess));
    let accounts = rig.provider().accounts(&foreign.patient(), &linked.credential, AccountsWanted::default()).await;
    assert_eq!(accounts.unwrap().len(), 1, "what is there is read");
}

type Sent = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// Notes what is sent, and answers with nothing.
fn noting(sent: &Sent) -> Router {
    let sent = Arc::clone(sent);
    Router::new().fallback(async move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let body = String::from_utf8(body.to_vec()).unwrap();
        sent.lock().unwrap().push((uri.to_string(), headers, body));
        (StatusCode::BAD_REQUEST, "{\"error\":\"invalid_grant\"}")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_carry_what_akoya_documents_and_no_more() {
    let rig = akoya().await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let sent = Sent::default();
    let foreign = rig.before(noting(&sent)).await;
    let cx = foreign.patient();
    let (provider, credential) = (rig.provider(), &linked.credential);
    provider.renew(&cx, credential).await.unwrap_err();
    provider.revoke(&cx, credential).await.unwrap();
    provider.status(&cx, credential).await.unwrap_err();
    let sent = sent.lock().unwrap().clone();
    let fields = |body: &str| -> Vec<String> {
        url::form_urlencoded::parse(body.as_bytes()).map(|(name, _)| name.into_owned()).collect()
    };
    let [(token, _, renewal), (revoke, _, revocation), (data, headers, nothing)] = &sent[..] else {
        panic!("three calls, none of them twice: {sent:?}")
    };
    assert_eq!((token.as_str(), revoke.as_str()), ("/token", "/revoke"));
    assert_eq!(fields(renewal), ["grant_type", "refresh_token", "client_id", "client_secret"]);
    assert_eq!(fields(revocation), ["token", "token_type_hint", "client_id", "client_secret"]);
    assert!(data.starts_with("/balances/v2/") && nothing.is_empty(), "{data}");
    assert_eq!(headers["x-akoya-interaction-type"], "batch");
    assert!(headers["authorization"].to_str().unwrap().starts_with("Bearer ey"));
}
