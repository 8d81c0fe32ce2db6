//! Receipts of what customers have agreed to, as far as they are read.

use serde::Deserialize;

use super::Id;

/// `DataSharingConsentReceipts`.
#[derive(Clone, Debug, Deserialize)]
pub struct Receipts {
    /// The newest may come first or last.
    pub consents: Vec<Receipt>,
}

/// `DataSharingConsentReceipt`.
#[derive(Clone, Debug, Deserialize)]
pub struct Receipt {
    /// The institutions that it is about.
    #[serde(default)]
    pub institutions: Vec<Arrangement>,
}

/// `InstitutionInfo`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrangement {
    /// The login at the institution.
    pub institution_login_id: Option<Id>,
    /// How it stands.
    pub status_details: ArrangementStatus,
}

/// `InstitutionArrangementStatusDetails`.
#[derive(Clone, Debug, Deserialize)]
pub struct ArrangementStatus {
    /// `ACTIVE`, `REVOKED` or `EXPIRED`.
    pub status: String,
}
