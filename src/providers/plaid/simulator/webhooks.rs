//! The bodies of Plaid's webhooks, and the key that proves them.

use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::product::Product;
use super::signing::SigningKey;
use super::state::Item;

/// A webhook of that type and code with more fields.
fn webhook(kind: &str, code: &str, fields: Value) -> Value {
    let mut body = json!({ "webhook_type": kind, "webhook_code": code, "environment": "sandbox" });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    body
}

/// `ITEM/ERROR`, or `ITEM/USER_PERMISSION_REVOKED` where that is the error.
pub fn item_error(item_id: &str, error: &Error) -> Value {
    let code = if error.code() == "USER_PERMISSION_REVOKED" { error.code() } else { "ERROR" };
    webhook("ITEM", code, json!({ "item_id": item_id, "error": error.embedded() }))
}

/// `ITEM` webhooks that say nothing more: `LOGIN_REPAIRED`, `NEW_ACCOUNTS_AVAILABLE`.
pub fn item_news(item_id: &str, code: &str) -> Value {
    webhook("ITEM", code, json!({ "item_id": item_id }))
}

/// The consent is about to end: `PENDING_DISCONNECT` in the United States and Canada, `PENDING_EXPIRATION` elsewhere.
pub fn expiring(item_id: &str, end: &str, american: bool) -> Value {
    if american {
        let reason = "INSTITUTION_TOKEN_EXPIRATION";
        return webhook(
            "ITEM",
            "PENDING_DISCONNECT",
            json!({ "item_id": item_id, "reason": reason, "disconnect_time": end }),
        );
    }
    webhook("ITEM", "PENDING_EXPIRATION", json!({ "item_id": item_id, "consent_expiration_time": end }))
}

/// `ITEM/USER_ACCOUNT_REVOKED`.
pub fn account_revoked(item_id: &str, account_id: &str) -> Value {
    webhook("ITEM", "USER_ACCOUNT_REVOKED", json!({ "item_id": item_id, "account_id": account_id }))
}

/// `ITEM/WEBHOOK_UPDATE_ACKNOWLEDGED`.
pub fn acknowledged(item_id: &str, url: &str) -> Value {
    webhook("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", json!({ "item_id": item_id, "new_webhook_url": url, "error": null }))
}

/// `PRODUCT_PERMISSIONS_REQUIRED` of a product.
pub fn permissions_required(product: Product, item_id: &str) -> Value {
    webhook(&product.as_str().to_uppercase(), "PRODUCT_PERMISSIONS_REQUIRED", json!({ "item_id": item_id }))
}

/// A deposit was recognised, or never was.
pub fn verified(item_id: &str, account_id: &str, in_time: bool) -> Value {
    let code = if in_time { "AUTOMATICALLY_VERIFIED" } else { "VERIFICATION_EXPIRED" };
    webhook("AUTH", code, json!({ "item_id": item_id, "account_id": account_id }))
}

/// The customer entered the code that came with a small deposit.
pub fn verified_by_text(item_id: &str, account_id: &str) -> Value {
    let fields = json!({ "item_id": item_id, "account_id": account_id, "status": "MANUALLY_VERIFIED" });
    webhook("AUTH", "SMS_MICRODEPOSITS_VERIFICATION", fields)
}

/// `INITIAL_UPDATE`, `HISTORICAL_UPDATE` or `DEFAULT_UPDATE` of transactions.
pub fn transactions(item_id: &str, code: &str, new_transactions: usize) -> Value {
    webhook("TRANSACTIONS", code, json!({ "item_id": item_id, "error": null, "new_transactions": new_transactions }))
}

/// `TRANSACTIONS/TRANSACTIONS_REMOVED`.
pub fn transactions_removed(item_id: &str, ids: &[String]) -> Value {
    let fields = json!({ "item_id": item_id, "error": null, "removed_transactions": ids });
    webhook("TRANSACTIONS", "TRANSACTIONS_REMOVED", fields)
}

/// `TRANSACTIONS/SYNC_UPDATES_AVAILABLE`.
pub fn sync_updates(item_id: &str, initial: bool, historical: bool) -> Value {
    let fields =
        json!({ "item_id": item_id, "initial_update_complete": initial, "historical_update_complete": historical });
    webhook("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", fields)
}

/// `TRANSACTIONS/RECURRING_TRANSACTIONS_UPDATE`.
pub fn recurring(item_id: &str, account_ids: &[String]) -> Value {
    let fields = json!({ "item_id": item_id, "account_ids": account_ids });
    webhook("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", fields)
}

/// `HOLDINGS/DEFAULT_UPDATE`.
pub fn holdings(item_id: &str, updated: usize) -> Value {
    let fields = json!({ "item_id": item_id, "error": null, "new_holdings": 0, "updated_holdings": updated });
    webhook("HOLDINGS", "DEFAULT_UPDATE", fields)
}

