//! The engine, over a network that does what the test says.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use linkspan::domain::connection::{Condition, Status, StatusReason};
use linkspan::domain::ids::RefreshId;
use linkspan::domain::product::{Product, ProductReason, ProductState};
use linkspan::providers::FailureKind;
use linkspan::store::{ConnectionSettings, ForcedBy, NewRefresh, RefreshStatus};
use linkspan::sync::Next;

use crate::support::bench::{Bench, Linked, as_stored};
use crate::support::network::{Books, Row, Trick, failure};

fn row(account: &str, cents: i64) -> Row {
    Row { account: account.into(), cents, tip: 0, pending: false, replaces: None }
}

fn books(rows: impl IntoIterator<Item = (i64, Row)>) -> Books {
    rows.into_iter().map(|(number, row)| (format!("t{number}"), row)).collect()
}

fn numbered(numbers: std::ops::Range<i64>) -> Books {
    books(numbers.map(|number| (number, row("checking", number))))
}

#[tokio::test]
async fn a_refused_cursor_is_given_up_and_a_replay_doubles_nothing_and_removes_what_is_gone() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..10));
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, numbered(0..10));
    let kept = stored_id(&bench, "t7").await;

    // Five are gone and one is new by the time that the provider knows the cursor no longer.
    {
        let mut world = linked.network.world();
        world.set_books(numbered(5..11));
        world.epoch += 1;
    }
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, numbered(5..11));
    assert_eq!(stored_id(&bench, "t7").await, kept, "what stays keeps its id");
    assert_eq!(linked.product(Product::Transactions).await.unshown_after, None);
}

async fn stored_id(bench: &Bench, provider_id: &str) -> uuid::Uuid {
    let id = sqlx::query_scalar("select id from transactions where provider_transaction_id = $1").bind(provider_id);
    id.fetch_one(&bench.database).await.unwrap()
}

#[tokio::test]
async fn a_refused_page_cursor_begins_again_at_the_runs_own() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..4));
    linked.read().await;
    {
        // t4 to t6 come with the first page and are gone before the second.
        let mut world = linked.network.world();
        world.begin();
        world.set_books(numbered(0..12));
        let mut later = numbered(0..12);
        later.retain(|id, _| !["t4", "t10", "t11"].contains(&id.as_str()));
        world.meanwhile.insert(2, later);
    }
    assert_eq!(linked.read().await, Next::Done);
    let world_now = linked.network.world().books();
    assert_eq!(linked.stored().await, world_now);
    // One call more than without the disturbance: the run's cursor was good, nothing was read from the beginning.
    assert_eq!(linked.network.world().calls, 4);
}

#[tokio::test]
async fn a_provider_that_is_disturbed_again_and_again_is_left_for_later() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(numbered(0..12));
        world.tricks.extend((1..50).map(|call| (2 * call, Trick::Disturbed)));
    }
    assert_eq!(linked.read().await, Next::Again(None));
    assert!(linked.network.world().calls <= 12, "bounded");
    linked.network.world().begin();
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, numbered(0..12));
}

#[tokio::test]
async fn pages_that_turn_in_circles_are_the_providers_fault_and_advance_nothing() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..5));
    linked.read().await;
    let before = linked.product(Product::Transactions).await;
    {
        let mut world = linked.network.world();
        world.begin();
        world.set_books(numbered(0..6));
        world.tricks.insert(1, Trick::Circle);
    }
    assert_eq!(linked.read().await, Next::Again(None));
    let after = linked.product(Product::Transactions).await;
    assert_eq!((after.cursor, after.page_cursor), (before.cursor, None));
    assert_eq!(after.state, ProductState::Failed);
    assert_eq!(linked.stored().await, numbered(0..5));
    assert_eq!(linked.connection().await.condition.status, Status::Degraded);
    assert!(linked.network.world().calls <= 2, "bounded");
}

#[tokio::test]
async fn transactions_of_an_account_that_appears_during_the_run_are_not_lost() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(books([(1, row("checking", 1)), (2, row("savings", 2))]));
        world.unlisted.insert("savings".into(), 1);
    }
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await.len(), 2);
}

