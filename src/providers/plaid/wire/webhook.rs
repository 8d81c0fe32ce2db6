//! Webhooks, and the keys that verify them.

use serde::Deserialize;

use super::Id;
use crate::domain::secret::Secret;

/// A webhook's body, as far as it is read.
#[derive(Deserialize)]
pub struct Webhook {
    /// What it is about.
    pub webhook_type: String,
    /// What happened.
    pub webhook_code: String,
    /// The Item, where it is about one.
    pub item_id: Option<Id>,
    /// The link session's token, where it is about one.
    pub link_token: Option<Secret>,
    /// The payment, where it is about one.
    pub payment_id: Option<Id>,
    /// The verification, where it is about one.
    pub identity_verification_id: Option<Id>,
    /// The asset report, where it is about one.
    pub asset_report_id: Option<Id>,
    /// When consent ends (`PENDING_EXPIRATION`).
    pub consent_expiration_time: Option<String>,
    /// When the institution disconnects (`PENDING_DISCONNECT`).
    pub disconnect_time: Option<String>,
}

/// The claims of a webhook's signature.
#[derive(Deserialize)]
pub struct Claims {
    /// When it was signed, in seconds.
    pub iat: i64,
    /// SHA-256 of the body, in hexadecimal.
    pub request_body_sha256: String,
}

/// `/webhook_verification_key/get`.
#[derive(Deserialize)]
pub struct VerificationKey {
    /// The key.
    pub key: serde_json::Value,
}

/// A key as a JWK.
#[derive(Deserialize)]
pub struct Jwk {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// `ES256`.
    pub alg: String,
    /// Its id.
    pub kid: String,
    /// X coordinate in base64url.
    pub x: String,
    /// Y coordinate in base64url.
    pub y: String,
    /// Since when it is no longer valid, in seconds.
    pub expired_at: Option<i64>,
}
