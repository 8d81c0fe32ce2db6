//! Customers and connections: how they stand, their consents, their refresh, their end.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::gate::{Error, Result, data};
use super::rows::page;
use super::state::{Connection, Customer};
use super::{Simulator, number};
use crate::bank::{Books, History};
use crate::domain::product::Product;
use crate::store;

/// How long a fetch must lie back before the next.
const PAUSE: TimeDelta = TimeDelta::hours(1);
/// Unattended fetches in a day.
const MOST_UNATTENDED: usize = 4;

type Asked = Query<BTreeMap<String, String>>;

/// A time as it is sent.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Simulator {
    /// A connection.
    pub(super) async fn connection(&self, id: &str) -> Result<Connection> {
        let found: Option<Connection> = self.shared.documents.get(&self.kind("connection"), id).await?;
        found.ok_or(Error::not_found("ConnectionNotFound"))
    }

    /// The connection that a query names.
    pub(super) async fn asked(&self, query: &Asked) -> Result<Connection> {
        self.connection(query.get("connection_id").map(String::as_str).unwrap_or_default()).await
    }

    /// The books of a login, if it ever was one.
    pub(super) async fn books(&self, connection: &Connection) -> store::Result<Option<Books>> {
        match &connection.login {
            Some(login) => Ok(Some(self.shared.bank.books(&login.user).await?)),
            None => Ok(None),
        }
    }

    /// Changes a connection.
    pub(super) async fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Connection) + Send,
    ) -> store::Result<Connection> {
        let change = |connection: &mut Connection| {
            change(connection);
            Ok::<_, std::convert::Infallible>(connection.clone())
        };
        let done = self.shared.documents.update(&self.kind("connection"), id, change).await?;
        done.map(|Ok(connection)| connection).ok_or(store::Error::NotFound)
    }

    /// Another attempt, without the customer.
    pub(super) async fn fetch_unattended(&self, id: &str) -> store::Result<Connection> {
        let now = self.shared.clock.now();
        let connection = self
            .change(id, |connection| {
                connection.attempt = connection.attempt.saturating_add(1);
                connection.attempted_at = now;
                connection.custom_fields = json!({});
                connection.unattended.retain(|at| is_of_today(*at, now));
                connection.unattended.push(now);
            })
            .await?;
        self.tell(&connection).await?;
        Ok(connection)
    }

    async fn shown(&self, connection: &Connection, with_holder: bool) -> Result<Value> {
        let (books, now) = (self.books(connection).await?, self.shared.clock.now());
        let class = connection.class(books.as_ref(), now);
        let is_active = match class.as_deref() {
            None => true,
            Some(class) => connection.login.is_some() && matches!(class, "ProviderUnavailable" | "ProviderError"),
        };
        let mut shown = json!({
            "id": connection.id, "customer_id": connection.customer, "provider_code": connection.institution,
            "provider_name": connection.bank().map(|one| one.name.as_str()),
            "country_code": connection.bank().map(|one| one.country()),
            "status": if is_active { "active" } else { "inactive" }, "automatic_refresh": connection.automatic,
            "created_at": time(connection.created_at), "updated_at": time(connection.attempted_at),
            "next_refresh_possible_at": time(connection.attempted_at + PAUSE),
            "last_consent_id": consent_id(connection),
            "last_attempt": attempt(connection, books.as_ref(), class.as_deref()),
        });
        if with_holder && connection.has(Product::Owners) {
            shown["holder_info"] = holder(connection, books.as_ref());
        }
        Ok(shown)
    }
}

fn attempt(connection: &Connection, books: Option<&Books>, class: Option<&str>) -> Value {
    let history = books.map_or(History::Complete, |books| connection.history(books));
    let stage = match history {
        _ if class.is_some() => "finish",
        History::NotReady => "fetch_recent",
        History::Recent => "fetch_full",
        History::Complete => "finish",
    };
    let is_over = stage == "finish";
    let at = time(connection.attempted_at);
    json!({
        "id": format!("{}{:04}", connection.id, connection.attempt), "finished": is_over,
        "finished_recent": stage != "fetch_recent", "partial": false,
        "success_at": (is_over && class.is_none()).then_some(&at), "fail_at": class.is_some().then_some(&at),
        "fail_error_class": class, "last_stage": { "name": stage },
        "custom_fields": if connection.custom_fields.is_object() { connection.custom_fields.clone() } else { json!({}) },
    })
}

fn holder(connection: &Connection, books: Option<&Books>) -> Value {
    let accounts = books.map(Books::accounts).unwrap_or_default();
    let shared = accounts.iter().filter(|account| connection.accounts.contains(&account.key));
    let Some(owner) = shared.flat_map(|account| &account.owners).next() else { return Value::Null };
    let addresses: Vec<Value> = owner.addresses.iter().map(|one| {
        json!({ "street": one.street, "city": one.city, "state": one.region, "post_code": one.postal_code, "country_code": one.country })
    }).collect();
    json!({ "names": owner.names, "emails": owner.emails, "phone_numbers": owner.phone_numbers, "addresses": addresses })
}

