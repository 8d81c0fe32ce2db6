//! Webhooks on their way out: signed as Plaid signs them, never in the way of an answer, never without a bound.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

use super::ids;
use super::state::WEBHOOK_KEY;
use crate::bank::WebhookSender;
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

/// Webhooks that wait or are on their way; what is over is dropped.
const MOST_WAITING: usize = 1000;
/// Webhooks that are sent at once.
const MOST_SENDING: usize = 16;
/// The pauses between the attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// Signs and sends. Clones share everything.
#[derive(Clone)]
pub struct Outbox {
    sender: Arc<dyn WebhookSender>,
    documents: Documents,
    clock: Clock,
    key: Arc<OnceCell<SigningKey>>,
    waiting: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Outbox {
    /// An empty one.
    pub fn new(sender: Arc<dyn WebhookSender>, documents: Documents, clock: Clock) -> Self {
        let (waiting, sending) = (Semaphore::new(MOST_WAITING), Semaphore::new(MOST_SENDING));
        Self { sender, documents, clock, key: Arc::default(), waiting: Arc::new(waiting), sending: Arc::new(sending) }
    }

    /// Sends the webhook in the background.
    pub fn post(&self, url: String, body: &Value) {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            tracing::warn!("too many webhooks of the Plaid simulator wait: one is dropped");
            return;
        };
        let (outbox, body) = (self.clone(), body.to_string().into_bytes());
        tokio::spawn(async move {
            if let Ok(_turn) = outbox.sending.acquire().await {
                outbox.deliver(&url, &body).await;
            }
            drop(place);
        });
    }

    async fn deliver(&self, url: &str, body: &[u8]) {
        let pauses = PAUSES.iter().map(Some).chain([None]);
        for pause in pauses {
            match self.attempt(url, body).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a webhook of the Plaid simulator could not be signed"),
            }
            if let Some(pause) = pause {
                tokio::time::sleep(*pause).await;
            }
        }
        tracing::warn!("a webhook of the Plaid simulator was not taken");
    }

    /// Signed anew each time, since a signature is only good for five minutes.
    async fn attempt(&self, url: &str, body: &[u8]) -> store::Result<bool> {
        let key = self.key.get_or_try_init(|| SigningKey::load(&self.documents, &self.clock)).await?;
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("plaid-verification".to_owned(), key.sign(body, self.clock.now().timestamp())?),
        ];
        Ok(self.sender.post(url, headers, body.to_vec()).await)
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
