//! The Link pages, hosted or in the frame of Plaid's script: [`bank::pages`] under a link token.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::ids;
use super::link::public_token;
use super::session::{self, Next};
use super::state::{Ending, ITEM, Item, LINK, Link, Session};
use super::walk::Walk;
use crate::bank;
use crate::bank::pages::{Form, Page, PageQuery, Step, last_page};

/// Sessions of one token; beyond them the page stays at the last one's end.
const MOST_SESSIONS: usize = 20;

fn or_trouble(page: Result<Page>) -> Page {
    page.unwrap_or_else(|_| {
        let text = "This page is not available right now. Please try again in a minute.";
        notice(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)
    })
}

fn notice(status: StatusCode, result: &str, text: &str) -> Page {
    Page::notice("Plaid", status, result, text)
}

/// `GET /link/{link_token}`: where the customer is.
pub async fn show(
    State(simulator): State<Simulator>,
    Path(token): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    or_trouble(simulator.page(&token, &query.query).await).into_response()
}

/// `POST /link/{link_token}`: what the customer filled in.
pub async fn submit(State(simulator): State<Simulator>, Path(token): Path<String>, body: Bytes) -> Response {
    or_trouble(simulator.take(&token, &Form::parse(&body)).await).into_response()
}

/// `GET /link/{link_token}/done`: the end, where the application has no page for it.
pub async fn show_done(State(simulator): State<Simulator>, Path(token): Path<String>) -> Response {
    or_trouble(simulator.done(&token).await).into_response()
}

impl Simulator {
    async fn page(&self, token: &str, query: &str) -> Result<Page> {
        let Some(link) = self.link(token).await? else { return Ok(unknown()) };
        if link.succeeded() || (link.sessions.len() >= MOST_SESSIONS && link.open_session().is_none()) {
            return Ok(self.way_out(token, &link));
        }
        if link.expires_at <= self.shared.clock.now() {
            let text = "This link has run out. Please go back to the application and start again.";
            return Ok(notice(StatusCode::GONE, "expired", text));
        }
        if let Some(session) = link.open_session() {
            return Ok(Page::Markup(StatusCode::OK, session.walk.view(query)));
        }
        self.begin(token, &link, query).await
    }

    /// The Item that a link updates, if it does and the Item is there.
    async fn updated(&self, link: &Link) -> Result<Option<Item>> {
        match &link.item_id {
            Some(item_id) => Ok(self.shared.documents.get(ITEM, item_id).await?),
            None => Ok(None),
        }
    }

    /// Opens a session.
    async fn begin(&self, token: &str, link: &Link, query: &str) -> Result<Page> {
        let item = self.updated(link).await?;
        if link.item_id.is_some() && item.is_none() {
            return Ok(unknown());
        }
        let now = self.shared.clock.now();
        let mut session = Session::new(session::walk(link, item.as_ref()), now);
        let institution = link.institution.as_deref().and_then(bank::institution).filter(|_| item.is_none());
        if institution.is_some_and(|one| !link.asked.required.iter().all(|product| product.at(one))) {
            let ending = session::exit(&session, Some(&Error::new("PRODUCTS_NOT_SUPPORTED")));
            session.end(now, ending);
        }
        let over = session.ending.is_some();
        let view = session.walk.view(query);
        let opened = session.clone();
        let open = |link: &mut Link| {
            if link.open_session().is_some() || link.sessions.len() >= MOST_SESSIONS {
                return Err(());
            }
            link.sessions.push(opened);
            Ok(())
        };
        match self.shared.documents.update(LINK, &ids::fingerprint(token), open).await? {
            Some(Ok(())) if over => self.leave(token, link, &session).await,
            Some(Ok(())) => self.begin_verification(link, &session).await.map(|()| Page::Markup(StatusCode::OK, view)),
            // Somebody else opened one in the same moment.
            _ => Ok(Page::Elsewhere(self.page_url(token))),
        }
    }

