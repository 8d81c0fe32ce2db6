//! The Connect widget: its address, and the pages of [`bank::pages`](crate::bank::pages) behind it.
//!
//! MX's own widget leads back to `client_redirect_url` after OAuth, with its outcome in the query; after a password it stays where
//! it is and tells the page around it. There is no page around this one: it leads back in both cases.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::Simulator;
use super::call::{Answer, Call, Error, Result};
use super::institutions::find;
use super::jobs::{ORDINARY, end, is_due, status};
use super::state::{MEMBER, Member, USER, User, WIDGET, Widget, fingerprint, guid, token};
use crate::bank::pages::{Finished, Flow, FlowOptions, Form, Page, PageQuery, Step};
use crate::domain::product::Product;
use crate::store;

/// How long the page can be opened.
const LIFE: TimeDelta = TimeDelta::minutes(10);

/// `POST /users/{user}/widget_urls`
pub async fn create(Path(user): Path<String>, call: Call) -> Answer {
    let user = call.simulator.user(&user).await?;
    let settings = call.object("widget_url")?;
    let text = |name: &str| settings.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("widget_type").as_deref() != Some("connect_widget") {
        return Err(Error::new(400, "widget_type is missing, or none that is simulated"));
    }
    let member = match text("current_member_guid") {
        Some(guid) => Some(call.simulator.member(&user.guid, &guid).await?.0),
        None => None,
    };
    let institution = match (&member, text("current_institution_code")) {
        (Some(member), _) => Some(member.institution.clone()),
        (None, Some(code)) => Some(find(&code).ok_or_else(Error::not_found)?.key.clone()),
        (None, None) => None,
    };
    let token = token();
    let widget = Widget {
        user: user.guid,
        expires_at: call.simulator.shared.clock.now() + LIFE,
        redirect: text("client_redirect_url").filter(|_| text("oauth_referral_source").as_deref() == Some("APP")),
        products: products(settings)?,
        history: names(settings).contains(&"transaction_history"),
        background: settings.get("disable_background_agg") != Some(&Value::Bool(true)),
        payload: call.header("x-callback-payload").map(str::to_owned),
        flow: flow(settings, institution, member.as_ref())?,
        member: member.map(|member| member.guid),
        result: None,
    };
    call.simulator.shared.documents.put(WIDGET, &fingerprint(&token), &widget).await?;
    let url = call.simulator.page_url(&token);
    call.answer(200, json!({ "widget_url": { "type": "connect_widget", "url": url, "user_id": user.id } }))
}

fn names(settings: &Map<String, Value>) -> Vec<&str> {
    let listed = settings.get("data_request").and_then(|request| request["products"].as_array());
    listed.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What is to be fetched, by the newer version's names or the older one's mode.
fn products(settings: &Map<String, Value>) -> Result<Vec<Product>> {
    use Product::{Identifiers, InvestmentHoldings, InvestmentTransactions, Owners, Transactions};
    let mut products = Vec::new();
    for name in names(settings) {
        products.extend(match name {
            "account_verification" => vec![Identifiers],
            "identity_verification" => vec![Owners],
            "investments" => vec![InvestmentHoldings, InvestmentTransactions],
            "transactions" => vec![Transactions, InvestmentTransactions],
            "transaction_history" | "statements" | "rewards" => Vec::new(),
            other => return Err(Error::new(400, &format!("{other} is no product"))),
        });
    }
    if settings.contains_key("data_request") {
        return Ok(products);
    }
    let is = |name: &str, default: bool| settings.get(name).and_then(Value::as_bool).unwrap_or(default);
    let verifies = settings.get("mode").and_then(Value::as_str) == Some("verification");
    products.extend(verifies.then_some(Identifiers));
    products.extend(is("include_identity", false).then_some(Owners));
    if is("include_transactions", !verifies) {
        products.extend([Transactions, InvestmentHoldings, InvestmentTransactions]);
    }
    Ok(products)
}

fn flow(settings: &Map<String, Value>, institution: Option<String>, member: Option<&Member>) -> Result<Flow> {
    let countries = settings.get("iso_country_code").and_then(Value::as_array);
    let countries = countries.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Flow::new(FlowOptions {
        application: "Linkspan".to_owned(),
        network: "MX".to_owned(),
        institution,
        country_codes: countries,
        ask_products: products(settings)?,
        shared_accounts: member.and_then(|member| member.chosen.clone()).unwrap_or_default(),
        user: member.map(|member| member.login.user.clone()),
        ..FlowOptions::default()
    }))
}

/// `GET /connect/{token}`: where the customer is.
pub async fn show(
    State(simulator): State<Simulator>,
    Path(token): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    or_trouble(simulator.page(&token, &query.query).await)
}

/// `POST /connect/{token}`: what the customer filled in.
pub async fn submit(State(simulator): State<Simulator>, Path(token): Path<String>, body: Bytes) -> Response {
    or_trouble(simulator.take(&token, &Form::parse(&body)).await)
}

fn or_trouble(page: Result<Page>) -> Response {
    let text = "This page is not available right now. Please try again in a minute.";
    page.unwrap_or_else(|_| notice(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)).into_response()
}

