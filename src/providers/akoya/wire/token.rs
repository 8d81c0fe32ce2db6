//! What the identity provider answers, and the claims of the id token, which is the bearer of all calls for data.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Id, Text};
use crate::domain::secret::Secret;

/// The year 9999 ends; with any time before it can be reckoned.
const LATEST: i64 = 253_402_300_799;

/// `/token`, for a customer. There is no access token.
#[derive(Deserialize)]
pub struct Tokens {
    /// The bearer.
    pub id_token: Secret,
    /// Good for one use.
    pub refresh_token: Option<Secret>,
}

/// The token service's answer, for ourselves.
#[derive(Deserialize)]
pub struct ServiceToken {
    /// The bearer.
    pub access_token: Secret,
    /// For so many seconds.
    pub expires_in: Option<u32>,
}

/// The claims of an id token that are read here. Its signature is not looked at: it comes straight from the identity provider
/// (OpenID Connect Core 3.1.3.7, 6).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The login; the same over all links of it.
    pub sub: Id,
    /// The consent.
    pub grant_id: Option<Id>,
    /// When the token ends, in seconds since 1970.
    pub exp: i64,
    /// What was granted.
    pub products: Option<Vec<String>>,
}

impl Claims {
    /// The claims of that token; `None` if it is none.
    pub fn of(id_token: &Secret) -> Option<Self> {
        let payload = id_token.expose().split('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// When the token ends; `None` where it says a time that makes no sense.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        (0..=LATEST).contains(&self.exp).then(|| DateTime::from_timestamp(self.exp, 0)).flatten()
    }

    /// What webhooks call the connection: the consent, or the login where there is no consent's id.
    pub fn connection_id(&self) -> &str {
        self.grant_id.as_ref().map_or(&self.sub.0, |id| &id.0)
    }
}

/// One page of the institutions that the application may reach.
#[derive(Debug, Deserialize)]
pub struct Providers {
    /// The institutions.
    pub providers: Vec<Provider>,
}

/// An institution.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its id, a part of every path.
    pub provider_id: Id,
    /// Its name.
    #[serde(default)]
    pub name: Text,
    /// What it has; all that we have where it does not say.
    pub products: Option<Vec<String>>,
}
