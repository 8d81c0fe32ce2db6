//! What somebody can do to an Item from outside of Plaid's API; each tells by webhook what Plaid would tell. An unknown Item is
//! [`Error::NotFound`](store::Error::NotFound).

use serde_json::Value;

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::{Open, account_id};
use super::product::Product;
use super::state::{ITEM, Item};
use super::webhooks;
use crate::bank::KnobError;
use crate::domain::account::AccountSubtype;
use crate::store;

/// The codes of webhooks that can be sent of an Item.
pub const WEBHOOKS: &[&str] = &[
    "SYNC_UPDATES_AVAILABLE",
    "DEFAULT_UPDATE",
    "INITIAL_UPDATE",
    "HISTORICAL_UPDATE",
    "RECURRING_TRANSACTIONS_UPDATE",
    "NEW_ACCOUNTS_AVAILABLE",
    "LOGIN_REPAIRED",
    "PENDING_DISCONNECT",
    "PENDING_EXPIRATION",
    "USER_PERMISSION_REVOKED",
    "USER_ACCOUNT_REVOKED",
    "SMS_MICRODEPOSITS_VERIFICATION",
    "ERROR",
];

impl Simulator {
    /// Breaks the Item's login (`ITEM_LOGIN_REQUIRED`), and no other of its user, until it is repaired.
    pub async fn reset_login(&self, item_id: &str) -> store::Result<()> {
        self.turn(item_id, |item| item.broken = true).await
    }

    /// Mends the login as if the customer had done so elsewhere (`LOGIN_REPAIRED`).
    pub async fn restore_login(&self, item_id: &str) -> store::Result<()> {
        self.turn(item_id, |item| item.broken = false).await
    }

    /// Ends the consent now.
    pub async fn expire_consent(&self, item_id: &str) -> store::Result<()> {
        let now = self.shared.clock.now();
        self.turn(item_id, |item| item.consent_expires_at = Some(now)).await
    }

    /// Lets the customer take the permission back: at an institution with OAuth there, where it can be given again, else at Plaid, where it
    /// cannot.
    pub async fn revoke(&self, item_id: &str) -> store::Result<()> {
        self.turn(item_id, |item| item.revoked = true).await
    }

    /// Opens a further account at the institution, which is not shared yet.
    pub async fn new_accounts(&self, item_id: &str) -> store::Result<()> {
        let item = self.known(item_id).await?;
        self.shared.bank.open_account(&item.login.user, AccountSubtype::Savings).await?;
        self.turn(item_id, |_| {}).await
    }

    /// Makes so many transactions in the Item's accounts.
    pub async fn post_transactions(&self, item_id: &str, count: usize) -> store::Result<()> {
        let item = self.known(item_id).await?;
        let accounts: Vec<String> = item.accounts.keys().cloned().collect();
        self.shared.bank.post_transactions(&item.login.user, &accounts, count).await?;
        self.turn(item_id, |_| {}).await
    }

    /// Sends a webhook by its code, whatever is the case; where several types have the code, that of transactions.
    pub async fn fire_webhook(&self, item_id: &str, code: &str) -> std::result::Result<(), KnobError> {
        let item: Option<Item> = self.shared.documents.get(ITEM, item_id).await?;
        let Some(item) = item else { return self.fire_of_object(item_id, code).await };
        if !WEBHOOKS.contains(&code) {
            return Err(KnobError::unknown_webhook(WEBHOOKS));
        }
        self.fire(item, None, code).await.map_err(|error| KnobError::Refused(error.code().to_owned()))
    }

    /// The same of a payment or a verification.
    async fn fire_of_object(&self, id: &str, code: &str) -> std::result::Result<(), KnobError> {
        let sent = match (self.payment_webhook(id).await?, code) {
            (Some(sent), "PAYMENT_STATUS_UPDATE") => Some(sent),
            (Some(_), _) => return Err(KnobError::unknown_webhook(&["PAYMENT_STATUS_UPDATE"])),
            (None, "STATUS_UPDATED") => self.verification_webhook(id).await?,
            (None, "RETRIED") => self.retry_verification(id).await?,
            (None, _) => return Err(KnobError::unknown_webhook(&["STATUS_UPDATED", "RETRIED"])),
        };
        let (url, body) = sent.ok_or(store::Error::NotFound)?;
        let url = url.ok_or_else(|| KnobError::Refused("SANDBOX_WEBHOOK_INVALID".to_owned()))?;
        self.post(&url, &body).await.map_err(|error| KnobError::Refused(error.code().to_owned()))
    }

    async fn known(&self, item_id: &str) -> store::Result<Item> {
        self.shared.documents.get(ITEM, item_id).await?.ok_or(store::Error::NotFound)
    }

