//! What providers deliver, in our terms: ids are still the provider's, everything else is normalised.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::domain::account::{AccountSubtype, AccountType, Balances, Identifiers, Owner, Verification};
use crate::domain::connection::Condition;
use crate::domain::institution::ProviderInstitution;
use crate::domain::investment::{InvestmentTransactionType, Security};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::verbatim::Verbatim;

/// How a connection stands at the provider.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Status and reason by the provider's table (F3).
    pub condition: Condition,
    /// The provider's code behind the condition, where there is one.
    pub code: Option<String>,
    /// The provider's id of the connection.
    pub provider_connection_id: String,
    /// The provider's id of the institution.
    pub provider_institution_id: Option<String>,
    /// Products that the provider has initialised for accounts of the customer, so that they deliver data whatever its record of the
    /// institution says. What was only asked for is not among them.
    pub initialized: BTreeSet<Product>,
    /// Products that the customer's consent covers now; they may be called.
    pub consented: BTreeSet<Product>,
    /// When consent ends, as the provider says.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// Whether it fetches from the institution right now; `None` where the provider does not say.
    pub updating: Option<bool>,
}

/// What the provider is to fetch from the institution now.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefreshRequest<'a> {
    /// What is wanted anew; what it cannot refresh is passed over.
    pub products: &'a [Product],
    /// Whether accounts that were not there at the import may come too (E5).
    pub import_new_accounts: bool,
    /// Whether the schedule wants it: not where the provider did it in the last 24 hours by itself (E7).
    pub scheduled: bool,
    /// The end user who asked for it, where one did (E3).
    pub psu: Option<&'a Psu>,
    /// What the products could not start without (B14), where something was given.
    pub product_options: Option<&'a Map<String, Value>>,
}

impl<'a> RefreshRequest<'a> {
    /// One that a back end asked for.
    pub fn of(products: &'a [Product]) -> Self {
        Self { products, ..Self::default() }
    }
}

/// The end user at their device, as PSD2 has it (E3). Passed on, and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Psu {
    /// Their address, of either version.
    pub ip_address: IpAddr,
    /// Their device's operating system.
    pub device_os: String,
    /// Their browser or app.
    pub user_agent: String,
}

impl std::fmt::Debug for Psu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Psu(…)")
    }
}

/// What to fetch beside the accounts themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountsWanted {
    /// Balances straight from the institution (billed per call), not the last known ones.
    pub live_balances: bool,
    /// Full numbers.
    pub identifiers: bool,
    /// Owners.
    pub owners: bool,
}

impl AccountsWanted {
    /// What asking for it is called in a spec: by its first extra, each of which takes a call for each account.
    pub fn operation(self) -> &'static str {
        match self {
            Self { live_balances: true, .. } => "live_balances",
            Self { identifiers: true, .. } => "identifiers",
            Self { owners: true, .. } => "owners",
            _ => "accounts",
        }
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAccount {
    /// The provider's id.
    pub provider_account_id: String,
    /// An id that survives a relink, where the provider has one.
    pub persistent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The last digits of its number.
    pub mask: Option<String>,
    /// Coarse type.
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// ISO 4217, or the provider's own code for what has none.
    pub currency: Option<String>,
    /// What it holds.
    pub balances: Balances,
    /// What its full numbers still wait for, where small deposits prove them.
    pub verification: Option<Verification>,
    /// Full numbers, where asked for and given.
    pub identifiers: Option<Identifiers>,
    /// Owners, where asked for and given.
    pub owners: Option<Vec<Owner>>,
    /// What the provider itself says of it.
    pub verbatim: Verbatim,
}

/// Asks for a page of transactions.
#[derive(Clone, Debug, Default)]
pub struct TransactionsRequest {
    /// Where the run began; `None` = from the beginning.
    pub run_cursor: Option<String>,
    /// Where it is; `None` = at the run's beginning.
    pub page_cursor: Option<String>,
    /// How far back to ask, in days, at the very first call.
    pub history_days: u16,
}

/// A page of changes.
#[derive(Clone, Debug)]
pub struct TransactionsPage {
    /// New ones.
    pub added: Vec<ProviderTransaction>,
    /// Changed ones.
    pub modified: Vec<ProviderTransaction>,
    /// The provider's ids of those that vanished.
    pub removed: Vec<String>,
    /// Where the next page begins.
    pub next_cursor: String,
    /// Whether there is a next page now.
    pub has_more: bool,
    /// How much of the history the provider has.
    pub history: HistoryProgress,
    /// In the last page of a run over windows ([`Spec::reads_windows`](super::Spec)): those that were read to their end.
    pub whole: Vec<Window>,
}

impl TransactionsPage {
    /// A last page with nothing on it.
    pub fn empty(next_cursor: String, history: HistoryProgress) -> Self {
        Self {
            added: Vec::new(),
            modified: Vec::new(),
            removed: Vec::new(),
            next_cursor,
            has_more: false,
            history,
            whole: Vec::new(),
        }
    }
}

/// A stretch of an account's transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The provider's id of the account; `None` = of all accounts.
    pub provider_account_id: Option<String>,
    /// First day, inclusive.
    pub from: NaiveDate,
    /// Last day, inclusive.
    pub to: NaiveDate,
}

