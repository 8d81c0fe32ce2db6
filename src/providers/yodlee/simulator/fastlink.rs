//! FastLink: the customer's pages, opened by a form or by the script, and what comes of a visit.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Simulator;
use super::errors::Result;
use super::providers::{find, provider_id};
use super::state::{PROVIDER_ACCOUNT, ProviderAccount, Standing, USER, User, VISIT, Visit};
use crate::bank::ids;
use crate::bank::pages::{self, Failure, Finished, Flow, FlowOptions, Form, Page, PageQuery, Step};
use crate::bank::{self, BankInstitution};
use crate::domain::product::Product;

/// FastLink ends a visit after that time.
const LIFE: TimeDelta = TimeDelta::minutes(120);
/// What the aggregation covers, and what only a configuration with verification does.
const BASIC: [Product; 5] = [
    Product::Balances,
    Product::Transactions,
    Product::InvestmentHoldings,
    Product::InvestmentTransactions,
    Product::Liabilities,
];
const PROFILE: [Product; 2] = [Product::Identifiers, Product::Owners];

/// The last page: why there is no other, or what the script tells the page around it.
fn last_page(status: StatusCode, result: &str, text: &str, handover: Option<&Value>) -> Page {
    Page::Markup(status, pages::last_page("FastLink", result, text, handover))
}

fn or_trouble(page: Result<Page>) -> Page {
    page.unwrap_or_else(|_| {
        let text = "FastLink cannot be opened: its token has ended, or it is away. Please go back and start again.";
        last_page(StatusCode::UNAUTHORIZED, "unavailable", text, None)
    })
}

fn unknown() -> Page {
    last_page(StatusCode::NOT_FOUND, "unknown", "There is no such visit.", None)
}

/// `POST /`: the form that opens it.
pub async fn open(State(simulator): State<Simulator>, body: Bytes) -> Response {
    let form = Form::parse(&body);
    or_trouble(simulator.open_visit(form.first("accessToken"), form.first("extraParams")).await).into_response()
}

/// `GET /launch/{launch}`: the same for a program that has a launch in hand.
pub async fn open_launch(State(simulator): State<Simulator>, Path(launch): Path<String>) -> Response {
    let text = BASE64_URL_SAFE_NO_PAD.decode(launch).unwrap_or_default();
    let Ok((token, extra)) = serde_json::from_slice::<(String, String)>(&text) else {
        return unknown().into_response();
    };
    or_trouble(simulator.open_visit(&token, &extra).await).into_response()
}

/// `GET /visit/{visit}`
pub async fn show(
    State(simulator): State<Simulator>,
    Path(visit): Path<String>,
    Query(query): Query<PageQuery>,
) -> Response {
    or_trouble(simulator.visit_page(&visit, &query.query).await).into_response()
}

/// `POST /visit/{visit}`
pub async fn submit(State(simulator): State<Simulator>, Path(visit): Path<String>, body: Bytes) -> Response {
    or_trouble(simulator.take_form(&visit, &Form::parse(&body)).await).into_response()
}

impl Simulator {
    /// The page that opens FastLink by a launch.
    pub(super) fn launch_page(&self, launch: &Value) -> Option<String> {
        let (token, extra) = match launch["kind"].as_str()? {
            "FORM_POST" => {
                let fields = &launch["fields"];
                (fields["accessToken"].as_str()?.to_owned(), fields["extraParams"].as_str()?.to_owned())
            }
            "SCRIPT" => {
                let parameters = launch["config"]["params"].as_object()?;
                let parameters = parameters.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
                let extra = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
                (launch["token"].as_str()?.to_owned(), extra)
            }
            _ => return None,
        };
        let fields = serde_json::to_string(&(token, extra)).ok()?;
        Some(format!("{}/launch/{}", self.shared.pages_url, BASE64_URL_SAFE_NO_PAD.encode(fields)))
    }

    fn visit_url(&self, id: &str) -> String {
        format!("{}/visit/{id}", self.shared.pages_url)
    }

