//! Sending a call: breaker, repeats, one attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::breaker::Breaker;
use super::pauses::Pauses;
use super::retry::{self, Budget};
use super::{Bytes, Call, Error, Exchange, MAX_DEADLINE, Observer, Reply};

/// The waits and counts of an upstream; only tests use others than the default.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// How often a repeatable call is sent at most.
    pub(super) attempts: u32,
    /// The first pause between attempts, at most.
    pub(super) backoff: Duration,
    /// How long nothing may come.
    pub(super) stall: Duration,
    /// The breaker's first rest.
    pub(super) rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            attempts: 4,
            backoff: Duration::from_millis(250),
            stall: Duration::from_secs(30),
            rest: Duration::from_secs(10),
        }
    }
}

/// A base address with its circuit breaker and retry budget; clones share them.
#[derive(Clone)]
pub struct Upstream {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    base_url: Url,
    pool: reqwest::Client,
    observer: Option<Arc<dyn Observer>>,
    breaker: Breaker,
    budget: Budget,
    pauses: Pauses,
    pace: Pace,
}

impl Upstream {
    /// An upstream over a pool whose reach permits `base_url`.
    pub(super) fn new(
        name: &str,
        base_url: Url,
        pool: reqwest::Client,
        observer: Option<Arc<dyn Observer>>,
        pace: Pace,
    ) -> Self {
        let (breaker, budget, pauses) = (Breaker::new(pace.rest), Budget::new(), Pauses::default());
        let name = name.into();
        Self { shared: Arc::new(Shared { name, base_url, pool, observer, breaker, budget, pauses, pace }) }
    }

    /// The base address, without a fragment.
    pub fn base_url(&self) -> &Url {
        &self.shared.base_url
    }

    /// Whether a call would be refused now, because the upstream keeps failing. It is not once a probe is due.
    pub fn breaker_open(&self) -> bool {
        self.shared.breaker.refusal(Instant::now()).is_some()
    }

    /// Forgets failures and pauses: a simulator's faults were changed, or its time moved.
    #[cfg(feature = "sandbox")]
    pub fn forgive(&self) {
        self.shared.breaker.close();
        self.shared.pauses.clear();
    }

    /// Sends a call and reads the whole answer, of whatever status; a repeatable one again after a failure that may pass,
    /// as far as deadline, attempts and budget allow. A `Retry-After` is honoured, by later calls of the operation too: if it
    /// is longer than the call's patience, or does not fit into the deadline, the answer that holds it is returned at once.
    pub async fn send(&self, call: Call) -> Result<Reply, Error> {
        let start = Instant::now();
        let (outcome, attempts) = self.repeat(&call, start + call.deadline.min(MAX_DEADLINE)).await;
        self.record(&call, &outcome, attempts, start.elapsed());
        outcome
    }

    /// The outcome, and how many attempts it took.
    async fn repeat(&self, call: &Call, deadline: Instant) -> (Result<Reply, Error>, u32) {
        let url = match self.url(&call.path) {
            Ok(url) => url,
            Err(error) => return (Err(error), 0),
        };
        if let Some((left, answer)) = self.shared.pauses.standing(call, Instant::now()) {
            if left > call.patience || left >= deadline.saturating_duration_since(Instant::now()) {
                return (Ok(answer), 0);
            }
            sleep(left).await;
        }
        self.shared.budget.earn();
        let mut attempts = 0;
        let mut last = None;
        loop {
            let permit = match self.shared.breaker.admit(Instant::now()) {
                Ok(permit) => permit,
                Err(retry_after) => return (last.unwrap_or(Err(Error::Open { retry_after })), attempts),
            };
            attempts += 1;
            let outcome = self.attempt(call, url.clone(), deadline).await;
            permit.settle(retry::is_failure(call, &outcome), Instant::now());
            if let Ok(reply) = &outcome {
                self.shared.pauses.note(call, reply, Instant::now());
            }
            let Some(pause) = self.pause(call, attempts, &outcome, deadline) else {
                return (outcome, attempts);
            };
            last = Some(outcome);
            sleep(pause).await;
        }
    }

