//! What somebody can do to a connection from outside of Mesh's API. Mesh tells of none of it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use uuid::Uuid;

use super::Simulator;
use super::state::{ACCOUNT, GRANT, Grant};
use crate::bank::{Knob, KnobError, Message};
use crate::domain::account::AccountSubtype;
use crate::providers::mesh::spec::SPEC;
use crate::providers::mesh::{SANDBOX_WEBHOOK_SECRET, webhook};
use crate::store;

/// How a transfer can stand that a webhook tells of.
pub const WEBHOOKS: &[&str] = &["pending", "succeeded", "failed"];

impl Simulator {
    /// Turns a knob of the login that one of its accounts names.
    pub(super) async fn turn_knob(&self, account: &str, knob: Knob) -> Result<(), KnobError> {
        let environment = self.environment();
        let id: String = environment.documents.get(ACCOUNT, account).await?.ok_or(store::Error::NotFound)?;
        let grant: Grant = environment.documents.get(GRANT, &id).await?.ok_or(store::Error::NotFound)?;
        match knob {
            Knob::ResetLogin | Knob::ExpireConsent | Knob::Revoke => {
                let end = |grant: &mut Grant| {
                    match knob {
                        Knob::ResetLogin => grant.needs_login = true,
                        _ => grant.is_ended = true,
                    }
                    Ok::<(), ()>(())
                };
                let _ = environment.documents.update(GRANT, &id, end).await?;
            }
            // Mesh is asked for accounts of securities alone.
            Knob::NewAccounts => {
                drop(environment.bank.open_account(&grant.login.user, AccountSubtype::Brokerage).await?)
            }
            Knob::PostTransactions(count) => {
                let accounts: Vec<String> = grant.accounts.iter().cloned().collect();
                environment.bank.post_transactions(&grant.login.user, &accounts, count).await?;
            }
            Knob::FireWebhook(code) => self.fire(&grant, &code).await?,
        }
        Ok(())
    }

    /// Tells of a transfer that was never made.
    async fn fire(&self, grant: &Grant, status: &str) -> Result<(), KnobError> {
        if !WEBHOOKS.contains(&status) {
            return Err(KnobError::unknown_webhook(WEBHOOKS));
        }
        let environment = self.environment();
        let sent_at = environment.clock.now().timestamp();
        let body = json!({
            "Id": Uuid::new_v4(), "EventId": Uuid::new_v4(), "SentTimestamp": sent_at, "Timestamp": sent_at,
            "UserId": grant.user, "TransferId": Uuid::new_v4(), "TransactionId": Uuid::new_v4(),
            "TransferStatus": status, "Token": "USDC", "SourceAmount": 1, "DestinationAmount": 1,
        });
        // Where webhooks go is set in Mesh's dashboard.
        let mut url = environment.pages_url.clone();
        url.set_path(&format!("/webhooks/{}", SPEC.id));
        let message = Message::json(url, &body);
        let key = hmac::Key::new(hmac::HMAC_SHA256, SANDBOX_WEBHOOK_SECRET.as_bytes());
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, message.body()));
        environment.outbox.post(vec![message.with(webhook::HEADER, signature)]);
        Ok(())
    }
}