/// `INVESTMENTS_TRANSACTIONS` with that code.
pub fn trades(item_id: &str, code: &str, new: usize) -> Value {
    let fields = json!({
        "item_id": item_id, "error": null, "new_investments_transactions": new, "cancelled_investments_transactions": 0,
    });
    webhook("INVESTMENTS_TRANSACTIONS", code, fields)
}

/// `LIABILITIES/DEFAULT_UPDATE`: these accounts' terms changed.
pub fn liabilities(item_id: &str, account_ids: &[String]) -> Value {
    let updated: serde_json::Map<String, Value> =
        account_ids.iter().map(|id| (id.clone(), json!(["minimum_payment_amount"]))).collect();
    let fields = json!({
        "item_id": item_id, "error": null,
        "account_ids_with_new_liabilities": [], "account_ids_with_updated_liabilities": updated,
    });
    webhook("LIABILITIES", "DEFAULT_UPDATE", fields)
}

/// `AUTH/DEFAULT_UPDATE`: these accounts' numbers changed.
pub fn numbers(item_id: &str, account_ids: &[String]) -> Value {
    let updated: serde_json::Map<String, Value> =
        account_ids.iter().map(|id| (id.clone(), json!(["ACCOUNT_NUMBER"]))).collect();
    let fields = json!({
        "item_id": item_id, "error": null, "account_ids_with_new_auth": [], "account_ids_with_updated_auth": updated,
    });
    webhook("AUTH", "DEFAULT_UPDATE", fields)
}

/// `STATEMENTS/STATEMENTS_REFRESH_COMPLETE`.
pub fn statements_refreshed(item_id: &str) -> Value {
    webhook("STATEMENTS", "STATEMENTS_REFRESH_COMPLETE", json!({ "item_id": item_id, "result": "SUCCESS" }))
}

/// `ASSETS/PRODUCT_READY`.
pub fn report_ready(report_id: &str) -> Value {
    webhook("ASSETS", "PRODUCT_READY", json!({ "asset_report_id": report_id, "report_type": "FULL" }))
}

/// `PAYMENT_INITIATION/PAYMENT_STATUS_UPDATE`.
pub fn payment(payment_id: &str, reference: &str, (old, new): (&str, &str), at: &str) -> Value {
    let fields = json!({
        "payment_id": payment_id, "new_payment_status": new, "old_payment_status": old, "original_reference": reference,
        "adjusted_reference": null, "original_start_date": null, "adjusted_start_date": null, "timestamp": at,
    });
    webhook("PAYMENT_INITIATION", "PAYMENT_STATUS_UPDATE", fields)
}

/// `IDENTITY_VERIFICATION` with that code.
pub fn verification(id: &str, code: &str) -> Value {
    webhook("IDENTITY_VERIFICATION", code, json!({ "identity_verification_id": id }))
}

/// `LINK` with that code.
pub fn link(code: &str, link_token: &str, session_id: &str, fields: Value) -> Value {
    let mut body = webhook("LINK", code, fields);
    body["link_token"] = json!(link_token);
    body["link_session_id"] = json!(session_id);
    body
}

impl Simulator {
    /// Sends a webhook of an Item, if it has an address for them.
    pub(super) async fn send(&self, item: &Item, body: Value) -> Result<()> {
        let Some(url) = &item.webhook else { return Ok(()) };
        let sent = (self.shared.clock.now(), body["webhook_code"].as_str().unwrap_or_default().to_owned());
        self.update_item(&item.id, |item| item.last_webhook = Some(sent)).await?;
        self.post(url, &body).await
    }

    /// Sends a webhook to that address.
    pub(super) async fn post(&self, url: &str, body: &Value) -> Result<()> {
        let message = self.shared.signer.signed(url, body).await?;
        self.shared.outbox.post(vec![message]);
        Ok(())
    }
}

/// `/webhook_verification_key/get`
pub async fn get_key(call: Call) -> Answer {
    let fields = call.fields(&["key_id"], &[])?;
    let key = SigningKey::find(&call.simulator.shared.documents, fields.need("key_id")?).await?;
    let key = key.ok_or_else(|| Error::new("INVALID_WEBHOOK_VERIFICATION_KEY_ID"))?;
    reply(json!({ "key": key.public() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_permission_has_a_webhook_of_its_own() {
        let revoked = item_error("item", &Error::new("USER_PERMISSION_REVOKED"));
        assert_eq!(revoked["webhook_code"], "USER_PERMISSION_REVOKED");
        let broken = item_error("item", &Error::new("ITEM_LOGIN_REQUIRED"));
        assert_eq!((&broken["webhook_code"], &broken["error"]["status"]), (&json!("ERROR"), &json!(400)));
    }

    #[test]
    fn what_the_end_of_consent_is_called_depends_on_the_region() {
        let end = "2026-01-01T00:00:00Z";
        assert_eq!(expiring("item", end, true)["disconnect_time"], end);
        assert_eq!(expiring("item", end, false)["consent_expiration_time"], end);
    }
}
