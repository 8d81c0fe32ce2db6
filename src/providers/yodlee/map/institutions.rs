//! Institutions.

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::yodlee::wire::institution::Provider;

use super::{products, text};

/// The longest name and address that are kept, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_ADDRESS: usize = 2_000;

/// An institution; `None` for one that the customer cannot link.
pub fn institution(provider: Provider) -> Option<ProviderInstitution> {
    if provider.status.as_deref() == Some("Unsupported") {
        return None;
    }
    let country = provider.country_iso_code.filter(|code| is_country(code))?;
    let id = provider.id.to_string();
    let products = products::of_institution(provider.dataset.as_deref().unwrap_or_default());
    Some(ProviderInstitution {
        name: text(provider.name.as_deref()).unwrap_or_else(|| id.clone()).chars().take(LONGEST_NAME).collect(),
        provider_institution_id: id,
        url: address(provider.base_url.as_deref(), &["https://", "http://"]),
        logo_url: address(provider.logo.as_deref(), &["https://"]),
        country_codes: vec![country],
        // They come with the aggregation, or do not come at all.
        instant_identifiers: products.contains(&Product::Identifiers),
        oauth: provider.auth_type.as_deref() == Some("OAUTH"),
        health: health(provider.uptime_metrics.and_then(|metrics| metrics.status).as_deref()),
        products,
    })
}

fn address(raw: Option<&str>, schemes: &[&str]) -> Option<String> {
    let raw = raw?.trim();
    let fits = raw.len() <= LONGEST_ADDRESS && !raw.chars().any(char::is_control);
    (fits && schemes.iter().any(|scheme| raw.starts_with(scheme))).then(|| raw.to_owned())
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// Only alerts are given; where there is none the site works.
fn health(alert: Option<&str>) -> InstitutionHealth {
    match alert {
        Some("ACCOUNT_LINKING_UNAVAILABLE") => InstitutionHealth::Down,
        Some("REFRESH_FAILURE_ATTENTION") => InstitutionHealth::Degraded,
        None | Some("") => InstitutionHealth::Healthy,
        _ => InstitutionHealth::Unknown,
    }
}