    /// Changes an Item, and tells what came of it.
    async fn turn(&self, item_id: &str, change: impl FnOnce(&mut Item) + Send) -> store::Result<()> {
        let change = |item: &mut Item| {
            change(item);
            Ok::<_, std::convert::Infallible>(())
        };
        self.shared.documents.update(ITEM, item_id, change).await?.ok_or(store::Error::NotFound)?.ok();
        self.tell(item_id).await.map_err(|error| store::Error::Unreadable(error.message().to_owned()))
    }

    /// Sends a webhook of that type and code.
    pub(super) async fn fire(&self, item: Item, kind: Option<&str>, code: &str) -> Result<()> {
        if item.webhook.is_none() {
            return Err(Error::new("SANDBOX_WEBHOOK_INVALID"));
        }
        let books = self.shared.bank.books(&item.login.user).await?;
        let item = match code {
            // Else the Item would belie the webhook.
            "PENDING_DISCONNECT" | "PENDING_EXPIRATION" if item.consent_expires_at.is_none() => {
                let end = self.shared.clock.now() + chrono::TimeDelta::days(7);
                let promise = |item: &mut Item| (item.consent_expires_at, item.told.expiry) = (Some(end), Some(end));
                self.update_item(&item.id, promise).await?
            }
            "LOGIN_REPAIRED" => self.update_item(&item.id, |item| item.broken = false).await?,
            _ => item,
        };
        let open = Open::new(item, books);
        self.send(&open.item, body(&open, kind, code)?).await
    }
}

/// The body of a webhook that is fired by hand.
fn body(open: &Open, kind: Option<&str>, code: &str) -> Result<Value> {
    let item = &open.item;
    let id = &item.id;
    let with = |product: Product| {
        let initialised = item.products.contains(&product);
        if initialised { Ok(()) } else { Err(Error::new("SANDBOX_PRODUCT_NOT_ENABLED")) }
    };
    let ids = |product: Product| -> Vec<String> {
        open.suited(product).map(|account| account_id(id, &account.key)).collect()
    };
    let end = || item.consent_expires_at.map(super::accounts::time).unwrap_or_default();
    Ok(match (kind, code) {
        (Some("HOLDINGS"), "DEFAULT_UPDATE") => {
            with(Product::Investments)?;
            webhooks::holdings(id, 1)
        }
        (Some("INVESTMENTS_TRANSACTIONS"), "DEFAULT_UPDATE" | "HISTORICAL_UPDATE") => {
            with(Product::Investments)?;
            webhooks::trades(id, code, 1)
        }
        (Some("LIABILITIES"), "DEFAULT_UPDATE") => {
            with(Product::Liabilities)?;
            webhooks::liabilities(id, &ids(Product::Liabilities))
        }
        (Some("AUTH"), "DEFAULT_UPDATE") => {
            with(Product::Auth)?;
            webhooks::numbers(id, &ids(Product::Auth))
        }
        (None | Some("AUTH"), "SMS_MICRODEPOSITS_VERIFICATION") => {
            with(Product::Auth)?;
            let account = ids(Product::Auth).into_iter().next();
            webhooks::verified_by_text(id, &account.ok_or_else(|| Error::new("NO_AUTH_ACCOUNTS"))?)
        }
        (None | Some("TRANSACTIONS"), "DEFAULT_UPDATE" | "INITIAL_UPDATE" | "HISTORICAL_UPDATE") => {
            with(Product::Transactions)?;
            webhooks::transactions(id, code, 0)
        }
        (None | Some("TRANSACTIONS"), "SYNC_UPDATES_AVAILABLE") => {
            with(Product::Transactions)?;
            webhooks::sync_updates(id, true, true)
        }
        (None | Some("TRANSACTIONS"), "RECURRING_TRANSACTIONS_UPDATE") => {
            with(Product::Transactions)?;
            webhooks::recurring(id, &ids(Product::Transactions))
        }
        (None | Some("ITEM"), "NEW_ACCOUNTS_AVAILABLE" | "LOGIN_REPAIRED") => webhooks::item_news(id, code),
        (None | Some("ITEM"), "PENDING_DISCONNECT") => webhooks::expiring(id, &end(), true),
        (None | Some("ITEM"), "PENDING_EXPIRATION") => webhooks::expiring(id, &end(), false),
        (None | Some("ITEM"), "USER_PERMISSION_REVOKED") => {
            webhooks::item_error(id, &Error::new("USER_PERMISSION_REVOKED"))
        }
        (None | Some("ITEM"), "USER_ACCOUNT_REVOKED") => {
            let account = ids(Product::Balance).into_iter().next();
            webhooks::account_revoked(id, &account.ok_or_else(|| Error::new("NO_ACCOUNTS"))?)
        }
        (None | Some("ITEM"), "ERROR") => webhooks::item_error(id, &Error::new("ITEM_LOGIN_REQUIRED")),
        _ => return Err(Error::invalid_field("webhook_code is not one that can be fired with that webhook_type")),
    })
}
