//! What the simulator remembers, and where.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bank::pages::Flow;
use crate::bank::{Access, Books, History, Login, Moment};

/// Tokens of the API, by fingerprint.
pub const TOKEN: &str = "finicity.token";
/// How often the partner failed to log in, under the id `partner`.
pub const PARTNER: &str = "finicity.partner";
/// Customers, by id.
pub const CUSTOMER: &str = "finicity.customer";
/// The id of the customer of a name.
pub const USERNAME: &str = "finicity.username";
/// Institution logins, by id.
pub const LOGIN: &str = "finicity.login";
/// Sessions of Connect, by their token's fingerprint.
pub const CONNECT: &str = "finicity.connect";

/// A token of the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppToken {
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// The partner's failed logins since the last good one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Partner {
    /// How many; five lock the account.
    pub failures: u32,
}

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// Finicity's id.
    pub id: String,
    /// The partner's name of it.
    pub username: String,
    /// `active` or `testing`.
    pub kind: String,
    /// When it was enrolled.
    pub created_at: DateTime<Utc>,
    /// Its institution logins.
    pub logins: BTreeSet<i64>,
}

/// An institution login: all accounts that one set of credentials opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstitutionLogin {
    /// Finicity's id, a number.
    pub id: i64,
    /// Whose.
    pub customer: String,
    /// The institution's key.
    pub institution: String,
    /// The login at the bank, as last renewed.
    pub login: Login,
    /// The shared accounts' keys.
    pub accounts: Vec<String>,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
    /// When the customer's authorization ends.
    pub authorized_until: Option<DateTime<Utc>>,
    /// The sandbox broke the login.
    pub broken: bool,
    /// The customer took the permission back.
    pub revoked: bool,
    /// Accounts whose long history was loaded.
    pub long_history: BTreeSet<String>,
    /// The last attempt to read the institution, and how it went.
    pub attempt: Option<Attempt>,
    /// What the last good attempt saw.
    pub seen: Option<Moment>,
}

/// An attempt to read the institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// Its aggregation status code.
    pub code: i64,
}

/// Active accounts are read once a day.
const DAY: chrono::TimeDelta = chrono::TimeDelta::days(1);

impl InstitutionLogin {
    /// The aggregation status code that an attempt would have now.
    pub fn code(&self, books: &Books, now: DateTime<Utc>) -> i64 {
        if self.revoked || self.authorized_until.is_some_and(|end| end <= now) {
            return 947;
        }
        match books.access(&self.login) {
            _ if self.broken => 103,
            Access::Good => 0,
            Access::LoginRequired => 103,
            Access::Locked => 108,
            Access::InstitutionDown => 580,
            Access::Revoked => 947,
        }
    }

    /// Reads the institution: daily, when it is asked for, and as soon as it refuses or serves again. The first reading is only done once
    /// the history is there.
    pub fn aggregate(&mut self, books: &Books, now: DateTime<Utc>, asked_for: bool) {
        let code = self.code(books, now);
        let due = match self.attempt {
            None => code != 0 || books.history(&self.login) == History::Complete,
            Some(last) => asked_for || last.code != code || now - last.at >= DAY,
        };
        if !due {
            return;
        }
        self.attempt = Some(Attempt { at: now, code });
        if code == 0 {
            self.seen = Some(self.seen.map_or(books.now(), |seen| seen.max(books.now())));
        }
    }
}

/// A session of Connect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connect {
    /// The customer.
    pub customer: String,
    /// The login that is mended.
    pub fix: Option<i64>,
    /// Where the customer is sent back to.
    pub redirect: Option<String>,
    /// Where events go.
    pub webhook: Option<String>,
    /// What goes along with them.
    pub webhook_data: Value,
    /// When the link ends.
    pub expires_at: DateTime<Utc>,
    /// Where the customer is.
    pub flow: Flow,
    /// How it ended.
    pub end: Option<End>,
}

/// How a session of Connect ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With that login.
    Linked(i64),
    /// Without; holds the reason.
    Left(String),
}
