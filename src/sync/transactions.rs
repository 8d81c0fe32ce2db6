//! Transactions: page after page, each stored with its event, its cursor and the check of the lease in one transaction.

use std::collections::HashSet;

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::json;

use super::Run;
use super::accounts::AccountNames;
use super::outcome::Fetched;
use crate::domain::event::EventType;
use crate::domain::money::in_currency;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage, TransactionsRequest, Window};
use crate::providers::{Failure, FailureKind, Persistence};
use crate::store::{ConnectionProduct, PageCounts, Progress, TenantTx, TransactionFacts};

/// The most pages of one run; what is left comes with the next.
const MOST_PAGES: usize = 2000;

/// How often a run may begin anew because a cursor was of no use.
const MOST_RESTARTS: usize = 5;

/// So long after it was made, a transaction that was removed while it was pending may still be booked.
const LATEST_BOOKING: TimeDelta = TimeDelta::days(14);

const NAME: &str = Product::Transactions.as_str();

/// Where the reading is.
struct Reading {
    request: TransactionsRequest,
    was_complete: bool,
    /// Whether the run had to begin anew, so that what it shows is to be noted.
    begun_anew: bool,
    /// Whether transactions of an earlier link wait to be delivered again, as far as this one's history goes (G2).
    recognizes: bool,
    /// The cursors of this reading: a provider that names one twice turns in circles.
    cursors: HashSet<String>,
    restarts: usize,
}

impl Reading {
    fn of(row: &ConnectionProduct, history_days: u16) -> Self {
        let request =
            TransactionsRequest { run_cursor: row.cursor.clone(), page_cursor: row.page_cursor.clone(), history_days };
        Self {
            cursors: request.page_cursor.iter().chain(&request.run_cursor).cloned().collect(),
            request,
            was_complete: row.history_complete,
            begun_anew: row.unshown_after.is_some(),
            recognizes: false,
            restarts: 0,
        }
    }
}

