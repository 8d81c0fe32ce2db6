//! Providers describe their webhooks as component schemas, if at all, by no rule of naming: which is which stands here.

use serde_json::Value;

/// The provider whose webhooks [`WEBHOOKS`] are.
const PROVIDER: &str = "plaid";

/// `webhook_type`, `webhook_code`, and the component schema of that body.
pub const WEBHOOKS: [(&str, &str, &str); 32] = [
    ("ASSETS", "ERROR", "AssetsErrorWebhook"),
    ("ASSETS", "PRODUCT_READY", "AssetsProductReadyWebhook"),
    ("AUTH", "AUTOMATICALLY_VERIFIED", "AutomaticallyVerifiedWebhook"),
    ("AUTH", "DEFAULT_UPDATE", "AuthDefaultUpdateWebhook"),
    ("AUTH", "PRODUCT_PERMISSIONS_REQUIRED", "ProductPermissionsRequiredAuthWebhook"),
    ("AUTH", "SMS_MICRODEPOSITS_VERIFICATION", "HostedMMDVerificationWebhook"),
    ("AUTH", "VERIFICATION_EXPIRED", "VerificationExpiredWebhook"),
    ("HOLDINGS", "DEFAULT_UPDATE", "HoldingsDefaultUpdateWebhook"),
    ("IDENTITY", "DEFAULT_UPDATE", "IdentityDefaultUpdateWebhook"),
    ("IDENTITY", "PRODUCT_PERMISSIONS_REQUIRED", "ProductPermissionsRequiredIdentityWebhook"),
    ("IDENTITY_VERIFICATION", "STATUS_UPDATED", "IdentityVerificationStatusUpdatedWebhook"),
    ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE", "InvestmentsDefaultUpdateWebhook"),
    ("INVESTMENTS_TRANSACTIONS", "HISTORICAL_UPDATE", "InvestmentsHistoricalUpdateWebhook"),
    ("ITEM", "ERROR", "ItemErrorWebhook"),
    ("ITEM", "LOGIN_REPAIRED", "ItemLoginRepairedWebhook"),
    ("ITEM", "NEW_ACCOUNTS_AVAILABLE", "NewAccountsAvailableWebhook"),
    ("ITEM", "PENDING_DISCONNECT", "PendingDisconnectWebhook"),
    ("ITEM", "PENDING_EXPIRATION", "PendingExpirationWebhook"),
    ("ITEM", "USER_ACCOUNT_REVOKED", "UserAccountRevokedWebhook"),
    ("ITEM", "USER_PERMISSION_REVOKED", "UserPermissionRevokedWebhook"),
    ("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", "WebhookUpdateAcknowledgedWebhook"),
    ("LIABILITIES", "DEFAULT_UPDATE", "LiabilitiesDefaultUpdateWebhook"),
    ("LINK", "EVENTS", "LinkEventsWebhook"),
    ("LINK", "ITEM_ADD_RESULT", "ItemAddResultWebhook"),
    ("LINK", "SESSION_FINISHED", "LinkSessionFinishedWebhook"),
    ("PAYMENT_INITIATION", "PAYMENT_STATUS_UPDATE", "PaymentStatusUpdateWebhook"),
    ("TRANSACTIONS", "DEFAULT_UPDATE", "DefaultUpdateWebhook"),
    ("TRANSACTIONS", "HISTORICAL_UPDATE", "HistoricalUpdateWebhook"),
    ("TRANSACTIONS", "INITIAL_UPDATE", "InitialUpdateWebhook"),
    ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", "RecurringTransactionsUpdateWebhook"),
    ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", "SyncUpdatesAvailableWebhook"),
    ("TRANSACTIONS", "TRANSACTIONS_REMOVED", "TransactionsRemovedWebhook"),
];

/// Whether a provider's webhooks are described.
pub fn describes(provider: &str) -> bool {
    provider == PROVIDER
}

/// The component schema of a webhook, `None` for one that we do not know.
pub fn schema_name(provider: &str, body: &Value) -> Option<&'static str> {
    let named = (body["webhook_type"].as_str()?, body["webhook_code"].as_str()?);
    let row = WEBHOOKS.iter().find(|row| provider == PROVIDER && (row.0, row.1) == named)?;
    Some(row.2)
}
