//! What is pending and then posted keeps our id, whether the provider says which it was or not, and also where a tip came on top.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::knobs::{Row, at_each, linked};
use crate::support::TestApp;
use crate::transactions::{key, walk};

/// A connection, how far its changes are known, and its pending rows.
struct Followed {
    id: String,
    cursor: String,
    /// What is held for each.
    pending: HashMap<String, f64>,
}

/// Posts so many and follows what that changes.
async fn posted(app: &TestApp, followed: &mut Followed, count: usize) -> [Vec<Value>; 3] {
    app.knob(&followed.id, "post-transactions", json!({ "count": count })).await;
    app.settled(&followed.id).await;
    let (changes, cursor) = walk(app, &followed.id, Some(&followed.cursor), 25).await;
    followed.cursor = cursor;
    changes
}

fn amount(row: &Value) -> f64 {
    row["amount"].as_str().unwrap().parse().unwrap()
}

async fn begin(app: &TestApp, row: &Row) -> Followed {
    let id = linked(app, row, row.institutions[0]).await;
    let (_, cursor) = walk(app, &id, None, 500).await;
    let mut followed = Followed { id, cursor, pending: HashMap::new() };
    let [added, ..] = posted(app, &mut followed, 9).await;
    followed.pending =
        added.iter().filter(|row| row["status"] == "PENDING").map(|row| (key(row), amount(row))).collect();
    assert!(added.len() == 9 && !followed.pending.is_empty(), "{}: {added:#?}", row.provider);
    // At Salt Edge they have other ids now.
    let [added, modified, removed] = posted(app, &mut followed, 1).await;
    let untouched = |row: &Value| !followed.pending.contains_key(&key(row));
    assert!(modified.iter().chain(&removed).all(untouched), "{}: {modified:#?} {removed:#?}", row.provider);
    assert_eq!(added.len(), 1, "{}: {added:#?}", row.provider);
    followed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_row_keeps_the_id_of_its_pending_one() {
    let app = TestApp::new().await;
    let all: Mutex<HashMap<&str, Followed>> = Mutex::default();
    at_each(async |row| {
        // Mesh has no transactions of this kind.
        if row.provider != "MESH" {
            let followed = begin(&app, row).await;
            all.lock().unwrap().insert(row.provider, followed);
        }
    })
    .await;
    // The bank books them within days.
    app.advance(12 * 24 * 3600).await;
    at_each(async |row| {
        let followed = all.lock().unwrap().remove(row.provider);
        let Some(mut followed) = followed else { return };
        let [_, modified, removed] = posted(&app, &mut followed, 1).await;
        let (provider, mut tips) = (row.provider, 0);
        for (id, held) in &followed.pending {
            assert!(removed.iter().all(|row| key(row) != *id), "{provider}: it was removed");
            let posted = modified.iter().find(|row| key(row) == *id);
            let posted = posted.unwrap_or_else(|| panic!("{provider}: it does not come as modified"));
            assert_eq!(posted["status"], "POSTED", "{provider}");
            assert!(posted["postedDate"].is_string(), "{provider}");
            let tip = amount(posted) / held - 1.0;
            assert!(tip == 0.0 || (0.1..0.3).contains(&tip), "{provider}: {tip}");
            tips += usize::from(tip > 0.0);
        }
        assert!(tips > 0, "{provider}: nothing was booked for another amount than was held");
    })
    .await;
}
