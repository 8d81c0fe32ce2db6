//! Institutions, which Salt Edge calls providers.

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::saltedge::wire::Provider;

use super::{ACCOUNTS, HOLDER_INFO, TRANSACTIONS, said};

/// An institution; `None` for one that is switched off.
pub fn institution(provider: Provider) -> Option<ProviderInstitution> {
    let health = match provider.status.as_deref() {
        Some("disabled") => return None,
        Some("active") => InstitutionHealth::Healthy,
        Some("inactive") => InstitutionHealth::Down,
        _ => InstitutionHealth::Unknown,
    };
    let fetches = |scope: &str| provider.supported_fetch_scopes.iter().any(|one| one == scope);
    let tells = |field: &str| provider.supported_account_extra_fields.iter().any(|one| one == field);
    let numbers = tells("iban") || (tells("account_number") && tells("sort_code"));
    let products = [
        (Product::Balances, fetches(ACCOUNTS)),
        (Product::Identifiers, numbers),
        (Product::Owners, fetches(HOLDER_INFO)),
        (Product::Transactions, fetches(TRANSACTIONS)),
    ];
    Some(ProviderInstitution {
        provider_institution_id: provider.code,
        name: provider.name.chars().take(200).collect(),
        url: None,
        logo_url: said(provider.logo_url),
        country_codes: vec![provider.country_code],
        products: products.into_iter().filter_map(|(product, has)| has.then_some(product)).collect(),
        instant_identifiers: numbers,
        oauth: provider.mode.as_deref() == Some("oauth"),
        health,
    })
}
