//! Institutions: ours, and what a provider says of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::product::Product;

wire_enum! {
    /// How well an institution works at a provider at present.
    pub enum InstitutionHealth {
        /// Works.
        Healthy = "HEALTHY",
        /// Works for some.
        Degraded = "DEGRADED",
        /// Does not work.
        Down = "DOWN",
        /// The provider does not say.
        Unknown = "UNKNOWN",
    }
}

/// An institution as one provider lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInstitution {
    /// The provider's own id.
    pub provider_institution_id: String,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Its home page.
    pub url: Option<String>,
    /// Its logo as a `data:` or https address.
    pub logo_url: Option<String>,
    /// ISO 3166 alpha-2.
    pub country_codes: Vec<String>,
    /// What can be had there at link time.
    pub products: BTreeSet<Product>,
    /// Whether `IDENTIFIERS` can be had by the instant flow (B3, C6).
    pub instant_identifiers: bool,
    /// Whether the customer logs in at the institution's own page.
    pub oauth: bool,
    /// How well it works.
    pub health: InstitutionHealth,
}
