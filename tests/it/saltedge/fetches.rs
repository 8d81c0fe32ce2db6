//! Fetches: four a day without the customer, and pending transactions that come back under other ids.

use std::collections::{BTreeMap, BTreeSet};

use linkspan::bank::Knob;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::domain::transaction::TransactionStatus;
use linkspan::providers::FailureKind;
use linkspan::providers::data::{RefreshRequest, TransactionsRequest};
use serde_json::{Value, json};

use super::rig;
use crate::contract::Rig;
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn e3_the_fifth_fetch_of_a_day_without_the_customer_is_refused() {
    let rig = rig().await;
    let linked = rig.ready().await;
    let refresh = async || {
        rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(&[Product::Transactions])).await
    };
    for _ in 0..4 {
        refresh().await.unwrap();
        let soon = refresh().await.unwrap_err();
        assert_eq!((soon.kind, soon.code.as_str()), (FailureKind::RateLimit, "ConnectionCannotBeRefreshed"));
        assert!(soon.retry_after.is_some_and(|pause| (3500..=3600).contains(&pause.as_secs())), "{soon:?}");
        rig.move_clock(chrono::TimeDelta::hours(1));
    }
    let refused = refresh().await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (FailureKind::RateLimit, "BackgroundFetchLimitExceeded"));
    assert!(refused.retry_after.is_some_and(|pause| pause.as_secs() > 3600), "{refused:?}");
    rig.move_clock(chrono::TimeDelta::hours(20));
    refresh().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_agreed_to_is_not_asked_for() {
    let rig = rig().await;
    let mut linked = rig.linked(rig.everything(), json!({ "username": "user_good" })).await;
    rig.pass_time(&mut linked, chrono::TimeDelta::hours(1)).await;
    rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(&[Product::Balances])).await.unwrap();
    let path = format!("/connections/{}/background_refresh", linked.provider_connection_id);
    let sent = rig.fidelity.requests(&path).pop().unwrap();
    assert_eq!(sent["data"]["attempt"]["fetch_scopes"], json!(["accounts"]));
    let placements = linkspan::domain::placement::Placements {
        products: [Product::Balances].into(),
        ..linkspan::domain::placement::Placements::default()
    };
    let purpose = linkspan::providers::link::LinkPurpose::Connect(placements);
    let mut narrow = rig.linked(purpose, json!({ "username": "user_good+other" })).await;
    rig.pass_time(&mut narrow, chrono::TimeDelta::hours(1)).await;
    rig.provider().refresh(&rig.cx(), &narrow.credential, &RefreshRequest::of(rig.spec().refreshable)).await.unwrap();
    let path = format!("/connections/{}/background_refresh", narrow.provider_connection_id);
    assert_eq!(rig.fidelity.requests(&path)[0]["data"]["attempt"]["fetch_scopes"], json!(["accounts"]));
}

/// The ids of what is pending there.
async fn pending(rig: &Rig, credential: &Secret) -> BTreeSet<String> {
    let request = TransactionsRequest { history_days: 30, ..TransactionsRequest::default() };
    let page = rig.provider().transactions(&rig.cx(), credential, &request).await.unwrap();
    let rows = page.added.into_iter().filter(|row| row.status == TransactionStatus::Pending);
    rows.map(|row| row.provider_transaction_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_gives_all_that_is_pending_other_ids() {
    let rig = rig().await;
    let linked = rig.ready().await;
    rig.turn(&linked, Knob::PostTransactions(6)).await;
    let before = pending(&rig, &linked.credential).await;
    rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(&[Product::Transactions])).await.unwrap();
    let after = pending(&rig, &linked.credential).await;
    assert!(!before.is_empty() && !after.is_empty() && before.is_disjoint(&after), "{before:?} {after:?}");
}

/// How often each transaction is there, whatever its id and status.
async fn counted(app: &TestApp, id: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in app.all(&format!("/transactions?connectionId={id}")).await {
        let fields = ["accountId", "transactionDate", "amount", "description"].map(|name| row[name].to_string());
        *counts.entry(fields.join(" ")).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_ones_with_other_ids_are_not_doubled() {
    let app = TestApp::new().await;
    let institution = app.institution_at("SALT_EDGE", "Isarwinkel Universalbank").await;
    let started = app
        .start(json!({ "products": ["TRANSACTIONS"], "serviceProvider": "SALT_EDGE", "countryCodes": ["DE"] }))
        .await;
    // In whose accounts nothing happens by itself.
    let customer = json!({ "institutionId": institution, "username": "user_empty" });
    let played = app.play(&started, None, customer).await.expect(200);
    let id = played["id"].as_str().unwrap();
    app.settled(id).await;
    app.knob(id, "post-transactions", json!({ "count": 6 })).await;
    let is_pending = |page: &Value| !page["data"].as_array().unwrap().is_empty();
    app.until(&format!("/transactions?connectionId={id}&status=PENDING"), is_pending).await;
    app.settled(id).await;
    let before = counted(&app, id).await;
    app.advance(3700).await;
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
    app.settled(id).await;
    let fetched = app.fidelity.operations().iter().filter(|path| path.ends_with("/background_refresh")).count();
    assert_eq!(fetched, 1);
    assert_eq!(counted(&app, id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_repeats_to_each_connection_its_own_answers() {
    let app = TestApp::new().await;
    app.faults_at("SALT_EDGE", json!([{ "route": "/accounts", "kind": "LOOP" }])).await;
    let body = |customer: &str| {
        let (products, countries) = (json!(["BALANCES"]), json!(["DE"]));
        json!({ "products": products, "countryCodes": countries, "externalCustomerId": customer })
    };
    let mut names = BTreeSet::new();
    for customer in ["one", "two"] {
        let id = app.linked_through("SALT_EDGE", "Isarwinkel Universalbank", body(customer)).await;
        let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
        assert!(!accounts.is_empty(), "{:#}", app.connection(&id).await);
        names.insert(id);
    }
    assert_eq!(names.len(), 2);
}
