//! Opens a web form: to import a bank connection, or to update one.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use url::Url;

use crate::domain::placement::Placement;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::finapi::error::UNKNOWN_USER;
use crate::providers::finapi::map;
use crate::providers::finapi::wire::{Task, WebForm};
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::records::{Made, Make};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::{Credential, Session, User, forget, user};
use super::{Api, Caller, Operation, Verb, connections, notifications, refused};

const IMPORT: Operation = Operation::changing("POST /api/webForms/bankConnectionImport", Verb::Post).of_web_form();
const FORM: Operation = Operation::reading("GET /api/webForms/{id}").of_web_form();
const UPDATE: Operation =
    Operation::changing("POST /api/tasks/backgroundUpdate", Verb::Post).of_connection().of_web_form();
const TASK: Operation = Operation::reading("GET /api/tasks/{id}").of_web_form();

/// How long an update that was asked for is waited for, before it is asked for again.
const TASK_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How soon a form may be there that is not yet.
const SOON: std::time::Duration = std::time::Duration::from_secs(2);

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let notify = match &request.webhook_url {
        Some(url) => notifications::ensure(api, url).await,
        None => false,
    };
    let (user, form, updates) = match &request.purpose {
        LinkPurpose::Connect(placements) => {
            let user = user(api, &request.customer_ref).await?;
            let asked = |product| placements.of(product).is_some_and(Placement::is_fetched);
            let body = import(api, request, asked(Product::Owners))?;
            let path = "/api/webForms/bankConnectionImport";
            let form: WebForm = match api.make(Caller::User(&user), IMPORT, path, &body).await {
                Err(failure) if failure.code == UNKNOWN_USER => {
                    return Err(forget(api, &request.customer_ref, &user).await);
                }
                form => form?,
            };
            (user, form, None)
        }
        // The login can be changed, and is kept, in any case.
        LinkPurpose::Repair { credential, new_accounts, .. } => {
            let credential = Credential::read(credential)?;
            let known = connections::get(api, &credential.user, credential.connection).await?.account_ids;
            let form = update(api, &credential, request, *new_accounts).await?;
            (credential.user, form, Some((credential.connection, known)))
        }
    };
    let expires_at = map::instant(Some(&form.expires_at)).ok_or_else(|| Failure::unreadable("expiresAt of a form"))?;
    let url = with_way_back(&form.url, &request.return_url)?;
    let bank = request.institution.as_deref().and_then(|bank| bank.parse().ok());
    let session = Session { user, form: form.id, updates, bank, notify };
    let launch = Launch::Redirect { url, token: None };
    // The form of an update is there for whoever comes next, until it ends.
    let issued = session.updates.is_none().then(|| Secret::new(session.form.as_str()));
    Ok(LinkBegun { launch, provider_session: session.secret(), issued, expires_at, request_id: None })
}

/// A web form as it stands.
pub async fn form(api: &Api<'_>, user: &User, id: &str) -> Result<WebForm, Failure> {
    api.get(Caller::User(user), FORM, &format!("/api/webForms/{}", uuid(id)?)).await
}

/// What an import is asked for. Balances and positions are always downloaded, so that products can be added later without the customer.
fn import(api: &Api<'_>, request: &LinkRequest, owners: bool) -> Result<Value, Failure> {
    let mut body = json!({
        "loadOwnerData": owners, "maxDaysForDownload": request.history_days,
        "allowTestBank": api.config().test_banks == Some(true),
    });
    if let Some(bank) = &request.institution {
        let id: i64 = bank.parse().map_err(|_| refused("INSTITUTION", "the institution's id is none of finAPI's"))?;
        body["bank"] = json!({ "id": id });
    }
    let types = request.account_filters.as_ref().map(account_types).unwrap_or_default();
    if !types.is_empty() {
        body["accountTypes"] = json!(types);
    }
    common(api, &mut body, &request.return_url);
    Ok(body)
}

/// What all forms are asked for.
fn common(api: &Api<'_>, body: &mut Value, return_url: &str) {
    if let Some(profile) = &api.config().web_form_profile {
        body["profileId"] = json!(profile);
    }
    if api.config().licensed {
        body["redirectUrl"] = json!(return_url);
    }
}

/// finAPI's types of the accounts that are asked for (B13); none = all.
fn account_types(filters: &BTreeMap<String, Vec<String>>) -> Vec<&'static str> {
    let asked = |kind: &str, subtypes: &[&str]| {
        let names = filters.get(kind);
        names.is_some_and(|names| names.iter().any(|name| name == "ALL" || subtypes.contains(&name.as_str())))
    };
    let table: [(&str, &str, &[&str]); 5] = [
        ("CHECKING", "depository", &["CHECKING"]),
        ("SAVINGS", "depository", &["SAVINGS"]),
        ("BAUSPAREN", "depository", &["SAVINGS"]),
        ("CREDIT_CARD", "credit", &["CREDIT_CARD"]),
        ("SECURITY", "investment", &["BROKERAGE"]),
    ];
    let mut types: Vec<&str> =
        table.iter().filter(|(_, kind, subtypes)| asked(kind, subtypes)).map(|(name, _, _)| *name).collect();
    types.extend(filters.contains_key("loan").then_some("LOAN"));
    types
}

