//! Why a page cannot be shown, for people: where the API answers with a problem document, a browser gets a page.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;

use super::page::{self, Page, Policy};
use super::{session, texts};
use crate::domain::problem::{Code, Problem};

/// A page that says why there is no other.
#[derive(Debug)]
pub(super) struct Refused {
    status: u16,
    text: texts::Text,
    retry_after_seconds: Option<u64>,
    again: Option<String>,
    /// What the page opens by itself, after so many seconds.
    next: Option<Box<(u8, String)>>,
    policy: Policy,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let has_session = !matches!(problem.code, Code::Unauthorized | Code::NotFound);
        Self {
            status: problem.code.status(),
            text: texts::problem(problem.code),
            // Rounded up: whoever waits so long is never too early.
            retry_after_seconds: problem.retry_after.map(|after| after.as_secs() + u64::from(after.subsec_nanos() > 0)),
            again: has_session.then(|| session::PATH.to_owned()),
            next: None,
            policy: Policy::Session,
        }
    }
}

impl Refused {
    fn new(code: Code, text: texts::Text) -> Self {
        Self { text, ..Problem::new(code, "").into() }
    }

    /// The browser has no session.
    pub(super) fn no_session() -> Self {
        Self::new(Code::Unauthorized, texts::NO_SESSION)
    }

    /// The form is of another session, or of another site.
    pub(super) fn foreign_form() -> Self {
        Self::new(Code::Forbidden, texts::FOREIGN_FORM)
    }

    /// No institution was chosen, or none that there is.
    pub(super) fn no_choice() -> Self {
        Self::new(Code::InvalidRequest, texts::NO_CHOICE)
    }

    /// There is no such page.
    pub(super) fn unknown_path() -> Self {
        Self::new(Code::NotFound, texts::UNKNOWN_PATH)
    }

    /// The provider's redirect carries no state of ours.
    pub(super) fn unknown_state() -> Self {
        Self { again: None, ..Self::new(Code::InvalidRequest, texts::UNKNOWN_STATE) }.on_callback()
    }

    /// The provider's launch leads nowhere.
    pub(super) fn unusable_launch() -> Self {
        Problem::new(Code::ProviderError, "").into()
    }

    /// With the address under which to try again.
    pub(super) fn again_at(self, address: String) -> Self {
        Self { again: Some(address), ..self }
    }

    /// The page opens that address by itself: as soon as `Retry-After` says, or after the pause.
    pub(super) fn looking_again(self, pause: u8, address: Option<String>) -> Self {
        let pause = self.retry_after_seconds.map_or(pause, |after| u8::try_from(after).unwrap_or(u8::MAX).max(pause));
        Self { next: address.map(|address| Box::new((pause, address))), ..self }
    }

    /// On the way back from the provider.
    pub(super) fn on_callback(self) -> Self {
        Self { policy: Policy::Callback, ..self }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content = html! {
            p { (self.text.body) }
            @if let Some(address) = &self.again { p.actions { a.button href=(address) { (texts::TRY_AGAIN) } } }
            @if let Some(id) = page::reference() { p.small { (texts::REFERENCE) " " code { (id) } } }
        };
        let page = Page::new(self.text.title, content).status(status).policy(self.policy);
        let page = match self.next {
            Some(next) => page.going_to(next.0, next.1),
            None => page,
        };
        let mut response = page.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
