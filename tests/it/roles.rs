//! Who may do what: every operation of the document × every kind of key.

use linkspan::store::Role;

use crate::support::document::operations;
use crate::support::{Key, TestApp, World};

/// Readings that a key needs the role `write` for.
const SENSITIVE: &[&str] = &[
    "/accounts/{accountId}/identifiers",
    "/accounts/{accountId}/owners",
    "/connections/{connectionId}/assets/{reportId}",
    "/connections/{connectionId}/assets/{reportId}/pdf",
    "/connections/{connectionId}/identity-verification",
    "/connections/{connectionId}/statements/{statementId}/download",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_its_key_and_role() {
    let app = TestApp::new().await;
    // Of unknown ids, so that nothing is changed: who may not is told so before.
    let world = World::of_start(&app, Key::Sandbox).await.of_nobody();
    let keys = [Role::Read, Role::Write, Role::Admin];
    let keys = futures::future::join_all(keys.map(async |role| (role, app.key_of("another", role).await))).await;
    for operation in operations() {
        let (name, path) = (operation.name(), world.path(operation));
        if path == "/events/stream" {
            // Answered without an end: that it opens is tested beside it.
            continue;
        }
        let ask = async |key: Key<'_>| {
            let body = world.body(operation).map(|body| body.to_string().into_bytes());
            app.call(operation.method, &path, key, &[], body).await.status
        };
        let Some(scheme) = operation.scheme.as_deref() else {
            assert!(ask(Key::Nobody).await != 403, "{name}");
            continue;
        };
        for nobody in [Key::Nobody, Key::Of("lsk_sandbox_nobody_has_this"), Key::Of("lct_nobody_has_this")] {
            assert_eq!(ask(nobody).await, 401, "{name}");
        }
        if scheme == "connectToken" {
            assert_eq!(ask(Key::Sandbox).await, 401, "{name} takes no API key");
            continue;
        }
        assert_eq!(ask(Key::Of(&world.connect_token)).await, 401, "{name} takes no connect token");
        let is_reading = operation.method == "GET" && !SENSITIVE.contains(&operation.path.as_str());
        for (role, key) in &keys {
            let refused = (*role == Role::Read && !is_reading) || operation.path.starts_with("/sandbox/");
            let status = ask(Key::Of(key)).await;
            assert_eq!(status == 403, refused, "{name} with a key of {role:?}: {status}");
            assert_ne!(status, 401, "{name} with a key of {role:?}");
        }
    }
}