#[tokio::test]
async fn data_of_an_account_that_the_provider_never_lists_keeps_the_cursor_and_is_its_failure() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions, Product::InvestmentHoldings], ConnectionSettings::default()).await;
    {
        let mut world = linked.network.world();
        world.set_books(numbered(0..2));
        // A kind of account that may hold shares.
        world.accounts.insert("savings".into());
    }
    linked.read().await;
    let before = linked.product(Product::Transactions).await;
    {
        let mut world = linked.network.world();
        let mut more = numbered(0..3);
        more.insert("foreign".into(), row("hidden", 9));
        world.set_books(more);
        world.unlisted.insert("hidden".into(), usize::MAX);
    }
    assert_eq!(linked.read().await, Next::Again(None));
    let after = linked.product(Product::Transactions).await;
    assert_eq!((after.cursor, after.page_cursor, after.state), (before.cursor, None, ProductState::Failed));
    assert_eq!(linked.connection().await.status_code.as_deref(), Some("UNKNOWN_ACCOUNT"));
    // Once it is listed, nothing is missing.
    linked.network.world().unlisted.insert("hidden".into(), 0);
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await.len(), 4);
    assert_eq!(linked.connection().await.condition, Condition::HEALTHY);
}

#[tokio::test]
async fn b13_what_the_filters_leave_out_is_no_failure() {
    let bench = Bench::new().await;
    let filters = [("depository".to_owned(), vec!["CHECKING".to_owned()])].into();
    let settings = ConnectionSettings { account_filters: Some(filters), ..ConnectionSettings::default() };
    let linked = bench.link(&[Product::Transactions], settings).await;
    {
        let mut world = linked.network.world();
        world.accounts.insert("savings".into());
        world.set_books(books([(1, row("checking", 1)), (2, row("savings", 2))]));
    }
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.stored().await, as_stored(numbered(1..2)));
}

#[tokio::test]
async fn only_a_reading_that_succeeded_moves_its_times_and_states() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..2));
    linked.read().await;
    let before = linked.read_at(Product::Transactions).await;
    assert!(before.0.is_some() && before.1.is_some());

    let lost = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
    linked.network.world().condition = Some(lost);
    assert_eq!(linked.read().await, Next::Done);
    assert_eq!(linked.connection().await.condition, lost);
    assert_eq!(linked.read_at(Product::Transactions).await, before);
    let product = linked.product(Product::Transactions).await;
    assert_eq!((product.state, product.is_due()), (ProductState::Available, false));

    {
        let mut world = linked.network.world();
        world.begin();
        world.condition = None;
        world.tricks.insert(1, Trick::Fail);
    }
    linked.read().await;
    assert_eq!(linked.read_at(Product::Transactions).await, before);
    linked.network.world().begin();
    linked.read().await;
    let after = linked.read_at(Product::Transactions).await;
    assert!(after.0 > before.0 && after.1 > before.1);
}

#[tokio::test]
async fn a8_what_only_the_providers_later_answer_says_to_lack_consent_waits_for_it_then() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..2));
    linked.network.world().tricks.insert(1, Trick::Unconsented);
    assert_eq!(linked.read().await, Next::Done, "it is not tried again by itself");
    let product = linked.product(Product::Transactions).await;
    let waits = (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing));
    assert_eq!(((product.state, product.reason), product.is_due()), (waits, false));
    assert_eq!(linked.connection().await.condition, Condition::HEALTHY, "the connection works");
}

#[tokio::test]
async fn f2_the_notice_of_an_ending_consent_is_judged_by_what_was_just_seen() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().consent_ends = Some(bench.clock.now() + TimeDelta::days(3));
    linked.read().await;
    let notice = Condition::new(Status::Active, StatusReason::AccessExpiringSoon);
    assert_eq!(linked.connection().await.condition, notice);
    // Renewed elsewhere: the first reading sees it.
    linked.network.world().consent_ends = Some(bench.clock.now() + TimeDelta::days(90));
    linked.read().await;
    assert_eq!(linked.connection().await.condition, Condition::HEALTHY);
    // And when it is due, it comes.
    bench.clock.set_offset_seconds(80 * 86_400);
    linked.read().await;
    assert_eq!(linked.connection().await.condition, notice);
}