    async fn take(&self, token: &str, form: &Form) -> Result<Page> {
        let Some(link) = self.link(token).await? else { return Ok(unknown()) };
        let now = self.shared.clock.now();
        let session = match link.open_session() {
            Some(session) if link.expires_at > now => session,
            // A form that was sent twice goes where the first one went.
            None if !link.sessions.is_empty() => return Ok(self.way_out(token, &link)),
            _ => return Ok(Page::Elsewhere(self.page_url(token))),
        };
        let before = session.walk.clone();
        let mut after = session.clone();
        match &mut after.walk {
            Walk::Verification(questions) => {
                let answered = questions.accept(form);
                self.verify(&link, &mut after, answered).await?;
            }
            Walk::AtBank(flow) => {
                let step = self.shared.bank.submit(flow, form).await?;
                if before.institution() != after.walk.institution() {
                    after.note(now, "SELECT_INSTITUTION", None);
                }
                self.advance(token, &link, &mut after, step).await?;
            }
        }
        let (id, kept) = (session.id.clone(), after.clone());
        let keep = |link: &mut Link| {
            let stored = link.sessions.last_mut().filter(|stored| stored.id == id && stored.ending.is_none());
            // The second of two equal forms finds the first one's work, and changes nothing.
            let stored = stored.filter(|stored| stored.walk.step() == before.step()).ok_or(())?;
            *stored = kept;
            Ok::<_, ()>(())
        };
        let stored = self.shared.documents.update(LINK, &ids::fingerprint(token), keep).await?;
        match (&after.ending, stored) {
            (None, _) => Ok(Page::Elsewhere(self.page_url(token))),
            (Some(_), Some(Ok(()))) => self.leave(token, &link, &after).await,
            (Some(_), _) => Ok(self.way_out(token, &link)),
        }
    }

    async fn advance(&self, token: &str, link: &Link, session: &mut Session, step: Step) -> Result<()> {
        let now = self.shared.clock.now();
        match self.follow(token, link, session, step).await? {
            Next::Same => {}
            Next::Again => {
                session.note(now, "ERROR", Some(&Error::new("ACCESS_NOT_GRANTED")));
                session.asked_again += 1;
                let item = self.updated(link).await?;
                let flow = session::flow(link, item.as_ref(), session.walk.institution());
                session.walk = Walk::AtBank(Box::new(flow));
            }
            Next::End(ending) => session.end(now, ending),
        }
        Ok(())
    }

    /// Tells the end of a session, and leads out of it.
    async fn leave(&self, token: &str, link: &Link, session: &Session) -> Result<Page> {
        self.tell_end(token, link, session).await?;
        Ok(self.way_out(token, link))
    }

    /// Where a session leads to that is over.
    fn way_out(&self, token: &str, link: &Link) -> Page {
        let done = || format!("{}/done", self.page_url(token));
        Page::Elsewhere(link.completion_redirect_uri.clone().unwrap_or_else(done))
    }

    async fn done(&self, token: &str) -> Result<Page> {
        let Some(link) = self.link(token).await? else { return Ok(unknown()) };
        let Some(session) = link.sessions.last() else { return Ok(Page::Elsewhere(self.page_url(token))) };
        let error = match &session.ending {
            Some(Ending::Exit { error: Some(error), .. }) => error["error_code"].as_str().unwrap_or_default(),
            Some(_) => "",
            None => return Ok(Page::Elsewhere(self.page_url(token))),
        };
        if !link.hosted {
            let text = "You can go back to the application.";
            return Ok(Page::Markup(StatusCode::OK, last_page("Plaid", error, text, Some(&handover(token, session)))));
        }
        // The flow does not know of what was refused after its end.
        let finished = matches!(session.walk.outcome(), Some(Step::Finished(_)) | None);
        let text = "Your account could not be connected. You can close this page.";
        let page =
            if finished && !error.is_empty() { last_page("Plaid", error, text, None) } else { session.walk.view("") };
        Ok(Page::Markup(StatusCode::OK, page))
    }
}

/// What Plaid's script gives to `onSuccess` or `onExit`.
fn handover(token: &str, session: &Session) -> Value {
    let metadata = json!({ "link_session_id": session.id });
    match &session.ending {
        Some(Ending::Success { .. }) => json!({ "public_token": public_token(token, session), "metadata": metadata }),
        Some(Ending::Done) => json!({ "public_token": null, "metadata": metadata }),
        Some(Ending::Exit { error, .. }) => json!({ "error": error, "metadata": metadata }),
        None => Value::Null,
    }
}

fn unknown() -> Page {
    notice(StatusCode::NOT_FOUND, "unknown", "There is no such link.")
}