    async fn open_visit(&self, token: &str, extra: &str) -> Result<Page> {
        let user = self.user_of(token.strip_prefix("Bearer ").unwrap_or_default()).await?;
        let parameters: BTreeMap<String, String> =
            form_urlencoded::parse(extra.as_bytes()).into_owned().take(20).collect();
        let Some(config) = parameters.get("configName").filter(|name| !name.is_empty()) else {
            let text = "A configuration must be named.";
            return Ok(last_page(StatusCode::BAD_REQUEST, "config", text, None));
        };
        let edited = match parameters.get("flow").map(String::as_str) {
            Some("edit") => {
                let id = parameters.get("providerAccountId").map(String::as_str).unwrap_or_default();
                let login: Option<ProviderAccount> = self.shared.documents.get(PROVIDER_ACCOUNT, id).await?;
                let Some(login) = login.filter(|login| login.user == user && !login.revoked) else {
                    let text = "This account cannot be edited: link it anew.";
                    return Ok(last_page(StatusCode::BAD_REQUEST, "edit", text, None));
                };
                Some(login)
            }
            _ => None,
        };
        let institution = parameters.get("providerId").and_then(|id| id.parse().ok()).and_then(find);
        let profile = config.contains("Verification");
        let visit = Visit {
            user,
            edits: edited.as_ref().map(|login| login.id),
            profile,
            callback: parameters.get("callback").cloned(),
            flow: flow(edited.as_ref(), institution, profile),
            expires_at: self.shared.clock.now() + LIFE,
            ending: None,
        };
        let id = ids::random_token();
        self.shared.documents.put_new(VISIT, &id, &visit).await?;
        Ok(Page::Elsewhere(self.visit_url(&id)))
    }

    async fn visit_page(&self, id: &str, query: &str) -> Result<Page> {
        let Some(visit) = self.shared.documents.get::<Visit>(VISIT, id).await? else { return Ok(unknown()) };
        if let Some(ending) = &visit.ending {
            return Ok(way_out(&visit, ending));
        }
        if visit.expires_at <= self.shared.clock.now() {
            return Ok(last_page(StatusCode::GONE, "expired", "This visit has taken too long.", None));
        }
        Ok(Page::Markup(StatusCode::OK, visit.flow.view(query)))
    }

