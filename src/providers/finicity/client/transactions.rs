//! Transactions, account after account. Finicity has no cursor: each run reads a window of dates that overlaps the last one, and
//! what of it does not come again has vanished.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::net::Method;
use crate::providers::data::{
    HistoryProgress, InvestmentTransactionsPage, InvestmentTransactionsRequest, TransactionsPage, TransactionsRequest,
    Window,
};
use crate::providers::finicity::map::investments::movement;
use crate::providers::finicity::map::status;
use crate::providers::finicity::map::transactions::{Entry, Reading, entry};
use crate::providers::finicity::spec::STANDARD_HISTORY;
use crate::providers::finicity::wire::account::Account;
use crate::providers::finicity::wire::transaction::Transactions;
use crate::providers::rows::check_whose;
use crate::providers::{Failure, FailureKind, Persistence};

use super::accounts::{is_investment, readable};
use super::{Api, Login, Operation, refused};

const TRANSACTIONS: Operation = Operation::repeatable("transactions");
/// Asks the institution, and is billed once for each customer.
const LOAD_HISTORY: Operation = Operation::once("load_history");
/// Half the largest page.
const PAGE: u64 = 500;
/// More transactions of an account are no honest number.
const MOST: u64 = 2_000_000;
/// How far a window reaches back before the end of the last one; Finicity advises 15 days or more.
const OVERLAP: TimeDelta = TimeDelta::days(20);
/// How far it reaches ahead: institutions date by their own day.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// A run that read all accounts to their end. Its text is the cursor of the next run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it began, in seconds since 1970.
    began: i64,
    /// The accounts that it read. Others come later, and with their whole history.
    accounts: Vec<String>,
}

/// Where a run is. Its text is the page cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When the run began, in seconds since 1970; its last page makes it the cursor of the next run.
    began: i64,
    /// First second of the history.
    first: i64,
    /// What the last run had read.
    last: Option<Run>,
    /// The account that is read, by its id; accounts are read in the order of their ids.
    account: String,
    /// The next transaction of it, from 1 on.
    start: u64,
    /// How many transactions of it there were at its first page.
    found: Option<u64>,
}

impl Place {
    /// Where the request says, or where a new run begins.
    pub fn of(request: &TransactionsRequest, now: DateTime<Utc>) -> Result<Self, Failure> {
        if let Some(text) = request.page_cursor.as_deref() {
            return serde_json::from_str(text).map_err(|_| refused("CURSOR", "no page has this name"));
        }
        let last = request.run_cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let last = last.map(serde_json::from_str::<Run>).transpose();
        let last = last.map_err(|_| refused("CURSOR", "no run ended with this cursor"))?;
        let first = (now - TimeDelta::days(i64::from(request.history_days))).timestamp();
        Ok(Self { began: now.timestamp(), first, last, account: String::new(), start: 1, found: None })
    }

    /// First second of an account's window.
    fn from(&self, account: &Account) -> i64 {
        let last = self.last.as_ref().filter(|run| run.accounts.contains(&account.id.0));
        last.map_or(self.first, |run| run.began.saturating_sub(OVERLAP.num_seconds()))
    }

    fn until(&self) -> i64 {
        self.began.saturating_add(AHEAD.num_seconds())
    }

    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The place behind a page of that account.
    fn after(&self, account: &Account, page: &Transactions, next: Option<&Account>) -> Result<Option<Self>, Failure> {
        if self.found.is_some_and(|found| found != page.found) {
            return Err(changed());
        }
        let read = page.transactions.len() as u64;
        if page.more_available.0 && read > 0 {
            let start = self.start.saturating_add(read);
            if start > MOST {
                return Err(Failure::unreadable("the number of an account's transactions"));
            }
            return Ok(Some(Self { account: account.id.0.clone(), start, found: Some(page.found), ..self.clone() }));
        }
        Ok(next.map(|next| Self { account: next.id.0.clone(), start: 1, found: None, ..self.clone() }))
    }
}

/// The list is counted anew for each page: another count means that the pages have shifted.
fn changed() -> Failure {
    let text = "the account's transactions changed while they were read";
    Failure::new(FailureKind::Restart, Persistence::Temporary, "CHANGED", text)
}

