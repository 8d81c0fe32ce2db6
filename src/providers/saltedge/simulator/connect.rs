//! The page at which the customer connects, and what comes of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{Days, SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use url::Url;

use super::gate::{Error, Result, data};
use super::state::{Asked, Connection, Customer, Visit};
use super::{Simulator, number};
use crate::bank::pages::{Failure, Finished, Flow, FlowOptions, Form, Page, PageQuery, Step};
use crate::bank::{self, BankInstitution};
use crate::providers::saltedge::map;
use crate::providers::saltedge::spec::PRODUCTS;

/// How long a page can be opened.
const LIFE: TimeDelta = TimeDelta::hours(1);
/// Scopes that there are.
const SCOPES: [&str; 3] = [map::ACCOUNTS, map::TRANSACTIONS, map::HOLDER_INFO];

/// `POST /connections/connect`
pub async fn connect(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>> {
    let body = data(&body)?;
    let customer = body["customer_id"].as_str().unwrap_or_default();
    let known: Option<Customer> = simulator.shared.documents.get(&simulator.kind("customer"), customer).await?;
    known.ok_or(Error::not_found("CustomerNotFound"))?;
    let institution = match body["provider"]["code"].as_str() {
        Some(code) => Some(bank::institution(code).ok_or(Error::not_found("ProviderNotFound"))?),
        None => None,
    };
    let asked = asked(&body, institution)?;
    let key = institution.map(|one| one.key.clone());
    simulator.open(customer.to_owned(), None, asked, key).await
}

/// `POST /connections/{id}/reconnect`
pub async fn reconnect(State(simulator): State<Simulator>, Path(id): Path<String>, body: Bytes) -> Result<Json<Value>> {
    let connection = simulator.connection(&id).await?;
    let asked = asked(&data(&body)?, connection.bank())?;
    let key = connection.institution.clone();
    simulator.open(connection.customer.clone(), Some(connection), asked, Some(key)).await
}

/// What a visit is for, checked.
fn asked(body: &Value, institution: Option<&BankInstitution>) -> Result<Asked> {
    let scopes = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect()
    };
    let (consent, fetch) = (scopes(&body["consent"]["scopes"]), scopes(&body["attempt"]["fetch_scopes"]));
    if consent.is_empty() || consent.iter().any(|one| !SCOPES.contains(&one.as_str())) {
        return Err(Error::refused("ConsentScopesNotAllowed"));
    }
    if fetch.is_empty() || fetch.iter().any(|one| !consent.contains(one)) {
        return Err(Error::refused("FetchScopesNotAllowed"));
    }
    let most = institution.and_then(|one| one.consent_days);
    let days = body["consent"]["period_days"].as_u64().and_then(|days| u16::try_from(days).ok());
    if days.zip(most).is_some_and(|(days, most)| days > most) {
        return Err(Error::refused("ConsentPeriodTooLong"));
    }
    let from = body["consent"]["from_date"].as_str().and_then(|day| day.parse().ok());
    // Its default is another one for each kind of client.
    let automatic = body["automatic_refresh"].as_bool().ok_or(Error::refused("AutomaticRefreshMissing"))?;
    let return_to = body["attempt"]["return_to"].as_str().filter(|url| Url::parse(url).is_ok());
    Ok(Asked {
        scopes: consent,
        days: days.or(most),
        from: from.ok_or(Error::refused("DateFormatInvalid"))?,
        return_to: return_to.ok_or(Error::refused("ReturnURLInvalid"))?.to_owned(),
        automatic,
        custom_fields: body["attempt"]["custom_fields"].clone(),
    })
}

