//! `…/assets` of a connection: reports are ordered, awaited, read as JSON and as a PDF, and removed, here and at the provider.

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Key, TestApp, state};

/// A connection that has them.
async fn linked(app: &TestApp) -> String {
    app.linked(json!({ "products": ["ASSETS", "TRANSACTIONS"] })).await
}

/// Orders a report; the path of it.
async fn order(app: &TestApp, id: &str) -> String {
    let ordered = app.post(&format!("/connections/{id}/assets"), json!({ "days": 90 })).await.expect(202);
    assert_eq!(ordered["state"], "PENDING");
    format!("/connections/{id}/assets/{}", ordered["reportId"].as_str().unwrap())
}

async fn ready(app: &TestApp, path: &str) -> Value {
    app.until(path, |report| report["state"] != "PENDING").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_ordered_awaited_and_read_as_json_and_pdf() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    let path = order(&app, &id).await;
    // The simulator's report takes a while, as Plaid's do.
    app.get(&format!("{path}/pdf")).await.problem(409, "PRODUCT_NOT_READY");
    let report = ready(&app, &path).await;
    assert_eq!(
        (&report["state"], &report["days"], &report["failureCode"]),
        (&json!("READY"), &json!(90), &Value::Null)
    );
    let sent = app.fidelity.requests("/asset_report/create").pop().unwrap();
    assert_eq!((&sent["days_requested"], &sent["options"]["client_report_id"]), (&json!(90), &report["reportId"]));
    assert!(sent["options"]["webhook"].as_str().unwrap().ends_with("/webhooks/PLAID"), "{sent:#}");
    let shown = report["report"]["accounts"].as_array().unwrap();
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert_eq!(shown.len(), accounts.len());
    for account in &accounts {
        let in_report = shown.iter().find(|one| one["accountId"] == account["id"]).unwrap();
        for field in ["name", "mask", "type", "subtype", "currency"] {
            assert_eq!(in_report[field], account[field], "{field}");
        }
        assert_eq!(in_report["balances"]["current"], account["balances"]["current"]);
        assert_eq!(in_report["institutionName"], "First Platypus Bank");
        assert_eq!(in_report["daysAvailable"], 90);
        assert!(!in_report["owners"].as_array().unwrap().is_empty());
    }
    let checking = shown.iter().find(|one| one["subtype"] == "CHECKING").unwrap();
    let balances = checking["historicalBalances"].as_array().unwrap();
    assert_eq!(balances.len(), 90);
    assert!(balances[0]["date"].as_str() > balances[89]["date"].as_str());
    assert_eq!(balances[0]["currency"], "USD");
    // Its movements are those of the account, in the same signs and decimals.
    let listed = app.all(&format!("/transactions?accountId={}", checking["accountId"].as_str().unwrap())).await;
    let movements = checking["transactions"].as_array().unwrap();
    let posted: Vec<_> = movements.iter().filter(|one| one["status"] == "POSTED").collect();
    assert!(posted.len() > 10);
    for one in posted {
        let same = |row: &&Value| row["description"] == one["description"] && row["amount"] == one["amount"];
        assert!(listed.iter().any(|row| same(&row)), "{one:#}");
    }
    let pdf = app.get(&format!("{path}/pdf")).await;
    assert_eq!((pdf.status, pdf.headers["content-type"].as_str()), (200, "application/pdf"));
    assert!(pdf.body.as_str().unwrap().starts_with("%PDF-"));
    let told = app.events(&id, "asset_reports.updated", 1).await;
    assert_eq!(told, [json!({ "reportId": report["reportId"], "state": "READY" })]);
    // What the report says is not in the list, and a second reading asks nobody.
    let calls = app.fidelity.operations().len();
    let list = app.all(&format!("/connections/{id}/assets")).await;
    assert_eq!((list.len(), list[0]["state"].as_str(), list[0].get("report")), (1, Some("READY"), None));
    assert_eq!(ready(&app, &path).await, report);
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_1_to_731_and_one_key_orders_one_report() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    let path = format!("/connections/{id}/assets");
    for days in [json!(0), json!(732), json!("90"), json!(1.5)] {
        let refused = app.post(&path, json!({ "days": days })).await.problem(400, "INVALID_REQUEST");
        assert_eq!(refused["errors"][0]["pointer"], "/days", "{days}");
    }
    let body = json!({ "days": 731 }).to_string().into_bytes();
    let headers = [("idempotency-key", "report")];
    let ordered = async || app.call("POST", &path, Key::Sandbox, &headers, Some(body.clone())).await.expect(202);
    assert_eq!(ordered().await, ordered().await);
    assert_eq!(app.all(&path).await.len(), 1);
    app.called("/asset_report/create", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_without_the_product_it_says_how_to_add_it_and_a_repair_brings_it() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let path = format!("/connections/{id}/assets");
    let calls = app.fidelity.operations().len();
    let refused = app.post(&path, json!({ "days": 30 })).await.problem(422, "PRODUCT_NOT_PRESENT");
    assert_eq!(refused["remedy"], "REPAIR");
    // Added, it waits for the customer.
    let added = app.add(&id, json!(["ASSETS"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    let waiting = app.post(&path, json!({ "days": 30 })).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(waiting["reasons"], json!(["PRODUCT_CONSENT"]));
    assert_eq!(app.fidelity.operations().len(), calls, "nothing is asked upstream");
    // A8, D6: the repair asks for it by name, and it is captured.
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(app.fidelity.requests("/link/token/create").pop().unwrap()["products"], json!(["assets"]));
    assert_eq!(state(&repaired, "ASSETS"), ("AVAILABLE", None));
    let path = order(&app, &id).await;
    assert_eq!(ready(&app, &path).await["state"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_nothing_is_ordered_while_the_customer_is_needed() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    let path = order(&app, &id).await;
    ready(&app, &path).await;
    let calls = app.fidelity.requests("/asset_report/create").len();
    let left = app.repair(&id, json!({ "accountSelection": true })).await;
    app.play(&left, None, json!({ "password": "wrong" })).await.problem(409, "USER_ACTION_REQUIRED");
    let refused = app.post(&format!("/connections/{id}/assets"), json!({ "days": 30 })).await;
    assert_eq!(refused.problem(409, "USER_ACTION_REQUIRED")["reasons"], json!(["PRODUCT_CONSENT"]));
    app.knob(&id, "reset-login", json!({})).await;
    let refused = app.post(&format!("/connections/{id}/assets"), json!({ "days": 30 })).await;
    let reasons = refused.problem(409, "USER_ACTION_REQUIRED")["reasons"].clone();
    assert!(reasons.as_array().unwrap().contains(&json!("LOGIN")), "{reasons}");
    // F6: what is there stays readable.
    assert_eq!(ready(&app, &path).await["state"], "READY");
    assert_eq!(app.fidelity.requests("/asset_report/create").len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_made_has_failed() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    app.break_route("/asset_report/get").await;
    let path = order(&app, &id).await;
    app.called("/asset_report/get", 1).await;
    // It is lost at the provider while nobody can ask for it.
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let lost = sqlx::query("delete from sandbox.documents where kind = 'plaid.asset_report'");
    assert_eq!(lost.execute(&mut database).await.unwrap().rows_affected(), 1);
    app.break_route("").await;
    let failed = ready(&app, &path).await;
    assert_eq!((&failed["state"], &failed["failureCode"]), (&json!("FAILED"), &json!("INVALID_FIELD")));
    assert_eq!(failed["report"], Value::Null);
    assert_eq!(app.events(&id, "asset_reports.updated", 1).await[0]["state"], "FAILED");
    app.get(&format!("{path}/pdf")).await.problem(409, "PRODUCT_NOT_READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_a_report_is_removed_at_the_provider_alone_or_with_its_connection() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    let first = order(&app, &id).await;
    ready(&app, &first).await;
    app.delete(&first).await.expect(204);
    app.get(&first).await.problem(404, "NOT_FOUND");
    app.called("/asset_report/remove", 1).await;
    let second = order(&app, &id).await;
    ready(&app, &second).await;
    app.delete(&format!("/connections/{id}")).await.expect(204);
    app.get(&second).await.problem(409, "CONNECTION_TERMINAL");
    app.called("/asset_report/remove", 2).await;
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let left = "select (select count(*) from asset_reports) + (select count(*) from sandbox.documents where kind = 'plaid.asset_report')";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_whoever_removes_the_product_and_erases_its_data_has_the_reports_removed_too() {
    let app = TestApp::new().await;
    let id = linked(&app).await;
    let report = order(&app, &id).await;
    ready(&app, &report).await;
    let removed = app.delete(&format!("/connections/{id}/products/ASSETS?data=ERASE")).await.expect(200);
    assert_eq!(removed["billing"], "CONTINUES_UNTIL_CONNECTION_DELETED", "{removed:#}");
    app.called("/asset_report/remove", 1).await;
    app.get(&report).await.problem(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_connections_report_is_unknown_here() {
    let app = TestApp::new().await;
    let (one, other) =
        (linked(&app).await, app.linked_at("Tartan Bank", json!({ "products": ["ASSETS"] }), json!({})).await);
    let path = order(&app, &one).await;
    ready(&app, &path).await;
    let wrong = path.replace(&one, &other);
    app.get(&wrong).await.problem(404, "NOT_FOUND");
    app.get(&format!("{wrong}/pdf")).await.problem(404, "NOT_FOUND");
    app.delete(&wrong).await.problem(404, "NOT_FOUND");
    assert_eq!(ready(&app, &path).await["state"], "READY");
}
