//! Who can log in: the test users, and how one of them is named.

use serde::{Deserialize, Serialize};

/// A login at an institution: the same person at two institutions is two users.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserRef {
    /// The institution's key.
    pub institution: String,
    /// The user name, as in [`TEST_USERS`], with a tag or not.
    pub username: String,
}

/// A test user. Each also exists any number of times under `<username>+<tag>` (a tag is 1–32 of `a-z 0-9 _ -`):
/// the same behaviour, but another person with other accounts, so that tests do not meet each other.
#[derive(Clone, Copy, Debug)]
pub struct TestUser {
    /// What to type first.
    pub username: &'static str,
    /// What to type second.
    pub password: &'static str,
    /// What is special, as a sentence for people.
    pub description: &'static str,
    pub(super) profile: Profile,
}

/// How a user behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Good,
    Mfa,
    Locked,
    NoAccounts,
    CheckingOnly,
    Investor,
    Many,
    Empty,
    SlowHistory,
    Down,
    Revokes,
}

impl TestUser {
    /// Who that user name is, tag or not.
    pub fn find(username: &str) -> Option<&'static Self> {
        let name = match username.split_once('+') {
            Some((name, tag)) if is_tag(tag) => name,
            Some(_) => return None,
            None => username,
        };
        TEST_USERS.iter().find(|user| user.username == name)
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

/// What the multi-factor question of `user_mfa` wants to hear.
pub const MFA_ANSWER: &str = "1234";

/// Everybody who can log in, at every institution. Beside them, a password `error_<CODE>` makes any user's login fail with that code.
pub const TEST_USERS: &[TestUser] = &[
    TestUser {
        username: "user_good",
        password: "pass_good",
        description: "Logs in at once and has one account of every kind that the institution offers, with two years of history.",
        profile: Profile::Good,
    },
    TestUser {
        username: "user_mfa",
        password: "pass_good",
        description: "Is asked for a code after the password: 1234. Otherwise like user_good.",
        profile: Profile::Mfa,
    },
    TestUser {
        username: "user_locked",
        password: "pass_good",
        description: "Is locked out by the institution: no login succeeds.",
        profile: Profile::Locked,
    },
    TestUser {
        username: "user_no_accounts",
        password: "pass_good",
        description: "Logs in, but has no account.",
        profile: Profile::NoAccounts,
    },
    TestUser {
        username: "user_checking_only",
        password: "pass_good",
        description: "Has one checking account, so that investments and liabilities suit no account.",
        profile: Profile::CheckingOnly,
    },
    TestUser {
        username: "user_investor",
        password: "pass_good",
        description: "Has a checking account and several investment accounts, where the institution offers them.",
        profile: Profile::Investor,
    },
    TestUser {
        username: "user_many",
        password: "pass_good",
        description: "Has 36 accounts with tens of thousands of transactions.",
        profile: Profile::Many,
    },
    TestUser {
        username: "user_empty",
        password: "pass_good",
        description: "Has a checking and a savings account in which nothing ever happened.",
        profile: Profile::Empty,
    },
    TestUser {
        username: "user_slow_history",
        password: "pass_good",
        description: "Like user_good, but transactions take 30 seconds to appear at all and two minutes to be complete.",
        profile: Profile::SlowHistory,
    },
    TestUser {
        username: "user_down",
        password: "pass_good",
        description: "Links, and the institution fails from a minute later on.",
        profile: Profile::Down,
    },
    TestUser {
        username: "user_revokes",
        password: "pass_good",
        description: "Links, and takes the permission back at the institution one hour later.",
        profile: Profile::Revokes,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_with_and_without_a_tag() {
        let profile = |name| TestUser::find(name).map(|user| user.profile);
        assert_eq!(profile("user_mfa"), Some(Profile::Mfa));
        assert_eq!(profile("user_mfa+load-17_b"), Some(Profile::Mfa));
        for nobody in
            ["", "user", "user_goo", "user_good+", "user_good+A", "user_good+a+b", "user_good+a b", "USER_GOOD"]
        {
            assert_eq!(profile(nobody), None, "{nobody:?}");
        }
        assert_eq!(profile(&format!("user_good+{}", "a".repeat(33))), None);
    }
}
