//! Watches a run from outside, by what it stores, to hit it in the middle of its work.

use std::time::Duration;

use sqlx::PgPool;

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
