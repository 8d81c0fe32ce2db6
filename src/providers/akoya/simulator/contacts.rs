//! `/payments/…/payment-networks`, `/contacts` and `/customers/…/current`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::Place;
use crate::domain::account::{Address, Owner};
use crate::domain::product::Product;

/// The path of calls for one account.
#[derive(Deserialize)]
pub struct AccountPath {
    version: String,
    provider: String,
    account: String,
}

impl AccountPath {
    /// The institution, and the account's id.
    pub fn split(self) -> (Place, String) {
        (Place { version: self.version, provider: self.provider }, self.account)
    }
}

/// `GET /payments/{version}/{providerId}/{accountId}/payment-networks`
pub async fn payment_networks(
    State(simulator): State<Simulator>,
    Path(path): Path<AccountPath>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/payments");
    let (place, account) = path.split();
    let open = simulator.open(&headers, &place, Product::Identifiers).await?;
    let ach = open.account(&account)?.identifiers.ach.as_ref().ok_or_else(Error::account_not_found)?;
    let network = |network: &str, bank_id: &str| {
        json!({
            "bankId": bank_id, "identifier": ach.account, "identifierType": "ACCOUNT_NUMBER", "type": network,
            "transferIn": true, "transferOut": true,
        })
    };
    let wire = ach.wire_routing.iter().map(|routing| network("US_FEDWIRE", routing));
    let networks: Vec<Value> = [network("US_ACH", &ach.routing)].into_iter().chain(wire).collect();
    Ok(Json(json!({ "paymentNetworks": networks })))
}

/// `GET /contacts/{version}/{providerId}/{accountId}`
pub async fn contacts(
    State(simulator): State<Simulator>,
    Path(path): Path<AccountPath>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/contacts");
    let (place, account) = path.split();
    let open = simulator.open(&headers, &place, Product::Owners).await?;
    let owners = &open.account(&account)?.owners;
    let holder = |(i, owner): (usize, &Owner)| {
        let mut holder = person(owner);
        holder["relationship"] = json!(if i == 0 { "PRIMARY" } else { "JOINT" });
        holder
    };
    let first = owners.first();
    let telephones = first.iter().flat_map(|owner| &owner.phone_numbers);
    Ok(Json(json!({
        "holders": owners.iter().enumerate().map(holder).collect::<Vec<_>>(),
        "emails": first.map(|owner| owner.emails.as_slice()).unwrap_or_default(),
        "addresses": first.iter().flat_map(|owner| &owner.addresses).map(delivery).collect::<Vec<_>>(),
        "telephones": telephones.map(|number| json!({ "type": "CELL", "country": "US", "number": number })).collect::<Vec<_>>(),
    })))
}

/// `GET /customers/{version}/{providerId}/current`
pub async fn customer(
    State(simulator): State<Simulator>,
    Path(place): Path<Place>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/customers");
    let open = simulator.open(&headers, &place, Product::Owners).await?;
    let owner = open.accounts.first().and_then(|account| account.owners.first());
    Ok(Json(json!({ "customer": owner.map(person).ok_or_else(Error::customer_not_found)? })))
}

fn person(owner: &Owner) -> Value {
    let name = owner.names.first().map(String::as_str).unwrap_or_default();
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    json!({
        "name": { "first": first, "last": last },
        "addresses": owner.addresses.iter().map(address).collect::<Vec<_>>(),
        "telephones": owner.phone_numbers,
        "email": owner.emails,
    })
}

fn address(address: &Address) -> Value {
    without_nulls(json!({
        "line1": address.street, "city": address.city, "state": address.region, "postalCode": address.postal_code,
    }))
}

fn delivery(address: &Address) -> Value {
    without_nulls(json!({
        "line1": address.street, "city": address.city, "region": address.region, "postalCode": address.postal_code,
        "country": address.country,
    }))
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    value
}
