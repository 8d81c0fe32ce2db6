//! Opens a page for the customer: a first link, or work on a connection.

use chrono::TimeDelta;
use serde_json::{Value, json};
use url::Url;

use crate::domain::placement::Placements;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::records::{Attempt, Made, Make, Record};
use crate::providers::saltedge::error::DUPLICATED_CUSTOMER;
use crate::providers::saltedge::map;
use crate::providers::saltedge::map::status::{SESSION, current, time};
use crate::providers::saltedge::wire::{ConnectSession, Connection, Customer, One, Provider};
use crate::providers::{Failure, FailureKind};

use super::session::{Aim, Session};
use super::{Api, Credential, data, id};

const CUSTOMER: &str = "POST /customers";
const CONNECT: &str = "POST /connections/connect";
const RECONNECT: &str = "POST /connections/{id}/reconnect";
const PROVIDER: &str = "GET /providers/{code}";

/// How long a page can be opened, where the answer does not say.
const LIFE: TimeDelta = TimeDelta::minutes(30);

/// What is agreed to, and what of it is fetched.
struct Scopes {
    consent: Vec<&'static str>,
    fetch: Vec<&'static str>,
}

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    match &request.purpose {
        LinkPurpose::Connect(placements) => connect(api, request, placements).await,
        LinkPurpose::Repair { credential, store_login, fetched, consent, permissions, .. } => {
            let asked: Vec<Product> = fetched.iter().chain(consent).chain(permissions).copied().collect();
            reconnect(api, request, &Credential::read(credential)?, (asked, *store_login)).await
        }
    }
}

async fn connect(api: &Api<'_>, request: &LinkRequest, placements: &Placements) -> Result<LinkBegun, Failure> {
    let mut body = body(api, request, &scopes(placements), request.institution.as_deref()).await?;
    body["return_connection_id"] = json!(true);
    body["provider"] = json!({ "include_sandboxes": api.config.include_sandboxes });
    match &request.institution {
        Some(code) => body["provider"]["code"] = json!(code),
        None => body["widget"] = json!({ "allowed_countries": request.country_codes }),
    }
    let mut customer = customer(api, &request.customer_ref).await?;
    let mut known = connections(api, customer.expose()).await?;
    body["customer_id"] = json!(customer.expose());
    let mut opened = open(api, &body).await;
    if opened.as_ref().is_err_and(|failure| failure.code == "CustomerNotFound") {
        // Somebody removed the customer there: nothing brings that one back.
        api.cx.records.forget(api.id, Record::Customer(&request.customer_ref), &customer).await?;
        customer = self::customer(api, &request.customer_ref).await?;
        known.clear();
        body["customer_id"] = json!(customer.expose());
        opened = open(api, &body).await;
    }
    let known = known.into_iter().map(|one| one.id).collect();
    Ok(begun(api, request, opened?, customer.expose().to_owned(), Aim::Connect { known }))
}

async fn open(api: &Api<'_>, body: &Value) -> Result<ConnectSession, Failure> {
    opened(api.post(CONNECT, "/connections/connect", body.clone()).await?)
}

/// A page that a browser may be sent to.
fn opened(answer: One<ConnectSession>) -> Result<ConnectSession, Failure> {
    let is_page = |url: &Url| matches!(url.scheme(), "https" | "http");
    match Url::parse(&answer.data.connect_url).ok().filter(is_page) {
        Some(_) => Ok(answer.data),
        None => Err(Failure::unreadable("the page's address")),
    }
}

async fn reconnect(
    api: &Api<'_>,
    request: &LinkRequest,
    credential: &Credential,
    (asked, store_login): (Vec<Product>, bool),
) -> Result<LinkBegun, Failure> {
    let (connection, consents) = data::state(api, credential, false).await?;
    let had = current(&consents).map(|consent| map::products(&consent.scopes)).unwrap_or_default();
    let consent = of_products(had.into_iter().chain(asked.iter().copied()));
    let scopes = Scopes { consent, fetch: of_products(asked.into_iter()) };
    let mut body = body(api, request, &scopes, connection.provider_code.as_deref()).await?;
    if store_login {
        body["attempt"]["store_credentials"] = json!(true);
    }
    let path = format!("/connections/{}/reconnect", id(&credential.connection)?);
    let opened = opened(api.post(RECONNECT, &path, body).await?)?;
    let attempt = connection.last_attempt.and_then(|attempt| attempt.id);
    let aim = Aim::Reconnect { connection: credential.connection.clone(), attempt };
    Ok(begun(api, request, opened, credential.customer.clone(), aim))
}