impl Simulator {
    async fn open(
        &self,
        customer: String,
        renewed: Option<Connection>,
        asked: Asked,
        institution: Option<String>,
    ) -> Result<Json<Value>> {
        let expires_at = self.shared.clock.now() + LIFE;
        let wanted = PRODUCTS.iter().copied().filter(|one| asked.scopes.iter().any(|scope| scope == map::scope(*one)));
        let flow = Flow::new(FlowOptions {
            application: "Linkspan".to_owned(),
            network: "Salt Edge".to_owned(),
            institution,
            ask_products: wanted.collect(),
            consent_page: true,
            account_selection: false,
            user: renewed.as_ref().and_then(|one| one.login.as_ref()).map(|login| login.user.clone()),
            takes_none: true,
            ..FlowOptions::default()
        });
        let renews = renewed.map(|one| one.id);
        let visit = Visit { customer: customer.clone(), renews, asked, flow, expires_at, ending: None };
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.shared.documents.put_new(&self.kind("visit"), &id, &visit).await?;
        Ok(Json(json!({ "data": {
            "expires_at": expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "connect_url": self.visit_url(&id), "customer_id": customer,
        } })))
    }

    fn visit_url(&self, id: &str) -> String {
        format!("{}/connect/{id}", self.shared.pages_url)
    }

    async fn visit(&self, id: &str) -> Result<Visit> {
        let found: Option<Visit> = self.shared.documents.get(&self.kind("visit"), id).await?;
        found.ok_or(Error::not_found("ConnectSessionNotFound"))
    }

    async fn take(&self, id: &str, form: &Form) -> Result<String> {
        let visit = self.visit(id).await?;
        if visit.ending.is_some() || visit.expires_at <= self.shared.clock.now() {
            return Ok(self.visit_url(id));
        }
        let before = visit.flow.step();
        let mut after = visit;
        let step = self.shared.bank.submit(&mut after.flow, form).await?;
        after.ending = self.conclude(id, &after, step).await?;
        let kept = after.clone();
        let keep = |stored: &mut Visit| {
            // The second of two equal forms finds the first one's work, and changes nothing.
            if stored.flow.step() != before || stored.ending.is_some() {
                return Err(());
            }
            *stored = kept;
            Ok(())
        };
        let _ = self.shared.documents.update(&self.kind("visit"), id, keep).await?;
        Ok(after.ending.unwrap_or_else(|| self.visit_url(id)))
    }

    /// Where the customer goes in the end, if that was it; what comes of it is stored, twice without harm.
    async fn conclude(&self, visit_id: &str, visit: &Visit, step: Step) -> Result<Option<String>> {
        let mut way_out = Url::parse(&visit.asked.return_to).map_err(|_| Error::refused("ReturnURLInvalid"))?;
        let connection = match step {
            Step::Show => return Ok(None),
            Step::Cancelled => return Ok(Some(way_out.to_string())),
            Step::Failed(failure) => {
                let class = class(&failure);
                way_out.query_pairs_mut().append_pair("error_class", class);
                match visit.flow.institution().and_then(bank::institution) {
                    Some(institution) => self.failed(visit_id, visit, institution, class).await?,
                    None => return Ok(Some(way_out.to_string())),
                }
            }
            Step::Finished(finished) => {
                let connection = self.connected(visit_id, visit, &finished).await?;
                way_out.query_pairs_mut().append_pair("connection_id", &connection.id);
                connection
            }
        };
        self.keep(&connection).await?;
        self.tell(&connection).await?;
        Ok(Some(way_out.to_string()))
    }

    async fn connected(&self, visit_id: &str, visit: &Visit, finished: &Finished) -> Result<Connection> {
        let now = self.shared.clock.now();
        let books = self.shared.bank.books(&finished.login.user).await?;
        let institution = books.institution();
        let mut connection = self.worked_on(visit_id, visit, institution).await?;
        // What has been opened since is fetched too.
        connection.accounts = finished.accounts.iter().cloned().collect();
        if !institution.own_account_picker {
            connection.accounts.extend(books.accounts().into_iter().map(|account| account.key));
        }
        connection.first_login.get_or_insert_with(|| finished.login.clone());
        connection.login = Some(finished.login.clone());
        // Accounts are never left out: without them there is nothing.
        let granted: Vec<&str> = finished.granted.iter().map(|product| map::scope(*product)).collect();
        connection.scopes = visit.asked.scopes.clone();
        connection.scopes.retain(|scope| scope == map::ACCOUNTS || granted.contains(&scope.as_str()));
        connection.consent_until = visit.asked.days.map(|days| now + Days::new(u64::from(days)));
        (connection.failure, connection.broken, connection.revoked) = (None, false, false);
        Ok(connection)
    }