fn notice(status: StatusCode, result: &str, text: &str) -> Page {
    Page::notice("MX", status, result, text)
}

impl Simulator {
    fn page_url(&self, token: &str) -> String {
        format!("{}/connect/{token}", self.shared.pages_url)
    }

    async fn page(&self, token: &str, query: &str) -> Result<Page> {
        let widget: Option<Widget> = self.shared.documents.get(WIDGET, &fingerprint(token)).await?;
        let Some(widget) = widget else {
            return Ok(notice(StatusCode::NOT_FOUND, "unknown", "There is no such page."));
        };
        // An address that was used is good for nothing more.
        if widget.flow.outcome().is_some() || widget.expires_at <= self.shared.clock.now() {
            let text = "This page has run out. Please go back to the application and start again.";
            return Ok(notice(StatusCode::GONE, "expired", text));
        }
        Ok(Page::Markup(StatusCode::OK, widget.flow.view(query)))
    }

    async fn take(&self, token: &str, form: &Form) -> Result<Page> {
        let id = fingerprint(token);
        let widget: Option<Widget> = self.shared.documents.get(WIDGET, &id).await?;
        let here = || Page::Elsewhere(self.page_url(token));
        let Some(widget) = widget.filter(|widget| widget.expires_at > self.shared.clock.now()) else {
            return Ok(here());
        };
        let before = widget.flow.step();
        let mut after = widget.clone();
        let step = self.shared.bank.submit(&mut after.flow, form).await?;
        let ending = match &step {
            Step::Show => None,
            Step::Finished(finished) => {
                after.result = Some(self.link(token, &widget, finished).await?);
                Some("status=success".to_owned())
            }
            Step::Cancelled => Some("status=error&error_reason=CANCELLED".to_owned()),
            Step::Failed(failure) => Some(format!("status=error&error_reason={}", failure.code())),
        };
        let result = after.result.clone();
        let keep = |stored: &mut Widget| {
            // The second of two equal forms finds the first one's work, and changes nothing.
            if stored.flow.step() == before {
                *stored = after;
            }
            Ok::<_, std::convert::Infallible>(())
        };
        let _ = self.shared.documents.update(WIDGET, &id, keep).await?;
        match (ending, &widget.redirect) {
            (None, _) | (Some(_), None) => Ok(here()),
            (Some(outcome), Some(redirect)) => {
                let member = result.map(|guid| format!("&member_guid={guid}")).unwrap_or_default();
                let joint = if redirect.contains('?') { '&' } else { '?' };
                Ok(Page::Elsewhere(format!("{redirect}{joint}{outcome}{member}")))
            }
        }
    }

    /// Makes or renews the member, and aggregates it; doing so twice makes one.
    async fn link(&self, token: &str, widget: &Widget, finished: &Finished) -> Result<String> {
        let books = self.shared.bank.books(&finished.login.user).await?;
        let institution = books.institution();
        let chosen = institution.own_account_picker.then(|| finished.accounts.clone());
        let allowed = institution.per_product_consent.then(|| finished.granted.clone());
        let now = books.now();
        let guid = widget.member.clone().unwrap_or_else(|| guid("MBR", &[&widget.user, token]));
        let new = Member {
            guid: guid.clone(),
            user: widget.user.clone(),
            id: None,
            metadata: None,
            institution: institution.key.clone(),
            login: finished.login.clone(),
            chosen: chosen.clone(),
            allowed: allowed.clone(),
            created_at: now.at,
            aggregated_at: now.at,
            successfully_aggregated_at: now.at,
            seen: now,
            history_from: now.at.date_naive() - ORDINARY,
            job: None,
            has_numbers: false,
            has_owners: false,
            background: widget.background,
            broken: None,
            payload: widget.payload.clone(),
            told_status: "CREATED".to_owned(),
            told_seen: now,
        };
        if widget.member.is_none() && self.shared.documents.put_new(MEMBER, &guid, &new).await? {
            let mine = guid.clone();
            let add = |user: &mut User| {
                user.members.push(mine);
                Ok::<_, std::convert::Infallible>(())
            };
            let _ = self.shared.documents.update(USER, &widget.user, add).await?;
        }
        self.change(&guid, |member| {
            let was_lost = status(member, &books) != "CONNECTED";
            (member.login, member.chosen) = (finished.login.clone(), chosen);
            (member.allowed, member.broken) = (allowed, None);
            member.payload.clone_from(&widget.payload);
            let asked = |product: Product| widget.products.contains(&product);
            if was_lost || is_due(member, now.at) {
                end(member, &books, "aggregate", now.at);
            }
            let jobs = [
                ("verify", asked(Product::Identifiers) && institution.has(Product::Identifiers)),
                ("identify", asked(Product::Owners) && institution.has(Product::Owners)),
                ("extend_history", widget.history),
            ];
            for (job, _) in jobs.iter().filter(|(_, asked)| *asked) {
                end(member, &books, job, now.at);
            }
        })
        .await?;
        self.tell_of_link(&guid).await?;
        Ok(guid)
    }
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        match error.status() {
            404 => Self::NotFound,
            _ => Self::Unreadable("the MX simulator".to_owned()),
        }
    }
}
