//! Link, read, add products, repair, delete: in both versions.

use serde_json::{Value, json};

use super::{app, linked, linked_at};
use crate::support::{TestApp, state};

const VERSIONS: [&str; 2] = ["v20250224", "v20111101"];

async fn rows(app: &TestApp, path: &str, id: &str) -> Vec<Value> {
    app.all(&format!("{path}?connectionId={id}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_asked_for_at_the_link_comes() {
    for version in VERSIONS {
        let app = app(version).await;
        let asked = json!({ "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["BALANCES"],
            "optionalProducts": ["IDENTIFIERS", "OWNERS", "LIABILITIES", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"] });
        let id = linked(&app, asked).await;
        let connection = app.connection(&id).await;
        assert_eq!(connection["status"], "ACTIVE", "{version}: {connection:#}");
        for row in connection["productStates"].as_array().unwrap() {
            assert_eq!(row["state"], "AVAILABLE", "{version}: {row}");
        }
        let accounts = rows(&app, "/accounts", &id).await;
        let checking = accounts.iter().find(|one| one["subtype"] == "CHECKING").unwrap();
        let account = checking["id"].as_str().unwrap();
        let numbers = app.get(&format!("/accounts/{account}/identifiers")).await.expect(200);
        assert!(numbers["ach"]["routing"].is_string(), "{version}: {numbers}");
        let owners = app.get(&format!("/accounts/{account}/owners")).await.expect(200);
        assert!(owners.to_string().contains("names"), "{version}: {owners}");
        for path in ["/investments/holdings", "/investments/transactions", "/liabilities"] {
            assert!(!rows(&app, path, &id).await.is_empty(), "{version}: {path}");
        }
        // B15: far more than an ordinary aggregation brings, in the older version by a job of its own.
        let oldest = rows(&app, "/transactions", &id).await.pop().unwrap();
        let day: chrono::NaiveDate = oldest["transactionDate"].as_str().unwrap().parse().unwrap();
        assert!((chrono::Utc::now().date_naive() - day).num_days() > 600, "{version}: {day}");
        let path = format!("/accounts/{account}/processor-tokens");
        let unknown = app.post(&path, json!({ "processor": "PIGGY_BANK" })).await;
        assert_eq!(unknown.status, 422, "{version}: {:#}", unknown.body);
        let token = app.post(&path, json!({ "processor": "DWOLLA" })).await.expect(201);
        assert!(token["token"].is_string(), "{version}");
        app.assert_faithful();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a4_a5_only_what_the_aggregation_brings_anyway_is_added_later() {
    let app = app(VERSIONS[0]).await;
    let id = linked(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    // The reading of what is linked may still go on.
    let asked = || {
        let all = app.fidelity.operations();
        all.iter().filter(|path| ["identify", "owners", "holdings"].iter().any(|part| path.contains(part))).count()
    };
    let calls = asked();
    let refused = app.add(&id, json!(["OWNERS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER");
    let refused = app.add(&id, json!(["INVESTMENT_HOLDINGS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "PREREQUISITE_MISSING");
    assert_eq!(asked(), calls, "a refusal calls nobody");
    let both = json!(["INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"]);
    app.add(&id, both).await.expect(200);
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "INVESTMENT_HOLDINGS"), ("AVAILABLE", None));
    assert!(!rows(&app, "/investments/holdings", &id).await.is_empty());
    let moved = rows(&app, "/investments/transactions", &id).await;
    assert!(moved.iter().any(|one| one["type"] == "BUY"), "{moved:?}");
    // They are movements of investment accounts, and no ordinary transactions too.
    let accounts: Vec<Value> = moved.into_iter().map(|one| one["accountId"].clone()).collect();
    let ordinary = rows(&app, "/transactions", &id).await;
    assert!(ordinary.iter().all(|one| !accounts.contains(&one["accountId"])));
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_by_the_stricter_note_only_what_was_on_the_start_call_opens_the_way() {
    let app = TestApp::with(&[("LINKSPAN_PRODUCTS__MX_INVESTMENT_RULE", "original_call")]).await;
    let id = linked(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    let both = json!(["INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"]);
    let refused = app.add(&id, both.clone()).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!("PREREQUISITE_MISSING")), "{refused:#}");
    assert_eq!(errors[0]["anyOf"], json!(["INVESTMENT_TRANSACTIONS"]));
    assert_eq!(app.connection(&id).await["optionalProducts"], json!([]));
    // Nor does it when it was added later.
    app.add(&id, json!(["INVESTMENT_TRANSACTIONS"])).await.expect(200);
    app.add(&id, json!(["INVESTMENT_HOLDINGS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    // B8: the plan of that link says the same beforehand.
    let asked = json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"], "additionalConsentedProducts": both, "serviceProvider": "MX" });
    let plan = app.post("/connect/plan", asked).await.expect(200);
    let planned = plan["products"].as_array().unwrap().iter().skip(1);
    let ways: Vec<_> = planned.map(|one| (&one["product"], &one["serviceProviders"][0]["activation"])).collect();
    assert_eq!(ways, [(&both[0], &json!("REPAIR")), (&both[1], &json!("PRODUCTS"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_d4_a_broken_login_is_repaired_and_nothing_is_missed_or_doubled() {
    for version in VERSIONS {
        let app = app(version).await;
        let id = linked(&app, json!({ "products": ["TRANSACTIONS"] })).await;
        let before = rows(&app, "/transactions", &id).await.len();
        app.knob(&id, "reset-login", json!({})).await;
        assert_eq!(app.connection(&id).await["status"], "RECONNECT_REQUIRED", "{version}");
        let repair = app.repair(&id, json!({})).await;
        // D9: another login ends the attempt, and the session stays open.
        let other = app.play(&repair, None, json!({ "username": "user_good+other" })).await;
        assert_eq!(other.problem(409, "USER_ACTION_REQUIRED")["attempt"], "DIFFERENT_LOGIN", "{version}");
        assert_eq!(app.connection(&id).await["status"], "RECONNECT_REQUIRED", "{version}");
        let connection = app.repaired(&id, json!({}), json!({})).await;
        assert_eq!(connection["status"], "ACTIVE", "{version}");
        app.knob(&id, "post-transactions", json!({ "count": 3 })).await;
        app.until(&format!("/transactions?connectionId={id}&status=PENDING"), |page| {
            !page["data"].as_array().unwrap().is_empty()
        })
        .await;
        app.settled(&id).await;
        assert_eq!(rows(&app, "/transactions", &id).await.len(), before + 3, "{version}");
        app.delete(&format!("/connections/{id}")).await.expect(204);
        app.assert_faithful();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_at_a_bank_with_its_own_page_denies_and_chooses() {
    let app = app(VERSIONS[0]).await;
    let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"] });
    let connection = linked_at(&app, "Platypus OAuth Bank", asked, json!({ "deny": ["OWNERS"] })).await;
    let connection = app.settled(connection["id"].as_str().unwrap()).await;
    assert_eq!(state(&connection, "TRANSACTIONS").0, "AVAILABLE");
    assert_eq!(state(&connection, "OWNERS").0, "UNAVAILABLE");
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_plain_repair_keeps_what_the_customer_agreed_to() {
    for version in VERSIONS {
        let app = app(version).await;
        let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS", "OWNERS"] });
        let linked = linked_at(&app, "Platypus OAuth Bank", asked, json!({})).await;
        let id = linked["id"].as_str().unwrap();
        app.settled(id).await;
        app.knob(id, "reset-login", json!({})).await;
        let repaired = app.repaired(id, json!({}), json!({})).await;
        for product in ["TRANSACTIONS", "IDENTIFIERS", "OWNERS"] {
            assert_eq!(state(&repaired, product), ("AVAILABLE", None), "{version}: {repaired:#}");
        }
        let accounts = rows(&app, "/accounts", id).await;
        let checking = accounts.iter().find(|one| one["subtype"] == "CHECKING").unwrap()["id"].as_str().unwrap();
        for (part, given) in [("identifiers", "/ach/routing"), ("owners", "/owners/0/names/0")] {
            let answer = app.get(&format!("/accounts/{checking}/{part}")).await.expect(200);
            assert!(answer.pointer(given).is_some_and(Value::is_string), "{version}: {answer:#}");
        }
        app.assert_faithful();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_of_one_customer_never_take_the_same_login() {
    let app = app(VERSIONS[0]).await;
    let asked = || json!({ "products": ["TRANSACTIONS"], "allowDuplicate": true });
    let first = linked_at(&app, "First Platypus Bank", asked(), json!({})).await;
    let second = linked_at(&app, "First Platypus Bank", asked(), json!({ "username": "user_good+other" })).await;
    assert_ne!(first["id"], second["id"]);
    // One who only looked has nothing, although the customer has logins there.
    let third = app.start(asked()).await;
    let look = json!({ "institutionId": app.institution_at("MX", "First Platypus Bank").await, "abandon": true });
    app.play(&third, None, look).await.expect(202);
    let token = third["connectToken"].as_str().unwrap();
    app.post_as(token, "/connect/complete", json!({})).await.expect(202);
}
