//! Logging in, and how a login fares afterwards.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::institution::BankInstitution;
use super::state::UserState;
use super::user::{MFA_ANSWER, Profile, TestUser, UserRef};
use crate::domain::institution::InstitutionHealth;

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

/// How long a login of `user_down` is served: as long as it takes to link it.
const LAST_MINUTE: TimeDelta = TimeDelta::minutes(1);

const QUESTION: &str = "Which code did we send to your phone?";

/// Judges user name and password.
pub(super) fn log_in(
    institution: &BankInstitution,
    user: &UserRef,
    password: &str,
    state: &UserState,
    now: DateTime<Utc>,
) -> LoginOutcome {
    let Some(known) = TestUser::find(&user.username) else { return LoginOutcome::Refused(Refusal::WrongCredentials) };
    let refusal = if let Some(code) = provoked(password) {
        Some(Refusal::Code(code.to_owned()))
    } else if institution.health == InstitutionHealth::Down {
        Some(Refusal::InstitutionDown)
    } else if password != state.password.as_deref().unwrap_or(known.password) {
        Some(Refusal::WrongCredentials)
    } else if state.locked || known.profile == Profile::Locked {
        Some(Refusal::Locked)
    } else {
        None
    };
    match refusal {
        Some(refusal) => LoginOutcome::Refused(refusal),
        None if known.profile == Profile::Mfa => {
            LoginOutcome::Mfa { user: user.clone(), question: QUESTION.to_owned() }
        }
        None => LoginOutcome::Success(Login { user: user.clone(), generation: state.generation, at: now }),
    }
}

/// Judges the answer to the question.
pub(super) fn answer_mfa(user: &UserRef, answer: &str, state: &UserState, now: DateTime<Utc>) -> LoginOutcome {
    let asked = TestUser::find(&user.username).is_some_and(|known| known.profile == Profile::Mfa);
    if !asked || answer.trim() != MFA_ANSWER {
        LoginOutcome::Refused(Refusal::WrongAnswer)
    } else if state.locked {
        LoginOutcome::Refused(Refusal::Locked)
    } else {
        LoginOutcome::Success(Login { user: user.clone(), generation: state.generation, at: now })
    }
}

/// The code in a password `error_<CODE>`.
fn provoked(password: &str) -> Option<&str> {
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    password.strip_prefix("error_").filter(|code| (1..=64).contains(&code.len()) && code.bytes().all(allowed))
}

/// How a login fares at that time.
pub(super) fn access(institution: &BankInstitution, login: &Login, state: &UserState, now: DateTime<Utc>) -> Access {
    let Some(known) = TestUser::find(&login.user.username) else { return Access::LoginRequired };
    let is_down = known.profile == Profile::Down && now >= login.at + LAST_MINUTE;
    if institution.health == InstitutionHealth::Down || is_down {
        Access::InstitutionDown
    } else if known.profile == Profile::Revokes && now >= login.at + TimeDelta::hours(1) {
        Access::Revoked
    } else if state.locked {
        Access::Locked
    } else if login.generation < state.required_generation {
        Access::LoginRequired
    } else {
        Access::Good
    }
}

