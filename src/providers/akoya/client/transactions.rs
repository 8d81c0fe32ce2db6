//! Transactions, account by account in windows of dates: Akoya has no changes. The first run reads the whole history, each later
//! one begins a while before the last: what is new, what was posted and what has vanished since are all in it.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::product::Product;
use crate::providers::akoya::map;
use crate::providers::akoya::spec::SPEC;
use crate::providers::akoya::wire::account::Kind;
use crate::providers::data::{
    HistoryProgress, InvestmentTransactionsPage, InvestmentTransactionsRequest, TransactionsPage, TransactionsRequest,
    Window,
};
use crate::providers::{Failure, FailureKind, Persistence};

use super::Api;
use super::credential::Credential;
use super::windows::Progress;

/// How many days before the end of the last run the next one begins: pending rows are posted or gone by then.
const OVERLAP: Days = Days::new(30);

/// Where a run ended.
#[derive(Serialize, Deserialize)]
struct Ended {
    read_to: NaiveDate,
}

/// Where a run is.
#[derive(Serialize, Deserialize)]
struct Run {
    from: NaiveDate,
    to: DateTime<Utc>,
    progress: Progress,
}

impl Run {
    fn of(request: &TransactionsRequest, now: DateTime<Utc>) -> Result<Self, Failure> {
        if let Some(cursor) = &request.page_cursor {
            return serde_json::from_str(cursor).map_err(|_| restart());
        }
        let ended = request.run_cursor.as_deref().and_then(|cursor| serde_json::from_str::<Ended>(cursor).ok());
        let days = u64::from(request.history_days.clamp(1, SPEC.history_days));
        let from = match ended {
            Some(Ended { read_to }) => read_to - OVERLAP,
            None => now.date_naive() - Days::new(days),
        };
        Ok(Self { from, to: now, progress: Progress::default() })
    }

    fn page(&self) -> TransactionsPage {
        TransactionsPage { has_more: true, ..TransactionsPage::empty(written(self), HistoryProgress::Recent) }
    }

    /// The last page: what was read to its end.
    fn end(self) -> TransactionsPage {
        let to = self.to.date_naive();
        let mut page = self.page();
        page.next_cursor = written(&Ended { read_to: to });
        page.has_more = false;
        page.history = HistoryProgress::Complete;
        let window = |account| Window { provider_account_id: Some(account), from: self.from, to };
        page.whole = self.progress.read.into_iter().map(window).collect();
        page
    }
}

fn written<T: Serialize>(cursor: &T) -> String {
    serde_json::to_string(cursor).unwrap_or_default()
}

fn restart() -> Failure {
    Failure::new(
        FailureKind::Restart,
        Persistence::Temporary,
        "CURSOR",
        "the reading's place cannot be read: it begins again",
    )
}

fn start_of(day: NaiveDate) -> String {
    written_time(day.and_time(NaiveTime::MIN).and_utc())
}

/// In whole seconds, rounded up: what happened within the last one is in the window too.
fn written_time(at: DateTime<Utc>) -> String {
    let up = TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos() > 0) * 999_999_999);
    (at + up).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One page of one account.
pub async fn page(
    api: &Api<'_>,
    credential: &Credential,
    request: &TransactionsRequest,
) -> Result<TransactionsPage, Failure> {
    credential.check_granted(Product::Transactions)?;
    let mut run = Run::of(request, api.now())?;
    let wanted: fn(Kind) -> bool = |kind| matches!(kind, Kind::Deposit | Kind::Loc | Kind::Loan);
    let window = (start_of(run.from), written_time(run.to));
    let step = run.progress.step(api, credential, wanted, (&window.0, &window.1)).await?;
    let Some(rows) = step else { return Ok(run.end()) };
    let mut page = run.page();
    let ours = |row| map::transactions::transaction(&rows.account, rows.currency.as_deref(), row);
    page.added = rows.rows.iter().filter_map(ours).collect();
    Ok(page)
}

/// One page of one investment account's movements.
pub async fn investment_page(
    api: &Api<'_>,
    credential: &Credential,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    credential.check_granted(Product::InvestmentTransactions)?;
    let mut progress: Progress = match &request.page {
        Some(page) => serde_json::from_str(page).map_err(|_| restart())?,
        None => Progress::default(),
    };
    let wanted: fn(Kind) -> bool = |kind| kind == Kind::Investment;
    let end = request.to.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1) - TimeDelta::seconds(1);
    let window = (start_of(request.from), written_time(end.min(api.now())));
    let step = progress.step(api, credential, wanted, (&window.0, &window.1)).await?;
    let Some(rows) = step else { return Ok(InvestmentTransactionsPage { transactions: Vec::new(), next: None }) };
    let ours = |row| map::trades::trade(&rows.account, rows.currency.as_deref(), row);
    let within = |date: NaiveDate| (request.from..=request.to).contains(&date);
    Ok(InvestmentTransactionsPage {
        transactions: rows.rows.iter().filter_map(ours).filter(|row| within(row.date)).collect(),
        next: Some(written(&progress)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn b15_the_first_run_reads_what_was_asked_for_and_the_next_one_overlaps_it() {
        let mut request = TransactionsRequest { history_days: 90, ..TransactionsRequest::default() };
        let first = Run::of(&request, now()).unwrap();
        assert_eq!(first.from.to_string(), "2026-08-23");
        let page = first.end();
        assert_eq!((page.has_more, page.history), (false, HistoryProgress::Complete));
        request.run_cursor = Some(page.next_cursor);
        assert_eq!(Run::of(&request, now() + TimeDelta::days(5)).unwrap().from.to_string(), "2026-10-22");
    }

    #[test]
    fn a_window_ends_after_what_has_just_happened() {
        assert_eq!(written_time(now()), "2026-11-21T12:00:00Z");
        assert_eq!(written_time(now() + TimeDelta::milliseconds(1)), "2026-11-21T12:00:01Z");
    }

    #[test]
    fn only_accounts_that_were_read_to_their_end_are_whole() {
        let progress = Progress { read: vec!["a".into()], skipped: vec!["b".into()], at: None };
        let run = Run { from: now().date_naive(), to: now(), progress };
        let request =
            TransactionsRequest { page_cursor: Some(run.page().next_cursor), ..TransactionsRequest::default() };
        let whole = Run::of(&request, now() + TimeDelta::days(1)).unwrap().end().whole;
        let window = Window { provider_account_id: Some("a".into()), from: now().date_naive(), to: now().date_naive() };
        assert_eq!(whole, [window]);
    }

    #[test]
    fn a_place_that_cannot_be_read_begins_again() {
        for odd in ["", "{}", "null", "{\"read_to\":\"2026-11-21\"}"] {
            let request = TransactionsRequest { page_cursor: Some(odd.into()), ..TransactionsRequest::default() };
            assert_eq!(Run::of(&request, now()).err().unwrap().kind, FailureKind::Restart, "{odd}");
        }
        let request =
            TransactionsRequest { run_cursor: Some("odd".into()), history_days: 10, ..TransactionsRequest::default() };
        assert_eq!(Run::of(&request, now()).unwrap().from.to_string(), "2026-11-11");
    }
}
