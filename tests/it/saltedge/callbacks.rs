//! Callbacks: signed over the address as it is registered and the body, by the key of the configuration, and young.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use linkspan::bank::Knob;
use linkspan::config::Mode;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::net::HeaderMap;
use linkspan::providers::data::WebhookRefused;
use linkspan::providers::{Provider, Webhook, saltedge};
use serde_json::json;

use super::{BOTH, new_key, private_pem, public_pem, rig, sandbox_key};
use crate::contract::Rig;
use crate::support::TestApp;

/// Both headers, as an operator's own counterpart would make them.
fn signed(key: &KeyPair, url: &str, body: &str) -> HeaderMap {
    let mut signature = vec![0; key.public_modulus_len()];
    let message = format!("{url}|{body}");
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("signature", BASE64_STANDARD.encode(signature).parse().unwrap());
    headers.insert("signature-key-version", "6.0".parse().unwrap());
    headers
}

async fn judged(rig: &Rig, provider: &dyn Provider, webhook: &Webhook<'_>) -> Result<(), WebhookRefused> {
    let key_id = provider.webhook_key_id(webhook).expect("it names a key");
    let key = provider.webhook_key(&rig.cx(), &key_id).await.unwrap();
    provider.verify_webhook(&key, webhook, rig.clock.now())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_the_configuration_verifies_address_and_body() {
    let rig = rig().await;
    let key = new_key();
    let section = json!({
        "app_id": "a", "secret": "s", "private_key": private_pem(&key), "callback_public_key": public_pem(&key),
    });
    let section = serde_json::from_value(section).unwrap();
    let provider = saltedge::build(section, Mode::Live).unwrap();
    let body = json!({
        "data": { "connection_id": "1", "customer_id": "2", "stage": "finish" },
        "meta": { "version": "6", "time": rig.clock.now().to_rfc3339() },
    })
    .to_string();
    let url = "https://link.example/webhooks/SALT_EDGE";
    let headers = signed(&key, url, &body);
    let genuine = Webhook { url, headers: &headers, body: body.as_bytes() };
    assert_eq!(judged(&rig, &*provider, &genuine).await, Ok(()));
    let elsewhere = Webhook { url: "https://link.example/webhooks/SALT_EDGE_PARTNERS", ..genuine };
    assert_eq!(judged(&rig, &*provider, &elsewhere).await, Err(WebhookRefused::Body));
    let other = body.replace("finish", "start");
    assert_eq!(
        judged(&rig, &*provider, &Webhook { body: other.as_bytes(), ..genuine }).await,
        Err(WebhookRefused::Body)
    );
    // The sandbox's own key is another one, in either direction.
    assert_eq!(judged(&rig, rig.provider(), &genuine).await, Err(WebhookRefused::Body));
    let linked = rig.linked(rig.everything(), json!({})).await;
    rig.turn(&linked, Knob::ResetLogin).await;
    let told = rig.webhook(|_| true).await;
    assert_eq!(judged(&rig, rig.provider(), &told.webhook()).await, Ok(()));
    assert_eq!(judged(&rig, &*provider, &told.webhook()).await, Err(WebhookRefused::Body));
    rig.move_clock(chrono::TimeDelta::minutes(61));
    assert_eq!(judged(&rig, &*provider, &genuine).await, Err(WebhookRefused::Age));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_for_one_kind_of_client_is_none_for_the_other() {
    let app = TestApp::new().await;
    let key = sandbox_key();
    let body = json!({ "data": { "connection_id": "1", "stage": "finish" }, "meta": {} }).to_string();
    for (signed_for, other) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let url = |id: ServiceProvider| format!("{}/webhooks/{id}", app.url);
        let headers = signed(&key, &url(signed_for), &body);
        let send = async |url: String| {
            let request = app.http.post(url).headers(headers.clone()).header("content-type", "application/json");
            request.body(body.clone()).send().await.unwrap().status().as_u16()
        };
        assert_eq!(send(url(other)).await, 401);
        assert_eq!(send(url(signed_for)).await, 204);
        assert_eq!(send(url(signed_for)).await, 204, "a replay is taken and does nothing");
    }
}
