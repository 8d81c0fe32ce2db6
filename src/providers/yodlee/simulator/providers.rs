//! Institutions: `GET /providers`.

use axum::Json;
use serde_json::{Value, json};

use super::errors::Result;
use super::gate::Caller;
use super::values::{Query, given, listed, page};
use crate::bank::ids;
use crate::bank::{self, BankInstitution};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// Yodlee's id of an institution.
pub fn provider_id(institution: &str) -> i64 {
    ids::number(&["provider", institution])
}

/// The institution with that id.
pub fn find(id: i64) -> Option<&'static BankInstitution> {
    bank::institutions().iter().find(|one| provider_id(&one.key) == id)
}

fn asked(query: &Query) -> Vec<&'static BankInstitution> {
    bank::search(given(query, "name").unwrap_or_default(), &[], &[])
}

/// `GET /providers`
pub async fn list(_: Caller, query: Query) -> Result<Json<Value>> {
    let (skip, top) = page(&query)?;
    Ok(listed("provider", asked(&query).into_iter().skip(skip).take(top).map(provider).collect()))
}

/// `GET /providers/count`
pub async fn count(_: Caller, query: Query) -> Result<Json<Value>> {
    Ok(Json(json!({ "provider": { "TOTAL": { "count": asked(&query).len() } } })))
}

fn provider(institution: &'static BankInstitution) -> Value {
    let mut provider = json!({
        "id": provider_id(&institution.key), "name": institution.name, "baseUrl": institution.url,
        "loginUrl": institution.url, "status": "Supported", "countryISOCode": institution.country(),
        "authType": if institution.oauth { "OAUTH" } else { "CREDENTIALS" }, "isAutoRefreshEnabled": true,
        "isConsentRequired": institution.consent_days.is_some(), "PRIORITY": "COBRAND", "languageISOCode": "EN",
        "primaryLanguageISOCode": "EN", "lastModified": "2026-01-05T00:00:00Z", "dataset": datasets(institution),
    });
    let alert = match institution.health {
        InstitutionHealth::Down => Some(("ACCOUNT_LINKING_UNAVAILABLE", "100")),
        InstitutionHealth::Degraded => Some(("REFRESH_FAILURE_ATTENTION", "92")),
        _ => None,
    };
    if let Some((status, threshold)) = alert {
        provider["uptimeMetrics"] = json!({ "status": status, "thresholdPercentage": threshold });
    }
    provider
}

/// Whether account numbers can be had there: Yodlee knows the codes of these countries alone.
pub fn has_numbers(institution: &BankInstitution) -> bool {
    institution.instant_identifiers && matches!(institution.country(), "US" | "GB")
}

fn datasets(institution: &BankInstitution) -> Value {
    let has = |product| institution.has(product);
    let mut containers = vec!["bank", "creditCard"];
    containers.extend(has(Product::Liabilities).then_some("loan"));
    let mut traded = if has(Product::Transactions) { containers.clone() } else { Vec::new() };
    traded.extend(has(Product::InvestmentTransactions).then_some("investment"));
    let basic = [
        ("BASIC_ACCOUNT_INFO", has(Product::Balances), containers),
        ("ACCOUNT_DETAILS", has(Product::Liabilities), vec!["creditCard", "loan"]),
        ("STATEMENTS", has(Product::Liabilities), vec!["creditCard"]),
        ("TRANSACTIONS", !traded.is_empty(), traded),
        ("HOLDINGS", has(Product::InvestmentHoldings), vec!["investment"]),
    ];
    let profile = [
        ("FULL_ACCT_NUMBER", has_numbers(institution), vec!["bank"]),
        ("BANK_TRANSFER_CODE", has_numbers(institution), vec!["bank"]),
        ("HOLDER_NAME", has(Product::Owners), vec!["bank", "creditCard"]),
        ("HOLDER_DETAILS", has(Product::Owners), vec!["bank", "creditCard"]),
    ];
    [dataset("BASIC_AGG_DATA", &basic), dataset("ACCT_PROFILE", &profile)].into_iter().flatten().collect()
}

/// A dataset with those of its attributes that are there.
fn dataset(name: &str, attributes: &[(&str, bool, Vec<&str>)]) -> Option<Value> {
    let there = attributes.iter().filter(|(_, there, _)| *there);
    let attributes: Vec<Value> =
        there.map(|(name, _, containers)| json!({ "name": name, "container": containers })).collect();
    (!attributes.is_empty()).then(|| json!({ "name": name, "attribute": attributes }))
}
