//! Transactions, as windows of days: MX has no cursor, and what is gone simply no longer comes.
//!
//! The first run reads all of the history, after it has asked MX for the extended one where the link did not bring that. Later
//! runs read the last weeks before the run before them, in which pending rows change their ids or vanish.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime};

use crate::domain::account::AccountType;
use crate::providers::data::{HistoryProgress, TransactionsPage, TransactionsRequest, Window};
use crate::providers::mx::config::Version;
use crate::providers::mx::map;
use crate::providers::mx::wire::Guid;
use crate::providers::mx::wire::member::{Member, MemberAnswer};
use crate::providers::mx::wire::transaction::Transactions;
use crate::providers::rows::check_whose;
use crate::providers::{Failure, FailureKind, Persistence};

use super::members::{self, Job};
use super::{Api, Link, ORDINARY_DAYS, PAGE, Request, next_page, refused};

/// How far before the last run a later one begins. Pending rows last 14 days at most.
const OVERLAP: Days = Days::new(45);
/// How far ahead a run looks, as MX does: pending rows may be dated so.
const AHEAD: Days = Days::new(5);

/// Days, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The extended history was asked for.
    Extending,
    /// At a page of a stretch, whose list has so many entries in all.
    At { stretch: Stretch, page: u32, total: u64 },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extending => f.write_str("extending"),
            Self::At { stretch, page, total } => write!(f, "{}.{}.{page}.{total}", stretch.from, stretch.to),
        }
    }
}

impl FromStr for Place {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        if text == "extending" {
            return Ok(Self::Extending);
        }
        let mut parts = text.split('.');
        let mut next = || parts.next().unwrap_or_default();
        let (from, to, page, total) = (next().parse(), next().parse(), next().parse(), next().parse());
        match (from, to, page, total) {
            (Ok(from), Ok(to), Ok(page), Ok(total)) => Ok(Self::At { stretch: Stretch { from, to }, page, total }),
            _ => Err(refused("CURSOR", "no page has this name")),
        }
    }
}

/// Where a run ended: the day, if the history was whole by then.
fn ended_on(cursor: Option<&str>) -> Option<NaiveDate> {
    cursor.and_then(|cursor| cursor.parse().ok())
}

/// What the cursor of a run is whose history was not whole yet: the next run reads all of it again.
const NOT_WHOLE: &str = "not-whole";

/// One page.
pub async fn page(api: &Api<'_>, link: &Link, request: &TransactionsRequest) -> Result<TransactionsPage, Failure> {
    let member = members::usable(api, link).await?;
    let place = request.page_cursor.as_deref().map(str::parse::<Place>).transpose()?;
    let (stretch, number, total) = match place {
        Some(Place::At { stretch, page, total }) => (stretch, page, Some(total)),
        Some(Place::Extending) if members::is_busy(&member) => {
            return Err(map::status::not_ready("BEING_AGGREGATED"));
        }
        None if request.run_cursor.is_none() && prepare(api, link, &member, request.history_days).await? => {
            return Ok(empty(Place::Extending));
        }
        _ => (whole_run(api, request), 1, None),
    };
    let investments = investment_accounts(api, link).await?;
    let answer = page_of(api, link, "transactions", stretch, number).await?;
    let entries = answer.pagination.total_entries.unwrap_or_default();
    if total.is_some_and(|total| total != entries) {
        return Err(changed());
    }
    let next = next_page(number, answer.pagination);
    let ours = answer.transactions.iter();
    let ours = ours.filter(|row| row.account_guid.as_ref().is_none_or(|guid| !investments.contains(guid)));
    let history = history(&member);
    let next_cursor = match next {
        Some(page) => Place::At { stretch, page, total: entries }.to_string(),
        None if history == HistoryProgress::Complete => api.now().date_naive().to_string(),
        None => NOT_WHOLE.to_owned(),
    };
    let whole = Window { provider_account_id: None, from: stretch.from, to: stretch.to };
    Ok(TransactionsPage {
        added: ours.filter_map(map::transactions::transaction).collect(),
        has_more: next.is_some(),
        whole: if next.is_none() { vec![whole] } else { Vec::new() },
        ..TransactionsPage::empty(next_cursor, history)
    })
}

/// The days that a run reads.
fn whole_run(api: &Api<'_>, request: &TransactionsRequest) -> Stretch {
    let today = api.now().date_naive();
    let from = match ended_on(request.run_cursor.as_deref()) {
        Some(day) => day.min(today) - OVERLAP,
        None => today - Days::new(u64::from(request.history_days)),
    };
    Stretch { from, to: today + AHEAD }
}

