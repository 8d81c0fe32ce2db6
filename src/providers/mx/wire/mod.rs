//! MX's JSON as serde types, as far as it is read. Both versions of the API fit: what differs is optional. Answers may hold more
//! fields and more values than are known here.

pub mod account;
pub mod institution;
pub mod member;
pub mod transaction;
pub mod webhook;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Deserializer};

pub use crate::providers::amount::Amount;

/// The longest id that is taken; MX's have 40 characters.
const LONGEST_ID: usize = 100;

/// An id of MX's (`USR-…`, `MBR-…`, `ACT-…`, `TRN-…`): letters, digits, `-` and `_`, so that it may stand in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(String);

impl Guid {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no id of MX's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAGuid;

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let good = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain);
        if good { Ok(Self(text.to_owned())) } else { Err(NotAGuid) }
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|NotAGuid| serde::de::Error::custom("not an id"))
    }
}

/// Reads a point in time; a day is its midnight. One that cannot be read is not there.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| {
        let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).ok();
        time.or_else(|| Some(day_of(&text)?.and_time(NaiveTime::MIN).and_utc()))
    }))
}

/// Reads a day, out of a point in time too. One that cannot be read is not there.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(day_of))
}

fn day_of(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Pagination {
    /// How many entries all pages have.
    pub total_entries: Option<u64>,
    /// How many pages there are.
    pub total_pages: Option<u32>,
}

/// An answer with a user.
#[derive(Deserialize)]
pub struct UserAnswer {
    /// The user.
    pub user: User,
}

/// `GET /users`
#[derive(Deserialize)]
pub struct Users {
    /// The users that were looked for.
    pub users: Vec<User>,
}

/// MX's record of a customer.
#[derive(Deserialize)]
pub struct User {
    /// MX's id.
    pub guid: Guid,
    /// Our id.
    pub id: Option<String>,
}

/// `POST /users/{user}/widget_urls`
#[derive(Deserialize)]
pub struct WidgetAnswer {
    /// The page.
    pub widget_url: WidgetUrl,
}

/// A page for the customer.
#[derive(Deserialize)]
pub struct WidgetUrl {
    /// Its address, good once and for ten minutes.
    pub url: String,
}

/// `POST /authorization_code`
#[derive(Deserialize)]
pub struct AuthorizationCode {
    /// The code.
    pub authorization_code: Code,
}

/// What a processor exchanges.
#[derive(Deserialize)]
pub struct Code {
    /// The code.
    pub code: crate::domain::secret::Secret,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn ids_may_stand_in_a_path() {
        assert!("USR-fa7537f3-48aa-a683-a02a-b18940482f54".parse::<Guid>().is_ok());
        for text in ["", "a/b", "a?b", "a b", "..%2f", "ä", &"x".repeat(101)] {
            assert_eq!(text.parse::<Guid>(), Err(NotAGuid), "{text}");
        }
    }

    #[derive(Deserialize)]
    struct Times {
        #[serde(deserialize_with = "time", default)]
        at: Option<DateTime<Utc>>,
        #[serde(deserialize_with = "day", default)]
        on: Option<NaiveDate>,
    }

    #[test]
    fn times_come_in_many_forms_or_not_at_all() {
        let read = |json: &str| serde_json::from_str::<Times>(json).unwrap();
        for (text, at) in [
            ("2015-10-13T17:57:37.000Z", Some("2015-10-13T17:57:37Z")),
            ("2025-02-13T18:08:00+00:00", Some("2025-02-13T18:08:00Z")),
            ("2025-02-13", Some("2025-02-13T00:00:00Z")),
            ("soon", None),
        ] {
            let times = read(&format!(r#"{{"at":"{text}","on":"{text}"}}"#));
            assert_eq!(times.at, at.map(|at| at.parse().unwrap()), "{text}");
            assert_eq!(times.on.map(|on| on.to_string()), at.map(|at| at[..10].to_owned()), "{text}");
        }
        assert_eq!(read("{}").at, None);
    }
}
