//! The simulated bank behind all providers' simulators. It knows institutions, users, accounts, transactions over time, holdings, trades, owners and
//! terms, and no provider: simulators translate.
//!
//! Everything is a pure function of the seed, the user and time ([`Books`]), but for what somebody did through a knob of [`Bank`], which is
//! stored ([`UserState`]). The pages on which a customer logs in, consents and chooses accounts are in [`pages`].
//!
//! A simulator keeps a [`Login`] with its own object, opens the [`Books`] of its user for each request, asks [`Books::access`] first, and reads.

mod account;
mod books;
mod institution;
mod investment;
mod liability;
mod login;
pub mod pages;
mod state;
mod transaction;
mod user;

use crate::clock::Clock;
use crate::store::Result;
use crate::store::sandbox::Documents;

pub use account::BankAccount;
pub use books::Books;
pub use institution::{BankInstitution, institution, institutions, search};
pub use investment::{BankHolding, BankSecurity, BankTrade};
pub use liability::BankLiability;
pub use login::{Access, History, Login, LoginOutcome, Refusal};
pub use state::{Moment, PostedByHand, UserState};
pub use transaction::{BankTransaction, Changes, Channel, Removed};
pub use user::{MFA_ANSWER, TEST_USERS, TestUser, UserRef};

/// The bank: opens books, lets users in, and has the knobs that change what cannot be derived.
#[derive(Clone, Debug)]
pub struct Bank {
    documents: Documents,
    clock: Clock,
    seed: u64,
}

impl Bank {
    /// The bank of that seed, with its state in those documents.
    pub fn new(documents: Documents, clock: Clock, seed: u64) -> Self {
        Self { documents, clock, seed }
    }

    /// Tries to log in.
    pub async fn log_in(&self, institution: &str, username: &str, password: &str) -> Result<LoginOutcome> {
        let _ = (institution, username, password, &self.documents, &self.clock, self.seed);
        Ok(LoginOutcome::Refused(Refusal::WrongCredentials))
    }

    /// Answers the question that [`LoginOutcome::Mfa`] asked.
    pub async fn answer_mfa(&self, user: &UserRef, answer: &str) -> Result<LoginOutcome> {
        let _ = (user, answer);
        Ok(LoginOutcome::Refused(Refusal::WrongAnswer))
    }

    /// The user's books as of now; [`Error::NotFound`](crate::store::Error::NotFound) for a user or institution that does not exist.
    pub async fn books(&self, user: &UserRef) -> Result<Books> {
        let _ = user;
        Err(crate::store::Error::NotFound)
    }

    /// Makes transactions, dated now and visible at once, every third one pending; spread over those accounts (none given = all that have
    /// transactions). At most 500 at a time and 5,000 in all: what is over is not made.
    pub async fn post_transactions(
        &self,
        user: &UserRef,
        accounts: &[String],
        count: usize,
    ) -> Result<Vec<BankTransaction>> {
        let _ = (user, accounts, count);
        Ok(Vec::new())
    }

    /// Opens a further savings account; at most 50.
    pub async fn open_account(&self, user: &UserRef) -> Result<BankAccount> {
        let _ = user;
        Err(crate::store::Error::NotFound)
    }

    /// Closes an account; whether it was open.
    pub async fn close_account(&self, user: &UserRef, account: &str) -> Result<bool> {
        let _ = (user, account);
        Ok(false)
    }

    /// Breaks every login of the user so far: [`Access::LoginRequired`] until they log in again. A new password may come with it.
    pub async fn reset_login(&self, user: &UserRef, new_password: Option<&str>) -> Result<()> {
        let _ = (user, new_password);
        Ok(())
    }

    /// Lets every login work again, as if the customer had put it right at the institution itself (D8). The password is the test user's again.
    pub async fn restore_login(&self, user: &UserRef) -> Result<()> {
        let _ = user;
        Ok(())
    }

    /// Locks the user out, or in again.
    pub async fn lock(&self, user: &UserRef, locked: bool) -> Result<()> {
        let _ = (user, locked);
        Ok(())
    }

    /// Takes what the customer filled in on a page; see [`pages`].
    pub async fn submit(&self, flow: &mut pages::Flow, form: &pages::Form) -> Result<pages::Step> {
        let _ = (flow, form);
        Ok(pages::Step::Show)
    }
}
