//! Webhooks without a signature: taken only at the address that the provider was given.

use linkspan::domain::problem::Code;
use linkspan::net::HeaderMap;
use linkspan::providers::Registry;
use linkspan::webhooks::{Inbound, Received};

use super::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_webhook_is_taken_at_its_secret_address_alone() {
    let bench = Bench::new().await;
    let public_url = "http://127.0.0.1:1".to_owned();
    let registry = Registry::of(vec![bench.entry.clone()]);
    let inbound = Inbound::new(bench.store.clone(), registry, bench.clock.clone(), public_url);
    let path = bench.entry.webhook_path(&bench.clock).await.unwrap();
    assert_eq!(bench.entry.webhook_path(&bench.clock).await.unwrap(), path, "it stays");
    let (provider, secret) = (bench.entry.id(), path.rsplit('/').next().unwrap());
    assert!(path.starts_with(&format!("/webhooks/{provider}/")) && secret.len() >= 32, "{path}");
    let receive = async |path: &str| inbound.receive(provider, path, &HeaderMap::new(), b"{}").await;
    let foreign = path.replace(secret, &secret.chars().rev().collect::<String>());
    for wrong in [format!("/webhooks/{provider}"), format!("/webhooks/{provider}/"), foreign] {
        assert_eq!(receive(&wrong).await.unwrap_err().code, Code::Unauthorized, "{wrong}");
    }
    let stored = async || -> i64 {
        sqlx::query_scalar("select count(*) from inbound_webhooks").fetch_one(&mut bench.sql().await).await.unwrap()
    };
    let before = stored().await;
    // A clock that stands at the beginning of a minute: the three calls are in the same.
    let seconds = 60 - chrono::Timelike::second(&bench.clock.now()) as i64;
    bench.clock.set_offset_seconds(seconds);
    assert_eq!(receive(&path).await.unwrap(), Received::Stored);
    assert_eq!(receive(&path).await.unwrap(), Received::Repeated);
    // The same body a while later is other news.
    bench.clock.set_offset_seconds(seconds + 60);
    assert_eq!(receive(&path).await.unwrap(), Received::Stored);
    assert_eq!(stored().await, before + 2);
}
