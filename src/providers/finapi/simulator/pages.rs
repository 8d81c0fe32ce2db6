//! The Web Form itself: the customer's pages, and what comes of them.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Simulator;
use super::errors::Result;
use super::state::{CONNECTION, Connection, FORM, Purpose, USER, User, WebForm};
use crate::bank::ids;
use crate::bank::pages::{Failure, Finished, Form, Page, Step};

/// The last page, where there is no way back.
fn last_page(status: StatusCode, result: &str, text: &str) -> Page {
    Page::notice("finAPI", status, result, text)
}

fn or_trouble(page: Result<Page>) -> Response {
    let trouble = "The form is away. Please go back and start again.";
    page.unwrap_or_else(|_| last_page(StatusCode::SERVICE_UNAVAILABLE, "unavailable", trouble)).into_response()
}

/// `GET /webForm/{id}`: where the form is opened, with the ways back in its query.
pub async fn open(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    or_trouble(simulator.open_form(&id, &query).await)
}

/// `GET /visit/{id}`
pub async fn show(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let search = query.get("query").map(String::as_str).unwrap_or_default();
    or_trouble(simulator.form_page(&id, search).await)
}

/// `POST /visit/{id}`
pub async fn submit(State(simulator): State<Simulator>, Path(id): Path<String>, body: Bytes) -> Response {
    or_trouble(simulator.take_form(&id, &Form::parse(&body)).await)
}

impl Simulator {
    fn visit_url(&self, id: &str) -> String {
        format!("{}/visit/{id}", self.shared.pages_url)
    }

    async fn open_form(&self, id: &str, query: &BTreeMap<String, String>) -> Result<Page> {
        let ways = ["redirectUrl", "errorRedirectUrl", "abortRedirectUrl"];
        let open = |form: &mut WebForm| {
            if !form.is_over() {
                form.status = "IN_PROGRESS".to_owned();
                form.ways_back = ways.map(|name| query.get(name).cloned());
            }
            Ok::<_, ()>(())
        };
        let _ = self.shared.documents.update(FORM, id, open).await?;
        Ok(Page::Elsewhere(self.visit_url(id)))
    }

    async fn form_page(&self, id: &str, query: &str) -> Result<Page> {
        let Some(form) = self.shared.documents.get::<WebForm>(FORM, id).await? else {
            return Ok(last_page(StatusCode::NOT_FOUND, "unknown", "There is no such form."));
        };
        Ok(match form.status(self.shared.clock.now()) {
            "EXPIRED" => last_page(StatusCode::GONE, "expired", "This form has expired."),
            _ if form.is_over() => way_out(&form),
            _ => Page::Markup(StatusCode::OK, form.flow.view(query)),
        })
    }

    async fn take_form(&self, id: &str, posted: &Form) -> Result<Page> {
        let found = self.shared.documents.get::<WebForm>(FORM, id).await?;
        let Some(mut form) = found.filter(|form| form.status(self.shared.clock.now()) == "IN_PROGRESS") else {
            return Ok(Page::Elsewhere(self.visit_url(id)));
        };
        let before = form.flow.step();
        let step = self.shared.bank.submit(&mut form.flow, posted).await?;
        self.conclude(id, &mut form, step).await?;
        let kept = form.clone();
        let keep = |stored: &mut WebForm| {
            // The second of two equal posts finds the first one's work, and changes nothing.
            if stored.flow.step() != before || stored.is_over() {
                return Err(());
            }
            *stored = kept;
            Ok(())
        };
        let _ = self.shared.documents.update(FORM, id, keep).await?;
        Ok(if form.is_over() { way_out(&form) } else { Page::Elsewhere(self.visit_url(id)) })
    }

    /// Notes how a form ended, if it did; what comes of it is stored, twice without harm.
    async fn conclude(&self, id: &str, form: &mut WebForm, step: Step) -> Result<()> {
        let outcome = match step {
            Step::Show => return Ok(()),
            Step::Cancelled | Step::Failed(Failure::PermissionDenied) => {
                form.status = "ABORTED".to_owned();
                return Ok(());
            }
            Step::Failed(Failure::NoAccounts) => Err("NO_ACCOUNTS_FOR_TYPE_LIST".to_owned()),
            Step::Failed(Failure::InstitutionDown) => Err("UNEXPECTED_ACCESS_RESPONSE".to_owned()),
            Step::Failed(Failure::Code(code)) if is_error_code(&code) => Err(code),
            Step::Failed(_) => Err("BANK_SERVER_REJECTION".to_owned()),
            Step::Finished(finished) => match form.purpose.clone() {
                Purpose::Import { owners, days } => self.imported_by(id, form, &finished, owners, days).await?,
                Purpose::Update { connection, new_accounts } => {
                    self.updated_by(connection, new_accounts, finished).await?;
                    Ok(connection)
                }
            },
        };
        match outcome {
            Ok(connection) => (form.status, form.connection) = ("COMPLETED".to_owned(), Some(connection)),
            Err(code) => (form.status, form.error_code) = ("COMPLETED_WITH_ERROR".to_owned(), Some(code)),
        }
        Ok(())
    }

