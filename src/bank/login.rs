//! Logging in, and how a login fares afterwards.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::user::UserRef;

/// A login that succeeded. A simulator keeps it with its own object, and asks [`Books::access`](super::Books::access) with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Who logged in.
    pub user: UserRef,
    /// Which password this login knows: [`Bank::reset_login`](super::Bank::reset_login) makes older ones useless.
    pub generation: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an attempt to log in leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// In. The user may still have no account.
    Success(Login),
    /// The password was right; go on with [`Bank::answer_mfa`](super::Bank::answer_mfa).
    Mfa {
        /// Who is asked.
        user: UserRef,
        /// What is asked.
        question: String,
    },
    /// Not in.
    Refused(Refusal),
}

/// Why nobody was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// Unknown user or wrong password.
    WrongCredentials,
    /// Wrong answer to the question.
    WrongAnswer,
    /// The institution has locked the user out.
    Locked,
    /// There is no such institution, or it is down.
    InstitutionDown,
    /// What the password `error_<CODE>` asked for: 1–64 of `A-Z 0-9 _`.
    Code(String),
}

impl Refusal {
    /// A stable code; pages carry it as `data-error`.
    pub fn code(&self) -> &str {
        match self {
            Self::WrongCredentials => "WRONG_CREDENTIALS",
            Self::WrongAnswer => "WRONG_ANSWER",
            Self::Locked => "LOCKED",
            Self::InstitutionDown => "INSTITUTION_DOWN",
            Self::Code(code) => code,
        }
    }
}

/// Whether the institution still serves a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It does.
    Good,
    /// The password has changed since: the customer must log in again.
    LoginRequired,
    /// The institution has locked the user out.
    Locked,
    /// The institution fails.
    InstitutionDown,
    /// The customer has taken the permission back at the institution.
    Revoked,
}

/// How much of the transactions' history the institution has handed out to a login so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum History {
    /// Nothing yet.
    NotReady,
    /// The last 30 days.
    Recent,
    /// All of it.
    Complete,
}
