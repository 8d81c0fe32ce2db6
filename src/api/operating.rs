//! For operators: alive, ready, metrics, and the documents of this API.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Serialize;

use super::App;
use super::json::Json;
use super::problem::ProblemDocument;
use crate::domain::problem::{Code, Problem};

/// How something stands.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthView {
    /// `OK`.
    status: &'static str,
    /// The version of this program.
    version: &'static str,
}

const OK: HealthView = HealthView { status: "OK", version: env!("CARGO_PKG_VERSION") };

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "Operating", responses((status = 200, body = HealthView)))]
pub(super) async fn get_health() -> Json<HealthView> {
    Json(OK)
}

/// The process can serve: database, migrations and, in the sandbox, the first institutions.
#[utoipa::path(get, path = "/readyz", tag = "Operating", responses((status = 200, body = HealthView), (status = 503, body = ProblemDocument)))]
pub(super) async fn get_ready(State(app): State<App>) -> Result<Json<HealthView>, Problem> {
    let not_yet = |detail: &str| Problem::new(Code::Unavailable, detail).retry_after(std::time::Duration::from_secs(1));
    app.store().check().await.map_err(|error| {
        tracing::debug!(%error, "not ready");
        not_yet("The database is away or not migrated yet.")
    })?;
    let providers = app.registry().iter().map(|entry| entry.id());
    if app.has_sandbox && !app.store().has_institutions_of(providers).await? {
        return Err(not_yet("The first institutions are still coming in."));
    }
    Ok(Json(OK))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "Operating", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn get_metrics(State(app): State<App>) -> Response {
    let text = app.metrics.as_ref().map(|metrics| metrics.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// Every code of a problem document, with its status: where their `type` points.
pub(super) async fn get_problems() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Problems · Linkspan" } }
            body {
                h1 { "Problems" }
                p { "Every refusal is a problem document (RFC 9457) with one of these codes. Its detail says what to do next." }
                dl {
                    @for code in Code::ALL {
                        dt id=(code.as_str().to_lowercase().replace('_', "-")) { code { (code.as_str()) } }
                        dd { (code.status()) ": " (code.title()) "." }
                    }
                }
            }
        }
    }
}
