//! Institutions: Yodlee's providers.

use serde::Deserialize;

use super::Id;

/// `GET /providers`.
#[derive(Deserialize)]
pub struct Providers {
    /// A page of them.
    pub provider: Option<Vec<Provider>>,
}

/// An institution.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: Option<String>,
    /// Its home page.
    pub base_url: Option<String>,
    /// The address of its logo.
    pub logo: Option<String>,
    /// ISO 3166 alpha-2.
    #[serde(rename = "countryISOCode")]
    pub country_iso_code: Option<String>,
    /// `Supported`, `Beta`, `Unsupported`.
    pub status: Option<String>,
    /// `OAUTH`, `CREDENTIALS`, `MFA_CREDENTIALS`.
    pub auth_type: Option<String>,
    /// What can be had there.
    pub dataset: Option<Vec<Dataset>>,
    /// How well it works, where that is worth an alert.
    pub uptime_metrics: Option<UptimeMetrics>,
}

/// A set of what can be had.
#[derive(Clone, Debug, Deserialize)]
pub struct Dataset {
    /// `BASIC_AGG_DATA`, `ACCT_PROFILE` and others.
    pub name: Option<String>,
    /// What is in it.
    pub attribute: Option<Vec<Attribute>>,
}

/// One thing that can be had, and for which accounts.
#[derive(Clone, Debug, Deserialize)]
pub struct Attribute {
    /// What.
    pub name: Option<String>,
    /// For accounts of which containers.
    pub container: Option<Vec<String>>,
}

/// An alert.
#[derive(Clone, Debug, Deserialize)]
pub struct UptimeMetrics {
    /// Which.
    pub status: Option<String>,
}
