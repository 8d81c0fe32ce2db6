//! `/sandbox/*`: for the sandbox tenant's key, absent for a live provider.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Sandbox;
use super::describe;
use super::faults::{self, Fault};
use super::knobs;
use super::play::{PlayBody, Visit, VisitEnd};
use crate::api::{
    App, Body, Caller, CompleteAnswer, ConnectionView, IdempotencyKey, Json, Path, ProblemDocument, SandboxCaller,
    connection_view, within,
};
use crate::config::Mode;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::link::{Completion, LaunchRequest, Linking};
use crate::providers::link::LinkInput;
use crate::store::{JobKind, NewJob};

/// Every path of the sandbox.
pub fn routes(sandbox: Sandbox) -> OpenApiRouter<App> {
    paths().layer(axum::Extension(sandbox))
}

/// The same without what it works on: for the OpenAPI document.
pub fn paths() -> OpenApiRouter<App> {
    let mut router = OpenApiRouter::new()
        .routes(routes!(knobs::turn_knob))
        .routes(routes!(move_clock))
        .routes(routes!(play_customer))
        .routes(routes!(put_faults));
    describe::add(router.get_openapi_mut());
    router
}

pub(super) type Shared = axum::Extension<Sandbox>;

/// How far to move the clock.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"advanceSeconds": 60}))]
pub struct ClockBody {
    /// 0 to five years.
    #[serde(deserialize_with = "within::<_, _, 0, 158_112_000>")]
    #[schema(minimum = 0, maximum = 158112000)]
    advance_seconds: i64,
}

/// The sandbox's time.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// Now.
    now: DateTime<Utc>,
    /// How far it is ahead of the system's.
    offset_seconds: i64,
}

/// Move the sandbox's time and its bank forward.
#[utoipa::path(post, path = "/sandbox/clock", tag = "Sandbox", request_body = ClockBody, responses((status = 200, body = ClockView),
    (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument)))]
async fn move_clock(
    State(app): State<App>,
    sandbox: Shared,
    SandboxCaller(caller): SandboxCaller,
    key: IdempotencyKey,
    Body { read, bytes }: Body<ClockBody>,
) -> Result<Response, Problem> {
    let effect = async { Ok((StatusCode::OK, advance(&app, &sandbox, read?.advance_seconds).await?)) };
    key.outward(&caller.rows, "tenant", &bytes, effect).await
}

async fn advance(app: &App, sandbox: &Sandbox, seconds: i64) -> Result<ClockView, Problem> {
    let offset_seconds = sandbox.documents.advance_clock(seconds).await?;
    app.linking.clock.set_offset_seconds(offset_seconds);
    let simulated = app.linking.registry.iter().filter(|entry| entry.mode == Mode::Sandbox);
    simulated.for_each(|entry| entry.upstream.forgive());
    sandbox.tell_all().await;
    // What has become due by this is not left waiting for the next look.
    let now = app.linking.clock.now();
    app.linking
        .store
        .enqueue(&NewJob { kind: JobKind::Schedule, key: "all".into(), payload: serde_json::Value::Null, run_at: now })
        .await?;
    Ok(ClockView { now, offset_seconds })
}

