//! What stands in the address. Query parameters: an operation has those that the document names for it, any other is refused, and
//! what cannot be read says so.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::page::Cursor;
use crate::domain::problem::Problem;

/// The most parameters of one request.
const MOST: usize = 100;

/// The longest name of an unknown one that a refusal repeats, in characters.
const MOST_NAME: usize = 100;

/// What stands in a path. What cannot be read there is as unknown as anything else.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

/// A day of the years 1 to 9999, which is what the database and people know.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "NaiveDate")]
pub struct Day(pub NaiveDate);

impl TryFrom<NaiveDate> for Day {
    type Error = &'static str;

    fn try_from(day: NaiveDate) -> Result<Self, Self::Error> {
        if (1..=9999).contains(&day.year()) { Ok(Self(day)) } else { Err("a day of the years 1 to 9999") }
    }
}

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse::<NaiveDate>().ok().and_then(|day| Self::try_from(day).ok()).ok_or(())
    }
}

/// The names of the query parameters of each operation, by its method and route.
pub(super) type KnownParams = HashMap<(String, String), Vec<String>>;

/// Refuses query parameters that an operation does not have.
pub(super) async fn only_known(
    State(known): State<Arc<KnownParams>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // Another method of a path that is there has its own refusal.
    if let Some(known) = known.get(&(method.to_string(), route.to_owned())) {
        let params = Params::read(request.uri().query().unwrap_or_default())?;
        if let Some(unknown) = params.values.keys().find(|name| !known.contains(name)) {
            let name: String = unknown.chars().take(MOST_NAME).collect();
            let detail = "This path does not have this query parameter. GET /docs lists them.";
            return Err(Problem::invalid(name, "UNKNOWN_PARAMETER", detail));
        }
    }
    Ok(next.run(request).await)
}

/// The query of a request.
pub struct Params {
    values: BTreeMap<String, Vec<String>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

impl Params {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (index, (name, value)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
            if index >= MOST {
                return Err(Problem::invalid("", "TOO_MANY", format!("More than {MOST} query parameters.")));
            }
            if value.contains('\0') || value.contains('\u{fffd}') {
                return Err(Problem::invalid(name, "ENCODING", "The value must be UTF-8 text without U+0000."));
            }
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Ok(Self { values })
    }

    /// A parameter that may be left out.
    pub fn one<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let mut values = self.many(name, what)?;
        if values.len() > 1 {
            return Err(Problem::invalid(name, "REPEATED", format!("{name} can be given only once.")));
        }
        Ok(values.pop())
    }

    /// A parameter that may be repeated.
    pub fn many<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Vec<T>, Problem> {
        let values = self.values.remove(name).unwrap_or_default();
        values
            .iter()
            .map(|value| {
                value.parse().map_err(|_| Problem::invalid(name, "INVALID_VALUE", format!("{name} must be {what}.")))
            })
            .collect()
    }

    /// A day.
    pub fn day(&mut self, name: &str) -> Result<Option<NaiveDate>, Problem> {
        Ok(self.one::<Day>(name, "a day like 2026-01-31")?.map(|day| day.0))
    }

    /// `limit` and `after` of that list.
    pub fn cursor<T: DeserializeOwned>(&mut self, list: &str) -> Result<(Option<T>, i64), Problem> {
        let (after, limit) = self.page()?;
        let Some(after) = after else { return Ok((None, limit)) };
        Ok((Some(Cursor::decode(list, &after).ok_or_else(Cursor::refused)?), limit))
    }

    /// The same, with the cursor as it was given.
    pub fn page(&mut self) -> Result<(Option<String>, i64), Problem> {
        let limit: Option<i64> = self.one("limit", "a number from 1 to 500")?;
        let limit = limit.unwrap_or(50);
        if !(1..=500).contains(&limit) {
            return Err(Problem::invalid("limit", "INVALID_VALUE", "limit must be a number from 1 to 500."));
        }
        // An empty one is the start: what a caller sends who has no cursor yet.
        let after: Option<String> = self.one("after", "a cursor")?;
        Ok((after.filter(|after| !after.is_empty()), limit))
    }

    /// A parameter from a closed list that may be left out.
    pub fn one_of<T: FromStr + Copy + 'static>(
        &mut self,
        name: &str,
        all: &[T],
        text: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let names: Vec<&str> = all.iter().map(|value| text(*value)).collect();
        self.one(name, &format!("one of {}", names.join(", ")))
    }

    /// A parameter from a closed list that may be repeated.
    pub fn any_of<T: FromStr + Copy + 'static>(
        &mut self,
        name: &str,
        all: &[T],
        text: impl Fn(T) -> &'static str,
    ) -> Result<Vec<T>, Problem> {
        let names: Vec<&str> = all.iter().map(|value| text(*value)).collect();
        self.many(name, &format!("one of {}", names.join(", ")))
    }
}
