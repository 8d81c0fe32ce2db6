//! Problem documents (RFC 9457) from problems, each with the id of its request.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::problem::{Code, FieldProblem, Limit, Problem, ProviderProblem};

tokio::task_local! {
    /// The id of the request that is being answered.
    pub(super) static REQUEST_ID: String;
}

/// A problem as it is sent: `application/problem+json`.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDocument {
    /// A page about the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short title, the same for every occurrence.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: Code,
    /// What is wrong and what to do next.
    pub detail: String,
    /// For support.
    pub request_id: String,
    /// The fields or items that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// The provider's own error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<ProviderProblem>,
    /// More members, by code.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl From<Problem> for ProblemDocument {
    fn from(problem: Problem) -> Self {
        Self {
            kind: format!("/docs/problems#{}", problem.code.as_str().to_lowercase().replace('_', "-")),
            title: problem.code.title(),
            status: problem.code.status(),
            code: problem.code,
            detail: problem.detail,
            request_id: REQUEST_ID.try_with(Clone::clone).unwrap_or_default(),
            errors: problem.errors,
            provider: problem.provider.map(|provider| *provider),
            more: problem.more,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (retry_after, limit) = (self.retry_after, self.limit.take());
        let document = ProblemDocument::from(self);
        let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = retry_after {
            // Rounded up: whoever waits so long is never too early.
            let seconds = (after.as_secs() + u64::from(after.subsec_nanos() > 0)).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            if let Some(limit) = limit {
                tell_limit(&mut response, *limit, seconds);
            }
        }
        response
    }
}

/// The fields of the IETF draft "RateLimit header fields for HTTP": the policy, and that nothing is left for so many seconds.
fn tell_limit(response: &mut Response, Limit { name, per_second, burst }: Limit, seconds: u64) {
    let window = burst.div_ceil(per_second.max(1));
    let fields = [
        ("ratelimit-policy", format!("\"{name}\";q={burst};w={window}")),
        ("ratelimit", format!("\"{name}\";r=0;t={seconds}")),
    ];
    for (field, text) in fields {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(field, value);
        }
    }
}
