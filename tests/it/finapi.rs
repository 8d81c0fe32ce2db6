//! What is finAPI's own: updates that take their time.

use serde_json::{Value, json};

use crate::support::TestApp;

/// A bank of finAPI.
const BANK: &str = "Isarwinkel Universalbank";
/// What asks finAPI to fetch from the bank.
const UPDATE: &str = "/api/tasks/backgroundUpdate";

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
async fn e2_an_update_that_wants_the_customer_says_so() {
    let app = TestApp::new().await;
    let started = app.start(body("user-42")).await;
    let institution = app.institution_at("FINAPI", BANK).await;
    let play = json!({ "institutionId": institution, "username": "user_mfa" });
    let id = app.play(&started, None, play).await.expect(200)["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    let begun = app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    app.called(UPDATE, 1).await;
    app.advance(11).await;
    assert_eq!(ended(&app, &id, &begun).await["status"], "USER_ACTION_REQUIRED");
    assert_eq!(app.connection(&id).await["status"], "RECONNECT_REQUIRED");
}
