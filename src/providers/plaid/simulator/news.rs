//! What Plaid notices by itself, told by webhooks: each thing once. It is looked for whenever something happens to an Item, and by
//! [`Simulator::tell_all`] for what happens with time.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::Simulator;
use super::accounts::time;
use super::cursor::View;
use super::errors::Result;
use super::gate::{Open, account_id, item_error};
use super::grant::has_consent_page;
use super::product::Product;
use super::state::{ITEM, Item, Told, Verification};
use super::statements;
use super::updates::{self, summary};
use super::webhooks;
use crate::bank::{Books, History};
use crate::store;

/// So long before the end of a consent it is told.
const AHEAD: TimeDelta = TimeDelta::days(7);
/// So long after the link an automated deposit is recognised.
const RECOGNISED_AFTER: TimeDelta = TimeDelta::days(2);

impl Simulator {
    /// Tells what is new at every Item: to be called now and then, and when the clock was moved.
    pub async fn tell_all(&self) -> store::Result<()> {
        // Not read as Items, so that one that another version wrote does not silence the others.
        let items: Vec<(String, Value)> = self.shared.documents.list(ITEM).await?;
        for (id, _) in items.into_iter().filter(|(_, item)| item["webhook"].is_string()) {
            if let Err(error) = self.tell(&id).await {
                tracing::debug!(code = error.code(), "an Item of the Plaid simulator has no news");
            }
        }
        self.tell_reports().await?;
        self.tell_payments().await?;
        self.tell_verifications().await
    }

    /// Tells what is new at an Item.
    pub(super) async fn tell(&self, item_id: &str) -> Result<()> {
        let Some(item) = self.shared.documents.get::<Item>(ITEM, item_id).await? else { return Ok(()) };
        let books = self.shared.bank.books(&item.login.user).await?;
        let now = self.shared.clock.now();
        let mut bodies = Vec::new();
        // Under the Item's lock, so that nobody else tells the same.
        let told = self
            .update_item(item_id, |item| {
                let (told, found) = news(item, &books, now);
                (item.told, bodies) = (told, found);
                if statements::arrive(item, now) {
                    bodies.push(webhooks::statements_refreshed(item_id));
                }
                if item.verification == Some(Verification::Pending) && item.created_at + RECOGNISED_AFTER <= now {
                    item.verification = Some(Verification::Done);
                    let open = Open::new(item.clone(), books.clone());
                    let accounts = open.suited(Product::Auth);
                    bodies
                        .extend(accounts.map(|one| webhooks::verified(item_id, &account_id(item_id, &one.key), true)));
                }
            })
            .await;
        let item = match told {
            // It was removed meanwhile.
            Err(error) if error.code() == "ITEM_NOT_FOUND" => return Ok(()),
            told => told?,
        };
        for body in bodies {
            self.send(&item, body).await?;
        }
        Ok(())
    }
}

fn news(item: &Item, books: &Books, now: DateTime<Utc>) -> (Told, Vec<Value>) {
    let (mut told, mut bodies) = (item.told.clone(), Vec::new());
    let error = item_error(item, books, now);
    let code = error.as_ref().map(|error| error.code().to_owned());
    match &error {
        Some(error) if told.error != code => bodies.push(webhooks::item_error(&item.id, error)),
        None if told.error.is_some() => bodies.push(webhooks::item_news(&item.id, "LOGIN_REPAIRED")),
        _ => {}
    }
    told.error = code;
    if error.is_some() {
        return (told, bodies);
    }
    if let Some(end) = item.consent_expires_at.filter(|end| *end <= now + AHEAD && told.expiry != Some(*end)) {
        told.expiry = Some(end);
        bodies.push(webhooks::expiring(&item.id, &time(end), has_consent_page(books.institution())));
    }
    let open = Open::new(item.clone(), books.clone());
    let new_account = books.accounts().iter().any(|account| {
        account.opened_at.is_some_and(|at| at > told.accounts_at) && !item.accounts.contains_key(&account.key)
    });
    if new_account {
        told.accounts_at = now;
        bodies.push(webhooks::item_news(&item.id, "NEW_ACCOUNTS_AVAILABLE"));
    }
    bodies.extend(of_transactions(&open, &mut told));
    (told, bodies)
}

/// News of the transactions: more of the history is there, or something changed in what is there.
fn of_transactions(open: &Open, told: &mut Told) -> Vec<Value> {
    let id = &open.item.id;
    let current = updates::current(open);
    let stage = match updates::progress(open) {
        History::NotReady => return Vec::new(),
        History::Recent => 1,
        History::Complete => 2,
    };
    let mut bodies = Vec::new();
    let sync = |initial, historical| open.item.synced.then(|| webhooks::sync_updates(id, initial, historical));
    if stage > told.history {
        let all = updates::between(open, None, current, None);
        for reached in told.history + 1..=stage {
            let code = if reached == 1 { "INITIAL_UPDATE" } else { "HISTORICAL_UPDATE" };
            bodies.push(webhooks::transactions(id, code, summary(id, &all).0));
            bodies.extend(sync(true, reached == 2));
        }
    } else if let Some(moment) = told.moment {
        let seen = View { moment, custom: told.custom, selection: told.selection, ..current };
        let changed = updates::between(open, Some(seen), current, None);
        let (added, removed) = summary(id, &changed);
        let code = if told.selection == current.selection { "DEFAULT_UPDATE" } else { "INITIAL_UPDATE" };
        if added > 0 {
            bodies.push(webhooks::transactions(id, code, added));
        }
        if !removed.is_empty() {
            bodies.push(webhooks::transactions_removed(id, &removed));
        }
        if !changed.is_empty() {
            bodies.extend(sync(true, stage == 2));
        }
    }
    (told.history, told.moment) = (stage, Some(current.moment));
    (told.custom, told.selection) = (current.custom, current.selection);
    bodies
}
