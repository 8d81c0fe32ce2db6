//! Link sessions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PlaidError;
use crate::domain::secret::Secret;

/// `/link/token/create`, asked. What is `None` is not sent.
#[derive(Default, Serialize)]
pub struct TokenRequest<'a> {
    /// The application's name.
    pub client_name: &'a str,
    /// The language of the pages.
    pub language: &'a str,
    /// Where the institution may be.
    pub country_codes: Vec<&'a str>,
    /// Who the customer is.
    pub user: User<'a>,
    /// Must succeed; filters institutions and accounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<&'static str>,
    /// Must succeed where supported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_if_supported_products: Vec<&'static str>,
    /// Best effort.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional_products: Vec<&'static str>,
    /// Consent only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_consented_products: Vec<&'static str>,
    /// Where webhooks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<&'a str>,
    /// The Item to work on: update mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<&'a str>,
    /// The look and texts of the pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_customization_name: Option<&'a str>,
    /// Where OAuth institutions send the customer back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<&'a str>,
    /// The institution that the customer has chosen already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution_id: Option<&'a str>,
    /// Account subtypes by type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_filters: Option<BTreeMap<&'static str, AccountFilter>>,
    /// What update mode does beside the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// A page at Plaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_link: Option<HostedLink<'a>>,
    /// How far back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Days>,
    /// How account numbers may be verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthFlow>,
    /// What single products cannot start without, by Plaid's names.
    #[serde(flatten)]
    pub product_options: BTreeMap<&'static str, Value>,
}

/// The customer.
#[derive(Default, Serialize)]
pub struct User<'a> {
    /// Our id.
    pub client_user_id: &'a str,
}

/// The account subtypes to show of one type.
#[derive(Serialize)]
pub struct AccountFilter {
    /// The subtypes.
    pub account_subtypes: Vec<&'static str>,
}

/// What update mode does beside the login.
#[derive(Serialize)]
pub struct Update {
    /// The customer may change the shared accounts.
    pub account_selection_enabled: bool,
}

/// A page at Plaid.
#[derive(Serialize)]
pub struct HostedLink<'a> {
    /// Where the customer goes afterwards.
    pub completion_redirect_uri: &'a str,
    /// How long the page can be opened.
    pub url_lifetime_seconds: u32,
}

/// A number of days.
#[derive(Serialize)]
pub struct Days {
    /// The days.
    pub days_requested: u16,
}

/// How account numbers may be verified.
#[derive(Serialize)]
pub struct AuthFlow {
    /// By deposits that the customer enters a day later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_day_microdeposits_enabled: Option<bool>,
    /// By deposits that Plaid recognises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automated_microdeposits_enabled: Option<bool>,
}

/// `/link/token/create`, answered.
#[derive(Deserialize)]
pub struct TokenCreated {
    /// Opens the session, and asks for it.
    pub link_token: Secret,
    /// When it ends.
    pub expiration: DateTime<Utc>,
    /// The page at Plaid, where asked for.
    pub hosted_link_url: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

/// `/link/token/get`.
#[derive(Deserialize)]
pub struct TokenState {
    /// When the token ends.
    pub expiration: Option<DateTime<Utc>>,
    /// The customer's visits, in no promised order.
    pub link_sessions: Option<Vec<Session>>,
}

/// A visit.
#[derive(Deserialize)]
pub struct Session {
    /// For support.
    pub link_session_id: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What was linked, in the older form.
    pub on_success: Option<Success>,
    /// Why the customer left.
    pub exit: Option<Exit>,
    /// The same, in the older form.
    pub on_exit: Option<Exit>,
    /// What happened on the way.
    pub events: Option<Vec<Event>>,
    /// What was linked.
    pub results: Option<Results>,
}

/// A success in the older form, also what the script gives the page.
#[derive(Deserialize)]
pub struct Success {
    /// To be exchanged.
    pub public_token: Option<Secret>,
}

/// An exit.
#[derive(Deserialize)]
pub struct Exit {
    /// The last error that the customer saw; absent if they simply left.
    pub error: Option<PlaidError>,
}

/// An event.
#[derive(Deserialize)]
pub struct Event {
    /// `HANDOFF` is the success.
    pub event_name: Option<String>,
}

/// What was linked.
#[derive(Deserialize)]
pub struct Results {
    /// One for each Item.
    pub item_add_results: Option<Vec<Success>>,
}
