//! Connect's webhooks: are they Finicity's, and what do they hint at. Pure.
//!
//! The header holds the HMAC-SHA256 of the body in hexadecimal digits, under the partner's secret. It says no time: a repeat is
//! known by its signature, however it and the body are spelled, since each event has an id of its own.

use aws_lc_rs::hmac;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::domain::secret::Secret;
use crate::net::{HeaderMap, HeaderValue};
use crate::providers::data::WebhookRefused;
use crate::providers::{Hint, HintKind, HintSubject};

use super::wire::link::{Event, EventAccounts, EventData};

/// The header with the signature.
const HEADER: &str = "x-finicity-signature";
/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;
/// Accounts of an event that are looked at.
const MOST_ACCOUNTS: usize = 1_000;

/// The signature; its digits may be spelled with capitals or without.
pub fn signature(headers: &HeaderMap) -> Option<[u8; SIGNATURE_BYTES]> {
    headers.get(HEADER).map(HeaderValue::as_bytes).and_then(unhex)
}

/// Verifies the signature, over the bytes as they came or, as Finicity's own sample does, over the JSON without the space between
/// its parts. Nothing may follow the JSON: a body is not to be varied at will.
pub fn verify(secret: &Secret, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookRefused> {
    let signature = signature(headers).ok_or(WebhookRefused::Signature)?;
    if secret.expose().is_empty() {
        return Err(WebhookRefused::Signature);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let good = |body: &[u8]| hmac::verify(&key, body, &signature).is_ok();
    let ends = !body.last().is_some_and(u8::is_ascii_whitespace);
    if good(body) || (ends && good(&compact(body))) { Ok(()) } else { Err(WebhookRefused::Body) }
}

fn unhex(digits: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    if digits.len() != 2 * SIGNATURE_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

/// The JSON without the space between its parts.
fn compact(body: &[u8]) -> Vec<u8> {
    let (mut within, mut escaped) = (false, false);
    let kept = |byte: &u8| {
        let keep = within || !byte.is_ascii_whitespace();
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            _ => {}
        }
        keep
    };
    body.iter().copied().filter(kept).collect()
}

/// What a verified body hints at. A session may be over with any of its events; what became of it is asked for.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let event: Event<'_> = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    if matches!(event.event_type.as_str(), "ping" | "started" | "adding" | "discovered") {
        return Ok(Vec::new());
    }
    let session = read::<EventData>(event.webhook_data).map(|data| data.session);
    let mut hints: Vec<Hint> =
        session.map(|session| hint(HintSubject::Session(session), HintKind::SessionFinished)).into_iter().collect();
    if matches!(event.event_type.as_str(), "accountsDeleted" | "credentialsUpdated") {
        let accounts = read::<EventAccounts>(event.payload).map(|payload| payload.accounts).unwrap_or_default();
        let mut logins: Vec<String> =
            accounts.into_iter().take(MOST_ACCOUNTS).map(|account| account.institution_login_id.0).collect();
        logins.sort_unstable();
        logins.dedup();
        hints.extend(logins.into_iter().map(|login| hint(HintSubject::Connection(login), HintKind::Status)));
    }
    Ok(hints)
}

fn hint(subject: HintSubject, kind: HintKind) -> Hint {
    Hint { subject, kind }
}

fn read<T: DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    /// `openssl dgst -sha256 -hmac secret` of [`BODY`].
    const SIGNATURE: &str = "b0d6f9f095000c25eabde571e83e7be2b811336dfd8f5b90551944e9f5cd5055";
    const BODY: &[u8] =
        br#"{"eventType":"done","customerId":"1","eventId":"e-1","payload":{},"webhookData":{"session":"s"}}"#;

    fn headers(signature: &str) -> HeaderMap {
        [(HEADER.parse().unwrap(), HeaderValue::from_str(signature).unwrap())].into_iter().collect()
    }

    fn check(secret: &str, signature: &str, body: &[u8]) -> Result<(), WebhookRefused> {
        verify(&Secret::new(secret), &headers(signature), body)
    }

    #[test]
    fn the_signature_of_another_tool_is_accepted_and_no_other() {
        assert_eq!(check("secret", SIGNATURE, BODY), Ok(()));
        assert_eq!(check("secret", &SIGNATURE.to_uppercase(), BODY), Ok(()));
        assert_eq!(check("other", SIGNATURE, BODY), Err(WebhookRefused::Body));
        let changed = BODY.to_ascii_uppercase();
        assert_eq!(check("secret", SIGNATURE, &changed), Err(WebhookRefused::Body));
        for broken in ["", "00", "zz", &SIGNATURE[1..], &format!("{SIGNATURE}00")] {
            assert_eq!(check("secret", broken, BODY), Err(WebhookRefused::Signature), "{broken}");
        }
        let none = verify(&Secret::new("secret"), &HeaderMap::new(), BODY);
        assert_eq!(none, Err(WebhookRefused::Signature));
        // Nobody can sign for an installation without a secret.
        assert_eq!(check("", SIGNATURE, BODY), Err(WebhookRefused::Signature));
    }

    #[test]
    fn a_signature_over_the_json_without_space_is_accepted() {
        let spaced = String::from_utf8_lossy(BODY).replace("\":", "\" : ").replace(',', ",\n  ");
        assert_eq!(check("secret", SIGNATURE, spaced.as_bytes()), Ok(()));
        assert_eq!(check("secret", SIGNATURE, format!("{spaced} ").as_bytes()), Err(WebhookRefused::Body));
        assert_eq!(compact(br#" { "a b\" c" : [ 1 , " \\" ] } "#), br#"{"a b\" c":[1," \\"]}"#);
    }

    #[test]
    fn an_event_hints_at_its_session() {
        let session = Hint { subject: HintSubject::Session(Secret::new("s")), kind: HintKind::SessionFinished };
        assert_eq!(hints(BODY).unwrap(), std::slice::from_ref(&session));
        let ping = br#"{"eventType":"ping","webhookData":{"session":"s"}}"#;
        assert_eq!(hints(ping).unwrap(), []);
        let deleted = br#"{"eventType":"accountsDeleted","webhookData":{"session":"s"},
            "payload":{"accounts":[{"institutionLoginId":7,"id":"1"},{"institutionLoginId":"7"}]}}"#;
        let login = Hint { subject: HintSubject::Connection("7".to_owned()), kind: HintKind::Status };
        assert_eq!(hints(deleted).unwrap(), [session, login]);
        assert_eq!(hints(br#"{"eventType":"new","webhookData":null}"#).unwrap(), []);
        assert_eq!(hints(b"[]"), Err(WebhookRefused::Malformed));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = hints(&body);
            prop_assert!(check("secret", SIGNATURE, &body).is_err());
        }

        #[test]
        fn any_event_is_read_or_refused(kind in ".{0,20}", data in "(null|\\{\\}|\\[1\\]|\\{\"session\":(1|\"x\")\\})") {
            let body = format!("{{\"eventType\":{},\"webhookData\":{data},\"payload\":{data}}}", serde_json::json!(kind));
            let _ = hints(body.as_bytes());
        }
    }
}
