//! Linking, from start to data.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::support::{Key, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_from_start_to_data() {
    let app = TestApp::new().await;
    let started = app
        .start(json!({
            "products": ["BALANCES", "TRANSACTIONS"], "optionalProducts": ["OWNERS"],
            "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"],
        }))
        .await;
    let connection = app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
    assert_eq!(connection["status"], "ACTIVE");
    assert_eq!(connection["additionalConsentedProducts"], json!(["INVESTMENT_HOLDINGS"]));
    let id = connection["id"].as_str().unwrap();
    app.settled(id).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert!(
        accounts.iter().any(|account| account["subtype"] == "CHECKING" && account["balances"]["current"].is_string())
    );
    let transactions = app.all(&format!("/transactions?connectionId={id}")).await;
    assert!(transactions.len() > 1000, "{}", transactions.len());
    assert!(
        transactions.is_sorted_by_key(|row| std::cmp::Reverse(row["transactionDate"].as_str().unwrap().to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_a_session_is_completed_any_number_of_times() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let token = started["connectToken"].as_str().unwrap();
    let pending = app.post_as(token, "/connect/complete", json!({})).await.expect(202);
    assert_eq!(pending, json!({ "state": "PENDING" }));
    let early = app.post_as(token, "/connect/complete", json!({ "publicToken": "public-x" })).await;
    early.problem(409, "USER_ACTION_REQUIRED");
    let id = app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200)["id"].clone();
    for _ in 0..2 {
        assert_eq!(app.post_as(token, "/connect/complete", json!({})).await.expect(200)["id"], id);
    }
    let garbage = app.call("GET", "/connect/session", Key::Of("lct_garbage"), &[], None).await;
    garbage.problem(401, "UNAUTHORIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_required_product_that_is_not_granted_leaves_nothing_behind() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS", "LIABILITIES"] })).await;
    let only_checking = json!({ "username": "user_checking_only" });
    let refused = app.play(&started, Some("First Platypus Bank"), only_checking).await;
    let refused = refused.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED");
    assert!(refused["detail"].as_str().unwrap().contains("LIABILITIES"), "{refused:#}");
    let again = app.post_as(started["connectToken"].as_str().unwrap(), "/connect/complete", json!({})).await;
    again.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED");
    let connection = app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
    assert_eq!(connection["status"], "ACTIVE");
    assert!(app.fidelity.operations().iter().any(|operation| operation == "/item/remove"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_only_the_broadest_required_product_limits_the_accounts_unless_all_are_to_match() {
    let app = TestApp::new().await;
    let bank = app.institution("First Platypus Bank").await;
    for (matching, required, if_supported) in [
        (json!({}), json!(["transactions"]), json!(["auth", "liabilities", "identity"])),
        (json!({ "accountMatch": "ANY" }), json!(["transactions"]), json!(["auth", "liabilities", "identity"])),
        (json!({ "accountMatch": "ALL" }), json!(["auth", "transactions", "liabilities"]), json!(["identity"])),
    ] {
        let mut asked = json!({
            "products": ["TRANSACTIONS", "LIABILITIES", "IDENTIFIERS"], "requiredIfSupportedProducts": ["OWNERS"],
            "institutionId": bank,
        });
        asked.as_object_mut().unwrap().extend(matching.as_object().unwrap().clone());
        let started = app.start(asked).await;
        app.post_as(started["connectToken"].as_str().unwrap(), "/connect/link-token", json!({})).await.expect(200);
        let request = app.fidelity.requests("/link/token/create").pop().unwrap();
        assert_eq!(request["products"], required, "{matching}");
        assert_eq!(request["required_if_supported_products"], if_supported, "{matching}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_goes_on_where_it_was() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let database = app.stop().await;
    let app = TestApp::on(database, &[]).await;
    let connection = app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
    assert_eq!(connection["id"], started["connectionId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_connection_holds_already_is_the_providers_error() {
    let app = TestApp::new().await;
    let first = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"], "externalCustomerId": "another" })).await;
    // The customer is through, but the completion is not.
    app.faults(json!([{ "route": "/item/get", "kind": "HTML" }])).await;
    assert_eq!(app.play(&started, Some("First Platypus Bank"), json!({})).await.status, 502);
    // As after a restore: the item that the provider hands over is on record as the first connection's.
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let moved = sqlx::query(
        "update connections set provider_connection_id = (select id from sandbox.documents
            where kind = 'plaid.item' and id <> connections.provider_connection_id) where id = $1::uuid",
    );
    assert_eq!(moved.bind(&first).execute(&mut database).await.unwrap().rows_affected(), 1);
    app.faults(json!([])).await;

    let token = started["connectToken"].as_str().unwrap();
    for _ in 0..2 {
        let refused = app.post_as(token, "/connect/complete", json!({})).await.problem(502, "PROVIDER_ERROR");
        assert!(refused["detail"].as_str().unwrap().contains("another connection holds already"), "{refused:#}");
    }
    assert_eq!(app.get(&format!("/connections/{first}")).await.expect(200)["status"], "ACTIVE");
    assert!(!app.fidelity.operations().iter().any(|operation| operation == "/item/remove"), "it is still in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_sessions_has_the_steps_of_each() {
    let app = TestApp::new().await;
    let played = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    app.play(&played, Some("First Platypus Bank"), json!({})).await.expect(200);
    let locked = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    app.play(&locked, Some("First Platypus Bank"), json!({ "username": "user_locked" })).await.expect(409);
    app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let sessions = app.all("/connect/sessions").await;
    assert_eq!(sessions.len(), 3);
    for session in &sessions {
        let one = app.get(&format!("/connect/sessions/{}", session["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(one, *session);
    }
    let steps = |number: usize| {
        let steps = sessions[number]["steps"].as_array().unwrap().iter();
        steps.map(|step| step["step"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(steps(0).last(), Some(&"COMPLETED"), "{:?}", steps(0));
    assert_eq!(steps(1).last(), Some(&"ATTEMPT_FAILED"), "{:?}", steps(1));
    assert!(!steps(0).contains(&"ATTEMPT_FAILED") && steps(2).len() < steps(1).len(), "{sessions:#?}");
    // A page has the steps of its own sessions.
    let page = app.get("/connect/sessions?limit=1").await.expect(200);
    assert_eq!(page["data"], json!([sessions[0]]));
}
