//! What is Yodlee's own: logins that only FastLink mends, datasets, its pauses, and the main job through it.

use std::collections::BTreeMap;

use linkspan::bank::Knob;
use linkspan::domain::connection::{Status, StatusReason};
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::providers::FailureKind;
use linkspan::providers::data::{AccountsWanted, HistoryProgress, RefreshRequest, TransactionsRequest};
use linkspan::providers::link::{Launch, LinkInput, LinkProgress, LinkPurpose};
use serde_json::{Value, json};

use crate::contract::Rig;
use crate::support::TestApp;

const NUMBERS: AccountsWanted = AccountsWanted { live_balances: false, identifiers: true, owners: false };

/// The one of the list that this is about, with its simulator.
async fn yodlee() -> Rig {
    Rig::each().await.into_iter().find(|rig| rig.name() == "Yodlee").expect("it is in the list")
}

fn repair(credential: &Secret, consent: Vec<Product>) -> LinkPurpose {
    let credential = credential.clone();
    LinkPurpose::Repair {
        store_login: false,
        new_accounts: false,
        credential,
        account_selection: false,
        fetched: Vec::new(),
        consent,
        permissions: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_two_refreshes_have_a_quarter_of_an_hour_between_them() {
    let rig = yodlee().await;
    let linked = rig.ready().await;
    let refresh = async || {
        rig.provider().refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(&[Product::Transactions])).await
    };
    refresh().await.unwrap();
    let refused = refresh().await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (FailureKind::RateLimit, "Y825"));
    assert_eq!(refused.retry_after.map(|pause| pause.as_secs()), Some(900));
    rig.move_clock(chrono::TimeDelta::minutes(15));
    refresh().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_consent_that_was_taken_back_cannot_be_edited() {
    let rig = yodlee().await;
    let linked = rig.ready().await;
    rig.turn(&linked, Knob::Revoke).await;
    let condition = rig.status(&linked.credential).await.condition;
    assert_eq!((condition.status, condition.reason), (Status::Unrecoverable, Some(StatusReason::RelinkNeeded)));
    let request = rig.request(repair(&linked.credential, Vec::new()));
    let refused = rig.provider().begin_link(&rig.cx(), &request).await.unwrap_err();
    assert_eq!(refused.condition, Some(condition), "{refused}");
    // One that merely ended is renewed by the same visit as a password.
    let other = rig.ready().await;
    rig.turn(&other, Knob::ExpireConsent).await;
    assert_eq!(rig.status(&other.credential).await.condition.reason, Some(StatusReason::TokenExpired));
    let begun = rig.begin(repair(&other.credential, Vec::new())).await;
    rig.visit(&begun, json!({})).await;
    let after = rig.ask(&begun.provider_session, Some(&other.credential)).await;
    assert!(matches!(after, Ok(LinkProgress::Repaired { .. })), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_nothing_of_another_login_is_read_and_the_first_can_come_back() {
    let rig = yodlee().await;
    let linked = rig.ready().await;
    let begun = rig.begin(repair(&linked.credential, Vec::new())).await;
    rig.visit(&begun, json!({ "username": "user_good+other" })).await;
    assert_eq!(rig.ended(&begun, Some(&linked.credential)).await.code, "DIFFERENT_LOGIN");
    let accounts = async || rig.provider().accounts(&rig.cx(), &linked.credential, AccountsWanted::default()).await;
    let refused = accounts().await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (FailureKind::UserAction, "DIFFERENT_LOGIN"));
    let begun = rig.begin(repair(&linked.credential, Vec::new())).await;
    rig.visit(&begun, json!({})).await;
    let after = rig.ask(&begun.provider_session, Some(&linked.credential)).await;
    assert!(matches!(after, Ok(LinkProgress::Repaired { .. })), "{after:?}");
    accounts().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_numbers_come_with_the_configuration_that_has_them_or_after_a_repair() {
    let rig = yodlee().await;
    let placements = Placements { products: [Product::Transactions].into(), ..Placements::default() };
    let linked = rig.linked(LinkPurpose::Connect(placements), json!({})).await;
    assert!(!rig.status(&linked.credential).await.consented.contains(&Product::Identifiers));
    let refused = rig.provider().accounts(&rig.cx(), &linked.credential, NUMBERS).await.unwrap_err();
    assert_eq!((refused.kind, refused.condition), (FailureKind::Unsupported, None), "{refused}");
    let begun = rig.begin(repair(&linked.credential, vec![Product::Identifiers])).await;
    rig.visit(&begun, json!({})).await;
    let Ok(LinkProgress::Repaired { credential: Some(renewed), .. }) =
        rig.ask(&begun.provider_session, Some(&linked.credential)).await
    else {
        panic!("the credential keeps what was asked for")
    };
    assert!(rig.status(&renewed).await.consented.contains(&Product::Identifiers));
    let accounts = rig.provider().accounts(&rig.cx(), &renewed, NUMBERS).await.unwrap();
    assert!(accounts.iter().any(|account| account.identifiers.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_an_attempt_that_comes_to_nothing_leaves_nothing_behind() {
    let rig = yodlee().await;
    for (username, code) in [("user_locked", "ACCOUNT_LOCKED"), ("user_no_accounts", "NO_ACCOUNTS")] {
        let begun = rig.begin(rig.everything()).await;
        rig.visit(&begun, json!({ "username": username })).await;
        assert_eq!(rig.ended(&begun, None).await.code, code);
        let deleted = rig.fidelity.operations().into_iter().filter(|path| path.starts_with("/providerAccounts/"));
        assert!(deleted.count() > 0, "{username}");
        let after = rig.ask(&begun.provider_session, None).await;
        assert!(matches!(&after, Ok(LinkProgress::Ended(end)) if end.is_cancelled()), "{username}: {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fastlink_opens_by_the_form_that_a_browser_posts() {
    let rig = yodlee().await;
    let begun = rig.begin(rig.everything()).await;
    let Launch::FormPost { url, fields } = begun.launch else { panic!("not a form") };
    let http = crate::support::client().build().unwrap();
    let post = async |fields: &BTreeMap<String, String>| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
        form.send().await.unwrap()
    };
    let page = post(&fields).await;
    assert_eq!(page.status(), 200);
    let html = page.text().await.unwrap();
    assert!(html.contains("data-step=\"credentials\""), "{html}");
    let forged = BTreeMap::from([("accessToken".to_owned(), "Bearer forged".to_owned())]);
    assert_eq!(post(&forged).await.status(), 401);
    rig.move_clock(chrono::TimeDelta::minutes(31));
    assert_eq!(post(&fields).await.status(), 401, "its token has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_browser_that_is_closed_at_the_end_loses_nothing() {
    let rig = yodlee().await;
    let request = rig.request(rig.everything());
    let begun = rig.provider().begin_link(&rig.cx(), &request).await.unwrap();
    rig.visit(&begun, json!({})).await;
    let asked = rig.hand_over(&begun.provider_session, None, LinkInput::Nothing).await;
    let Ok(LinkProgress::Linked(linked)) = asked else { panic!("{asked:?}") };
    // Another visit of the same customer does not take it for its own.
    let next = rig.provider().begin_link(&rig.cx(), &request).await.unwrap();
    assert!(matches!(rig.hand_over(&next.provider_session, None, LinkInput::Nothing).await, Ok(LinkProgress::Pending)));
    rig.status(&linked.credential).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_history_that_comes_late_comes_whole() {
    let rig = yodlee().await;
    let linked = rig.linked(rig.everything(), json!({ "username": "user_slow_history" })).await;
    let page = async |run_cursor: Option<String>| {
        let request = TransactionsRequest { run_cursor, page_cursor: None, history_days: 730 };
        rig.provider().transactions(&rig.cx(), &linked.credential, &request).await.unwrap()
    };
    let early = page(None).await;
    assert!(early.history == HistoryProgress::Recent && early.added.is_empty() && !early.has_more);
    rig.move_clock(chrono::TimeDelta::minutes(1));
    let recent = page(Some(early.next_cursor)).await;
    assert!(recent.history == HistoryProgress::Recent && !recent.added.is_empty());
    rig.move_clock(chrono::TimeDelta::minutes(2));
    let whole = page(Some(recent.next_cursor)).await;
    assert_eq!(whole.history, HistoryProgress::Complete);
    assert!(whole.has_more, "two years are more than a page");
}

/// Starts a link that goes through Yodlee, and plays the customer.
async fn linked(app: &TestApp, products: Value) -> Value {
    let path = "/institutions?serviceProvider=YODLEE&query=First%20Platypus";
    let institution = app.get(path).await.expect(200)["data"][0]["id"].clone();
    let body = json!({ "products": products, "serviceProvider": "YODLEE", "institutionId": institution });
    let started = app.start(body).await;
    let play = json!({ "serviceProvider": "YODLEE" });
    let connection = app.play(&started, None, play).await.expect(200);
    app.settled(connection["id"].as_str().unwrap()).await;
    app.get(&format!("/connections/{}", connection["id"].as_str().unwrap())).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_goes_through_yodlee() {
    let app = TestApp::new().await;
    let connection = linked(&app, json!(["BALANCES", "TRANSACTIONS"])).await;
    assert_eq!((&connection["serviceProvider"], &connection["status"]), (&json!("YODLEE"), &json!("ACTIVE")));
    let id = connection["id"].as_str().unwrap();
    let rows = app.get(&format!("/transactions?connectionId={id}")).await.expect(200);
    assert!(!rows["data"].as_array().unwrap().is_empty());
    // The matrix says no: nothing is asked of Yodlee.
    let before = app.fidelity.operations().len();
    let refused = app.add(id, json!(["OWNERS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER", "{refused:#}");
    assert_eq!(app.fidelity.operations().len(), before);
    // A notification at the secret address causes a reading.
    app.knob(id, "reset-login", json!({})).await;
    let broken = app.get(&format!("/connections/{id}")).await.expect(200);
    assert_eq!(broken["status"], "RECONNECT_REQUIRED", "{broken:#}");
    let repaired = app.repaired(id, json!({ "products": ["OWNERS"] }), json!({})).await;
    assert_eq!(repaired["status"], "ACTIVE", "{repaired:#}");
    assert_eq!(repaired["optionalProducts"], json!(["OWNERS"]), "{repaired:#}");
    app.delete(&format!("/connections/{id}")).await.expect(204);
}
