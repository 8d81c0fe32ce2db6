//! What we keep of a link and of a session, as sealed texts.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::providers::mesh::error;
use crate::providers::mesh::wire::AccountTokens;
use crate::providers::{Failure, FailureKind, Persistence};

use super::secret_text;

/// How long before its end a token is renewed.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// A link: accounts of one login, each with tokens of its own. Mesh has no object for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Whom Mesh knows the customer as.
    pub user: String,
    /// By what webhooks and support know the link: Mesh's id of its first account. It stays when accounts change.
    pub connection: String,
    /// The institution.
    pub integration: Option<String>,
    /// Its type, which every call names.
    pub broker_type: String,
    /// Its category, which says what the accounts are.
    pub category: Option<String>,
    /// The accounts, at least one.
    pub accounts: Vec<Account>,
}

/// An account with its tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The institution's id of it; the same when it is connected again.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Reads it.
    pub access: String,
    /// Renews the one above.
    pub refresh: Option<String>,
    /// When the first ends, where Mesh said so.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the second ends, where Mesh said so.
    pub refresh_expires_at: Option<DateTime<Utc>>,
}

/// How long tokens live, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lives {
    /// The first.
    pub access: Option<i64>,
    /// The second.
    pub refresh: Option<i64>,
}

impl Account {
    /// Takes new tokens. Where no new token renews them, the old one still does.
    pub fn take(&mut self, tokens: &AccountTokens, lives: Lives, now: DateTime<Utc>) -> bool {
        let Some(access) = secret_text(tokens.access_token.as_ref()).or_else(|| secret_text(tokens.token_id.as_ref()))
        else {
            return false;
        };
        self.access = access;
        self.expires_at = end(now, lives.access);
        if let Some(refresh) = secret_text(tokens.refresh_token.as_ref()) {
            self.refresh = Some(refresh);
            self.refresh_expires_at = end(now, lives.refresh);
        }
        true
    }

    /// Whether its token ends soon and can be renewed.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.is_renewable(now)
            && self.expires_at.is_some_and(|end| end.checked_sub_signed(MARGIN).is_none_or(|due| due <= now))
    }

    /// A token that has ended and that nothing renews is not worth a call.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        let ended = self.expires_at.is_some_and(|end| end <= now);
        if ended && !self.is_renewable(now) { Err(error::token_ended()) } else { Ok(()) }
    }

    fn is_renewable(&self, now: DateTime<Utc>) -> bool {
        self.refresh.is_some() && self.refresh_expires_at.is_none_or(|end| now < end)
    }
}

/// The end of a life; one that makes no sense is none.
fn end(now: DateTime<Utc>, seconds: Option<i64>) -> Option<DateTime<Utc>> {
    let life = seconds.filter(|seconds| *seconds > 0).and_then(TimeDelta::try_seconds)?;
    now.checked_add_signed(life)
}

/// A visit to Link. Mesh knows of no such thing: what it has brought, the page hands over.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Whom Mesh knows the customer as.
    pub user: String,
    /// The institution that was chosen.
    pub integration: Option<String>,
    /// Until when Link can be opened.
    pub expires_at: DateTime<Utc>,
}

/// Reads what [`sealed`] wrote.
pub fn read<T: DeserializeOwned>(secret: &Secret) -> Result<T, Failure> {
    serde_json::from_str(secret.expose()).map_err(|_| {
        let message = "this is no link or session of this provider's";
        Failure::new(FailureKind::Invalid, Persistence::Permanent, "UNREADABLE_CREDENTIAL", message)
    })
}

/// A credential or session as it is kept.
pub fn sealed<T: Serialize>(value: &T) -> Secret {
    // Plain texts and dates: nothing in them can fail to be written.
    Secret::new(serde_json::to_string(value).unwrap_or_default())
}
