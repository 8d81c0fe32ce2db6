//! One user's books: everything that the institution knows of them, as pure functions of seed, stored state and time.

use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::account::BankAccount;
use super::difference::{Difference, Listed};
use super::institution::BankInstitution;
use super::investment::{self, BankHolding, BankTrade};
use super::ledger::{LIFE_DAYS, Ledger, Loan, instant, posted_by_hand};
use super::liability::{BankLiability, liability};
use super::login::{self, Access, History, Login};
use super::plan::{Plan, Planned};
use super::state::{Moment, UserState};
use super::transaction::{BankTransaction, Changes};
use super::user::UserRef;
use crate::domain::account::{AccountType, Balances};

/// How far back anybody can look, in days.
const FURTHEST: Days = Days::new(1100);

/// One user's books, loaded once; every question is answered without IO. A later time than [`Books::now`] counts as that.
/// An unknown account, or one that is closed, has no rows and no balances; transactions stay.
#[derive(Clone, Debug)]
pub struct Books {
    user: UserRef,
    institution: &'static BankInstitution,
    state: UserState,
    plan: Plan,
    now: Moment,
}

impl Books {
    pub(super) fn new(
        seed: u64,
        user: UserRef,
        institution: &'static BankInstitution,
        state: UserState,
        at: DateTime<Utc>,
    ) -> Self {
        let plan = Plan::new(seed, &user, institution, &state);
        let posted = u32::try_from(state.posted.len()).unwrap_or(u32::MAX);
        Self { user, institution, state, plan, now: Moment { at, posted } }
    }

    /// Whose books these are.
    pub fn user(&self) -> &UserRef {
        &self.user
    }

