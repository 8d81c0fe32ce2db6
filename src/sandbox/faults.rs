//! Faults by knob: what goes wrong at a simulator's API, until an empty list heals it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

use crate::domain::service_provider::ServiceProvider;
use crate::store::sandbox::Documents;

/// The kind of the documents that hold faults, by provider.
const KIND: &str = "faults";

/// How long a simulator that hangs hangs; longer than any deadline.
const HANG: Duration = Duration::from_secs(300);

wire_enum! {
    /// What goes wrong.
    pub enum FaultKind {
        /// That status, with an empty body.
        Status = "STATUS",
        /// No answer.
        Timeout = "TIMEOUT",
        /// A byte a second.
        SlowBody = "SLOW_BODY",
        /// The connection ends in the middle of the body.
        CutBody = "CUT_BODY",
        /// Half of the JSON.
        Malformed = "MALFORMED",
        /// A page in place of JSON.
        Html = "HTML",
        /// 429.
        RateLimit = "RATE_LIMIT",
        /// The first answer to a path and query again and again: a list whose pages are asked for in the body never ends.
        Loop = "LOOP",
    }
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The provider's path, or `*` for all.
    pub route: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// For `STATUS`; default 500.
    #[serde(default)]
    pub status: Option<u16>,
    /// Seconds in `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// Delay before the answer.
    #[serde(default)]
    pub latency_ms: u32,
    /// How often it strikes, 0 to 1; default always.
    #[serde(default = "always")]
    pub probability: f64,
}

fn always() -> f64 {
    1.0
}

/// The faults of one simulator.
#[derive(Clone)]
pub(super) struct Faults {
    documents: Documents,
    provider: ServiceProvider,
    /// The first answer to each path and query, for `LOOP`.
    first: Arc<Mutex<HashMap<String, Bytes>>>,
    calls: Arc<std::sync::atomic::AtomicU64>,
}

impl Faults {
    pub(super) fn new(documents: Documents, provider: ServiceProvider) -> Self {
        Self { documents, provider, first: Arc::default(), calls: Arc::default() }
    }

    async fn striking(&self, path: &str) -> Option<Fault> {
        let faults: Vec<Fault> = self.documents.get(KIND, self.provider.as_str()).await.ok().flatten()?;
        let fault = faults.into_iter().find(|fault| fault.route == "*" || fault.route == path)?;
        // Spread evenly and the same each time: of ten calls, a fault of 0.3 strikes three.
        let number = self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 1000;
        let before = (number as f64 * fault.probability).floor();
        let after = ((number + 1) as f64 * fault.probability).floor();
        (after > before || fault.probability >= 1.0).then_some(fault)
    }
}

/// Stores the faults of a provider.
pub(super) async fn put(
    documents: &Documents,
    provider: ServiceProvider,
    faults: &[Fault],
) -> crate::store::Result<()> {
    documents.put(KIND, provider.as_str(), &faults).await
}

/// Lets a fault strike in place of, or after, the simulator's answer.
pub(super) async fn apply(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(fault) = faults.striking(&path).await else { return next.run(request).await };
    tokio::time::sleep(Duration::from_millis(u64::from(fault.latency_ms))).await;
    let mut response = match fault.kind {
        FaultKind::Status => status(fault.status.unwrap_or(500)).into_response(),
        FaultKind::RateLimit => StatusCode::TOO_MANY_REQUESTS.into_response(),
        FaultKind::Html => {
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/html")], "<!doctype html><h1>We will be back soon</h1>")
                .into_response()
        }
        FaultKind::Timeout => {
            tokio::time::sleep(HANG).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        FaultKind::Malformed | FaultKind::CutBody | FaultKind::SlowBody | FaultKind::Loop => {
            let asked = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
            damaged(&faults, asked, fault.kind, next.run(request).await).await
        }
    };
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn damaged(faults: &Faults, asked: String, kind: FaultKind, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    match kind {
        FaultKind::Malformed => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(half))
        }
        FaultKind::CutBody => {
            let pieces = [Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
            Response::from_parts(parts, Body::from_stream(futures::stream::iter(pieces)))
        }
        FaultKind::SlowBody => {
            let bytes = futures::stream::unfold((body, 0), |(body, at)| async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                (at < body.len()).then(|| (Ok::<_, Infallible>(body.slice(at..=at)), (body.clone(), at + 1)))
            });
            Response::from_parts(parts, Body::from_stream(bytes))
        }
        _ => {
            let first =
                faults.first.lock().unwrap_or_else(PoisonError::into_inner).entry(asked).or_insert(body).clone();
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(first))
        }
    }
}
