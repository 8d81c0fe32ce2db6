//! Entering by the link that the customer was given, and the page of the session, whatever it needs next.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::page::Page;
use super::picker::{self, Search};
use super::refused::Refused;
use super::visitor::Visitor;
use super::{cookie, start, texts};
use crate::domain::secret::Secret;
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::link::{Linking, SessionView};
use crate::store::Session;

/// Where the session's page is.
pub(super) const PATH: &str = "/link";

/// The link that the customer was given: takes the token out of the address and into a cookie.
pub(super) async fn open_session(
    State(linking): State<Linking>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let Path(token) = token.map_err(|_| Refused::no_session())?;
    let token = Secret::new(token);
    let visitor = Visitor::with_token(&linking, token.clone()).await?;
    linking.visits.count(visitor.session_id.0)?;
    let session = linking.view(visitor.tenant_id, visitor.session_id).await?.session;
    if let Some(outcome) = over(&linking, &session) {
        let status = if outcome == SessionOutcome::Expired { StatusCode::UNAUTHORIZED } else { StatusCode::CONFLICT };
        return Ok(end_page(&linking, &session, outcome).status(status).into_response());
    }
    let set = cookie::set(&linking.public_url, &token, session.expires_at - linking.clock.now());
    let mut set = HeaderValue::from_str(&set).map_err(|_| Refused::no_session())?;
    set.set_sensitive(true);
    Ok(([(header::SET_COOKIE, set)], Redirect::to(PATH)).into_response())
}

/// What the session needs next: a choice, a start, or nothing more.
pub(super) async fn show_session(
    State(linking): State<Linking>,
    visitor: Visitor,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Page, Refused> {
    let view = linking.view(visitor.tenant_id, visitor.session_id).await?;
    if let Some(outcome) = over(&linking, &view.session) {
        return Ok(end_page(&linking, &view.session, outcome).status(end_status(outcome)));
    }
    let form_key = visitor.form_key();
    if chooses_institution(&view) {
        let search = search.map(|Query(search)| search).unwrap_or_default();
        return Ok(picker::page(&linking, &view, &search, &form_key).await?);
    }
    Ok(start::page(&linking, &view, &form_key).await?)
}

/// Whether the customer says where; in a repair it is settled, the tenant may have settled it before, and not all is had of an institution.
fn chooses_institution(view: &SessionView) -> bool {
    let session = &view.session;
    session.mode == SessionMode::Connect
        && session.request.institution_id.is_none()
        && view.connection.requested.are_of_institution()
}

/// How the session ended, if it has.
fn over(linking: &Linking, session: &Session) -> Option<SessionOutcome> {
    match session.outcome {
        SessionOutcome::Open if session.expires_at > linking.clock.now() => None,
        SessionOutcome::Open => Some(SessionOutcome::Expired),
        outcome => Some(outcome),
    }
}

fn end_status(outcome: SessionOutcome) -> StatusCode {
    match outcome {
        SessionOutcome::Completed => StatusCode::OK,
        SessionOutcome::Expired => StatusCode::UNAUTHORIZED,
        _ => StatusCode::CONFLICT,
    }
}

/// The page of a session that is over.
fn end_page(linking: &Linking, session: &Session, outcome: SessionOutcome) -> Page {
    let address = linking.return_address(session, returned(outcome));
    let link = address.as_deref().map(|address| (address, texts::BACK));
    Page::saying(texts::over(outcome, session.outcome_code.as_deref()), link)
}

/// The outcome that the application is told when the customer goes back to it.
pub(super) fn returned(outcome: SessionOutcome) -> &'static str {
    match outcome {
        SessionOutcome::Completed => "COMPLETED",
        SessionOutcome::Open | SessionOutcome::Cancelled => "CANCELLED",
        SessionOutcome::Failed | SessionOutcome::Expired => "FAILED",
    }
}

/// What a session needs from the customer beside their attention.
pub(super) struct Notice {
    /// They are at the provider, as far as we know.
    pub(super) started: bool,
    /// How the last attempt ended.
    pub(super) attempt: Option<String>,
}

impl Notice {
    /// What there is to say of a session so far.
    pub(super) fn of(linking: &Linking, view: &SessionView) -> Self {
        let now = linking.clock.now();
        let started = view.session.launch_expires_at.is_some_and(|at| at > now);
        // While a new attempt runs, the one before is no news.
        let attempt = view.session.outcome_code.as_deref().filter(|_| !started).map(texts::attempt);
        Self { started, attempt }
    }
}
