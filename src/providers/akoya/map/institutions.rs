//! Institutions.

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::providers::akoya::wire::token::Provider;

use super::products::granted;
use super::text;

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// An institution. Every customer logs in at its own page, and Akoya has one flow for numbers; all of them are in one country.
pub fn institution(provider: &Provider, country: &str) -> ProviderInstitution {
    let name = text(&provider.name).unwrap_or_else(|| provider.provider_id.0.clone());
    ProviderInstitution {
        provider_institution_id: provider.provider_id.0.clone(),
        name: name.chars().take(LONGEST_NAME).collect(),
        url: None,
        logo_url: None,
        country_codes: vec![country.to_owned()],
        products: granted(provider.products.as_deref()),
        instant_identifiers: true,
        oauth: true,
        health: InstitutionHealth::Unknown,
    }
}
