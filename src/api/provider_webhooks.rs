//! What providers call: their webhooks.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::App;
use super::connections::id;
use super::json::RawBody;
use super::params::Path;
use super::problem::ProblemDocument;
use crate::domain::problem::Problem;
use crate::domain::service_provider::ServiceProvider;

/// A provider's webhook: verified as that provider documents, stored, answered at once. It only ever causes a fetch.
#[utoipa::path(post, path = "/webhooks/{serviceProvider}", tag = "Providers", params(("serviceProvider" = ServiceProvider, Path)),
    request_body(content = Object, description = "The provider's own body"),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 429, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn receive_webhook(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, Problem> {
    let provider: ServiceProvider = id(&provider)?;
    app.inbound.receive(provider, &format!("/webhooks/{provider}"), &headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same at the address that a provider whose webhooks carry no signature was given.
#[utoipa::path(post, path = "/webhooks/{serviceProvider}/{webhookSecret}", tag = "Providers",
    params(("serviceProvider" = ServiceProvider, Path), ("webhookSecret" = String, Path, description = "As in the address that the provider was given")),
    request_body(content = Object, description = "The provider's own body"),
    responses((status = 204), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 429, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn receive_unsigned_webhook(
    State(app): State<App>,
    Path((provider, secret)): Path<(String, String)>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, Problem> {
    let provider: ServiceProvider = id(&provider)?;
    app.inbound.receive(provider, &format!("/webhooks/{provider}/{secret}"), &headers, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
