//! Institutions, which Salt Edge calls providers.

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::saltedge::spec::CLIENT;
use crate::providers::saltedge::wire::Provider;
use crate::providers::text::text;

use super::{ACCOUNTS, HOLDER_INFO, TRANSACTIONS};

/// The country of fake banks, which are listed only where that was asked for: they are offered everywhere.
pub const FAKE: &str = "XF";

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
    let name = text(Some(&provider.name)).unwrap_or_else(|| provider.code.clone());
    let country_codes = match provider.country_code.as_str() {
        FAKE => CLIENT.countries.iter().map(|code| (*code).to_owned()).collect(),
        _ => vec![provider.country_code],
    };
    Some(ProviderInstitution {
        provider_institution_id: provider.code,
        name: name.chars().take(200).collect(),
        url: None,
        logo_url: provider.logo_url.filter(|url| url.starts_with("https://") && url.len() <= 2000),
        country_codes,
        products: products.into_iter().filter_map(|(product, has)| has.then_some(product)).collect(),
        instant_identifiers: numbers,
        oauth: provider.mode.as_deref() == Some("oauth"),
        health,
    })
}
