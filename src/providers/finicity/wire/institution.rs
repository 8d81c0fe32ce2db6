//! Institutions.

use serde::Deserialize;

use super::{Flag, Id};

/// `Institutions`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Institutions {
    /// Whether there is another page.
    pub more_available: Flag,
    /// This page's.
    pub institutions: Vec<Institution>,
}

/// `Institution`. The flags say for which products it is certified.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Institution {
    /// Finicity's id.
    pub id: Id,
    /// Its name.
    pub name: Option<String>,
    /// Transaction aggregation.
    #[serde(default)]
    pub trans_agg: bool,
    /// Account and routing numbers.
    #[serde(default)]
    pub ach: bool,
    /// Live balances.
    #[serde(default)]
    pub avail_balance: bool,
    /// Owners.
    #[serde(default)]
    pub account_owner: bool,
    /// Terms of cards and loans.
    pub liability_data: Option<bool>,
    /// Terms of loans.
    pub loan_payment_details: Option<bool>,
    /// Terms of student loans.
    pub student_loan_data: Option<bool>,
    /// Whether the customer logs in at its own page.
    #[serde(default)]
    pub oauth_enabled: bool,
    /// How it works: `online`, `offline`, `maintenance` and so on; an open list.
    pub status: Option<String>,
    /// Its home page.
    pub url_home_app: Option<String>,
    /// Its pictures.
    pub branding: Option<Branding>,
}

/// `Branding`.
#[derive(Clone, Debug, Deserialize)]
pub struct Branding {
    /// For white backgrounds, an address.
    pub logo: Option<String>,
    /// Small, an address.
    pub icon: Option<String>,
}