/// How much history a login has been given at that time.
pub(super) fn history(login: &Login, now: DateTime<Utc>) -> History {
    let slow = TestUser::find(&login.user.username).is_some_and(|known| known.profile == Profile::SlowHistory);
    match now - login.at {
        age if !slow || age >= TimeDelta::minutes(2) => History::Complete,
        age if age >= TimeDelta::seconds(30) => History::Recent,
        _ => History::NotReady,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
    use super::*;
    use crate::bank::institution::institution;
    use crate::bank::user::TEST_USERS;

    fn user(username: &str) -> UserRef {
        UserRef { institution: "first_platypus".to_owned(), username: username.to_owned() }
    }

    fn try_in(username: &str, password: &str, state: &UserState) -> LoginOutcome {
        log_in(institution("first_platypus").unwrap(), &user(username), password, state, Utc::now())
    }

    fn refused(username: &str, password: &str) -> Refusal {
        match try_in(username, password, &UserState::default()) {
            LoginOutcome::Refused(refusal) => refusal,
            other => panic!("{username} was not refused: {other:?}"),
        }
    }

    #[test]
    fn every_test_user_gets_as_far_as_promised() {
        for known in TEST_USERS {
            let outcome = try_in(known.username, known.password, &UserState::default());
            match known.profile {
                Profile::Mfa => assert!(matches!(outcome, LoginOutcome::Mfa { .. })),
                Profile::Locked => assert_eq!(outcome, LoginOutcome::Refused(Refusal::Locked)),
                _ => assert!(matches!(outcome, LoginOutcome::Success(_)), "{}", known.username),
            }
            assert_eq!(refused(known.username, "wrong"), Refusal::WrongCredentials);
        }
        assert_eq!(refused("nobody", "pass_good"), Refusal::WrongCredentials);
    }

    #[test]
    fn a_password_can_provoke_any_code() {
        assert_eq!(refused("user_good", "error_ITEM_LOCKED"), Refusal::Code("ITEM_LOCKED".to_owned()));
        assert_eq!(refused("user_good", "error_<b>"), Refusal::WrongCredentials);
        assert_eq!(refused("user_good", "error_"), Refusal::WrongCredentials);
    }

    #[test]
    fn only_the_right_answer_lets_in() {
        let state = UserState::default();
        assert!(matches!(answer_mfa(&user("user_mfa"), " 1234 ", &state, Utc::now()), LoginOutcome::Success(_)));
        for (name, answer) in [("user_mfa", "12345"), ("user_mfa", ""), ("user_good", "1234")] {
            let outcome = answer_mfa(&user(name), answer, &state, Utc::now());
            assert_eq!(outcome, LoginOutcome::Refused(Refusal::WrongAnswer));
        }
    }

    #[test]
    fn a_reset_breaks_older_logins_and_a_new_one_works() {
        let bank = institution("first_platypus").unwrap();
        let mut state = UserState::default();
        let LoginOutcome::Success(old) = try_in("user_good", "pass_good", &state) else { panic!("not in") };
        assert_eq!(access(bank, &old, &state, old.at), Access::Good);
        state.reset_login(Some("new"));
        assert_eq!(access(bank, &old, &state, old.at), Access::LoginRequired);
        assert_eq!(try_in("user_good", "pass_good", &state), LoginOutcome::Refused(Refusal::WrongCredentials));
        let LoginOutcome::Success(new) = try_in("user_good", "new", &state) else { panic!("not in") };
        assert_eq!(access(bank, &new, &state, new.at), Access::Good);
        assert_eq!(access(bank, &old, &state, old.at), Access::LoginRequired);
        state.restore_login();
        assert_eq!(access(bank, &old, &state, old.at), Access::Good);
        state.locked = true;
        assert_eq!(access(bank, &old, &state, old.at), Access::Locked);
    }

    #[test]
    fn users_and_institutions_that_fail_do_so_at_their_time() {
        let (bank, down) = (institution("first_platypus").unwrap(), institution("platypus_down").unwrap());
        let state = UserState::default();
        let login = |name| Login { user: user(name), generation: 0, at: Utc::now() };
        let at = |name, after: TimeDelta| {
            let login = login(name);
            access(bank, &login, &state, login.at + after)
        };
        assert_eq!(at("user_down", TimeDelta::seconds(59)), Access::Good);
        assert_eq!(at("user_down", TimeDelta::seconds(60)), Access::InstitutionDown);
        assert_eq!(at("user_revokes", TimeDelta::minutes(59)), Access::Good);
        assert_eq!(at("user_revokes", TimeDelta::minutes(60)), Access::Revoked);
        assert_eq!(access(down, &login("user_good"), &state, Utc::now()), Access::InstitutionDown);
        let outcome = log_in(down, &user("user_good"), "pass_good", &state, Utc::now());
        assert_eq!(outcome, LoginOutcome::Refused(Refusal::InstitutionDown));
    }

    #[test]
    fn history_comes_late_for_the_slow_user_alone() {
        let login = |name| Login { user: user(name), generation: 0, at: Utc::now() };
        let after = |name, seconds| {
            let login = login(name);
            history(&login, login.at + TimeDelta::seconds(seconds))
        };
        assert_eq!(after("user_good", 0), History::Complete);
        assert_eq!(after("user_slow_history", 29), History::NotReady);
        assert_eq!(after("user_slow_history", 30), History::Recent);
        assert_eq!(after("user_slow_history", 120), History::Complete);
    }
}
