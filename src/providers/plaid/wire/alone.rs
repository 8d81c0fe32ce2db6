//! Payments and verifications.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Amount, Id};

/// `/payment_initiation/payment/get`.
#[derive(Deserialize)]
pub struct Payment {
    /// Its id.
    pub payment_id: Id,
    /// How much.
    pub amount: PaymentAmount,
    /// `PAYMENT_STATUS_…`.
    pub status: String,
    /// When that last changed.
    pub last_status_update: Option<DateTime<Utc>>,
    /// What it was made with.
    pub reference: Option<String>,
    /// What the bank was sent in its place.
    pub adjusted_reference: Option<String>,
    /// Who gets it.
    pub recipient_id: Option<Id>,
}

/// An amount of a currency.
#[derive(Deserialize)]
pub struct PaymentAmount {
    /// How much.
    pub value: Amount,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// `/identity_verification/get`, without what the person entered.
#[derive(Deserialize)]
pub struct Verification {
    /// Its id.
    pub id: Id,
    /// Whose, by our id of them.
    pub client_user_id: Option<String>,
    /// The attempt that this one is a retry of.
    pub previous_attempt_id: Option<Id>,
    /// By which template.
    pub template: Option<Template>,
    /// Where it stands.
    pub status: String,
    /// How each step came out.
    pub steps: Option<Steps>,
    /// What was compared with registers.
    pub kyc_check: Option<KycCheck>,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was finished.
    pub completed_at: Option<DateTime<Utc>>,
}

/// `/identity_verification/list`.
#[derive(Deserialize)]
pub struct Verifications {
    /// A page of them.
    pub identity_verifications: Vec<Verification>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// A template.
#[derive(Deserialize)]
pub struct Template {
    /// Its id.
    pub id: Option<Id>,
}

/// How each step came out.
#[derive(Default, Deserialize)]
pub struct Steps {
    /// The terms.
    pub accept_tos: Option<String>,
    /// The code by text message.
    pub verify_sms: Option<String>,
    /// Registers.
    pub kyc_check: Option<String>,
    /// Documents.
    pub documentary_verification: Option<String>,
    /// A picture.
    pub selfie_check: Option<String>,
    /// Watchlists.
    pub watchlist_screening: Option<String>,
    /// Signs of fraud.
    pub risk_check: Option<String>,
}

/// What was compared with registers.
#[derive(Default, Deserialize)]
pub struct KycCheck {
    /// The name.
    pub name: Option<Compared>,
    /// The date of birth.
    pub date_of_birth: Option<Compared>,
    /// The address.
    pub address: Option<Compared>,
    /// The telephone number.
    pub phone_number: Option<Compared>,
    /// A number of a document.
    pub id_number: Option<Compared>,
}

/// How one thing compares.
#[derive(Deserialize)]
pub struct Compared {
    /// In a word.
    pub summary: Option<String>,
}
