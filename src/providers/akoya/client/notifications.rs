//! Where notifications go: asked for once, for the whole installation.

use chrono::{SecondsFormat, TimeDelta};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::Call;
use crate::providers::Failure;
use crate::providers::records::{Made, Make, Record};

use super::{Api, SERVICE, institutions};

const SUBSCRIPTIONS: &str = "/notifications/v1/subscriptions";
/// What a service token for it is asked for.
const SCOPE: &str = "notification_v1";
/// What is worth knowing: consents. Maintenance shows in the readings.
const TYPES: [&str; 2] = ["CONSENT_REVOKED", "CONSENT_UPDATED"];
/// So long after a refusal (the application may have no notifications) nobody asks again.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// Asks for notifications at that address, unless that was done. A connection is no worse without them: it is read twice a day.
pub async fn subscribe(api: &Api<'_>, callback: &str) {
    if !api.config().notifications {
        return;
    }
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async move {
            let done = ask(api, callback).await;
            if let Err(failure) = &done {
                tracing::info!(kind = %failure.kind, code = %failure.code, "notifications were not granted");
            }
            let expires_at = done.is_err().then(|| api.now() + PATIENCE);
            Ok(Made { secret: Secret::new(callback), expires_at })
        })
    });
    // Another address is another record, so that a moved installation asks anew.
    let name = format!("notifications {callback}");
    if let Err(failure) = api.records().get(ServiceProvider::Akoya, Record::Shared(&name), api.now(), make).await {
        tracing::info!(code = %failure.code, "notifications could not be asked for");
    }
}

async fn ask(api: &Api<'_>, callback: &str) -> Result<(), Failure> {
    for kind in TYPES {
        let body = json!({
            "category": "CONSENT",
            "type": kind,
            "callbackUrl": callback,
            "effectiveDate": api.now().to_rfc3339_opts(SecondsFormat::Secs, true),
        });
        let call = Call::post_json(SUBSCRIPTIONS, SUBSCRIPTIONS, body.to_string().into_bytes()).repeatable();
        let _: IgnoredAny = institutions::service_call(api, SERVICE, SCOPE, call).await?;
    }
    Ok(())
}
