//! The way back from the provider. The state in its address names the session, not the cookie: it may be another browser (F9), which
//! is then told nothing of the session.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::page::{Page, Policy};
use super::refused::Refused;
use super::session::PATH as SESSION;
use super::visitor::Visitor;
use super::{script, texts};
use crate::domain::problem::{Code, Problem};
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::link::{Completion, Linking};
use crate::store::Session;

/// Our own parameter: how often the page has looked again.
const LOOKS: &str = "linkspan_looks";

/// How often it does by itself, and after how many seconds.
const MOST_LOOKS: u8 = 30;
const PAUSE: u8 = 2;

/// The most parameters that are read.
const MOST_PARAMETERS: usize = 50;

/// An address that the provider sent the customer to.
struct Return {
    provider: ServiceProvider,
    state: Secret,
    parameters: Vec<(String, String)>,
    looks: u8,
}

impl Return {
    /// Reads it; `None` where there is not exactly one state.
    fn read(provider: ServiceProvider, query: &str) -> Option<Self> {
        let read = url::form_urlencoded::parse(query.as_bytes()).into_owned().take(MOST_PARAMETERS);
        let (ours, parameters): (Vec<_>, Vec<_>) = read.partition(|(name, _)| name == LOOKS);
        let mut states = parameters.iter().filter(|(name, _)| name == "state").map(|(_, value)| value.as_str());
        let state = Secret::new(states.next()?);
        if states.next().is_some() {
            return None;
        }
        let looks = ours.first().and_then(|(_, looks)| looks.parse().ok()).unwrap_or_default();
        Some(Self { provider, state, parameters, looks })
    }

    /// The same address, to look again.
    fn address(&self, looks: u8) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if looks > 0 {
            query.append_pair(LOOKS, &looks.to_string());
        }
        query.extend_pairs(&self.parameters);
        format!("/connect/callback/{}?{}", self.provider, query.finish())
    }

    /// Where the page looks again by itself; `None` once it has often enough.
    fn next(&self) -> Option<String> {
        (self.looks < MOST_LOOKS).then(|| self.address(self.looks + 1))
    }

    /// The page of a customer whose provider has not confirmed yet.
    fn waiting(&self) -> Page {
        let by_hand = self.address(0);
        match self.next() {
            None => Page::saying(texts::STILL_CONFIRMING, Some((&by_hand, texts::CHECK_AGAIN))),
            Some(next) => Page::saying(texts::CONFIRMING, Some((&by_hand, texts::CHECK_AGAIN))).going_to(PAUSE, next),
        }
    }
}

/// Runs the completion with what the provider sent along, and leads the customer on.
pub(super) async fn return_from_provider(
    State(linking): State<Linking>,
    provider: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let provider = provider.ok().and_then(|Path(provider)| provider.parse().ok());
    let provider = provider.ok_or_else(|| Refused::unknown_path().on_callback())?;
    let Some(way) = Return::read(provider, &query.unwrap_or_default()) else {
        // The fixed address to which banks send customers back carries no state (D7): the browser's own session says whose it is.
        let page = script::resumed(&linking, &headers, provider).await.ok_or_else(Refused::unknown_state)?;
        return Ok(page.into_response());
    };
    let given = way.parameters.iter().cloned().collect();
    let (session, completion) = linking.returned(provider, &way.state, given).await.map_err(|problem| {
        if problem.code == Code::InvalidRequest { Refused::unknown_state() } else { try_again(problem, &way) }
    })?;
    match completion {
        Ok(Completion::Done(_)) => Ok(match linking.return_address(&session, "COMPLETED") {
            Some(address) => Redirect::to(&address).into_response(),
            None => Page::saying(texts::COMPLETED, None).policy(Policy::Callback).into_response(),
        }),
        Ok(Completion::Pending(_)) => Ok(way.waiting().policy(Policy::Callback).into_response()),
        Err(problem) if problem.code.status() >= 500 => Err(try_again(problem, &way)),
        Err(_) if is_own(&linking, &headers, &session).await => Ok(Redirect::to(SESSION).into_response()),
        Err(problem) => Ok(ended(&problem, &session).policy(Policy::Callback).into_response()),
    }
}

/// A failure that leaves the session as it was: the page opens the same address again, for what the customer brings may not have
/// reached the database.
fn try_again(problem: Problem, way: &Return) -> Refused {
    Refused::from(problem).again_at(way.address(0)).looking_again(PAUSE, way.next()).on_callback()
}

/// Whether this is the browser that began the session.
async fn is_own(linking: &Linking, headers: &HeaderMap, session: &Session) -> bool {
    let visitor = Visitor::of_browser(linking, headers).await;
    matches!(visitor, Ok(Some(visitor)) if visitor.session_id == session.id)
}

/// For another browser than the one that began: how it ended, and no more.
fn ended(problem: &Problem, session: &Session) -> Page {
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::CONFLICT);
    let code = session.outcome_code.as_deref();
    let page = match problem.code {
        Code::ConnectSessionFinished => Page::saying(texts::over(session.outcome, code), None),
        Code::UserActionRequired | Code::RequiredProductNotGranted => {
            let attempt = code.map(texts::attempt);
            Page::new(
                texts::ATTEMPT_ENDED.title,
                html! { p { (attempt.unwrap_or_default()) } p { (texts::ATTEMPT_ENDED.body) } },
            )
        }
        code => Page::saying(texts::problem(code), None),
    };
    page.status(status)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn read(query: &str) -> Option<Return> {
        Return::read(ServiceProvider::ALL[0], query)
    }

    #[test]
    fn a_return_has_exactly_one_state() {
        assert_eq!(read("a=1&state=st_1&b=2").unwrap().state, Secret::new("st_1"));
        for query in ["", "a=1", "State=st_1", "state=st_1&state=st_2", "state=st_1&state=st_1"] {
            assert!(read(query).is_none(), "{query}");
        }
    }

    #[test]
    fn of_very_many_parameters_only_the_first_are_read() {
        let query = format!("state=st_1&{}", "a=1&".repeat(10_000));
        assert_eq!(read(&query).unwrap().parameters.len(), MOST_PARAMETERS);
    }

    #[test]
    fn looking_again_keeps_what_the_provider_said_and_ends() {
        let mut way = read("state=st_1&x=%22a%26b%22").unwrap();
        for look in 1..=MOST_LOOKS {
            let html = way.waiting().html().into_string();
            let path = format!("/connect/callback/{}?", way.provider);
            let next = format!("content=\"2; url={path}{LOOKS}={look}&amp;state=st_1&amp;x=%22a%26b%22\"");
            assert!(html.contains(&next), "{html}");
            let address = way.address(look);
            way = read(address.split_once('?').unwrap().1).unwrap();
            assert!(way.parameters.iter().all(|(name, _)| name != LOOKS), "it is not the provider's");
        }
        let html = way.waiting().html().into_string();
        assert!(!html.contains("http-equiv") && html.contains(texts::STILL_CONFIRMING.title), "{html}");
        assert!(html.contains("?state=st_1&amp;x=%22a%26b%22\""), "{html}");
    }
}