    async fn take_form(&self, id: &str, form: &Form) -> Result<Page> {
        let Some(visit) = self.shared.documents.get::<Visit>(VISIT, id).await? else { return Ok(unknown()) };
        if visit.ending.is_some() || visit.expires_at <= self.shared.clock.now() {
            return Ok(Page::Elsewhere(self.visit_url(id)));
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
        let _ = self.shared.documents.update(VISIT, id, keep).await?;
        Ok(match &after.ending {
            Some(ending) => way_out(&after, ending),
            None => Page::Elsewhere(self.visit_url(id)),
        })
    }

    /// What FastLink's script tells at the end, if that was it; what comes of it is stored, twice without harm.
    async fn conclude(&self, visit_id: &str, visit: &Visit, step: Step) -> Result<Option<Value>> {
        let left = json!({ "action": "exit", "status": "ACTION_ABANDONED", "sites": [] });
        let login = match step {
            Step::Show => return Ok(None),
            Step::Cancelled | Step::Failed(Failure::PermissionDenied) => return Ok(Some(left)),
            Step::Finished(finished) => self.linked(visit_id, visit, &finished).await?,
            Step::Failed(failure) => match visit.flow.institution().and_then(bank::institution) {
                Some(institution) => self.failed(visit_id, visit, institution, reason(&failure)).await?,
                None => return Ok(Some(left)),
            },
        };
        self.tell_refreshed(&login).await?;
        let standing = self.standing(&login).await?;
        let name = login.bank().map(|bank| bank.name.as_str());
        Ok(Some(json!({ "action": "exit", "sites": [{
            "status": standing.status, "additionalStatus": standing.additional, "providerAccountId": login.id,
            "providerId": provider_id(&login.institution), "providerName": name, "requestId": login.request_id,
        }] })))
    }

    async fn linked(&self, visit_id: &str, visit: &Visit, finished: &Finished) -> Result<ProviderAccount> {
        let now = self.shared.clock.now();
        let books = self.shared.bank.books(&finished.login.user).await?;
        let institution = books.institution();
        let mut login = match visit.edits {
            Some(id) => self.change(id, |_| {}).await?,
            None => self.new_login(visit_id, visit, &institution.key),
        };
        let is_same = login.login.as_ref().is_some_and(|login| login.user == finished.login.user);
        if is_same && !institution.own_account_picker {
            // What has been opened since is aggregated too.
            let new = books.accounts().into_iter().filter(|account| account.opened_at.is_some());
            login.accounts.extend(new.map(|account| account.key));
        } else {
            login.accounts = finished.accounts.iter().cloned().collect();
        }
        login.login = Some(finished.login.clone());
        if !is_same {
            login.first_login = Some(finished.login.clone());
        }
        login.granted.extend(finished.granted.iter().copied());
        login.profile |= visit.profile && PROFILE.iter().any(|product| login.granted.contains(product));
        (login.failure, login.broken, login.attempted_at) = (None, false, now);
        login.request_id = ids::random_token();
        login.consent_until = institution.consent_days.map(|days| now + Days::new(u64::from(days)));
        self.keep(&login).await?;
        Ok(login)
    }

    /// An attempt that the institution refused: Yodlee keeps it, with the reason.
    async fn failed(
        &self,
        visit_id: &str,
        visit: &Visit,
        institution: &BankInstitution,
        reason: String,
    ) -> Result<ProviderAccount> {
        let mut login = match visit.edits {
            Some(id) => self.change(id, |_| {}).await?,
            None => self.new_login(visit_id, visit, &institution.key),
        };
        (login.failure, login.attempted_at) = (Some(reason), self.shared.clock.now());
        login.request_id = ids::random_token();
        self.keep(&login).await?;
        Ok(login)
    }

    fn new_login(&self, visit_id: &str, visit: &Visit, institution: &str) -> ProviderAccount {
        let now = self.shared.clock.now();
        ProviderAccount {
            // The same if the last form comes twice.
            id: ids::number(&["provider_account", visit_id]),
            user: visit.user.clone(),
            institution: institution.to_owned(),
            login: None,
            first_login: None,
            accounts: Default::default(),
            granted: Default::default(),
            profile: false,
            created_at: now,
            attempted_at: now,
            request_id: String::new(),
            failure: None,
            broken: false,
            revoked: false,
            consent_until: None,
            told: Standing::good(),
        }
    }

    async fn keep(&self, login: &ProviderAccount) -> Result<()> {
        let id = login.id;
        self.shared.documents.put(PROVIDER_ACCOUNT, &id.to_string(), login).await?;
        self.shared.documents.put_new(USER, &login.user, &User::default()).await?;
        let add = |user: &mut User| Ok::<_, ()>(user.logins.insert(id));
        let _ = self.shared.documents.update(USER, &login.user, add).await?;
        Ok(())
    }
}

/// FastLink begins with the institution's login page where one is named. Nothing keeps the customer from putting another login in the place
/// of an edited one.
fn flow(edited: Option<&ProviderAccount>, institution: Option<&BankInstitution>, profile: bool) -> Flow {
    let key = edited.map(|login| login.institution.clone()).or_else(|| institution.map(|one| one.key.clone()));
    let mut asked = BASIC.to_vec();
    asked.extend(PROFILE.into_iter().filter(|_| profile));
    Flow::new(FlowOptions {
        application: "Linkspan".to_owned(),
        network: "FastLink".to_owned(),
        institution: key,
        ask_products: asked,
        consent_page: false,
        account_selection: edited.is_none(),
        ..FlowOptions::default()
    })
}

fn way_out(visit: &Visit, ending: &Value) -> Page {
    match &visit.callback {
        Some(url) => Page::Elsewhere(url.clone()),
        None => last_page(StatusCode::OK, "exit", "You can go back to the application.", Some(ending)),
    }
}

/// The additional status of an attempt that failed so.
fn reason(failure: &Failure) -> String {
    match failure {
        Failure::NoAccounts => "DATA_NOT_AVAILABLE",
        Failure::DepositsNotVerified => "INVALID_ADDL_INFO_PROVIDED",
        Failure::Locked => "ACCOUNT_LOCKED",
        Failure::InstitutionDown => "SITE_UNAVAILABLE",
        Failure::PermissionDenied => "USER_ACTION_NEEDED_AT_SITE",
        Failure::DifferentLogin | Failure::TooManyAttempts => "INCORRECT_CREDENTIALS",
        Failure::Code(code) if super::knobs::is_status(code) => code,
        Failure::Code(_) => "UNEXPECTED_SITE_ERROR",
    }
    .to_owned()
}