/// How much of the history a provider has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryProgress {
    /// Nothing yet.
    NotReady,
    /// The recent part.
    Recent,
    /// All of it.
    Complete,
}

/// A transaction; positive = money out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderTransaction {
    /// The provider's id.
    pub provider_transaction_id: String,
    /// The provider's id of the pending one that this one replaces.
    pub pending_transaction_id: Option<String>,
    /// The provider's id of the account.
    pub provider_account_id: String,
    /// Positive = money out.
    pub amount: Decimal,
    /// ISO 4217 or the provider's own code.
    pub currency: Option<String>,
    /// What the institution wrote.
    pub description: String,
    /// With whom.
    pub merchant: Option<String>,
    /// What for.
    pub category: Category,
    /// How final.
    pub status: TransactionStatus,
    /// When it was made.
    pub transaction_date: NaiveDate,
    /// When it was booked; `None` while pending.
    pub posted_date: Option<NaiveDate>,
}

/// A security that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderHolding {
    /// The provider's id of the account.
    pub provider_account_id: String,
    /// The provider's id of the security.
    pub provider_security_id: String,
    /// What is held.
    pub security: Security,
    /// How much of it.
    pub quantity: Decimal,
    /// Price of one, at the institution.
    pub price: Option<Decimal>,
    /// Value of all, at the institution.
    pub value: Option<Decimal>,
    /// What all of it cost.
    pub cost_basis: Option<Decimal>,
    /// ISO 4217 or the provider's own code.
    pub currency: Option<String>,
    /// When the price was current.
    pub price_as_of: Option<NaiveDate>,
}

/// Asks for a page of investment transactions.
#[derive(Clone, Debug)]
pub struct InvestmentTransactionsRequest {
    /// First day, inclusive.
    pub from: NaiveDate,
    /// Last day, inclusive.
    pub to: NaiveDate,
    /// Where the next page begins, as the last page said.
    pub page: Option<String>,
}

/// A page of investment transactions.
#[derive(Clone, Debug)]
pub struct InvestmentTransactionsPage {
    /// The movements.
    pub transactions: Vec<ProviderInvestmentTransaction>,
    /// Where the next page begins; `None` = this was the last.
    pub next: Option<String>,
}

/// A movement of an investment account; positive = money out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInvestmentTransaction {
    /// The provider's id.
    pub provider_transaction_id: String,
    /// The provider's id of the account.
    pub provider_account_id: String,
    /// What was traded, where something was.
    pub security: Option<Security>,
    /// What it is.
    pub transaction_type: InvestmentTransactionType,
    /// What the institution wrote.
    pub description: String,
    /// How much was traded; negative = sold; `None` where the provider does not say.
    pub quantity: Option<Decimal>,
    /// Price of one.
    pub price: Option<Decimal>,
    /// Positive = cash out of the account.
    pub amount: Decimal,
    /// Fees within the amount.
    pub fees: Option<Decimal>,
    /// ISO 4217 or the provider's own code.
    pub currency: Option<String>,
    /// When.
    pub date: NaiveDate,
}

/// The terms of a card or loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLiability {
    /// The provider's id of the account.
    pub provider_account_id: String,
    /// Which terms apply.
    pub kind: LiabilityKind,
    /// The terms.
    pub terms: LiabilityTerms,
}

/// Asks for a page of institutions.
#[derive(Clone, Debug, Default)]
pub struct InstitutionsRequest {
    /// ISO 3166 alpha-2; at least one.
    pub country_codes: Vec<String>,
    /// Where the next page begins, as the last page said.
    pub page: Option<String>,
}

/// A page of institutions.
#[derive(Clone, Debug)]
pub struct InstitutionsPage {
    /// The institutions.
    pub institutions: Vec<ProviderInstitution>,
    /// Where the next page begins; `None` = this was the last.
    pub next: Option<String>,
}

/// A key that verifies webhooks, as the provider publishes it.
#[derive(Clone, Debug)]
pub struct WebhookKey {
    /// Its id.
    pub key_id: String,
    /// The key itself, in the provider's own encoding (for instance a JWK).
    pub material: serde_json::Value,
    /// Since when it is no longer valid.
    pub expired_at: Option<DateTime<Utc>>,
}

/// A webhook was not what it claims to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefused {
    /// No or a malformed signature.
    #[error("the webhook carries no valid signature")]
    Signature,
    /// Signed too long ago or in the future.
    #[error("the webhook was signed outside the accepted time")]
    Age,
    /// The body is not the one that was signed.
    #[error("the webhook's body is not the one that was signed")]
    Body,
    /// The body could not be read.
    #[error("the webhook's body could not be read")]
    Malformed,
}
