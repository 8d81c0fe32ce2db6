//! Transactions, as windows of dates: finAPI tells of nothing that was deleted. A run reads what an update may have brought since the last
//! one, and accounts that are new from the beginning; then what is pending. What it does not bring of all this has vanished.
//!
//! Rows may come and go while pages are read: the run begins again unless each page says the same count.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::service_provider::ServiceProvider;
use crate::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage, TransactionsRequest, Window};
use crate::providers::finapi::map;
use crate::providers::finapi::map::status::is_updating;
use crate::providers::finapi::spec::SPEC;
use crate::providers::finapi::wire::{Paging, PendingTransactions, Transactions};
use crate::providers::rows::{check_whose, readable};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::Credential;
use super::{Api, Caller, Operation, connections, path, refused};

const BOOKED: Operation = Operation::reading("GET /api/v2/transactions");
const PENDING: Operation = Operation::reading("GET /api/v2/pendingTransactions");

/// Accounts of a request.
const MOST_ACCOUNTS: usize = 100;
/// Pages of 500 that are read of one list; far more are no honest number.
const MOST_PAGES: u64 = 10_000;
/// What is read again: an update brings at most 89 days, and the last one may have come after the last run.
const OVERLAP: Days = Days::new(90);
/// How far ahead of today a transaction may be dated.
const AHEAD: Days = Days::new(366);

/// Where the next run begins.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// The first day that is read again.
    from: NaiveDate,
    /// The accounts of which everything before is known.
    accounts: BTreeSet<i64>,
}

/// Accounts that are read from the same day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Batch {
    from: NaiveDate,
    accounts: Vec<i64>,
}

/// What is left of a run: of each batch first what is booked, then what is pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    today: NaiveDate,
    batches: Vec<Batch>,
    at: usize,
    pending: bool,
    /// The page, from 1 on.
    page: u64,
    /// How many rows the list has, by its first page.
    count: Option<u64>,
}

impl Plan {
    fn new(today: NaiveDate, batches: Vec<Batch>) -> Self {
        Self { today, batches, at: 0, pending: false, page: 1, count: None }
    }

    fn read(page: &str) -> Result<Self, Failure> {
        serde_json::from_str(page).map_err(|_| refused("PAGE", "no page has this name"))
    }

