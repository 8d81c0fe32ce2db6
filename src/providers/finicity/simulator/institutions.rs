//! Institutions: those of the bank that serve the United States, under numbers of our own.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Caller, Error};
use super::ids;
use crate::bank::{self, BankInstitution};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// The largest page.
const MOST: usize = 1_000;

static BY_ID: LazyLock<HashMap<i64, &'static BankInstitution>> =
    LazyLock::new(|| american().map(|one| (id(&one.key), one)).collect());

fn american() -> impl Iterator<Item = &'static BankInstitution> {
    bank::institutions().iter().filter(|one| one.country_codes.contains(&"US"))
}

/// The number of an institution.
pub fn id(key: &str) -> i64 {
    // Finicity's have six digits or so.
    ids::number(&["institution", key]) % 90_000_000 + 10_000_000
}

/// The institution of a number.
pub fn find(id: i64) -> Option<&'static BankInstitution> {
    BY_ID.get(&id).copied()
}

/// The query of [`list`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListQuery {
    search: Option<String>,
    start: Option<usize>,
    limit: Option<usize>,
    supported_countries: Option<String>,
}

/// `GET /institution/v2/institutions`; `start` is the number of a page.
pub async fn list(State(simulator): State<Simulator>, _: Caller, Query(query): Query<ListQuery>) -> Answer {
    let (start, limit) = (query.start.unwrap_or(1), query.limit.unwrap_or(25));
    if start < 1 {
        return Err(Error::new("41003"));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(Error::new("41004"));
    }
    let served = query
        .supported_countries
        .is_none_or(|codes| codes == "*" || codes.split(',').any(|code| code.eq_ignore_ascii_case("us")));
    let wanted = query.search.unwrap_or_default().to_ascii_lowercase();
    let found: Vec<_> = american()
        .filter(|one| served && (wanted.is_empty() || one.name.to_ascii_lowercase().contains(&wanted)))
        .collect();
    let skipped = (start - 1).saturating_mul(limit);
    let page: Vec<Value> = found.iter().skip(skipped).take(limit).map(|one| show(one)).collect();
    Ok(Json(json!({
        "found": found.len(), "displaying": page.len(), "moreAvailable": found.len() > skipped.saturating_add(limit),
        "createdDate": simulator.shared.clock.now().timestamp(), "institutions": page,
    })))
}

fn show(one: &BankInstitution) -> Value {
    let aggregated = [Product::Transactions, Product::Balances, Product::InvestmentHoldings];
    let numbers = one.has(Product::Identifiers) && one.instant_identifiers;
    json!({
        "id": id(&one.key), "name": one.name, "currency": one.currency(), "urlHomeApp": one.url, "urlLogonApp": one.url,
        "transAgg": aggregated.iter().any(|product| one.has(*product)), "ach": numbers, "availBalance": numbers,
        "accountOwner": one.has(Product::Owners), "liabilityData": one.has(Product::Liabilities),
        "stateAgg": false, "voi": false, "voa": false, "aha": true, "oauthEnabled": one.oauth,
        "status": match one.health {
            InstitutionHealth::Down => "offline",
            InstitutionHealth::Degraded => "maintenance",
            _ => "online",
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_institution_has_a_number_of_its_own() {
        assert_eq!(BY_ID.len(), american().count());
        assert_eq!(find(id("first_platypus")).unwrap().key, "first_platypus");
        assert!(find(1).is_none());
    }

    #[test]
    fn an_institution_is_shown_as_the_adapter_reads_it() {
        let shown = json!({ "moreAvailable": false, "institutions": american().map(show).collect::<Vec<_>>() });
        let read: crate::providers::finicity::wire::institution::Institutions =
            serde_json::from_str(&shown.to_string()).unwrap();
        assert_eq!(read.institutions.len(), american().count());
    }
}