    /// Where they are kept.
    pub fn institution(&self) -> &'static BankInstitution {
        self.institution
    }

    /// The moment at which they were opened, with everything in them.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Whether the institution still serves that login now.
    pub fn access(&self, login: &Login) -> Access {
        login::access(self.institution, login, &self.state, self.now.at)
    }

    /// How much history the institution has handed out to that login by now.
    pub fn history(&self, login: &Login) -> History {
        login::history(login, self.now.at)
    }

    /// The accounts that are open, in a stable order.
    pub fn accounts(&self) -> Vec<BankAccount> {
        self.plan
            .accounts
            .iter()
            .filter(|account| self.is_open(account))
            .map(|account| self.describe(account))
            .collect()
    }

    /// One account, closed or not.
    pub fn account(&self, key: &str) -> Option<BankAccount> {
        self.plan.find(key).map(|account| self.describe(account))
    }

    /// What the account holds: consistent with its transactions (deposits: less what went out; cards and loans: plus it).
    pub fn balances(&self, account: &str, at: Moment) -> Option<Balances> {
        let (at, account) = (self.seen(at), self.open(account)?);
        let ledger = self.ledger();
        let recent = at.at.date_naive() - Days::new(LIFE_DAYS.unsigned_abs());
        let by_hand: Vec<Listed> = self.by_hand(account).filter(|listed| listed.is_known(at)).collect();
        let held: i64 = ledger
            .events(account, recent, at.at.date_naive())
            .iter()
            .chain(by_hand.iter().map(|listed| &listed.event))
            .map(|event| event.held(at.at))
            .sum();
        let drawn =
            ledger.outstanding(account, at.at) + by_hand.iter().map(|listed| listed.event.booked(at.at)).sum::<i64>();
        let (current, available, limit) = match self.describe(account).account_type {
            AccountType::Depository => (account.base() - drawn, Some(account.base() - drawn - held), None),
            AccountType::Credit => {
                let (owed, limit) = (account.base() + drawn, account.credit_limit());
                (owed, Some(limit - owed - held), Some(limit))
            }
            AccountType::Loan => (Loan::of(account).map_or(0, |loan| loan.principal) + drawn, None, None),
            _ => {
                let (value, cash) = investment::value(account, at.at);
                (value, Some(cash), None)
            }
        };
        let money = |cents| Decimal::new(cents, 2);
        Some(Balances {
            current: Some(money(current)),
            available: available.map(money),
            limit: limit.map(money),
            updated_at: Some(at.at),
        })
    }

    /// What the account's list shows at that moment of everything made on `from` or later, oldest first.
    pub fn transactions(&self, account: &str, from: NaiveDate, at: Moment) -> Vec<BankTransaction> {
        let at = self.seen(at);
        let Some(planned) = self.plan.find(account) else { return Vec::new() };
        let from = self.earliest(from, at);
        self.listed(&self.ledger(), planned, from, from, at)
            .iter()
            .filter(|listed| listed.is_known(at))
            .filter_map(|listed| listed.event.line(account, self.institution.currency(), at.at))
            .collect()
    }

    /// The difference between what those accounts' lists show at two moments, of everything made on `from` or later. `since: None` = everything.
    ///
    /// `from` is fixed by the simulator when history is first asked for (that day less the days of history), so that changes add up:
    /// those from `a` to `b` and from `b` to `c` lead where those from `a` to `c` lead. An `until` before `since` counts as `since`.
    pub fn changes(&self, accounts: &[String], from: NaiveDate, since: Option<Moment>, until: Moment) -> Changes {
        let since = since.map(|since| self.seen(since));
        let until = since.map_or(self.seen(until), |since| self.seen(until).max(since));
        let earliest = self.earliest(from, until);
        let settled = since.map_or(earliest, |since| since.at.date_naive() - Days::new(LIFE_DAYS.unsigned_abs()));
        let ledger = self.ledger();
        let mut difference = Difference::new(since, until, self.institution.currency());
        for account in self.plan.accounts.iter().filter(|account| accounts.contains(&account.id)) {
            for listed in self.listed(&ledger, account, earliest, settled, until) {
                difference.take(&account.id, &listed);
            }
        }
        difference.finish()
    }

    /// What the account holds in securities and cash; empty for any but investment accounts.
    pub fn holdings(&self, account: &str, at: DateTime<Utc>) -> Vec<BankHolding> {
        let (currency, at) = (self.institution.currency(), self.time(at));
        self.open(account)
            .filter(|account| account.is_investment())
            .map(|account| investment::holdings(account, currency, at))
            .unwrap_or_default()
    }

    /// The account's trades between two days, both inclusive, as known at that time, oldest first.
    pub fn trades(&self, account: &str, from: NaiveDate, to: NaiveDate, at: DateTime<Utc>) -> Vec<BankTrade> {
        let (currency, at) = (self.institution.currency(), self.time(at));
        let mut trades = self
            .open(account)
            .filter(|account| account.is_investment())
            .map(|account| investment::trades(account, currency, at))
            .unwrap_or_default();
        trades.retain(|trade| (from..=to).contains(&trade.date));
        trades
    }

    /// The account's terms; `None` for any but cards, mortgages and student loans.
    pub fn liability(&self, account: &str, at: DateTime<Utc>) -> Option<BankLiability> {
        liability(&self.ledger(), self.open(account)?, self.institution.country(), self.time(at))
    }

    /// Everything made in the account on `from` or later, but of what the bank's own chance makes nothing before `settled`; oldest first.
    fn listed(
        &self,
        ledger: &Ledger<'_>,
        account: &Planned,
        from: NaiveDate,
        settled: NaiveDate,
        until: Moment,
    ) -> Vec<Listed> {
        let events = ledger.events(account, from.max(settled), until.at.date_naive());
        let by_hand = self.by_hand(account).filter(|listed| listed.event.made_at >= instant(from, 0));
        let mut listed: Vec<Listed> =
            events.into_iter().map(|event| Listed { event, by_hand: None }).chain(by_hand).collect();
        listed.sort_by_key(|listed| listed.event.made_at);
        listed
    }

    /// What was posted by hand in the account.
    pub(super) fn by_hand<'a>(&'a self, account: &'a Planned) -> impl Iterator<Item = Listed> + 'a {
        (0..).zip(&self.state.posted).filter(|(_, posted)| posted.account == account.id).filter_map(|(n, posted)| {
            let event = posted_by_hand(account, u64::from(n), posted)?;
            Some(Listed { event, by_hand: Some(n) })
        })
    }

    /// Those of them as they look now that were posted by hand as the n-th and so on.
    pub(super) fn lines_by_hand(&self, range: std::ops::Range<u32>) -> Vec<BankTransaction> {
        let accounts = self.plan.accounts.iter();
        let listed = accounts.flat_map(|account| self.by_hand(account).map(move |listed| (account, listed)));
        let wanted = listed.filter(|(_, listed)| listed.by_hand.is_some_and(|n| range.contains(&n)));
        wanted
            .filter_map(|(account, listed)| listed.event.line(&account.id, self.institution.currency(), self.now.at))
            .collect()
    }

    /// The accounts in which transactions can be posted by hand.
    pub(super) fn everyday(&self) -> Vec<&Planned> {
        self.plan.accounts.iter().filter(|account| account.is_everyday() && self.is_open(account)).collect()
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger::new(&self.plan)
    }

    fn describe(&self, account: &Planned) -> BankAccount {
        BankAccount::new(&self.plan, account, self.institution)
    }

    fn open(&self, key: &str) -> Option<&Planned> {
        self.plan.find(key).filter(|account| self.is_open(account))
    }

    fn is_open(&self, account: &Planned) -> bool {
        account.closed_at.is_none_or(|closed| self.now.at < closed)
    }

    fn seen(&self, at: Moment) -> Moment {
        Moment { at: self.time(at.at), ..at }
    }

    /// A time that the books can speak of.
    fn time(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.max(self.now.at - FURTHEST).min(self.now.at)
    }

    fn earliest(&self, from: NaiveDate, at: Moment) -> NaiveDate {
        from.max(at.at.date_naive() - FURTHEST)
    }
}
