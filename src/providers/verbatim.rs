//! A provider's own words of an account, kept beside what is read of it: what `GET /accounts/{accountId}/provider-data` shows.
//! Secrets and full numbers are masked before anybody else sees them.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest text of an account that is kept, in bytes; a longer one is not.
const MOST_BYTES: usize = 64 * 1024;
/// How many characters of a number may be shown.
const SHOWN: usize = 4;
/// From so many digits on a text may be a number of an account, wherever it stands.
const DIGITS: usize = 8;

/// Names of fields that hold a secret, or a part of such names.
const SECRETS: [&str; 5] = ["token", "secret", "password", "credential", "username"];
/// The same for numbers.
const NUMBERS: [&str; 5] = ["number", "iban", "bban", "pan", "sortcode"];

/// What a provider says of an account, masked; `None` where it says too much to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verbatim(pub Option<Value>);

impl Verbatim {
    /// What was answered, in that text.
    fn of(text: &str) -> Self {
        let read = (text.len() <= MOST_BYTES).then(|| serde_json::from_str(text).ok()).flatten();
        Self(read.map(|value| masked("", value)))
    }

    /// What was said in several answers, each under a name.
    pub fn joined<const N: usize>(answers: [(&str, Self); N]) -> Self {
        let all: Option<_> = answers.into_iter().map(|(name, Self(said))| Some((name.to_owned(), said?))).collect();
        Self(all.map(Value::Object))
    }
}

/// Something that is read, with its own words.
pub struct Kept<T> {
    /// What was read.
    pub read: T,
    /// The words.
    pub verbatim: Verbatim,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        // The error itself would quote what was answered.
        let read = serde_json::from_str(text.get())
            .map_err(|error| D::Error::custom(format_args!("{:?}", error.classify())))?;
        Ok(Self { read, verbatim: Verbatim::of(text.get()) })
    }
}

/// What keeps its own words in itself.
pub trait KeepsVerbatim: DeserializeOwned {
    /// Keeps them.
    fn keep(&mut self, verbatim: Verbatim);
}

impl<T: KeepsVerbatim> Kept<T> {
    /// What was read, which has its words in itself from now on.
    pub fn with_words(self) -> T {
        let Self { mut read, verbatim } = self;
        read.keep(verbatim);
        read
    }
}

/// Reads a list of what keeps its own words: for `deserialize_with`.
pub fn list<'de, D: Deserializer<'de>, T: KeepsVerbatim>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Kept<T>>::deserialize(deserializer)?.into_iter().map(Kept::with_words).collect())
}

/// The same where there may be none.
pub fn list_if_any<'de, D: Deserializer<'de>, T: KeepsVerbatim>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    let kept = Option::<Vec<Kept<T>>>::deserialize(deserializer)?;
    Ok(kept.map(|all| all.into_iter().map(Kept::with_words).collect()))
}

/// A value, which stands under that name, without secrets and full numbers.
fn masked(name: &str, value: Value) -> Value {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name.clone(), masked(&name, value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| masked(name, item)).collect()),
        Value::String(_) | Value::Number(_) if SECRETS.iter().any(|part| plain.contains(part)) => "***".into(),
        Value::Number(number) if is_number(&plain) => mask(&number.to_string()).into(),
        Value::String(text) if is_number(&plain) || (!is_id(name) && may_be_number(&text)) => mask(&text).into(),
        other => other,
    }
}

/// Whether a field of that name, in small letters and digits, is one of the numbers of an account.
fn is_number(plain: &str) -> bool {
    NUMBERS.iter().any(|part| plain.contains(part)) || plain == "account"
}

fn is_id(name: &str) -> bool {
    ["id", "Id", "ID", "guid", "urn"].iter().any(|end| name.ends_with(end))
}

/// Whether a text has as many digits in a row as a number of an account has; a time and an amount are none.
fn may_be_number(text: &str) -> bool {
    let is_amount = text.contains('.') && text.parse::<Decimal>().is_ok();
    let is_time = text.get(..10).is_some_and(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok());
    let rows = text.split(|c: char| !(c.is_ascii_digit() || c == ' ' || c == '-'));
    let longest = rows.map(|row| row.chars().filter(char::is_ascii_digit).count()).max().unwrap_or_default();
    longest >= DIGITS && !is_time && !is_amount
}

/// The end of a number; of a short one nothing.
fn mask(text: &str) -> String {
    let hidden = text.chars().count().saturating_sub(SHOWN).max(SHOWN);
    format!("***{}", text.chars().skip(hidden).collect::<String>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_and_full_numbers_are_masked_and_the_rest_is_as_it_was_said() {
        let said = json!({
            "id": "123456789012", "account_id": "9876543210", "name": "Savings DE89 3704 0044 0532 0130 00",
            "iban": "DE89370400440532013000", "accountNumber": 1_234_567_890, "mask": "7890", "number": "42",
            "access_token": "abc", "balance": 1110.25, "amount": "1234567890.25", "updated_at": "2026-11-21T20:26:57Z",
            "extra": { "account_numbers": ["111122223333", null], "open": true },
        });
        let Verbatim(Some(shown)) = Verbatim::of(&said.to_string()) else { panic!("it is kept") };
        let expected = json!({
            "id": "123456789012", "account_id": "9876543210", "name": "***0 00", "iban": "***3000", "accountNumber": "***7890",
            "mask": "7890", "number": "***", "access_token": "***", "balance": 1110.25, "amount": "1234567890.25",
            "updated_at": "2026-11-21T20:26:57Z", "extra": { "account_numbers": ["***3333", null], "open": true },
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        assert_eq!(Verbatim::of(&format!("\"{}\"", "x".repeat(MOST_BYTES))), Verbatim(None));
    }
}
