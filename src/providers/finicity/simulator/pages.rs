//! Connect's pages: [`bank::pages`](crate::bank::pages) under a link's token.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use url::Url;

use super::Simulator;
use super::call::Result;
use super::state::{CONNECT, Connect, End, InstitutionLogin, LOGIN};
use super::{ids, institutions};
use crate::bank::pages::{Finished, Form, Page, PageQuery, Step};
use crate::bank::{BankAccount, Books};

fn notice(status: StatusCode, result: &str, text: &str) -> Page {
    Page::notice("Finicity", status, result, text)
}

fn or_trouble(page: Result<Page>) -> Response {
    let text = "This page is not available right now. Please try again in a minute.";
    page.unwrap_or_else(|_| notice(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)).into_response()
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

impl Simulator {
    async fn connect(&self, token: &str) -> Result<Option<Connect>> {
        Ok(self.shared.documents.get(CONNECT, &ids::fingerprint(token)).await?)
    }

    async fn page(&self, token: &str, query: &str) -> Result<Page> {
        let Some(connect) = self.connect(token).await? else { return Ok(unknown()) };
        if let Some(end) = &connect.end {
            return Ok(way_out(&connect, end));
        }
        if connect.expires_at <= self.shared.clock.now() {
            let text = "This link has run out. Please go back to the application and start again.";
            return Ok(notice(StatusCode::GONE, "expired", text));
        }
        Ok(Page::Markup(StatusCode::OK, connect.flow.view(query)))
    }

    async fn take(&self, token: &str, form: &Form) -> Result<Page> {
        let Some(mut connect) = self.connect(token).await? else { return Ok(unknown()) };
        if connect.end.is_some() || connect.expires_at <= self.shared.clock.now() {
            return self.page(token, "").await;
        }
        let before = connect.flow.step();
        let step = self.shared.bank.submit(&mut connect.flow, form).await?;
        let login = match &step {
            Step::Finished(finished) => Some(self.conclude(token, &connect, finished).await?),
            _ => None,
        };
        connect.end = match (&step, &login) {
            (_, Some(login)) => Some(End::Linked(login.id)),
            (Step::Cancelled, _) => Some(End::Left("exit".to_owned())),
            (Step::Failed(failure), _) => Some(End::Left(failure.code().to_owned())),
            _ => None,
        };
        let kept = connect.clone();
        let keep = |stored: &mut Connect| {
            // The second of two equal forms finds the first one's work, and changes nothing.
            if stored.flow.step() != before || stored.end.is_some() {
                return Err(());
            }
            *stored = kept;
            Ok(())
        };
        let stored = self.shared.documents.update(CONNECT, &ids::fingerprint(token), keep).await?;
        if connect.end.is_some() && matches!(stored, Some(Ok(()))) {
            let payload = match login {
                Some(login) => Some(self.payload(&login).await?),
                None => None,
            };
            self.tell_end(&connect, payload);
        }
        self.page(token, "").await.map(|page| match page {
            // The browser shall not send the form again.
            Page::Markup(StatusCode::OK, _) => Page::Elsewhere(format!("{}/connect/{token}", self.shared.pages_url)),
            page => page,
        })
    }

    /// What the customer agreed to becomes a login, or mends the one it was about if it is the same customer's at the bank; twice
    /// without harm.
    async fn conclude(&self, token: &str, connect: &Connect, finished: &Finished) -> Result<InstitutionLogin> {
        let now = self.shared.clock.now();
        let books = self.shared.bank.books(&finished.login.user).await?;
        let broken: Option<InstitutionLogin> = match connect.fix {
            Some(id) => self.shared.documents.get(LOGIN, &id.to_string()).await?,
            None => None,
        };
        let mended = broken.filter(|login| login.login.user == finished.login.user);
        let id = mended.as_ref().map_or_else(|| ids::number(&["login", &ids::fingerprint(token)]), |login| login.id);
        let accounts = match mended {
            Some(login) => discovered(login.accounts, &books, finished),
            None => finished.accounts.clone(),
        };
        let mut fresh = InstitutionLogin {
            id,
            customer: connect.customer.clone(),
            institution: books.institution().key.clone(),
            login: finished.login.clone(),
            accounts: accounts.clone(),
            created_at: now,
            authorized_until: None,
            broken: false,
            revoked: false,
            long_history: Default::default(),
            attempt: None,
            seen: None,
        };
        fresh.aggregate(&books, now, true);
        self.shared.documents.put_new(LOGIN, &id.to_string(), &fresh).await?;
        self.note_logins(&connect.customer, |logins| {
            logins.insert(id);
        })
        .await?;
        self.change(&id.to_string(), |login| {
            login.login = finished.login.clone();
            login.accounts = accounts;
            (login.broken, login.revoked, login.authorized_until) = (false, false, None);
        })
        .await
    }

    async fn payload(&self, login: &InstitutionLogin) -> Result<Value> {
        let accounts = self.show(login).await?;
        Ok(json!({ "institutionId": institutions::id(&login.institution).to_string(), "accounts": accounts }))
    }
}

/// The accounts of a login that was mended: those it had, and what the customer has opened since, or chose at the institution.
fn discovered(mut accounts: Vec<String>, books: &Books, finished: &Finished) -> Vec<String> {
    let picked = books.institution().own_account_picker;
    let is_new =
        |account: &BankAccount| account.opened_at.is_some() && (!picked || finished.accounts.contains(&account.key));
    let new: Vec<String> = books.accounts().into_iter().filter(is_new).map(|account| account.key).collect();
    accounts.extend(new.into_iter().filter(|key| !accounts.contains(key)).collect::<Vec<_>>());
    accounts
}

/// Where a session leads to that is over.
fn way_out(connect: &Connect, end: &End) -> Page {
    let Some(mut url) = connect.redirect.as_deref().and_then(|url| Url::parse(url).ok()) else {
        return Page::Markup(StatusCode::OK, connect.flow.view(""));
    };
    let (success, reason) = match end {
        End::Linked(_) => ("true", "OK"),
        End::Left(reason) => ("false", reason.as_str()),
    };
    url.query_pairs_mut().append_pair("success", success).append_pair("reasonCode", reason);
    Page::Elsewhere(url.into())
}

fn unknown() -> Page {
    notice(StatusCode::NOT_FOUND, "unknown", "There is no such link.")
}
