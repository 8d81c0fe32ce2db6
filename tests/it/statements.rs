//! `…/statements` of a connection: listed by the engine, downloaded from the provider.

use chrono::{Datelike, Months, Utc};
use serde_json::{Value, json};

use crate::support::{TestApp, state};

/// The last three whole months, which have statements.
fn range() -> Value {
    let first = Utc::now().date_naive().with_day(1).unwrap();
    json!({ "STATEMENTS": { "from": first - Months::new(3), "to": first.pred_opt().unwrap() } })
}

/// An institution that has none.
const WITHOUT: &str = "Houndstooth Bank";

async fn available(app: &TestApp, id: &str) -> Value {
    app.until(&format!("/connections/{id}"), |one| state(one, "STATEMENTS").0 == "AVAILABLE").await
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_listed_by_month_and_downloaded_as_pdf() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS", "STATEMENTS"], "productOptions": range() })).await;
    let path = format!("/connections/{id}/statements");
    // Plaid's statements are not there at once.
    let connection = available(&app, &id).await;
    assert_eq!(connection["status"], "ACTIVE");
    let events = app.all_events(&id).await;
    let states = events.iter().map(|event| &event["data"]).filter(|data| data["product"] == "STATEMENTS");
    assert_eq!(states.map(|data| &data["to"]).next_back(), Some(&json!("AVAILABLE")));
    let listed = app.all(&path).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    let with_statements: Vec<_> = accounts.iter().filter(|account| account["type"] == "DEPOSITORY").collect();
    assert_eq!(listed.len(), with_statements.len() * 3);
    let months: Vec<_> = listed.iter().map(|one| (one["year"].as_i64(), one["month"].as_i64())).collect();
    assert!(months.is_sorted_by(|one, next| one >= next), "{months:?}");
    // Page by page the same.
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}?limit=2&after={after}")).await.expect(200);
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(paged, listed);
    // Read again, each keeps its id; what is stored asks nobody.
    app.post(&format!("/connections/{id}/refresh"), json!({ "products": ["STATEMENTS"] })).await.expect(202);
    app.settled(&id).await;
    let calls = app.fidelity.operations().len();
    assert_eq!(app.all(&path).await, listed);
    assert_eq!(app.fidelity.operations().len(), calls);
    let first = listed[0]["statementId"].as_str().unwrap();
    let pdf = app.get(&format!("{path}/{first}/download")).await;
    assert_eq!((pdf.status, pdf.headers["content-type"].as_str()), (200, "application/pdf"));
    let text = pdf.body.as_str().unwrap();
    let account = accounts.iter().find(|account| account["id"] == listed[0]["accountId"]).unwrap();
    assert!(text.starts_with("%PDF-") && text.contains(account["mask"].as_str().unwrap()), "{text}");
    app.get(&format!("{path}/{}/download", uuid::Uuid::now_v7())).await.problem(404, "NOT_FOUND");
    // F6: the list stays while the customer is needed, the documents do not come.
    app.knob(&id, "reset-login", json!({})).await;
    assert_eq!(app.all(&path).await, listed);
    app.get(&format!("{path}/{first}/download")).await.problem(409, "USER_ACTION_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_statements_come_through_a_repair() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let path = format!("/connections/{id}/statements");
    let calls = app.fidelity.operations().len();
    assert_eq!(app.get(&path).await.problem(422, "PRODUCT_NOT_PRESENT")["remedy"], "REPAIR");
    let body = json!({ "products": ["STATEMENTS"], "productOptions": range() });
    let added = app.post(&format!("/connections/{id}/products"), body).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(app.get(&path).await.problem(409, "USER_ACTION_REQUIRED")["reasons"], json!(["PRODUCT_CONSENT"]));
    assert_eq!(app.fidelity.operations().len(), calls);
    // A8: captured with no further call.
    app.repaired(&id, json!({}), json!({})).await;
    available(&app, &id).await;
    assert!(!app.all(&path).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_no_empty_list_and_what_was_read_stays() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let (connection, path) = (format!("/connections/{id}"), format!("/connections/{id}/statements"));
    let body = json!({ "products": ["STATEMENTS"], "productOptions": range() });
    app.post(&format!("{connection}/products"), body.clone()).await.expect(200);
    app.break_route("/statements/list").await;
    app.repaired(&id, json!({}), json!({})).await;
    app.get(&path).await.problem(409, "PRODUCT_NOT_READY");
    app.break_route("").await;
    available(&app, &id).await;
    let listed = app.all(&path).await;
    assert!(!listed.is_empty());
    // A15: kept data is data.
    app.delete(&format!("{connection}/products/STATEMENTS?data=KEEP")).await.expect(200);
    assert_eq!(app.all(&path).await, listed);
    assert_eq!(app.get(&format!("{path}?limit=1&after=")).await.expect(200)["data"][0], listed[0]);
    let document = format!("{path}/{}/download", listed[0]["statementId"].as_str().unwrap());
    app.get(&document).await.problem(422, "PRODUCT_NOT_PRESENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_where_the_institution_lacks_it_nothing_is_advised() {
    let app = TestApp::new().await;
    let id = app.linked_at(WITHOUT, json!({ "products": ["TRANSACTIONS"] }), json!({})).await;
    let calls = app.fidelity.operations().len();
    let refused = app.get(&format!("/connections/{id}/statements")).await.problem(422, "UNSUPPORTED_BY_INSTITUTION");
    assert_eq!(refused["remedy"], "NONE");
    let body = json!({ "products": ["STATEMENTS"], "productOptions": range() });
    let added = app.post(&format!("/connections/{id}/products"), body).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!((&added["errors"][0]["code"], &added["errors"][0]["remedy"]), (&refused["code"], &refused["remedy"]));
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_a_refresh_brings_the_statements_since_the_day_that_was_asked_for() {
    let app = TestApp::new().await;
    let first = Utc::now().date_naive().with_day(1).unwrap();
    let (from, to) = (first - Months::new(4), (first - Months::new(2)).pred_opt().unwrap());
    let options = json!({ "STATEMENTS": { "from": from, "to": to } });
    let id = app.linked(json!({ "products": ["TRANSACTIONS", "STATEMENTS"], "productOptions": options })).await;
    available(&app, &id).await;
    let path = format!("/connections/{id}/statements");
    let before = app.all(&path).await;
    app.post(&format!("/connections/{id}/refresh"), json!({ "products": ["STATEMENTS"] })).await.expect(202);
    app.until(&path, |page| page["data"].as_array().unwrap().len() == 2 * before.len()).await;
    let told = app.events(&id, "statements.updated", 2).await;
    assert_eq!(told.iter().map(|event| &event["added"]).collect::<Vec<_>>(), [before.len(), before.len()]);
    let asked = app.fidelity.requests("/statements/refresh");
    let days = |field: &str| asked[0][field].as_str().unwrap().to_owned();
    assert_eq!((asked.len(), days("start_date")), (1, from.to_string()));
    assert!(days("end_date") >= first.to_string());
    // Those that were there keep their ids.
    let after = app.all(&path).await;
    assert!(before.iter().all(|one| after.contains(one)));
    assert!(app.fidelity.requests("/transactions/refresh").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_days_that_came_with_a_repair_hold_for_later_refreshes() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.repaired(&id, json!({ "products": ["STATEMENTS"], "productOptions": range() }), json!({})).await;
    app.add(&id, json!(["STATEMENTS"])).await.expect(200);
    available(&app, &id).await;
    app.post(&format!("/connections/{id}/refresh"), json!({ "products": ["STATEMENTS"] })).await.expect(202);
    app.settled(&id).await;
    let asked = app.fidelity.requests("/statements/refresh");
    assert_eq!((asked.len(), &asked[0]["start_date"]), (1, &range()["STATEMENTS"]["from"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_an_account_that_is_no_longer_shared_takes_its_statements_away() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS", "STATEMENTS"], "productOptions": range() })).await;
    let path = format!("/connections/{id}/statements");
    available(&app, &id).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    let kept = accounts.iter().find(|account| account["subtype"] == "CHECKING").unwrap();
    app.repaired(&id, json!({ "accountSelection": true }), json!({ "accounts": [kept["mask"]] })).await;
    let left = app.all(&path).await;
    assert!(!left.is_empty() && left.iter().all(|one| one["accountId"] == kept["id"]), "{left:?}");
}
