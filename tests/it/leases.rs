//! Who may work on a connection: two processes on one database, one of them frozen; and what happens to a connection while a run is
//! on it.

use std::time::Duration;

use linkspan::domain::connection::{Condition, Status};
use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;
use serde_json::json;
use sqlx::PgPool;

use crate::support::bench::Bench;
use crate::support::database;
use crate::support::network::{Books, Row};
use crate::support::process::Process;
use crate::support::truth::{assert_same, quiet_hour, rows, truth};
use crate::support::watch::between_pages;

fn books(count: i64) -> Books {
    let row = |cents| Row { account: "checking".into(), cents, tip: 0, pending: false, replaces: None };
    (0..count).map(|number| (format!("t{number}"), row(number))).collect()
}

#[tokio::test]
async fn two_runs_never_read_a_connection_at_once() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(books(8));
        world.hang = Some(2);
    }
    let (first, second) = tokio::join!(linked.read(), async {
        linked.network.hangs.notified().await;
        let second = linked.read().await;
        let calls = linked.network.world().calls;
        linked.network.go_on.notify_one();
        (second, calls)
    });
    assert_eq!((first, second), (Next::Done, (Next::Busy, 2)));
    assert_eq!(linked.stored().await, books(8));
}

#[tokio::test]
async fn f7_a_connection_deleted_during_a_run_stays_deleted() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(books(8));
        world.hang = Some(2);
    }
    let (run, ()) = tokio::join!(linked.try_read(), async {
        linked.network.hangs.notified().await;
        let mut tx = bench.begin().await;
        tx.lock_connection(linked.id).await.unwrap();
        let deleted = Condition { status: Status::Deleted, reason: None };
        tx.change_condition(linked.id, deleted, None, "DELETED", bench.clock.now()).await.unwrap();
        tx.erase_connection(linked.id).await.unwrap();
        tx.commit().await.unwrap();
        linked.network.go_on.notify_one();
    });
    assert!(run.is_err(), "the run finds its lease lost");
    assert_eq!(linked.connection().await.condition.status, Status::Deleted);
    for table in ["accounts", "account_links", "transactions", "connection_products", "shown_transactions"] {
        let count = format!("select count(*) from {table} where connection_id = $1");
        let count = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count)).bind(linked.id.0);
        assert_eq!(count.fetch_one(&bench.database).await.unwrap(), 0, "{table}");
    }
}

#[tokio::test]
async fn a7_what_is_asked_for_during_a_run_is_read_by_the_next() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(books(8));
        world.hang = Some(2);
    }
    let (run, ()) = tokio::join!(linked.read(), async {
        linked.network.hangs.notified().await;
        let mut tx = bench.begin().await;
        tx.lock_row(linked.id).await.unwrap();
        tx.want_products(linked.id, &[Product::Transactions]).await.unwrap();
        tx.commit().await.unwrap();
        linked.network.world().set_books(books(9));
        linked.network.go_on.notify_one();
    });
    assert_eq!(run, Next::Done);
    assert!(linked.product(Product::Transactions).await.is_due(), "the run has not served what was asked for since");
    assert_eq!(linked.read().await, Next::Done);
    assert!(!linked.product(Product::Transactions).await.is_due());
    assert_eq!(linked.stored().await, books(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_frozen_past_its_lease_writes_nothing_stale() {
    let database_url = database::create().await;
    let database = PgPool::connect(&database_url).await.unwrap();
    let (frozen, app) = Process::on(&database_url).await;
    quiet_hour(&app).await;
    // The second page does not come: the run waits for it, with its lease.
    app.faults(json!([{ "route": "/transactions/sync", "kind": "TIMEOUT", "probability": 0.5 }])).await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let id = started["connectionId"].as_str().unwrap().to_owned();
    let (linked, in_the_middle) =
        tokio::join!(app.play(&started, Some("First Platypus Bank"), json!({})), between_pages(&database, &id));
    linked.expect(200);
    assert!(in_the_middle, "the run was not hit between its pages");
    frozen.signal("STOP").await;

    let thawed = app;
    let (other, app) = Process::on(&database_url).await;
    app.faults(json!([])).await;
    // As long as it takes for the lease to lapse; the frozen one may also hold a transaction that has to time out.
    let mut patience = 3;
    while app.get(&format!("/connections/{id}")).await.expect(200)["updateStatus"] == "IN_PROGRESS" && patience > 0 {
        patience -= 1;
        let lapsed = "select pg_sleep_until(greatest(lease_until, now()) + interval '1 second') from connection_leases where connection_id = $1::uuid";
        sqlx::query(lapsed).bind(&id).execute(&database).await.unwrap();
    }
    app.settled(&id).await;
    app.post(&format!("/sandbox/connections/{id}/post-transactions"), json!({ "count": 4 })).await.expect(200);
    let before = rows(&app, &id).await;
    frozen.signal("CONT").await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    // Told by whichever of its parts noticed first.
    while !["lease was lost", "Somebody else works on this connection"].iter().any(|told| frozen.log().contains(told)) {
        assert!(tokio::time::Instant::now() < deadline, "the thawed process goes on:\n{}", frozen.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_same(&rows(&thawed, &id).await, &before);
    assert_same(&before, &truth(&app, json!(["TRANSACTIONS"])).await);
    frozen.stop().await;
    other.stop().await;
}
