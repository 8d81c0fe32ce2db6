//! What is finAPI's own: updates that take their time, logins that are there already, what a form is asked for.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::Persistence;
use linkspan::providers::data::TransactionsRequest;
use linkspan::providers::link::{LinkInput, LinkProgress, LinkPurpose, LinkRequest, Linked};
use serde_json::{Value, json};

use crate::contract::{Foreign, Rig};
use crate::support::TestApp;

/// A bank of finAPI.
const BANK: &str = "Isarwinkel Universalbank";
/// What asks finAPI to fetch from the bank.
const UPDATE: &str = "/api/tasks/backgroundUpdate";
const IMPORT: &str = "/api/webForms/bankConnectionImport";

fn body(customer: &str) -> Value {
    let products = json!(["BALANCES", "TRANSACTIONS"]);
    json!({ "products": products, "countryCodes": ["DE"], "externalCustomerId": customer })
}

/// How a refresh ended.
async fn ended(app: &TestApp, id: &str, begun: &Value) -> Value {
    let path = format!("/connections/{id}/refreshes/{}", begun["refreshId"].as_str().unwrap());
    app.until(&path, |run| run["finishedAt"].is_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_a_refresh_ends_with_what_its_update_has_fetched() {
    let app = TestApp::new().await;
    let id = app.linked_through("FINAPI", BANK, body("user-42")).await;
    // Somebody else with the same login at the bank: what happens there, the first one's finAPI does not know yet.
    let other = app.linked_through("FINAPI", BANK, body("user-43")).await;
    let rows = async || app.all(&format!("/transactions?connectionId={id}")).await.len();
    let before = rows().await;
    app.knob(&other, "post-transactions", json!({ "count": 3 })).await;
    let begun = app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    app.called(UPDATE, 1).await;
    app.advance(11).await;
    let done = ended(&app, &id, &begun).await;
    assert_eq!(done["status"], "SUCCEEDED", "{done:#}");
    assert_eq!(rows().await, before + 3);
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_waits_for_the_update_that_runs() {
    let app = TestApp::new().await;
    let id = app.linked_through("FINAPI", BANK, body("user-42")).await;
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    app.called(UPDATE, 1).await;
    let repair = app.repair(&id, json!({})).await;
    let launch = app.post_as(repair["connectToken"].as_str().unwrap(), "/connect/link-token", json!({}));
    let update_ends = async {
        // It is locked now.
        app.called(UPDATE, 2).await;
        app.advance(11).await
    };
    let (launched, ()) = tokio::join!(launch, update_ends);
    assert!(launched.expect(200)["launch"]["url"].is_string());
    assert!(app.fidelity.requests(UPDATE).len() > 2, "it was refused once");
    app.play(&repair, None, json!({})).await.expect(200);
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_an_update_that_wants_the_customer_says_so() {
    let app = TestApp::new().await;
    let started = app.start(body("user-42")).await;
    let institution = app.institution_at("FINAPI", BANK).await;
    let play = json!({ "institutionId": institution, "username": "user_mfa" });
    let id = app.play(&started, None, play).await.expect(200)["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    // Its consent is for one time: every further update is the customer's.
    let linked = app.connection(&id).await;
    let stands = json!([linked["status"], linked["statusReason"], linked["actBy"]]);
    assert_eq!(stands, json!(["DEGRADED", "INTERACTIVE_REFRESH", "CUSTOMER"]), "{linked:#}");
    let refused = app.post(&format!("/connections/{id}/refresh"), json!({})).await;
    refused.problem(409, "USER_ACTION_REQUIRED");
    app.called(UPDATE, 0).await;
    app.knob(&id, "post-transactions", json!({ "count": 2 })).await;
    app.repaired(&id, json!({}), json!({ "username": "user_mfa" })).await;
    let again = app.connection(&id).await;
    assert_eq!(json!([again["status"], again["statusReason"], again["actBy"]]), stands, "{again:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_a_login_that_the_customer_has_linked_already_is_named() {
    let app = TestApp::new().await;
    let id = app.linked_through("FINAPI", BANK, body("user-42")).await;
    let started = app.start(body("user-42")).await;
    let institution = app.institution_at("FINAPI", BANK).await;
    let refused = app.play(&started, None, json!({ "institutionId": institution })).await;
    let refused = refused.problem(409, "DUPLICATE_CONNECTION");
    assert_eq!(refused["connectionId"], json!(id), "{refused:#}");
    // One that asks for what the login does not give costs the first one nothing either.
    let mut wide = body("user-42");
    wide["products"] = json!(["INVESTMENT_HOLDINGS"]);
    let started = app.start(wide).await;
    let refused = app.play(&started, None, json!({ "institutionId": institution })).await;
    assert_ne!(refused.status, 200, "{:#}", refused.body);
    let begun = app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    app.called(UPDATE, 1).await;
    app.advance(11).await;
    assert_eq!(ended(&app, &id, &begun).await["status"], "SUCCEEDED", "it is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_an_import_whose_session_was_lost_is_found_again() {
    let rig = Rig::one(ServiceProvider::FinApi).await;
    let request = rig.request(rig.everything());
    let mut imported = Vec::new();
    for _ in 0..2 {
        let begun = rig.provider().begin_link(&rig.cx(), &request).await.unwrap();
        rig.visit(&begun, json!({})).await;
        match rig.hand_over(&begun.provider_session, None, LinkInput::Nothing).await {
            Ok(LinkProgress::Linked(linked)) => imported.push(linked.provider_connection_id),
            other => panic!("not linked but {other:?}"),
        }
    }
    assert_eq!(imported[0], imported[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_owners_are_loaded_only_where_they_are_to_be_fetched() {
    let rig = Rig::one(ServiceProvider::FinApi).await;
    let loads = async |placements: Placements| {
        rig.begin(LinkPurpose::Connect(placements)).await;
        rig.fidelity.requests(IMPORT).pop().unwrap()["loadOwnerData"].as_bool().unwrap()
    };
    let base = Placements { products: [Product::Transactions].into(), ..Placements::default() };
    let owners = || [Product::Owners].into();
    assert!(!loads(Placements { additional_consented_products: owners(), ..base.clone() }).await);
    assert!(loads(Placements { optional_products: owners(), ..base }).await);
}

/// What comes of a request for a user.
type Making = fn(Value) -> Response;

/// finAPI as it stands there while users are made in that way; it knows none of them.
async fn making_users(rig: &Rig, made: Making) -> Foreign {
    let token = async |body: String| match body.contains("grant_type=password") {
        true => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant", "error_description": "Bad" }))),
        false => (StatusCode::OK, Json(json!({ "access_token": "t", "token_type": "bearer", "expires_in": 3600 }))),
    };
    let users = async move |Json(body): Json<Value>| made(body);
    rig.before(Router::new().route("/api/v2/oauth/token", post(token)).route("/api/v2/users", post(users))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_was_not_made_locks_nobody_out() {
    let ways: [(Making, &str); 3] = [
        (|_| Html("<!doctype html><h1>We will be back soon</h1>").into_response(), "UNREADABLE_ANSWER"),
        (|_| Json(json!({ "id": "somebody", "password": "p" })).into_response(), "UNREADABLE_ANSWER"),
        // It says yes, and forgets.
        (|body| (StatusCode::CREATED, Json(json!({ "id": body["id"] }))).into_response(), "USER_GONE"),
    ];
    let rig = Rig::one(ServiceProvider::FinApi).await;
    for (customer, (made, code)) in ways.into_iter().enumerate() {
        let customer_ref = format!("customer-{customer}");
        let request = LinkRequest { customer_ref, ..rig.request(rig.everything()) };
        let foreign = making_users(&rig, made).await;
        let failure = rig.provider().begin_link(&foreign.patient(), &request).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.persistence), (code, Persistence::Temporary), "{failure}");
        rig.provider().begin_link(&rig.cx(), &request).await.unwrap();
    }
}

/// finAPI with one bank connection, in which `more` is to be read.
async fn answering(rig: &Rig, linked: &Linked, kind: &str, more: Value) -> Foreign {
    let id: i64 = linked.provider_connection_id.parse().unwrap();
    let mut all = json!({
        "id": id, "updateStatus": "READY", "accountIds": [1], "interfaces": [{ "userActionRequired": false }],
        "bank": { "id": 1 }, "accounts": [{ "id": 1, "bankConnectionId": id, "accountType": kind }],
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rig.before(Router::new().fallback(async move || Json(all.clone()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_date_costs_only_itself() {
    let rig = Rig::one(ServiceProvider::FinApi).await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let row = |id: i64, date: Value| {
        json!({
            "id": id, "accountId": 1, "amount": -1, "bankBookingDate": date, "isAdjustingEntry": false,
            "isPotentialDuplicate": false,
        })
    };
    let rows = [row(7, json!("2026-11-01")), row(8, Value::Null)];
    let more = json!({ "transactions": rows, "paging": { "pageCount": 1, "totalCount": 2 } });
    let foreign = answering(&rig, &linked, "Checking", more).await;
    let request = TransactionsRequest { history_days: 90, ..TransactionsRequest::default() };
    let page = rig.provider().transactions(&foreign.patient(), &linked.credential, &request).await.unwrap();
    assert_eq!(page.added.iter().map(|row| row.provider_transaction_id.as_str()).collect::<Vec<_>>(), ["7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_securities_than_are_read_are_not_taken_for_sold() {
    let rig = Rig::one(ServiceProvider::FinApi).await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let more = |pages: u64| json!({ "securities": [], "paging": { "pageCount": pages, "totalCount": 1 } });
    let foreign = answering(&rig, &linked, "Security", more(2)).await;
    assert_eq!(rig.provider().holdings(&foreign.patient(), &linked.credential).await.unwrap(), []);
    let foreign = answering(&rig, &linked, "Security", more(1_000)).await;
    let failure = rig.provider().holdings(&foreign.patient(), &linked.credential).await.unwrap_err();
    assert_eq!(failure.code, "UNREADABLE_ANSWER");
}
