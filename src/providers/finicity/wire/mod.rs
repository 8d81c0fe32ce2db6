//! Finicity's JSON as serde types, as far as it is read. Answers may hold more fields and more values than are known here.

pub mod account;
pub mod consent;
pub mod institution;
pub mod link;
pub mod transaction;

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use crate::providers::amount::Amount;

/// The longest id that is taken; Finicity's are numbers of at most 19 digits.
const LONGEST_ID: usize = 64;

/// An id, which the description types as text here and as number there. It stands in paths, so nothing but letters, digits,
/// `-` and `_` is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(TextOrNumber)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text));
        }
        Err(de::Error::custom("not an id"))
    }
}

struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

/// A time in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl Epoch {
    /// The instant; `None` for a number that is no time, and for 0, which stands where the institution gave none.
    pub fn time(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_secs(self.0).filter(|_| self.0 > 0)
    }

    /// The day, in UTC.
    pub fn day(self) -> Option<NaiveDate> {
        self.time().map(|time| time.date_naive())
    }
}

/// A rate, which comes as text or number; `None` where it is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<Decimal>);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"').trim_end_matches('%').trim();
        Ok(Self(serde_json::from_str::<Amount>(text).ok().map(|amount| amount.0)))
    }
}

/// A truth value, which some operations write as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get().trim_matches('"') {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err(de::Error::custom("neither true nor false")),
        }
    }
}

/// `ErrorMessage`, the body of an answer that is none of 2xx; some services wrap theirs in `Errors`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ErrorBody {
    /// The code to act on; a number or a text.
    pub code: Option<Id>,
    /// For developers.
    pub message: Option<String>,
    /// Another wording, by some services.
    pub user_message: Option<String>,
    /// The other shape.
    #[serde(rename = "Errors")]
    pub errors: Option<Errors>,
}

/// `ErrorWrapper`.
#[derive(Clone, Debug, Deserialize)]
pub struct Errors {
    /// The errors; the first one counts.
    #[serde(rename = "Error", default)]
    pub list: Vec<WrappedError>,
}

/// An error of the other shape.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WrappedError {
    /// The code to act on.
    pub reason_code: Option<Id>,
    /// For developers.
    pub description: Option<String>,
}
