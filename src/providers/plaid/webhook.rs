//! Webhooks: is it Plaid's, and what does it hint at. Pure; keys are fetched and kept elsewhere.
//!
//! The header holds a JWT, signed with ES256 by a key that is named in it, over the time and the SHA-256 of the body's bytes.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::net::{HeaderMap, HeaderValue};
use crate::providers::data::{WebhookKey, WebhookRefused};
use crate::providers::{Hint, HintKind, HintSubject};

use super::client::sha256_hex;
use super::wire::webhook::{Claims, Jwk, Webhook};

/// The header with the signature.
const HEADER: &str = "plaid-verification";
/// An older signature may be a replay.
const LONGEST_AGE: i64 = 5 * 60;
/// How far Plaid's clock may be ahead of ours.
const SKEW: i64 = 30;

/// Which key signed, as the header says; `None` unless it is a JWT that says ES256.
pub fn key_id(headers: &HeaderMap) -> Option<String> {
    let header = decode_header(token(headers)?).ok()?;
    header.kid.filter(|id| header.alg == Algorithm::ES256 && is_key_id(id))
}

/// Whether a text may be the id of a key, so that it is worth asking for.
pub fn is_key_id(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Verifies signature, age and body.
pub fn verify(key: &WebhookKey, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<(), WebhookRefused> {
    let claims = claims(key, headers).ok_or(WebhookRefused::Signature)?;
    let signed_at = claims.iat;
    if signed_at < now.timestamp() - LONGEST_AGE || signed_at > now.timestamp() + SKEW {
        return Err(WebhookRefused::Age);
    }
    let hash = sha256_hex(body);
    verify_slices_are_equal(hash.as_bytes(), claims.request_body_sha256.as_bytes()).map_err(|_| WebhookRefused::Body)
}

/// The signed token as it came.
pub fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(HEADER).map(HeaderValue::as_bytes)
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER)?.to_str().ok()
}

/// What was signed, if it was signed by this key and the key may still sign.
fn claims(key: &WebhookKey, headers: &HeaderMap) -> Option<Claims> {
    if key_id(headers)? != key.key_id || key.expired_at.is_some() {
        return None;
    }
    let jwk = Jwk::deserialize(&key.material).ok()?;
    let form = (jwk.kty.as_str(), jwk.crv.as_str(), jwk.alg.as_str());
    if form != ("EC", "P-256", "ES256") || jwk.kid != key.key_id || jwk.expired_at.is_some() {
        return None;
    }
    let mut validation = Validation::new(Algorithm::ES256);
    // Plaid's tokens have neither; their age is judged by our own clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_ec_components(&jwk.x, &jwk.y).ok()?;
    decode::<Claims>(token(headers)?, &key, &validation).ok().map(|token| token.claims)
}

/// What a verified body hints at; nothing where it concerns no connection and no session.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let webhook: Webhook = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let kind = kind(&webhook);
    let subject = match webhook.webhook_type.as_str() {
        "LINK" => webhook.link_token.filter(is_token).map(HintSubject::Session),
        "ASSETS" => webhook.asset_report_id.map(|id| HintSubject::AssetReport(id.0)),
        // What is linked without an Item is named by its own id.
        "PAYMENT_INITIATION" => webhook.payment_id.map(|id| HintSubject::Connection(id.0)),
        "IDENTITY_VERIFICATION" => webhook.identity_verification_id.map(|id| HintSubject::Connection(id.0)),
        _ => webhook.item_id.map(|id| HintSubject::Connection(id.0)),
    };
    Ok(subject.map(|subject| Hint { subject, kind }).into_iter().collect())
}

fn is_token(token: &Secret) -> bool {
    (1..=500).contains(&token.expose().len())
}

fn kind(webhook: &Webhook) -> HintKind {
    match (webhook.webhook_type.as_str(), webhook.webhook_code.as_str()) {
        ("ITEM", "ERROR" | "LOGIN_REPAIRED" | "USER_PERMISSION_REVOKED") | ("ASSETS", "PRODUCT_READY" | "ERROR") => {
            HintKind::Status
        }
        ("ITEM", "PENDING_EXPIRATION") => expiring(webhook.consent_expiration_time.as_deref()),
        ("ITEM", "PENDING_DISCONNECT") => expiring(webhook.disconnect_time.as_deref()),
        ("ITEM", "NEW_ACCOUNTS_AVAILABLE") => HintKind::NewAccounts,
        // One account is gone; the list of accounts shows which.
        ("ITEM", "USER_ACCOUNT_REVOKED") => HintKind::Data(&[Product::Balances]),
        (
            "TRANSACTIONS",
            "SYNC_UPDATES_AVAILABLE"
            | "INITIAL_UPDATE"
            | "HISTORICAL_UPDATE"
            | "DEFAULT_UPDATE"
            | "TRANSACTIONS_REMOVED",
        ) => HintKind::Data(&[Product::Transactions]),
        ("HOLDINGS", "DEFAULT_UPDATE") => HintKind::Data(&[Product::InvestmentHoldings]),
        ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE" | "HISTORICAL_UPDATE") => {
            HintKind::Data(&[Product::InvestmentTransactions])
        }
        ("LIABILITIES", "DEFAULT_UPDATE") => HintKind::Data(&[Product::Liabilities]),
        // Whether it came or not: the list of statements shows it.
        ("STATEMENTS", "STATEMENTS_REFRESH_COMPLETE") => HintKind::Data(&[Product::Statements]),
        // A lost permission shows itself when the product is fetched.
        (
            "AUTH",
            "DEFAULT_UPDATE"
            | "PRODUCT_PERMISSIONS_REQUIRED"
            | "AUTOMATICALLY_VERIFIED"
            | "VERIFICATION_EXPIRED"
            | "SMS_MICRODEPOSITS_VERIFICATION",
        ) => HintKind::Data(&[Product::Identifiers]),
        ("IDENTITY", "DEFAULT_UPDATE" | "PRODUCT_PERMISSIONS_REQUIRED") => HintKind::Data(&[Product::Owners]),
        ("PAYMENT_INITIATION", "PAYMENT_STATUS_UPDATE") => HintKind::Data(&[Product::PaymentInitiation]),
        // A retry is an attempt of its own, which the reading finds.
        ("IDENTITY_VERIFICATION", "STATUS_UPDATED" | "RETRIED") => HintKind::Data(&[Product::IdentityVerification]),
        ("LINK", "SESSION_FINISHED" | "ITEM_ADD_RESULT" | "EVENTS") => HintKind::SessionFinished,
        _ => HintKind::Nothing,
    }
}

fn expiring(at: Option<&str>) -> HintKind {
    let at = at.and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|at| at.to_utc());
    HintKind::AccessExpiring { at }
}

#[cfg(test)]
mod tests;
