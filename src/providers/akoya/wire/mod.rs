//! Akoya's JSON as serde types, as far as it is read. Answers may hold more fields and more values than are known here; texts
//! that only describe are lenient, for every institution fills them in its own way.

pub mod account;
pub mod contact;
pub mod notification;
pub mod token;
pub mod transaction;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use crate::providers::amount::Amount;

/// The longest id that is taken.
const LONGEST_ID: usize = 255;

/// An id: not empty, without control characters, case sensitive. It is never cut, or two could become one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.len() > LONGEST_ID || text.chars().any(char::is_control) {
            return Err(serde::de::Error::custom("not an id"));
        }
        Ok(Self(text))
    }
}

/// A time as institutions write it: with a zone, without one (then it is UTC), or a day alone. What is no time counts as absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment(pub Option<DateTime<Utc>>);

impl Moment {
    /// Its day.
    pub fn day(self) -> Option<NaiveDate> {
        self.0.map(|at| at.date_naive())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Value::deserialize(deserializer)?.as_str().and_then(time)))
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let unzoned = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc());
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(chrono::NaiveTime::MIN).and_utc());
    zoned().or_else(unzoned).or_else(day)
}

/// A text where the description has one, or a number where institutions send that; anything else counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

impl Text {
    /// The text.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }))
    }
}

/// `Error`: an answer of any status but 2xx. The code is an integer in the product APIs and a text in that of notifications.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiError {
    /// FDX's code.
    pub code: Text,
    /// For developers.
    pub message: Text,
}

/// An error of the identity provider (RFC 6749, 5.2).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OauthError {
    /// A code.
    pub error: Text,
    /// For developers.
    pub error_description: Text,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_time_is_read_in_each_way_in_which_it_is_written() {
        let read = |json: &str| serde_json::from_str::<Moment>(json).unwrap().0.map(|at| at.to_rfc3339());
        let expected = Some("2021-07-06T00:00:00+00:00".to_owned());
        for json in [
            "\"2021-07-06T00:00:00Z\"",
            "\"2021-07-06\"",
            "\"2021-07-06T00:00:00.000\"",
            "\"2021-07-06T02:00:00+02:00\"",
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
        for nothing in ["null", "\"\"", "\"yesterday\"", "17", "{}"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_id_is_taken_whole_or_not_at_all() {
        assert!(serde_json::from_str::<Id>("\"g833\"").is_ok());
        for bad in ["\"\"", "\"a\\u0000\"", "17", "null"] {
            assert!(serde_json::from_str::<Id>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Id>(&format!("\"{}\"", "a".repeat(256))).is_err());
    }

    #[test]
    fn a_code_is_a_number_or_a_text() {
        for body in ["{\"code\":602,\"message\":\"m\"}", "{\"code\":\"602\",\"message\":[]}"] {
            assert_eq!(serde_json::from_str::<ApiError>(body).unwrap().code.get(), Some("602"));
        }
    }
}
