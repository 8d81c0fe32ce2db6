//! Transactions, as windows of dates: Yodlee tells users of no changes that it would also tell of one login. A run reads what is younger than
//! the last run less an overlap, and accounts that are new from the beginning; what it does not bring of such a window has vanished.
//!
//! Pages are counted by rows, and rows may come and go meanwhile: where there was more than one page, or none at all, Yodlee is asked how many
//! there are, and the run begins again unless that many came.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::service_provider::ServiceProvider;
use crate::providers::data::{HistoryProgress, TransactionsPage, TransactionsRequest, Window};
use crate::providers::rows::readable;
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::status::{Update, update};
use crate::providers::yodlee::map::transactions::INVESTMENT;
use crate::providers::yodlee::spec::SPEC;
use crate::providers::yodlee::wire::transaction::{Count, Transaction, Transactions};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::Credential;
use super::{Api, Operation, accounts, logins, path};

const LIST: Operation = Operation::reading("GET /transactions");
const COUNT: Operation = Operation::reading("GET /transactions/count");

/// Rows of a page, the most that Yodlee gives, and which it gives unless told otherwise.
const PAGE: u64 = 500;
/// Accounts of a request, the most that Yodlee takes.
const MOST_ACCOUNTS: usize = 100;
/// Rows of a run; far more are no honest number.
const MOST_ROWS: u64 = 5_000_000;
/// How long a row may still change after it was made. Yodlee's own window is as long, where none is named.
const OVERLAP: Days = Days::new(30);

/// Where the next run begins.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// The first day that is read again.
    from: NaiveDate,
    /// The accounts of which everything before is known.
    accounts: BTreeSet<String>,
}

/// Accounts that are read from the same day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    from: NaiveDate,
    accounts: Vec<String>,
}

impl Batch {
    /// As many batches as that many accounts need.
    pub fn of(from: NaiveDate, accounts: &[String]) -> Vec<Self> {
        accounts.chunks(MOST_ACCOUNTS).map(|some| Self { from, accounts: some.to_vec() }).collect()
    }
}

/// What is left of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    to: NaiveDate,
    batches: Vec<Batch>,
    /// The batch that is read.
    at: usize,
    /// Rows of it that were read.
    skip: u64,
    /// Yodlee has not fetched everything yet.
    #[serde(default)]
    unfinished: bool,
}

/// A page, and what is left after it.
pub struct Turn {
    /// The rows.
    pub rows: Vec<Transaction>,
    /// What is left; `None` = nothing.
    pub next: Option<Plan>,
}

impl Plan {
    /// From the first batch on.
    pub fn new(to: NaiveDate, batches: Vec<Batch>) -> Self {
        Self { to, batches, at: 0, skip: 0, unfinished: false }
    }

    /// Reads it from the name of a page.
    pub fn read(page: &str) -> Result<Self, Failure> {
        serde_json::from_str(page).map_err(|_| super::refused("PAGE", "no page has this name"))
    }

    /// The name of the page.
    pub fn text(&self) -> String {
        // Dates, digits and numbers: nothing in them can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the next page.
    pub async fn turn(&self, api: &Api<'_>, credential: &Credential, container: Option<&str>) -> Result<Turn, Failure> {
        let Some(batch) = self.batches.get(self.at) else { return Ok(Turn { rows: Vec::new(), next: None }) };
        let (ids, from, to, skip) =
            (batch.accounts.join(","), batch.from.to_string(), self.to.to_string(), self.skip.to_string());
        let mut query = vec![("accountId", ids.as_str()), ("fromDate", from.as_str()), ("toDate", to.as_str())];
        query.extend(container.map(|container| ("container", container)));
        let counted = path("/transactions/count", &query);
        query.extend([("skip", skip.as_str()), ("top", "500")]);
        let answer: Transactions = api.get(&credential.user, LIST, &path("/transactions", &query)).await?;
        let is_missing = answer.transaction.is_none();
        let rows = answer.transaction.unwrap_or_default();
        let read = self.skip.saturating_add(rows.len() as u64);
        if rows.len() as u64 >= PAGE && read < MOST_ROWS {
            return Ok(Turn { rows, next: Some(Self { skip: read, ..self.clone() }) });
        }
        if self.skip > 0 || is_missing {
            let count: Count = api.get(&credential.user, COUNT, &counted).await?;
            check(read, count.transaction.total.count)?;
        }
        let next = Self { at: self.at + 1, skip: 0, ..self.clone() };
        Ok(Turn { rows, next: (next.at < next.batches.len()).then_some(next) })
    }

    /// Everything that the run reads.
    fn windows(&self) -> impl Iterator<Item = Window> {
        self.batches.iter().flat_map(|batch| {
            let window =
                |account: &String| Window { provider_account_id: Some(account.clone()), from: batch.from, to: self.to };
            batch.accounts.iter().map(window)
        })
    }
}

/// Whether nothing came or went while the pages were read.
fn check(read: u64, there: u64) -> Result<(), Failure> {
    if read == there {
        return Ok(());
    }
    let message = "rows came or went while they were read";
    Err(Failure::new(FailureKind::Restart, Persistence::Temporary, "CHANGED_WHILE_READ", message))
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
            None => return Ok(not_ready(request)),
        },
    };
    let Turn { rows, next } = plan.turn(api, credential, None).await?;
    Ok(TransactionsPage {
        added: readable(ServiceProvider::Yodlee, rows.iter().map(map::transactions::transaction)),
        modified: Vec::new(),
        removed: Vec::new(),
        has_more: next.is_some(),
        whole: if next.is_none() { plan.windows().collect() } else { Vec::new() },
        next_cursor: next.map_or_else(|| after(&plan), |next| next.text()),
        history: if plan.unfinished { HistoryProgress::Recent } else { HistoryProgress::Complete },
    })
}

