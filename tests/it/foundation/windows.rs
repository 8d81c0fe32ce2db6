//! Transactions that are read as windows of dates: what a run did not bring of a window that it read to its end has vanished.

use chrono::NaiveDate;
use linkspan::domain::transaction::{Category, TransactionStatus};
use linkspan::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage, Window};
use linkspan::providers::{Failure, FailureKind, Persistence};
use linkspan::sync::Next;

use super::bench::Bench;

/// Long before anything that the provider behind has.
fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2001, 1, number).unwrap()
}

fn row(account: &str, id: &str, number: u32) -> ProviderTransaction {
    ProviderTransaction {
        provider_transaction_id: id.to_owned(),
        pending_transaction_id: None,
        provider_account_id: account.to_owned(),
        amount: 5.into(),
        currency: Some("USD".to_owned()),
        description: id.to_owned(),
        merchant: None,
        category: Category::Other,
        status: TransactionStatus::Posted,
        transaction_date: day(number),
        posted_date: Some(day(number)),
    }
}

/// A page with these rows; the last of its run where it names windows.
fn page(account: &str, rows: &[(&str, u32)], whole: &[Window]) -> TransactionsPage {
    TransactionsPage {
        added: rows.iter().map(|(id, number)| row(account, id, *number)).collect(),
        modified: Vec::new(),
        removed: Vec::new(),
        next_cursor: format!("after {rows:?}"),
        has_more: whole.is_empty(),
        history: HistoryProgress::Complete,
        whole: whole.to_vec(),
    }
}

fn window(account: Option<&str>, from: u32, to: u32) -> Window {
    Window { provider_account_id: account.map(str::to_owned), from: day(from), to: day(to) }
}

/// What is stored of the time before the provider's.
async fn stored(bench: &Bench) -> Vec<String> {
    let text = "select provider_transaction_id from transactions where not removed and transaction_date < '2002-01-01' order by 1";
    sqlx::query_scalar(text).fetch_all(&mut bench.sql().await).await.unwrap()
}

async fn run(bench: &Bench, pages: Vec<Result<TransactionsPage, Failure>>) -> Vec<String> {
    bench.foil.pages.lock().unwrap().extend(pages);
    assert_eq!(bench.fetch().await, Next::Done);
    assert!(bench.foil.pages.lock().unwrap().is_empty());
    stored(bench).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_whole_window_does_not_bring_has_vanished() {
    let bench = Bench::new().await;
    let text = "select provider_account_id from account_links order by 1 limit 2";
    let accounts: Vec<String> = sqlx::query_scalar(text).fetch_all(&mut bench.sql().await).await.unwrap();
    let (mine, other) = (accounts[0].as_str(), accounts[1].as_str());
    let all = [("a", 1), ("b", 2), ("c", 3), ("d", 20)];
    let everything = page(mine, &all, &[window(None, 1, 28)]);
    assert_eq!(run(&bench, vec![Ok(everything)]).await, ["a", "b", "c", "d"]);
    // Over two pages, and `d` lies outside.
    let pages = vec![Ok(page(mine, &[("a", 1)], &[])), Ok(page(mine, &[("c", 3)], &[window(Some(mine), 1, 10)]))];
    assert_eq!(run(&bench, pages).await, ["a", "c", "d"]);
    // Another account's window says nothing of this one's, nor does one of an account that is not stored.
    let elsewhere = [window(Some(other), 1, 28), window(Some("never heard of"), 1, 28)];
    assert_eq!(run(&bench, vec![Ok(page(mine, &[], &elsewhere))]).await, ["a", "c", "d"]);
    // What was seen before a run began again does not count.
    let restart = Failure::new(FailureKind::Restart, Persistence::Temporary, "CHANGED", "begin again");
    let pages =
        vec![Ok(page(mine, &[("a", 1)], &[])), Err(restart), Ok(page(mine, &[("c", 3)], &[window(None, 1, 10)]))];
    assert_eq!(run(&bench, pages).await, ["c", "d"]);
    // What comes back is back.
    assert_eq!(run(&bench, vec![Ok(page(mine, &all, &[window(None, 1, 28)]))]).await, ["a", "b", "c", "d"]);
    let left: i64 =
        sqlx::query_scalar("select count(*) from shown_transactions").fetch_one(&mut bench.sql().await).await.unwrap();
    assert_eq!(left, 0);
}
