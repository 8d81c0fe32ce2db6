//! Asks for notifications of finAPI's own updates: where they go is said once for the installation, what about for each bank connection. They
//! only make things quicker: where they cannot be had, the regular reading does without.

use chrono::TimeDelta;
use serde_json::json;

use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::finapi::webhook::{DATA, STATUS, handle};
use crate::providers::records::{Made, Make};

use super::credential::Credential;
use super::{Api, Caller, Operation, Verb};

const CONFIGURE: Operation = Operation::changing("PATCH /api/v2/clientConfiguration", Verb::Patch).repeatable();
const RULE: Operation = Operation::changing("POST /api/v2/notificationRules", Verb::Post);

/// What is worth knowing at once.
const EVENTS: [(&str, &str); 4] = [
    ("NEW_ACCOUNT_BALANCE", DATA),
    ("NEW_TRANSACTIONS", DATA),
    ("BANK_LOGIN_ERROR", STATUS),
    ("NEW_TERMS_AND_CONDITIONS", STATUS),
];
/// How long an address is taken to stand.
const LIFE: TimeDelta = TimeDelta::days(7);
const RECORD: &str = "notifications";

/// Sees to it that notifications come to that address; whether they do.
pub async fn ensure(api: &Api<'_>, url: &str) -> bool {
    match configured(api, url).await {
        Ok(known) if known.expose() == url => true,
        Ok(known) => api.forget(RECORD, &known).await.is_ok() && configured(api, url).await.is_ok(),
        Err(_) => false,
    }
}

/// The address to which they come.
async fn configured(api: &Api<'_>, url: &str) -> Result<Secret, Failure> {
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async {
            let body = json!({ "userNotificationCallbackUrl": url });
            api.change(Caller::Client, CONFIGURE, "/api/v2/clientConfiguration", Some(&body)).await?;
            Ok(Made { secret: Secret::new(url), expires_at: Some(api.now() + LIFE) })
        })
    });
    api.kept(RECORD, make).await
}

/// Asks for those about a bank connection, once.
pub async fn subscribe(api: &Api<'_>, credential: &Credential) {
    let connection = credential.connection.to_string();
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async {
            for (event, kind) in EVENTS {
                let body = json!({
                    "triggerEvent": event, "callbackHandle": handle(kind, &connection), "includeDetails": false,
                });
                let caller = Caller::User(&credential.user);
                api.change(caller, RULE, "/api/v2/notificationRules", Some(&body)).await?;
            }
            Ok(Made { secret: Secret::new("subscribed"), expires_at: None })
        })
    });
    let _ = api.kept(&format!("rules/{connection}"), make).await;
}
