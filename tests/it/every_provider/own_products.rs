//! Products of one provider: elsewhere they are refused, and nobody is asked.

use serde_json::json;

use super::link_all;
use crate::support::document::operations;
use crate::support::{Key, TestApp};

/// Where such products are, below a connection.
const OWN: &[&str] = &["assets", "statements", "signal", "income", "payment", "identity-verification"];

#[tokio::test(flavor = "multi_thread")]
async fn b4_what_one_provider_has_is_refused_elsewhere_without_a_call() {
    let app = TestApp::new().await;
    let nobody = uuid::Uuid::now_v7().to_string();
    for linked in link_all(&app, false).await.into_iter().filter(|linked| linked.provider != "PLAID") {
        let calls = app.fidelity.operations().len();
        let mut refused = 0;
        for operation in operations() {
            let own = |name: &&str| operation.path.starts_with(&format!("/connections/{{connectionId}}/{name}"));
            if !OWN.iter().any(own) {
                continue;
            }
            let path = operation.in_path().iter().fold(operation.path.clone(), |path, name| {
                let id = if name == "connectionId" { &linked.id } else { &nobody };
                path.replace(&format!("{{{name}}}"), id)
            });
            let body = operation.example().map(|mut body| {
                if body.get("accountId").is_some() {
                    body["accountId"] = json!(nobody);
                }
                body.to_string().into_bytes()
            });
            let answer = app.call(operation.method, &path, Key::Sandbox, &[], body).await;
            answer.problem(422, "UNSUPPORTED_BY_PROVIDER");
            refused += 1;
        }
        assert!(refused >= OWN.len(), "{}", linked.provider);
        assert_eq!(app.fidelity.operations().len(), calls, "{} was asked", linked.provider);
    }
}
