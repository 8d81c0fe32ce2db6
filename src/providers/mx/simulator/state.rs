//! What the simulator remembers: users, members, and widgets.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use aws_lc_rs::digest::{SHA256, digest};

use crate::bank::pages::Flow;
use crate::bank::{Login, Moment};
use crate::domain::product::Product;

/// Users, by MX's id.
pub const USER: &str = "mx.user";
/// MX's id of a user, by the client's.
pub const USER_ID: &str = "mx.user_id";
/// Members, by MX's id.
pub const MEMBER: &str = "mx.member";
/// Widgets, by the fingerprint of the token in their address.
pub const WIDGET: &str = "mx.widget";

/// A client's customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// MX's id.
    pub guid: String,
    /// The client's id.
    pub id: String,
    /// The members' ids, oldest first.
    pub members: Vec<String>,
}

/// A login of a user at an institution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// MX's id.
    pub guid: String,
    /// The user.
    pub user: String,
    /// The client's id.
    pub id: Option<String>,
    /// The client's note.
    pub metadata: Option<String>,
    /// The institution's key.
    pub institution: String,
    /// The login as last renewed.
    pub login: Login,
    /// The accounts that the customer chose to share, where the institution asks; else all of them are.
    pub chosen: Option<Vec<String>>,
    /// What the customer allowed at the institution; `None` = it does not ask.
    pub allowed: Option<Vec<Product>>,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
    /// When the last job ended.
    pub aggregated_at: DateTime<Utc>,
    /// When the last one ended well.
    pub successfully_aggregated_at: DateTime<Utc>,
    /// Up to when MX knows what happened in the accounts.
    pub seen: Moment,
    /// From which day on MX has transactions.
    pub history_from: NaiveDate,
    /// The job that runs.
    pub job: Option<Running>,
    /// Whether account numbers were fetched.
    pub has_numbers: bool,
    /// Whether owners were fetched.
    pub has_owners: bool,
    /// Whether MX aggregates by itself.
    pub background: bool,
    /// A status that somebody has put the member in, until it is repaired.
    pub broken: Option<String>,
    /// What its webhooks bring back.
    pub payload: Option<String>,
    /// The status that was last told.
    pub told_status: String,
    /// What was last told of the accounts.
    pub told_seen: Moment,
}

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its name in the path.
    pub name: String,
    /// When it ends.
    pub until: DateTime<Utc>,
}

impl Member {
    /// Whether the customer allowed a product at the institution.
    pub fn allows(&self, product: Product) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&product))
    }

    /// Whether the customer shares that account.
    pub fn shares(&self, account: &str) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(|key| key == account))
    }
}

/// A page for the customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Widget {
    /// The user.
    pub user: String,
    /// The member that is repaired.
    pub member: Option<String>,
    /// Until when it can be opened.
    pub expires_at: DateTime<Utc>,
    /// Where it leads at the end.
    pub redirect: Option<String>,
    /// What is to be fetched.
    pub products: Vec<Product>,
    /// Whether the extended history is.
    pub history: bool,
    /// Whether MX is to aggregate by itself.
    pub background: bool,
    /// What webhooks bring back.
    pub payload: Option<String>,
    /// Where the customer is.
    pub flow: Flow,
    /// The member that came of it.
    pub result: Option<String>,
}

/// An id of MX's form that the parts alone decide.
pub fn guid(prefix: &str, parts: &[&str]) -> String {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, format!("{prefix}{text}").as_bytes()).as_ref()[..16]);
    format!("{prefix}-{}", uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A token that nobody can guess.
pub fn token() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What is stored of a token.
pub fn fingerprint(token: &str) -> String {
    guid("WID", &[token])
}