/// One page.
pub async fn page(
    api: &Api<'_>,
    credential: &Secret,
    request: &TransactionsRequest,
) -> Result<TransactionsPage, Failure> {
    let login = Login::read(credential)?;
    let mut accounts = readable(api, &login).await?;
    accounts.retain(|account| !is_investment(account));
    let all = accounts.len();
    accounts.retain(status::is_aggregated);
    if accounts.is_empty() && all > 0 {
        return Ok(TransactionsPage::empty(request.run_cursor.clone().unwrap_or_default(), HistoryProgress::NotReady));
    }
    let history = if accounts.len() == all { HistoryProgress::Complete } else { HistoryProgress::Recent };
    let place = Place::of(request, api.now())?;
    let is_first = request.page_cursor.is_none() && request.run_cursor.as_deref().unwrap_or_default().is_empty();
    if is_first && request.history_days > STANDARD_HISTORY {
        load_history(api, &login, &accounts).await;
    }
    let mut rest = accounts.iter().skip_while(|account| account.id.0 < place.account);
    let Some(account) = rest.next() else {
        return Ok(last(TransactionsPage::empty(String::new(), history), &place, &accounts));
    };
    let answer = window(api, &login, &account.id.0, (place.from(account), place.until()), place.start).await?;
    let next = place.after(account, &answer, rest.next())?;
    let page = read(answer, history, &Reading::of(account, &api.config().purchase_positive_types));
    Ok(match next {
        Some(next) => TransactionsPage { next_cursor: next.text(), has_more: true, ..page },
        None => last(page, &place, &accounts),
    })
}

/// The last page of a run: all accounts were read to their end. The window's first day is only half in it.
fn last(page: TransactionsPage, place: &Place, accounts: &[Account]) -> TransactionsPage {
    let day = |seconds: i64| DateTime::<Utc>::from_timestamp_secs(seconds).map(|time| time.date_naive());
    let whole = |account: &Account| {
        Some(Window {
            provider_account_id: Some(account.id.0.clone()),
            from: day(place.from(account))?.checked_add_days(Days::new(1))?,
            to: day(place.until())?,
        })
    };
    let run = Run { began: place.began, accounts: accounts.iter().map(|account| account.id.0.clone()).collect() };
    TransactionsPage {
        next_cursor: serde_json::to_string(&run).unwrap_or_default(),
        has_more: false,
        whole: accounts.iter().filter_map(whole).collect(),
        ..page
    }
}

/// What a page says. Much of it may be known from earlier runs.
fn read(answer: Transactions, history: HistoryProgress, reading: &Reading) -> TransactionsPage {
    let mut page = TransactionsPage::empty(String::new(), history);
    for transaction in answer.transactions {
        match entry(transaction, reading) {
            Some(Entry::There(it)) => page.added.push(*it),
            Some(Entry::Gone(id)) => page.removed.push(id),
            None => {}
        }
    }
    page
}

async fn window(
    api: &Api<'_>,
    login: &Login,
    account: &str,
    (from, to): (i64, i64),
    start: u64,
) -> Result<Transactions, Failure> {
    let path = format!(
        "/aggregation/v4/customers/{}/accounts/{account}/transactions?fromDate={from}&toDate={to}&start={start}&limit={PAGE}&sort=asc&includePending=true",
        login.customer
    );
    let found: Transactions = api.get(TRANSACTIONS, path).await?;
    check_whose("transactions", &found.transactions, |row| row.account_id.0 != account)?;
    Ok(found)
}

/// Has the institution asked for up to two years. Where that fails, the last half year is what there is.
async fn load_history(api: &Api<'_>, login: &Login, accounts: &[Account]) {
    for account in accounts {
        let path =
            format!("/aggregation/v1/customers/{}/accounts/{}/transactions/historic", login.customer, account.id.0);
        if let Err(failure) = api.tell(LOAD_HISTORY, Method::POST, path).await {
            tracing::info!(code = %failure.code, kind = %failure.kind, "long history could not be loaded");
        }
    }
}

