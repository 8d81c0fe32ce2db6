//! RSA-SHA256 (PKCS #1 v1.5), in which requests and callbacks are signed.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A private key.
#[derive(Clone)]
pub struct SigningKey(Arc<RsaKeyPair>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A public key: its DER (SubjectPublicKeyInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

/// Reads the PEM of a private key (PKCS #8); the text of an error names the configuration's key.
pub fn signing_key(key: &str, pem: &str) -> Result<SigningKey, String> {
    let read = der(pem, "PRIVATE KEY").and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
    read.map(|pair| SigningKey(Arc::new(pair)))
        .ok_or_else(|| format!("{key} must be an RSA key as PKCS #8 in PEM (-----BEGIN PRIVATE KEY-----): convert it with openssl pkcs8 -topk8 -nocrypt"))
}

/// Reads the PEM of a public key.
pub fn public_key(key: &str, pem: &str) -> Result<PublicKey, String> {
    let read = der(pem, "PUBLIC KEY").filter(|der| der.len() > 200);
    read.map(PublicKey).ok_or_else(|| {
        format!("{key} must be an RSA public key in PEM (-----BEGIN PUBLIC KEY-----), as Salt Edge publishes it")
    })
}

fn der(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let plain: String = body.chars().filter(|one| !one.is_whitespace()).collect();
    BASE64_STANDARD.decode(plain).ok()
}

impl SigningKey {
    /// The signature of these bytes, base64; `None` where the library fails.
    pub fn sign(&self, message: &[u8]) -> Option<String> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(BASE64_STANDARD.encode(signature))
    }
}

impl PublicKey {
    /// The key as it is kept, base64.
    pub fn text(&self) -> String {
        BASE64_STANDARD.encode(&self.0)
    }

    /// Reads it again.
    pub fn read(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok().map(Self)
    }

    /// Whether that is the signature of these bytes.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0).verify(message, &signature).is_ok()
    }
}

/// What is signed of a request: its end (Unix seconds), method, whole address and body.
pub fn of_request(expires_at: i64, method: &str, url: &str, body: &[u8]) -> Vec<u8> {
    [format!("{expires_at}|{method}|{url}|").as_bytes(), body].concat()
}

/// What is signed of a callback: the address as it is registered, and the body.
pub fn of_callback(url: &str, body: &[u8]) -> Vec<u8> {
    [url.as_bytes(), b"|", body].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_signature_is_good_for_its_message_and_key_alone() {
        let key = signing_key("k", include_str!("sandbox/key.pem")).unwrap();
        let public = public_key("k", include_str!("sandbox/public_key.pem")).unwrap();
        assert_eq!(PublicKey::read(&public.text()).unwrap(), public);
        let message = of_request(1, "GET", "https://x.example/a?b=c", b"");
        assert_eq!(message, b"1|GET|https://x.example/a?b=c|");
        let signature = key.sign(&message).unwrap();
        assert!(public.verifies(&message, signature.as_bytes()));
        assert!(!public.verifies(b"else", signature.as_bytes()));
        assert!(!public.verifies(&message, b"c2lnbmF0dXJl") && !public.verifies(&message, b"\xff"));
        assert!(!PublicKey(vec![1; 300]).verifies(&message, signature.as_bytes()));
    }
}
