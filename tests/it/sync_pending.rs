//! Pending rows whose provider says nothing of what becomes of them, over windows of dates.

use linkspan::domain::ids::AccountId;
use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;

use crate::support::bench::{Bench, Linked, as_stored};
use crate::support::network::{Books, Row, Trick};

fn row(account: &str, cents: i64, pending: bool) -> Row {
    Row { account: account.into(), cents, tip: 0, pending, replaces: None }
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

/// Erases what is stored of that account.
async fn erase(linked: &Linked<'_>, account: &str) {
    let account: uuid::Uuid = sqlx::query_scalar(
        "select account_id from account_links where connection_id = $1 and provider_account_id = $2",
    )
    .bind(linked.id.0)
    .bind(account)
    .fetch_one(&linked.bench.database)
    .await
    .unwrap();
    let mut tx = linked.bench.begin().await;
    tx.erase_account_data(linked.id, Some(AccountId(account))).await.unwrap();
    tx.commit().await.unwrap();
}

fn booked(account: &str, cents: i64, tip: i64) -> Row {
    Row { tip, ..row(account, cents, false) }
}

#[tokio::test]
async fn a_posted_row_of_another_amount_keeps_the_id_and_comes_as_modified_once() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let held =
        [("p1", row("checking", 500, true)), ("p2", row("savings", 10_000, true)), ("p3", row("checking", 600, true))];
    read(&linked, &books(&held)).await;
    let (before, seen) = (linked.ids().await, linked.changes(-1).await.1);
    // A tip, a pump that held too much, and one that is still pending; new rows come on other pages.
    let mut posted = books(&[
        ("r1", booked("checking", 500, 90)),
        ("r2", booked("savings", 10_000, -5_700)),
        ("p3", row("checking", 600, true)),
    ]);
    posted.extend((0..5).map(|n| (format!("s{n}"), row("checking", n, false))));
    read(&linked, &posted).await;
    let now = linked.ids().await;
    assert_eq!((now["r1"], now["r2"], now["p3"]), (before["p1"], before["p2"], before["p3"]));
    let sequence = linked.changes(-1).await.1;
    let mut changed: Vec<_> = linked.modified(seen).await;
    changed.sort();
    let mut expected =
        vec![(now["r1"], "5.90".to_owned(), "POSTED".to_owned()), (now["r2"], "43.00".into(), "POSTED".into())];
    expected.sort();
    assert_eq!(changed, expected);
    // Read again, nothing is another.
    read(&linked, &posted).await;
    assert_eq!((linked.changes(sequence).await.0, linked.ids().await), (vec![], now));
}

#[tokio::test]
async fn another_amount_is_joined_neither_by_chance_nor_to_what_is_still_there() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let held = [("p1", 500), ("p2", 600), ("p3", 700), ("p4", 800), ("p5", 900), ("p6", 900)];
    let held: Vec<_> = held.iter().map(|(id, cents)| (*id, row("checking", *cents, true))).collect();
    read(&linked, &books(&held)).await;
    let before = linked.ids().await;
    // Two that may have come of one, one of another account, one too dear, one given back, one that may be either of two.
    let mut posted = books(&[
        ("a1", booked("checking", 500, 90)),
        ("q1", booked("checking", 500, 80)),
        ("q2", booked("savings", 600, 90)),
        ("q3", booked("checking", 700, 351)),
        ("q4", booked("checking", 800, -1_500)),
        ("q5", booked("checking", 900, 90)),
    ]);
    posted.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    read(&linked, &posted).await;
    assert!(linked.ids().await.values().all(|id| !before.values().any(|old| old == id)));
    // The new one comes on the first page, the old one on the last.
    read(&linked, &books(&[("p1", row("checking", 500, true))])).await;
    let before = linked.ids().await;
    let mut both = books(&[("a2", booked("checking", 500, 90)), ("p1", row("checking", 500, true))]);
    both.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    read(&linked, &both).await;
    let now = linked.ids().await;
    assert!(now["p1"] == before["p1"] && now["a2"] != before["p1"]);
}

#[tokio::test]
async fn which_pending_row_it_was_is_decided_when_it_is_known_which_are_gone() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let (short, long) = (row("checking", 500, true), Row { tip: 30, ..row("checking", 500, true) });
    read(&linked, &books(&[("p1", short), ("z1", long.clone())])).await;
    let before = linked.ids().await;
    // On its page it may be either of two; that the second is still there shows on the last one.
    let mut posted = books(&[("a1", booked("checking", 500, 90)), ("z1", long)]);
    posted.extend((0..5).map(|n| (format!("b{n}"), row("checking", n, false))));
    read(&linked, &posted).await;
    let now = linked.ids().await;
    assert_eq!((now["a1"], now["z1"]), (before["p1"], before["z1"]));
}

