//! Institutions.

use serde::Deserialize;

use super::Id;

/// `/institutions/get`.
#[derive(Deserialize)]
pub struct Institutions {
    /// The institutions of this page, fewer than asked for where some were filtered out.
    pub institutions: Vec<Institution>,
    /// How many there are on all pages, before filtering.
    pub total: u64,
}

/// An institution.
#[derive(Deserialize)]
pub struct Institution {
    /// Its id.
    pub institution_id: Id,
    /// Its name.
    pub name: String,
    /// What it can deliver.
    pub products: Option<Vec<String>>,
    /// Where it is.
    pub country_codes: Option<Vec<String>>,
    /// Its home page.
    pub url: Option<String>,
    /// A PNG in base64.
    pub logo: Option<String>,
    /// Whether the customer logs in there.
    pub oauth: Option<bool>,
    /// How well it works.
    pub status: Option<Status>,
    /// How account numbers can be had.
    pub auth_metadata: Option<AuthMetadata>,
}

/// How well an institution works.
#[derive(Deserialize)]
pub struct Status {
    /// Logins.
    pub item_logins: Option<ProductStatus>,
}

/// How well one thing works.
#[derive(Deserialize)]
pub struct ProductStatus {
    /// `HEALTHY`, `DEGRADED` or `DOWN`.
    pub status: Option<String>,
}

/// How account numbers can be had.
#[derive(Deserialize)]
pub struct AuthMetadata {
    /// The ways.
    pub supported_methods: Option<AuthMethods>,
}

/// The ways to account numbers.
#[derive(Deserialize)]
pub struct AuthMethods {
    /// The institution gives them.
    pub instant_auth: Option<bool>,
    /// The customer types them, the institution confirms.
    pub instant_match: Option<bool>,
    /// Plaid pays a small sum in, and recognises it by itself.
    pub automated_micro_deposits: Option<bool>,
}
