//! finAPI's JSON as serde types, as far as it is read. Absent fields are left out by Access, and null in the Web Form; all lists of values
//! are open, and dates are read by `map`, so that an odd one loses no answer.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use serde::Deserialize;

use crate::domain::secret::Secret;

pub use crate::providers::amount::Amount;

/// `POST /api/v2/oauth/token`.
#[derive(Deserialize)]
pub struct AccessToken {
    /// The bearer token.
    pub access_token: Secret,
    /// Its life from now on, in seconds.
    pub expires_in: u32,
}

/// `POST /api/v2/users`.
#[derive(Deserialize)]
pub struct UserMade {
    /// The id, in which finAPI does not tell capital letters from small ones.
    pub id: String,
}

/// An answer of any status but 2xx: `ErrorMessage` of Access, `BadCredentialsError` of its tokens, `Error` and `ValidationError` of the
/// Web Form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorAnswer {
    /// What is wrong; in Access each with a code, in the Web Form each with a field.
    pub errors: Vec<ErrorDetails>,
    /// For support.
    pub request_id: Option<String>,
    /// A token was refused: why, by RFC 6749.
    pub error: Option<String>,
    /// The Web Form's code.
    pub code: Option<String>,
    /// The Web Form's words.
    pub description: Option<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorDetails {
    /// The code to act on.
    pub code: Option<String>,
    /// `BUSINESS` or `TECHNICAL`.
    #[serde(rename = "type")]
    pub error_type: Option<String>,
    /// In words; of type `BUSINESS` for the customer.
    pub message: Option<String>,
}

/// How far a list goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    /// How many pages there are.
    pub page_count: u64,
    /// How many entries all pages have.
    pub total_count: u64,
}

/// `GET /api/v2/banks`.
#[derive(Deserialize)]
pub struct Banks {
    /// A page of them.
    pub banks: Vec<Bank>,
    /// Which.
    pub paging: Paging,
}

/// A bank.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bank {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// Its BIC.
    pub bic: Option<String>,
    /// ISO 3166 alpha-2; none = of no country.
    pub location: Option<String>,
    /// How it is reached.
    pub interfaces: Option<Vec<BankInterface>>,
    /// Its logo.
    pub logo: Option<BankImage>,
}

/// A picture.
#[derive(Clone, Debug, Deserialize)]
pub struct BankImage {
    /// Where it is.
    pub url: Option<String>,
}

/// A way to reach a bank.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BankInterface {
    /// `XS2A`, `FINTS_SERVER`, `WEB_SCRAPER`.
    pub banking_interface: Option<String>,
    /// `REDIRECT_APPROACH` and others.
    pub properties: Option<Vec<String>>,
    /// Percentage of successful attempts.
    pub health: Option<i64>,
    /// Whether accounts can be read.
    pub is_ais_supported: Option<bool>,
    /// Kinds of accounts that were seen there; others may come too.
    pub ais_account_types: Option<Vec<String>>,
}

/// `GET /api/v2/bankConnections/{id}`: a customer's login at a bank, our connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BankConnection {
    /// Its id.
    pub id: i64,
    /// `IN_PROGRESS` or `READY`.
    pub update_status: String,
    /// The interfaces through which it was imported.
    pub interfaces: Vec<ConnectionInterface>,
    /// Its accounts.
    pub account_ids: Vec<i64>,
    /// Who owns it, where an interface has loaded that.
    pub owners: Option<Vec<ConnectionOwner>>,
    /// Where it is.
    pub bank: Bank,
}

/// `GET /api/v2/bankConnections`.
#[derive(Deserialize)]
pub struct BankConnections {
    /// The bank connections.
    pub connections: Vec<BankConnection>,
}

/// One interface of a bank connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionInterface {
    /// The consent, where the interface works with consents.
    pub ais_consent: Option<Consent>,
    /// The last update that somebody asked for.
    pub last_manual_update: Option<UpdateResult>,
    /// The last update of finAPI's own.
    pub last_auto_update: Option<UpdateResult>,
    /// Whether the next update needs the customer.
    pub user_action_required: bool,
}

/// A consent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// `PRESENT` or `NOT_PRESENT`.
    pub status: Option<String>,
    /// When it ends.
    pub expires_at: Option<String>,
    /// Whether it takes accounts that were not there when it was given.
    pub supports_import_new_accounts: Option<bool>,
}

/// How an update went.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResult {
    /// `OK`, `BANK_SERVER_REJECTION`, `INTERNAL_SERVER_ERROR`.
    pub result: Option<String>,
    /// `BUSINESS` or `TECHNICAL`.
    pub error_type: Option<String>,
    /// When.
    pub timestamp: Option<String>,
}

/// An owner of a bank connection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionOwner {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal code.
    pub post_code: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Street.
    pub street: Option<String>,
    /// House number.
    pub house_number: Option<String>,
}

