//! Callbacks: signed over the address and the body; dated inside of the body.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::net::HeaderMap;
use crate::providers::data::{WebhookKey, WebhookRefused};
use crate::providers::{Hint, HintKind, HintSubject, Webhook};

use super::signature::{PublicKey, of_callback};
use super::spec::PRODUCTS;
use super::wire::Callback;

/// Which of the published keys signed it.
const KEY_VERSION: &str = "signature-key-version";
/// The version where none is named.
const VERSION_6: &str = "6.0";
/// How far the clocks may be apart, and how long a callback may be on its way; nothing is known of repetitions.
const TOLERANCE: TimeDelta = TimeDelta::hours(1);

/// The signature that a callback carries.
pub fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get("signature").map(|value| value.as_bytes()).filter(|value| (1..=2000).contains(&value.len()))
}

/// The key that it names.
pub fn key_id(headers: &HeaderMap) -> Option<String> {
    signature(headers)?;
    let version = match headers.get(KEY_VERSION) {
        Some(value) => value.to_str().ok()?,
        None => VERSION_6,
    };
    let is_plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_plain && (1..=10).contains(&version.len())).then(|| version.to_owned())
}

/// Verifies signature and age.
pub fn verify(key: &WebhookKey, webhook: &Webhook<'_>, now: DateTime<Utc>) -> Result<(), WebhookRefused> {
    let signature = signature(webhook.headers).ok_or(WebhookRefused::Signature)?;
    let public = key.material.as_str().and_then(PublicKey::read).ok_or(WebhookRefused::Signature)?;
    if !public.verifies(&of_callback(webhook.url, webhook.body), signature) {
        return Err(WebhookRefused::Body);
    }
    let callback = read(webhook.body)?;
    // Its form is not known for sure: without a readable one the signature alone counts, and a replay only causes a reading.
    let sent = callback.meta.time.and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    if sent.is_some_and(|sent| (now - sent.to_utc()).abs() > TOLERANCE) {
        return Err(WebhookRefused::Age);
    }
    Ok(())
}

/// What it hints at. Nothing but its fields says which kind of callback it is.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let data = read(body)?.data;
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let Some(id) = text("connection_id").filter(|id| (1..=100).contains(&id.len())) else { return Ok(Vec::new()) };
    let kind = match text("stage") {
        _ if data.contains_key("error_class") => HintKind::Status,
        Some("finish" | "success") => HintKind::Data(PRODUCTS),
        // A stage on the way.
        Some(_) => return Ok(Vec::new()),
        // The connection was removed, or its consent changed.
        None => HintKind::Status,
    };
    Ok(vec![Hint { subject: HintSubject::Connection(id.to_owned()), kind }])
}

fn read(body: &[u8]) -> Result<Callback, WebhookRefused> {
    serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_the_fields_tell_what_happened() {
        let kind = |body: &str| hints(body.as_bytes()).unwrap().first().map(|hint| hint.kind);
        assert_eq!(
            kind(r#"{"data":{"connection_id":"1","stage":"finish"},"meta":{}}"#),
            Some(HintKind::Data(PRODUCTS))
        );
        assert_eq!(
            kind(r#"{"data":{"connection_id":"1","stage":"finish","error_class":"ProviderError"}}"#),
            Some(HintKind::Status)
        );
        assert_eq!(kind(r#"{"data":{"connection_id":"1","customer_id":"2"}}"#), Some(HintKind::Status));
        assert_eq!(kind(r#"{"data":{"connection_id":"1","stage":"interactive"}}"#), None);
        assert_eq!(kind(r#"{"data":{"provider_code":"x","status":"inactive"}}"#), None);
        assert!(hints(b"[]").is_err());
    }
}
