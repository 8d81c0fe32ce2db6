//! The simulated bank behind all providers' simulators. It knows institutions, users, accounts, transactions over time, holdings, trades, owners and
//! terms, and no provider: simulators translate.
//!
//! Everything is a pure function of the seed, the user and time ([`Books`]), but for what somebody did through a knob of [`Bank`], which is
//! stored ([`UserState`]). The pages on which a customer logs in, consents and chooses accounts are in [`pages`].
//!
//! A simulator keeps a [`Login`] with its own object, opens the [`Books`] of its user for each request, asks [`Books::access`] first, and reads.

mod account;
mod books;
mod calls;
mod difference;
pub mod ids;
mod institution;
mod investment;
mod ledger;
mod liability;
mod login;
mod numbers;
mod outbox;
pub mod pages;
mod person;
mod plan;
mod random;
mod simulated;
mod state;
mod transaction;
mod user;

use std::convert::Infallible;

use crate::clock::Clock;
use crate::domain::account::AccountSubtype;
use crate::store::sandbox::Documents;
use crate::store::{Error, Result};

pub use account::BankAccount;
pub use books::Books;
pub use calls::Calls;
pub use institution::{BankInstitution, institution, institutions, search};
pub use investment::{BankHolding, BankSecurity, BankTrade};
pub use liability::BankLiability;
pub use login::{Access, History, Login, LoginOutcome, Refusal};
pub use outbox::{Message, Outbox, WebhookSender};
pub use simulated::{Environment, Knob, KnobError, Simulated};
pub use state::{Moment, PostedByHand, UserState};
pub use transaction::{BankTransaction, Changes, Channel, Removed};
pub use user::{MFA_ANSWER, TEST_USERS, TestUser, UserRef};

/// The kind of the documents in which [`UserState`] is kept, by `<institution>/<username>`.
const KIND: &str = "bank_user";

/// Most transactions that one call posts by hand.
const MOST_AT_ONCE: usize = 500;

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
        let user = UserRef { institution: institution.to_owned(), username: username.to_owned() };
        let Some(at) = institution::institution(institution) else {
            return Ok(LoginOutcome::Refused(Refusal::InstitutionDown));
        };
        if TestUser::find(username).is_none() {
            return Ok(LoginOutcome::Refused(Refusal::WrongCredentials));
        }
        let state = self.state(&user).await?;
        Ok(login::log_in(at, &user, password, &state, self.clock.now()))
    }

    /// Answers the question that [`LoginOutcome::Mfa`] asked; [`Error::NotFound`] for a user whom it cannot have asked.
    pub async fn answer_mfa(&self, user: &UserRef, answer: &str) -> Result<LoginOutcome> {
        known(user)?;
        Ok(login::answer_mfa(user, answer, &self.state(user).await?, self.clock.now()))
    }

    /// The user's books as of now; [`Error::NotFound`] for a user or institution that does not exist.
    pub async fn books(&self, user: &UserRef) -> Result<Books> {
        let institution = known(user)?;
        let state = self.state(user).await?;
        Ok(Books::new(self.seed, user.clone(), institution, state, self.clock.now()))
    }

    /// Makes transactions, dated now and visible at once, every third one pending; spread over those of the accounts that have
    /// purchases (none given = all). At most 500 at a time and 5,000 in all: what is over is not made.
    pub async fn post_transactions(
        &self,
        user: &UserRef,
        accounts: &[String],
        count: usize,
    ) -> Result<Vec<BankTransaction>> {
        let books = self.books(user).await?;
        let open = books.everyday();
        let ids = open.iter().map(|account| account.id.clone());
        let wanted: Vec<String> = ids.filter(|id| accounts.is_empty() || accounts.contains(id)).collect();
        let made_at = self.clock.now();
        let posted = self.change(user, move |state| state.post(&wanted, count.min(MOST_AT_ONCE), made_at)).await?;
        Ok(self.books(user).await?.lines_by_hand(posted))
    }

    /// Opens a further savings account; [`Error::Conflict`] after 50.
    pub async fn open_account(&self, user: &UserRef, subtype: AccountSubtype) -> Result<BankAccount> {
        let at = self.clock.now();
        let opened = self.change(user, move |state| state.open_account(subtype, at)).await?;
        let newest = self.books(user).await?.accounts().into_iter().rfind(|account| account.opened_at == Some(at));
        newest.filter(|_| opened).ok_or_else(|| Error::Conflict("further accounts of the user".to_owned()))
    }

    /// Closes an account; whether it was open.
    pub async fn close_account(&self, user: &UserRef, account: &str) -> Result<bool> {
        let key = account.to_owned();
        if !self.books(user).await?.accounts().iter().any(|open| open.key == key) {
            return Ok(false);
        }
        let at = self.clock.now();
        self.change(user, move |state| state.closed.insert(key, at).is_none()).await
    }

    /// Breaks every login of the user so far: [`Access::LoginRequired`] until they log in again. A new password may come with it.
    pub async fn reset_login(&self, user: &UserRef, new_password: Option<&str>) -> Result<()> {
        self.change(user, |state| state.reset_login(new_password)).await
    }

    /// Lets every login work again, as if the customer had put it right at the institution itself (D8). The password is the test user's again.
    pub async fn restore_login(&self, user: &UserRef) -> Result<()> {
        self.change(user, UserState::restore_login).await
    }

    /// Locks the user out, or lets them in again.
    pub async fn lock(&self, user: &UserRef, locked: bool) -> Result<()> {
        self.change(user, |state| state.locked = locked).await
    }

    /// Takes what the customer filled in on a page; see [`pages`].
    pub async fn submit(&self, flow: &mut pages::Flow, form: &pages::Form) -> Result<pages::Step> {
        let outcome = match flow.accept(form) {
            pages::Accepted::Settled => return Ok(flow.outcome().unwrap_or(pages::Step::Show)),
            pages::Accepted::LogIn { institution, username, password } => {
                self.log_in(&institution, &username, &password).await?
            }
            pages::Accepted::Answer { user, answer } => self.answer_mfa(&user, &answer).await?,
        };
        let accounts = match &outcome {
            LoginOutcome::Success(login) => self.books(&login.user).await?.accounts(),
            _ => Vec::new(),
        };
        flow.judged(outcome, &accounts);
        Ok(flow.outcome().unwrap_or(pages::Step::Show))
    }

    async fn state(&self, user: &UserRef) -> Result<UserState> {
        Ok(self.documents.get(KIND, &id(user)).await?.unwrap_or_default())
    }

    /// Changes a user's state under a lock.
    async fn change<R: Send>(&self, user: &UserRef, change: impl FnOnce(&mut UserState) -> R + Send) -> Result<R> {
        known(user)?;
        let id = id(user);
        self.documents.put_new(KIND, &id, &UserState::default()).await?;
        let done = self.documents.update(KIND, &id, |state| Ok::<R, Infallible>(change(state))).await?;
        done.map(|Ok(answer)| answer).ok_or(Error::NotFound)
    }
}

fn id(user: &UserRef) -> String {
    format!("{}/{}", user.institution, user.username)
}

/// The user's institution, if both exist.
fn known(user: &UserRef) -> Result<&'static BankInstitution> {
    TestUser::find(&user.username).and_then(|_| institution::institution(&user.institution)).ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests;
