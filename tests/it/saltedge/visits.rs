//! Visits: what is agreed to and fetched, for how long, by whom, and how one is told from another.

use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use linkspan::config::Mode;
use linkspan::domain::connection::Condition;
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::providers::data::TransactionsRequest;
use linkspan::providers::data::{HistoryProgress, RefreshRequest};
use linkspan::providers::link::{LinkInput, LinkProgress, LinkPurpose};
use linkspan::providers::saltedge;
use serde_json::{Value, json};

use super::{BOTH, rig};
use crate::contract::Rig;

const CONNECT: &str = "/connections/connect";

/// What was sent last to open a visit.
fn asked(rig: &Rig, path: &str) -> Value {
    rig.fidelity.requests(path).pop().unwrap()["data"].clone()
}

fn agreed_without(rig: &Rig, consent_only: Product) -> LinkPurpose {
    let mut placements = Placements { products: [Product::Balances].into(), ..Placements::default() };
    placements.optional_products = rig.claimed().filter(|one| *one != Product::Balances).collect();
    placements.optional_products.remove(&consent_only);
    placements.additional_consented_products = [consent_only].into();
    LinkPurpose::Connect(placements)
}

fn repair(credential: &Secret, fetched: Vec<Product>) -> LinkPurpose {
    let credential = credential.clone();
    LinkPurpose::Repair {
        store_login: false,
        new_accounts: false,
        credential,
        account_selection: false,
        fetched,
        consent: Vec::new(),
        permissions: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_what_is_fetched_is_agreed_to_for_no_longer_than_the_institution_allows() {
    for id in BOTH {
        let rig = Rig::one(id).await;
        let linked = rig.linked(agreed_without(&rig, Product::Transactions), json!({})).await;
        let sent = asked(&rig, CONNECT);
        assert_eq!(sent["consent"]["scopes"], json!(["accounts", "transactions", "holder_info"]), "{id}");
        assert_eq!(sent["attempt"]["fetch_scopes"], json!(["accounts", "holder_info"]), "{id}");
        // The simulated institutions allow half a year.
        assert_eq!(sent["consent"]["period_days"], 180, "{id}");
        // Partners have another default, and each automatic fetch would be one of four in a day.
        assert_eq!(sent["automatic_refresh"], false, "{id}");
        let seen = rig.status(&linked.credential).await;
        let days = (seen.consent_expires_at.unwrap() - rig.clock.now()).num_days();
        assert!((178..=180).contains(&days), "{id}: {days}");
        // A repair keeps what is agreed to, and fetches no more than before.
        rig.begin(repair(&linked.credential, vec![Product::Balances, Product::Owners])).await;
        let connection = &linked.provider_connection_id;
        let again = asked(&rig, &format!("/connections/{connection}/reconnect"));
        assert_eq!(
            (&again["consent"]["period_days"], &again["automatic_refresh"]),
            (&json!(180), &json!(false)),
            "{id}"
        );
        assert_eq!(again["consent"]["scopes"], sent["consent"]["scopes"], "{id}");
        assert_eq!(again["attempt"]["fetch_scopes"], sent["attempt"]["fetch_scopes"], "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e10_who_refreshes_by_itself_is_told_so_and_uses_up_what_the_law_allows() {
    let rig = rig().await;
    let section = [("refresh_by".to_owned(), "provider".into())].into_iter().collect();
    let provider = saltedge::build_partners(section, Mode::Sandbox).unwrap();
    let begun = provider.begin_link(&rig.cx(), &rig.request(rig.everything())).await.unwrap();
    assert_eq!(asked(&rig, CONNECT)["automatic_refresh"], true);
    rig.visit(&begun, json!({})).await;
    let Ok(LinkProgress::Linked(linked)) = rig.ask(&begun.provider_session, None).await else { panic!("not linked") };
    rig.move_clock(chrono::TimeDelta::hours(25));
    rig.sandbox().simulator(rig.spec().id).unwrap().tell_all().await.unwrap();
    let refresh =
        async || provider.refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(rig.spec().refreshable)).await;
    assert_eq!(refresh().await.unwrap_err().code, "ConnectionCannotBeRefreshed", "it has just been");
    for _ in 0..3 {
        rig.move_clock(chrono::TimeDelta::hours(1));
        refresh().await.unwrap();
    }
    rig.move_clock(chrono::TimeDelta::hours(1));
    assert_eq!(refresh().await.unwrap_err().code, "BackgroundFetchLimitExceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_visits_of_one_customer_never_take_the_same_connection() {
    let rig = rig().await;
    let request = |session: &str| {
        let mut request = rig.request(rig.everything());
        (request.session_id, request.customer_ref) = (session.to_owned(), "one-customer".to_owned());
        request
    };
    let begin = async |session: &str| rig.provider().begin_link(&rig.cx(), &request(session)).await.unwrap();
    let (first, second) = (begin("first").await, begin("second").await);
    rig.visit(&second, json!({})).await;
    let look = async |session: &Secret| rig.hand_over(session, None, LinkInput::Nothing).await.unwrap();
    assert!(matches!(look(&first.provider_session).await, LinkProgress::Pending), "it is the second's");
    let LinkProgress::Linked(linked) = look(&second.provider_session).await else {
        panic!("F9: the browser was closed")
    };
    rig.visit(&first, json!({ "username": "user_good+other" })).await;
    let LinkProgress::Linked(other) = look(&first.provider_session).await else { panic!("not linked") };
    assert_ne!(linked.provider_connection_id, other.provider_connection_id);
    // Nor does a repair end by a fetch without the customer.
    let begun = rig.begin(repair(&linked.credential, Vec::new())).await;
    let third = rig.begin(repair(&linked.credential, Vec::new())).await;
    rig.visit(&third, json!({})).await;
    let before = rig.hand_over(&begun.provider_session, Some(&linked.credential), LinkInput::Nothing).await;
    assert!(matches!(before, Ok(LinkProgress::Pending)), "{before:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_comes_back_before_fetching_has_ended() {
    let rig = rig().await;
    let linked = rig.linked(rig.everything(), json!({ "username": "user_slow_history" })).await;
    assert_eq!(rig.status(&linked.credential).await.condition, Condition::HEALTHY);
    let page = async |run_cursor: Option<String>| {
        let request = TransactionsRequest { run_cursor, page_cursor: None, history_days: 730 };
        rig.provider().transactions(&rig.cx(), &linked.credential, &request).await.unwrap()
    };
    let early = page(None).await;
    assert_eq!((early.history, early.added.len()), (HistoryProgress::NotReady, 0));
    rig.move_clock(chrono::TimeDelta::minutes(1));
    assert_eq!(page(None).await.history, HistoryProgress::Recent);
    rig.move_clock(chrono::TimeDelta::minutes(2));
    assert_eq!(page(None).await.history, HistoryProgress::Complete);
}

/// How a visit stands while its attempt is like that.
async fn standing(rig: &Rig, attempt: Value, input: LinkInput) -> LinkProgress {
    let state = Arc::new(Mutex::new(attempt));
    let list = async move || {
        let attempt = state.lock().unwrap().clone();
        Json(json!({ "data": [{ "id": "5", "status": "active", "last_attempt": attempt }], "meta": {} }))
    };
    let foreign = rig.before(Router::new().route("/connections", get(list))).await;
    let session = json!({
        "id": "ours", "customer": "1", "expires_at": rig.clock.now() + chrono::TimeDelta::hours(1),
        "aim": { "connect": { "known": ["4"] } },
    });
    let session = Secret::new(session.to_string());
    let continuation = linkspan::providers::link::LinkContinuation::of(session, None, input);
    rig.provider().continue_link(&foreign.patient(), &continuation).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_linked_once_the_customer_is_not_needed_any_more() {
    let rig = rig().await;
    let way_back = || LinkInput::Callback([("connection_id".to_owned(), "5".to_owned())].into());
    let at = |stage: &str| json!({ "id": "9", "last_stage": { "name": stage } });
    for stage in ["start", "connect", "interactive", "fetch_accounts", "brand_new"] {
        let progress = standing(&rig, at(stage), way_back()).await;
        assert!(matches!(progress, LinkProgress::Pending), "{stage}: {progress:?}");
    }
    for stage in ["fetch_recent", "fetch_full", "finish"] {
        let progress = standing(&rig, at(stage), LinkInput::Nothing).await;
        assert!(matches!(&progress, LinkProgress::Linked(linked) if linked.provider_connection_id == "5"), "{stage}");
    }
    let mut others = at("finish");
    others["custom_fields"] = json!({ "session": "theirs" });
    let progress = standing(&rig, others.clone(), LinkInput::Nothing).await;
    assert!(matches!(progress, LinkProgress::Pending), "{progress:?}");
    others["custom_fields"] = json!({ "session": "ours" });
    assert!(matches!(standing(&rig, others, way_back()).await, LinkProgress::Linked(_)));
}
