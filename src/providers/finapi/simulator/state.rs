//! What the simulator remembers, and where: the client, users with their bank connections, tokens, web forms, tasks, rules.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::banks::interface;
use crate::bank::ids;
use crate::bank::pages::Flow;
use crate::bank::{self, Access, BankInstitution, Books, History, Login, Moment};
use crate::domain::product::Product;

/// The client's configuration, once.
pub const CLIENT: &str = "finapi.client";
/// Users, by id.
pub const USER: &str = "finapi.user";
/// Tokens, by their fingerprint.
pub const TOKEN: &str = "finapi.token";
/// Bank connections, by id.
pub const CONNECTION: &str = "finapi.connection";
/// Web forms, by id.
pub const FORM: &str = "finapi.form";
/// Tasks, by id.
pub const TASK: &str = "finapi.task";

/// What the client has configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    /// Where notifications go.
    pub callback_url: Option<String>,
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// What is kept of the password.
    pub password: String,
    /// The ids of the bank connections.
    pub connections: BTreeSet<i64>,
    /// What the user wants to be told.
    pub rules: Vec<Rule>,
    /// Whether finAPI updates the bank connections by itself.
    pub automatic: bool,
}

/// A notification rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: i64,
    /// The event.
    pub event: String,
    /// What stands in the notification.
    pub handle: Option<String>,
}

/// A token that was given out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Whose; none = the client's.
    pub user: Option<String>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// A login at a bank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: i64,
    /// Whose.
    pub user: String,
    /// The institution's key.
    pub institution: String,
    /// The login as last renewed.
    pub login: Login,
    /// The login with which it was imported; says how much history there is.
    pub first_login: Login,
    /// The imported accounts' keys.
    pub accounts: BTreeSet<String>,
    /// What the customer allowed.
    pub granted: BTreeSet<Product>,
    /// Whether owners were loaded.
    pub owners: bool,
    /// How many days were downloaded.
    pub days: u64,
    /// When it was imported.
    pub created_at: DateTime<Utc>,
    /// What the last update that is over has fetched: finAPI has nothing younger.
    pub seen: Moment,
    /// Until when the update runs, or ran.
    pub busy_until: DateTime<Utc>,
    /// Whether finAPI updates it by itself.
    pub automatic: bool,
    /// The next update needs the customer.
    pub broken: bool,
    /// The customer took the consent back.
    pub revoked: bool,
    /// Another login was put in its place: none of its accounts is found with it.
    pub foreign: bool,
    /// When the consent, or the last strong authentication, ends.
    pub consent_until: Option<DateTime<Utc>>,
    /// Whether notifications have told that the customer is needed.
    pub told: bool,
}

/// How a bank connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everything is well.
    Good,
    /// The customer is needed.
    NeedsUser,
    /// The bank fails.
    Down,
}

/// How often finAPI updates by itself.
const AUTOMATIC: TimeDelta = TimeDelta::hours(12);

impl Connection {
    /// Whether an update has ended of which it does not serve the data yet.
    pub fn has_fetched(&self, books: &Books) -> bool {
        let now = books.now().at;
        let asked = self.busy_until <= now && self.seen.at < self.busy_until;
        let by_itself = self.automatic && self.seen.at + AUTOMATIC <= now;
        (asked || by_itself) && self.standing(books) == Standing::Good
    }

    /// The institution.
    pub fn bank(&self) -> Option<&'static BankInstitution> {
        bank::institution(&self.institution)
    }

    /// How it stands, by what the institution says of the login.
    pub fn standing(&self, books: &Books) -> Standing {
        match books.access(&self.login) {
            _ if self.broken || self.has_no_consent(books.now().at) => Standing::NeedsUser,
            Access::Revoked | Access::LoginRequired | Access::Locked => Standing::NeedsUser,
            Access::InstitutionDown => Standing::Down,
            Access::Good => Standing::Good,
        }
    }

    /// Whether there is no consent any more.
    pub fn has_no_consent(&self, now: DateTime<Utc>) -> bool {
        self.revoked || self.consent_until.is_some_and(|until| until <= now)
    }

    /// Whether its consent is for one update alone: of a customer who is asked for a code at each login.
    pub fn is_for_one_time(&self) -> bool {
        self.login.user.username.starts_with("user_mfa")
    }

    /// Whether accounts that were opened since can come without another consent: not where the consent lists its accounts.
    pub fn takes_new_accounts(&self) -> bool {
        self.interface() != "XS2A"
    }

    /// The interface through which it was imported.
    pub fn interface(&self) -> &'static str {
        match self.bank() {
            Some(bank) if !self.is_for_one_time() => interface(bank, self.owners),
            // Only there is a consent that can be for one time.
            _ => "XS2A",
        }
    }

    /// Whether an update, the import too, is under way.
    pub fn is_busy(&self, books: &Books) -> bool {
        self.busy_until > books.now().at || books.history(&self.first_login) != History::Complete
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

/// What a web form is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Purpose {
    /// A bank connection is imported.
    Import {
        /// Whether owners are loaded.
        owners: bool,
        /// How many days are downloaded.
        days: u64,
    },
    /// One is updated.
    Update {
        /// Which.
        connection: i64,
        /// Whether new accounts are imported too.
        new_accounts: bool,
    },
}

/// A web form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebForm {
    /// Whose.
    pub user: String,
    /// What for.
    pub purpose: Purpose,
    /// Where the customer is.
    pub flow: Flow,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// finAPI's status, but for `EXPIRED`.
    pub status: String,
    /// What came of it.
    pub connection: Option<i64>,
    /// Why nothing came of it.
    pub error_code: Option<String>,
    /// Where the browser goes when all is well, after an error, after it was given up.
    pub ways_back: [Option<String>; 3],
}

impl WebForm {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "NOT_YET_OPENED" | "IN_PROGRESS")
    }

    /// Its status now.
    pub fn status(&self, now: DateTime<Utc>) -> &str {
        if !self.is_over() && self.expires_at <= now { "EXPIRED" } else { &self.status }
    }
}

/// An update in the background.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Whose.
    pub user: String,
    /// What is updated.
    pub connection: i64,
    /// The form, where the customer is needed.
    pub form: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it is over, without a form.
    pub done_at: DateTime<Utc>,
}
