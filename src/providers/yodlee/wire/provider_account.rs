//! Logins at institutions, and consents.

use serde::Deserialize;

use super::Id;

/// `GET /providerAccounts`, `GET /providerAccounts/{id}`: a list, of one in the latter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderAccounts {
    /// The logins.
    pub provider_account: Option<Vec<ProviderAccount>>,
}

/// A customer's login at an institution: our connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderAccount {
    /// Its id.
    pub id: Id,
    /// At which institution.
    pub provider_id: Option<Id>,
    /// How the last update went.
    pub status: Option<String>,
    /// The same by dataset, with the reason.
    pub dataset: Option<Vec<Dataset>>,
    /// The consent, at open-banking sites.
    pub consent_id: Option<i64>,
    /// Whether the customer typed the data in.
    pub is_manual: Option<bool>,
    /// For support.
    pub request_id: Option<String>,
}

/// How a dataset fares.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// `BASIC_AGG_DATA`, `ACCT_PROFILE` and others.
    pub name: Option<String>,
    /// How its last update went.
    pub additional_status: Option<String>,
    /// Whether it can be updated without the customer.
    pub update_eligibility: Option<String>,
    /// When it was last updated, or tried to be.
    pub last_update_attempt: Option<String>,
}

/// `GET /consents`.
#[derive(Deserialize)]
pub struct Consents {
    /// The consents.
    pub consent: Option<Vec<Consent>>,
}

/// A consent under open banking.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// For which login.
    pub provider_account_id: Option<Id>,
    /// When it ends.
    pub expiration_date_time: Option<String>,
}
