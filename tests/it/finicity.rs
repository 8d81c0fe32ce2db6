//! What is Finicity's own: its partner's login, a browser that is closed too early, long history, a refresh only by request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::net::Method;
use linkspan::providers::FailureKind;
use linkspan::providers::data::{
    AccountsWanted, HistoryProgress, InstitutionsRequest, RefreshRequest, TransactionsRequest,
};
use linkspan::providers::link::{LinkContinuation, LinkInput, LinkProgress, LinkPurpose};
use serde_json::json;
use sqlx::Connection;

use crate::contract::Rig;
use crate::support::{Key, TestApp};

/// The one of the list that this file is about, with its simulator.
async fn finicity() -> Rig {
    Rig::each().await.into_iter().find(|rig| rig.name() == "Finicity").expect("it is in the list")
}

/// How often that path was called so far.
fn calls(rig: &Rig, part: &str) -> usize {
    rig.fidelity.operations().iter().filter(|path| path.contains(part)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_until_it_ends() {
    let rig = finicity().await;
    let linked = rig.ready().await;
    for _ in 0..3 {
        rig.status(&linked.credential).await;
    }
    assert_eq!(calls(&rig, "authentication"), 1);
    rig.move_clock(chrono::TimeDelta::minutes(40));
    rig.status(&linked.credential).await;
    assert_eq!(calls(&rig, "authentication"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_not_tried_again() {
    let rig = finicity().await;
    let section = [("partner_id", "1"), ("partner_secret", "wrong"), ("app_key", "sandbox-key")];
    let section = section.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let wrong = linkspan::providers::finicity::build(section, linkspan::config::Mode::Sandbox).unwrap();
    let before = calls(&rig, "authentication");
    for _ in 0..4 {
        let request = InstitutionsRequest { country_codes: vec!["US".to_owned()], page: None };
        let failure = wrong.institutions(&rig.cx(), &request).await.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Auth, "10001"));
        assert!(!failure.message.contains("wrong"), "{failure}");
    }
    // Five refusals would lock the account for the good credentials too.
    assert_eq!(calls(&rig, "authentication"), before + 1);
    rig.move_clock(chrono::TimeDelta::hours(3));
    rig.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_browser_that_was_closed_too_early_loses_nothing() {
    let rig = finicity().await;
    let begun = rig.begin(rig.everything()).await;
    rig.visit(&begun, json!({})).await;
    let found = rig.hand_over(&begun.provider_session, None, LinkInput::Nothing).await;
    let Ok(LinkProgress::Linked(linked)) = found else { panic!("{found:?}") };
    // Another session of the same moment is not over by that.
    let other = rig.begin(rig.everything()).await;
    let waiting = rig.hand_over(&other.provider_session, None, LinkInput::Nothing).await;
    assert!(matches!(waiting, Ok(LinkProgress::Pending)), "{waiting:?}");
    // What Connect told finds the session.
    let told = rig.webhook(|one| one.body.windows(6).any(|part| part == b"\"done\"")).await;
    let hints = rig.provider().read_webhook(&told.body).unwrap();
    let session = linkspan::providers::HintSubject::Session(begun.provider_session.clone());
    assert!(hints.iter().any(|hint| hint.subject == session), "{}", linked.provider_connection_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_more_than_the_standard_history_is_loaded_where_it_is_asked_for() {
    let rig = finicity().await;
    let linked = rig.ready().await;
    let oldest = async |history_days| {
        let request = TransactionsRequest { history_days, ..TransactionsRequest::default() };
        let page = rig.provider().transactions(&rig.cx(), &linked.credential, &request).await.unwrap();
        let days = page.added.iter().map(|row| (rig.clock.now().date_naive() - row.transaction_date).num_days());
        days.max().unwrap()
    };
    assert!(oldest(180).await <= 181);
    assert_eq!(calls(&rig, "/historic"), 0);
    assert!((300..=366).contains(&oldest(365).await));
    assert!(calls(&rig, "/historic") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_only_a_refresh_asks_the_institution_before_the_day_is_over() {
    let rig = finicity().await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let read = async || {
        let accounts = rig.provider().accounts(&rig.cx(), &linked.credential, AccountsWanted::default()).await;
        accounts.unwrap().into_iter().filter_map(|account| account.balances.updated_at).max().unwrap()
    };
    let first = read().await;
    rig.move_clock(chrono::TimeDelta::hours(5));
    assert_eq!(read().await, first);
    rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(rig.spec().refreshable)).await.unwrap();
    let second = read().await;
    assert!(second - first >= chrono::TimeDelta::hours(5));
    rig.move_clock(chrono::TimeDelta::hours(25));
    assert!(read().await - second >= chrono::TimeDelta::hours(25));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_key_or_token_is_refused() {
    let rig = finicity().await;
    let path = "/institution/v2/institutions";
    let call = linkspan::net::Call::new("bare", Method::GET, path);
    let reply = rig.entry.upstream.send(call).await.unwrap();
    assert_eq!(reply.status.as_u16(), 401);
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["code"], "10026");
}

/// An account of the customer `c` at the institution 100.
fn account(id: u32, login: u32, code: u32) -> serde_json::Value {
    json!({
        "id": id.to_string(), "name": "Checking", "type": "checking", "status": "active", "currency": "USD",
        "institutionId": "100", "institutionLoginId": login, "aggregationStatusCode": code,
    })
}

/// Where logins of a customer are deleted, and which were.
fn deleting() -> (Router, Arc<Mutex<Vec<String>>>) {
    let deleted = Arc::new(Mutex::new(Vec::new()));
    let noted = deleted.clone();
    let delete = async move |Path((_, login)): Path<(String, String)>| {
        noted.lock().unwrap().push(login);
        StatusCode::NO_CONTENT
    };
    let path = "/aggregation/v1/customers/{customer}/institutionLogins/{login}";
    (Router::new().route(path, axum::routing::delete(delete)), deleted)
}

/// The logins that end with a connection.
async fn ended_at(rig: &Rig, credential: &str) -> Vec<String> {
    let (router, deleted) = deleting();
    rig.provider().revoke(&rig.before(router).await.patient(), &Secret::new(credential)).await.unwrap();
    deleted.lock().unwrap().clone()
}

/// What a repair of the login 7 with the accounts 1 and 2 comes to where these are the customer's accounts then; and what was deleted.
async fn repaired(rig: &Rig, accounts: Vec<serde_json::Value>) -> (Option<String>, Vec<String>) {
    let (router, deleted) = deleting();
    let list = async move || Json(json!({ "accounts": accounts }));
    let router = router.route("/aggregation/v1/customers/{customer}/accounts", get(list));
    let moved = rig.before(router).await;
    let session = json!({
        "id": "s", "customer": "c", "ends": i64::MAX, "known": ["7"], "institution": "100",
        "fix": { "login": "7", "accounts": ["1", "2"], "broken": true, "since": 1 },
    });
    let (session, credential) = (Secret::new(session.to_string()), Some(Secret::new("c/7")));
    let continuation = LinkContinuation::of(session, credential, LinkInput::Nothing);
    let credential = match rig.provider().continue_link(&moved.patient(), &continuation).await.unwrap() {
        LinkProgress::Repaired { credential, .. } => {
            Some(credential.map_or("c/7".to_owned(), |it| it.expose().to_owned()))
        }
        LinkProgress::Pending => None,
        other => panic!("{other:?}"),
    };
    let deleted = deleted.lock().unwrap().clone();
    (credential, deleted)
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_repair_may_bring_another_login_since_the_institution_moved_to_oauth() {
    let rig = finicity().await;
    let nothing = Vec::<String>::new();
    assert_eq!(repaired(&rig, vec![account(1, 7, 103)]).await, (None, nothing.clone()));
    assert_eq!(repaired(&rig, vec![account(1, 7, 0)]).await, (Some("c/7".to_owned()), nothing.clone()));
    // Its accounts were moved.
    assert_eq!(repaired(&rig, vec![account(1, 8, 0)]).await, (Some("c/8".to_owned()), nothing));
    // The old login is still there, and ends with the connection, not before we know of the new one.
    let both = vec![account(1, 8, 0), account(2, 7, 948), account(3, 7, 948)];
    let (credential, deleted) = repaired(&rig, both).await;
    assert_eq!((credential.as_deref(), deleted), (Some("c/8/7"), Vec::new()));
    assert_eq!(ended_at(&rig, "c/8/7").await, ["7", "8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_heard_is_not_heard_again_however_it_is_spelled() {
    let app = TestApp::new().await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"sandbox-secret");
    let sign = |body: &str| -> String {
        hmac::sign(&key, body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let send = async |signature: &str, body: String| {
        let headers = [("x-finicity-signature", signature)];
        let sent = app.call("POST", "/webhooks/FINICITY", Key::Nobody, &headers, Some(body.into_bytes())).await;
        sent.expect(204);
        let mut connection = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
        let stored = sqlx::query_scalar("select count(*) from inbound_webhooks").fetch_one(&mut connection).await;
        let stored: i64 = stored.unwrap();
        stored
    };
    let body = |id: &str| format!(r#"{{"eventType":"done","eventId":"{id}","webhookData":{{}}}}"#);
    let (first, second) = (body("e-1"), body("e-2"));
    assert_eq!(send(&sign(&first), first.clone()).await, 1);
    for spelled in [first.clone(), first.replace(':', ": "), first.replace(',', " ,\n"), format!(" {first}")] {
        assert_eq!(send(&sign(&first), spelled.clone()).await, 1, "{spelled}");
        assert_eq!(send(&sign(&first).to_uppercase(), spelled.clone()).await, 1, "{spelled}");
    }
    assert_eq!(send(&sign(&second), second).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_long_history_is_billed_only_where_the_caller_asked_for_it() {
    let app = TestApp::new().await;
    let loaded = || app.fidelity.operations().iter().filter(|path| path.contains("/historic")).count();
    let body = |more: serde_json::Value| {
        let mut body = json!({ "products": ["TRANSACTIONS"], "allowDuplicate": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for free in [json!({}), json!({ "historyDays": 180 })] {
        app.linked_through("FINICITY", "First Platypus Bank", body(free)).await;
        assert_eq!(loaded(), 0);
    }
    app.linked_through("FINICITY", "First Platypus Bank", body(json!({ "historyDays": 365 }))).await;
    assert!(loaded() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_accounts_that_were_chosen_are_read_and_each_as_soon_as_it_can_be() {
    let rig = finicity().await;
    assert_eq!(rig.spec().read_every_hours, 24, "E7");
    let (mut late, mut pending) = (account(2, 7, 0), account(3, 7, 0));
    late.as_object_mut().unwrap().remove("aggregationStatusCode");
    pending["status"] = json!("pending");
    let list = json!({ "accounts": [account(1, 7, 0), late, pending] });
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let details = async move |Path((_, id)): Path<(String, String)>| {
        noted.lock().unwrap().push(id);
        Json(json!({ "routingNumber": "1", "realAccountNumber": "2" }))
    };
    let none = json!({ "found": 0, "displaying": 0, "moreAvailable": false, "fromDate": 0, "toDate": 1,
        "sort": "asc", "transactions": [] });
    let v1 = "/aggregation/v1/customers/{customer}";
    let router = Router::new()
        .route(&format!("{v1}/institutionLogins/7/accounts"), get(async move || Json(list)))
        .route(&format!("{v1}/accounts/{{id}}/details"), get(details))
        .route("/aggregation/v4/customers/{customer}/accounts/1/transactions", get(async move || Json(none)));
    let here = rig.before(router).await;
    let credential = Secret::new("c/7");
    let wanted = AccountsWanted { identifiers: true, ..AccountsWanted::default() };
    let accounts = rig.provider().accounts(&here.patient(), &credential, wanted).await.unwrap();
    let ids: Vec<&str> = accounts.iter().map(|one| one.provider_account_id.as_str()).collect();
    assert_eq!((ids, asked.lock().unwrap().clone()), (vec!["1", "2"], vec!["1".to_owned(), "2".to_owned()]));
    let request = TransactionsRequest { history_days: 90, ..TransactionsRequest::default() };
    let page = rig.provider().transactions(&here.patient(), &credential, &request).await.unwrap();
    let read: Vec<_> = page.whole.iter().filter_map(|window| window.provider_account_id.as_deref()).collect();
    assert_eq!((read, page.history, page.has_more), (vec!["1"], HistoryProgress::Recent, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_nothing_is_said_to_be_there_that_the_institution_lacks() {
    let rig = finicity().await;
    let every = InstitutionsRequest { country_codes: vec!["US".to_owned()], page: None };
    let listed = rig.provider().institutions(&rig.cx(), &every).await.unwrap().institutions;
    let poor = listed.into_iter().find(|one| !one.oauth && !one.products.contains(&Product::Owners)).unwrap();
    let placements = Placements { products: [Product::Transactions].into(), ..Placements::default() };
    let mut request = rig.request(LinkPurpose::Connect(placements));
    request.institution = Some(poor.provider_institution_id.clone());
    let begun = rig.provider().begin_link(&rig.cx(), &request).await.unwrap();
    rig.visit(&begun, json!({})).await;
    let Ok(LinkProgress::Linked(linked)) = rig.ask(&begun.provider_session, None).await else { panic!("not linked") };
    let there = rig.status(&linked.credential).await.initialized;
    assert!(there.iter().all(|product| poor.products.contains(product)), "{there:?} {poor:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_befalls_one_login_never_speaks_against_finicity() {
    let rig = finicity().await;
    let linked = rig.ready().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let denied = async move || {
        count.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "code": "103", "message": "Invalid Credentials" });
        (StatusCode::INTERNAL_SERVER_ERROR, Json(body))
    };
    let foreign = rig.before(Router::new().fallback(denied)).await;
    // The token of the API is kept; eight failures in a row would open the breaker.
    for times in 1..=10 {
        let failure = rig.provider().status(&foreign.patient(), &linked.credential).await.unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::UserAction, "103"), "{failure}");
        assert_eq!(asked.load(Ordering::Relaxed), times, "and it is asked once, for the institution counts");
    }
}
