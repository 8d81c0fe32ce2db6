//! What the simulated bank says itself: a login linked afresh shows all that an older link of it must have.

use std::collections::BTreeMap;

use chrono::{Timelike, Utc};
use serde_json::{Value, json};

use super::TestApp;

/// How often each transaction is there, by what does not depend on the link.
pub type Rows = BTreeMap<String, usize>;

/// Moves the time to one in the morning, when nothing happens at the bank: what is read now and what is read soon are the same.
pub async fn quiet_hour(app: &TestApp) {
    let seconds = 25 * 3600 - i64::from(Utc::now().num_seconds_from_midnight());
    app.post("/sandbox/clock", json!({ "advanceSeconds": seconds })).await.expect(200);
}

/// A connection's transactions.
pub async fn rows(app: &TestApp, id: &str) -> Rows {
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    let masks: BTreeMap<String, Value> =
        accounts.iter().map(|account| (account["id"].as_str().unwrap().to_owned(), account["mask"].clone())).collect();
    let mut rows = Rows::new();
    for row in app.all(&format!("/transactions?connectionId={id}")).await {
        let mask = &masks[row["accountId"].as_str().unwrap()];
        let facts =
            ["amount", "currency", "description", "status", "transactionDate", "postedDate"].map(|key| &row[key]);
        *rows.entry(format!("{mask} {}", json!(facts))).or_default() += 1;
    }
    rows
}

/// The same of the same login, linked now by another customer.
pub async fn truth(app: &TestApp, products: Value) -> Rows {
    let fresh = app.linked(json!({ "externalCustomerId": "truth", "products": products })).await;
    rows(app, &fresh).await
}

/// Says by which rows the two differ, if they do.
#[track_caller]
pub fn assert_same(left: &Rows, right: &Rows) {
    let only = |one: &Rows, other: &Rows| -> Vec<String> {
        one.iter()
            .filter(|(row, count)| other.get(*row) != Some(*count))
            .map(|(row, count)| format!("{count} x {row}"))
            .collect()
    };
    let (left, right) = (only(left, right), only(right, left));
    assert!(left.is_empty() && right.is_empty(), "only on the left: {left:#?}\nonly on the right: {right:#?}");
}
