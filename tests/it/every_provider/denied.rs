//! What the customer does not allow at the institution, where the provider knows no consent by product: it shows in what did not come.

use serde_json::{Value, json};

use super::knobs::at_each;
use crate::support::TestApp;

/// Products of which it shows at these providers whether anything came.
const SHOWN: [(&str, &[&str]); 2] =
    [("MX", &["IDENTIFIERS", "OWNERS", "TRANSACTIONS"]), ("YODLEE", &["IDENTIFIERS", "OWNERS"])];

fn state<'a>(connection: &'a Value, product: &str) -> (&'a str, Option<&'a str>) {
    let mut rows = connection["productStates"].as_array().unwrap().iter();
    let row = rows.find(|row| row["product"] == product).unwrap();
    (row["state"].as_str().unwrap(), row["reason"].as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_b12_what_was_denied_is_not_granted() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let Some((_, products)) = SHOWN.iter().find(|(provider, _)| *provider == row.provider) else { return };
        let institution = app.institution_at(row.provider, row.institutions[1]).await;
        for (n, denied) in products.iter().enumerate() {
            let other = if *denied == "TRANSACTIONS" { "IDENTIFIERS" } else { "TRANSACTIONS" };
            let play = |deny: bool| {
                let username = format!("user_good+denies-{}-{n}", row.provider.to_lowercase());
                let deny = if deny { vec![*denied] } else { Vec::new() };
                json!({ "institutionId": institution, "username": username, "deny": deny })
            };
            let asked = json!({ "products": [denied, other], "serviceProvider": row.provider });
            let started = app.start(asked).await;
            let refused = app.play(&started, None, play(true)).await.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED");
            assert_eq!(refused["errors"].as_array().unwrap().len(), 1, "{} {denied}: {refused:#}", row.provider);
            assert!(refused["errors"][0]["detail"].as_str().unwrap().starts_with(denied), "{refused:#}");
            // The session is open still.
            let linked = app.play(&started, None, play(false)).await.expect(200);
            let linked = app.settled(linked["id"].as_str().unwrap()).await;
            assert_eq!(state(&linked, denied), ("AVAILABLE", None), "{} {denied}: {linked:#}", row.provider);
            let asked = json!({ "products": [other], "optionalProducts": [denied], "serviceProvider": row.provider, "allowDuplicate": true });
            let started = app.start(asked).await;
            let linked = app.play(&started, None, play(true)).await.expect(200);
            let linked = app.settled(linked["id"].as_str().unwrap()).await;
            let told = ("UNAVAILABLE", Some("PERMISSION_DENIED"));
            assert_eq!(state(&linked, denied), told, "{} {denied}: {linked:#}", row.provider);
        }
    })
    .await;
}
