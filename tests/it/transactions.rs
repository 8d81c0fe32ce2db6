//! Transactions as they are read and followed.

use std::collections::BTreeMap;

use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};

use crate::support::TestApp;

/// Everything from that cursor on: what came, what changed, what went; and where the next walk begins.
pub async fn walk(app: &TestApp, id: &str, after: Option<&str>, limit: u32) -> ([Vec<Value>; 3], String) {
    let (mut found, mut after) = ([Vec::new(), Vec::new(), Vec::new()], after.map(str::to_owned));
    for _ in 0..2000 {
        let from = after.as_ref().map(|after| format!("&after={after}")).unwrap_or_default();
        let page = app.get(&format!("/transactions/sync?connectionId={id}&limit={limit}{from}")).await.expect(200);
        for (list, name) in found.iter_mut().zip(["added", "modified", "removed"]) {
            list.extend(page[name].as_array().unwrap().iter().cloned());
        }
        after = page["nextCursor"].as_str().map(str::to_owned);
        if page["hasMore"] == json!(false) {
            return (found, after.unwrap());
        }
    }
    panic!("the walk never ends");
}

pub fn key(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_from_any_cursor_ends_where_the_list_is_and_posted_rows_keep_their_ids() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "historyDays": 60 })).await;
    let ([added, modified, removed], cursor) = walk(&app, &id, None, 25).await;
    assert!((added.len() > 50, modified.len(), removed.len()) == (true, 0, 0));
    let mut known: BTreeMap<String, Value> = added.into_iter().map(|row| (key(&row), row)).collect();
    app.knob(&id, "post-transactions", json!({ "count": 9 })).await;
    let ([added, ..], cursor) = walk(&app, &id, Some(&cursor), 4).await;
    let pending: Vec<String> = added.iter().filter(|row| row["status"] == "PENDING").map(key).collect();
    assert!(added.len() == 9 && !pending.is_empty());
    known.extend(added.into_iter().map(|row| (key(&row), row)));
    // The bank books them within days; a few held amounts are given free again.
    app.advance(12 * 24 * 3600).await;
    app.knob(&id, "post-transactions", json!({ "count": 1 })).await;
    app.settled(&id).await;
    let ([added, modified, removed], _) = walk(&app, &id, Some(&cursor), 7).await;
    for id in &pending {
        let posted = modified.iter().find(|row| key(row) == *id).expect("it comes as modified");
        assert_eq!(posted["status"], "POSTED");
        assert!(posted["postedDate"].is_string() && !removed.iter().any(|row| key(row) == *id));
    }
    known.extend(added.into_iter().chain(modified).map(|row| (key(&row), row)));
    for row in &removed {
        assert!(known.remove(&key(row)).is_some(), "only what was there goes");
    }
    let listed = app.all(&format!("/transactions?connectionId={id}")).await;
    assert_eq!(listed.len(), known.len());
    assert!(listed.iter().all(|row| known.get(&key(row)) == Some(row)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_b15_no_other_accounts_and_no_more_history_are_kept_than_were_asked_for() {
    const US: &str = "First Platypus Bank";
    const GERMAN: &str = "Isarwinkel Universalbank";
    let app = TestApp::new().await;
    let table = [
        ("PLAID", US),
        ("FINICITY", US),
        ("MX", US),
        ("YODLEE", US),
        ("SALT_EDGE", GERMAN),
        ("SALT_EDGE_PARTNERS", GERMAN),
        ("MESH", US),
        ("AKOYA", "Tartan Bank"),
        ("FINAPI", GERMAN),
    ];
    assert_eq!(table.len(), ServiceProvider::ALL.len());
    for (provider, bank) in table {
        // Mesh has accounts of securities alone.
        let (product, kind, subtype, path) = match provider {
            "MESH" => ("INVESTMENT_TRANSACTIONS", "investment", "BROKERAGE", "/investments/transactions"),
            _ => ("TRANSACTIONS", "depository", "CHECKING", "/transactions"),
        };
        let body = json!({
            "products": [product], "serviceProvider": provider, "historyDays": 30, "accountFilters": { kind: [subtype] },
            "countryCodes": [if bank == GERMAN { "DE" } else { "US" }],
        });
        let id = app.linked_through(provider, bank, body).await;
        let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
        assert!(!accounts.is_empty(), "{provider}");
        assert!(accounts.iter().all(|account| account["subtype"] == subtype), "{provider}: {accounts:#?}");
        let connection = app.connection(&id).await;
        let linked: chrono::DateTime<chrono::Utc> = connection["createdAt"].as_str().unwrap().parse().unwrap();
        let first = (linked.date_naive() - chrono::Days::new(30)).to_string();
        let rows = app.all(&format!("{path}?connectionId={id}")).await;
        let oldest = rows.iter().map(|row| row["transactionDate"].as_str().unwrap()).min().unwrap();
        assert!(oldest >= first.as_str(), "{provider}: {oldest} before {first}");
        if product == "TRANSACTIONS" {
            assert_eq!(connection["historyFrom"], oldest, "{provider}");
        }
    }
    // Who can be told downloads nothing else; the others are not stored.
    let form = app.fidelity.requests("/api/webForms/bankConnectionImport").pop().unwrap();
    assert_eq!((&form["accountTypes"], &form["maxDaysForDownload"]), (&json!(["CHECKING"]), &json!(30)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_and_newest_first() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "historyDays": 90 })).await;
    let all = app.all(&format!("/transactions?connectionId={id}")).await;
    let place = |row: &Value| (std::cmp::Reverse(row["transactionDate"].to_string()), key(row));
    assert!(all.is_sorted_by_key(place));
    let date = all[all.len() / 2]["transactionDate"].as_str().unwrap();
    let (account, category) = (all[0]["accountId"].as_str().unwrap(), all[0]["category"].as_str().unwrap());
    type Test<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let filters: [(String, Test<'_>); 5] = [
        (format!("from={date}"), Box::new(|row| row["transactionDate"].as_str().unwrap() >= date)),
        (format!("to={date}"), Box::new(|row| row["transactionDate"].as_str().unwrap() <= date)),
        (format!("accountId={account}"), Box::new(|row| row["accountId"] == account)),
        (format!("category={category}"), Box::new(|row| row["category"] == category)),
        ("status=PENDING".to_owned(), Box::new(|row| row["status"] == "PENDING")),
    ];
    for (filter, test) in filters {
        let expected: Vec<&Value> = all.iter().filter(|row| test(row)).collect();
        let found = app.all(&format!("/transactions?connectionId={id}&{filter}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
    }
    assert_eq!(app.get(&format!("/transactions/{}", key(&all[0]))).await.expect(200), all[0]);
    for day in ["yesterday", "-4713-01-01", "-9999-12-31", "0000-01-01", "+10000-01-01"] {
        for path in ["/transactions?from", "/transactions?to", "/investments/transactions?from"] {
            app.get(&format!("{path}={day}")).await.problem(400, "INVALID_REQUEST");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_one_connection() {
    let app = TestApp::new().await;
    let body = || json!({ "products": ["TRANSACTIONS"], "historyDays": 60, "allowDuplicate": true });
    let (one, other) = (app.linked(body()).await, app.linked(body()).await);
    let (_, cursor) = walk(&app, &one, None, 500).await;
    let refused = app.get(&format!("/transactions/sync?connectionId={other}&after={cursor}")).await;
    assert_eq!(refused.problem(400, "INVALID_REQUEST")["errors"][0]["pointer"], "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_of_a_deleted_connection_are_gone_with_it() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "historyDays": 30 })).await;
    let (_, cursor) = walk(&app, &id, None, 500).await;
    app.delete(&format!("/connections/{id}")).await.expect(204);
    let answer = app.get(&format!("/transactions/sync?connectionId={id}&after={cursor}")).await;
    answer.problem(409, "CONNECTION_TERMINAL");
}
