//! What a front end calls with a connect token, and the sessions as support sees them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::App;
use super::auth::{Caller, Visitor};
use super::idempotency::IdempotencyKey;
use super::institutions::InstitutionView;
use super::json::{Body, Json};
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use super::psu::EndUser;
use super::views::{ConnectionView, InstitutionRef, connection_view};
use crate::domain::ids::{ConnectionId, InstitutionId, SessionId};
use crate::domain::placement::Placements;
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::link::{Completion, LaunchRequest};
use crate::providers::link::{Launch, LinkInput};
use crate::store::{Session, SessionStep};

/// A session as the widget sees it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionForWidget {
    /// What for.
    mode: SessionMode,
    /// How it stands.
    outcome: SessionOutcome,
    /// The connection.
    connection_id: ConnectionId,
    /// The institution, where it is settled.
    institution: Option<InstitutionRef>,
    /// What the picker searches for at first.
    institution_search: Option<String>,
    /// The four arrays as asked for.
    requested: Placements,
    /// ISO 3166 alpha-2.
    country_codes: Vec<String>,
    /// ISO 639-1.
    language: String,
    /// Until when.
    expires_at: DateTime<Utc>,
    /// How the last attempt ended.
    last_attempt: Option<String>,
}

/// The session as the widget sees it.
#[utoipa::path(get, path = "/connect/session", tag = "Linking", responses(
    (status = 200, body = SessionForWidget), (status = 401, body = ProblemDocument), (status = 429, body = ProblemDocument)))]
pub(super) async fn get_session(State(app): State<App>, visitor: Visitor) -> Result<Json<SessionForWidget>, Problem> {
    let view = app.linking.view(visitor.tenant_id, visitor.session_id).await?;
    let chosen = view.session.request.institution_id.or(view.connection.institution_id);
    let institution = match chosen {
        Some(id) => app.store().institution(id).await?,
        None => None,
    };
    Ok(Json(SessionForWidget {
        mode: view.session.mode,
        outcome: view.session.outcome,
        connection_id: view.connection.id,
        institution: institution.map(|institution| InstitutionRef {
            id: institution.id,
            name: institution.name,
            logo_url: institution.logo_url,
        }),
        institution_search: view.session.request.institution_search,
        requested: view.connection.requested,
        country_codes: view.connection.settings.country_codes,
        language: view.connection.settings.language,
        expires_at: view.session.expires_at,
        last_attempt: view.session.outcome_code,
    }))
}

/// Institutions that this session can link, best match first: those that have all of its required products, in its countries;
/// the one institution alone where it is settled, as in a repair.
#[utoipa::path(get, path = "/connect/institutions", tag = "Linking", params(
    ("query" = Option<String>, Query, description = "The name or a part of it; case, accents, punctuation and a small typo do not matter"),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<InstitutionView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 429, body = ProblemDocument)))]
pub(super) async fn search_institutions(
    State(app): State<App>,
    visitor: Visitor,
    mut params: Params,
) -> Result<Json<Page<InstitutionView>>, Problem> {
    let query: Option<String> = params.one("query", "a text")?;
    let (after, limit) = params.cursor::<InstitutionId>("institutions")?;
    let view = app.linking.open_view(visitor.tenant_id, visitor.session_id).await?;
    let query = query.filter(|query| !query.trim().is_empty());
    let rows = app.store().institutions(&view.institutions(query), after, limit + 1).await?;
    Ok(Json(Page::new("institutions", rows, limit, |row| row.id, InstitutionView::from)))
}

/// What the customer has chosen.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"institutionId": "0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e"}))]
pub struct LinkTokenBody {
    /// The institution; not needed where the tenant chose it, or in a repair.
    #[serde(default)]
    institution_id: Option<InstitutionId>,
    /// A provider other than the one that would be chosen.
    #[serde(default)]
    service_provider: Option<ServiceProvider>,
}

/// How the front end gets the customer to the provider.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkTokenAnswer {
    /// The connection.
    connection_id: ConnectionId,
    /// Through whom.
    service_provider: ServiceProvider,
    /// How.
    launch: Launch,
    /// Until when the launch can be used; ask again after it.
    expires_at: DateTime<Utc>,
    /// Other providers that could do it.
    alternatives: Vec<ServiceProvider>,
}

/// Launch the provider; may be called again until the session ends.
#[utoipa::path(post, path = "/connect/link-token", tag = "Linking", params(("PSU-IP-Address" = Option<String>, Header),
    ("PSU-Device-OS" = Option<String>, Header), ("PSU-User-Agent" = Option<String>, Header)), request_body = LinkTokenBody, responses(
    (status = 200, body = LinkTokenAnswer), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
    (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument),
    (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn create_link_token(
    State(app): State<App>,
    visitor: Visitor,
    EndUser(psu): EndUser,
    key: IdempotencyKey,
    Body { read, bytes }: Body<LinkTokenBody>,
) -> Result<Response, Problem> {
    let rows = app.store().tenant(visitor.tenant_id);
    let effect = async {
        let LinkTokenBody { institution_id, service_provider } = read?;
        let request = LaunchRequest { institution_id, service_provider, psu };
        let launched = app.linking.launch(visitor.tenant_id, visitor.session_id, request).await?;
        let answer = LinkTokenAnswer {
            connection_id: launched.connection_id,
            service_provider: launched.service_provider,
            launch: launched.launch,
            expires_at: launched.expires_at,
            alternatives: Vec::new(),
        };
        Ok((StatusCode::OK, answer))
    };
    key.outward(&rows, &visitor.session_id.to_string(), &bytes, effect).await
}

/// What the front end or the provider's script brought; nothing after a redirect.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct CompleteBody {
    /// The provider's public token.
    #[serde(default)]
    public_token: Option<String>,
    /// What the provider's script gave the page.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    result: Option<serde_json::Map<String, Value>>,
}

/// The connection, or that the provider has not confirmed yet.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum CompleteAnswer {
    /// Linked or repaired.
    Done(Box<ConnectionView>),
    /// Not confirmed.
    Pending {
        /// `PENDING`.
        state: &'static str,
    },
}

