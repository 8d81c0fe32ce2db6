//! The main job through the whole server, for the networks that have no larger room of their own here: link, read, add, break,
//! repair, end.

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{TestApp, state};

async fn count(app: &TestApp, query: &'static str) -> i64 {
    let mut connection = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

/// Waits until that many rows are there.
async fn counted(app: &TestApp, query: &'static str, wanted: i64) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while count(app, query).await < wanted {
        assert!(tokio::time::Instant::now() < deadline, "never {wanted}: {query}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

const HEARD: &str = "select count(*) from inbound_webhooks";
const REVOKED: &str = "select count(*) from revocations where confirmed_at is not null";

/// Every product of the connection has its data; the rows of a list.
async fn all_there(app: &TestApp, id: &str) -> Value {
    let connection = app.settled(id).await;
    assert_eq!(connection["status"], "ACTIVE", "{connection:#}");
    for row in connection["productStates"].as_array().unwrap() {
        assert_eq!(row["state"], "AVAILABLE", "{connection:#}");
    }
    connection
}

async fn rows(app: &TestApp, path: &str, id: &str) -> Vec<Value> {
    let rows = app.all(&format!("{path}?connectionId={id}")).await;
    assert!(!rows.is_empty(), "{path}");
    rows
}

/// A checking account of the connection.
async fn checking(app: &TestApp, id: &str) -> String {
    let accounts = rows(app, "/accounts", id).await;
    accounts.iter().find(|one| one["subtype"] == "CHECKING").unwrap()["id"].as_str().unwrap().to_owned()
}

/// A3: what the row of the matrix says no to is refused from what is known here.
async fn refuses(app: &TestApp, id: &str, product: &str) {
    let before = app.fidelity.operations();
    let refused = app.add(id, json!([product])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER", "{refused:#}");
    assert_eq!(app.fidelity.operations(), before);
}

/// A7: what the row says yes to comes without the customer.
async fn brings(app: &TestApp, id: &str, product: &str) {
    app.add(id, json!([product])).await.expect(200);
    let connection = app.settled(id).await;
    assert_eq!(state(&connection, product), ("AVAILABLE", None), "{connection:#}");
}

/// The login breaks, another one mends nothing (D9), and the customer's own does (D4).
async fn breaks_and_is_repaired(app: &TestApp, id: &str) {
    let broken = app.knob(id, "reset-login", json!({})).await;
    assert!(broken["status"] != "ACTIVE", "{broken:#}");
    let before = app.all(&format!("/transactions?connectionId={id}")).await.len();
    let repair = app.repair(id, json!({})).await;
    let other = app.play(&repair, None, json!({ "username": "user_good+other" })).await;
    assert_eq!(other.problem(409, "USER_ACTION_REQUIRED")["attempt"], "DIFFERENT_LOGIN");
    assert_eq!(app.connection(id).await["status"], broken["status"]);
    let repaired = app.repaired(id, json!({}), json!({})).await;
    assert_eq!((&repaired["id"], &repaired["status"]), (&json!(id), &json!("ACTIVE")), "{repaired:#}");
    assert_eq!(app.all(&format!("/transactions?connectionId={id}")).await.len(), before, "nothing is doubled");
}

/// The customer's consent ends, and is given anew.
async fn consent_ends(app: &TestApp, id: &str) {
    let ended = app.knob(id, "expire-consent", json!({})).await;
    assert_eq!(ended["status"], "RECONNECT_REQUIRED", "{ended:#}");
    assert_eq!(app.repaired(id, json!({}), json!({})).await["status"], "ACTIVE");
}

async fn new_accounts(app: &TestApp, id: &str) {
    app.knob(id, "new-accounts", json!({})).await;
    app.events(id, "connection.new_accounts_available", 1).await;
}

/// Deleted here, and ended at the provider too (F7).
async fn ends(app: &TestApp, id: &str) {
    let calls = app.fidelity.operations().len();
    app.delete(&format!("/connections/{id}")).await.expect(204);
    counted(app, REVOKED, 1).await;
    assert!(app.fidelity.operations().len() > calls);
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn finicity_does_the_main_job() {
    let app = TestApp::new().await;
    let body = json!({ "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["BALANCES"],
        "optionalProducts": ["OWNERS", "LIABILITIES", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"] });
    let id = &app.linked_through("FINICITY", "First Platypus Bank", body).await;
    all_there(&app, id).await;
    counted(&app, HEARD, 1).await;
    for path in ["/transactions", "/investments/holdings", "/investments/transactions", "/liabilities"] {
        rows(&app, path, id).await;
    }
    let checking = checking(&app, id).await;
    assert!(app.get(&format!("/accounts/{checking}/owners")).await.expect(200).to_string().contains("names"));
    refuses(&app, id, "INCOME").await;
    brings(&app, id, "IDENTIFIERS").await;
    let numbers = app.get(&format!("/accounts/{checking}/identifiers")).await.expect(200);
    assert!(numbers["ach"]["routing"].is_string(), "{numbers}");
    breaks_and_is_repaired(&app, id).await;
    consent_ends(&app, id).await;
    new_accounts(&app, id).await;
    ends(&app, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finapi_does_the_main_job() {
    let app = TestApp::new().await;
    let body = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["BALANCES", "IDENTIFIERS"],
        "countryCodes": ["DE"], "serviceProvider": "FINAPI" });
    let id = &app.linked_through("FINAPI", "Isarwinkel Universalbank", body).await;
    all_there(&app, id).await;
    rows(&app, "/transactions", id).await;
    let checking = checking(&app, id).await;
    let numbers = app.get(&format!("/accounts/{checking}/identifiers")).await.expect(200);
    assert!(numbers["international"]["iban"].as_str().unwrap().starts_with("DE"), "{numbers}");
    refuses(&app, id, "INVESTMENT_TRANSACTIONS").await;
    brings(&app, id, "OWNERS").await;
    assert!(app.get(&format!("/accounts/{checking}/owners")).await.expect(200).to_string().contains("names"));
    breaks_and_is_repaired(&app, id).await;
    consent_ends(&app, id).await;
    new_accounts(&app, id).await;
    ends(&app, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mesh_does_the_main_job() {
    let app = TestApp::new().await;
    let body = json!({ "products": ["INVESTMENT_HOLDINGS"],
        "optionalProducts": ["BALANCES", "INVESTMENT_TRANSACTIONS"] });
    let id = &app.linked_through("MESH", "First Platypus Bank", body).await;
    all_there(&app, id).await;
    for path in ["/accounts", "/investments/holdings", "/investments/transactions"] {
        rows(&app, path, id).await;
    }
    for product in ["TRANSACTIONS", "OWNERS", "IDENTIFIERS"] {
        refuses(&app, id, product).await;
    }
    // Nothing there is mended: another visit gives new tokens of the same accounts.
    let held = rows(&app, "/investments/holdings", id).await.len();
    breaks_and_is_repaired(&app, id).await;
    assert_eq!(rows(&app, "/investments/holdings", id).await.len(), held);
    ends(&app, id).await;
}
