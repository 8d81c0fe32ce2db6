//! What the simulator remembers, and where. Tokens and codes are kept as fingerprints alone.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::bank::Login;
use crate::bank::pages::Flow;
use crate::domain::product::Product;

/// Authorizations under way, by an id that nobody can guess.
pub const VISIT: &str = "akoya.visit";
/// What a code can be exchanged for.
pub const CODE: &str = "akoya.code";
/// Consents, by `grant_id`.
pub const GRANT: &str = "akoya.grant";
/// Which consent a refresh token renews. It stays when it was used, so that it is known as claimed.
pub const REFRESH_TOKEN: &str = "akoya.refresh_token";
/// Which consent an id token opens.
pub const ID_TOKEN: &str = "akoya.id_token";
/// Until when a service token is good.
pub const SERVICE_TOKEN: &str = "akoya.service_token";
/// Where notifications go, by subscription id.
pub const SUBSCRIPTION: &str = "akoya.subscription";

/// How long an authorization may take.
pub const VISIT_LIFE: TimeDelta = TimeDelta::hours(1);
/// How long a code can be exchanged.
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How long an id token says that it lives.
pub const ID_TOKEN_LIFE: TimeDelta = TimeDelta::hours(24);
/// When the institutions end it, as Akoya advises to assume.
pub const ID_TOKEN_TAKEN: TimeDelta = TimeDelta::minutes(15);
/// How long a service token lives.
pub const SERVICE_TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);

/// An authorization under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// The application's own state.
    pub state: String,
    /// Where it leads back to.
    pub redirect_uri: String,
    /// Whether a refresh token was asked for.
    pub offline: bool,
    /// The institution's key.
    pub institution: String,
    /// Where the customer is.
    pub flow: Flow,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Where it has led to, once it is over: a form that was sent twice goes there too.
    pub led_to: Option<String>,
}

/// What a code can be exchanged for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// The consent.
    pub grant_id: String,
    /// Where the authorization led back to; must be named again.
    pub redirect_uri: String,
    /// Whether a refresh token was asked for.
    pub offline: bool,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Whether that was done.
    pub used: bool,
}

/// A customer's consent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// The institution's key.
    pub institution: String,
    /// The login.
    pub login: Login,
    /// The shared accounts' keys.
    pub accounts: BTreeSet<String>,
    /// What was granted.
    pub products: BTreeSet<Product>,
    /// Whether the login stopped working at the institution.
    pub broken: bool,
    /// Whether the consent was taken back or given up.
    pub revoked: bool,
    /// When it ends, where it does.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A refresh token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The consent.
    pub grant_id: String,
    /// Whether it was used: it is good for once.
    pub claimed: bool,
}

/// An id token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdToken {
    /// The consent.
    pub grant_id: String,
    /// Until when the institution takes it.
    pub taken_until: DateTime<Utc>,
}

/// A service token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceToken {
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Where notifications of a type go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// `CONSENT`, `MAINTENANCE`
    pub category: String,
    /// `CONSENT_REVOKED`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where to.
    pub url: String,
}
