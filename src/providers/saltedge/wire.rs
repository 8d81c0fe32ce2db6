//! Salt Edge's wire format, version 6. Whatever is not needed to tell things apart may be missing; all enums are open.

use std::collections::BTreeMap;

use crate::providers::verbatim::{KeepsVerbatim, Verbatim};
use serde::Deserialize;
use serde_json::Value;

use crate::providers::amount::Amount;

/// One thing.
#[derive(Debug, Deserialize)]
pub struct One<T> {
    /// It.
    pub data: T,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// The rows, by ascending id.
    pub data: Vec<T>,
    /// Where the next page begins.
    #[serde(default)]
    pub meta: Meta,
}

/// What stands beside a page.
#[derive(Debug, Default, Deserialize)]
pub struct Meta {
    /// The id of the first row of the next page; missing on the last.
    #[serde(default)]
    pub next_id: Option<String>,
}

/// A customer: samples show `id`, clients read `customer_id`.
#[derive(Debug, Deserialize)]
pub struct Customer {
    /// What we call it.
    pub identifier: Option<String>,
    /// The id.
    pub customer_id: Option<String>,
    /// The same, as it was called.
    pub id: Option<String>,
}

/// A page at which the customer begins.
#[derive(Debug, Deserialize)]
pub struct ConnectSession {
    /// Its address.
    pub connect_url: String,
    /// Until when it can be opened.
    pub expires_at: Option<String>,
}

/// A connection.
#[derive(Debug, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// The institution.
    pub provider_code: Option<String>,
    /// `active`, `inactive`, `disabled`.
    pub status: Option<String>,
    /// The last time that data were fetched.
    pub last_attempt: Option<Attempt>,
    /// When it can be fetched again.
    pub next_refresh_possible_at: Option<String>,
    /// The people behind it.
    pub holder_info: Option<HolderInfo>,
}

/// An attempt to fetch data.
#[derive(Debug, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: Option<String>,
    /// Whether not everything came.
    #[serde(default)]
    pub partial: Option<bool>,
    /// When it succeeded.
    pub success_at: Option<String>,
    /// When it failed.
    pub fail_at: Option<String>,
    /// Why.
    pub fail_error_class: Option<String>,
    /// How far it is.
    pub last_stage: Option<Stage>,
    /// What was sent with the visit that it is of, where that is repeated.
    #[serde(default)]
    pub custom_fields: Value,
}

/// A step of an attempt.
#[derive(Debug, Deserialize)]
pub struct Stage {
    /// `start`, `connect`, `interactive`, `fetch_holder_info`, `fetch_accounts`, `fetch_recent`, `fetch_full`, `disconnect`, `finish`.
    pub name: Option<String>,
}

/// The people behind a connection.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HolderInfo {
    /// Names.
    pub names: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phone_numbers: Vec<String>,
    /// Where they live.
    pub addresses: Vec<Address>,
}

/// Where somebody lives.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub post_code: Option<String>,
    /// ISO 3166 alpha-2.
    pub country_code: Option<String>,
}

/// What the customer agreed to.
#[derive(Debug, Deserialize)]
pub struct Consent {
    /// Of which connection.
    pub connection_id: Option<String>,
    /// `active`, `expired`, `revoked`.
    pub status: Option<String>,
    /// `accounts`, `transactions`, `holder_info`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it ends.
    pub expires_at: Option<String>,
}

/// An account.
#[derive(Debug, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Of which connection.
    pub connection_id: Option<String>,
    /// Often the number.
    pub name: Option<String>,
    /// What it is.
    pub nature: Option<String>,
    /// What it holds.
    pub balance: Option<Amount>,
    /// ISO 4217.
    pub currency_code: Option<String>,
    /// What else the bank says.
    #[serde(default)]
    pub extra: AccountExtra,
    /// When it was last read.
    pub updated_at: Option<String>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

/// What else a bank says of an account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountExtra {
    /// What people call it.
    pub account_name: Option<String>,
    /// International number.
    pub iban: Option<String>,
    /// BIC.
    pub swift: Option<String>,
    /// Of a British account.
    pub sort_code: Option<String>,
    /// National number.
    pub account_number: Option<String>,
    /// Whose.
    pub client_name: Option<String>,
    /// What can be spent.
    pub available_amount: Option<Amount>,
    /// How far it can be drawn.
    pub credit_limit: Option<Amount>,
    /// Numbers of cards, masked.
    pub cards: Vec<String>,
}

/// A transaction.
#[derive(Debug, Deserialize)]
pub struct Transaction {
    /// Its id; that of a pending one is another after each refresh.
    pub id: String,
    /// Of which account.
    pub account_id: String,
    /// Of which connection, where it says so.
    pub connection_id: Option<String>,
    /// Whether another row is the same.
    #[serde(default)]
    pub duplicated: Option<bool>,
    /// `normal`, `fee`, `transfer`.
    pub mode: Option<String>,
    /// `posted`, `pending`.
    pub status: Option<String>,
    /// When it was made.
    pub made_on: String,
    /// Negative = money out.
    pub amount: Amount,
    /// ISO 4217.
    pub currency_code: Option<String>,
    /// What the bank wrote.
    pub description: Option<String>,
    /// What for, where it was asked to say.
    pub category: Option<String>,
    /// What else the bank says.
    #[serde(default)]
    pub extra: TransactionExtra,
}

/// What else a bank says of a transaction.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TransactionExtra {
    /// Who got it.
    pub payee: Option<String>,
    /// Who paid it.
    pub payer: Option<String>,
    /// When it was booked.
    pub posting_date: Option<String>,
}

/// An institution.
#[derive(Debug, Deserialize)]
pub struct Provider {
    /// What it is known by in calls.
    pub code: String,
    /// Its name.
    pub name: String,
    /// ISO 3166 alpha-2; `XF` for fake ones.
    pub country_code: String,
    /// `oauth`, `web`, `api`.
    pub mode: Option<String>,
    /// `active`, `inactive`, `disabled`.
    pub status: Option<String>,
    /// Its logo.
    pub logo_url: Option<String>,
    /// How long a consent may last; null = without end.
    pub max_consent_days: Option<u16>,
    /// What can be fetched.
    #[serde(default)]
    pub supported_fetch_scopes: Vec<String>,
    /// What else it says of accounts.
    #[serde(default)]
    pub supported_account_extra_fields: Vec<String>,
}

/// An answer that is an error; older versions had it flat.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorAnswer {
    /// Version 6.
    pub error: ErrorBody,
    /// Before.
    pub error_class: Option<String>,
    /// Before.
    pub error_message: Option<String>,
}

/// An error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// Which.
    pub class: Option<String>,
    /// In words.
    pub message: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

/// A callback.
#[derive(Debug, Deserialize)]
pub struct Callback {
    /// What happened; which fields there are says what it is about.
    pub data: BTreeMap<String, Value>,
    /// When.
    #[serde(default)]
    pub meta: CallbackMeta,
}

/// What stands beside a callback.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallbackMeta {
    /// When it was sent, RFC 3339.
    pub time: Option<String>,
}
