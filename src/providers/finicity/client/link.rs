//! Opens Connect: for a first link, or to mend a login (Connect Fix).

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::connection::Condition;
use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::finicity::config::FinicityConfig;
use crate::providers::finicity::map::{self, status};
use crate::providers::finicity::wire::account::Account;
use crate::providers::finicity::wire::link::ConnectUrl;
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};

use super::accounts::{accounts_of_customer, accounts_of_login};
use super::{Api, Login, Operation, customers, or_sandbox, short_hash};

const GENERATE: Operation = Operation::once("generate_connect_url");
/// "The link carries a ttl", which is two hours after it was made.
const LINK_LIFE: TimeDelta = TimeDelta::hours(2);
/// Logins and accounts that a session remembers; nobody has more.
const MOST_REMEMBERED: usize = 200;

/// What is kept of a session. Finicity has no object for it: what it brought shows in the customer's accounts, compared with what
/// there was before. It goes along with Connect's events as `webhookData`, so that they find the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Our session's id.
    pub id: String,
    /// Finicity's customer.
    pub customer: String,
    /// When the link ends, in seconds since 1970.
    pub ends: i64,
    /// The logins that the customer had before.
    pub known: Vec<String>,
    /// The institution that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// In a repair: what is mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// What a repair is to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The login.
    pub login: String,
    /// Its accounts.
    pub accounts: Vec<String>,
    /// What they look like: an account that was added anew has another id.
    #[serde(default)]
    pub looks: Vec<String>,
    /// Whether it needed the customer.
    pub broken: bool,
    /// When it was last aggregated well, in seconds since 1970.
    pub since: Option<i64>,
}

impl Session {
    /// As `begin_link` returned it; `None` for a text that is none.
    pub fn read(kept: &Secret) -> Option<Self> {
        serde_json::from_str(kept.expose()).ok()
    }

    fn keep(&self) -> Secret {
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }
}

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let session = match &request.purpose {
        LinkPurpose::Connect(_) => first_link(api, request).await?,
        LinkPurpose::Repair { credential, .. } => repair(api, request, &Login::read(credential)?).await?,
    };
    let (path, body) = body(api.config(), request, &session);
    let answer: ConnectUrl = api.post(GENERATE, path.to_owned(), &body).await?;
    let url = answer.link.expose().to_owned();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Failure::unreadable("link of /connect/v2/generate"));
    }
    Ok(LinkBegun {
        launch: Launch::Redirect { url, token: None },
        provider_session: session.keep(),
        issued: Some(answer.link),
        expires_at: chrono::DateTime::<Utc>::from_timestamp_secs(session.ends).unwrap_or(api.now()),
        request_id: None,
    })
}

async fn first_link(api: &Api<'_>, request: &LinkRequest) -> Result<Session, Failure> {
    let customer = customers::customer(api, &request.customer_ref).await?;
    let accounts = accounts_of_customer(api, &customer).await?;
    Ok(session(api, request, customer, &accounts))
}

async fn repair(api: &Api<'_>, request: &LinkRequest, login: &Login) -> Result<Session, Failure> {
    let own = accounts_of_login(api, login).await?;
    let all = accounts_of_customer(api, &login.customer).await?;
    let (condition, _) = status::condition(&own, api.now());
    let mut session = session(api, request, login.customer.clone(), &all);
    session.institution = own.first().map(|account| account.institution_id.0.clone());
    session.fix = Some(Fix {
        login: login.id.clone(),
        accounts: own.iter().map(|account| account.id.0.clone()).take(MOST_REMEMBERED).collect(),
        looks: own.iter().map(look).take(MOST_REMEMBERED).collect(),
        broken: needs_customer(condition),
        since: last_success(&own),
    });
    Ok(session)
}

fn session(api: &Api<'_>, request: &LinkRequest, customer: String, accounts: &[Account]) -> Session {
    let mut known: Vec<String> = accounts.iter().map(|account| account.institution_login_id.0.clone()).collect();
    known.sort_unstable();
    known.dedup();
    known.truncate(MOST_REMEMBERED);
    Session {
        id: request.session_id.clone(),
        customer,
        ends: (api.now() + LINK_LIFE).timestamp(),
        known,
        institution: request.institution.clone(),
        fix: None,
    }
}

impl Fix {
    /// Whether an account is one of those that are mended (D9).
    pub fn knows(&self, account: &Account) -> bool {
        self.accounts.contains(&account.id.0) || self.looks.contains(&look(account))
    }
}

/// What an account looks like, by kind, last digits of its number and name, as a hash: it travels with Connect's events.
pub fn look(account: &Account) -> String {
    let shown = map::accounts::account(account);
    let text = format!("{:?}/{:?}/{:?}/{}", shown.account_type, shown.subtype, shown.mask, shown.name);
    short_hash(&text)
}

/// Whether a login with that condition waits for its customer.
pub fn needs_customer(condition: Condition) -> bool {
    condition.status.needs_customer()
}

/// When the accounts were last aggregated well.
pub fn last_success(accounts: &[Account]) -> Option<i64> {
    accounts.iter().filter_map(|account| account.aggregation_success_date).map(|date| date.0).max()
}

/// Path and body of the request for a link.
pub fn body(config: &FinicityConfig, request: &LinkRequest, session: &Session) -> (&'static str, Value) {
    let mut body = json!({
        "partnerId": or_sandbox(&config.partner_id),
        "customerId": session.customer,
        "redirectUri": request.return_url,
        "singleUseUrl": true,
    });
    if let Some(experience) = &config.experience {
        body["experience"] = json!(experience);
    }
    // English is spoken where nothing is said.
    if matches!(request.language.as_str(), "es" | "fr") {
        body["language"] = json!(request.language);
    }
    let own = config.webhook_url.as_ref().map(url::Url::as_str);
    if let Some(url) = own.or(request.webhook_url.as_deref()).filter(|_| config.webhooks) {
        body["webhook"] = json!(url);
        body["webhookContentType"] = json!("application/json");
        body["webhookData"] = json!({ "session": session.keep().expose() });
    }
    let chosen = request.institution.as_ref().filter(|_| config.lite).and_then(|id| id.parse::<i64>().ok());
    match (&session.fix, chosen) {
        (Some(fix), _) => {
            body["institutionLoginId"] = json!(fix.login);
            ("/connect/v2/generate/fix", body)
        }
        (None, Some(institution)) => {
            body["institutionId"] = json!(institution);
            ("/connect/v2/generate/lite", body)
        }
        (None, None) => ("/connect/v2/generate", body),
    }
}
