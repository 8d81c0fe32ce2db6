//! Builds requests and reads answers; what is not the one call itself is pure. Both versions of the API have the same paths.

pub mod accounts;
pub mod investments;
pub mod members;
pub mod session;
pub mod transactions;
pub mod widget;

use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::institution::ProviderInstitution;
use crate::domain::secret::Secret;
use crate::net::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use crate::net::{Call, HeaderName, HeaderValue, Method, Reply};
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::config::{MxConfig, Version};
use super::spec::SPEC;
use super::wire::institution::Institutions;
use super::wire::{AuthorizationCode, Guid, Pagination};
use super::{error, map, webhook};

/// The most entries of a page that MX takes; more would give 25.
const PAGE: u32 = 1000;
/// The most institutions of a page.
const INSTITUTIONS_PAGE: u32 = 100;
/// The most pages of a list that is read at once: accounts, numbers, owners, holdings.
const MOST_PAGES: u32 = 20;
/// How many days of transactions an ordinary aggregation brings; more is the extended history.
const ORDINARY_DAYS: u16 = 90;
/// The most pages of any list.
const LAST_PAGE: u32 = 100_000;

/// What every call about a connection needs. Stored as `<user>/<member>`, with `/history` behind where the link brought the
/// extended history already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// MX's id of the customer.
    pub user: Guid,
    /// MX's id of the connection.
    pub member: Guid,
    /// Whether the extended history came with the link.
    pub history: bool,
}

impl Link {
    /// As it is stored.
    pub fn credential(&self) -> Secret {
        let history = if self.history { "/history" } else { "" };
        Secret::new(format!("{}/{}{history}", self.user, self.member))
    }

    /// Reads what was stored.
    pub fn of(credential: &Secret) -> Result<Self, Failure> {
        let mut parts = credential.expose().split('/');
        let mut guid = || parts.next().and_then(|part| part.parse().ok());
        let (user, member) = (guid(), guid());
        let history = parts.next() == Some("history");
        match (user, member) {
            (Some(user), Some(member)) => Ok(Self { user, member, history }),
            _ => Err(refused("CREDENTIAL", "the stored credential is none of MX's")),
        }
    }

    /// The path of the member, or of something below it.
    pub fn path(&self, below: &str) -> String {
        format!("/users/{}/members/{}{below}", self.user, self.member)
    }
}

/// MX, for the length of one of the trait's calls.
pub struct Api<'a> {
    config: &'a MxConfig,
    cx: &'a Context<'a>,
    started: Instant,
}

/// One request.
pub struct Request {
    operation: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    repeatable: bool,
}

impl Request {
    /// Reads something.
    pub fn get(operation: &'static str, path: String) -> Self {
        Self { operation, method: Method::GET, path, body: None, headers: Vec::new(), repeatable: true }
    }

    /// Makes something, or starts a job.
    pub fn post(operation: &'static str, path: String, body: Option<Value>) -> Self {
        Self { operation, method: Method::POST, path, body, headers: Vec::new(), repeatable: false }
    }

    /// Changes something; doing it twice changes nothing more.
    pub fn put(operation: &'static str, path: String, body: Value) -> Self {
        Self { operation, method: Method::PUT, path, body: Some(body), headers: Vec::new(), repeatable: true }
    }

    /// Removes something.
    pub fn delete(operation: &'static str, path: String) -> Self {
        Self { operation, method: Method::DELETE, path, body: None, headers: Vec::new(), repeatable: true }
    }

    /// With a header more, if its value fits into one.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl<'a> Api<'a> {
    /// Begins to count the call's time.
    pub fn new(config: &'a MxConfig, cx: &'a Context<'a>) -> Self {
        Self { config, cx, started: Instant::now() }
    }

    /// Business time.
    pub fn now(&self) -> DateTime<Utc> {
        self.cx.now
    }

