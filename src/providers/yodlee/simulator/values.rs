//! Small values as Yodlee writes them, and the queries in which they come.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::{Error, Result};

/// A query; of a name that comes twice, the last counts.
pub type Query = axum::extract::Query<BTreeMap<String, String>>;

/// A JSON number.
pub fn number(amount: Decimal) -> Value {
    serde_json::from_str(&amount.normalize().to_string()).unwrap_or_default()
}

/// `Money`.
pub fn money(amount: Decimal, currency: &str) -> Value {
    json!({ "amount": number(amount), "currency": currency })
}

/// A time in seconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Leaves out what is null: Yodlee has no nulls.
pub fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// A list under its name; one that is empty is left out, as Yodlee does.
pub fn listed(name: &str, list: Vec<Value>) -> axum::Json<Value> {
    axum::Json(if list.is_empty() { json!({}) } else { json!({ name: list }) })
}

/// A parameter that is given and not empty.
pub fn given<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// A parameter of comma-separated ids, at most so many.
pub fn ids(query: &Query, name: &str, most: usize) -> Result<Option<Vec<i64>>> {
    let Some(text) = given(query, name) else { return Ok(None) };
    let ids: std::result::Result<Vec<i64>, _> = text.split(',').map(|id| id.trim().parse::<i64>()).collect();
    let ids = ids.map_err(|_| Error::invalid(name))?;
    if ids.len() > most {
        return Err(Error::bad("Y824", format!("The maximum number of {name}s permitted is {most}")));
    }
    Ok(Some(ids))
}

/// A parameter that is a day.
pub fn day(query: &Query, name: &str) -> Result<Option<NaiveDate>> {
    given(query, name).map(|text| text.parse().map_err(|_| Error::invalid(name))).transpose()
}

/// The page that is asked for: how many to pass over, and how many to take.
pub fn page(query: &Query) -> Result<(usize, usize)> {
    let number = |name: &str, default: usize| -> Result<usize> {
        given(query, name).map_or(Ok(default), |text| text.parse().map_err(|_| Error::invalid(name)))
    };
    let (skip, top) = (number("skip", 0)?, number("top", 500)?);
    if !(1..=500).contains(&top) {
        return Err(Error::bad("Y804", "Permitted values of top between 1 - 500"));
    }
    Ok((skip, top))
}
