//! Notifications, Akoya's webhooks: an id of something to look up, and no more.

use serde::Deserialize;

use super::Text;

/// A notification. `customFields` is a list in one example and something else in another; nothing in it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// `CONSENT`, `MAINTENANCE`
    pub category: Text,
    /// What it is about.
    pub notification_payload: Payload,
}

/// What it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Payload {
    /// The id.
    pub id: Text,
}