    /// What this installation is at MX.
    pub fn config(&self) -> &'a MxConfig {
        self.config
    }

    /// What surrounds the call.
    pub fn context(&self) -> &'a Context<'a> {
        self.cx
    }

    /// Sends a request and reads its answer.
    pub async fn send<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        let operation = request.operation;
        let reply = self.cx.upstream.send(self.call(request)?).await?;
        read(operation, &self.judged(reply)?)
    }

    /// Sends a request whose answer is empty. A page is no answer of MX's.
    pub async fn send_only(&self, request: Request) -> Result<(), Failure> {
        let operation = request.operation;
        let reply = self.cx.upstream.send(self.call(request)?).await?;
        match self.judged(reply)?.is_empty_or_json() {
            true => Ok(()),
            false => Err(Failure::unreadable(operation)),
        }
    }

    /// Every entry of a list that is short by nature.
    pub async fn list<T: DeserializeOwned, E>(
        &self,
        operation: &'static str,
        path: &str,
        entries: impl Fn(T) -> (Vec<E>, Pagination),
    ) -> Result<Vec<E>, Failure> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("{path}?page={page}&records_per_page={PAGE}");
            let (found, pagination) = entries(self.send(Request::get(operation, path)).await?);
            all.extend(found);
            if next_page(page, pagination).is_none() {
                return Ok(all);
            }
        }
        // What is not read would be taken for gone.
        Err(Failure::unreadable(format_args!("{operation} has more than {MOST_PAGES} pages")))
    }

    /// The request, within what is left of the time.
    fn call(&self, request: Request) -> Result<Call, Failure> {
        let left = self.cx.deadline.min(SPEC.deadline(request.operation)).saturating_sub(self.started.elapsed());
        let mut call = Call::new(request.operation, request.method, request.path)
            .deadline(left)
            .patience(self.cx.patience)
            .header(AUTHORIZATION, self.authorization()?);
        call = match self.config.version {
            Version::V20111101 => call.header(ACCEPT, HeaderValue::from_static("application/vnd.mx.api.v1+json")),
            Version::V20250224 => call
                .header(ACCEPT, HeaderValue::from_static("application/json"))
                .header(HeaderName::from_static("accept-version"), HeaderValue::from_static("v20250224")),
        };
        if let Some(body) = request.body {
            call = call.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            call.body = body.to_string().into_bytes().into();
        }
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        Ok(if request.repeatable { call.repeatable() } else { call })
    }

    fn authorization(&self) -> Result<HeaderValue, Failure> {
        let basic = webhook::basic(&self.config.client_id, &self.config.api_key);
        let mut value = HeaderValue::from_str(&basic).map_err(|_| {
            let message = "the credentials do not fit into a header";
            Failure::new(FailureKind::Auth, Persistence::Permanent, "CREDENTIALS", message)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The answer, unless it is an error; in its words, our secrets may have been quoted. A `Retry-After` that is a date counts from
    /// business time, which only the sandbox shifts.
    fn judged(&self, reply: Reply) -> Result<Reply, Failure> {
        if reply.status.is_success() {
            return Ok(reply);
        }
        let mut failure = error::failure(reply.status, &reply.body, reply.retry_after(self.cx.now));
        let basic = webhook::basic(&self.config.client_id, &self.config.api_key);
        for secret in [basic.trim_start_matches("Basic "), self.config.api_key.expose()] {
            if !secret.is_empty() {
                failure.message = failure.message.replace(secret, "[secret]");
            }
        }
        Err(failure)
    }
}

fn read<T: DeserializeOwned>(operation: &'static str, reply: &Reply) -> Result<T, Failure> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        // The error's own text may quote the answer.
        let (line, column) = (error.line(), error.column());
        Failure::unreadable(format_args!("{operation} at line {line}, column {column}"))
    })
}

/// The number of the page behind that one, if there is one.
fn next_page(page: u32, pagination: Pagination) -> Option<u32> {
    let last = pagination.total_pages.unwrap_or(1).min(LAST_PAGE);
    (page < last).then(|| page + 1)
}

/// We asked for something that cannot be asked for; nothing was sent.
fn refused(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message)
}

/// One page of the institutions in those countries. MX's own filter is passed over: its two documents spell it differently.
pub async fn institutions(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let page = match &request.page {
        None => 1,
        Some(page) => page.parse().map_err(|_| refused("PAGE", "no page has this name"))?,
    };
    let path = format!("/institutions?page={page}&records_per_page={INSTITUTIONS_PAGE}");
    let answer: Institutions = api.send(Request::get("institutions", path)).await?;
    let served = |one: &ProviderInstitution| one.country_codes.iter().any(|code| request.country_codes.contains(code));
    Ok(InstitutionsPage {
        institutions: answer.institutions.iter().filter_map(map::institutions::institution).filter(served).collect(),
        next: next_page(page, answer.pagination).map(|page| page.to_string()),
    })
}

/// A code that a processor exchanges for access to that account. MX's code is the same for every processor: whose name is none of the
/// configured ones gets none.
pub async fn processor_token(api: &Api<'_>, link: &Link, account_id: &str, processor: &str) -> Result<Secret, Failure> {
    if !api.config().processors.iter().any(|known| known.eq_ignore_ascii_case(processor)) {
        return Err(refused("UNKNOWN_PROCESSOR", "the configured agreements with MX do not name this processor"));
    }
    let account: Guid = account_id.parse().map_err(|_| refused("ACCOUNT", "the account's id is none of MX's"))?;
    let scope = format!("user-guid:{} member-guid:{} account-guid:{account} read-protected", link.user, link.member);
    let body = serde_json::json!({ "authorization_code": { "scope": scope } });
    let answer: AuthorizationCode =
        api.send(Request::post("authorization_code", "/authorization_code".to_owned(), Some(body))).await?;
    Ok(answer.authorization_code.code)
}
