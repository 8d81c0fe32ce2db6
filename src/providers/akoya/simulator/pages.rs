//! The authorization: [`bank::pages`](crate::bank::pages) between the application's request and its redirect address.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Simulator;
use super::errors::Result;
use super::products::{ASKED, member};
use super::state::{CODE, CODE_LIFE, Code, GRANT, Grant, VISIT, VISIT_LIFE, Visit};
use super::tokens::{fingerprint, random};
use crate::bank::pages::{Failure, Finished, Flow, FlowOptions, Form, Page, Step};
use crate::domain::product::Product;

/// The longest state or redirect address that is taken.
const LONGEST: usize = 2000;

fn or_trouble(page: Result<Page>) -> Page {
    page.unwrap_or_else(|_| {
        notice(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "This page is not available right now. Please try again.",
        )
    })
}

fn notice(status: StatusCode, result: &str, text: &str) -> Page {
    Page::notice("Akoya", status, result, text)
}

fn refused(text: &str) -> Page {
    notice(StatusCode::BAD_REQUEST, "invalid_request", text)
}

/// `GET /auth`: the application sends the customer here.
pub async fn authorize(State(simulator): State<Simulator>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    or_trouble(simulator.authorize(&query).await).into_response()
}

/// `GET /visit/{id}`: where the customer is.
pub async fn show(State(simulator): State<Simulator>, Path(id): Path<String>) -> Response {
    or_trouble(simulator.show(&id).await).into_response()
}

/// `POST /visit/{id}`: what the customer filled in.
pub async fn submit(State(simulator): State<Simulator>, Path(id): Path<String>, body: Bytes) -> Response {
    or_trouble(simulator.take(&id, &Form::parse(&body)).await).into_response()
}

impl Simulator {
    async fn authorize(&self, query: &BTreeMap<String, String>) -> Result<Page> {
        let given = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        if given("client_id") != self.shared.client_id {
            return Ok(refused("Unknown client."));
        }
        let redirect_uri = given("redirect_uri");
        let is_fixed = Url::parse(redirect_uri).is_ok_and(|url| url.query().is_none() && url.fragment().is_none());
        if !is_fixed || redirect_uri.len() > LONGEST || given("state").len() > LONGEST {
            return Ok(refused("The redirect address is not a registered one."));
        }
        let scopes: Vec<&str> = given("scope").split(' ').collect();
        if given("response_type") != "code" || !scopes.contains(&"openid") {
            return Ok(Page::Elsewhere(back(redirect_uri, given("state"), &[("error", "invalid_request")])));
        }
        let Some(institution) = member(given("connector")) else { return Ok(refused("Unknown connector.")) };
        let visit = Visit {
            state: given("state").to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            offline: scopes.contains(&"offline_access"),
            institution: institution.key.clone(),
            flow: Flow::new(FlowOptions {
                application: "Linkspan".to_owned(),
                network: "Akoya".to_owned(),
                institution: Some(institution.key.clone()),
                ask_products: ASKED.to_vec(),
                account_selection: true,
                takes_none: true,
                ..FlowOptions::default()
            }),
            expires_at: self.shared.clock.now() + VISIT_LIFE,
            led_to: None,
        };
        let id = random();
        self.shared.documents.put(VISIT, &fingerprint(&id), &visit).await?;
        Ok(Page::Elsewhere(self.address(&id)))
    }

    fn address(&self, id: &str) -> String {
        format!("{}/visit/{id}", self.shared.pages_url)
    }

    async fn show(&self, id: &str) -> Result<Page> {
        let visit: Option<Visit> = self.shared.documents.get(VISIT, &fingerprint(id)).await?;
        Ok(match visit {
            None => notice(StatusCode::NOT_FOUND, "unknown", "There is no such page."),
            Some(Visit { led_to: Some(url), .. }) => Page::Elsewhere(url),
            Some(visit) if visit.expires_at <= self.shared.clock.now() => {
                notice(StatusCode::GONE, "expired", "This page has run out. Please go back to the application.")
            }
            Some(visit) => Page::Markup(StatusCode::OK, visit.flow.view("")),
        })
    }

    async fn take(&self, id: &str, form: &Form) -> Result<Page> {
        let key = fingerprint(id);
        let visit: Option<Visit> = self.shared.documents.get(VISIT, &key).await?;
        let open = |visit: &Visit| visit.led_to.is_none() && visit.expires_at > self.shared.clock.now();
        let Some(mut visit) = visit.filter(open) else { return self.show(id).await };
        let before = visit.flow.step();
        let step = self.shared.bank.submit(&mut visit.flow, form).await?;
        let code = random();
        visit.led_to = way_back(&visit, &step, &code);
        let changed = visit.clone();
        // The second of two equal forms finds the first one's work, and changes nothing.
        let keep = |stored: &mut Visit| {
            if stored.led_to.is_some() || stored.flow.step() != before {
                return Err(());
            }
            *stored = changed;
            Ok(())
        };
        let kept = self.shared.documents.update(VISIT, &key, keep).await?;
        if let (Some(Ok(())), Step::Finished(finished)) = (kept, step) {
            self.consent(&visit, finished, &code).await?;
        }
        Ok(Page::Elsewhere(self.address(id)))
    }

    /// The customer agreed.
    async fn consent(&self, visit: &Visit, finished: Finished, code: &str) -> Result<()> {
        let now = self.shared.clock.now();
        let institution = crate::bank::institution(&visit.institution);
        let days = institution.and_then(|one| one.consent_days);
        let has = |product: &Product| institution.is_some_and(|one| one.has(*product));
        let grant = Grant {
            id: uuid::Uuid::new_v4().to_string(),
            institution: visit.institution.clone(),
            login: finished.login,
            accounts: finished.accounts.into_iter().collect(),
            products: finished.granted.into_iter().filter(has).collect(),
            broken: false,
            revoked: false,
            expires_at: days.map(|days| now + chrono::TimeDelta::days(i64::from(days))),
        };
        let stored = Code {
            grant_id: grant.id.clone(),
            redirect_uri: visit.redirect_uri.clone(),
            offline: visit.offline,
            expires_at: now + CODE_LIFE,
            used: false,
        };
        self.shared.documents.put(GRANT, &grant.id, &grant).await?;
        Ok(self.shared.documents.put(CODE, &fingerprint(code), &stored).await?)
    }
}

/// Where a step leads, if it is the last.
fn way_back(visit: &Visit, step: &Step, code: &str) -> Option<String> {
    let error = |error: &str, text: &str| {
        Some(back(&visit.redirect_uri, &visit.state, &[("error", error), ("error_description", text)]))
    };
    match step {
        Step::Show => None,
        Step::Finished(_) => Some(back(&visit.redirect_uri, &visit.state, &[("code", code)])),
        Step::Cancelled => error("access_denied", "The customer left."),
        Step::Failed(Failure::PermissionDenied) => error("access_denied", "The customer allowed nothing."),
        Step::Failed(failure) => error("server_error", failure.code()),
    }
}

fn back(redirect_uri: &str, state: &str, fields: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields).append_pair("state", state);
    format!("{redirect_uri}?{}", query.finish())
}
