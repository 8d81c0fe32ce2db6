//! What we keep of a link and of a session, as sealed texts.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::providers::{Failure, FailureKind, Persistence};

/// A link: whose login at an institution it is. Nothing in it opens anything without our own credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The customer's user at Yodlee.
    pub user: String,
    /// The login's id.
    pub login: String,
    /// Whether numbers and holders were asked for with it.
    pub profile: bool,
    /// The accounts that it had when it was linked or last repaired: by these another person's login is told from it, for Yodlee lets the
    /// customer put any login in its place.
    pub accounts: Vec<String>,
}

impl Credential {
    /// Reads it.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        parse(secret)
    }

    /// As it is kept.
    pub fn secret(&self) -> Secret {
        text(self)
    }
}

/// A visit to FastLink. Yodlee knows of no such thing: what it has brought shows in the user's logins, compared with those that were there
/// before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The customer's user at Yodlee.
    pub user: String,
    /// Whether numbers and holders are asked for.
    pub profile: bool,
    /// When FastLink can no longer be opened with its token.
    pub expires_at: DateTime<Utc>,
    /// What for.
    pub aim: Aim,
}

/// What a visit is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// A new login.
    Add {
        /// At that institution, where one was chosen.
        institution: Option<String>,
        /// The logins that are there already.
        known: Vec<String>,
    },
    /// A login that is there.
    Edit {
        /// Which.
        login: String,
        /// When it was last updated before.
        attempted: Option<String>,
    },
}

impl Session {
    /// Reads it.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        parse(secret)
    }

    /// As it is kept.
    pub fn secret(&self) -> Secret {
        text(self)
    }
}

fn parse<T: DeserializeOwned>(secret: &Secret) -> Result<T, Failure> {
    serde_json::from_str(secret.expose()).map_err(|_| {
        let message = "this is no link or session of this provider's";
        Failure::new(FailureKind::Invalid, Persistence::Permanent, "UNREADABLE_CREDENTIAL", message)
    })
}

fn text<T: Serialize>(value: &T) -> Secret {
    // Plain texts and dates: nothing in them can fail to be written.
    Secret::new(serde_json::to_string(value).unwrap_or_default())
}
