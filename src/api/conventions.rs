//! What holds for every answer: request id, version, time limit, problem documents where axum would send plain text.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::App;
use super::arrival::Arrival;
use super::problem::REQUEST_ID;
use crate::domain::problem::{Code, Problem};
use crate::store;

/// The version of the contract.
pub const VERSION: &str = "2026-12-01";

static VERSION_HEADER: HeaderName = HeaderName::from_static("linkspan-version");
static REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The widget's pages answer for themselves where the database is away: a browser is to be led back later, not shown a document for
/// programs.
const PAGES: [&str; 2] = ["/link/", "/connect/callback/"];

/// Gives the request its id, refuses other versions, limits its time, and logs its route: never its path or query.
pub async fn conventions(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    // What is mounted beside the API reads it here.
    if let Ok(id) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(REQUEST_ID_HEADER.clone(), id);
    }
    let route = request.extensions().get::<axum::extract::MatchedPath>().map_or("-", |path| path.as_str()).to_owned();
    let is_page = PAGES.iter().any(|start| route.starts_with(start));
    let method = request.method().clone();
    let span = tracing::info_span!("request", %method, route, request_id = id);
    let arrival = Arrival::default();
    let request = request.map(|body| arrival.watch(body));
    let limit = Duration::from_secs(u64::from(app.limits.request_timeout_seconds.get()));
    let started = std::time::Instant::now();
    let answer = REQUEST_ID.scope(id.clone(), async {
        if request.headers().get(&VERSION_HEADER).is_some_and(|version| version.as_bytes() != VERSION.as_bytes()) {
            let detail = format!("This server speaks version {VERSION}. Leave Linkspan-Version out, or send that.");
            return Problem::invalid("Linkspan-Version", "VERSION", detail).into_response();
        }
        tokio::select! {
            // What needs no database is answered at once, whatever the database does.
            biased;
            response = next.run(request) => response,
            () = app.store().gone(), if !is_page => Problem::from(store::Error::Away("it does not answer".into())).into_response(),
            () = tokio::time::sleep(limit) => too_late(&arrival),
        }
    });
    let mut response = answer.instrument(span.clone()).await;
    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    span.in_scope(|| tracing::debug!(status, seconds, "answered"));
    metrics::histogram!("linkspan_request_seconds", "method" => method.to_string(), "route" => route, "status" => status.to_string()).record(seconds);
    let headers = response.headers_mut();
    headers.insert(VERSION_HEADER.clone(), HeaderValue::from_static(VERSION));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID_HEADER.clone(), id);
    }
    response
}

/// The time of a request is over: the client's fault where its body is still on the way, which ends the connection with it.
fn too_late(arrival: &Arrival) -> Response {
    if arrival.is_awaited() {
        let detail = "The body did not arrive in time. Send the request again, with all of its body.";
        let problem = Problem::new(Code::RequestTimeout, detail);
        return ([(header::CONNECTION, HeaderValue::from_static("close"))], problem).into_response();
    }
    Problem::new(Code::Unavailable, "The request took too long. Try again.")
        .retry_after(Duration::from_secs(1))
        .into_response()
}

/// A path that does not exist.
pub async fn unknown_path() -> Problem {
    Problem::new(Code::NotFound, "There is no such path. GET /docs lists them.")
}

/// A path that exists with other methods.
pub async fn unknown_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This path has other methods; the Allow header and GET /docs list them.")
}

/// A handler that broke: a bug, told as one.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Code::InternalError, "Something went wrong here. Give support the requestId.").into_response()
}
