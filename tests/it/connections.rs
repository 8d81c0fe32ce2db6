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
