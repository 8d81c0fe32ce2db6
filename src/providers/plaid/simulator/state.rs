//! What the simulator remembers, and where: Items, link tokens with their sessions, and fingerprints of tokens.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::product::Product;
use super::walk::Walk;
use crate::bank::{Login, Moment};

/// Items, by item id.
pub const ITEM: &str = "plaid.item";
/// Which Item an access token opens, by the token's fingerprint. It stays when the Item is removed, so that the token is known as removed.
pub const ACCESS_TOKEN: &str = "plaid.access_token";
/// What a public token can be exchanged for, by its fingerprint.
pub const PUBLIC_TOKEN: &str = "plaid.public_token";
/// Asset reports, by the fingerprint of their token.
pub const ASSET_REPORT: &str = "plaid.asset_report";
/// Payments that were evaluated, by their client's id of them.
pub const SIGNAL: &str = "plaid.signal";
/// Payments that a customer was sent to authorise, by Plaid's id of them.
pub const PAYMENT: &str = "plaid.payment";
/// Verifications of people, by Plaid's id of them.
pub const VERIFICATION: &str = "plaid.verification";
/// Users' ids, by the fingerprint of their token.
pub const USER: &str = "plaid.user";
/// Link tokens, by their fingerprint.
pub const LINK: &str = "plaid.link";
/// Keys that sign webhooks, by key id.
pub const WEBHOOK_KEY: &str = "plaid.webhook_key";

/// A login at an institution, linked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Plaid's id of it.
    pub id: String,
    /// The institution's key.
    pub institution: String,
    /// The login as last renewed.
    pub login: Login,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
    /// The shared accounts' keys, each with the number of the selection that brought it.
    pub accounts: BTreeMap<String, u32>,
    /// The number of the last selection of accounts.
    pub selection: u32,
    /// Where webhooks go.
    pub webhook: Option<String>,
    /// Initialised products.
    pub products: BTreeSet<Product>,
    /// Those of them that are billed.
    pub billed: BTreeSet<Product>,
    /// What the customer consented to on the data consent page; `None` = the Item is of a region or way that has no such page.
    pub consented: Option<BTreeSet<Product>>,
    /// What the customer allowed at the institution; `None` = it does not ask for each product.
    pub permitted: Option<BTreeSet<Product>>,
    /// When the consent ends.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// The sandbox broke the login.
    pub broken: bool,
    /// The customer took the permission back.
    pub revoked: bool,
    /// How far account numbers are verified, where they do not come at once.
    pub verification: Option<Verification>,
    /// How often the customer entered wrong amounts of the deposits.
    pub wrong_amounts: u32,
    /// How many days of transactions were asked for when it was linked.
    pub days_requested: u32,
    /// The statements that were asked for.
    pub statements: Option<StatementRange>,
    /// Those that were asked for again, until they are there.
    pub statements_refresh: Option<StatementRange>,
    /// The income that was asked for.
    pub income: Option<IncomeAsked>,
    /// The history of transactions, once it was asked for.
    pub history: Option<HistoryStart>,
    /// Whether `/transactions/sync` was ever called.
    pub synced: bool,
    /// Transactions that were made through `/sandbox/transactions/create`; the list only grows.
    pub custom: Vec<CustomTransaction>,
    /// What webhooks have told by now.
    pub told: Told,
    /// When the last webhook was sent, and its code.
    pub last_webhook: Option<(DateTime<Utc>, String)>,
}

impl Item {
    /// Whether the institution lets the product be used: not what the customer withheld there, and nothing but numbers where
    /// only these were typed in.
    pub fn may_come_to_use(&self, product: Product) -> bool {
        let withheld = self.permitted.as_ref().is_some_and(|permitted| !permitted.contains(&product));
        let by_hand = self.verification.is_some_and(Verification::is_by_hand);
        product == Product::Balance && !by_hand || !withheld && (!by_hand || self.products.contains(&product))
    }
}

/// Whose income was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncomeAsked {
    /// The user's id.
    pub user: String,
    /// Days of it.
    pub days: u32,
    /// When the customer allowed it.
    pub asked_at: DateTime<Utc>,
}

/// Which statements were asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatementRange {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// When the customer allowed it.
    pub asked_at: DateTime<Utc>,
}

/// Where the history of transactions begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HistoryStart {
    /// The login with which it was first asked for; says how much of it is ready.
    pub login: Login,
    /// The earliest day.
    pub from: NaiveDate,
}

impl HistoryStart {
    /// History that is asked for now, so many days of it.
    pub fn new(login: &Login, now: DateTime<Utc>, days: u32) -> Self {
        let from = now.date_naive() - TimeDelta::days(i64::from(days));
        Self { login: Login { at: now, ..login.clone() }, from }
    }

    /// The earliest day that is there while only the last 30 days are.
    pub fn recent_from(&self) -> NaiveDate {
        self.from.max(self.login.at.date_naive() - TimeDelta::days(30))
    }
}

/// A transaction out of `/sandbox/transactions/create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomTransaction {
    /// The account's key.
    pub account: String,
    /// When it was made.
    pub transacted: NaiveDate,
    /// When it was booked.
    pub posted: NaiveDate,
    /// A JSON number.
    pub amount: Value,
    /// What it says.
    pub description: String,
    /// ISO 4217.
    pub currency: String,
}

/// How far account numbers are verified by small deposits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verification {
    /// A deposit is under way.
    #[serde(rename = "pending_automatic_verification")]
    Pending,
    /// The customer is to enter what was paid in.
    #[serde(rename = "pending_manual_verification")]
    Manual,
    /// The customer entered the right amounts.
    #[serde(rename = "manually_verified")]
    Entered,
    /// The customer entered wrong amounts too often.
    #[serde(rename = "verification_failed")]
    Failed,
    /// It was recognised.
    #[serde(rename = "automatically_verified")]
    Done,
    /// It was not, and nobody waits for it any more.
    #[serde(rename = "verification_expired")]
    Expired,
}

