//! Linkspan in live mode, pointed at another server that speaks Plaid.

use linkspan::sandbox::PlayBody;
use serde_json::json;

use super::plaid;
use crate::contract::Rig;
use crate::support::TestApp;

/// Linkspan before that server, which knows institutions.
async fn live(rig: &Rig, more: &[(&str, &str)]) -> TestApp {
    let mut variables = vec![
        ("LINKSPAN_PUBLIC_URL", "https://link.example"),
        ("LINKSPAN_KEYS", "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("LINKSPAN_NET__ALLOW_PRIVATE_ADDRESSES", "true"),
        ("LINKSPAN_PROVIDERS__PLAID__MODE", "live"),
        ("LINKSPAN_PROVIDERS__PLAID__BASE_URL", rig.entry.upstream.base_url().as_str()),
        ("LINKSPAN_PROVIDERS__PLAID__CLIENT_ID", "sandbox"),
        ("LINKSPAN_PROVIDERS__PLAID__SECRET", "sandbox-secret"),
    ];
    variables.extend(more);
    let app = TestApp::with(&variables).await;
    app.until("/readyz", |_| true).await;
    app.until("/institutions?query=First+Platypus", |page| !page["data"].as_array().unwrap().is_empty()).await;
    app
}

/// Links there, as the customer and the front end do it together; the connection's id.
async fn link(app: &TestApp, rig: &Rig) -> String {
    let started = app
        .start(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"] }))
        .await;
    assert!(started["widgetUrl"].as_str().unwrap().starts_with("https://link.example/"), "{started:#}");
    let token = started["connectToken"].as_str().unwrap();
    let institution = app.institution("First Platypus Bank").await;
    let launched = app.post_as(token, "/connect/link-token", json!({ "institutionId": institution })).await.expect(200);
    let url = launched["launch"]["url"].as_str().unwrap();
    app.post_as(token, "/connect/complete", json!({})).await.expect(202);
    // The customer ends at an address that only a browser can go to: we are asked by `complete` alone.
    let play: PlayBody =
        serde_json::from_value(json!({ "connectToken": token, "username": "user_good", "password": "pass_good" }))
            .unwrap();
    assert!(rig.sandbox().visit(url, &play).await.is_err());
    let connection = app.post_as(token, "/connect/complete", json!({})).await.expect(200);
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_at_another_server_that_speaks_plaid() {
    let rig = plaid().await;
    let app = live(&rig, &[("LINKSPAN_PROVIDERS__PLAID__CONSENT_CUSTOMIZATION", "consent")]).await;
    let id = link(&app, &rig).await;
    assert!(app.all(&format!("/accounts?connectionId={id}")).await.len() > 3);
    assert!(!app.all(&format!("/transactions?connectionId={id}")).await.is_empty());
    let added = json!({ "products": ["INVESTMENT_HOLDINGS"] });
    app.post(&format!("/connections/{id}/products"), added).await.expect(200);
    app.settled(&id).await;
    assert!(!app.all(&format!("/investments/holdings?connectionId={id}")).await.is_empty());
    app.post(&format!("/sandbox/connections/{id}/reset-login"), json!({})).await.problem(404, "NOT_FOUND");
    app.delete(&format!("/connections/{id}")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_a_live_consent_screen_needs_its_text() {
    let rig = plaid().await;
    let app = live(&rig, &[]).await;
    let id = link(&app, &rig).await;
    let path = format!("/connections/{id}/repair");
    let wordless = app.post(&path, json!({ "products": ["OWNERS"] })).await.problem(422, "CONSENT_TEXT_MISSING");
    assert!(wordless["detail"].as_str().unwrap().contains("providers.plaid.consent_customization"), "{wordless:#}");
    // What asks for no consent needs no text for it.
    app.post(&path, json!({})).await.expect(201);
    // Also where the consent is that of a product which waits for it.
    assert_eq!(app.add(&id, json!(["OWNERS"])).await.expect(200)["results"][0]["outcome"], "REPAIR_REQUIRED");
    app.post(&path, json!({})).await.problem(422, "CONSENT_TEXT_MISSING");
}