/// `GET /api/v2/accounts`.
#[derive(Deserialize)]
pub struct Accounts {
    /// The accounts.
    #[serde(deserialize_with = "verbatim::list")]
    pub accounts: Vec<Account>,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: i64,
    /// Of which bank connection.
    pub bank_connection_id: i64,
    /// Its name.
    pub account_name: Option<String>,
    /// Its IBAN; may change.
    pub iban: Option<String>,
    /// Its number; may change.
    pub account_number: Option<String>,
    /// Whose it is.
    pub account_holder_name: Option<String>,
    /// Its currency.
    pub account_currency: Option<String>,
    /// `Checking`, `Savings`, `CreditCard`, `Security`, `Loan`, `Membership`, `Bausparen`.
    pub account_type: Option<String>,
    /// What it holds; negative = owed.
    pub balance: Option<Amount>,
    /// How far it may be overdrawn.
    pub overdraft_limit: Option<Amount>,
    /// What can be drawn.
    pub available_funds: Option<Amount>,
    /// How it fares, by interface.
    pub interfaces: Option<Vec<AccountInterface>>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

/// How an account fares at an interface.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountInterface {
    /// `UPDATED`, `UPDATED_FIXED`, `DOWNLOAD_IN_PROGRESS`, `DOWNLOAD_FAILED`, `DEPRECATED`.
    pub status: Option<String>,
    /// When it was last updated.
    pub last_successful_update: Option<String>,
}

/// `GET /api/v2/transactions`.
#[derive(Deserialize)]
pub struct Transactions {
    /// A page of them.
    pub transactions: Vec<Transaction>,
    /// Which.
    pub paging: Paging,
}

/// A booked transaction; negative = money out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its id.
    pub id: i64,
    /// The account.
    pub account_id: i64,
    /// From when on it counts.
    pub value_date: Option<String>,
    /// When the bank booked it, or will.
    pub bank_booking_date: Option<String>,
    /// How much.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What it says.
    pub purpose: Option<String>,
    /// With whom.
    pub counterpart_name: Option<String>,
    /// What kind of booking it is, in the bank's words.
    #[serde(rename = "type")]
    pub booking_type: Option<String>,
    /// finAPI's or the customer's category.
    pub category: Option<Category>,
    /// Whether it looks like another one.
    pub is_potential_duplicate: bool,
    /// Whether finAPI made it up, so that the sum is right.
    pub is_adjusting_entry: bool,
}

/// A category.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Its name.
    pub name: Option<String>,
    /// The name of the one above it.
    pub parent_name: Option<String>,
}

/// `GET /api/v2/pendingTransactions`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingTransactions {
    /// A page of them.
    pub pending_transactions: Vec<PendingTransaction>,
    /// Which.
    pub paging: Paging,
}

/// A transaction that is not booked; gone after the next update, or there under another id.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingTransaction {
    /// Its id.
    pub id: i64,
    /// The account.
    pub account_id: i64,
    /// From when on it will count.
    pub value_date: Option<String>,
    /// How much.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What it says.
    pub purpose: Option<String>,
    /// With whom.
    pub counterparty_name: Option<String>,
    /// What kind of booking it will be.
    #[serde(rename = "type")]
    pub booking_type: Option<String>,
}

/// `GET /api/v2/securities`.
#[derive(Deserialize)]
pub struct Securities {
    /// A page of them.
    pub securities: Vec<Security>,
    /// Which.
    pub paging: Paging,
}

/// A position of a security; its id changes with every update.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// The account.
    pub account_id: i64,
    /// Its name.
    pub name: Option<String>,
    /// ISIN.
    pub isin: Option<String>,
    /// The German number of securities.
    pub wkn: Option<String>,
    /// Price of one, or percentage.
    pub quote: Option<Amount>,
    /// Of what the quote is.
    pub quote_currency: Option<String>,
    /// `ACTU` or `PERC`.
    pub quote_type: Option<String>,
    /// When it was quoted.
    pub quote_date: Option<String>,
    /// How much is held.
    pub quantity_nominal: Option<Amount>,
    /// Value of all.
    pub market_value: Option<Amount>,
    /// Of what that is.
    pub market_value_currency: Option<String>,
    /// What was won since all was bought.
    pub profit_or_loss: Option<Amount>,
}

/// `POST /api/webForms/…`, `GET /api/webForms/{id}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebForm {
    /// Its id.
    pub id: String,
    /// Where the customer goes.
    pub url: String,
    /// When it ends.
    pub expires_at: String,
    /// `NOT_YET_OPENED`, `IN_PROGRESS`, `COMPLETED`, `COMPLETED_WITH_ERROR`, `EXPIRED`, `ABORTED`.
    pub status: String,
    /// What came of it.
    pub payload: WebFormPayload,
}

/// What came of a web form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebFormPayload {
    /// The bank connection.
    pub bank_connection_id: Option<i64>,
    /// Why there is none.
    pub error_code: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
}

/// `POST /api/tasks/backgroundUpdate`, `GET /api/tasks/{id}`.
#[derive(Clone, Debug, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// `NOT_YET_STARTED`, `IN_PROGRESS`, `WEB_FORM_REQUIRED`, `COMPLETED`, `COMPLETED_WITH_ERROR`.
    pub status: String,
    /// What came of it.
    pub payload: TaskPayload,
}

/// What came of a task.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskPayload {
    /// The form that the customer has to go through.
    pub web_form: Option<WebFormInfo>,
}

/// A web form, as a task names it.
#[derive(Clone, Debug, Deserialize)]
pub struct WebFormInfo {
    /// Its id.
    pub id: String,
}

/// A notification. What else it holds is published nowhere in full, and not needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// What we gave to finAPI when we asked for such notifications.
    pub callback_handle: Option<String>,
}