/// What a run has to read; `None` while Yodlee has nothing yet.
async fn begin(api: &Api<'_>, credential: &Credential, request: &TransactionsRequest) -> Result<Option<Plan>, Failure> {
    let update = update(&logins::get(api, &credential.user, &credential.login).await?);
    if matches!(update, Update::LoggingIn | Update::Fetching) && request.run_cursor.is_none() {
        return Ok(None);
    }
    let mut found = accounts::of_login(api, credential, "").await?;
    found.retain(|account| account.container.as_deref() != Some(INVESTMENT));
    let ids: Vec<String> = found.iter().map(|account| account.id.to_string()).collect();
    let to = api.now().date_naive();
    let days = Days::new(u64::from(request.history_days.clamp(1, SPEC.history_days)));
    let beginning = to.checked_sub_days(days).unwrap_or(to);
    let cursor: Option<Cursor> = request.run_cursor.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut plan = Plan::new(to, batches(ids, beginning, cursor.as_ref()));
    plan.unfinished = update == Update::Summarised;
    Ok(Some(plan))
}

/// Known accounts from the cursor's day on, new ones from the beginning.
fn batches(ids: Vec<String>, beginning: NaiveDate, cursor: Option<&Cursor>) -> Vec<Batch> {
    let is_known = |id: &String| cursor.is_some_and(|cursor| cursor.accounts.contains(id));
    let (known, new): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_known);
    let from = cursor.map_or(beginning, |cursor| cursor.from.max(beginning));
    [Batch::of(from, &known), Batch::of(beginning, &new)].concat()
}

/// The cursor after a run; nothing is known for good while Yodlee still fetches.
fn after(plan: &Plan) -> String {
    let read = plan.batches.iter().flat_map(|batch| batch.accounts.iter().cloned());
    let cursor = Cursor {
        from: plan.to.checked_sub_days(OVERLAP).unwrap_or(plan.to),
        accounts: if plan.unfinished { BTreeSet::new() } else { read.collect() },
    };
    serde_json::to_string(&cursor).unwrap_or_default()
}

fn not_ready(request: &TransactionsRequest) -> TransactionsPage {
    TransactionsPage::empty(request.run_cursor.clone().unwrap_or_default(), HistoryProgress::NotReady)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ids(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|id| id.to_string()).collect()
    }

    #[test]
    fn known_accounts_are_read_again_in_part_and_new_ones_whole() {
        let cursor = Cursor { from: day("2026-10-22"), accounts: ids(0..2).into_iter().collect() };
        let found = batches(ids(0..3), day("2024-11-21"), Some(&cursor));
        let batch = |from, accounts| Batch { from: day(from), accounts };
        assert_eq!(found, [batch("2026-10-22", ids(0..2)), batch("2024-11-21", ids(2..3))]);
        let first = batches(ids(0..250), day("2024-11-21"), None);
        assert_eq!(first.iter().map(|batch| batch.accounts.len()).collect::<Vec<_>>(), [100, 100, 50]);
    }

    #[test]
    fn the_next_run_overlaps_this_one_and_knows_nothing_while_yodlee_still_fetches() {
        let mut plan = Plan::new(day("2026-11-21"), Batch::of(day("2024-11-21"), &ids(0..2)));
        let cursor: Cursor = serde_json::from_str(&after(&plan)).unwrap();
        assert_eq!((cursor.from, cursor.accounts.len()), (day("2026-10-22"), 2));
        plan.unfinished = true;
        let cursor: Cursor = serde_json::from_str(&after(&plan)).unwrap();
        assert!(cursor.accounts.is_empty());
        assert_eq!(Plan::read(&plan.text()).unwrap(), plan);
        assert!(Plan::read("not ours").is_err());
    }

    #[test]
    fn rows_that_came_or_went_begin_the_run_again() {
        assert!(check(500, 500).is_ok());
        assert_eq!(check(500, 501).unwrap_err().kind, FailureKind::Restart);
        // An empty answer where there are rows is no list of none.
        assert!(check(0, 3).is_err());
    }
}
