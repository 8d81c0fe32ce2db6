//! Transactions: to the end, once each, with our sign; pending, posted and removed as time goes by; and whoever reads only the
//! changes has in the end what a fresh reader has.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use linkspan::bank::Knob;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::domain::transaction::{Category, TransactionStatus};
use linkspan::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage, TransactionsRequest, Window};
use rust_decimal::Decimal;

use super::rig::{MOST_PAGES, Rig};

/// A reader's copy.
#[derive(Default)]
struct Copy {
    rows: BTreeMap<String, ProviderTransaction>,
    cursor: Option<String>,
    /// What this run has brought so far.
    seen: BTreeSet<String>,
    /// Ids of what was told to be gone, in all runs.
    removed: Vec<String>,
}

impl Copy {
    /// Reads to the end of what there is now.
    async fn read(&mut self, rig: &Rig, credential: &Secret) -> HistoryProgress {
        let mut request = TransactionsRequest {
            run_cursor: self.cursor.clone(),
            page_cursor: None,
            history_days: rig.spec().history_days,
        };
        for _ in 0..MOST_PAGES {
            let page = rig.provider().transactions(&rig.cx(), credential, &request).await;
            let page = page.unwrap_or_else(|failure| panic!("{}: {failure}", rig.name()));
            let (next, more, history) = (page.next_cursor.clone(), page.has_more, page.history);
            self.apply(page, rig.spec().reads_windows);
            if !more {
                self.seen.clear();
                self.cursor = Some(next);
                return history;
            }
            assert_ne!(Some(&next), request.page_cursor.as_ref(), "{}: the cursor does not move", rig.name());
            request.page_cursor = Some(next);
        }
        panic!("{}: the transactions never end", rig.name());
    }

    fn apply(&mut self, page: TransactionsPage, reads_windows: bool) {
        for row in page.added {
            assert!(self.seen.insert(row.provider_transaction_id.clone()), "twice in a run: {row:?}");
            let before = self.rows.insert(row.provider_transaction_id.clone(), row);
            assert!(before.is_none() || reads_windows, "added twice: {before:?}");
        }
        for row in page.modified {
            self.rows.insert(row.provider_transaction_id.clone(), row);
        }
        // What a run did not bring of a window that it read to its end has vanished.
        let vanished = self.rows.values().filter(|row| page.whole.iter().any(|window| covers(window, row)));
        let vanished = vanished.map(|row| row.provider_transaction_id.clone()).filter(|id| !self.seen.contains(id));
        for id in page.removed.into_iter().chain(vanished.collect::<Vec<_>>()) {
            self.rows.remove(&id);
            self.removed.push(id);
        }
    }

    fn pending(&self) -> impl Iterator<Item = &ProviderTransaction> {
        self.rows.values().filter(|row| row.status == TransactionStatus::Pending)
    }
}

fn covers(window: &Window, row: &ProviderTransaction) -> bool {
    window.provider_account_id.as_ref().is_none_or(|account| *account == row.provider_account_id)
        && (window.from..=window.to).contains(&row.transaction_date)
}

async fn fresh(rig: &Rig, credential: &Secret) -> Copy {
    let mut copy = Copy::default();
    copy.read(rig, credential).await;
    copy
}