/// Finish the session: 200 with the connection, 202 while the provider has not confirmed. Safe to call again.
#[utoipa::path(post, path = "/connect/complete", tag = "Linking", request_body = CompleteBody, responses(
    (status = 200, body = ConnectionView), (status = 202, body = CompleteAnswer), (status = 400, body = ProblemDocument),
    (status = 401, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument),
    (status = 504, body = ProblemDocument)))]
pub(super) async fn complete_session(
    State(app): State<App>,
    visitor: Visitor,
    key: IdempotencyKey,
    Body { read, bytes }: Body<CompleteBody>,
) -> Result<Response, Problem> {
    let rows = app.store().tenant(visitor.tenant_id);
    let effect = async {
        let input = input(read?)?;
        match app.linking.complete(visitor.tenant_id, visitor.session_id, input).await? {
            Completion::Done(id) => {
                let mut tx = rows.begin().await?;
                let view = connection_view(&mut tx, &app.linking, id).await?;
                Ok((StatusCode::OK, CompleteAnswer::Done(Box::new(view))))
            }
            Completion::Pending(_) => Ok((StatusCode::ACCEPTED, CompleteAnswer::Pending { state: "PENDING" })),
        }
    };
    key.outward(&rows, &visitor.session_id.to_string(), &bytes, effect).await
}

fn input(body: CompleteBody) -> Result<LinkInput, Problem> {
    match (body.public_token, body.result) {
        (Some(_), Some(_)) => {
            Err(Problem::invalid("/result", "INVALID_VALUE", "Send publicToken or result, not both."))
        }
        (Some(token), None) if token.is_empty() || token.len() > 500 => Err(Problem::invalid(
            "/publicToken",
            "INVALID_VALUE",
            "publicToken must be what the provider gave, 1 to 500 characters.",
        )),
        (Some(token), None) => Ok(LinkInput::PublicToken(Secret::new(token))),
        (None, Some(result)) => Ok(LinkInput::Result(Value::Object(result))),
        (None, None) => Ok(LinkInput::Nothing),
    }
}

/// A session as support sees it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionForSupport {
    /// Ours.
    id: SessionId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// What for.
    mode: SessionMode,
    /// How it ended, or `OPEN`.
    outcome: SessionOutcome,
    /// Why, or how the last attempt ended.
    outcome_code: Option<String>,
    /// The institution that was chosen.
    institution_id: Option<InstitutionId>,
    /// The provider that was chosen.
    service_provider: Option<ServiceProvider>,
    /// The provider's id of its session, for its support.
    provider_session_id: Option<String>,
    /// The provider's id of the last request, for its support.
    last_request_id: Option<String>,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// Until when.
    expires_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// What happened, oldest first; the first 200.
    steps: Vec<StepView>,
}

/// One step of a session.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// What happened.
    step: String,
    /// More.
    detail: Option<String>,
    /// When.
    at: DateTime<Utc>,
}

impl SessionForSupport {
    fn new(session: Session, steps: Vec<SessionStep>) -> Self {
        Self {
            id: session.id,
            connection_id: session.connection_id,
            mode: session.mode,
            outcome: session.outcome,
            outcome_code: session.outcome_code,
            institution_id: session.institution_id,
            service_provider: session.service_provider,
            provider_session_id: session.provider_session_id,
            last_request_id: session.last_request_id,
            created_at: session.created_at,
            expires_at: session.expires_at,
            finished_at: session.finished_at,
            steps: steps
                .into_iter()
                .map(|step| StepView { step: step.step, detail: step.detail, at: step.at })
                .collect(),
        }
    }
}

/// Every link and repair session with its steps, oldest first.
#[utoipa::path(get, path = "/connect/sessions", tag = "Linking", params(
    ("connectionId" = Option<ConnectionId>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<SessionForSupport>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_sessions(
    caller: Caller,
    mut params: Params,
) -> Result<Json<Page<SessionForSupport>>, Problem> {
    let connection_id = params.one("connectionId", "a connection's id")?;
    let (after, limit) = params.cursor::<SessionId>("sessions")?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.sessions(connection_id, after, limit + 1, None).await?;
    let ids: Vec<SessionId> = rows.iter().map(|row| row.id).collect();
    let mut steps = tx.steps(&ids).await?;
    let view = |row: Session| {
        let steps = steps.remove(&row.id).unwrap_or_default();
        SessionForSupport::new(row, steps)
    };
    Ok(Json(Page::new("sessions", rows, limit, |row| row.id, view)))
}

/// One session with its steps.
#[utoipa::path(get, path = "/connect/sessions/{sessionId}", tag = "Linking", params(("sessionId" = SessionId, Path)),
    responses((status = 200, body = SessionForSupport), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_support_session(
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SessionForSupport>, Problem> {
    let id: SessionId = id.parse().map_err(|_| Problem::not_found())?;
    let mut tx = caller.rows.begin().await?;
    let session = tx.session(id).await?.ok_or_else(Problem::not_found)?;
    let steps = tx.steps(&[id]).await?.remove(&id).unwrap_or_default();
    Ok(Json(SessionForSupport::new(session, steps)))
}