/// Sees to it that MX fetches what the first run is to read; whether that takes a job.
async fn prepare(api: &Api<'_>, link: &Link, member: &Member, history_days: u16) -> Result<bool, Failure> {
    let idle = member.background_aggregation_is_disabled == Some(true);
    if idle {
        members::keep_fresh(api, link).await?;
    }
    if history_days > ORDINARY_DAYS && !link.history {
        return extend(api, link, member).await;
    }
    if idle {
        members::start(api, link, Job::Aggregate).await?;
    }
    Ok(idle)
}

/// Has MX fetch the extended history, once for each member; whether that is under way.
pub async fn extend(api: &Api<'_>, link: &Link, member: &Member) -> Result<bool, Failure> {
    match members::start_once(api, link, Job::ExtendHistory, None).await {
        Ok(started) => Ok(started.is_some() || members::is_busy(member)),
        // The institution has no longer history than the ordinary one.
        Err(failure) if failure.kind == FailureKind::Unsupported => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// One page of MX's list.
pub async fn page_of(
    api: &Api<'_>,
    link: &Link,
    operation: &'static str,
    stretch: Stretch,
    page: u32,
) -> Result<Transactions, Failure> {
    // The last day ends at the next one's midnight.
    let (from, to) = (stretch.from, stretch.to + Days::new(1));
    let (from, to) = match api.config().version {
        Version::V20111101 => (from.to_string(), to.to_string()),
        Version::V20250224 => (midnight(from).to_string(), midnight(to).to_string()),
    };
    let query = format!("from_date={from}&to_date={to}&page={page}&records_per_page={PAGE}");
    let path = link.path(&format!("/transactions?{query}&includes=merchants,classifications"));
    let found: Transactions = api.send(Request::get(operation, path)).await?;
    check_whose("transactions", &found.transactions, |row| members::is_of_another(row.member_guid.as_ref(), link))?;
    Ok(found)
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

/// Whether there are any transactions: there are none though MX has been through the accounts, and it does not say that it has seen
/// any, where the customer withholds them at the institution.
pub async fn have_come(api: &Api<'_>, link: &Link, member: &Member) -> Result<(), Failure> {
    let answer: MemberAnswer = api.send(Request::get("link_status", link.path("/status"))).await?;
    if answer.member.has_processed_transactions != Some(false) || members::is_busy(member) {
        return Ok(());
    }
    let today = api.now().date_naive();
    let stretch = Stretch { from: today - Days::new(u64::from(ORDINARY_DAYS)), to: today + AHEAD };
    let investments = investment_accounts(api, link).await?;
    let found = page_of(api, link, "link_transactions", stretch, 1).await?;
    let is_ordinary = |guid: &Option<Guid>| guid.as_ref().is_none_or(|guid| !investments.contains(guid));
    match found.transactions.iter().any(|row| is_ordinary(&row.account_guid)) {
        true => Ok(()),
        false => Err(members::nothing(Job::Aggregate)),
    }
}

/// The accounts whose transactions are movements of investments.
pub async fn investment_accounts(api: &Api<'_>, link: &Link) -> Result<HashSet<Guid>, Failure> {
    let accounts = members::accounts(api, link).await?;
    let invested = accounts.into_iter().filter(|account| {
        map::accounts::kind(account.account_type.as_deref(), account.subtype.as_deref()).0 == AccountType::Investment
    });
    Ok(invested.map(|account| account.guid).collect())
}

fn history(member: &Member) -> HistoryProgress {
    match member.successfully_aggregated_at {
        None => HistoryProgress::NotReady,
        Some(_) if members::is_busy(member) => HistoryProgress::Recent,
        Some(_) => HistoryProgress::Complete,
    }
}

fn empty(place: Place) -> TransactionsPage {
    TransactionsPage { has_more: true, ..TransactionsPage::empty(place.to_string(), HistoryProgress::Recent) }
}

/// Pages are numbered in a list that grows and shrinks: with another length they are other pages.
fn changed() -> Failure {
    let message = "the list of transactions changed while it was read";
    Failure::new(FailureKind::Restart, Persistence::Temporary, "LIST_CHANGED", message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_survives_being_written() {
        let stretch = Stretch { from: "2024-11-21".parse().unwrap(), to: "2026-11-26".parse().unwrap() };
        for place in [Place::Extending, Place::At { stretch, page: 3, total: 2417 }] {
            assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        }
        assert_eq!(ended_on(Some("2026-11-21")), "2026-11-21".parse().ok());
        assert_eq!(ended_on(Some(NOT_WHOLE)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_refused(text in "\\PC{0,40}") {
            let _ = text.parse::<Place>();
        }
    }
}