async fn each() -> impl Iterator<Item = Rig> {
    Rig::each().await.into_iter().filter(|rig| rig.claims(Product::Transactions))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_history_comes_once_with_our_sign() {
    for rig in each().await {
        let credential = rig.ready().await.credential;
        let mut copy = Copy::default();
        assert_eq!(copy.read(&rig, &credential).await, HistoryProgress::Complete, "{}", rig.name());
        let span = |of: fn(&ProviderTransaction) -> chrono::NaiveDate| copy.rows.values().map(of).min().unwrap();
        let oldest = (rig.clock.now().date_naive() - span(|row| row.transaction_date)).num_days();
        assert!(oldest <= i64::from(rig.spec().history_days) + 10, "{}: {oldest} days", rig.name());
        assert!(oldest >= i64::from(rig.spec().history_days) / 2, "{}: only {oldest} days", rig.name());
        let sum = |category: Category| -> Decimal {
            copy.rows.values().filter(|row| row.category == category).map(|row| row.amount).sum()
        };
        // Money out is positive: wages come in, food is paid for.
        assert!(sum(Category::Income) < Decimal::ZERO, "{}", rig.name());
        assert!(sum(Category::FoodAndDrink) > Decimal::ZERO, "{}", rig.name());
        for row in copy.rows.values() {
            assert!(row.currency.is_some() && !row.description.is_empty(), "{}: {row:?}", rig.name());
            assert_eq!(row.posted_date.is_some(), row.status == TransactionStatus::Posted, "{}: {row:?}", rig.name());
        }
        // Nothing has happened since.
        let known = copy.rows.clone();
        copy.read(&rig, &credential).await;
        assert_eq!(copy.rows, known, "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_ones_are_posted_with_time_and_never_doubled() {
    for rig in each().await {
        let mut linked = rig.ready().await;
        let mut copy = fresh(&rig, &linked.credential).await;
        rig.turn(&linked, Knob::PostTransactions(9)).await;
        copy.read(&rig, &linked.credential).await;
        let pending: Vec<_> = copy.pending().cloned().collect();
        assert!(pending.len() >= 3, "{}: {} are pending", rig.name(), pending.len());
        rig.pass_time(&mut linked, TimeDelta::days(12)).await;
        rig.refreshed(&linked).await;
        copy.read(&rig, &linked.credential).await;
        for before in &pending {
            let id = &before.provider_transaction_id;
            let still = copy.rows.get(id).is_some_and(|row| row.status == TransactionStatus::Pending);
            assert!(!still, "{}: pending for ever: {before:?}", rig.name());
        }
        // What was posted by hand is kept by the bank: it stands there posted, once.
        let posted = |before: &&ProviderTransaction| {
            let same = |row: &&ProviderTransaction| {
                row.status == TransactionStatus::Posted
                    && row.provider_account_id == before.provider_account_id
                    && row.amount == before.amount
                    && row.transaction_date == before.transaction_date
                    && row.description == before.description
            };
            copy.rows.values().filter(same).count() == 1
        };
        assert!(pending.iter().filter(posted).count() >= 3, "{}: {pending:?}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_changes_has_what_a_fresh_reader_has() {
    for rig in each().await {
        let mut linked = rig.ready().await;
        let mut copy = fresh(&rig, &linked.credential).await;
        for step in [1, 2, 5, 9, 20] {
            rig.pass_time(&mut linked, TimeDelta::days(step)).await;
            rig.turn(&linked, Knob::PostTransactions(2)).await;
            copy.read(&rig, &linked.credential).await;
        }
        let other = fresh(&rig, &linked.credential).await;
        let first = rig.clock.now().date_naive() - TimeDelta::days(i64::from(rig.spec().history_days) - 60);
        let recent = |copy: &Copy| -> Vec<ProviderTransaction> {
            copy.rows.values().filter(|row| row.transaction_date > first).cloned().collect()
        };
        assert_eq!(recent(&copy), recent(&other), "{}", rig.name());
        // Sooner or later the bank takes one back.
        for _ in 0..10 {
            if copy.removed.is_empty() {
                rig.pass_time(&mut linked, TimeDelta::days(7)).await;
                copy.read(&rig, &linked.credential).await;
            }
        }
        assert!(!copy.removed.is_empty(), "{}: nothing was removed", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_asked_for_again_is_the_same() {
    for rig in each().await {
        let credential = rig.ready().await.credential;
        let request = TransactionsRequest { history_days: rig.spec().history_days, ..TransactionsRequest::default() };
        let page = async || rig.provider().transactions(&rig.cx(), &credential, &request).await.unwrap();
        let (first, again) = (page().await, page().await);
        assert_eq!(first.added, again.added, "{}", rig.name());
    }
}