/// Play the customer at the provider, over HTTP, page by page; answers as `complete` would.
#[utoipa::path(post, path = "/sandbox/play", tag = "Sandbox", request_body = PlayBody, responses((status = 200, body = ConnectionView),
    (status = 202, body = CompleteAnswer), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
    (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
    (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
async fn play_customer(
    State(app): State<App>,
    sandbox: Shared,
    SandboxCaller(caller): SandboxCaller,
    key: IdempotencyKey,
    Body { read, bytes }: Body<PlayBody>,
) -> Result<Response, Problem> {
    let effect = async {
        Ok(match play(&app, &sandbox, &caller, read?).await? {
            Completion::Pending(_) => (StatusCode::ACCEPTED, CompleteAnswer::Pending { state: "PENDING" }),
            Completion::Done(id) => {
                let mut tx = caller.rows.begin().await?;
                let view = connection_view(&mut tx, &app.linking, id).await?;
                (StatusCode::OK, CompleteAnswer::Done(Box::new(view)))
            }
        })
    };
    key.outward(&caller.rows, "tenant", &bytes, effect).await
}

async fn play(app: &App, sandbox: &Sandbox, caller: &Caller, body: PlayBody) -> Result<Completion, Problem> {
    let linking = &app.linking;
    if body.deny.len() > Product::ALL.len() {
        return Err(Problem::invalid("/deny", "TOO_MANY", "deny names each product at most once."));
    }
    let (tenant_id, session_id) = linking.session_of(&Secret::new(body.connect_token.as_str())).await?;
    if tenant_id != caller.tenant_id {
        return Err(Linking::unknown_token());
    }
    let request =
        LaunchRequest { institution_id: body.institution_id, service_provider: body.service_provider, psu: None };
    let launched = match linking.launch(tenant_id, session_id, request).await {
        // The customer has been through already, though nobody was told: what `complete` would answer.
        Err(problem) if problem.code == Code::ConnectSessionFinished => {
            return linking.complete(tenant_id, session_id, LinkInput::Nothing).await;
        }
        launched => launched?,
    };
    let simulator = sandbox.simulator(launched.service_provider).ok_or_else(Problem::not_found)?;
    let launch = serde_json::to_value(&launched.launch).unwrap_or_default();
    let url = simulator.page(&launch).ok_or_else(|| {
        Problem::new(Code::InvalidRequest, "The simulator has no page for this launch, so it cannot be played.")
    })?;
    let Visit { end, refusal } = sandbox.visit(&url, &body).await?;
    let brought = match end {
        VisitEnd::Abandoned => return Ok(Completion::Pending(launched.connection_id)),
        VisitEnd::Through => LinkInput::Nothing,
        VisitEnd::Handed(result) => LinkInput::Result(result),
        VisitEnd::Returned(path) => {
            sandbox.come_back(&path).await?;
            LinkInput::Nothing
        }
    };
    let completed = linking.complete(tenant_id, session_id, brought).await;
    match (completed, refusal) {
        (Ok(Completion::Pending(_)), Some(refusal)) => Err(not_let_in(&refusal, "The session is still open.")),
        (Err(problem), Some(refusal)) => {
            Err(Problem { detail: not_let_in(&refusal, &problem.detail).detail, ..problem })
        }
        (completed, _) => Ok(completed?),
    }
}

/// The customer knew no better than what the page did not take, and left.
fn not_let_in(refusal: &str, then: &str) -> Problem {
    let why = match refusal {
        "WRONG_CREDENTIALS" => "there is no such test user, or the password is not theirs; GET /docs lists them",
        _ => "what the customer entered is not right",
    };
    Problem::new(Code::UserActionRequired, format!("The institution let nobody in ({refusal}): {why}. {then}"))
}

/// What goes wrong at a simulator from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"faults": []}))]
pub struct FaultsBody {
    /// At most 100; none = all is well.
    faults: Vec<Fault>,
}

/// Let things go wrong at a provider's simulator; an empty list heals it.
#[utoipa::path(put, path = "/sandbox/providers/{serviceProvider}/faults", tag = "Sandbox", params(("serviceProvider" = ServiceProvider, Path)),
    request_body = FaultsBody, responses((status = 204), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
async fn put_faults(
    State(app): State<App>,
    sandbox: Shared,
    _: SandboxCaller,
    Path(provider): Path<String>,
    Json(body): Json<FaultsBody>,
) -> Result<StatusCode, Problem> {
    let provider: ServiceProvider = provider.parse().map_err(|_| Problem::not_found())?;
    sandbox.simulator(provider).ok_or_else(Problem::not_found)?;
    if body.faults.len() > 100
        || body.faults.iter().any(|fault| !(0.0..=1.0).contains(&fault.probability) || fault.latency_ms > 120_000)
    {
        return Err(Problem::invalid(
            "/faults",
            "INVALID_VALUE",
            "At most 100 faults, with a probability of 0 to 1 and a latency of at most 120,000 ms.",
        ));
    }
    for (index, fault) in body.faults.iter().enumerate() {
        if fault.status.is_some_and(|status| !(200..=599).contains(&status)) {
            let pointer = format!("/faults/{index}/status");
            return Err(Problem::invalid(pointer, "INVALID_VALUE", "status is an HTTP status from 200 to 599."));
        }
        let is_route = fault.route == "*" || (fault.route.starts_with('/') && fault.route.len() <= 200);
        if !is_route || fault.route.contains('\0') {
            let pointer = format!("/faults/{index}/route");
            return Err(Problem::invalid(
                pointer,
                "INVALID_VALUE",
                "route is * or a path of the provider's API, like /accounts/get.",
            ));
        }
    }
    faults::put(&sandbox.documents, provider, &body.faults).await?;
    if let Some(entry) = app.linking.registry.get(provider).filter(|entry| entry.mode == Mode::Sandbox) {
        entry.upstream.forgive();
    }
    Ok(StatusCode::NO_CONTENT)
}
