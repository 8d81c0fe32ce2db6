//! Connect's events, signed as Finicity signs them.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Simulator;
use super::state::Connect;
use crate::bank::Message;

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
            Some(url) => self.shared.outbox.attempt(self.signed(url, &event(connect, "ping", json!({})))).await,
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
        self.shared.outbox.post(added.iter().chain([&done]).map(|event| self.signed(url, event)).collect());
    }

    /// An event as Finicity signs it.
    fn signed(&self, url: &str, event: &Value) -> Message {
        let message = Message::json(url, event);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.shared.partner_secret.expose().as_bytes());
        let signature = hmac::sign(&key, message.body());
        let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        message.with("x-finicity-signature", hex)
    }
}
