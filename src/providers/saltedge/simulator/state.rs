//! What the simulator remembers: customers, visits, connections.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bank::pages::Flow;
use crate::bank::{self, Access, BankInstitution, Books, History, Login};
use crate::domain::product::Product;
use crate::providers::saltedge::map;

/// A customer, by id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// What the client calls it.
    pub identifier: String,
    /// The ids of its connections.
    pub connections: BTreeSet<String>,
}

/// What was asked for with a visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What is to be agreed to.
    pub scopes: Vec<String>,
    /// For how long.
    pub days: Option<u16>,
    /// How far back.
    pub from: NaiveDate,
    /// Where the customer goes in the end.
    pub return_to: String,
    /// Whether it is to be fetched every day.
    pub automatic: bool,
    /// What is to be repeated.
    pub custom_fields: Value,
}

/// A visit to the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Whose.
    pub customer: String,
    /// The connection that is renewed; none = one is made.
    pub renews: Option<String>,
    /// What for.
    pub asked: Asked,
    /// Where the customer is.
    pub flow: Flow,
    /// Until when it may last.
    pub expires_at: DateTime<Utc>,
    /// Where it led.
    pub ending: Option<String>,
}

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// Whose.
    pub customer: String,
    /// The institution's key.
    pub institution: String,
    /// The login as last renewed; absent where none ever succeeded.
    pub login: Option<Login>,
    /// The first one; says how much history there is.
    pub first_login: Option<Login>,
    /// The accounts' keys.
    pub accounts: BTreeSet<String>,
    /// What the customer agreed to.
    pub scopes: Vec<String>,
    /// How far back.
    pub from: NaiveDate,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How many attempts there were.
    pub attempt: u32,
    /// When the last was.
    pub attempted_at: DateTime<Utc>,
    /// Why it failed, where the customer made it fail.
    pub failure: Option<String>,
    /// Whether it is to be fetched every day.
    pub automatic: bool,
    /// What came with the visit of the last attempt.
    pub custom_fields: Value,
    /// When it was fetched unattended.
    pub unattended: Vec<DateTime<Utc>>,
    /// When the consent ends.
    pub consent_until: Option<DateTime<Utc>>,
    /// The customer took the consent back.
    pub revoked: bool,
    /// The sandbox broke the login.
    pub broken: bool,
    /// The class that callbacks have told.
    pub told: Option<String>,
}

impl Connection {
    /// The institution.
    pub fn bank(&self) -> Option<&'static BankInstitution> {
        bank::institution(&self.institution)
    }

    /// Why it is not served, by what the institution says of the login.
    pub fn class(&self, books: Option<&Books>, now: DateTime<Utc>) -> Option<String> {
        let class = match (&self.login, books) {
            (Some(login), Some(books)) => match books.access(login) {
                _ if self.failure.is_some() => self.failure.as_deref()?,
                Access::Revoked => "ConsentRevoked",
                _ if self.revoked => "ConsentRevoked",
                _ if self.consent_until.is_some_and(|until| until <= now) => "ConsentExpired",
                Access::LoginRequired | Access::Locked => "InvalidCredentials",
                _ if self.broken => "InvalidCredentials",
                Access::InstitutionDown => "ProviderUnavailable",
                Access::Good => return None,
            },
            _ => self.failure.as_deref().unwrap_or("InvalidCredentials"),
        };
        Some(class.to_owned())
    }

    /// How much of the transactions has been fetched.
    pub fn history(&self, books: &Books) -> History {
        self.first_login.as_ref().map_or(History::NotReady, |login| books.history(login))
    }

    /// Whether that was agreed to and can be had here.
    pub fn has(&self, product: Product) -> bool {
        let scope = map::scope(product);
        self.scopes.iter().any(|one| one == scope) && self.bank().is_some_and(|bank| bank.has(product))
    }
}
