//! The Web Form's API: forms for imports, tasks for updates.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Simulator;
use super::banks::find;
use super::errors::{Error, Result};
use super::gate::Caller;
use super::state::{Connection, FORM, Purpose, Standing, TASK, Task, WebForm};
use super::values::time;
use crate::bank::pages::{Flow, FlowOptions};
use crate::domain::account::AccountSubtype;
use crate::domain::product::Product;

/// The life of a form.
const LIFE: TimeDelta = TimeDelta::minutes(20);
/// How long an update takes.
const UPDATE: TimeDelta = TimeDelta::seconds(10);
/// What finAPI downloads.
const DOWNLOADED: [Product; 4] =
    [Product::Balances, Product::Identifiers, Product::Transactions, Product::InvestmentHoldings];

/// `POST /api/webForms/bankConnectionImport`
pub async fn import(caller: Caller, Json(body): Json<Value>) -> Result<(StatusCode, Json<Value>)> {
    let user = user(&caller)?;
    if !body["redirectUrl"].is_null() {
        let message = "redirectUrl is for licensed clients only";
        return Err(Error::form(StatusCode::UNPROCESSABLE_ENTITY, "NOT_ALLOWED", message));
    }
    let days = body["maxDaysForDownload"].as_u64().unwrap_or(90);
    if days > 3650 {
        return Err(Error::form_field("maxDaysForDownload", "must be less than or equal to 3650"));
    }
    let refused = |code, message| Error::form(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    let institution = match body["bank"]["id"].as_i64() {
        Some(id) => Some(find(id).ok_or_else(|| refused("BANK_NOT_SUPPORTED", "The bank is not supported."))?),
        None => None,
    };
    if body["allowTestBank"] != json!(true) {
        return Err(refused("BANK_NOT_SUPPORTED", "Test banks are not allowed."));
    }
    let owners = body["loadOwnerData"].as_bool().unwrap_or(false);
    let mut asked = DOWNLOADED.to_vec();
    asked.extend(owners.then_some(Product::Owners));
    let flow = Flow::new(FlowOptions {
        application: "Linkspan".to_owned(),
        network: "finAPI".to_owned(),
        institution: institution.map(|one| one.key.clone()),
        country_codes: vec!["DE".to_owned(), "AT".to_owned()],
        ask_products: asked,
        account_selection: true,
        account_subtypes: body["accountTypes"].as_array().map(|types| types.iter().flat_map(subtypes).collect()),
        ..FlowOptions::default()
    });
    let id = caller.simulator.new_form(user, Purpose::Import { owners, days }, flow).await?;
    Ok((StatusCode::CREATED, Json(caller.simulator.form(user, &id).await?)))
}

/// Our subtypes of one of the Web Form's account types.
fn subtypes(name: &Value) -> Vec<AccountSubtype> {
    use AccountSubtype as S;
    match name.as_str().unwrap_or_default() {
        "CHECKING" => vec![S::Checking],
        "SAVINGS" => vec![S::Savings],
        "CREDIT_CARD" => vec![S::CreditCard],
        "LOAN" => vec![S::Mortgage, S::StudentLoan],
        "SECURITY" => vec![S::Brokerage, S::Plan401k, S::Ira],
        _ => Vec::new(),
    }
}

/// `GET /api/webForms/{id}`
pub async fn get(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    Ok(Json(caller.simulator.form(user(&caller)?, &id).await?))
}

/// `POST /api/tasks/backgroundUpdate`
pub async fn update(caller: Caller, Json(body): Json<Value>) -> Result<(StatusCode, Json<Value>)> {
    let user = user(&caller)?;
    let mode = body.get("importNewAccountsMode").and_then(Value::as_str);
    let Some(mode @ ("SKIP" | "CONDITIONAL" | "FORCED")) = mode else {
        return Err(Error::form_field("importNewAccountsMode", "must be one of SKIP, CONDITIONAL, FORCED"));
    };
    let id = body["bankConnectionId"].to_string();
    let one = caller.connection(&id).await.map_err(|_| not_found())?;
    let (connection, now, simulator) = (&one.connection, one.books.now().at, &caller.simulator);
    if connection.busy_until > now {
        return Err(Error::form(StatusCode::LOCKED, "LOCKED", "The bank connection is being updated."));
    }
    let is_forced = body["manageSavedSettings"].as_array().is_some_and(|settings| !settings.is_empty());
    let takes_new = connection.takes_new_accounts();
    let new_accounts = mode == "FORCED" || (mode == "CONDITIONAL" && takes_new);
    if mode == "FORCED" && !takes_new {
        simulator.change(connection.id, |connection| connection.revoked = true).await?;
    }
    let form =
        if is_forced || connection.is_for_one_time() || one.connection.standing(&one.books) == Standing::NeedsUser {
            let purpose = Purpose::Update { connection: connection.id, new_accounts };
            let flow = Flow::new(FlowOptions {
                application: "Linkspan".to_owned(),
                network: "finAPI".to_owned(),
                institution: Some(connection.institution.clone()),
                ask_products: connection.granted.iter().copied().collect(),
                ..FlowOptions::default()
            });
            let form = simulator.new_form(user, purpose, flow).await?;
            Some(form)
        } else {
            let busy_until = now + UPDATE;
            let opened = one.books.accounts().into_iter().filter(|account| new_accounts && account.opened_at.is_some());
            let opened: Vec<String> = opened.map(|account| account.key).collect();
            let begin = |connection: &mut Connection| {
                connection.busy_until = busy_until;
                connection.accounts.extend(opened);
            };
            simulator.change(connection.id, begin).await?;
            None
        };
    let id = Uuid::new_v4().to_string();
    let task = Task { user: user.to_owned(), connection: connection.id, form, created_at: now, done_at: now + UPDATE };
    simulator.shared.documents.put_new(TASK, &id, &task).await?;
    Ok((StatusCode::CREATED, Json(described(&id, &task, "NOT_YET_STARTED", None))))
}

/// `GET /api/tasks/{id}`
pub async fn task(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    let user = user(&caller)?;
    let simulator = &caller.simulator;
    let found: Option<Task> = simulator.shared.documents.get(TASK, &id).await?;
    let task = found.filter(|task| task.user == user).ok_or_else(not_found)?;
    let now = simulator.shared.clock.now();
    let Some(form_id) = &task.form else {
        let status = if task.done_at <= now { "COMPLETED" } else { "IN_PROGRESS" };
        return Ok(Json(described(&id, &task, status, None)));
    };
    let form: WebForm = simulator.shared.documents.get(FORM, form_id).await?.ok_or_else(not_found)?;
    let info = json!({ "id": form_id, "url": simulator.form_url(form_id), "status": form.status(now) });
    let status = match form.status(now) {
        "COMPLETED" => "COMPLETED",
        "COMPLETED_WITH_ERROR" => "COMPLETED_WITH_ERROR",
        _ => "WEB_FORM_REQUIRED",
    };
    Ok(Json(described(&id, &task, status, Some(info))))
}

fn described(id: &str, task: &Task, status: &str, form: Option<Value>) -> Value {
    let mut payload = json!({ "bankConnectionId": task.connection });
    if let Some(form) = form {
        payload["webForm"] = form;
    }
    json!({
        "id": id, "createdAt": time(task.created_at), "type": "BANK_CONNECTION_UPDATE", "status": status,
        "payload": payload,
    })
}

fn user(caller: &Caller) -> Result<&str> {
    caller.user().map_err(|_| Error::form(StatusCode::FORBIDDEN, "FORBIDDEN", "A user's token is needed."))
}

fn not_found() -> Error {
    Error::form(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing with this id.")
}

impl Simulator {
    /// Where a form is opened.
    pub(super) fn form_url(&self, id: &str) -> String {
        format!("{}/webForm/{id}", self.shared.pages_url)
    }

    async fn new_form(&self, user: &str, purpose: Purpose, flow: Flow) -> Result<String> {
        let (id, now) = (Uuid::new_v4().to_string(), self.shared.clock.now());
        let form = WebForm {
            user: user.to_owned(),
            purpose,
            flow,
            created_at: now,
            expires_at: now + LIFE,
            status: "NOT_YET_OPENED".to_owned(),
            connection: None,
            error_code: None,
            ways_back: [None, None, None],
        };
        self.shared.documents.put_new(FORM, &id, &form).await?;
        Ok(id)
    }

    /// A form as it is sent.
    async fn form(&self, user: &str, id: &str) -> Result<Value> {
        let found: Option<WebForm> = self.shared.documents.get(FORM, id).await?;
        let form = found.filter(|form| form.user == user).ok_or_else(not_found)?;
        let kind = match form.purpose {
            Purpose::Import { .. } => "BANK_CONNECTION_IMPORT",
            Purpose::Update { .. } => "BANK_CONNECTION_UPDATE",
        };
        let payload =
            super::values::without_nulls(json!({ "bankConnectionId": form.connection, "errorCode": form.error_code }));
        Ok(json!({
            "id": id, "url": self.form_url(id), "createdAt": time(form.created_at), "expiresAt": time(form.expires_at),
            "type": kind, "status": form.status(self.shared.clock.now()), "payload": payload,
        }))
    }

    /// When a consent given now ends at that institution.
    pub(super) fn consent_until(&self, days: Option<u16>) -> Option<chrono::DateTime<chrono::Utc>> {
        days.map(|days| self.shared.clock.now() + Days::new(u64::from(days)))
    }
}