    /// How long to wait before the next attempt, if there is to be one.
    fn pause(&self, call: &Call, attempts: u32, outcome: &Result<Reply, Error>, deadline: Instant) -> Option<Duration> {
        let pace = &self.shared.pace;
        if !call.repeatable || attempts >= pace.attempts || !retry::is_passing(call, outcome) || self.breaker_open() {
            return None;
        }
        let asked = outcome.as_ref().ok().and_then(|reply| reply.retry_after(Utc::now())).unwrap_or_default();
        let pause = retry::backoff(attempts, pace.backoff).max(asked);
        let fits = asked <= call.patience && pause < deadline.saturating_duration_since(Instant::now());
        (fits && self.shared.budget.spend()).then_some(pause)
    }

    async fn attempt(&self, call: &Call, url: Url, deadline: Instant) -> Result<Reply, Error> {
        let request =
            self.shared.pool.request(call.method.clone(), url).headers(call.headers.clone()).body(call.body.clone());
        let response = self.within(deadline, request.send()).await?;
        let mut response = response.map_err(|error| Error::before_answer(&error))?;
        let headers = std::mem::take(response.headers_mut());
        let reply = Reply { status: response.status(), headers, body: self.body(call, response, deadline).await? };
        self.observe(call, &reply);
        Ok(reply)
    }

    async fn body(&self, call: &Call, mut response: reqwest::Response, deadline: Instant) -> Result<Bytes, Error> {
        if response.content_length().is_some_and(|length| length > call.max_body as u64) {
            return Err(Error::BodyTooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.within(deadline, response.chunk()).await?.map_err(|_| Error::Cut)? {
            if body.len() + chunk.len() > call.max_body {
                return Err(Error::BodyTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.into())
    }

    /// Waits for one step of an attempt. Each that ends is progress.
    async fn within<T>(&self, deadline: Instant, step: impl Future<Output = T>) -> Result<T, Error> {
        let stalled = Instant::now() + self.shared.pace.stall;
        let late = if stalled < deadline { Error::Stalled } else { Error::Timeout };
        timeout_at(deadline.min(stalled), step).await.map_err(|_| late)
    }

    /// The address of a call. A path cannot lead to another host, for it is only ever set as a path.
    fn url(&self, path: &str) -> Result<Url, Error> {
        let mut url = self.shared.base_url.clone();
        if path.is_empty() {
            return Ok(url);
        }
        if !path.starts_with('/') {
            return Err(Error::Url("the path must begin with a slash"));
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.shared.base_url.path().trim_end_matches('/')));
        url.set_query(query);
        Ok(url)
    }

    fn observe(&self, call: &Call, reply: &Reply) {
        if let Some(observer) = &self.shared.observer {
            observer.exchange(&Exchange {
                upstream: &self.shared.name,
                operation: call.operation,
                method: call.method.as_str(),
                path: &call.path,
                request_headers: &call.headers,
                request_body: &call.body,
                status: reply.status.as_u16(),
                response_headers: &reply.headers,
                response_body: &reply.body,
            });
        }
    }

    fn record(&self, call: &Call, outcome: &Result<Reply, Error>, attempts: u32, time: Duration) {
        let (upstream, operation) = (&self.shared.name, call.operation);
        let status = outcome.as_ref().ok().map(|reply| reply.status.as_u16());
        let class = outcome.as_ref().map_or_else(Error::name, |reply| match reply.status.as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        });
        let ms = time.as_millis() as u64;
        tracing::debug!(upstream = &**upstream, operation, status, outcome = class, ms, attempts, "upstream call");
        metrics::histogram!("linkspan_upstream_seconds", "upstream" => Arc::clone(upstream), "operation" => operation)
            .record(time);
        metrics::counter!(
            "linkspan_upstream_calls_total",
            "upstream" => Arc::clone(upstream), "operation" => operation, "outcome" => class
        )
        .increment(1);
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
