//! One user's books: everything that the institution knows of them, as pure functions of seed, stored state and time.

use chrono::{DateTime, NaiveDate, Utc};

use super::account::BankAccount;
use super::institution::BankInstitution;
use super::investment::{BankHolding, BankTrade};
use super::liability::BankLiability;
use super::login::{Access, History, Login};
use super::state::{Moment, UserState};
use super::transaction::{BankTransaction, Changes};
use super::user::UserRef;
use crate::domain::account::Balances;

/// One user's books, loaded once; every question is answered without IO. An unknown account has no rows and no balances.
#[derive(Clone, Debug)]
pub struct Books {
    seed: u64,
    user: UserRef,
    institution: &'static BankInstitution,
    state: UserState,
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
        let posted = u32::try_from(state.posted.len()).unwrap_or(u32::MAX);
        Self { seed, user, institution, state, now: Moment { at, posted } }
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
        let _ = (login, &self.state, self.seed);
        Access::Good
    }

    /// How much history the institution has handed out to that login by now.
    pub fn history(&self, login: &Login) -> History {
        let _ = login;
        History::Complete
    }

    /// The accounts that are open, in a stable order.
    pub fn accounts(&self) -> Vec<BankAccount> {
        Vec::new()
    }

    /// One account, closed or not.
    pub fn account(&self, key: &str) -> Option<BankAccount> {
        let _ = key;
        None
    }

    /// What the account holds: consistent with its transactions (deposits: less what went out; cards and loans: plus it).
    pub fn balances(&self, account: &str, at: Moment) -> Option<Balances> {
        let _ = (account, at);
        None
    }

    /// What the account's list shows at that moment of everything made on `from` or later, oldest first.
    pub fn transactions(&self, account: &str, from: NaiveDate, at: Moment) -> Vec<BankTransaction> {
        let _ = (account, from, at);
        Vec::new()
    }

    /// The difference between what those accounts' lists show at two moments, of everything made on `from` or later. `since: None` = everything.
    ///
    /// `from` is fixed by the simulator when history is first asked for (that day less the days of history), so that changes add up:
    /// those from `a` to `b` and from `b` to `c` lead where those from `a` to `c` lead. An `until` before `since` counts as `since`.
    pub fn changes(&self, accounts: &[String], from: NaiveDate, since: Option<Moment>, until: Moment) -> Changes {
        let _ = (accounts, from, since, until);
        Changes::default()
    }

    /// What the account holds in securities and cash; empty for any but investment accounts.
    pub fn holdings(&self, account: &str, at: DateTime<Utc>) -> Vec<BankHolding> {
        let _ = (account, at);
        Vec::new()
    }

    /// The account's trades between two days, both inclusive, as known at that time, oldest first.
    pub fn trades(&self, account: &str, from: NaiveDate, to: NaiveDate, at: DateTime<Utc>) -> Vec<BankTrade> {
        let _ = (account, from, to, at);
        Vec::new()
    }

    /// The account's terms; `None` for any but cards, mortgages and student loans.
    pub fn liability(&self, account: &str, at: DateTime<Utc>) -> Option<BankLiability> {
        let _ = (account, at);
        None
    }
}
