//! What becomes of a connection: products, repair, refresh, deletion.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a7_a9_a_consent_only_product_moves_to_optional_and_brings_its_data() {
    let app = TestApp::new().await;
    let id = app
        .linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"] }))
        .await;
    let added = app
        .post(&format!("/connections/{id}/products"), json!({ "products": ["INVESTMENT_HOLDINGS"] }))
        .await
        .expect(200);
    assert_eq!(added["results"][0]["outcome"], "ADDED");
    assert_eq!(added["connection"]["optionalProducts"], json!(["INVESTMENT_HOLDINGS"]));
    assert_eq!(added["connection"]["additionalConsentedProducts"], json!([]));
    app.settled(&id).await;
    assert!(!app.all(&format!("/investments/holdings?connectionId={id}")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_repair_restores_the_login_and_brings_what_was_missed_once() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let before = app.all(&format!("/transactions?connectionId={id}")).await.len();
    let broken = app.post(&format!("/sandbox/connections/{id}/reset-login"), json!({})).await.expect(200);
    assert_eq!((&broken["status"], &broken["statusReason"]), (&json!("RECONNECT_REQUIRED"), &json!("LOGIN_REQUIRED")));
    app.post(&format!("/sandbox/connections/{id}/post-transactions"), json!({ "count": 7 })).await.expect(200);
    assert_eq!(app.all(&format!("/transactions?connectionId={id}")).await.len(), before);
    let repair = app.post(&format!("/connections/{id}/repair"), json!({})).await.expect(201);
    assert_eq!(repair["mode"], "LOGIN");
    let repaired = app.play(&repair, None, json!({})).await.expect(200);
    assert_eq!((&repaired["id"], &repaired["status"]), (&json!(id), &json!("ACTIVE")));
    app.settled(&id).await;
    assert_eq!(app.all(&format!("/transactions?connectionId={id}")).await.len(), before + 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_refused_product_makes_no_call_upstream_and_changes_nothing() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let (before, calls) = (app.get(&format!("/connections/{id}")).await.expect(200), app.fidelity.operations().len());
    let asked = json!({ "products": ["OWNERS", "PAYMENT_INITIATION"], "productOptions": { "PAYMENT_INITIATION": { "paymentId": "p" } } });
    let refused = app.post(&format!("/connections/{id}/products"), asked).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["pointer"], "/products/1");
    assert_eq!(refused["errors"][0]["code"], "NOT_ADDABLE_AFTER_LINK");
    assert_eq!(app.get(&format!("/connections/{id}")).await.expect(200), before);
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_a_refresh_that_needs_the_customer_makes_no_call_upstream() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.post(&format!("/sandbox/connections/{id}/reset-login"), json!({})).await.expect(200);
    let calls = app.fetches();
    let refused = app.post(&format!("/connections/{id}/refresh"), json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(refused["reasons"], json!(["LOGIN"]));
    assert_eq!(app.fetches(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_an_outage_degrades_and_recovers_by_itself() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.faults(json!([{ "route": "*", "kind": "STATUS", "status": 500 }])).await;
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    let ill = app.until(&format!("/connections/{id}"), |connection| connection["status"] == "DEGRADED").await;
    assert_eq!((&ill["actBy"], ill["staleSince"].is_string()), (&json!("PROVIDER"), true));
    app.faults(json!([])).await;
    let well = app.until(&format!("/connections/{id}"), |connection| connection["status"] == "ACTIVE").await;
    assert_eq!(well["staleSince"], json!(null));
    assert_eq!(app.events(&id, "connection.recovered", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_a_deleted_connection_is_gone_at_once_and_revoked_at_the_provider() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS"] })).await;
    assert_eq!(app.delete(&format!("/connections/{id}")).await.status, 204);
    let gone = app.get(&format!("/connections/{id}")).await.expect(200);
    assert_eq!((&gone["status"], &gone["actBy"]), (&json!("DELETED"), &json!("CUSTOMER")));
    for list in ["accounts", "transactions", "investments/holdings"] {
        assert_eq!(app.all(&format!("/{list}?connectionId={id}")).await, Vec::<serde_json::Value>::new());
    }
    let products = json!({ "products": ["OWNERS"] });
    app.post(&format!("/connections/{id}/products"), products).await.problem(409, "CONNECTION_TERMINAL");
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !app.fidelity.operations().iter().any(|operation| operation == "/item/remove") {
        assert!(tokio::time::Instant::now() < deadline, "the provider was never told");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
