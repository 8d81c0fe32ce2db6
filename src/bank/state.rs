//! What cannot be derived from the seed: everything that somebody did to a user through the knobs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::UnknownValue;

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
    pub opened: Vec<DateTime<Utc>>,
    /// Accounts that were closed, by key.
    pub closed: BTreeMap<String, DateTime<Utc>>,
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
