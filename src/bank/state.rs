//! What cannot be derived from the seed: everything that somebody did to a user through the knobs.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::UnknownValue;
use crate::domain::account::AccountSubtype;

/// The stored part of a user; absent means that nothing ever happened to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserState {
    /// The password, where it is no longer the test user's.
    pub password: Option<String>,
    /// Counts the resets; a new login belongs to this generation.
    pub generation: u32,
    /// Logins of an older generation are broken.
    pub required_generation: u32,
    /// Whether the institution has locked the user out.
    pub locked: bool,
    /// Transactions that were posted by hand; the list only grows.
    pub posted: Vec<PostedByHand>,
    /// When further accounts were opened; the list only grows.
    pub opened: Vec<OpenedLater>,
    /// Accounts that were closed, by key.
    pub closed: BTreeMap<String, DateTime<Utc>>,
}

impl UserState {
    /// Most transactions posted by hand that a user can have.
    const MOST_POSTED: usize = 5000;
    /// Most further accounts.
    const MOST_OPENED: usize = 50;

    /// Posts by hand, in turn in each of those accounts, every third one pending; as what numbers.
    pub(super) fn post(&mut self, accounts: &[String], count: usize, made_at: DateTime<Utc>) -> Range<u32> {
        let before = self.posted.len();
        let count = count.min(Self::MOST_POSTED.saturating_sub(before));
        let posted = accounts.iter().cycle().take(count).enumerate().map(|(i, account)| PostedByHand {
            account: account.clone(),
            made_at,
            pending: i % 3 == 2,
        });
        self.posted.extend(posted);
        let number = |len| u32::try_from(len).unwrap_or(u32::MAX);
        number(before)..number(self.posted.len())
    }

    /// Opens a further account; whether there was room.
    pub(super) fn open_account(&mut self, subtype: AccountSubtype, at: DateTime<Utc>) -> bool {
        let room = self.opened.len() < Self::MOST_OPENED;
        self.opened.extend(room.then_some(OpenedLater { at, subtype }));
        room
    }

    /// Breaks every login so far.
    pub(super) fn reset_login(&mut self, new_password: Option<&str>) {
        self.generation = self.generation.saturating_add(1);
        self.required_generation = self.generation;
        if let Some(password) = new_password {
            self.password = Some(password.chars().take(100).collect());
        }
    }

    /// Lets every login work again.
    pub(super) fn restore_login(&mut self) {
        self.required_generation = 0;
        self.password = None;
    }
}

/// An account that was opened after the first look at the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedLater {
    /// When.
    pub at: DateTime<Utc>,
    /// What it is.
    pub subtype: AccountSubtype,
}

/// A transaction that was posted by hand; the rest of it is derived from its place in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedByHand {
    /// The account's key.
    pub account: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Whether it is pending at first.
    pub pending: bool,
}

/// A view of the books: an instant, and how many of the transactions posted by hand are seen.
///
/// The count closes the gap that an instant alone would leave: a transaction that is stored while somebody reads is in this view or in a
/// later one, and never lost between two. Written as `<microseconds>.<count>`, which fits in a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The instant.
    pub at: DateTime<Utc>,
    /// How many transactions posted by hand are seen.
    pub posted: u32,
}

impl Moment {
    /// The later of both in each respect; for a process whose clock lags behind the one that made a cursor.
    pub fn max(self, other: Self) -> Self {
        Self { at: self.at.max(other.at), posted: self.posted.max(other.posted) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.posted)
    }
}

impl FromStr for Moment {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, posted) = text.split_once('.').ok_or(UnknownValue)?;
        let micros = at.parse().map_err(|_| UnknownValue)?;
        Ok(Self {
            at: DateTime::from_timestamp_micros(micros).ok_or(UnknownValue)?,
            posted: posted.parse().map_err(|_| UnknownValue)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_moment_survives_being_written() {
        let at = DateTime::from_timestamp_micros(1_793_000_000_123_456).unwrap();
        let moment = Moment { at, posted: 17 };
        assert_eq!(moment.to_string().parse(), Ok(moment));
        for broken in ["", "1", "1.", ".1", "a.1", "1.-1", "99999999999999999999.1", "9223372036854775807.1"] {
            assert_eq!(broken.parse::<Moment>(), Err(UnknownValue), "{broken}");
        }
    }

    #[test]
    fn the_later_moment_is_later_in_each_respect() {
        let at = DateTime::from_timestamp_micros(1_000_000).unwrap();
        let (a, b) = (Moment { at, posted: 3 }, Moment { at: at + chrono::TimeDelta::days(1), posted: 2 });
        assert_eq!(a.max(b), Moment { at: b.at, posted: 3 });
    }

    #[test]
    fn a_document_without_a_word_is_a_fresh_user() {
        assert_eq!(serde_json::from_str::<UserState>("{}").unwrap(), UserState::default());
    }
}