/// A refresh of transactions begins.
async fn refresh(linked: &Linked<'_>) -> RefreshId {
    let mut tx = linked.bench.begin().await;
    let targets = tx.want_products(linked.id, &[Product::Transactions]).await.unwrap();
    let forced_by = Some(ForcedBy::BackEnd);
    let new = NewRefresh { connection_id: linked.id, targets, forced_by, requested: false, import_new_accounts: false };
    let id = tx.insert_refresh(&new, linked.bench.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn run(linked: &Linked<'_>) -> Next {
    linked.sync.run(linked.bench.tenant_id, linked.id).await.unwrap()
}

async fn standing(linked: &Linked<'_>, id: RefreshId) -> (RefreshStatus, Option<ProductReason>) {
    let refresh = linked.bench.begin().await.refresh(linked.id, id).await.unwrap().unwrap();
    let reasons: BTreeMap<_, _> = refresh.results.iter().map(|result| (result.product, result.reason)).collect();
    (refresh.status, reasons.get(&Product::Transactions).copied().flatten())
}

#[tokio::test]
async fn e1_a_refresh_waits_for_what_it_made_the_provider_fetch() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..3));
    linked.network.world().updating = Some(false);
    assert_eq!(linked.read().await, Next::Done);
    let first = refresh(&linked).await;
    for _ in 0..2 {
        assert!(matches!(run(&linked).await, Next::Again(Some(_))));
        assert_eq!(standing(&linked, first).await, (RefreshStatus::InProgress, Some(ProductReason::NotReady)));
        let product = linked.product(Product::Transactions).await;
        assert_eq!(product.state, ProductState::Available, "what is there stays readable");
        bench.clock.set_offset_seconds(60);
    }
    linked.network.world().set_books(numbered(0..5));
    linked.network.world().updating = Some(false);
    assert_eq!(run(&linked).await, Next::Done);
    assert_eq!(standing(&linked, first).await, (RefreshStatus::Succeeded, None));
    assert_eq!((linked.stored().await, linked.network.world().refreshed), (numbered(0..5), 1));

    // One that takes a while to show is waited for too.
    let late = refresh(&linked).await;
    assert!(matches!(run(&linked).await, Next::Again(Some(_))));
    linked.network.world().updating = Some(false);
    assert!(matches!(run(&linked).await, Next::Again(Some(_))));
    bench.clock.set_offset_seconds(120);
    assert_eq!(run(&linked).await, Next::Done);
    assert_eq!(standing(&linked, late).await, (RefreshStatus::Succeeded, None));

    // One that never ends is given up, and holds up nothing else.
    let endless = refresh(&linked).await;
    assert!(matches!(run(&linked).await, Next::Again(Some(_))));
    linked.network.world().set_books(numbered(0..7));
    bench.clock.set_offset_seconds(120 + 3601);
    assert_eq!(run(&linked).await, Next::Done);
    assert_eq!(standing(&linked, endless).await, (RefreshStatus::Failed, Some(ProductReason::NotReady)));
    assert_eq!(linked.stored().await, numbered(0..7));
}

#[tokio::test]
async fn e1_a_refresh_for_which_the_provider_wants_the_customer_says_so() {
    let bench = Bench::new().await;
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().set_books(numbered(0..3));
    linked.read().await;
    let mut refusal = failure(FailureKind::UserAction, "ANSWER_NEEDED");
    linked.network.world().refuses = Some(refusal.clone());
    let told = refresh(&linked).await;
    assert_eq!(run(&linked).await, Next::Done);
    let expected = (RefreshStatus::UserActionRequired, Some(ProductReason::LoginRequired));
    assert_eq!(standing(&linked, told).await, expected);
    assert_eq!(linked.connection().await.condition, Condition::HEALTHY, "only this refresh needs them");

    let lost = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
    refusal.condition = Some(lost);
    linked.network.world().refuses = Some(refusal);
    let told = refresh(&linked).await;
    assert_eq!(run(&linked).await, Next::Done);
    assert_eq!(standing(&linked, told).await, expected);
    assert_eq!(linked.connection().await.condition, lost);
}