impl Run<'_> {
    /// How far back is read: as the caller said, else as far as it costs nothing.
    pub(super) fn history_days(&self) -> u16 {
        self.connection.settings.history_days.unwrap_or_else(|| self.entry.provider.ordinary_history_days())
    }

    /// How far back is read again: to the first day that is there, while that costs nothing.
    fn days_again(&self) -> u16 {
        let known = |from: NaiveDate| (self.sync.clock.now().date_naive() - from).num_days();
        let known = self.connection.history_from.map_or(0, known).clamp(0, i64::from(u16::MAX));
        let known = u16::try_from(known).unwrap_or_default();
        self.history_days().max(known.min(self.entry.provider.ordinary_history_days()))
    }

    /// The first day of the history that was asked for, where that was said; windows of dates may reach beyond it (B15).
    fn first_day(&self) -> Option<NaiveDate> {
        let days = Days::new(u64::from(self.connection.settings.history_days?));
        self.connection.created_at.date_naive().checked_sub_days(days)
    }

    /// Reads what changed since the cursor.
    pub(super) async fn fetch_transactions(&self) -> Result<Fetched, Problem> {
        let Some(row) = self.product_row(Product::Transactions).await? else { return Ok(Fetched::Whole) };
        let mut reading = Reading::of(&row, self.history_days());
        if !reading.was_complete {
            let mut tx = self.begin().await?;
            reading.recognizes = tx.has_earlier_transactions(self.id()).await?;
            tx.commit().await?;
        }
        if row.reread {
            reading.request.history_days = self.days_again();
            self.reread(&mut reading).await?;
        }
        for _ in 0..MOST_PAGES {
            let cx = self.context();
            match self.entry.provider.transactions(&cx, &self.credential, &reading.request).await {
                Ok(page) => {
                    if let Some(end) = self.take_page(&mut reading, page).await? {
                        return Ok(end);
                    }
                }
                Err(failure) if failure.kind == FailureKind::Restart => {
                    if !self.begin_anew(&mut reading, &failure).await? {
                        return Ok(Fetched::Failed(failure));
                    }
                }
                Err(failure) => return Ok(Fetched::of(failure)),
            }
        }
        Ok(Fetched::Partly)
    }

    /// Stores a page; how the reading ended, if it did.
    async fn take_page(&self, reading: &mut Reading, page: TransactionsPage) -> Result<Option<Fetched>, Problem> {
        if page.history == HistoryProgress::NotReady && page.is_empty() {
            return Ok(Some(Fetched::NotReady(None)));
        }
        let (next, more, history) = (page.next_cursor.clone(), page.has_more, page.history);
        if more && !reading.cursors.insert(next.clone()) {
            // Where the circle began is not known: nothing of this run is built upon.
            self.restart(reading, false).await?;
            return Ok(Some(Fetched::Failed(endless())));
        }
        let transactions = page.added.iter().chain(&page.modified);
        let names = transactions.map(|transaction| transaction.provider_account_id.as_str());
        let accounts = match self.accounts_named(names).await? {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Some(Fetched::of(failure))),
        };
        if !self.store_page(reading, page, &accounts).await? {
            return Ok(Some(Fetched::Removed));
        }
        reading.request.page_cursor = Some(next);
        let whole = history == HistoryProgress::Complete;
        Ok((!more).then_some(if whole { Fetched::Whole } else { Fetched::Partly }))
    }

    /// The cursor that the provider was asked with is of no use: from the run's own, and if it is that one, from the beginning.
    /// False where there is nowhere to go back to, or it was gone back to too often.
    async fn begin_anew(&self, reading: &mut Reading, failure: &Failure) -> Result<bool, Problem> {
        let (at_page, at_run) = (reading.request.page_cursor.is_some(), reading.request.run_cursor.is_some());
        let possible = (at_page || at_run) && reading.restarts < MOST_RESTARTS;
        tracing::warn!(
            connection_id = %self.id(), provider = %self.entry.id(), code = %failure.code, request_id = ?failure.request_id,
            at_page, again = possible, "the provider does not go on from the cursor"
        );
        if at_page || at_run {
            // Also where this reading gives up: the next one is not to ask with this cursor again.
            self.restart(reading, !at_page).await?;
        }
        Ok(possible)
    }

    /// Accounts have come: where rows are read by dates, theirs from before would be missed. What tells of changes tells of them.
    async fn reread(&self, reading: &mut Reading) -> Result<(), Problem> {
        if self.entry.provider.spec().reads_windows {
            self.restart(reading, true).await?;
        }
        let mut tx = self.begin().await?;
        tx.set_reread(self.id(), &[Product::Transactions], false).await?;
        Ok(tx.commit().await?)
    }

    async fn restart(&self, reading: &mut Reading, from_nothing: bool) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let windowed = self.entry.provider.spec().reads_windows;
        let unshown_after = tx.restart_run(self.id(), NAME, from_nothing, windowed).await?;
        tx.commit().await?;
        reading.restarts += 1;
        reading.begun_anew = unshown_after.is_some();
        reading.request.page_cursor = None;
        reading.request.run_cursor.take_if(|_| from_nothing);
        reading.cursors = reading.request.run_cursor.iter().cloned().collect();
        Ok(())
    }

    /// Whether it was stored: nothing is of a product that was removed (A15).
    async fn store_page(
        &self,
        reading: &Reading,
        page: TransactionsPage,
        accounts: &AccountNames,
    ) -> Result<bool, Problem> {
        let now = self.sync.clock.now();
        let id = self.id();
        let Some(mut tx) = self.begin_for(Product::Transactions).await? else { return Ok(false) };
        let transactions = page.added.into_iter().chain(page.modified);
        let first_day = self.first_day();
        let is_asked_for = |row: &TransactionFacts| first_day.is_none_or(|day| row.transaction_date >= day);
        let (shown, rows): (Vec<String>, Vec<Option<TransactionFacts>>) = transactions
            .map(|transaction| {
                (transaction.provider_transaction_id.clone(), facts(transaction, accounts).filter(is_asked_for))
            })
            .unzip();
        let mut rows: Vec<TransactionFacts> = rows.into_iter().flatten().collect();
        let sequence = tx.next_sequence(id).await?;
        if reading.recognizes {
            self.adopt_transactions(&mut tx, &rows).await?;
        }
        let run_ended = !page.has_more;
        let history_complete = run_ended && page.history == HistoryProgress::Complete;
        let windowed = self.entry.provider.spec().reads_windows;
        tx.note_vanished(id, NAME, &shown, &page.removed).await?;
        if reading.begun_anew || windowed {
            tx.note_shown(id, &shown).await?;
        }
        if windowed {
            rows = self.keep_back(&mut tx, rows).await?;
        }
        if run_ended {
            self.note_windows(&mut tx, &page.whole, accounts).await?;
            rows = [self.take_up(&mut tx).await?, rows].concat();
        }
        let mut counts =
            if rows.is_empty() { PageCounts::default() } else { tx.write_transactions(id, rows, sequence).await? };
        if run_ended {
            counts.removed = tx.remove_vanished(id, NAME, sequence, windowed).await?;
            if reading.begun_anew {
                counts.removed += tx.remove_unshown(id, NAME, sequence, history_complete).await?;
            } else if windowed {
                tx.forget_shown(id).await?;
            }
            tx.forget_removed(id, (now - LATEST_BOOKING).date_naive()).await?;
            if reading.recognizes && history_complete {
                counts.removed += tx.remove_earlier_pending(id, sequence).await?;
            }
            counts.modified += tx.mark_recurring(id, sequence).await?;
        }
        if !counts.is_empty() {
            let data = json!({ "added": counts.added, "modified": counts.modified, "removed": counts.removed });
            tx.emit(id, EventType::TransactionsAggregated, data, now).await?;
        }
        let progress = Progress { cursor: &page.next_cursor, sequence, run_ended, history_complete };
        tx.set_progress(id, NAME, progress).await?;
        if history_complete && !reading.was_complete {
            let from = tx.first_transaction_date(id).await?;
            tx.emit(id, EventType::TransactionsHistoricalAggregated, json!({ "historyFrom": from }), now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Notes what is gone of the windows that a run has read to their end.
    async fn note_windows(
        &self,
        tx: &mut TenantTx,
        windows: &[Window],
        accounts: &AccountNames,
    ) -> Result<(), Problem> {
        for window in windows {
            let account = window.provider_account_id.as_deref().map(|name| accounts.of(name));
            // Nothing is stored of an account that was filtered out.
            if account != Some(None) {
                tx.note_unshown(self.id(), NAME, account.flatten(), window.from..=window.to).await?;
            }
        }
        Ok(())
    }
}

impl TransactionsPage {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

fn facts(transaction: ProviderTransaction, accounts: &AccountNames) -> Option<TransactionFacts> {
    Some(TransactionFacts {
        account_id: accounts.of(&transaction.provider_account_id)?,
        provider_transaction_id: transaction.provider_transaction_id,
        pending_transaction_id: transaction.pending_transaction_id,
        amount: in_currency(transaction.amount, transaction.currency.as_deref()),
        currency: transaction.currency,
        description: transaction.description,
        merchant: transaction.merchant,
        category: transaction.category,
        status: transaction.status,
        transaction_date: transaction.transaction_date,
        posted_date: transaction.posted_date,
    })
}

fn endless() -> Failure {
    Failure::new(
        FailureKind::Bug,
        Persistence::Temporary,
        "ENDLESS_PAGES",
        "the provider announces a next page but leads back to one that was read",
    )
}
