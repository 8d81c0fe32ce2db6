//! What MX tells by webhooks, each thing once; and what can be done to a member from outside of its API. MX sends its webhooks
//! to the one address that its dashboard was given: here that of this server.

use serde_json::{Value, json};

use super::Simulator;
use super::accounts::shared;
use super::call::Result;
use super::jobs::{end, settle, status};
use super::state::{MEMBER, Member};
use super::users::time;
use crate::bank::{Books, Knob, KnobError, Message, Moment};
use crate::domain::account::AccountSubtype;
use crate::store;

/// The statuses of which MX tells: those in which the customer has to act.
const TOLD: [&str; 8] = ["CHALLENGED", "DENIED", "EXPIRED", "IMPAIRED", "IMPEDED", "LOCKED", "PREVENTED", "REJECTED"];

/// A webhook about a member.
fn body(member: &Member, kind: &str, action: &str, more: Value) -> Value {
    let mut body = json!({
        "type": kind, "action": action, "version": 1, "user_guid": member.user, "member_guid": member.guid,
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

fn status_changed(member: &Member, books: &Books) -> Value {
    let (status, at) = (status(member, books), time(books.now().at));
    body(member, "CONNECTION_STATUS", "CHANGED", json!({ "connection_status": status, "connection_changed_at": at }))
}

/// An aggregation brought something.
fn data_updated(member: &Member, books: &Books, since: Moment) -> Value {
    let accounts: Vec<String> = shared(member, books).into_iter().map(|account| account.key).collect();
    let changes = books.changes(&accounts, member.history_from, Some(since), member.seen);
    let more = json!({
        "transactions_created_count": changes.added.len(), "transactions_updated_count": changes.modified.len(),
        "is_background": true, "completed_at": time(member.aggregated_at), "payload": member.payload,
    });
    body(member, "AGGREGATION", "member_data_updated", more)
}

/// The types of webhooks that can be sent of a member.
pub const WEBHOOKS: &[&str] =
    &["CONNECTION_STATUS", "AGGREGATION", "BALANCE", "HISTORY", "MEMBER", "HOLDINGS", "TRANSACTIONS", "VERIFICATION"];

impl Simulator {
    fn send(&self, body: &Value) {
        let (url, authorization) = &self.shared.webhooks;
        let message = Message::json(url, body).with("authorization", authorization);
        self.shared.outbox.post(vec![message]);
    }

    /// Tells what is new at every member: to be called now and then, and when the clock was moved.
    pub(super) async fn tell_everything(&self) -> store::Result<()> {
        let members: Vec<(String, Value)> = self.shared.documents.list(MEMBER).await?;
        for (guid, _) in members {
            if let Err(error) = self.tell(&guid).await {
                tracing::debug!(?error, "a member of the MX simulator has no news");
            }
        }
        Ok(())
    }

    /// Tells what is new at a member.
    pub(super) async fn tell(&self, guid: &str) -> Result<()> {
        let stored: Option<Member> = self.shared.documents.get(MEMBER, guid).await?;
        let Some(stored) = stored else { return Ok(()) };
        let books = self.shared.bank.books(&stored.login.user).await?;
        let (mut before, mut now) = (stored.told_seen, String::new());
        let mut told = String::new();
        // Under the member's lock, so that nobody else tells the same.
        let member = self
            .change(guid, |member| {
                settle(member, &books);
                now = status(member, &books);
                told = std::mem::replace(&mut member.told_status, now.clone());
                before = std::mem::replace(&mut member.told_seen, member.seen);
            })
            .await?;
        if told != now && TOLD.contains(&now.as_str()) {
            self.send(&status_changed(&member, &books));
        }
        if before != member.seen {
            self.send(&data_updated(&member, &books, before));
        }
        Ok(())
    }

    /// Tells that the customer came to the widget's end.
    pub(super) async fn tell_of_link(&self, guid: &str) -> Result<()> {
        let stored: Option<Member> = self.shared.documents.get(MEMBER, guid).await?;
        let Some(member) = stored else { return Ok(()) };
        let action = if member.told_status == "CREATED" { "created" } else { "updated" };
        self.send(&body(&member, "MEMBER", action, json!({ "payload": member.payload })));
        self.tell(guid).await
    }

    /// Turns a knob.
    pub(super) async fn turn_knob(&self, guid: &str, knob: Knob) -> std::result::Result<(), KnobError> {
        let stored: Option<Member> = self.shared.documents.get(MEMBER, guid).await.map_err(KnobError::Store)?;
        let member = stored.ok_or(store::Error::NotFound)?;
        let user = &member.login.user;
        match knob {
            Knob::ResetLogin => self.put_in(guid, "DENIED").await?,
            // The institution takes MX's token no more.
            Knob::ExpireConsent | Knob::Revoke => self.put_in(guid, "IMPAIRED").await?,
            Knob::NewAccounts => drop(self.shared.bank.open_account(user, AccountSubtype::Savings).await?),
            Knob::PostTransactions(count) => {
                let books = self.shared.bank.books(user).await?;
                let accounts: Vec<String> = shared(&member, &books).into_iter().map(|account| account.key).collect();
                self.shared.bank.post_transactions(user, &accounts, count).await?;
            }
            Knob::FireWebhook(code) => return self.fire(&member, &code).await,
        }
        // MX looks at the member by itself.
        let books = self.shared.bank.books(user).await?;
        let now = books.now().at;
        self.change(guid, |member| end(member, &books, "aggregate", now)).await.map_err(store::Error::from)?;
        self.tell(guid).await.map_err(store::Error::from)?;
        Ok(())
    }

    async fn put_in(&self, guid: &str, status: &str) -> store::Result<()> {
        self.change(guid, |member| member.broken = Some(status.to_owned())).await?;
        Ok(())
    }

    /// Sends a webhook by its type, whatever is the case.
    async fn fire(&self, member: &Member, code: &str) -> std::result::Result<(), KnobError> {
        let books = self.shared.bank.books(&member.login.user).await?;
        let webhook = match code {
            "CONNECTION_STATUS" => status_changed(member, &books),
            "AGGREGATION" => data_updated(member, &books, member.told_seen),
            "BALANCE" | "HISTORY" | "MEMBER" | "HOLDINGS" | "TRANSACTIONS" | "VERIFICATION" => {
                body(member, code, "updated", json!({ "completed_at": time(books.now().at) }))
            }
            _ => return Err(KnobError::unknown_webhook(WEBHOOKS)),
        };
        self.send(&webhook);
        Ok(())
    }
}
