//! MX's jobs take their time, and exclude each other.

use serde_json::json;

use super::{app, linked_at};
use crate::support::state;

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_history_is_waited_for() {
    // In the older version the extended history is a job after the link.
    let app = app("v20111101").await;
    let slow = json!({ "username": "user_slow_history" });
    let connection = linked_at(&app, "First Platypus Bank", json!({ "products": ["TRANSACTIONS"] }), slow).await;
    let id = connection["id"].as_str().unwrap();
    let path = format!("/connections/{id}");
    app.until(&path, |connection| state(connection, "TRANSACTIONS") == ("PENDING", Some("NOT_READY"))).await;
    app.advance(40).await;
    app.until(&path, |connection| state(connection, "TRANSACTIONS").0 == "AVAILABLE").await;
    let rows = app.all(&format!("/transactions?connectionId={id}")).await;
    let day: chrono::NaiveDate = rows.last().unwrap()["transactionDate"].as_str().unwrap().parse().unwrap();
    assert!((chrono::Utc::now().date_naive() - day).num_days() > 600, "{day}");
    app.assert_faithful();
}
