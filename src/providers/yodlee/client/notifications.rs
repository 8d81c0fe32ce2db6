//! Subscribes to Yodlee's notifications, once for the installation, as the administrator. They only make things quicker: where they cannot be
//! had, as in Yodlee's own sandbox, the daily reading does without.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Failure;
use crate::providers::records::{Made, Make, Record};

use super::{Api, Operation, Verb};

const LIST: Operation = Operation::reading("GET /configs/notifications/events");
const SUBSCRIBE: Operation = Operation::changing("POST /configs/notifications/events/{name}", Verb::Post);
const MOVE: Operation = Operation::changing("PUT /configs/notifications/events/{name}", Verb::Put).repeatable();

/// What is worth knowing at once.
const EVENTS: [&str; 2] = ["REFRESH", "AUTO_REFRESH_UPDATES"];
/// How long a subscription is taken to stand.
const LIFE: TimeDelta = TimeDelta::days(7);
const RECORD: Record<'_> = Record::Shared("notifications");

#[derive(Deserialize)]
struct Subscriptions {
    event: Option<Vec<Subscription>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    name: Option<String>,
    callback_url: Option<String>,
}

/// Sees to it that notifications come to that address, as far as they can be had.
pub async fn ensure(api: &Api<'_>, url: &str) {
    let Some(admin) = api.config().admin_login.as_deref() else { return };
    let standing = subscribed(api, admin, url).await;
    if let Ok(known) = standing
        && known.expose() != url
        && api.cx.records.forget(ServiceProvider::Yodlee, RECORD, &known).await.is_ok()
    {
        let _ = subscribed(api, admin, url).await;
    }
}

/// The address to which they come.
async fn subscribed(api: &Api<'_>, admin: &str, url: &str) -> Result<Secret, Failure> {
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async {
            subscribe(api, admin, url).await?;
            Ok(Made { secret: Secret::new(url), expires_at: Some(api.now() + LIFE) })
        })
    });
    api.cx.records.get(ServiceProvider::Yodlee, RECORD, api.now(), make).await
}

async fn subscribe(api: &Api<'_>, admin: &str, url: &str) -> Result<(), Failure> {
    let there: Subscriptions = api.get(admin, LIST, "/configs/notifications/events").await?;
    let there = there.event.unwrap_or_default();
    let body = json!({ "event": { "callbackUrl": url } });
    for event in EVENTS {
        let path = format!("/configs/notifications/events/{event}");
        match there.iter().find(|one| one.name.as_deref() == Some(event)) {
            Some(one) if one.callback_url.as_deref() == Some(url) => {}
            Some(_) => api.change(admin, MOVE, &path, Some(&body)).await?,
            None => api.change(admin, SUBSCRIBE, &path, Some(&body)).await?,
        }
    }
    Ok(())
}
