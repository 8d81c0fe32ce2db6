//! What the customer does not allow at the institution, and what none of their accounts suits: it is not there, and where it was
//! required, nothing is kept.

use serde_json::{Value, json};

use super::knobs::{Row, at_each};
use super::life::all_are_revoked;
use crate::support::{TestApp, state};

/// Products of which Akoya says what the customer granted, and of which it shows at the others whether anything came: there is no
/// consent by product there.
const SHOWN: [(&str, &[&str]); 3] = [
    ("AKOYA", &["IDENTIFIERS", "OWNERS"]),
    ("MX", &["IDENTIFIERS", "OWNERS", "TRANSACTIONS"]),
    ("YODLEE", &["IDENTIFIERS", "OWNERS"]),
];

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

#[tokio::test(flavor = "multi_thread")]
async fn b2_b12_what_no_account_suits_falls_away_and_where_it_was_required_nothing_is_kept() {
    let app = TestApp::new().await;
    at_each(async |row| {
        // Mesh has accounts of securities alone, and they suit all that it has.
        if row.provider != "MESH" {
            unsuited(&app, row).await;
        }
    })
    .await;
    all_are_revoked(&app, 8).await;
    app.assert_faithful();
}

async fn unsuited(app: &TestApp, row: &Row) {
    let institution = app.institution_at(row.provider, row.institutions[0]).await;
    // What Salt Edge has suits a checking account; so the others alone are wanted there.
    let by_filter = row.provider.starts_with("SALT_EDGE");
    let product = if by_filter { "IDENTIFIERS" } else { "INVESTMENT_HOLDINGS" };
    let play = |username: &str| json!({ "institutionId": institution, "username": username });
    let poor = play(if by_filter { "user_good" } else { "user_checking_only" });
    let start = async |more: Value| {
        let mut asked = json!({
            "products": ["TRANSACTIONS"], "serviceProvider": row.provider, "countryCodes": [row.country()],
            "historyDays": 30, "externalCustomerId": format!("{}-{more}", row.provider),
        });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if by_filter {
            asked["accountFilters"] = json!({ "credit": ["ALL"] });
        }
        app.start(asked).await
    };
    let started = start(json!({ "products": ["TRANSACTIONS", product] })).await;
    let refused = app.play(&started, None, poor.clone()).await.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED");
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{}: {refused:#}", row.provider);
    assert!(errors[0]["detail"].as_str().unwrap().starts_with(product), "{}: {refused:#}", row.provider);
    let open = app.connection(started["connectionId"].as_str().unwrap()).await;
    assert_eq!(open["status"], "IN_PROGRESS", "{}: {open:#}", row.provider);
    if !by_filter {
        // The session is open still.
        let linked = app.play(&started, None, play("user_good")).await.expect(200);
        let linked = app.settled(linked["id"].as_str().unwrap()).await;
        assert_eq!(state(&linked, product), ("AVAILABLE", None), "{}: {linked:#}", row.provider);
    }
    for array in ["requiredIfSupportedProducts", "optionalProducts"] {
        let linked = app.play(&start(json!({ array: [product] })).await, None, poor.clone()).await.expect(200);
        let linked = app.settled(linked["id"].as_str().unwrap()).await;
        let arrays = (&linked[array], &linked["requested"][array]);
        assert_eq!(arrays, (&json!([]), &json!([product])), "{}: {linked:#}", row.provider);
        assert_eq!(
            state(&linked, product),
            ("UNAVAILABLE", Some("NO_COMPATIBLE_ACCOUNT")),
            "{}: {linked:#}",
            row.provider
        );
        assert_eq!(state(&linked, "TRANSACTIONS"), ("AVAILABLE", None), "{}: {linked:#}", row.provider);
        assert_eq!(linked["status"], "ACTIVE", "{}: {linked:#}", row.provider);
    }
}
