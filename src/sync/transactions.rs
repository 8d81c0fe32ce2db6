//! Transactions: page after page, each stored with its event, its cursor and the check of the lease in one transaction.

use std::collections::HashMap;

use serde_json::json;

use super::Run;
use super::outcome::Fetched;
use crate::domain::event::EventType;
use crate::domain::ids::AccountId;
use crate::domain::money::in_currency;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage, TransactionsRequest};
use crate::providers::{Failure, FailureKind, Persistence};
use crate::store::{PageCounts, TransactionFacts};

/// The most pages of one run; what is left comes with the next.
const MOST_PAGES: usize = 2000;

/// How often a run may begin again because the data changed under it.
const MOST_RESTARTS: usize = 5;

const NAME: &str = Product::Transactions.as_str();

impl Run<'_> {
    /// Reads what changed since the cursor.
    pub(super) async fn fetch_transactions(&self) -> Result<Fetched, Problem> {
        let Some(row) = self.products.iter().find(|row| row.product == Product::Transactions) else {
            return Ok(Fetched::Whole);
        };
        let mut request = TransactionsRequest {
            run_cursor: row.cursor.clone(),
            page_cursor: row.page_cursor.clone(),
            history_days: self.connection.settings.history_days,
        };
        let mut restarts = 0;
        for _ in 0..MOST_PAGES {
            let cx = self.entry.in_job(&self.sync.clock);
            match self.entry.provider.transactions(&cx, &self.credential, &request).await {
                Ok(page) if page.history == HistoryProgress::NotReady && page.is_empty() => {
                    return Ok(Fetched::NotReady(None));
                }
                Ok(page) => {
                    let (next, more, history) = (page.next_cursor.clone(), page.has_more, page.history);
                    let stuck = more && request.page_cursor.as_deref() == Some(next.as_str());
                    if stuck {
                        return Ok(Fetched::Failed(endless()));
                    }
                    self.store_page(page, row.history_complete).await?;
                    if !more {
                        let whole = history == HistoryProgress::Complete;
                        return Ok(if whole { Fetched::Whole } else { Fetched::Partly });
                    }
                    request.page_cursor = Some(next);
                }
                Err(failure) if failure.kind == FailureKind::Restart && restarts < MOST_RESTARTS => {
                    restarts += 1;
                    let mut tx = self.begin().await?;
                    tx.restart_run(self.id(), NAME).await?;
                    tx.commit().await?;
                    request.page_cursor = None;
                }
                Err(failure) => return Ok(Fetched::of(failure)),
            }
        }
        Ok(Fetched::Partly)
    }

    async fn store_page(&self, page: TransactionsPage, was_complete: bool) -> Result<(), Problem> {
        let now = self.sync.clock.now();
        let id = self.id();
        let mut tx = self.begin().await?;
        let accounts = tx.account_ids(id).await?;
        let rows: Vec<TransactionFacts> = page
            .added
            .into_iter()
            .chain(page.modified)
            .filter_map(|transaction| facts(transaction, &accounts))
            .collect();
        let windowed = self.entry.provider.spec().reads_windows;
        if windowed {
            let seen: Vec<&str> = rows.iter().map(|row| row.provider_transaction_id.as_str()).collect();
            tx.note_seen(id, &seen).await?;
        }
        let sequence = tx.next_sequence(id).await?;
        let mut counts =
            if rows.is_empty() { PageCounts::default() } else { tx.write_transactions(id, rows, sequence).await? };
        if !page.removed.is_empty() {
            tx.note_vanished(id, NAME, &page.removed).await?;
        }
        let run_ended = !page.has_more;
        if run_ended {
            for window in page.whole.iter().filter(|_| windowed) {
                let account = window.provider_account_id.as_ref().map(|account| accounts.get(account));
                // Nothing is stored of an account that was filtered out.
                if account != Some(None) {
                    tx.note_unseen(id, NAME, account.flatten().copied(), window.from, window.to).await?;
                }
            }
            counts.removed = tx.remove_vanished(id, NAME, sequence).await?;
            counts.modified += tx.mark_recurring(id, sequence).await?;
        }
        if !counts.is_empty() {
            let data = json!({ "added": counts.added, "modified": counts.modified, "removed": counts.removed });
            tx.emit(id, EventType::TransactionsAggregated, data, now).await?;
        }
        let complete = run_ended && page.history == HistoryProgress::Complete;
        tx.set_cursor(id, NAME, &page.next_cursor, run_ended, complete).await?;
        if complete && !was_complete {
            let from = tx.first_transaction_date(id).await?;
            tx.emit(id, EventType::TransactionsHistoricalAggregated, json!({ "historyFrom": from }), now).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl TransactionsPage {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

fn facts(transaction: ProviderTransaction, accounts: &HashMap<String, AccountId>) -> Option<TransactionFacts> {
    // An account that is not stored was filtered out (B13).
    let account_id = *accounts.get(&transaction.provider_account_id)?;
    Some(TransactionFacts {
        account_id,
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
        "the provider announces a next page but stays on the same one",
    )
}
