//! Watches a run from outside, by what it stores, to hit it in the middle of its work.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use super::TestApp;

/// Lets the provider refuse every other page for a second, so that a run lasts long enough to be hit in its middle.
pub async fn slow_pages(app: &TestApp) {
    let busy =
        json!({ "route": "/transactions/sync", "kind": "STATUS", "status": 503, "retryAfter": 1, "probability": 0.5 });
    app.faults(json!([busy])).await;
}

/// Waits until the first run on a connection has stored a page of transactions but not its last; false if it was too quick to be seen.
pub async fn between_pages(database: &PgPool, connection_id: &str) -> bool {
    let state = "select page_cursor is not null, wanted > 0 and done >= wanted from connection_products
        where connection_id = $1::uuid and product = 'TRANSACTIONS'";
    loop {
        let state: (bool, bool) = sqlx::query_as(state).bind(connection_id).fetch_one(database).await.unwrap();
        match state {
            (true, _) => return true,
            (_, true) => return false,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}
