//! Transactions. Ids ascend, so that posted ones are read from an id on: from the first of those that are young enough to change still. Pending
//! ones get other ids with each refresh, so that all of them are read each time. What a run does not bring of that time has vanished.

use chrono::{Days, NaiveDate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::providers::Failure;
use crate::providers::data::{HistoryProgress, TransactionsPage, TransactionsRequest, Window};
use crate::providers::rows::check_whose;
use crate::providers::saltedge::map;
use crate::providers::saltedge::wire::{Page, Transaction};

use super::{Api, Credential, data};

/// How long a posted transaction may still change.
const OVERLAP: Days = Days::new(30);
/// How far ahead a bank may date a transaction.
const AHEAD: Days = Days::new(60);

/// Where a run begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    /// The first id; none = from the beginning.
    id: Option<String>,
    /// The first day of which everything is read.
    day: NaiveDate,
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    start: Start,
    /// Pending ones come first: one that is posted meanwhile is seen twice rather than never.
    pending: bool,
    /// The next page.
    page: Option<String>,
    /// Everything had been fetched when the run began.
    complete: bool,
    /// At least the recent ones had.
    recent: bool,
    /// Where the next run begins.
    next: Start,
}

impl Place {
    fn new(start: Start, history: HistoryProgress, today: NaiveDate) -> Self {
        Self {
            // Everything that changes still, but not what this run does not read.
            next: Start { id: None, day: (today - OVERLAP).max(start.day) },
            start,
            pending: true,
            page: None,
            complete: history == HistoryProgress::Complete,
            recent: history == HistoryProgress::Recent,
        }
    }

    fn history(&self) -> HistoryProgress {
        match (self.complete, self.recent) {
            (true, _) => HistoryProgress::Complete,
            (false, true) => HistoryProgress::Recent,
            (false, false) => HistoryProgress::NotReady,
        }
    }

    /// Notes what a page brought.
    fn note(&mut self, rows: &[Transaction]) {
        for (row, day) in rows.iter().filter_map(|row| Some((row, row.made_on.parse::<NaiveDate>().ok()?))) {
            if self.pending {
                if day < self.start.day {
                    // Older than what this run would read: it reads everything instead.
                    self.start = Start::default();
                }
                self.next.day = self.next.day.min(day);
            } else if day >= self.next.day && self.next.id.is_none() {
                self.next.id = Some(row.id.clone());
            }
        }
    }

    /// Where to go on after a page, and whether there is anything.
    fn after(mut self, page: Option<String>) -> (Self, bool) {
        let has_more = page.is_some() || self.pending;
        if page.is_none() {
            self.pending = false;
        }
        self.page = page;
        (self, has_more)
    }

    /// The next run's beginning. While Salt Edge still fetches, older ones may come with any id.
    fn end(self) -> Start {
        match (self.complete, self.next.id.is_some()) {
            (false, _) => Start::default(),
            (true, true) => self.next,
            // Nothing was posted of late.
            (true, false) => self.start,
        }
    }
}

/// A page.
pub async fn page(
    api: &Api<'_>,
    credential: &Credential,
    request: &TransactionsRequest,
) -> Result<TransactionsPage, Failure> {
    let today = api.now().date_naive();
    let mut place: Place = match &request.page_cursor {
        Some(cursor) => read(cursor)?,
        None => {
            let connection = data::served(api, credential, false).await?;
            let start = request.run_cursor.as_deref().map(read).transpose()?.unwrap_or_default();
            Place::new(start, map::status::history(&connection), today)
        }
    };
    let pending = place.pending.to_string();
    let query = [("connection_id", credential.connection.as_str()), ("pending", pending.as_str())];
    let first = place.start.id.clone().filter(|_| !place.pending);
    let from = place.page.clone().or(first);
    let mut answer: Page<Transaction> = api.page("GET /transactions", "/transactions", &query, from.as_deref()).await?;
    let is_foreign = |row: &Transaction| data::is_of_another(row.connection_id.as_deref(), &credential.connection);
    check_whose("transactions", &answer.data, is_foreign)?;
    let is_pending = |row: &Transaction| row.status.as_deref() == Some("pending");
    answer.data.retain(|row| is_pending(row) == place.pending);
    place.note(&answer.data);
    let history = place.history();
    let next = answer.meta.next_id.filter(|next| Some(next) != from.as_ref());
    let (place, has_more) = place.after(next);
    let whole = Window { provider_account_id: None, from: place.start.day, to: today + AHEAD };
    Ok(TransactionsPage {
        added: answer.data.into_iter().filter_map(map::transactions::transaction).collect(),
        modified: Vec::new(),
        removed: Vec::new(),
        whole: if has_more { Vec::new() } else { vec![whole] },
        next_cursor: if has_more { text(&place) } else { text(&place.end()) },
        has_more,
        history,
    })
}

fn read<T: DeserializeOwned>(cursor: &str) -> Result<T, Failure> {
    serde_json::from_str(cursor).map_err(|_| Failure::unreadable("the cursor"))
}

fn text<T: Serialize>(value: &T) -> String {
    // Dates, ids and flags: nothing in them can fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn rows(rows: &[(&str, &str)]) -> Vec<Transaction> {
        let row = |(id, day): &(&str, &str)| {
            let row = serde_json::json!({ "id": id, "account_id": "1", "made_on": day, "amount": -1 });
            serde_json::from_str(&row.to_string()).unwrap()
        };
        rows.iter().map(row).collect()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_run_begins_with_what_may_change_and_reaches_back_to_the_oldest_pending() {
        let mut place = Place::new(Start::default(), HistoryProgress::Complete, day("2026-06-30"));
        place.note(&rows(&[("7", "2026-05-20")]));
        let (mut place, more) = place.after(None);
        assert!(more && !place.pending);
        place.note(&rows(&[("1", "2026-01-01"), ("2", "2026-05-21"), ("3", "2026-06-29")]));
        let (place, more) = place.after(None);
        assert!(!more);
        assert_eq!(place.end(), Start { id: Some("2".to_owned()), day: day("2026-05-20") });
    }

    #[test]
    fn what_is_still_fetched_or_older_than_the_run_is_read_from_the_beginning() {
        let start = Start { id: Some("5".to_owned()), day: day("2026-06-01") };
        let place = Place::new(start.clone(), HistoryProgress::Recent, day("2026-06-30"));
        assert_eq!(place.end(), Start::default());
        let mut place = Place::new(start.clone(), HistoryProgress::Complete, day("2026-06-30"));
        place.note(&rows(&[("9", "2026-05-01")]));
        assert_eq!(place.start, Start::default());
        let quiet = Place::new(start.clone(), HistoryProgress::Complete, day("2026-06-30"));
        assert_eq!(quiet.end(), start);
    }
}
