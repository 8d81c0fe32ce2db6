//! The institutions of the simulated world.

use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// An institution. Simulators derive their own ids from `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankInstitution {
    /// Stable, `a-z 0-9 _`, for instance `first_platypus`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its home page.
    pub url: String,
    /// ISO 3166 alpha-2, at least one; the first is where its accounts are.
    pub country_codes: &'static [&'static str],
    /// Whether the customer logs in at its own page.
    pub oauth: bool,
    /// Whether its own page asks for each product separately (C3); only with `oauth`.
    pub per_product_consent: bool,
    /// Whether its own page asks which accounts to share, in a repair too (D5); only with `oauth`.
    pub own_account_picker: bool,
    /// What can be had there.
    pub products: Vec<Product>,
    /// Whether account numbers come by the instant flow (B3).
    pub instant_identifiers: bool,
    /// For how many days a consent lasts, where the law or the institution ends it.
    pub consent_days: Option<u16>,
    /// How well it works.
    pub health: InstitutionHealth,
}

impl BankInstitution {
    /// Whether the product can be had there.
    pub fn has(&self, product: Product) -> bool {
        self.products.contains(&product)
    }
}

/// All of them, in a stable order: those written by hand first.
pub fn institutions() -> &'static [BankInstitution] {
    &[]
}

/// The one with that key.
pub fn institution(key: &str) -> Option<&'static BankInstitution> {
    institutions().iter().find(|institution| institution.key == key)
}

/// Those that have every product and one of the countries (none given = any), and whose name holds every word of the query;
/// names that begin with the query first.
pub fn search(query: &str, country_codes: &[String], products: &[Product]) -> Vec<&'static BankInstitution> {
    let _ = (query, country_codes, products);
    Vec::new()
}
