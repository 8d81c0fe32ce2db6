//! Webhooks: is it Mesh's. They tell of transfers alone, so none of them hints at anything. Pure.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::domain::secret::Secret;
use crate::net::{HeaderMap, HeaderValue};
use crate::providers::Hint;
use crate::providers::data::WebhookRefused;

/// The header with the signature: HMAC-SHA256 of the body, in Base64.
pub const HEADER: &str = "x-mesh-signature-256";

/// What every webhook has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Webhook {
    #[serde(rename = "EventId")]
    _event_id: String,
}

/// The signature that a webhook carries.
pub fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(HEADER).map(HeaderValue::as_bytes)
}

/// Verifies the body. It carries no time of signing: a replay is told by its signature.
pub fn verify(secret: &Secret, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookRefused> {
    if secret.expose().is_empty() {
        return Err(WebhookRefused::Signature);
    }
    let given = signature(headers).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let given = given.ok_or(WebhookRefused::Signature)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hmac::verify(&key, body, &given).map_err(|_| WebhookRefused::Body)
}

/// What a verified body hints at: nothing, as no transfer is ours.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let read: Result<Webhook, _> = serde_json::from_slice(body);
    read.map(|_| Vec::new()).map_err(|_| WebhookRefused::Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(signature).unwrap());
        headers
    }

    #[test]
    fn only_what_the_secret_signed_is_taken() {
        // RFC 4231, test case 2.
        let (secret, body) = (Secret::new("Jefe"), &b"what do ya want for nothing?"[..]);
        let signed = "W9zBRr9gdU5qBCQIlcl1x1oAPJ1kf5Y5ZOx+uXlkOEM=";
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let signed_well = BASE64_STANDARD.encode(&bytes);
        assert_eq!(verify(&secret, &headers(&signed_well), body), Ok(()));
        assert_eq!(verify(&secret, &headers(&signed_well), b"another"), Err(WebhookRefused::Body));
        assert_eq!(verify(&Secret::new("jefe"), &headers(&signed_well), body), Err(WebhookRefused::Body));
        assert_eq!(verify(&secret, &headers(signed), body), Err(WebhookRefused::Body));
        assert_eq!(verify(&secret, &headers("!"), body), Err(WebhookRefused::Signature));
        assert_eq!(verify(&secret, &HeaderMap::new(), body), Err(WebhookRefused::Signature));
        assert_eq!(verify(&Secret::new(""), &headers(&signed_well), body), Err(WebhookRefused::Signature));
    }

    #[test]
    fn a_transfer_hints_at_nothing() {
        assert_eq!(hints(br#"{"EventId":"e-1","TransferStatus":"succeeded"}"#), Ok(Vec::new()));
        for odd in [&b""[..], b"{}", b"null", b"[]", b"\xff"] {
            assert_eq!(hints(odd), Err(WebhookRefused::Malformed));
        }
    }

    proptest! {
        #[test]
        fn anything_is_taken_or_refused(body in prop::collection::vec(any::<u8>(), 0..100), header in "[ -~]{0,80}") {
            let _ = hints(&body);
            let _ = verify(&Secret::new("s"), &headers(&header), &body);
        }
    }
}