fn consent_id(connection: &Connection) -> String {
    number(&["consent", &connection.id])
}

/// `POST /customers`
pub async fn create_customer(State(simulator): State<Simulator>, body: Bytes) -> Result<Json<Value>> {
    let body = data(&body)?;
    let identifier = body["identifier"].as_str().filter(|text| !text.is_empty());
    let identifier = identifier.ok_or(Error::refused("IdentifierInvalid"))?;
    let id = number(&["customer", identifier]);
    let customer = Customer { identifier: identifier.to_owned(), connections: Default::default() };
    if !simulator.shared.documents.put_new(&simulator.kind("customer"), &id, &customer).await? {
        return Err(Error::refused("DuplicatedCustomer"));
    }
    Ok(Json(json!({ "data": { "customer_id": id, "identifier": identifier } })))
}

/// `GET /customers`
pub async fn customers(State(simulator): State<Simulator>, query: Asked) -> Result<Json<Value>> {
    let all = simulator.shared.documents.list::<Customer>(&simulator.kind("customer")).await?;
    let shown = |(id, customer): (String, Customer)| {
        let row = json!({ "customer_id": id, "identifier": customer.identifier });
        (id, row)
    };
    page(&query, all.into_iter().map(shown).collect())
}

/// `GET /connections`
pub async fn list(State(simulator): State<Simulator>, query: Asked) -> Result<Json<Value>> {
    let id = query.get("customer_id").map(String::as_str).unwrap_or_default();
    let customer: Option<Customer> = simulator.shared.documents.get(&simulator.kind("customer"), id).await?;
    let customer = customer.ok_or(Error::not_found("CustomerNotFound"))?;
    let mut list = Vec::new();
    for id in customer.connections {
        list.push(simulator.shown(&simulator.connection(&id).await?, false).await?);
    }
    Ok(Json(json!({ "data": list, "meta": { "next_id": null, "next_page": null } })))
}

/// `GET /connections/{id}`
pub async fn show(State(simulator): State<Simulator>, Path(id): Path<String>, query: Asked) -> Result<Json<Value>> {
    let with_holder = query.get("include_holder_info").is_some_and(|text| text == "true");
    let connection = simulator.connection(&id).await?;
    Ok(Json(json!({ "data": simulator.shown(&connection, with_holder).await? })))
}

/// `DELETE /connections/{id}`
pub async fn remove(State(simulator): State<Simulator>, Path(id): Path<String>) -> Result<Json<Value>> {
    let connection = simulator.connection(&id).await?;
    simulator.shared.documents.delete(&simulator.kind("connection"), &id).await?;
    let forget = |customer: &mut Customer| Ok::<_, ()>(customer.connections.remove(&id));
    let _ = simulator.shared.documents.update(&simulator.kind("customer"), &connection.customer, forget).await?;
    simulator.tell_removed(&connection);
    Ok(Json(json!({ "data": { "id": id, "removed": true } })))
}

/// `POST /connections/{id}/background_refresh`
pub async fn refresh(State(simulator): State<Simulator>, Path(id): Path<String>, body: Bytes) -> Result<Json<Value>> {
    let body = data(&body)?;
    let connection = simulator.connection(&id).await?;
    let scopes = body["attempt"]["fetch_scopes"].as_array().into_iter().flatten();
    if scopes.clone().count() == 0
        || !scopes.filter_map(Value::as_str).all(|one| connection.scopes.iter().any(|has| has == one))
    {
        return Err(Error::refused("FetchScopesNotAllowed"));
    }
    let now = simulator.shared.clock.now();
    if now - connection.attempted_at < PAUSE {
        return Err(Error::refused("ConnectionCannotBeRefreshed"));
    }
    if connection.unattended.iter().filter(|at| is_of_today(**at, now)).count() >= MOST_UNATTENDED {
        return Err(Error::refused("BackgroundFetchLimitExceeded"));
    }
    let connection = simulator.fetch_unattended(&id).await?;
    Ok(Json(json!({ "data": simulator.shown(&connection, false).await? })))
}

/// Whether a fetch counts still.
fn is_of_today(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - at < TimeDelta::hours(24)
}

/// `GET /consents`
pub async fn consents(State(simulator): State<Simulator>, query: Asked) -> Result<Json<Value>> {
    let connection = simulator.asked(&query).await?;
    let books = simulator.books(&connection).await?;
    let now = simulator.shared.clock.now();
    let status = match connection.class(books.as_ref(), now).as_deref() {
        Some("ConsentRevoked") => "revoked",
        _ if connection.consent_until.is_some_and(|until| until <= now) => "expired",
        _ => "active",
    };
    let consent = json!({
        "id": consent_id(&connection), "connection_id": connection.id, "customer_id": connection.customer,
        "status": status, "scopes": connection.scopes, "from_date": connection.from,
        "expires_at": connection.consent_until.map(time), "collected_by": "client",
    });
    Ok(Json(json!({ "data": [consent], "meta": { "next_id": null, "next_page": null } })))
}
