//! Callbacks, signed, to the address in the dashboard; and what can be done to a connection from outside of the API.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Simulator;
use super::connections::time;
use super::state::Connection;
use crate::bank::{Knob, KnobError, Message};
use crate::domain::account::AccountSubtype;
use crate::providers::saltedge::signature::of_callback;
use crate::store;

/// How often a connection is fetched where that was asked for.
const DAY: TimeDelta = TimeDelta::hours(24);

/// The stages of which a callback tells.
pub const WEBHOOKS: &[&str] = &["start", "connect", "interactive", "finish"];

impl Simulator {
    pub(super) async fn turn_knob(&self, id: &str, knob: Knob) -> Result<(), KnobError> {
        let connection: Option<Connection> = self.shared.documents.get(&self.kind("connection"), id).await?;
        let connection = connection.ok_or(store::Error::NotFound)?;
        let now = self.shared.clock.now();
        let bank = &self.shared.bank;
        let changed = match knob {
            Knob::ResetLogin => self.change(id, |one| one.broken = true).await?,
            Knob::ExpireConsent => self.change(id, |one| one.consent_until = Some(now)).await?,
            Knob::Revoke => self.change(id, |one| one.revoked = true).await?,
            Knob::NewAccounts => {
                if let Some(login) = &connection.login {
                    bank.open_account(&login.user, AccountSubtype::Savings).await?;
                }
                connection
            }
            Knob::PostTransactions(count) => {
                if let Some(login) = &connection.login {
                    let accounts: Vec<String> = connection.accounts.iter().cloned().collect();
                    bank.post_transactions(&login.user, &accounts, count).await?;
                }
                connection
            }
            Knob::FireWebhook(stage) => {
                if !WEBHOOKS.contains(&stage.as_str()) {
                    return Err(KnobError::unknown_webhook(WEBHOOKS));
                }
                self.send(&connection, json!({ "stage": stage }));
                return Ok(());
            }
        };
        self.tell(&changed).await?;
        Ok(())
    }

    /// Tells how the last fetch of a connection went.
    pub(super) async fn tell(&self, connection: &Connection) -> store::Result<()> {
        let books = self.books(connection).await?;
        let class = connection.class(books.as_ref(), self.shared.clock.now());
        let told = class.clone();
        self.change(&connection.id, |one| one.told = told).await?;
        let mut fields = json!({ "stage": "finish" });
        if let Some(class) = class {
            fields["error_class"] = json!(class);
            fields["error_message"] = json!("The connection cannot be fetched");
        }
        self.send(connection, fields);
        Ok(())
    }

    /// Tells that a connection was removed.
    pub(super) fn tell_removed(&self, connection: &Connection) {
        self.send(connection, json!({}));
    }

    /// What only time has brought: a consent that ended, one that was taken back, the fetch of each day.
    pub(super) async fn tell_changes(&self) -> store::Result<()> {
        let now = self.shared.clock.now();
        for (_, connection) in self.shared.documents.list::<Connection>(&self.kind("connection")).await? {
            let books = self.books(&connection).await?;
            let class = connection.class(books.as_ref(), now);
            let is_due = connection.automatic && now - connection.attempted_at >= DAY;
            if is_due && class.is_none() {
                self.fetch_unattended(&connection.id).await?;
            } else if class != connection.told {
                self.tell(&connection).await?;
            }
        }
        Ok(())
    }

    fn send(&self, connection: &Connection, mut data: Value) {
        data["connection_id"] = json!(connection.id);
        data["customer_id"] = json!(connection.customer);
        data["custom_fields"] = json!({});
        let body = json!({ "data": data, "meta": { "version": "6", "time": time(self.shared.clock.now()) } });
        let message = Message::json(&self.shared.callback_url, &body);
        let signed = of_callback(&self.shared.callback_url, message.body());
        let Some(signature) = self.shared.callback_key.as_ref().and_then(|key| key.sign(&signed)) else {
            tracing::warn!("a callback of the Salt Edge simulator cannot be signed");
            return;
        };
        self.shared.outbox.post(vec![message.with("signature", signature).with("signature-key-version", "6.0")]);
    }
}