/// What both have. The consent lasts as long as the institution allows, where that is known.
async fn body(
    api: &Api<'_>,
    request: &LinkRequest,
    scopes: &Scopes,
    institution: Option<&str>,
) -> Result<Value, Failure> {
    let from = api.now().date_naive() - TimeDelta::days(i64::from(request.history_days));
    let mut body = json!({
        "consent": { "scopes": scopes.consent, "from_date": from },
        "attempt": {
            "fetch_scopes": scopes.fetch, "fetch_from_date": from, "locale": request.language,
            "return_to": request.return_url, "custom_fields": { SESSION: request.session_id },
        },
        "automatic_refresh": api.config.automatic_refresh,
        "return_error_class": true, "categorization": "personal",
    });
    if let Some(code) = institution {
        let provider: One<Provider> = api.get(PROVIDER, &format!("/providers/{}", id(code)?)).await?;
        if let Some(days) = provider.data.max_consent_days {
            body["consent"]["period_days"] = json!(days);
        }
    }
    Ok(body)
}

fn begun(api: &Api<'_>, request: &LinkRequest, opened: ConnectSession, customer: String, aim: Aim) -> LinkBegun {
    let expires_at = time(opened.expires_at.as_deref()).unwrap_or(api.now() + LIFE);
    LinkBegun {
        issued: Some(Secret::new(opened.connect_url.as_str())),
        launch: Launch::Redirect { url: opened.connect_url, token: None },
        provider_session: Session { id: request.session_id.clone(), customer, expires_at, aim }.secret(),
        expires_at,
        request_id: None,
    }
}

/// What stands in any of the four arrays is agreed to (B4); consent-only ones are not fetched.
fn scopes(placements: &Placements) -> Scopes {
    Scopes {
        consent: of_products(placements.iter().map(|(product, _)| product)),
        fetch: of_products(placements.fetched().into_iter()),
    }
}

/// Their scopes, each once; there are no data without accounts.
fn of_products(products: impl Iterator<Item = Product>) -> Vec<&'static str> {
    let wanted: Vec<_> = products.map(map::scope).collect();
    let others = [map::TRANSACTIONS, map::HOLDER_INFO].into_iter().filter(|scope| wanted.contains(scope));
    [map::ACCOUNTS].into_iter().chain(others).collect()
}

/// The customer's record there: one, whatever happens between its making and our keeping its id.
async fn customer(api: &Api<'_>, customer_ref: &str) -> Result<Secret, Failure> {
    let make: Make<'_> = Box::new(move |attempt| {
        Box::pin(async move {
            let made = match create(api, attempt.seed.expose()).await {
                Err(failure) if failure.code == DUPLICATED_CUSTOMER => again(api, &attempt).await?,
                made => made?,
            };
            let id = made.customer_id.or(made.id).ok_or_else(|| Failure::unreadable("the customer has no id"))?;
            Ok(Made { secret: Secret::new(id), expires_at: None })
        })
    });
    api.cx.records.get(api.id, Record::Customer(customer_ref), api.now(), make).await
}

async fn create(api: &Api<'_>, identifier: &str) -> Result<Customer, Failure> {
    let made: One<Customer> = api.post(CUSTOMER, "/customers", json!({ "identifier": identifier })).await?;
    match made.data.identifier.as_deref().is_none_or(|made| made == identifier) {
        true => Ok(made.data),
        false => Err(Failure::unreadable("another customer than was to be made")),
    }
}

/// The record that an earlier attempt made and that got lost on the way. None can be looked up by its identifier: all are
/// gone through. One that is listed no more was removed there, and its identifier may still be taken.
async fn again(api: &Api<'_>, attempt: &Attempt) -> Result<Customer, Failure> {
    let seed = attempt.seed.expose();
    let all: Vec<Customer> = api.all("GET /customers", "/customers", &[]).await?;
    let is_ours = |one: &Customer| one.identifier.as_ref().is_some_and(|identifier| identifier.starts_with(seed));
    match all.into_iter().find(is_ours) {
        Some(found) => Ok(found),
        None => create(api, &format!("{seed}-{}", attempt.number)).await,
    }
}

/// All connections of a customer; one who is not there has none.
pub async fn connections(api: &Api<'_>, customer: &str) -> Result<Vec<Connection>, Failure> {
    match api.all("GET /connections", "/connections", &[("customer_id", customer)]).await {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_pages_alone() {
        let sent = |url: &str| opened(One { data: ConnectSession { connect_url: url.to_owned(), expires_at: None } });
        assert!(sent("https://www.saltedge.com/connect?token=t").is_ok());
        for odd in ["", "/connect", "javascript:alert(1)", "file:///etc/passwd"] {
            assert!(sent(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn b4_consent_only_products_are_agreed_to_and_not_fetched() {
        let placements = Placements {
            products: [Product::Balances].into(),
            optional_products: [Product::Owners].into(),
            additional_consented_products: [Product::Transactions].into(),
            ..Placements::default()
        };
        let scopes = scopes(&placements);
        assert_eq!(scopes.consent, ["accounts", "transactions", "holder_info"]);
        assert_eq!(scopes.fetch, ["accounts", "holder_info"]);
    }
}