    fn text(&self) -> String {
        // Dates and numbers: nothing in them can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the next page.
    async fn rows(
        &self,
        api: &Api<'_>,
        credential: &Credential,
    ) -> Result<(Vec<ProviderTransaction>, Paging), Failure> {
        let Some(batch) = self.batches.get(self.at) else { return Err(refused("PAGE", "no page has this name")) };
        let ids = batch.accounts.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let (from, page, caller) = (batch.from.to_string(), self.page.to_string(), Caller::User(&credential.user));
        let mut query = vec![("accountIds", ids.as_str()), ("page", &page), ("perPage", "500"), ("order", "id,asc")];
        if self.pending {
            let path = path("/api/v2/pendingTransactions", &query);
            let found: PendingTransactions = api.get(caller, PENDING, &path).await?;
            let rows = found.pending_transactions.iter();
            check_whose("pending transactions", rows.clone(), |row| !batch.accounts.contains(&row.account_id))?;
            let rows = rows.map(|row| map::transactions::pending(row, batch.from).map(Some));
            return Ok((readable(ServiceProvider::FinApi, rows), found.paging));
        }
        query.extend([("view", "bankView"), ("minBankBookingDate", &from)]);
        let found: Transactions = api.get(caller, BOOKED, &path("/api/v2/transactions", &query)).await?;
        check_whose("transactions", &found.transactions, |row| !batch.accounts.contains(&row.account_id))?;
        let rows = found.transactions.iter().map(map::transactions::booked);
        Ok((readable(ServiceProvider::FinApi, rows), found.paging))
    }

    /// What is left after that page.
    fn next(&self, paging: &Paging) -> Option<Self> {
        let mut next = Self { page: 1, count: None, ..self.clone() };
        if self.page < paging.page_count.min(MOST_PAGES) {
            next.page = self.page + 1;
            next.count = Some(paging.total_count);
        } else if self.pending {
            next.pending = false;
            next.at = self.at + 1;
        } else {
            next.pending = true;
        }
        (next.at < next.batches.len()).then_some(next)
    }

    /// Everything that the run reads.
    fn windows(&self) -> Vec<Window> {
        let to = self.today.checked_add_days(AHEAD).unwrap_or(self.today);
        let window = |from, account: &i64| Window { provider_account_id: Some(account.to_string()), from, to };
        self.batches.iter().flat_map(|one| one.accounts.iter().map(move |account| window(one.from, account))).collect()
    }

    /// The cursor after the run.
    fn cursor(&self) -> String {
        let cursor = Cursor {
            from: self.today.checked_sub_days(OVERLAP).unwrap_or(self.today),
            accounts: self.batches.iter().flat_map(|batch| batch.accounts.iter().copied()).collect(),
        };
        serde_json::to_string(&cursor).unwrap_or_default()
    }
}

/// One page of a run.
pub async fn page(
    api: &Api<'_>,
    credential: &Credential,
    request: &TransactionsRequest,
) -> Result<TransactionsPage, Failure> {
    let plan = match &request.page_cursor {
        Some(page) => Plan::read(page)?,
        None => match begin(api, credential, request).await? {
            Some(plan) => plan,
            None => {
                return Ok(TransactionsPage::empty(
                    request.run_cursor.clone().unwrap_or_default(),
                    HistoryProgress::NotReady,
                ));
            }
        },
    };
    if plan.batches.is_empty() {
        return Ok(TransactionsPage::empty(plan.cursor(), HistoryProgress::Complete));
    }
    let (added, paging) = plan.rows(api, credential).await?;
    if plan.count.is_some_and(|count| count != paging.total_count) {
        let message = "rows came or went while they were read";
        return Err(Failure::new(FailureKind::Restart, Persistence::Temporary, "CHANGED_WHILE_READ", message));
    }
    let next = plan.next(&paging);
    Ok(TransactionsPage {
        added,
        has_more: next.is_some(),
        whole: if next.is_none() { plan.windows() } else { Vec::new() },
        ..TransactionsPage::empty(next.map_or_else(|| plan.cursor(), |next| next.text()), HistoryProgress::Complete)
    })
}

/// What a run has to read; `None` while the first update is under way.
async fn begin(api: &Api<'_>, credential: &Credential, request: &TransactionsRequest) -> Result<Option<Plan>, Failure> {
    let connection = connections::served(api, credential).await?;
    if is_updating(&connection) && request.run_cursor.is_none() {
        return Ok(None);
    }
    let ids = connections::account_ids(api, credential, None).await?;
    let today = api.now().date_naive();
    let days = Days::new(u64::from(request.history_days.clamp(1, SPEC.history_days)));
    let beginning = today.checked_sub_days(days).unwrap_or(today);
    let cursor: Option<Cursor> = request.run_cursor.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Ok(Some(Plan::new(today, batches(ids, beginning, cursor.as_ref()))))
}

/// Known accounts from the cursor's day on, new ones from the beginning.
fn batches(ids: Vec<i64>, beginning: NaiveDate, cursor: Option<&Cursor>) -> Vec<Batch> {
    let is_known = |id: &i64| cursor.is_some_and(|cursor| cursor.accounts.contains(id));
    let (known, new): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_known);
    let from = cursor.map_or(beginning, |cursor| cursor.from.max(beginning));
    let of = |from, ids: &[i64]| -> Vec<Batch> {
        ids.chunks(MOST_ACCOUNTS).map(|some| Batch { from, accounts: some.to_vec() }).collect()
    };
    [of(from, &known), of(beginning, &new)].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_new_is_read_from_the_beginning_and_the_rest_as_far_as_an_update_reaches() {
        let cursor = Cursor { from: day("2026-06-01"), accounts: [1, 2].into() };
        let batch = |from, accounts: &[i64]| Batch { from: day(from), accounts: accounts.to_vec() };
        let beginning = day("2024-11-21");
        let known = [batch("2026-06-01", &[1]), batch("2024-11-21", &[3])];
        assert_eq!(batches(vec![1, 3], beginning, Some(&cursor)), known);
        assert_eq!(batches(vec![1, 3], beginning, None), [batch("2024-11-21", &[1, 3])]);
    }

    #[test]
    fn a_run_reads_each_list_to_its_end() {
        let first = batches(vec![1], day("2026-06-01"), None);
        let plan = Plan::new(day("2026-11-21"), first);
        let paging = |page_count| Paging { page_count, total_count: 700 };
        let second = plan.next(&paging(2)).unwrap();
        assert_eq!((second.page, second.pending, second.count), (2, false, Some(700)));
        let pending = Plan::read(&second.next(&paging(2)).unwrap().text()).unwrap();
        assert_eq!((pending.page, pending.pending, pending.count), (1, true, None));
        assert_eq!(pending.next(&paging(0)), None);
        assert_eq!(pending.windows()[0].to, day("2027-11-22"));
    }
}