#[tokio::test]
async fn a_posted_row_that_comes_runs_after_its_pending_one_went_is_added_again_under_the_same_id() {
    for windows in [true, false] {
        let bench = Bench::new().await;
        let linked = linked(&bench).await;
        linked.network.world().windows = windows;
        read(&linked, &books(&[("p1", row("checking", 298, true)), ("s1", row("checking", 700, false))])).await;
        let (before, seen) = (linked.ids().await["p1"], linked.changes(-1).await.1);
        for _ in 0..2 {
            read(&linked, &books(&[("s1", row("checking", 700, false))])).await;
            assert_eq!(linked.told(seen).await, [vec![], vec![], vec![before]], "it is gone");
        }
        let seen = linked.changes(-1).await.1;
        let posted = Row { replaces: Some("p1".into()), ..booked("checking", 298, 90) };
        let posted = books(&[("r1", posted), ("s1", row("checking", 700, false))]);
        read(&linked, &posted).await;
        assert_eq!(linked.told(seen).await, [vec![before], vec![], vec![]], "windows: {windows}");
        assert_eq!(linked.ids().await["r1"], before);
        let seen = linked.changes(-1).await.1;
        read(&linked, &posted).await;
        assert!(linked.told(seen).await.iter().all(Vec::is_empty));
    }
}

#[tokio::test]
async fn what_went_while_it_was_pending_stays_gone_where_it_comes_back_itself_or_nobody_can_tell() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let held = [("p1", 298), ("p2", 297), ("p3", 297), ("p4", 296)];
    let held: Vec<_> = held.iter().map(|(id, cents)| (*id, row("checking", *cents, true))).collect();
    read(&linked, &books(&held)).await;
    let before = linked.ids().await;
    read(&linked, &Books::new()).await;
    // One comes back, on a later page than what looks the same; one may be either of two; one is pending again.
    let mut now = books(&[
        ("a1", booked("checking", 298, 90)),
        ("a2", row("checking", 297, false)),
        ("a4", row("checking", 296, true)),
        ("p1", row("checking", 298, true)),
    ]);
    now.extend((0..3).map(|n| (format!("b{n}"), row("checking", n, false))));
    read(&linked, &now).await;
    let ids = linked.ids().await;
    assert_eq!(ids["p1"], before["p1"]);
    assert!(["a1", "a2", "a4"].iter().all(|id| !before.values().any(|old| *old == ids[*id])));
}

#[tokio::test]
async fn what_comes_back_and_goes_again_is_told_to_whoever_knew_it_first() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let there = books(&[("p1", row("checking", 500, false))]);
    read(&linked, &there).await;
    let (before, seen) = (linked.ids().await["p1"], linked.changes(-1).await.1);
    read(&linked, &Books::new()).await;
    let seen_gone = linked.changes(-1).await.1;
    read(&linked, &there).await;
    // It is new again to who was told that it went, and not to who has it.
    assert_eq!(linked.told(seen_gone).await, [vec![before], vec![], vec![]]);
    assert_eq!(linked.told(seen).await, [vec![], vec![before], vec![]]);
    assert_eq!(linked.told(-1).await, [vec![before], vec![], vec![]]);
    read(&linked, &Books::new()).await;
    assert_eq!(linked.told(seen).await, [vec![], vec![], vec![before]]);
    assert!(linked.told(-1).await.iter().all(Vec::is_empty));
}

#[tokio::test]
async fn what_went_while_it_was_pending_is_described_no_longer_than_it_may_be_booked() {
    let bench = Bench::new().await;
    let linked = linked(&bench).await;
    let described = async || -> Vec<(String, String)> {
        sqlx::query_as("select provider_transaction_id, description from transactions where connection_id = $1 and description <> '' order by 1")
            .bind(linked.id.0)
            .fetch_all(&bench.database)
            .await
            .unwrap()
    };
    // Made yesterday, and long ago.
    let held =
        [("p1", row("checking", 298, true)), ("p2", row("checking", 280, true)), ("p3", row("savings", 298, true))];
    read(&linked, &books(&held)).await;
    read(&linked, &Books::new()).await;
    let described_then =
        [("p1".to_owned(), "payment of 298".to_owned()), ("p3".to_owned(), "payment of 298".to_owned())];
    assert_eq!(described().await, described_then);
    let sequence = linked.changes(-1).await.1;
    erase(&linked, "savings").await;
    assert_eq!(described().await, described_then[..1]);
    assert_eq!(linked.changes(sequence).await.0, [], "it was told already that they are gone");
    bench.clock.set_offset_seconds(15 * 24 * 3600);
    read(&linked, &Books::new()).await;
    assert_eq!(described().await, []);
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
    erase(&linked, "savings").await;
    linked.network.world().begin();
    assert_eq!(linked.read().await, Next::Done);
    let stored = linked.stored().await;
    assert!(stored.len() == 5 && stored.values().all(|row| row.account == "checking"), "{stored:?}");
}
