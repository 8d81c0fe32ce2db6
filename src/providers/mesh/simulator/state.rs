//! What the simulator remembers: visits, logins, and tokens.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bank::ids::hash;
use crate::bank::pages::Flow;
use crate::bank::{Access, Books, Login};

/// Visits, by the fingerprint of the code in the link token.
pub const VISIT: &str = "mesh.visit";
/// Logins, by [`Grant::id`].
pub const GRANT: &str = "mesh.grant";
/// The login of an account, by Mesh's id of the account.
pub const ACCOUNT: &str = "mesh.account";
/// Tokens, by fingerprint.
pub const TOKEN: &str = "mesh.token";

/// A visit to Link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// The client's name of the customer.
    pub user: String,
    /// Until when Link can be opened.
    pub expires_at: DateTime<Utc>,
    /// Where the customer is.
    pub flow: Flow,
    /// Whether its result was given away.
    pub is_used: bool,
}

/// A customer's login at an institution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// Whose it is and where.
    pub user: String,
    /// The login as last renewed.
    pub login: Login,
    /// The connected accounts' keys.
    pub accounts: BTreeSet<String>,
    /// Whether the institution takes its tokens no longer.
    pub is_ended: bool,
    /// Whether the institution wants this login anew, whatever becomes of the user's others.
    pub needs_login: bool,
}

impl Grant {
    /// Whether the institution still serves it.
    pub fn access(&self, books: &Books) -> Access {
        if self.needs_login { Access::LoginRequired } else { books.access(&self.login) }
    }

    /// Its id.
    pub fn id(user: &str, login: &Login) -> String {
        uuid(&["grant", user, &login.user.institution, &login.user.username]).to_string()
    }
}

/// A token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// The login.
    pub grant: String,
    /// The account's key.
    pub account: String,
    /// Whether it renews others, or reads.
    pub renews: bool,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Mesh's id of an account.
pub fn account_id(grant: &str, account: &str) -> String {
    uuid(&["account", grant, account]).to_string()
}

/// A UUID that the parts alone decide.
pub fn uuid(parts: &[&str]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash(parts)[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
