//! Ids and tokens that look like Akoya's.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::products;
use super::state::{Grant, ID_TOKEN_LIFE};
use crate::bank::UserRef;

/// A token that nobody can guess.
pub fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// What is stored of a token: enough to recognise it, not to use it.
pub fn fingerprint(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()).as_ref())
}

/// The login as an application sees it: the same over all its consents.
pub fn subject(user: &UserRef) -> String {
    URL_SAFE_NO_PAD.encode(format!("\u{8}{}\u{12}{}", user.username, user.institution))
}

/// An id token. Its signature is no real one; the simulator knows its tokens by their fingerprints.
pub fn id_token(grant: &Grant, client_id: &str, now: DateTime<Utc>) -> String {
    let claims = json!({
        "iss": "https://idp.ddp.akoya.com/",
        "sub": subject(&grant.login.user),
        "aud": client_id,
        "iat": now.timestamp(),
        "exp": (now + ID_TOKEN_LIFE).timestamp(),
        "jti": Uuid::new_v4(),
        "grant_id": grant.id,
        "connectorId": grant.institution,
        "recipientId": "sandbox",
        "name": grant.login.user.username,
        "accounts": grant.accounts,
        "products": products::names(&grant.products),
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&json!({ "alg": "RS256", "kid": "sandbox" })), part(&claims), random())
}
