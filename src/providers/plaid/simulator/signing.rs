//! Webhooks are signed as Plaid signs them.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::ids;
use super::state::WEBHOOK_KEY;
use crate::bank::Message;
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

/// Signs webhooks. Clones share everything.
#[derive(Clone)]
pub struct Signer {
    documents: Documents,
    clock: Clock,
    key: Arc<OnceCell<SigningKey>>,
}

impl Signer {
    /// One that keeps its key there.
    pub fn new(documents: Documents, clock: Clock) -> Self {
        Self { documents, clock, key: Arc::default() }
    }

    /// A webhook as Plaid signs it; the signature is good for five minutes.
    pub async fn signed(&self, url: &str, body: &Value) -> store::Result<Message> {
        let key = self.key.get_or_try_init(|| SigningKey::load(&self.documents, &self.clock)).await?;
        let message = Message::json(url, body);
        let signature = key.sign(message.body(), self.clock.now().timestamp())?;
        Ok(message.with("plaid-verification", signature))
    }
}

/// A key as it is kept.
#[derive(Serialize, Deserialize)]
struct KeyDocument {
    pkcs8: String,
    created_at: i64,
}

impl KeyDocument {
    fn open(&self, id: String) -> store::Result<SigningKey> {
        let unreadable = || store::Error::Unreadable("a webhook key".to_owned());
        let pkcs8 = BASE64_STANDARD.decode(&self.pkcs8).map_err(|_| unreadable())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).map_err(|_| unreadable())?;
        Ok(SigningKey { id, pair, created_at: self.created_at })
    }
}

/// A key pair that signs webhooks.
pub struct SigningKey {
    id: String,
    pair: EcdsaKeyPair,
    created_at: i64,
}

impl SigningKey {
    /// The key of that id.
    pub async fn find(documents: &Documents, id: &str) -> store::Result<Option<Self>> {
        let document: Option<KeyDocument> = documents.get(WEBHOOK_KEY, id).await?;
        document.map(|document| document.open(id.to_owned())).transpose()
    }

    /// The first key that there is, or else a new one. Two processes that begin at once may each make one; both are good.
    async fn load(documents: &Documents, clock: &Clock) -> store::Result<Self> {
        let known: Vec<(String, KeyDocument)> = documents.list(WEBHOOK_KEY).await?;
        if let Some((id, document)) = known.into_iter().next() {
            return document.open(id);
        }
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).and_then(|pair| pair.to_pkcs8v1());
        let pair = pair.map_err(|_| store::Error::Unreadable("a new webhook key".to_owned()))?;
        let id = Uuid::new_v4().to_string();
        let created_at = clock.now().timestamp();
        let document = KeyDocument { pkcs8: BASE64_STANDARD.encode(pair.as_ref()), created_at };
        documents.put(WEBHOOK_KEY, &id, &document).await?;
        document.open(id)
    }

    /// The value of the header `Plaid-Verification`: a JWT over the body's hash.
    fn sign(&self, body: &[u8], at: i64) -> store::Result<String> {
        let header = json!({ "alg": "ES256", "kid": self.id, "typ": "JWT" });
        let claims = json!({ "iat": at, "request_body_sha256": ids::sha256_hex(body) });
        let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| store::Error::Unreadable("a webhook key".to_owned()))?;
        Ok(format!("{signed}.{}", encode(signature.as_ref())))
    }

    /// The public half as a JSON Web Key with Plaid's times.
    pub fn public(&self) -> Value {
        // An uncompressed point: 4, then both coordinates of 32 bytes.
        let (x, y) =
            self.pair.public_key().as_ref().get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
        json!({
            "alg": "ES256", "crv": "P-256", "kty": "EC", "use": "sig", "kid": self.id,
            "x": BASE64_URL_SAFE_NO_PAD.encode(x),
            "y": BASE64_URL_SAFE_NO_PAD.encode(y),
            "created_at": self.created_at,
            "expired_at": null,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    use super::*;

    fn key() -> SigningKey {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
        let document = KeyDocument { pkcs8: BASE64_STANDARD.encode(pair.as_ref()), created_at: 1 };
        document.open("key".to_owned()).unwrap()
    }

    #[test]
    fn another_reader_of_jwts_accepts_the_signature_and_no_other() {
        let (key, other) = (key(), key());
        let token = key.sign(b"{}", 1_700_000_000).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        let read = |public: &Value| {
            let coordinates = (public["x"].as_str().unwrap(), public["y"].as_str().unwrap());
            let key = DecodingKey::from_ec_components(coordinates.0, coordinates.1).unwrap();
            decode::<Value>(&token, &key, &validation).map(|token| token.claims)
        };
        let claims = read(&key.public()).unwrap();
        assert_eq!(claims["iat"], 1_700_000_000);
        assert_eq!(claims["request_body_sha256"], ids::sha256_hex(b"{}"));
        assert!(read(&other.public()).is_err());
    }
}
