//! Small values as finAPI writes them, and the queries in which they come.

use std::collections::BTreeMap;

use axum::Json;
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

/// A time in milliseconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// Leaves out what is null: Access has no nulls.
pub fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// A parameter of comma-separated ids.
pub fn ids(query: &Query, name: &str) -> Result<Option<Vec<i64>>> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let ids: std::result::Result<Vec<i64>, _> = text.split(',').map(|id| id.trim().parse()).collect();
    ids.map(Some).map_err(|_| Error::bad(name))
}

/// A parameter that is a day.
pub fn day(query: &Query, name: &str) -> Result<Option<NaiveDate>> {
    query.get(name).map(|text| text.parse().map_err(|_| Error::bad(name))).transpose()
}

/// The page of a list that is asked for, with how far the list goes, and what else stands beside it.
pub fn paged(query: &Query, name: &str, all: Vec<Value>, beside: Value) -> Result<Json<Value>> {
    let number = |name: &str, default: usize, most: usize| -> Result<usize> {
        let given = query.get(name).map_or(Ok(default), |text| text.parse().map_err(|_| Error::bad(name)))?;
        if (1..=most).contains(&given) { Ok(given) } else { Err(Error::bad(name)) }
    };
    let (page, per_page) = (number("page", 1, usize::MAX)?, number("perPage", 20, 500)?);
    let count = all.len();
    let some: Vec<Value> = all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let mut body = beside;
    body[name] = Value::Array(some);
    body["paging"] = json!({
        "page": page, "perPage": per_page, "pageCount": count.div_ceil(per_page), "totalCount": count,
    });
    Ok(Json(body))
}
