//! A connection's whole life at each provider.

use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};
use sqlx::Connection;

use super::{Linked, base, best_institution, claimed, has_data, link_all, rows};
use crate::support::{TestApp, state};

#[tokio::test(flavor = "multi_thread")]
async fn one_customer_links_through_all_nine_reads_repairs_and_deletes() {
    let app = TestApp::new().await;
    let linked = link_all(&app, true).await;
    for one in &linked {
        reads_everything(&app, one).await;
    }
    for one in &linked {
        shows_the_providers_words(&app, one).await;
    }
    for one in &linked {
        breaks_and_is_repaired(&app, one).await;
    }
    for one in &linked {
        assert_eq!(app.delete(&format!("/connections/{}", one.id)).await.status, 204, "{}", one.provider);
        assert_eq!(app.connection(&one.id).await["status"], "DELETED", "{}", one.provider);
        assert_eq!(rows(&app, "/accounts", &one.id).await.len(), 0, "{}", one.provider);
    }
    all_are_revoked(&app, linked.len()).await;
    app.assert_faithful();
}

async fn reads_everything(app: &TestApp, one: &Linked) {
    let connection = app.connection(&one.id).await;
    assert_eq!(connection["status"], "ACTIVE", "{}: {connection:#}", one.provider);
    for &product in &one.products {
        assert_eq!(state(&connection, product.as_str()), ("AVAILABLE", None), "{}: {connection:#}", one.provider);
        assert!(has_data(app, &one.id, product).await, "{}: no {product}", one.provider);
    }
}

/// What the provider itself said of each account, but no full number.
async fn shows_the_providers_words(app: &TestApp, one: &Linked) {
    for account in rows(app, "/accounts", &one.id).await {
        let path = format!("/accounts/{}", account["id"].as_str().unwrap());
        let shown = app.get(&format!("{path}/provider-data")).await.expect(200)["providerData"].clone();
        assert_eq!(shown["serviceProvider"], one.provider, "{shown:#}");
        assert!(!shown["data"].as_object().unwrap().is_empty(), "{}: {shown:#}", one.provider);
        let numbers = app.get(&format!("{path}/identifiers")).await.expect(200);
        let words = texts(&shown["data"]);
        let kinds = ["/ach/account", "/eft/account", "/bacs/account", "/international/iban"];
        for number in kinds.iter().filter_map(|kind| numbers.pointer(kind)?.as_str()) {
            assert!(!words.iter().any(|word| word.contains(number)), "{}: {number} in {shown:#}", one.provider);
        }
    }
}

/// Every text in a document.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_b16_filters_that_leave_no_account_end_the_attempt_and_leave_nothing_behind() {
    let app = TestApp::new().await;
    for provider in ServiceProvider::ALL {
        let name = provider.as_str();
        let claims = claimed(&app, name).await;
        let (institution, products) = best_institution(&app, name, &claims).await;
        let started = app
            .start(json!({
                "products": [base(&products)], "serviceProvider": name, "institutionId": institution["id"],
                "countryCodes": institution["countryCodes"], "accountFilters": { "other": ["ALL"] },
                "externalCustomerId": format!("{name}-filtered"),
            }))
            .await;
        let ended = app.play(&started, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
        assert_eq!(ended["attempt"], "NO_ACCOUNTS", "{name}: {ended:#}");
        let connection = app.connection(started["connectionId"].as_str().unwrap()).await;
        assert_eq!(connection["status"], "IN_PROGRESS", "{name}");
    }
    // Only Plaid leaves the others out itself: there the customer has nothing to choose from.
    all_are_revoked(&app, 8).await;
}

async fn breaks_and_is_repaired(app: &TestApp, one: &Linked) {
    let before = rows(app, "/accounts", &one.id).await;
    let broken = app.knob(&one.id, "reset-login", json!({})).await;
    assert_eq!(broken["actBy"], "CUSTOMER", "{}: {broken:#}", one.provider);
    assert_eq!(broken["repair"]["required"], true, "{}", one.provider);
    assert_eq!(broken["status"], "RECONNECT_REQUIRED", "{}: {broken:#}", one.provider);
    let repaired = app.repaired(&one.id, json!({}), json!({})).await;
    assert_eq!(repaired["status"], "ACTIVE", "{}: {repaired:#}", one.provider);
    let ids = |rows: &[serde_json::Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&rows(app, "/accounts", &one.id).await), ids(&before), "{}: the same accounts", one.provider);
}

/// Every provider has confirmed the end.
pub(super) async fn all_are_revoked(app: &TestApp, count: usize) {
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let query = "select service_provider from revocations where confirmed_at is null order by 1";
        let open: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut database).await.unwrap();
        if open.is_empty() {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "not revoked at {open:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let query = "select count(*) from revocations where confirmed_at is not null";
    let confirmed: i64 = sqlx::query_scalar(query).fetch_one(&mut database).await.unwrap();
    assert_eq!(usize::try_from(confirmed).unwrap(), count);
}
