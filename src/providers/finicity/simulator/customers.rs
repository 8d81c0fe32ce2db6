//! The partner's login, and its customers.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Caller, Error, Fields, Key, Result};
use super::ids;
use super::state::{AppToken, CUSTOMER, Customer, InstitutionLogin, PARTNER, Partner, TOKEN, USERNAME};

/// So many failed logins lock the partner's account.
const MOST_FAILURES: u32 = 5;
/// How long a token lives.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(2);
const PARTNER_ID: &str = "partner";

/// `POST /aggregation/v2/partners/authentication`.
pub async fn authenticate(State(simulator): State<Simulator>, _: Key, fields: Fields) -> Answer {
    let given = [fields.required("partnerId")?, fields.required("partnerSecret")?];
    let shared = &simulator.shared;
    let good = given == [shared.partner_id.as_str(), shared.partner_secret.expose()];
    shared.documents.put_new(PARTNER, PARTNER_ID, &Partner::default()).await?;
    let count = |partner: &mut Partner| {
        let locked = partner.failures >= MOST_FAILURES;
        partner.failures = if good && !locked { 0 } else { partner.failures.saturating_add(1) };
        Ok::<_, Infallible>(locked)
    };
    let locked = matches!(shared.documents.update(PARTNER, PARTNER_ID, count).await?, Some(Ok(true)));
    if !good || locked {
        return Err(Error::new("10001"));
    }
    let token = ids::token();
    let document = AppToken { expires_at: shared.clock.now() + TOKEN_LIFE };
    shared.documents.put(TOKEN, &ids::fingerprint(&token), &document).await?;
    Ok(Json(json!({ "token": token })))
}

/// `POST /aggregation/v2/customers/active` and `…/testing`.
pub async fn enroll(
    State(simulator): State<Simulator>,
    Path(kind): Path<String>,
    _: Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>)> {
    if !matches!(kind.as_str(), "active" | "testing") {
        return Err(Error::new("14016"));
    }
    let username = fields.required("username")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!@.#$%&*_-+".contains(&byte);
    if !(6..=255).contains(&username.len()) || !username.bytes().all(plain) {
        return Err(Error::new("110039"));
    }
    let shared = &simulator.shared;
    let id = ids::number(&["customer", &username]).to_string();
    let customer = Customer {
        id: id.clone(),
        username: username.clone(),
        kind,
        created_at: shared.clock.now(),
        logins: BTreeSet::new(),
    };
    if !shared.documents.put_new(USERNAME, &username, &id).await? {
        return Err(Error::new("110002"));
    }
    shared.documents.put(CUSTOMER, &id, &customer).await?;
    let created = customer.created_at.timestamp();
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "username": username, "createdDate": created }))))
}

/// The query of [`find`].
#[derive(Deserialize)]
pub struct FindQuery {
    username: Option<String>,
}

/// `GET /aggregation/v1/customers` by the one name.
pub async fn find(State(simulator): State<Simulator>, _: Caller, Query(query): Query<FindQuery>) -> Answer {
    let shared = &simulator.shared;
    let username = query.username.ok_or_else(|| Error::missing("username"))?;
    let id: Option<String> = shared.documents.get(USERNAME, &username).await?;
    let customer = match id {
        Some(id) => shared.documents.get::<Customer>(CUSTOMER, &id).await?,
        None => None,
    };
    let customers: Vec<Value> = customer
        .iter()
        .map(|one| {
            let created = one.created_at.timestamp().to_string();
            json!({ "id": one.id, "username": one.username, "type": one.kind, "createdDate": created })
        })
        .collect();
    Ok(Json(json!({
        "found": customers.len(), "displaying": customers.len(), "moreAvailable": false, "customers": customers,
    })))
}

impl Simulator {
    /// The customer of that id.
    pub(super) async fn customer(&self, id: &str) -> Result<Customer> {
        self.shared.documents.get(CUSTOMER, id).await?.ok_or_else(|| Error::new("14001"))
    }

    /// Every login of a customer, as it stands now.
    pub(super) async fn logins(&self, customer: &str) -> Result<Vec<InstitutionLogin>> {
        let mut logins = Vec::new();
        for id in self.customer(customer).await?.logins {
            // One that was deleted in this moment is none.
            if let Ok(login) = self.login(&id.to_string()).await {
                logins.push(login);
            }
        }
        Ok(logins)
    }

    /// Notes a customer's logins.
    pub(super) async fn note_logins(
        &self,
        customer: &str,
        change: impl FnOnce(&mut BTreeSet<i64>) + Send,
    ) -> Result<()> {
        let note = |customer: &mut Customer| {
            change(&mut customer.logins);
            Ok::<_, Infallible>(())
        };
        self.shared.documents.update(CUSTOMER, customer, note).await?;
        Ok(())
    }
}
