//! An addition that meets something else on its connection (A13): whoever comes first, no product is lost, none comes twice, and what
//! the events tell is what there is.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Answer, TestApp, state};

/// Both begin while the connection's row is held, the second one once the first waits for it; then they go on.
async fn meet<A, B>(
    app: &TestApp,
    id: &str,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut holder = PgConnection::connect(&app.database_url).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    let hold = sqlx::query("select 1 from connections where id = $1::uuid for update");
    hold.bind(id).execute(&mut *held).await.unwrap();
    let second = async {
        waiting(app, 1).await;
        second.await
    };
    let release = async {
        waiting(app, 2).await;
        held.rollback().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    (first, second)
}

/// Waits until so many wait for a lock.
async fn waiting(app: &TestApp, count: i64) {
    let mut database = PgConnection::connect(&app.database_url).await.unwrap();
    let query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while sqlx::query_scalar::<_, i64>(query).fetch_one(&mut database).await.unwrap() < count {
        assert!(tokio::time::Instant::now() < deadline, "never {count} at the lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Whether the product was added (`true`) or removed, in the order of the events; and that its states follow one another to the
/// one that it has.
async fn told(app: &TestApp, connection: &Value, product: &str) -> Vec<bool> {
    let events = app.all_events(connection["id"].as_str().unwrap()).await;
    let states: Vec<&Value> =
        events.iter().map(|event| &event["data"]).filter(|data| data["product"] == product).collect();
    for pair in states.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "{product}: {states:#?}");
    }
    assert_eq!(states.last().unwrap()["to"], state(connection, product).0, "{product}: {states:#?}");
    let changed = events.iter().map(|event| &event["data"]).filter(|data| data["cause"] != "REPAIRED");
    let changes = changed.filter_map(|data| {
        let is = |list: &str| names(&data[list]).contains(&product);
        (is("optionalProducts") || is("removedProducts")).then(|| is("optionalProducts"))
    });
    changes.collect()
}

/// Every product that was added is there once, with an event; consent apart, with its data.
async fn assert_added(app: &TestApp, id: &str, unconsented: &[&str]) {
    let path = format!("/connections/{id}");
    app.until(&path, |connection| connection["status"] == "ACTIVE").await;
    let connection = app.settled(id).await;
    assert_eq!(names(&connection["optionalProducts"]), ADDED);
    for product in ADDED {
        let expected = match unconsented.contains(&product) {
            true => ("CONSENT_REQUIRED", Some("CONSENT_MISSING")),
            false => ("AVAILABLE", None),
        };
        assert_eq!(state(&connection, product), expected, "{product}: {connection:#}");
        assert_eq!(told(app, &connection, product).await, [true], "{product}");
    }
}

/// The customer is through; where a reading of the connection is under way, it is completed after that.
#[track_caller]
fn assert_finished(played: &Answer) {
    assert!([200, 202].contains(&played.status), "{:#}", played.body);
}

/// In the order in which they are told.
const ADDED: [&str; 2] = ["OWNERS", "LIABILITIES"];

/// Where consent is enforced for each product, and where it is not; what lacks it there.
const PROVIDERS: [(&str, &[&str]); 2] = [("PLAID", &["LIABILITIES"]), ("FINICITY", &[])];

/// A start call of a customer of their own.
fn asked(provider: &str, adds_first: bool) -> Value {
    json!({
        "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["OWNERS"], "serviceProvider": provider,
        "externalCustomerId": format!("{provider}-{adds_first}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_a15_an_addition_meets_the_removal_of_the_same_product() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"] })).await;
    let path = format!("/connections/{id}/products/OWNERS");
    let gone = ("UNAVAILABLE", Some("REMOVED"));
    let assert_stands = |connection: &Value, is_there: bool| {
        assert_eq!(connection["optionalProducts"] == json!(["OWNERS"]), is_there, "{connection:#}");
        assert_eq!(state(connection, "OWNERS"), if is_there { ("AVAILABLE", None) } else { gone });
    };
    for adds_first in [false, true] {
        app.add(&id, json!(["OWNERS"])).await.expect(200);
        app.settled(&id).await;
        let (add, remove) = (app.add(&id, json!(["OWNERS"])), app.delete(&path));
        let (added, removed) = match adds_first {
            true => meet(&app, &id, add, remove).await,
            false => {
                let (removed, added) = meet(&app, &id, remove, add).await;
                (added, removed)
            }
        };
        removed.expect(200);
        // Who comes first at the lock is mostly who asks first; the answer tells.
        let removed_first = added.expect(200)["results"][0]["outcome"] == "ADDED";
        assert_stands(&app.settled(&id).await, removed_first);
    }
    // Many at once: of each product every removal follows an addition, and what is left is what the last one of them says.
    let calls = (0..24).map(async |call| {
        let answer = if call % 2 == 0 { app.add(&id, json!(["OWNERS"])).await } else { app.delete(&path).await };
        assert!(answer.status == 200 || call % 2 == 1 && answer.status == 404, "{:#}", answer.body);
    });
    futures::future::join_all(calls).await;
    let connection = app.settled(&id).await;
    let changes = told(&app, &connection, "OWNERS").await;
    assert!(changes.windows(2).all(|pair| pair[0] != pair[1]), "{changes:?}");
    let is_there = changes.last() == Some(&true);
    assert_stands(&connection, is_there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_a13_an_addition_meets_the_completion_of_the_link() {
    let app = TestApp::new().await;
    for ((provider, unconsented), adds_first) in PROVIDERS.into_iter().flat_map(|one| [(one, true), (one, false)]) {
        let started = app.start(asked(provider, adds_first)).await;
        let (id, token) = (started["connectionId"].as_str().unwrap(), started["connectToken"].as_str().unwrap());
        let bank = json!({ "institutionId": app.institution_at(provider, "First Platypus Bank").await });
        app.post_as(token, "/connect/link-token", bank.clone()).await.expect(200);
        let (play, add) = (app.play(&started, None, bank), app.add(id, json!(ADDED)));
        let (played, added) = match adds_first {
            true => {
                let (added, played) = meet(&app, id, add, play).await;
                (played, added)
            }
            false => meet(&app, id, play, add).await,
        };
        assert_finished(&played);
        added.expect(200);
        assert_added(&app, id, unconsented).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_a13_an_addition_meets_the_end_of_a_repair() {
    let app = TestApp::new().await;
    for ((provider, unconsented), adds_first) in PROVIDERS.into_iter().flat_map(|one| [(one, true), (one, false)]) {
        let id = app.linked_through(provider, "First Platypus Bank", asked(provider, adds_first)).await;
        app.knob(&id, "reset-login", json!({})).await;
        let repair = app.repair(&id, json!({})).await;
        app.post_as(repair["connectToken"].as_str().unwrap(), "/connect/link-token", json!({})).await.expect(200);
        let (play, add) = (app.play(&repair, None, json!({})), app.add(&id, json!(ADDED)));
        let (played, added) = match adds_first {
            true => {
                let (added, played) = meet(&app, &id, add, play).await;
                (played, added)
            }
            false => meet(&app, &id, play, add).await,
        };
        assert_finished(&played);
        added.expect(200);
        assert_eq!(app.events(&id, "connection.repaired", 1).await.len(), 1, "{provider}");
        assert_added(&app, &id, unconsented).await;
    }
}