/// The form of an update with the customer. finAPI makes it in the background: the task is kept, and asked again by whoever comes next.
async fn update(
    api: &Api<'_>,
    credential: &Credential,
    request: &LinkRequest,
    new_accounts: bool,
) -> Result<WebForm, Failure> {
    // Where the consent takes no new accounts, finAPI ends it first: only for who wants them.
    let mode = if new_accounts { "FORCED" } else { "CONDITIONAL" };
    let record = format!("update/{}/{mode}", credential.connection);
    for _ in 0..2 {
        let kept = started(api, credential, (request, mode), &record).await?;
        let path = format!("/api/tasks/{}", uuid(kept.expose())?);
        let task: Task = match api.get(Caller::User(&credential.user), TASK, &path).await {
            Err(failure) if failure.kind == FailureKind::NotFound => {
                api.forget(&record, &kept).await?;
                continue;
            }
            task => task?,
        };
        match (task.status.as_str(), &task.payload.web_form) {
            ("WEB_FORM_REQUIRED", Some(info)) => {
                let form = form(api, &credential.user, &info.id).await?;
                let ends = map::instant(Some(&form.expires_at)).unwrap_or_default();
                if matches!(form.status.as_str(), "NOT_YET_OPENED" | "IN_PROGRESS") && ends > api.now() {
                    return Ok(form);
                }
            }
            ("NOT_YET_STARTED" | "IN_PROGRESS" | "WEB_FORM_REQUIRED", None) => return Err(not_ready()),
            _ => {}
        }
        api.forget(&record, &kept).await?;
    }
    Err(not_ready())
}

/// The id of the task, which is made if there is none.
async fn started(
    api: &Api<'_>,
    credential: &Credential,
    (request, mode): (&LinkRequest, &str),
    record: &str,
) -> Result<Secret, Failure> {
    // That the login can be changed is what makes finAPI show a form in any case.
    let mut body = json!({
        "bankConnectionId": credential.connection, "importNewAccountsMode": mode,
        "manageSavedSettings": ["CREDENTIALS"],
    });
    common(api, &mut body, &request.return_url);
    connections::tell_of(request.psu.as_ref(), &mut body);
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async move {
            let path = "/api/tasks/backgroundUpdate";
            let task: Task = api.make(Caller::User(&credential.user), UPDATE, path, &body).await?;
            Ok(Made { secret: Secret::new(task.id), expires_at: Some(api.now() + TASK_LIFE) })
        })
    });
    api.kept(record, make).await
}

fn not_ready() -> Failure {
    let message = "finAPI is preparing the form: try again in a moment";
    let mut failure = Failure::new(FailureKind::NotReady, Persistence::Temporary, "FORM_NOT_READY", message);
    failure.retry_after = Some(SOON);
    failure
}

/// The form's address, with where the browser goes at each of its ends.
fn with_way_back(form: &str, return_url: &str) -> Result<String, Failure> {
    let url = Url::parse(form).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let mut url = url.ok_or_else(|| Failure::unreadable("url of a form"))?;
    for name in ["redirectUrl", "errorRedirectUrl", "abortRedirectUrl"] {
        url.query_pairs_mut().append_pair(name, return_url);
    }
    Ok(url.into())
}

/// An id that goes into a path.
fn uuid(id: &str) -> Result<&str, Failure> {
    let fits = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(id) } else { Err(Failure::unreadable("id of a form or task")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_end_of_a_form_leads_back() {
        let url = with_way_back("https://webform.example/wf/1?x=1", "https://us.example/back?state=a&b").unwrap();
        let query: Vec<(String, String)> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        assert_eq!(query.len(), 4);
        assert!(query[1..].iter().all(|(_, back)| back == "https://us.example/back?state=a&b"));
        assert!(with_way_back("javascript:alert(1)", "https://us.example").is_err());
    }

    #[test]
    fn filters_become_types_of_finapis() {
        let filters = |kind: &str, names: &[&str]| {
            BTreeMap::from([(kind.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())])
        };
        assert_eq!(account_types(&filters("depository", &["CHECKING"])), ["CHECKING"]);
        assert_eq!(account_types(&filters("depository", &["ALL"])), ["CHECKING", "SAVINGS", "BAUSPAREN"]);
        assert_eq!(account_types(&filters("loan", &["MORTGAGE"])), ["LOAN"]);
        assert!(account_types(&BTreeMap::new()).is_empty());
    }
}