/// One page of the movements of investment accounts; its name is the account and where its next page begins.
pub async fn movements(
    api: &Api<'_>,
    credential: &Secret,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    let login = Login::read(credential)?;
    let mut accounts = readable(api, &login).await?;
    accounts.retain(is_investment);
    let (at, start) = match request.page.as_deref() {
        None => ("", 1),
        Some(page) => page
            .split_once(':')
            .and_then(|(account, start)| Some((account, start.parse::<u64>().ok().filter(|start| *start <= MOST)?)))
            .ok_or_else(|| refused("PAGE", "no page has this name"))?,
    };
    let mut rest = accounts.iter().skip_while(|account| account.id.0.as_str() < at);
    let Some(account) = rest.next() else {
        return Ok(InvestmentTransactionsPage { transactions: Vec::new(), next: None });
    };
    let standard = api.now().date_naive() - Days::new(u64::from(STANDARD_HISTORY));
    if request.page.is_none() && request.from < standard {
        load_history(api, &login, &accounts).await;
    }
    let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp();
    let bounds = (midnight(request.from), midnight(request.to) + TimeDelta::days(1).num_seconds() - 1);
    let answer = window(api, &login, &account.id.0, bounds, start).await?;
    let reading = Reading::of(account, &api.config().purchase_positive_types);
    let within = |day: &chrono::NaiveDate| (request.from..=request.to).contains(day);
    let read = answer.transactions.len() as u64;
    let next = if answer.more_available.0 && read > 0 {
        Some(format!("{}:{}", account.id.0, start.saturating_add(read)))
    } else {
        rest.next().map(|next| format!("{}:1", next.id.0))
    };
    let movements = answer.transactions.iter().filter_map(|one| movement(one, &reading));
    Ok(InvestmentTransactionsPage { transactions: movements.filter(|one| within(&one.date)).collect(), next })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::providers::finicity::wire::account::Accounts;

    const DAY: i64 = 86_400;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_secs(1_607_450_400).unwrap()
    }

    fn accounts() -> Vec<Account> {
        let found: Accounts = serde_json::from_str(include_str!("../fixtures/accounts.json")).unwrap();
        found.accounts
    }

    fn answer(found: u64, more: bool) -> Transactions {
        let mut page: Transactions = serde_json::from_str(include_str!("../fixtures/transactions.json")).unwrap();
        page.found = found;
        page.more_available.0 = more;
        page
    }

    fn request(run: Option<&str>, page: Option<String>) -> TransactionsRequest {
        TransactionsRequest { run_cursor: run.map(str::to_owned), page_cursor: page, history_days: 180 }
    }

    #[test]
    fn a_run_begins_at_the_history_s_start_or_before_the_last_run() {
        let first = Place::of(&request(None, None), now()).unwrap();
        let [known, new] = [&accounts()[0], &accounts()[1]];
        assert_eq!((first.from(known), first.start), (now().timestamp() - 180 * DAY, 1));
        assert_eq!(Place::of(&request(Some(""), None), now()).unwrap(), first);
        let last = json!({ "began": now().timestamp() - DAY, "accounts": [known.id.0] }).to_string();
        let next = Place::of(&request(Some(&last), None), now()).unwrap();
        assert_eq!(next.from(known), now().timestamp() - 21 * DAY);
        assert_eq!(next.from(new), first.from(new), "an account that came later has its whole history");
        let resumed = Place::of(&request(Some(&last), Some(next.text())), now() + TimeDelta::hours(1)).unwrap();
        assert_eq!(resumed, next);
        for broken in ["x", "{}", "{\"began\":1}"] {
            assert!(Place::of(&request(None, Some(broken.to_owned())), now()).is_err(), "{broken}");
        }
        assert!(Place::of(&request(Some("x"), None), now()).is_err());
    }

    #[test]
    fn pages_go_on_in_the_account_and_then_in_the_next() {
        let accounts = accounts();
        let place = Place::of(&request(None, None), now()).unwrap();
        let second = place.after(&accounts[0], &answer(700, true), Some(&accounts[1])).unwrap().unwrap();
        assert_eq!((second.account.as_str(), second.start, second.found), ("5011648377", 6, Some(700)));
        let shifted = second.after(&accounts[0], &answer(701, true), None).unwrap_err();
        assert_eq!(shifted.kind, FailureKind::Restart);
        let third = second.after(&accounts[0], &answer(700, false), Some(&accounts[1])).unwrap().unwrap();
        assert_eq!((third.account.as_str(), third.start, third.found), ("5011648378", 1, None));
        assert_eq!(third.after(&accounts[1], &answer(5, false), None).unwrap(), None);
    }

    #[test]
    fn a_run_ends_with_whole_windows_and_the_next_run_s_cursor() {
        let place = Place::of(&request(None, None), now()).unwrap();
        let reading = Reading { currency: None, purchase_positive: false };
        let page = last(read(answer(5, false), HistoryProgress::Complete, &reading), &place, &accounts()[..1]);
        assert_eq!((page.added.len(), page.removed.len()), (4, 1));
        let run: Run = serde_json::from_str(&page.next_cursor).unwrap();
        assert_eq!((run.began, run.accounts.as_slice()), (1_607_450_400, &["5011648377".to_owned()][..]));
        assert!(!page.has_more);
        let window = &page.whole[0];
        assert_eq!(
            (window.from.to_string(), window.to.to_string()),
            ("2020-06-12".to_owned(), "2020-12-09".to_owned())
        );
    }
}
