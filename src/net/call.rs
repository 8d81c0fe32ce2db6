//! A request to an upstream, and its answer.

use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use serde::de::IgnoredAny;
use url::form_urlencoded;

use super::{Bytes, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

/// The deadline of a call that names none.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// The longest deadline; a longer one is cut to it.
pub const MAX_DEADLINE: Duration = Duration::from_secs(180);
/// The largest answer, in bytes, of a call that names none.
pub const DEFAULT_MAX_BODY: usize = 10 * 1024 * 1024;

/// How long a call that names nothing else waits when the upstream asks for it.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(8);

/// A longer `Retry-After` is cut to this, so that adding it to a time cannot overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The three forms of an HTTP date (RFC 9110, 5.6.7).
const DATE_FORMATS: [&str; 3] = ["%a, %d %b %Y %T GMT", "%A, %d-%b-%y %T GMT", "%a %b %e %T %Y"];

/// One request. Its `Debug` shows neither path nor headers nor body, which may hold secrets.
#[derive(Clone)]
pub struct Call {
    /// What the call does, for logs and metrics: one of a fixed set of names.
    pub operation: &'static str,
    /// A hash of whom the call is for (a customer, a token), where neither path nor `Authorization` says it.
    pub subject: Option<u64>,
    /// The method.
    pub method: Method,
    /// The path with its query, already encoded, appended to the base address; it begins with `/`.
    /// Empty stands for the base address itself, with its own query.
    pub path: String,
    /// Headers besides those that every request has.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long the whole call may take: connecting, repeating, waiting and reading.
    pub deadline: Duration,
    /// The longest pause that the upstream may ask for and get within the call; asked for more, the call ends with that answer.
    pub patience: Duration,
    /// The largest answer accepted, in bytes.
    pub max_body: usize,
    /// Whether sending it twice does no harm. Only then is it tried again after a passing failure.
    pub repeatable: bool,
    /// Whether an answer of status 5xx is an answer all the same, about what was asked for: its server is well, and it would say
    /// the same again.
    pub answers: fn(&Reply) -> bool,
}

impl Call {
    /// A call without headers or body, with the default deadline and size cap, not repeatable.
    pub fn new(operation: &'static str, method: Method, path: impl Into<String>) -> Self {
        Self {
            operation,
            subject: None,
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadline: DEFAULT_DEADLINE,
            patience: DEFAULT_PATIENCE,
            max_body: DEFAULT_MAX_BODY,
            repeatable: false,
            answers: |_| false,
        }
    }

    /// Says which answers of status 5xx say nothing of the upstream's health.
    pub fn answers(mut self, answers: fn(&Reply) -> bool) -> Self {
        self.answers = answers;
        self
    }

    /// A `GET`.
    pub fn get(operation: &'static str, path: impl Into<String>) -> Self {
        Self::new(operation, Method::GET, path)
    }

    /// A `POST` of a JSON text.
    pub fn post_json(operation: &'static str, path: impl Into<String>, body: Vec<u8>) -> Self {
        Self::post(operation, path, "application/json", body)
    }

    /// A `POST` of form fields, as a browser sends them.
    pub fn post_form<K: AsRef<str>, V: AsRef<str>>(
        operation: &'static str,
        path: impl Into<String>,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::post(operation, path, "application/x-www-form-urlencoded", body.into_bytes())
    }

    fn post(operation: &'static str, path: impl Into<String>, kind: &'static str, body: Vec<u8>) -> Self {
        let mut call = Self::new(operation, Method::POST, path).header(CONTENT_TYPE, HeaderValue::from_static(kind));
        call.body = body.into();
        call
    }

    /// Says whom the call is for, where neither path nor `Authorization` says it: what the upstream limits for one, it does
    /// not limit for the others.
    pub fn subject(mut self, subject: impl Hash) -> Self {
        self.subject = Some(hash(subject));
        self
    }

    /// A hash of whom the call is for: for the same one, the upstream's limits are the same.
    pub(super) fn limited_as(&self) -> u64 {
        let path = self.path.split_once('?').map_or(&*self.path, |(path, _)| path);
        hash((path, self.headers.get(AUTHORIZATION), self.subject))
    }

    /// Sets the deadline (at most [`MAX_DEADLINE`]).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the longest pause that the upstream may ask for.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the largest answer accepted, in bytes.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Says that sending this call twice does no harm.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sets a header, in place of an earlier one of that name.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

fn hash(value: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("deadline", &self.deadline)
            .field("repeatable", &self.repeatable)
            .finish_non_exhaustive()
    }
}

/// A whole answer, of any status: a redirect or a 500 is an answer too. Its `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it was sent.
    pub body: Bytes,
}

impl Reply {
    /// How long the upstream asks to be left alone, from `now` (the system's time) on: `Retry-After`, in seconds or as an HTTP
    /// date. Zero for a date that has passed, a year at most, nothing if the header is missing or unreadable.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // All digits, so what does not parse is too large for the type.
            value.parse().map_or(LONGEST_WAIT, Duration::from_secs)
        } else {
            let date = DATE_FORMATS.iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())?;
            (date.and_utc() - now).to_std().unwrap_or_default()
        };
        Some(wait.min(LONGEST_WAIT))
    }

    /// Whether the body is none or JSON. What stands before an API may answer in its place with a page, of a status that
    /// sounds like success.
    pub fn is_empty_or_json(&self) -> bool {
        self.body.trim_ascii().is_empty() || serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
