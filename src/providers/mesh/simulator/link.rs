//! Link: made by the client, opened in a frame, and gone through by the customer.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use maud::{DOCTYPE, Markup, html};
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Call, Error, ok};
use super::institutions::find;
use super::state::{VISIT, Visit};
use crate::bank::ids::{fingerprint, random_token};
use crate::bank::pages::{CONTENT_SECURITY_POLICY, Flow, FlowOptions, Form, PageQuery, Step};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::product::Product;

/// How long Link can be opened.
const LIFE: TimeDelta = TimeDelta::minutes(10);
/// The longest name of a customer.
const MOST_USER: usize = 300;

/// `POST /api/v1/linktoken`
pub async fn create(call: Call) -> Answer {
    let user = call.text("userId")?;
    if user.chars().count() > MOST_USER {
        return Err(Error::BadRequest("userId is too long"));
    }
    let institution = match call.body["integrationId"].as_str() {
        Some(id) => Some(find(id).ok_or(Error::NotFound("There is no such integration"))?.key.clone()),
        None => None,
    };
    let of_securities = |subtype: &AccountSubtype| subtype.is_of(AccountType::Investment);
    let flow = Flow::new(FlowOptions {
        application: "Linkspan".to_owned(),
        network: "Mesh".to_owned(),
        institution,
        country_codes: vec!["US".to_owned()],
        required_products: vec![Product::InvestmentHoldings],
        ask_products: vec![Product::Balances, Product::InvestmentHoldings, Product::InvestmentTransactions],
        account_selection: true,
        account_subtypes: Some(AccountSubtype::ALL.iter().copied().filter(of_securities).collect()),
        takes_none: true,
        ..FlowOptions::default()
    });
    let environment = call.simulator.environment();
    let visit = Visit { user: user.to_owned(), expires_at: environment.clock.now() + LIFE, flow, is_used: false };
    let token = random_token();
    environment.documents.put(VISIT, &fingerprint(&token), &visit).await?;
    let address = format!("{}/link/{token}", call.simulator.shared.pages_url);
    ok(json!({ "linkToken": BASE64_STANDARD.encode(address) }))
}

/// Where Link opens, by the link token.
pub fn address(link_token: &str) -> Option<String> {
    BASE64_STANDARD.decode(link_token).ok().and_then(|text| String::from_utf8(text).ok())
}

/// `GET /link/{token}`: where the customer is.
pub async fn show(
    State(simulator): State<Simulator>,
    Path(token): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    page(simulator.visit_page(&token, &query.query).await)
}

/// `POST /link/{token}`: what the customer filled in.
pub async fn submit(State(simulator): State<Simulator>, Path(token): Path<String>, body: Bytes) -> Response {
    match simulator.take_form(&token, &Form::parse(&body)).await {
        Ok(()) => Redirect::to(&format!("{}/link/{token}", simulator.shared.pages_url)).into_response(),
        Err(error) => page(Err(error)),
    }
}

/// `GET /handover.js`: what the last page tells the page around it.
pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("handover.js")).into_response()
}

fn page(markup: Result<(StatusCode, Markup), Error>) -> Response {
    let (status, markup) = markup.unwrap_or_else(|error| {
        let status = if matches!(error, Error::NotFound(_)) { StatusCode::NOT_FOUND } else { StatusCode::BAD_GATEWAY };
        (status, last_page("unavailable", "Link cannot be opened. Please go back and start again.", None))
    });
    let mut response = (status, markup).into_response();
    // The last page has a script, which is ours.
    let policy = format!("{CONTENT_SECURITY_POLICY}; script-src 'self'");
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ] {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The last page, with what a page of an application hands over to its server.
fn last_page(result: &str, text: &str, handover: Option<&Value>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Link" }
                @if handover.is_some() { script src="../handover.js" defer {} }
            }
            body { main data-step="done" data-result=(result) data-handover=[handover] { h1 { "Link" } p { (text) } } }
        }
    }
}

impl Simulator {
    async fn visit(&self, token: &str) -> Result<Visit, Error> {
        let found = self.environment().documents.get(VISIT, &fingerprint(token)).await?;
        found.ok_or(Error::NotFound("There is no such visit"))
    }

    async fn visit_page(&self, token: &str, query: &str) -> Result<(StatusCode, Markup), Error> {
        let visit = self.visit(token).await?;
        let Some(outcome) = visit.flow.outcome() else {
            if visit.expires_at <= self.environment().clock.now() {
                let text = "This link has run out. Please go back and start again.";
                return Ok((StatusCode::GONE, last_page("expired", text, None)));
            }
            return Ok((StatusCode::OK, visit.flow.view(query)));
        };
        let first = |visit: &mut Visit| if std::mem::replace(&mut visit.is_used, true) { Err(()) } else { Ok(()) };
        let used = self.environment().documents.update(VISIT, &fingerprint(token), first).await?;
        if used != Some(Ok(())) {
            return Ok((StatusCode::GONE, last_page("used", "This link was used. Please go back.", None)));
        }
        let result = match outcome {
            Step::Finished(finished) => json!({ "accessToken": self.connect(&visit, &finished).await? }),
            Step::Failed(failure) => json!({ "exited": true, "error": failure.code() }),
            Step::Cancelled | Step::Show => json!({ "exited": true }),
        };
        Ok((StatusCode::OK, last_page("done", "You can go back to the application.", Some(&result))))
    }

    async fn take_form(&self, token: &str, form: &Form) -> Result<(), Error> {
        let visit = self.visit(token).await?;
        if visit.flow.outcome().is_some() || visit.expires_at <= self.environment().clock.now() {
            return Ok(());
        }
        let before = visit.flow.step();
        let mut flow = visit.flow;
        self.environment().bank.submit(&mut flow, form).await?;
        let keep = |stored: &mut Visit| {
            // The second of two equal forms finds the first one's work, and changes nothing.
            if stored.flow.step() == before {
                stored.flow = flow;
            }
            Ok::<(), ()>(())
        };
        let _ = self.environment().documents.update(VISIT, &fingerprint(token), keep).await?;
        Ok(())
    }
}
