//! Webhooks. MX documents them on pages of their own and adds fields at will: only what is needed is read.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Guid;

/// A webhook.
#[derive(Deserialize)]
pub struct Webhook {
    /// What it is about: `MEMBER`, `CONNECTION_STATUS`, `AGGREGATION`, ….
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Which member.
    pub member_guid: Option<Guid>,
    /// Everything else, among it what was sent in `X-CALLBACK-PAYLOAD` when the member's widget was asked for.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
