//! Connect's events on their way out: signed as Finicity signs them, never in the way of an answer, never without a bound.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::Simulator;
use super::state::Connect;
use crate::bank::WebhookSender;
use crate::domain::secret::Secret;

/// Events that wait or are on their way; what is over is dropped.
const MOST_WAITING: usize = 1000;
/// The pauses between the attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// Signs and sends. Clones share everything.
#[derive(Clone)]
pub struct Outbox {
    sender: Arc<dyn WebhookSender>,
    secret: Secret,
    waiting: Arc<Semaphore>,
}

impl Outbox {
    /// An empty one, for the partner with that secret.
    pub fn new(sender: Arc<dyn WebhookSender>, secret: Secret) -> Self {
        Self { sender, secret, waiting: Arc::new(Semaphore::new(MOST_WAITING)) }
    }

    /// Sends in the background, one after the other.
    pub fn post(&self, url: String, bodies: Vec<Value>) {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            tracing::warn!("too many events of the Finicity simulator wait: some are dropped");
            return;
        };
        let outbox = self.clone();
        tokio::spawn(async move {
            for body in bodies {
                outbox.deliver(&url, &body).await;
            }
            drop(place);
        });
    }

    async fn deliver(&self, url: &str, body: &Value) {
        for pause in PAUSES.iter().map(Some).chain([None]) {
            if self.attempt(url, body).await {
                return;
            }
            if let Some(pause) = pause {
                tokio::time::sleep(*pause).await;
            }
        }
        tracing::warn!("an event of the Finicity simulator was not taken");
    }

    async fn attempt(&self, url: &str, body: &Value) -> bool {
        let body = body.to_string().into_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose().as_bytes());
        let signature = hmac::sign(&key, &body);
        let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let headers =
            vec![("content-type".to_owned(), "application/json".to_owned()), ("x-finicity-signature".to_owned(), hex)];
        self.sender.post(url, headers, body).await
    }
}

/// An event.
fn event(connect: &Connect, kind: &str, payload: Value) -> Value {
    json!({
        "customerId": connect.customer, "eventType": kind, "eventId": Uuid::new_v4().to_string(),
        "payload": payload, "webhookData": connect.webhook_data,
    })
}

impl Simulator {
    /// Whether the address for events answers, if there is one.
    pub(super) async fn ping(&self, connect: &Connect) -> bool {
        match &connect.webhook {
            Some(url) => self.shared.outbox.attempt(url, &event(connect, "ping", json!({}))).await,
            None => true,
        }
    }

    /// Tells the end of a session; with the login's accounts, where there is one.
    pub(super) fn tell_end(&self, connect: &Connect, accounts: Option<Value>) {
        let Some(url) = &connect.webhook else { return };
        let added = accounts.map(|accounts| {
            let kind = if connect.fix.is_some() { "credentialsUpdated" } else { "added" };
            event(connect, kind, accounts)
        });
        let done = event(connect, "done", json!({}));
        self.shared.outbox.post(url.clone(), added.into_iter().chain([done]).collect());
    }
}
