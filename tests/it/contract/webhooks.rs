//! Webhooks: those of the provider are taken and understood, others are not.

use chrono::TimeDelta;
use linkspan::bank::Knob;
use linkspan::providers::HintSubject;
use serde_json::{Value, json};

use super::rig::{Received, Rig};
use crate::judge::Judge;

/// Whether it is about that connection.
fn about(rig: &Rig, one: &Received, connection: &str) -> bool {
    let hints = rig.provider().read_webhook(&one.body).unwrap();
    hints.iter().any(|hint| hint.subject == HintSubject::Connection(connection.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_webhook_is_taken_and_a_forged_or_old_one_is_not() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        rig.turn(&linked, Knob::ResetLogin).await;
        let one = rig.webhook(|one| about(&rig, one, &linked.provider_connection_id)).await;
        let provider = rig.provider();
        let key_id = provider.webhook_key_id(&one.headers).expect("it names a key");
        let key = provider.webhook_key(&rig.cx(), &key_id).await.unwrap();
        let now = rig.clock.now();
        assert_eq!(provider.verify_webhook(&key, &one.headers, &one.body, now), Ok(()), "{}", rig.name());
        assert!(provider.webhook_signature(&one.headers).is_some(), "{}", rig.name());
        let later = now + TimeDelta::days(1);
        assert!(provider.verify_webhook(&key, &one.headers, &one.body, later).is_err(), "{}: old", rig.name());
        let forged = [&one.body[..], b" "].concat();
        assert!(provider.verify_webhook(&key, &one.headers, &forged, now).is_err(), "{}: forged", rig.name());
        let other = rig.webhook(|other| other.body != one.body).await;
        assert!(provider.verify_webhook(&key, &other.headers, &one.body, now).is_err(), "{}: mixed", rig.name());
        let bare = linkspan::net::HeaderMap::new();
        assert!(provider.webhook_key_id(&bare).is_none(), "{}", rig.name());
        assert!(provider.verify_webhook(&key, &bare, &one.body, now).is_err(), "{}: bare", rig.name());
        for odd in [&b""[..], b"{", b"null", b"[]", b"{}", b"\xff"] {
            let _ = provider.read_webhook(odd);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_of_a_simulator_is_as_the_provider_describes_it() {
    for rig in Rig::each().await {
        let linked = rig.ready().await;
        for knob in [Knob::PostTransactions(3), Knob::NewAccounts, Knob::ExpireConsent] {
            rig.turn(&linked, knob).await;
        }
        rig.webhook(|one| about(&rig, one, &linked.provider_connection_id)).await;
        let Some(judge) = Judge::of(&rig.spec().id.as_str().to_lowercase().replace('_', "")) else { continue };
        for one in rig.received() {
            let body: Value = serde_json::from_slice(&one.body).unwrap();
            assert_eq!(judge.webhook(&body), Ok(()), "{}: {body:#}", rig.name());
        }
    }
}
