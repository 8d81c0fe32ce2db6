//! Notifications, as the documentation shows them; the official description has none.

use serde::Deserialize;
use serde_json::Value;

use super::Id;

/// A notification's body.
#[derive(Deserialize)]
pub struct Notification {
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Deserialize)]
pub struct Event {
    /// The event and its stage, for instance `REFRESH.PROCESS_COMPLETED`.
    pub info: String,
    /// An object or a list, as the event has it.
    #[serde(default)]
    pub data: Value,
}

/// What a `REFRESH` tells.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// The logins.
    pub provider_account: Vec<RefreshedAccount>,
}

/// A login that was updated.
#[derive(Deserialize)]
pub struct RefreshedAccount {
    /// Its id.
    pub id: Id,
    /// How the update went.
    pub status: Option<String>,
}

/// What `AUTO_REFRESH_UPDATES` (in a list) and `LATEST_BALANCE_UPDATES` tell.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfAccount {
    /// The login.
    pub provider_account_id: Id,
}
