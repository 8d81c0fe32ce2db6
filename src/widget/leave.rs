//! The customer leaves without a result.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use maud::{Markup, html};
use serde::Deserialize;

use super::page::Page;
use super::refused::Refused;
use super::session::{PATH as SESSION, returned};
use super::visitor::Visitor;
use super::{start, texts};
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::link::Linking;
use crate::store::Session;

/// Where the form is sent.
pub(super) const PATH: &str = "/link/cancel";

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Leave {
    #[serde(default)]
    key: String,
}

/// Ends the visit and leads back to the application.
pub(super) async fn leave_session(
    State(linking): State<Linking>,
    visitor: Visitor,
    form: Result<Form<Leave>, FormRejection>,
) -> Result<Page, Refused> {
    let Form(leave) = form.map_err(|_| Refused::foreign_form())?;
    visitor.check_form(&leave.key)?;
    let session = linking.cancel(visitor.tenant_id, visitor.session_id).await?;
    Ok(match linking.return_address(&session, returned(session.outcome)) {
        Some(address) => Page::saying(texts::GOING_BACK, Some((&address, texts::BACK))).going_to(0, &address),
        None => left(&session),
    })
}

/// Where there is no application to go back to. A first link stays open until its time is over (F1).
fn left(before: &Session) -> Page {
    match (before.outcome, before.mode) {
        (SessionOutcome::Open, SessionMode::Connect) => Page::saying(texts::LEFT, Some((SESSION, texts::CONTINUE))),
        (SessionOutcome::Open, _) => Page::saying(texts::over(SessionOutcome::Cancelled, None), None),
        (outcome, _) => Page::saying(texts::over(outcome, before.outcome_code.as_deref()), None),
    }
}

/// What every page of an open session ends with.
pub(super) fn form(form_key: &str) -> Markup {
    html! {
        p.small { (texts::PROMISE) }
        form.leave method="post" action=(PATH) {
            (start::key_field(form_key))
            button.quiet { (texts::CANCEL) }
        }
    }
}