    /// An attempt that failed: a first one is kept all the same.
    async fn failed(
        &self,
        visit_id: &str,
        visit: &Visit,
        institution: &BankInstitution,
        class: &str,
    ) -> Result<Connection> {
        let mut connection = self.worked_on(visit_id, visit, institution).await?;
        connection.failure = Some(class.to_owned());
        Ok(connection)
    }

    /// The connection with its next attempt.
    async fn worked_on(&self, visit_id: &str, visit: &Visit, institution: &BankInstitution) -> Result<Connection> {
        let now = self.shared.clock.now();
        let mut connection = match &visit.renews {
            Some(id) => self.connection(id).await?,
            None => Connection {
                // The same if the last form comes twice.
                id: number(&["connection", visit_id]),
                customer: visit.customer.clone(),
                institution: institution.key.clone(),
                login: None,
                first_login: None,
                accounts: Default::default(),
                scopes: visit.asked.scopes.clone(),
                from: visit.asked.from,
                created_at: now,
                attempt: 0,
                attempted_at: now,
                failure: None,
                unattended: Vec::new(),
                automatic: visit.asked.automatic,
                custom_fields: Value::Null,
                consent_until: None,
                revoked: false,
                broken: false,
                told: None,
            },
        };
        connection.attempt = connection.attempt.saturating_add(1);
        connection.attempted_at = now;
        connection.automatic = visit.asked.automatic;
        connection.custom_fields = visit.asked.custom_fields.clone();
        Ok(connection)
    }

    async fn keep(&self, connection: &Connection) -> Result<()> {
        self.shared.documents.put(&self.kind("connection"), &connection.id, connection).await?;
        let add = |customer: &mut Customer| Ok::<_, ()>(customer.connections.insert(connection.id.clone()));
        let _ = self.shared.documents.update(&self.kind("customer"), &connection.customer, add).await?;
        Ok(())
    }
}

/// The class of a failure.
fn class(failure: &Failure) -> &'static str {
    match failure {
        Failure::DifferentLogin => "CredentialsNotMatch",
        Failure::InstitutionDown => "ProviderUnavailable",
        Failure::NoAccounts | Failure::PermissionDenied => "ProviderAccessNotGranted",
        Failure::Locked | Failure::TooManyAttempts | Failure::DepositsNotVerified => "InvalidCredentials",
        Failure::Code(_) => "ProviderError",
    }
}

/// `GET /connect/{visit}`
pub async fn page(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    let visit = match simulator.visit(&id).await {
        Ok(visit) => visit,
        Err(error) => return error.into_response(),
    };
    let page = match visit.ending {
        Some(url) => Page::Elsewhere(url),
        None if visit.expires_at <= simulator.shared.clock.now() => {
            let text = "This page has expired: please go back and start again.";
            Page::notice("Salt Edge", StatusCode::GONE, "expired", text)
        }
        None => Page::Markup(StatusCode::OK, visit.flow.view(&query.query)),
    };
    page.into_response()
}

/// `POST /connect/{visit}`
pub async fn submit(State(simulator): State<Simulator>, Path(id): Path<String>, body: Bytes) -> Response {
    match simulator.take(&id, &Form::parse(&body)).await {
        Ok(url) => Page::Elsewhere(url).into_response(),
        Err(error) => error.into_response(),
    }
}
