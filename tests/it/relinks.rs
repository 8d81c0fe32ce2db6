//! Linking anew under the same connection (rules G1 and G2).

use std::collections::BTreeMap;

use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::bench::{Bench, Linked};
use crate::support::network::{Books, Row};
use crate::support::{Customer, TestApp, essence, state, truth};

/// A connection whose link is lost for good.
async fn lost(app: &TestApp, asked: Value) -> String {
    let id = app.linked(asked).await;
    app.knob(&id, "revoke", json!({})).await;
    let repair = app.repair(&id, json!({})).await;
    app.play(&repair, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn f4_what_needs_a_fresh_link_is_not_made_less_by_another_look() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    // The reading finds that the permission was taken back, which by itself a repair would mend.
    app.knob(&id, "revoke", json!({})).await;
    assert_eq!(app.repair(&id, json!({})).await["mode"], "RELINK");
}

async fn launch(app: &TestApp, repair: &Value) -> String {
    let token = repair["connectToken"].as_str().unwrap();
    let launched = app.post_as(token, "/connect/link-token", json!({})).await.expect(200);
    launched["launch"]["url"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_d4_leaving_changes_nothing_and_a_link_that_lacks_what_is_required_is_removed() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS", "INVESTMENT_HOLDINGS"] })).await;
    let before = app.connection(&id).await;
    let transactions = app.all(&format!("/transactions?connectionId={id}")).await;
    let repair = app.repair(&id, json!({})).await;
    assert_eq!(repair["mode"], "RELINK");
    app.play(&repair, None, json!({ "abandon": true })).await.expect(202);
    assert_eq!(essence(&app.connection(&id).await), essence(&before));
    // The institution is the connection's own.
    let token = repair["connectToken"].as_str().unwrap();
    let elsewhere = json!({ "institutionId": app.institution("Tattersall Federal Credit Union").await });
    app.post_as(token, "/connect/link-token", elsewhere).await.problem(400, "INVALID_REQUEST");
    let lacking = app.play(&repair, None, json!({ "username": "user_checking_only" })).await;
    let lacking = lacking.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED");
    assert!(lacking["detail"].as_str().unwrap().contains("INVESTMENT_HOLDINGS"), "{lacking:#}");
    app.called("/item/remove", 1).await;
    assert_eq!(essence(&app.connection(&id).await), essence(&before));
    assert_eq!(app.all(&format!("/transactions?connectionId={id}")).await, transactions);
    let linked = app.play(&repair, None, json!({})).await.expect(200);
    assert_eq!((&linked["id"], &linked["status"]), (&json!(id), &json!("ACTIVE")));
    let removed = app.fidelity.requests("/item/remove")[0]["access_token"].clone();
    app.called("/item/remove", 2).await;
    let old = app.fidelity.requests("/item/remove")[1]["access_token"].clone();
    app.settled(&id).await;
    let last = app.fidelity.requests("/transactions/sync").pop().unwrap()["access_token"].clone();
    assert!(last != removed && last != old, "what is read is the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a8_what_was_added_or_asked_for_meanwhile_comes_with_the_new_link() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["IDENTIFIERS"] })).await;
    let added = app.add(&id, json!(["OWNERS"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(state(&app.connection(&id).await, "OWNERS").0, "CONSENT_REQUIRED");
    let linked = app.repaired(&id, json!({ "products": ["LIABILITIES"] }), json!({})).await;
    assert_eq!(
        (&linked["products"], &linked["optionalProducts"], &linked["additionalConsentedProducts"]),
        (&json!(["TRANSACTIONS"]), &json!(["OWNERS"]), &json!(["IDENTIFIERS", "LIABILITIES"]))
    );
    assert_eq!(state(&linked, "OWNERS"), ("AVAILABLE", None));
    assert_eq!(state(&linked, "LIABILITIES"), ("CONSENTED", None));
    let asked = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!((&asked["access_token"], &asked["products"]), (&Value::Null, &json!(["transactions"])));
    assert_eq!(app.events(&id, "connection.repaired", 1).await[0]["mode"], "RELINK");
    assert_eq!(app.events(&id, "connection.recovered", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_another_login_brings_its_own_accounts_and_the_old_ones_are_removed() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    let old = app.all(&format!("/accounts?connectionId={id}&status=OPEN")).await;
    app.repaired(&id, json!({}), json!({ "username": "user_good+other" })).await;
    let removed = app.events(&id, "accounts.removed", 1).await;
    assert_eq!(removed[0]["accountIds"].as_array().unwrap().len(), old.len());
    let accounts = app.all(&format!("/accounts?connectionId={id}&status=OPEN")).await;
    assert!(!accounts.is_empty() && accounts.iter().all(|one| old.iter().all(|other| other["id"] != one["id"])));
    let left = app.all(&format!("/transactions?connectionId={id}")).await;
    assert!(left.iter().all(|row| accounts.iter().any(|one| one["id"] == row["accountId"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_the_feed_of_changes_goes_on_where_it_was() {
    let app = TestApp::new().await;
    truth::quiet_hour(&app).await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    let before = truth::rows(&app, &id).await;
    let changes = async |after: String| {
        let page = app.get(&format!("/transactions/sync?connectionId={id}&limit=500{after}")).await.expect(200);
        (page["hasMore"] == true, format!("&after={}", page["nextCursor"].as_str().unwrap()), page)
    };
    let (mut more, mut cursor, _) = changes(String::new()).await;
    while more {
        (more, cursor, _) = changes(cursor).await;
    }
    // Nobody sees these until there is a link again.
    app.knob(&id, "post-transactions", json!({ "count": 3 })).await;
    assert_eq!(truth::rows(&app, &id).await, before);
    app.repaired(&id, json!({}), json!({})).await;
    let (_, _, page) = changes(cursor).await;
    assert_eq!(page["added"].as_array().unwrap().len(), 3, "{page:#}");
    assert_eq!((&page["removed"], &page["hasMore"]), (&json!([]), &json!(false)), "{page:#}");
    truth::assert_same(&truth::rows(&app, &id).await, &truth::truth(&app, json!(["TRANSACTIONS"])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_f9_what_appears_for_an_older_session_is_removed_and_not_what_is_linked() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    let late = Customer::new(&app, &launch(&app, &app.repair(&id, json!({})).await).await);
    late.until("accounts").await;
    app.repaired(&id, json!({}), json!({})).await;
    app.called("/item/remove", 1).await;
    late.finish().await;
    app.called("/item/remove", 2).await;
    let read = || app.fidelity.requests("/transactions/sync").pop().unwrap()["access_token"].clone();
    app.knob(&id, "post-transactions", json!({})).await;
    assert_eq!(app.connection(&id).await["status"], "ACTIVE");
    assert!(app.fidelity.requests("/item/remove").iter().all(|request| request["access_token"] != read()));
}

/// The customer does all of theirs, but the link cannot be settled: either this is told, or that somebody else is at it (the
/// provider's webhook asks for the same).
async fn play_in_vain(app: &TestApp, session: &Value) {
    let answer = app.play(session, None, json!({})).await;
    assert!(
        answer.status >= 500 || answer.body == json!({ "state": "PENDING" }),
        "{} {:#}",
        answer.status,
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_what_was_handed_over_is_settled_later_or_given_back() {
    let app = TestApp::new().await;
    let id = lost(&app, json!({ "products": ["TRANSACTIONS"] })).await;
    let exchanges = || app.fidelity.requests("/item/public_token/exchange").len();
    let before = exchanges();
    // The new object is there, but cannot be looked at.
    let first = app.repair(&id, json!({})).await;
    app.break_route("/item/get").await;
    play_in_vain(&app, &first).await;
    assert_eq!((exchanges(), &app.connection(&id).await["status"]), (before + 1, &json!("UNRECOVERABLE")));
    // A new session takes its place: nobody will settle it.
    let second = app.repair(&id, json!({})).await;
    // What failed so far may have opened the breaker, which a fault that is set anew closes.
    app.break_route("/item/get").await;
    app.called("/item/remove", 1).await;
    play_in_vain(&app, &second).await;
    app.break_route("").await;
    let token = second["connectToken"].as_str().unwrap();
    for _ in 0..2 {
        let done = app.post_as(token, "/connect/complete", json!({})).await.expect(200);
        assert_eq!((&done["id"], &done["status"]), (&json!(id), &json!("ACTIVE")));
    }
    assert_eq!(exchanges(), before + 2);
    app.settled(&id).await;
    assert_eq!(app.events(&id, "connection.repaired", 1).await.len(), 1);
}

fn row(account: &str, cents: i64, pending: bool) -> Row {
    Row { account: account.into(), cents, tip: 0, pending, replaces: None }
}

/// Our ids, by the provider's.
async fn ids(linked: &Linked<'_>) -> BTreeMap<String, Uuid> {
    let (changes, _) = linked.changes(-1).await;
    changes.into_iter().filter_map(|(id, name)| Some((name?, id))).collect()
}

/// Another link of the same login, with these books.
async fn link_anew(linked: &Linked<'_>, account: &str, books: Books) {
    let mut tx = linked.bench.begin().await;
    tx.leave_link(linked.id, linked.bench.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut world = linked.network.world();
    world.accounts = [account.to_owned()].into();
    world.epoch += 1;
    world.set_books(books);
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_what_a_new_link_delivers_again_is_not_told_and_what_it_lacks_stays() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    let old = [("t1", 100, false), ("t2", 200, false), ("t3", 200, false), ("p1", 300, true), ("p2", 400, true)];
    let old = old.map(|(id, cents, pending)| (id.to_owned(), row("checking", cents, pending)));
    linked.network.world().set_books(old.into());
    assert_eq!(linked.read().await, Next::Done);
    let (before, (_, last)) = (ids(&linked).await, linked.changes(-1).await);
    // One is older than the new link's history, a pending one is booked, the other never was; one is new.
    let new = [("n2", 200), ("n3", 200), ("n4", 300), ("n5", 500)];
    let new = new.map(|(id, cents)| (id.to_owned(), row("checking#2", cents, false)));
    link_anew(&linked, "checking#2", new.clone().into()).await;
    assert_eq!(linked.read().await, Next::Done);
    let now = ids(&linked).await;
    assert_eq!(now.keys().collect::<Vec<_>>(), ["n2", "n3", "n4", "n5", "t1"]);
    assert_eq!((now["t1"], now["n4"]), (before["t1"], before["p1"]));
    assert_eq!(
        std::collections::BTreeSet::from([now["n2"], now["n3"]]),
        std::collections::BTreeSet::from([before["t2"], before["t3"]])
    );
    let (mut told, _) = linked.changes(last).await;
    told.sort();
    let mut expected = vec![(now["n4"], Some("n4".into())), (now["n5"], Some("n5".into())), (before["p2"], None)];
    expected.sort();
    assert_eq!(told, expected, "one is booked, one is new, one is gone");
    let accounts: i64 = sqlx::query_scalar("select count(*) from accounts where connection_id = $1")
        .bind(linked.id.0)
        .fetch_one(&bench.database)
        .await
        .unwrap();
    assert_eq!(accounts, 1);
    // From now on what comes is new, though it looks like one that only the old link had.
    let mut books: Books = new.into();
    books.insert("n6".into(), row("checking#2", 100, false));
    linked.network.world().set_books(books);
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(ids(&linked).await.len(), 6);
    // What the new link takes back is taken back, and nothing else.
    linked.network.world().set_books(Books::new());
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(ids(&linked).await.keys().collect::<Vec<_>>(), ["t1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_a_run_that_begins_anew_after_a_new_link_takes_nothing_of_the_old_one_away() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    let books = |prefix: &str, account: &str, from: i64| -> Books {
        (from..=9).map(|cents| (format!("{prefix}{cents}"), row(account, cents, false))).collect()
    };
    linked.network.world().set_books(books("t", "checking", 1));
    assert_eq!(linked.read().await, Next::Done);
    let before = ids(&linked).await;
    link_anew(&linked, "checking#2", books("n", "checking#2", 3)).await;
    {
        // The second page finds that the books have changed.
        let mut world = linked.network.world();
        world.begin();
        world.meanwhile.insert(2, books("n", "checking#2", 4));
    }
    assert_eq!(linked.read().await, Next::Done);
    let now = ids(&linked).await;
    let kept: Vec<String> = ["n3", "n4", "n5", "n6", "n7", "n8", "n9", "t1", "t2"].map(str::to_owned).into();
    assert_eq!(now.keys().cloned().collect::<Vec<_>>(), kept);
    assert!(now.iter().all(|(name, id)| before[&name.replace('n', "t")] == *id));
}
