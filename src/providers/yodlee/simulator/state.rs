//! What the simulator remembers, and where: users with their logins, tokens, visits to FastLink, subscriptions.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bank::ids;
use crate::bank::pages::Flow;
use crate::bank::{self, Access, BankInstitution, Books, History, Login};
use crate::domain::product::Product;

/// Users, by login name.
pub const USER: &str = "yodlee.user";
/// Tokens, by their fingerprint.
pub const TOKEN: &str = "yodlee.token";
/// Provider accounts, by id.
pub const PROVIDER_ACCOUNT: &str = "yodlee.provider_account";
/// Visits to FastLink, by a random id.
pub const VISIT: &str = "yodlee.visit";
/// Where notifications go, by event.
pub const SUBSCRIPTION: &str = "yodlee.subscription";

/// A user; made by being named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    /// The ids of the user's provider accounts.
    pub logins: BTreeSet<i64>,
}

/// A token that was given out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Whose.
    pub user: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Where the notifications of an event go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// The address.
    pub callback_url: String,
}

/// A login at an institution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProviderAccount {
    /// Its id.
    pub id: i64,
    /// Whose.
    pub user: String,
    /// The institution's key.
    pub institution: String,
    /// The login as last renewed; absent where none ever succeeded.
    pub login: Option<Login>,
    /// The login with which it was first aggregated; says how much history there is.
    pub first_login: Option<Login>,
    /// The aggregated accounts' keys.
    pub accounts: BTreeSet<String>,
    /// What the customer allowed.
    pub granted: BTreeSet<Product>,
    /// Whether numbers and holders are aggregated.
    pub profile: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last updated, or tried to be.
    pub attempted_at: DateTime<Utc>,
    /// What the last attempt was.
    pub request_id: String,
    /// Why the last attempt by the customer failed.
    pub failure: Option<String>,
    /// The sandbox broke the login.
    pub broken: bool,
    /// The customer took the consent back.
    pub revoked: bool,
    /// When the consent ends.
    pub consent_until: Option<DateTime<Utc>>,
    /// The state that notifications have told.
    pub told: Standing,
}

/// How a provider account stands: its status, and the additional status of its datasets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its status.
    pub status: String,
    /// The additional status.
    pub additional: String,
}

impl Standing {
    /// One of that status.
    pub fn new(status: &str, additional: &str) -> Self {
        Self { status: status.to_owned(), additional: additional.to_owned() }
    }

    /// Everything came.
    pub fn good() -> Self {
        Self::new("SUCCESS", "AVAILABLE_DATA_RETRIEVED")
    }

    fn failed(additional: &str) -> Self {
        Self::new("FAILED", additional)
    }

    /// Whether data still comes.
    pub fn is_served(&self) -> bool {
        self.status != "FAILED"
    }
}

impl ProviderAccount {
    /// The institution.
    pub fn bank(&self) -> Option<&'static BankInstitution> {
        bank::institution(&self.institution)
    }

    /// How it stands, by what the institution says of the login.
    pub fn standing(&self, books: Option<&Books>, now: DateTime<Utc>) -> Standing {
        let (Some(login), Some(books)) = (&self.login, books) else {
            return Standing::failed(self.failure.as_deref().unwrap_or("INCORRECT_CREDENTIALS"));
        };
        let is_oauth = books.institution().oauth;
        let login_lost = if is_oauth { "NEW_AUTHENTICATION_REQUIRED" } else { "INCORRECT_CREDENTIALS" };
        match (books.access(login), &self.failure) {
            (_, Some(failure)) => Standing::failed(failure),
            (Access::Revoked, _) => Standing::failed("CONSENT_REVOKED"),
            _ if self.revoked => Standing::failed("CONSENT_REVOKED"),
            _ if self.consent_until.is_some_and(|until| until <= now) => Standing::failed("CONSENT_EXPIRED"),
            (Access::LoginRequired, _) => Standing::failed(login_lost),
            _ if self.broken => Standing::failed(login_lost),
            (Access::Locked, _) => Standing::failed("ACCOUNT_LOCKED"),
            (Access::InstitutionDown, _) => Standing::failed("SITE_UNAVAILABLE"),
            (Access::Good, _) if self.history(books) == History::Complete => Standing::good(),
            (Access::Good, _) => Standing::new("IN_PROGRESS", "ACCT_SUMMARY_RECEIVED"),
        }
    }

    /// How much of the transactions has been aggregated.
    pub fn history(&self, books: &Books) -> History {
        self.first_login.as_ref().map_or(History::NotReady, |login| books.history(login))
    }

    /// Whether that can be had here.
    pub fn has(&self, product: Product) -> bool {
        self.granted.contains(&product) && self.bank().is_some_and(|bank| bank.has(product))
    }

    /// The id of one of its accounts.
    pub fn account_id(&self, key: &str) -> i64 {
        ids::number(&["account", &self.id.to_string(), key])
    }
}

/// A visit to FastLink.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Whose.
    pub user: String,
    /// The provider account that is edited; none = one is added.
    pub edits: Option<i64>,
    /// Whether numbers and holders are asked for.
    pub profile: bool,
    /// Where the browser goes at the end; none = FastLink's script tells the page around it.
    pub callback: Option<String>,
    /// Where the customer is.
    pub flow: Flow,
    /// When FastLink ends it.
    pub expires_at: DateTime<Utc>,
    /// What FastLink's script tells at the end.
    pub ending: Option<Value>,
}
