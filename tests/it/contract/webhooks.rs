//! Webhooks: those of the provider are taken and understood, others are not.

use linkspan::bank::Knob;
use linkspan::net::HeaderMap;
use linkspan::providers::Webhook;
use linkspan::providers::data::WebhookKey;
use linkspan::providers::spec::WebhookProof;
use serde_json::{Value, json};

use super::rig::{Received, Rig};
use crate::judge::Judge;

/// One for each provider whose webhooks tell of connections or sessions.
async fn telling() -> impl Iterator<Item = Rig> {
    Rig::each().await.into_iter().filter(|rig| rig.spec().webhooks != WebhookProof::Unrelated)
}

/// Whether it says anything: of a connection or, where the provider tells of sessions alone, of one of these.
fn speaks(rig: &Rig, one: &Received) -> bool {
    !rig.provider().read_webhook(&one.body).unwrap().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_webhook_is_taken_and_a_forged_one_is_not() {
    for rig in telling().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        rig.turn(&linked, Knob::ResetLogin).await;
        let one = rig.webhook(|one| speaks(&rig, one)).await;
        let provider = rig.provider();
        if rig.spec().webhooks == WebhookProof::SecretPath {
            continue;
        }
        let genuine = one.webhook();
        let key_id = provider.webhook_key_id(&genuine).expect("it names a key");
        let key = provider.webhook_key(&rig.cx(), &key_id).await.unwrap();
        let now = rig.clock.now();
        assert_eq!(provider.verify_webhook(&key, &genuine, now), Ok(()), "{}", rig.name());
        if provider.webhook_signature(&genuine).is_some() {
            is_bound_to_its_body(&rig, &key, &one).await;
        }
        let bare = Webhook { headers: &HeaderMap::new(), ..genuine };
        assert!(provider.webhook_key_id(&bare).is_none(), "{}", rig.name());
        assert!(provider.verify_webhook(&key, &bare, now).is_err(), "{}: bare", rig.name());
        for odd in [&b""[..], b"{", b"null", b"[]", b"{}", b"\xff"] {
            let _ = provider.read_webhook(odd);
        }
    }
}

/// A signature, other than a password, is good for one body. How long, each provider's own tests say.
async fn is_bound_to_its_body(rig: &Rig, key: &WebhookKey, one: &Received) {
    let (provider, genuine, now) = (rig.provider(), one.webhook(), rig.clock.now());
    let body = [&one.body[..], b" "].concat();
    let forged = Webhook { body: &body, ..genuine };
    assert!(provider.verify_webhook(key, &forged, now).is_err(), "{}: forged", rig.name());
    let other = rig.webhook(|other| other.body != one.body).await;
    let mixed = Webhook { headers: &other.headers, ..genuine };
    assert!(provider.verify_webhook(key, &mixed, now).is_err(), "{}: mixed", rig.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_of_a_simulator_is_as_the_provider_describes_it() {
    for rig in telling().await {
        let linked = rig.ready().await;
        for knob in [Knob::PostTransactions(3), Knob::NewAccounts, Knob::ExpireConsent] {
            rig.turn(&linked, knob).await;
        }
        rig.webhook(|one| speaks(&rig, one)).await;
        let Some(judge) = Judge::of(&rig.spec().id.as_str().to_lowercase().replace('_', "")) else { continue };
        for one in rig.received() {
            let body: Value = serde_json::from_slice(&one.body).unwrap();
            assert_eq!(judge.webhook(&body), Ok(()), "{}: {body:#}", rig.name());
        }
    }
}
