//! What somebody can do to a consent from outside of Akoya's API, and the notifications that tell of it. An unknown consent is
//! [`Error::NotFound`](store::Error::NotFound).

use serde_json::{Value, json};

use super::Simulator;
use super::manage::WEBHOOKS;
use super::state::{GRANT, Grant, SUBSCRIPTION, Subscription};
use crate::bank::{Knob, KnobError, Message};
use crate::domain::account::AccountSubtype;
use crate::store;

impl Simulator {
    /// Turns a knob of a consent.
    pub(super) async fn turn_knob(&self, grant_id: &str, knob: Knob) -> Result<(), KnobError> {
        let grant: Option<Grant> = self.shared.documents.get(GRANT, grant_id).await?;
        let grant = grant.ok_or(store::Error::NotFound)?;
        let user = &grant.login.user;
        match knob {
            Knob::ResetLogin => {
                self.change(grant_id, |grant| grant.broken = true).await?;
                self.notify("CONSENT_UPDATED", grant_id).await?;
            }
            Knob::ExpireConsent => {
                let now = self.shared.clock.now();
                self.change(grant_id, |grant| grant.expires_at = Some(now)).await?;
                self.notify("CONSENT_UPDATED", grant_id).await?;
            }
            Knob::NewAccounts => drop(self.shared.bank.open_account(user, AccountSubtype::Savings).await?),
            Knob::Revoke => {
                self.change(grant_id, |grant| grant.revoked = true).await?;
                self.notify("CONSENT_REVOKED", grant_id).await?;
            }
            Knob::PostTransactions(count) => {
                let accounts: Vec<String> = grant.accounts.iter().cloned().collect();
                self.shared.bank.post_transactions(user, &accounts, count).await?;
            }
            Knob::FireWebhook(code) => {
                if !WEBHOOKS.contains(&code.as_str()) {
                    return Err(KnobError::unknown_webhook(WEBHOOKS));
                }
                self.notify(&code, grant_id).await?;
            }
        }
        Ok(())
    }

    async fn change(&self, grant_id: &str, change: impl FnOnce(&mut Grant) + Send) -> store::Result<()> {
        if self.change_grant(grant_id, change).await? { Ok(()) } else { Err(store::Error::NotFound) }
    }

    /// Sends a notification to every subscription of its type.
    async fn notify(&self, kind: &str, id: &str) -> store::Result<()> {
        for (_, subscription) in self.shared.documents.list::<Subscription>(SUBSCRIPTION).await? {
            if subscription.kind != kind {
                continue;
            }
            let message = Message::json(&subscription.url, &body(&subscription, id));
            self.shared.outbox.post(vec![message]);
        }
        Ok(())
    }
}

fn body(subscription: &Subscription, id: &str) -> Value {
    let (path, id_type) = match subscription.category.as_str() {
        "CONSENT" => (format!("consents/v1/{id}"), "CONSENT"),
        _ => (format!("notifications/v1/maintenance/{id}"), "MAINTENANCE"),
    };
    json!({
        "category": subscription.category,
        "type": subscription.kind,
        "notificationPayload": { "id": id, "idType": id_type, "customFields": [] },
        "url": { "href": format!("https://api.akoya.com/{path}"), "action": "GET" },
    })
}
