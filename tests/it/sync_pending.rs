//! Pending rows whose provider says nothing of what becomes of them, over windows of dates.

use linkspan::domain::ids::AccountId;
use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;

use crate::support::bench::{Bench, Linked, as_stored};
use crate::support::network::{Books, Row, Trick};

fn row(account: &str, cents: i64, pending: bool) -> Row {
    Row { account: account.into(), cents, pending, replaces: None }
}

fn books(rows: &[(&str, Row)]) -> Books {
    rows.iter().map(|(id, row)| ((*id).to_owned(), row.clone())).collect()
}

async fn linked(bench: &Bench) -> Linked<'_> {
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.windows = true;
        world.accounts.insert("savings".into());
    }
    linked
}

/// Reads those books, which the last reading did not know.
async fn read(linked: &Linked<'_>, books: &Books) {
    linked.network.world().set_books(books.clone());
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, as_stored(books.clone()));
}

#[tokio::test]
async fn a_pending_row_under_another_id_keeps_ours_and_nobody_is_told() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    read(&linked, &books(&[("p1", row("checking", 500, true)), ("p2", row("savings", 700, true))])).await;
    let (before, seen) = (linked.ids().await, linked.changes(-1).await.1);
    read(&linked, &books(&[("q1", row("checking", 500, true)), ("q2", row("savings", 700, true))])).await;
    let now = linked.ids().await;
    assert_eq!((now["q1"], now["q2"]), (before["p1"], before["p2"]));
    assert_eq!(linked.changes(seen).await.0, [], "nothing but the provider's id is another");
    read(&linked, &books(&[("r1", row("checking", 500, false)), ("q2", row("savings", 700, true))])).await;
    let changed = linked.changes(seen).await.0;
    assert_eq!(changed, [(before["p1"], Some("r1".to_owned()))], "it is posted");
}

#[tokio::test]
async fn a_pending_row_that_is_still_there_is_never_taken() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    read(&linked, &books(&[("p1", row("checking", 500, true))])).await;
    let before = linked.ids().await;
    // The new one comes on the first page, the old one on the last.
    let mut both = books(&[("a1", row("checking", 500, false)), ("p1", row("checking", 500, true))]);
    both.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    read(&linked, &both).await;
    let now = linked.ids().await;
    assert_eq!(now["p1"], before["p1"]);
    assert_ne!(now["a1"], before["p1"]);
}

#[tokio::test]
async fn only_the_same_amount_of_the_same_account_is_recognised() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    read(&linked, &books(&[("p1", row("checking", 500, true)), ("p2", row("checking", 600, true))])).await;
    let before = linked.ids().await;
    read(&linked, &books(&[("r1", row("savings", 500, false)), ("r2", row("checking", 601, false))])).await;
    let now = linked.ids().await;
    assert!(now.values().all(|id| !before.values().any(|old| old == id)));
}

#[tokio::test]
async fn a_run_that_dies_between_two_pages_still_finds_the_pair() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    read(&linked, &books(&[("p1", row("checking", 500, true))])).await;
    let before = linked.ids().await;
    let mut posted = books(&[("a1", row("checking", 500, false))]);
    posted.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    {
        let mut world = linked.network.world();
        world.begin();
        world.set_books(posted.clone());
        world.tricks.insert(2, Trick::Fail);
    }
    assert!(matches!(linked.read().await, Next::Again(_)));
    assert!(!linked.ids().await.contains_key("a1"), "it waits until the run has ended");
    linked.network.world().begin();
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, posted);
    assert_eq!(linked.ids().await["a1"], before["p1"]);
}

#[tokio::test]
async fn what_is_kept_back_is_erased_with_its_account() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    read(&linked, &books(&[("p1", row("savings", 500, true))])).await;
    let mut posted = books(&[("a1", row("savings", 500, false))]);
    posted.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    {
        let mut world = linked.network.world();
        world.begin();
        world.set_books(posted);
        world.tricks.insert(2, Trick::Fail);
    }
    linked.read().await;
    let savings: uuid::Uuid =
        sqlx::query_scalar("select account_id from account_links where provider_account_id = 'savings'")
            .fetch_one(&bench.database)
            .await
            .unwrap();
    let mut tx = bench.begin().await;
    tx.erase_account_data(linked.id, Some(AccountId(savings))).await.unwrap();
    tx.commit().await.unwrap();
    linked.network.world().begin();
    assert_eq!(linked.read().await, Next::Done);
    let stored = linked.stored().await;
    assert!(stored.len() == 5 && stored.values().all(|row| row.account == "checking"), "{stored:?}");
}
