//! The fields of a request, read as strictly as Plaid reads them.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use url::Url;

use super::errors::{Error, Result};

/// A JSON object of which every field is known and none is `null`.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    fields: Map<String, Value>,
    /// Where the object stands: empty, or `options.` and the like.
    place: String,
}

impl Fields {
    /// Takes an object that has the required fields and none besides the optional ones. `null` counts as absent.
    pub fn new(object: Map<String, Value>, required: &[&str], optional: &[&str]) -> Result<Self> {
        Self::within(String::new(), object, required, optional)
    }

    fn within(place: String, object: Map<String, Value>, required: &[&str], optional: &[&str]) -> Result<Self> {
        let known = |name: &str| required.contains(&name) || optional.contains(&name);
        let unknown: Vec<String> =
            object.keys().filter(|name| !known(name)).take(20).map(|name| format!("{place}{}", short(name))).collect();
        if !unknown.is_empty() {
            return Err(Error::unknown_fields(&unknown));
        }
        let fields: Map<String, Value> = object.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let absent = required.iter().filter(|name| !fields.contains_key(**name));
        let missing: Vec<String> = absent.map(|name| format!("{place}{name}")).collect();
        if missing.is_empty() { Ok(Self { fields, place }) } else { Err(Error::missing_fields(&missing)) }
    }

    fn refuse(&self, name: &str, what: &str) -> Error {
        Error::invalid_field(format!("{}{name} {what}", self.place))
    }

    fn read<'a, T>(&'a self, name: &str, what: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
        let value = self.fields.get(name);
        value.map(|value| read(value).ok_or_else(|| self.refuse(name, what))).transpose()
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        self.read(name, "must be a string", Value::as_str)
    }

    /// A text that was declared as required, and is not empty.
    pub fn need(&self, name: &str) -> Result<&str> {
        let text = self.text(name)?.unwrap_or_default();
        if text.is_empty() { Err(self.refuse(name, "must be a non-empty string")) } else { Ok(text) }
    }

    /// A text out of a closed list.
    pub fn one_of(&self, name: &str, list: &[&str]) -> Result<Option<&str>> {
        self.read(name, "is not one of the values that are known", |value| {
            value.as_str().filter(|text| list.contains(text))
        })
    }

    /// A truth.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.read(name, "must be a boolean", Value::as_bool)
    }

    /// A whole number in a range.
    pub fn integer(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>> {
        let what = format!("must be an integer between {} and {}", range.start(), range.end());
        self.read(name, &what, |value| value.as_u64().and_then(|n| n.try_into().ok()).filter(|n| range.contains(n)))
    }

    /// A number of any kind, as it is written.
    pub fn number(&self, name: &str) -> Result<Option<String>> {
        self.read(name, "must be a number", |value| value.is_number().then(|| value.to_string()))
    }

    /// A day.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>> {
        self.read(name, "must be a date in the format YYYY-MM-DD", |value| value.as_str()?.parse().ok())
    }

    /// An http or https address.
    pub fn url(&self, name: &str) -> Result<Option<Url>> {
        self.read(name, "must be a valid URL", |value| {
            Url::parse(value.as_str()?).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        })
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.read(name, "must be an array of strings", |value| {
            value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
        })
    }

    /// An object within this one; without fields where it is absent.
    pub fn object(&self, name: &str, required: &[&str], optional: &[&str]) -> Result<Option<Self>> {
        let object = self.read(name, "must be an object", |value| value.as_object().cloned())?;
        let place = format!("{}{name}.", self.place);
        object.map(|object| Self::within(place, object, required, optional)).transpose()
    }

    /// A list of objects.
    pub fn objects(&self, name: &str, required: &[&str], optional: &[&str]) -> Result<Vec<Self>> {
        let list = self.read(name, "must be an array of objects", |value| {
            value.as_array()?.iter().map(|one| one.as_object().cloned()).collect::<Option<Vec<_>>>()
        })?;
        let place = format!("{}{name}.", self.place);
        list.into_iter().flatten().map(|object| Self::within(place.clone(), object, required, optional)).collect()
    }

    /// Whether the field is there.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }
}

/// A name that somebody made up, fit to be repeated.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use serde_json::json;

    use super::*;

    fn fields(body: Value) -> Result<Fields> {
        Fields::new(body.as_object().unwrap().clone(), &["a"], &["b", "c"])
    }

    #[test]
    fn unknown_and_missing_fields_are_named() {
        assert_eq!(fields(json!({"a": 1, "x": 1})).unwrap_err().code(), "UNKNOWN_FIELDS");
        let missing = fields(json!({"a": null, "b": 1})).unwrap_err();
        assert_eq!(missing.message(), "the following required fields are missing: a");
    }

    #[test]
    fn a_wrong_type_is_an_invalid_field() {
        let fields = fields(json!({"a": 1, "b": {"n": 0}, "c": ["x", 1]})).unwrap();
        assert_eq!(fields.text("a").unwrap_err().message(), "a must be a string");
        assert!(fields.texts("c").is_err() && fields.date("a").is_err() && fields.url("a").is_err());
        let inner = fields.object("b", &["n"], &[]).unwrap().unwrap();
        assert_eq!(inner.integer("n", 1..=500).unwrap_err().message(), "b.n must be an integer between 1 and 500");
        assert!(fields.object("b", &[], &[]).is_err());
        assert_eq!(inner.integer("n", 0..=500).unwrap(), Some(0));
        assert_eq!(inner.text("absent").unwrap(), None);
    }
}
