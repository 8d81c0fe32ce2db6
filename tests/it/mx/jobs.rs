//! MX's jobs take their time, and exclude each other.

use axum::{Json, Router};
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::data::AccountsWanted;
use linkspan::providers::link::LinkPurpose;
use serde_json::{Value, json};

use super::{app, linked, linked_at};
use crate::contract::Rig;
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

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_fetched_though_another_job_has_just_ended() {
    let rig = Rig::one(ServiceProvider::Mx).await;
    let transactions = Placements { products: [Product::Transactions].into(), ..Placements::default() };
    let linked = rig.linked(LinkPurpose::Connect(transactions), json!({})).await;
    let wanted = AccountsWanted { owners: true, ..AccountsWanted::default() };
    let accounts = rig.provider().accounts(&rig.cx(), &linked.credential, wanted).await.unwrap();
    assert!(accounts.iter().any(|account| account.owners.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn movements_alone_have_their_long_history_fetched_too() {
    let app = app("v20111101").await;
    linked(&app, json!({ "products": ["INVESTMENT_TRANSACTIONS"] })).await;
    let asked = app.fidelity.operations().iter().filter(|one| one.ends_with("/extend_history")).count();
    assert_eq!(asked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_told_of_the_long_history_of_movements_alone() {
    let rig = Rig::one(ServiceProvider::Mx).await;
    let widget = async |product: Product| {
        let placements = Placements { products: [product].into(), ..Placements::default() };
        rig.begin(LinkPurpose::Connect(placements)).await;
        let asked = rig.fidelity.operations().into_iter().rfind(|one| one.ends_with("/widget_urls")).unwrap();
        let mut settings = rig.fidelity.requests(&asked).pop().unwrap()["widget_url"].take();
        settings["data_request"]["products"].take()
    };
    let history = |products: &Value| products.to_string().contains("history");
    let (ordinary, moved) = (widget(Product::Transactions).await, widget(Product::InvestmentTransactions).await);
    assert_eq!((history(&ordinary), history(&moved)), (true, true), "{ordinary} {moved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_never_ends_is_not_cut_off() {
    let rig = Rig::one(ServiceProvider::Mx).await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let endless = json!({
        "member": { "guid": linked.provider_connection_id, "connection_status": "CONNECTED" }, "accounts": [],
        "pagination": { "total_entries": 99_000, "total_pages": 99 },
    });
    let foreign = rig.before(Router::new().fallback(async move || Json(endless.clone()))).await;
    let answer = rig.provider().accounts(&foreign.patient(), &linked.credential, AccountsWanted::default()).await;
    assert_eq!(answer.unwrap_err().code, "UNREADABLE_ANSWER");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_does_not_repeat_our_secrets() {
    let rig = Rig::one(ServiceProvider::Mx).await;
    let linked = rig.linked(rig.everything(), json!({})).await;
    let foreign = rig.answering(400, r#"{"error":{"message":"c2FuZGJveDpzYW5kYm94LWtleQ== is sandbox-key"}}"#).await;
    let failure = rig.provider().status(&foreign.patient(), &linked.credential).await.unwrap_err();
    assert_eq!(failure.message, "[secret] is [secret]");
}
