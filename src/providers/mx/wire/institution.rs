//! Institutions, in the form of either version.

use serde::Deserialize;

use super::Pagination;

/// `GET /institutions`
#[derive(Deserialize)]
pub struct Institutions {
    /// The institutions of this page.
    pub institutions: Vec<Institution>,
    /// Where the page stands.
    pub pagination: Pagination,
}

/// `GET /institutions/{code}`
#[derive(Deserialize)]
pub struct InstitutionAnswer {
    /// The institution.
    pub institution: Institution,
}

/// An institution.
#[derive(Clone, Debug, Deserialize)]
pub struct Institution {
    /// MX's id, which a widget can be opened with.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its home page.
    pub url: Option<String>,
    /// Where its logo is.
    pub medium_logo_url: Option<String>,
    /// ISO 3166 alpha-2.
    pub iso_country_code: Option<String>,
    /// Whether we switched it off.
    pub is_disabled_by_client: Option<bool>,
    /// Whether it takes no new members (v20250224).
    pub is_hidden: Option<bool>,
    /// Whether the customer logs in at its own page.
    pub supports_oauth: Option<bool>,
    /// What can be had there (v20250224).
    pub supported_products: Option<Vec<String>>,
    /// Whether owners can be had there (v20111101).
    pub supports_account_identification: Option<bool>,
    /// Whether account numbers can be had there (v20111101).
    pub supports_account_verification: Option<bool>,
}