impl Verification {
    /// Whether the Item came by typed-in account numbers, without a login: nothing but these can be had of it.
    pub fn is_by_hand(self) -> bool {
        matches!(self, Self::Manual | Self::Entered | Self::Failed)
    }
}

/// What webhooks have told of an Item, so that nothing is told twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// How much of the history: 0 nothing, 1 the last 30 days, 2 all.
    pub history: u8,
    /// Up to when changes of transactions.
    pub moment: Option<Moment>,
    /// How many transactions of `/sandbox/transactions/create`.
    pub custom: usize,
    /// Of which selection of accounts.
    pub selection: u32,
    /// The error that the Item has.
    pub error: Option<String>,
    /// Accounts that were opened until then.
    pub accounts_at: DateTime<Utc>,
    /// That the consent ends at that time.
    pub expiry: Option<DateTime<Utc>>,
}

/// An asset report: what it says was settled when it was ordered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssetReport {
    /// Plaid's id of it.
    pub id: String,
    /// When it was ordered.
    pub ordered_at: DateTime<Utc>,
    /// Where webhooks go.
    pub webhook: Option<String>,
    /// Whether the end was told.
    pub told: bool,
    /// What `/asset_report/get` answers.
    pub report: Value,
}

/// What an access token opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessToken {
    /// The Item.
    pub item_id: String,
}

/// What a public token can be exchanged for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublicToken {
    /// The Item.
    pub item_id: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Whether that was done.
    pub used: bool,
}

/// How long a public token can be exchanged.
pub const PUBLIC_TOKEN_LIFE: TimeDelta = TimeDelta::minutes(30);

/// A link token: what was asked for, and the sessions that came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Until when sessions can be opened.
    pub expires_at: DateTime<Utc>,
    /// The application's name.
    pub client_name: String,
    /// ISO 639-1.
    pub language: String,
    /// ISO 3166 alpha-2.
    pub country_codes: Vec<String>,
    /// Where webhooks of the session and of the new Item go.
    pub webhook: Option<String>,
    /// Where OAuth leads back to.
    pub redirect_uri: Option<String>,
    /// The institution's key, where one was named.
    pub institution: Option<String>,
    /// The products, in four arrays.
    pub asked: Asked,
    /// Account subtypes by type, as asked for.
    pub account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// Days of transactions.
    pub days_requested: u32,
    /// The user's id, where one is named.
    pub user: Option<String>,
    /// Our client's id of them.
    #[serde(default)]
    pub client_user_id: Option<String>,
    /// Days of bank income.
    pub income_days: Option<u32>,
    /// First and last day of the statements.
    pub statements: Option<(NaiveDate, NaiveDate)>,
    /// The payment that is authorised, by its id.
    #[serde(default)]
    pub payment: Option<String>,
    /// The template by which a person is verified.
    #[serde(default)]
    pub template: Option<String>,
    /// The Item that is updated.
    pub item_id: Option<String>,
    /// Whether accounts are chosen anew in the update.
    pub account_selection: bool,
    /// Whether there are pages for the customer.
    pub hosted: bool,
    /// Where these lead to at the end.
    pub completion_redirect_uri: Option<String>,
    /// The sessions, oldest first.
    pub sessions: Vec<Session>,
}

/// The products of a link token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    /// `products`.
    pub required: BTreeSet<Product>,
    /// `required_if_supported_products`.
    pub if_supported: BTreeSet<Product>,
    /// `optional_products`.
    pub optional: BTreeSet<Product>,
    /// `additional_consented_products`.
    pub consented: BTreeSet<Product>,
    /// How account numbers may be verified, where they do not come at once.
    pub deposits: Option<Deposits>,
}

/// Small deposits by which account numbers are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deposits {
    /// Plaid recognises them by itself.
    Automated,
    /// The customer enters their amounts.
    SameDay,
}

impl Asked {
    /// All of them.
    pub fn all(&self) -> BTreeSet<Product> {
        [&self.required, &self.if_supported, &self.optional, &self.consented].into_iter().flatten().copied().collect()
    }
}

/// One customer's walk through the pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Plaid's id of it.
    pub id: String,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// Where the customer is.
    pub walk: Walk,
    /// How often the customer was sent back to allow more.
    pub asked_again: u32,
    /// How it ended.
    pub ending: Option<Ending>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
}

/// How a session ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Ending {
    /// With an Item; its shared accounts as they are told.
    Success {
        /// The Item.
        item_id: String,
        /// The accounts as answered.
        accounts: Value,
    },
    /// With a payment or a verification, and no Item.
    Done,
    /// Without any.
    Exit {
        /// Why, unless the customer just left.
        error: Option<Value>,
        /// Where the customer was.
        status: String,
    },
}

/// Something that happened in a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Unique.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Plaid's name for it.
    pub name: String,
    /// More about it.
    pub metadata: Value,
}

impl Session {
    /// Whether it brought what it was for.
    pub fn has_succeeded(&self) -> bool {
        matches!(self.ending, Some(Ending::Success { .. } | Ending::Done))
    }
}

impl Link {
    /// The session that goes on.
    pub fn open_session(&self) -> Option<&Session> {
        self.sessions.last().filter(|session| session.ending.is_none())
    }

    /// Whether a session succeeded.
    pub fn succeeded(&self) -> bool {
        self.sessions.iter().any(Session::has_succeeded)
    }
}