    /// A new bank connection, unless the user has one with that login already.
    async fn imported_by(
        &self,
        form_id: &str,
        form: &WebForm,
        finished: &Finished,
        owners: bool,
        days: u64,
    ) -> Result<std::result::Result<i64, String>> {
        let (documents, now) = (&self.shared.documents, self.shared.clock.now());
        // The same if the last form comes twice.
        let id = ids::number(&["connection", form_id]);
        let user: Option<User> = documents.get(USER, &form.user).await?;
        let automatic = user.as_ref().is_some_and(|user| user.automatic);
        for other in user.map(|user| user.connections).unwrap_or_default() {
            let other = self.imported(other).await?.filter(|other| other.connection.id != id);
            if other.is_some_and(|other| other.connection.login.user == finished.login.user) {
                return Ok(Err("ENTITY_EXISTS".to_owned()));
            }
        }
        let books = self.shared.bank.books(&finished.login.user).await?;
        let connection = Connection {
            id,
            user: form.user.clone(),
            institution: books.institution().key.clone(),
            login: finished.login.clone(),
            first_login: finished.login.clone(),
            accounts: finished.accounts.iter().cloned().collect(),
            granted: finished.granted.iter().copied().collect(),
            owners,
            days,
            created_at: now,
            seen: books.now(),
            busy_until: now,
            automatic,
            broken: false,
            revoked: false,
            foreign: false,
            consent_until: self.consent_until(books.institution().consent_days),
            told: false,
        };
        documents.put(CONNECTION, &id.to_string(), &connection).await?;
        let add = |user: &mut User| Ok::<_, ()>(user.connections.insert(id));
        let _ = documents.update(USER, &form.user, add).await?;
        Ok(Ok(id))
    }

    /// An update with the customer. Nothing keeps them from putting in another login: then none of the accounts is found with it.
    async fn updated_by(&self, id: i64, new_accounts: bool, finished: Finished) -> Result<()> {
        let books = self.shared.bank.books(&finished.login.user).await?;
        let consent_until = self.consent_until(books.institution().consent_days);
        let opened = books.accounts().into_iter().filter(|account| account.opened_at.is_some());
        let opened: Vec<String> = opened.map(|account| account.key).collect();
        self.change(id, |connection| {
            connection.foreign = connection.login.user != finished.login.user;
            if connection.foreign {
                return;
            }
            if new_accounts {
                connection.accounts.extend(opened);
            }
            connection.login = finished.login;
            (connection.broken, connection.revoked, connection.told) = (false, false, false);
            (connection.consent_until, connection.seen) = (consent_until, books.now());
        })
        .await?;
        Ok(())
    }
}

fn way_out(form: &WebForm) -> Page {
    let [done, failed, left] = &form.ways_back;
    let (way, result) = match form.status.as_str() {
        "COMPLETED" => (done, "finished"),
        "ABORTED" => (left, "cancelled"),
        _ => (failed, "failed"),
    };
    match way {
        Some(url) => Page::Elsewhere(url.clone()),
        None => last_page(StatusCode::OK, result, "You can go back to the application."),
    }
}

/// What a password `error_<CODE>` can ask for.
fn is_error_code(code: &str) -> bool {
    const CODES: [&str; 10] = [
        "BANK_SERVER_REJECTION",
        "INTERNAL_ERROR",
        "INTERRUPTED",
        "INVALID_TOKEN",
        "MANDATOR_MISCONFIGURATION",
        "NO_ACCOUNTS_FOR_TYPE_LIST",
        "UNDETERMINED_BANK",
        "UNEXPECTED_ACCESS_RESPONSE",
        "UNSUPPORTED_FEATURE",
        "UNSUPPORTED_ORDER",
    ];
    CODES.contains(&code)
}
