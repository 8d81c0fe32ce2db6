//! Every path, grouped by who calls.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, Method, header};
use axum::middleware::{self, Next};
use axum::response::{Redirect, Response};
use axum::routing::get;
use tower::{Layer, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::document::{self, API_KEY, CONNECT_TOKEN};
use super::json::MOST_BYTES;
use super::{
    App, accounts, alone, assets, connect, connections, conventions, events, income, institutions, investments,
    matrix_page, operating, params, plan, products, provider_webhooks, providers, refreshes, repair, signal, start,
    statements, transactions,
};

/// What a tenant's back end calls, with its API key.
fn tenant() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start::start_link))
        .routes(routes!(plan::plan_link))
        .routes(routes!(connect::list_sessions))
        .routes(routes!(connect::get_support_session))
        .routes(routes!(connections::list_connections))
        .routes(routes!(connections::get_connection, connections::update_connection, connections::delete_connection))
        .routes(routes!(connections::list_history))
        .routes(routes!(products::add_products))
        .routes(routes!(products::remove_product))
        .routes(routes!(repair::get_repair, repair::start_repair))
        .routes(routes!(refreshes::refresh_connection))
        .routes(routes!(refreshes::get_refresh))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::get_account))
        .routes(routes!(accounts::get_identifiers))
        .routes(routes!(accounts::get_owners))
        .routes(routes!(accounts::get_provider_data))
        .routes(routes!(accounts::create_processor_token))
        .routes(routes!(assets::order_asset_report, assets::list_asset_reports))
        .routes(routes!(assets::get_asset_report, assets::delete_asset_report))
        .routes(routes!(assets::get_asset_report_pdf))
        .routes(routes!(statements::list_statements))
        .routes(routes!(signal::evaluate_payment, signal::list_evaluations))
        .routes(routes!(signal::get_evaluation))
        .routes(routes!(income::get_income))
        .routes(routes!(alone::get_payment))
        .routes(routes!(alone::get_identity_verification))
        .routes(routes!(signal::report_decision))
        .routes(routes!(signal::report_return))
        .routes(routes!(statements::download_statement))
        .routes(routes!(transactions::list_transactions))
        .routes(routes!(transactions::sync_transactions))
        .routes(routes!(transactions::get_transaction))
        .routes(routes!(investments::list_holdings))
        .routes(routes!(investments::list_investment_transactions))
        .routes(routes!(investments::list_liabilities))
        .routes(routes!(institutions::list_institutions))
        .routes(routes!(institutions::get_institution))
        .routes(routes!(providers::list_service_providers))
        .routes(routes!(providers::get_service_provider))
        .routes(routes!(providers::get_support_matrix))
        .routes(routes!(events::list_events))
        .routes(routes!(events::stream_events))
        .routes(routes!(events::get_event))
}

/// What a front end calls, with a connect token.
fn front_end() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connect::get_session))
        .routes(routes!(connect::search_institutions))
        .routes(routes!(connect::create_link_token))
        .routes(routes!(connect::complete_session))
}

/// The paths of [`front_end`].
const FRONT_END: [&str; 4] = ["/connect/session", "/connect/institutions", "/connect/link-token", "/connect/complete"];

/// Answers the browsers of front ends that are elsewhere, their questions beforehand (preflights) too.
async fn cross_origin(request: Request, next: Next) -> Response {
    if !FRONT_END.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(response) = any_origin().layer(next).oneshot(request).await;
    response
}

/// A tenant's page may be anywhere: the connect token, not the origin, opens a session, and no cookie does.
fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("linkspan-version"),
        ])
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(Duration::from_secs(3600))
}

/// What providers call.
fn provider() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(provider_webhooks::receive_webhook))
        .routes(routes!(provider_webhooks::receive_unsigned_webhook))
}

/// What operators call.
fn operator() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(operating::get_health))
        .routes(routes!(operating::get_ready))
        .routes(routes!(operating::get_metrics))
}

fn parts(sandbox: Option<OpenApiRouter<App>>) -> (Router<App>, utoipa::openapi::OpenApi) {
    let sandbox = secured(sandbox.unwrap_or_default(), API_KEY);
    let mut ours = OpenApiRouter::with_openapi(document::empty())
        .merge(secured(tenant(), API_KEY))
        .merge(secured(front_end(), CONNECT_TOKEN))
        .merge(sandbox);
    let known = Arc::new(document::query_parameters(ours.get_openapi_mut()));
    let strict = ours.route_layer(middleware::from_fn_with_state(known, params::only_known));
    // What providers add to an address is their business, and what probes add is nobody's.
    let (router, mut document) = strict.merge(operator()).merge(provider()).split_for_parts();
    document::finish(&mut document);
    (router, document)
}

fn secured(mut router: OpenApiRouter<App>, scheme: &str) -> OpenApiRouter<App> {
    document::secure(router.get_openapi_mut(), scheme);
    router
}

/// The OpenAPI document of this API, as JSON; the sandbox's paths stand in it where they are given.
pub fn document_json(sandbox: Option<OpenApiRouter<App>>) -> String {
    parts(sandbox).1.to_pretty_json().unwrap_or_default()
}

/// The whole server: the API with what else is mounted beside it (pages, sandbox), under the conventions that hold for all.
pub fn router(app: App, sandbox: Option<OpenApiRouter<App>>, beside: Router<App>) -> Router {
    let (api, document) = parts(sandbox);
    let docs = SwaggerUi::new("/docs").url("/openapi.json", document);
    api.merge(beside)
        .merge(docs)
        .route("/docs/problems", get(operating::get_problems))
        .route("/docs/support-matrix", get(matrix_page::get_support_matrix_page))
        .route(matrix_page::STYLE, get(matrix_page::get_support_matrix_style))
        .route("/", get(|| async { Redirect::to("/docs") }))
        .fallback(conventions::unknown_path)
        .method_not_allowed_fallback(conventions::unknown_method)
        .layer(middleware::from_fn(cross_origin))
        .layer(CatchPanicLayer::custom(conventions::panicked))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), conventions::conventions))
        .with_state(app)
}
