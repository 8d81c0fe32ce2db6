//! Institutions.

use std::collections::BTreeSet;

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::plaid::wire::institution::{AuthMethods, Institution};

use super::products::from_plaid;
use super::text;

/// Logos are 152 × 152 pixels; what is larger than this, in base64, is left out.
const LARGEST_LOGO: usize = 100_000;
/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// An institution.
pub fn institution(institution: Institution) -> ProviderInstitution {
    let name = text(Some(&institution.name)).unwrap_or_else(|| institution.institution_id.0.clone());
    let listed = institution.products.unwrap_or_default();
    let countries: Vec<String> =
        institution.country_codes.unwrap_or_default().into_iter().filter(|code| is_country(code)).collect();
    let auth = institution.auth_metadata.and_then(|auth| auth.supported_methods);
    ProviderInstitution {
        provider_institution_id: institution.institution_id.0,
        name: name.chars().take(LONGEST_NAME).collect(),
        url: text(institution.url.as_deref()).filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        logo_url: institution.logo.as_deref().and_then(logo),
        instant_identifiers: instant(&listed, auth.as_ref()),
        products: products(&listed, auth.as_ref(), &countries),
        country_codes: countries,
        oauth: institution.oauth.unwrap_or(false),
        health: health(institution.status.and_then(|s| s.item_logins).and_then(|logins| logins.status).as_deref()),
    }
}

/// What can be had there at link time. Plaid lists `auth` only for instant auth, though a link session also takes institutions
/// with the other ways that it allows. Of Signal it says to go by `balance`; it rates the risk of ACH payments, which are American.
fn products(listed: &[String], auth: Option<&AuthMethods>, countries: &[String]) -> BTreeSet<Product> {
    let mut products = from_plaid(listed);
    let at_link: [fn(&AuthMethods) -> Option<bool>; 3] =
        [|auth| auth.instant_auth, |auth| auth.instant_match, |auth| auth.automated_micro_deposits];
    if at_link.into_iter().any(|method| says(auth, method)) {
        products.extend([Product::Identifiers, Product::Balances]);
    }
    products.remove(&Product::Signal);
    if has(listed, "balance") && countries.iter().any(|code| code == "US") {
        products.insert(Product::Signal);
    }
    products
}

/// Whether account numbers come without the customer (C6). The metadata decide; the list of products only where there are none.
fn instant(listed: &[String], auth: Option<&AuthMethods>) -> bool {
    auth.map_or_else(|| has(listed, "auth"), |auth| auth.instant_auth.unwrap_or(false))
}

fn has(listed: &[String], product: &str) -> bool {
    listed.iter().any(|one| one == product)
}

fn says(auth: Option<&AuthMethods>, method: fn(&AuthMethods) -> Option<bool>) -> bool {
    auth.and_then(method).unwrap_or(false)
}

fn logo(base64: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let fits = (1..=LARGEST_LOGO).contains(&base64.len());
    (fits && base64.bytes().all(plain)).then(|| format!("data:image/png;base64,{base64}"))
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn health(status: Option<&str>) -> InstitutionHealth {
    match status {
        Some("HEALTHY") => InstitutionHealth::Healthy,
        Some("DEGRADED") => InstitutionHealth::Degraded,
        Some("DOWN") => InstitutionHealth::Down,
        _ => InstitutionHealth::Unknown,
    }
}
