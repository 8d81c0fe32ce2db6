//! Sessions without an Item at a Plaid that keeps no complete visits: the object itself says whether it came about.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::providers::link::{LinkContinuation, LinkInput, LinkProgress};
use serde_json::{Value, json};

use super::plaid;

const PAYMENT: &str = "payment-1";
const SESSION: &str = "idv_1";

/// What Plaid knows: the visit, and the word for how the object stands.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<(Value, String)>>);

async fn token(State(known): State<Known>) -> Json<Value> {
    let visit = known.0.lock().unwrap().0.clone();
    Json(json!({
        "link_token": "link-1", "created_at": "2026-11-21T11:00:00Z", "expiration": "2099-01-01T00:00:00Z",
        "link_sessions": visit.is_object().then(|| json!([visit])), "metadata": { "initial_products": [] }, "request_id": "r",
    }))
}

async fn paid(State(known): State<Known>, Json(asked): Json<Value>) -> Json<Value> {
    assert_eq!(asked, json!({ "payment_id": PAYMENT }));
    let status = known.0.lock().unwrap().1.clone();
    Json(json!({ "payment_id": PAYMENT, "amount": { "currency": "GBP", "value": 1 }, "status": status }))
}

async fn verified(State(known): State<Known>, Json(asked): Json<Value>) -> (StatusCode, Json<Value>) {
    // Never one that a page named.
    assert_eq!(asked, json!({ "identity_verification_id": SESSION }));
    let status = known.0.lock().unwrap().1.clone();
    if status.is_empty() {
        let refused = json!({ "error_type": "INVALID_REQUEST", "error_code": "INVALID_FIELD", "error_message": "m" });
        return (StatusCode::BAD_REQUEST, Json(refused));
    }
    (StatusCode::OK, Json(json!({ "id": SESSION, "status": status })))
}

fn visit(finished: bool, more: Value) -> Value {
    let finished_at = finished.then_some("2026-11-21T11:05:00Z");
    let mut visit = json!({
        "link_session_id": SESSION, "started_at": "2026-11-21T11:00:00Z", "finished_at": finished_at, "events": [],
    });
    visit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    visit
}

fn session(product: Product, input: LinkInput) -> LinkContinuation {
    let options = json!({ "PAYMENT_INITIATION": { "paymentId": PAYMENT } }).as_object().unwrap().clone();
    let of = LinkContinuation::of(Secret::new("link-1"), None, input);
    LinkContinuation { products: vec![product], product_options: options, ..of }
}

/// In a word, and what the connection would be named by.
fn said(progress: LinkProgress) -> String {
    match progress {
        LinkProgress::Pending => "pending".to_owned(),
        LinkProgress::Ended(end) => end.code,
        LinkProgress::Linked(linked) => linked.provider_connection_id,
        LinkProgress::Repaired { .. } => "repaired".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_the_object_says_what_the_visit_does_not() {
    let rig = plaid().await;
    let known = Known::default();
    let router = Router::new()
        .route("/link/token/get", post(token))
        .route("/payment_initiation/payment/get", post(paid))
        .route("/identity_verification/get", post(verified))
        .with_state(known.clone());
    let foreign = rig.before(router).await;
    let ask = async |visit: Value, status: &str, product: Product, input: LinkInput| {
        *known.0.lock().unwrap() = (visit, status.to_owned());
        said(rig.provider().continue_link(&foreign.patient(), &session(product, input)).await.unwrap())
    };
    let (pays, verifies) = (Product::PaymentInitiation, Product::IdentityVerification);
    for (status, expected) in [
        ("PAYMENT_STATUS_INPUT_NEEDED", "pending"),
        ("PAYMENT_STATUS_AUTHORISING", "pending"),
        ("PAYMENT_STATUS_CANCELLED", "pending"),
        ("PAYMENT_STATUS_A_NEW_ONE", "pending"),
        ("PAYMENT_STATUS_INITIATED", PAYMENT),
        ("PAYMENT_STATUS_REJECTED", PAYMENT),
    ] {
        assert_eq!(ask(visit(true, json!({})), status, pays, LinkInput::Nothing).await, expected, "{status}");
    }
    for (status, expected) in
        [("", "pending"), ("active", "pending"), ("canceled", "pending"), ("success", SESSION), ("failed", SESSION)]
    {
        assert_eq!(ask(visit(true, json!({})), status, verifies, LinkInput::Nothing).await, expected, "{status}");
    }
    // Whoever has paid at the bank need not come back from there.
    assert_eq!(ask(visit(false, json!({})), "PAYMENT_STATUS_EXECUTED", pays, LinkInput::Nothing).await, PAYMENT);
    let told =
        || LinkInput::Result(json!({ "public_token": null, "metadata": { "link_session_id": "idv_of_another" } }));
    assert_eq!(ask(visit(false, json!({})), "success", verifies, told()).await, SESSION);
    assert_eq!(ask(visit(false, json!({})), "active", verifies, told()).await, "pending");
    // What the visit says counts before what the object says.
    let handed = json!({ "events": [{ "event_name": "HANDOFF" }] });
    assert_eq!(ask(visit(true, handed), "active", verifies, LinkInput::Nothing).await, SESSION);
    let left = || visit(true, json!({ "exit": { "error": null, "metadata": null } }));
    assert_eq!(ask(left(), "PAYMENT_STATUS_INPUT_NEEDED", pays, LinkInput::Nothing).await, "CANCELLED");
    assert_eq!(ask(left(), "PAYMENT_STATUS_INITIATED", pays, LinkInput::Nothing).await, PAYMENT);
    let exit = || LinkInput::Result(json!({ "error": null, "metadata": {} }));
    assert_eq!(ask(visit(false, json!({})), "active", verifies, exit()).await, "CANCELLED");
    assert_eq!(ask(visit(false, json!({})), "failed", verifies, exit()).await, SESSION);
    // Where nobody was, nothing has come, whatever was paid another time.
    assert_eq!(ask(Value::Null, "PAYMENT_STATUS_EXECUTED", pays, LinkInput::Nothing).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_what_has_no_item_is_over_without_a_call() {
    let rig = plaid().await;
    let foreign = rig.before(Router::new()).await;
    for credential in ["payment_id:payment-1", "identity_verification_id:idv_1"].map(Secret::new) {
        rig.provider().revoke(&foreign.patient(), &credential).await.unwrap();
        let seen = rig.provider().status(&foreign.patient(), &credential).await.unwrap();
        assert_eq!(seen.initialized.len(), 1);
        let wanted = linkspan::providers::data::AccountsWanted::default();
        assert!(rig.provider().accounts(&foreign.patient(), &credential, wanted).await.unwrap().is_empty());
    }
}
