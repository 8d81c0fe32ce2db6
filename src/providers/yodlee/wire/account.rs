//! Accounts, their numbers, their owners, and the terms that stand on them.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use serde::Deserialize;

use super::provider_account::Dataset;
use super::{Amount, Id, Money};

/// `GET /accounts`.
#[derive(Deserialize)]
pub struct Accounts {
    /// The accounts.
    #[serde(default, deserialize_with = "verbatim::list_if_any")]
    pub account: Option<Vec<Account>>,
}

/// An account. Which balance means what depends on the container.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// Of which login.
    pub provider_account_id: Option<Id>,
    /// Coarse type: `bank`, `creditCard`, `investment`, `loan` and others.
    #[serde(rename = "CONTAINER")]
    pub container: Option<String>,
    /// Fine type.
    pub account_type: Option<String>,
    /// Its name at the institution.
    pub account_name: Option<String>,
    /// What the customer calls it.
    pub nickname: Option<String>,
    /// Its number as the institution shows it, mostly in part.
    pub account_number: Option<String>,
    /// The total value.
    pub balance: Option<Money>,
    /// Deposits: held when the day began.
    pub current_balance: Option<Money>,
    /// Deposits: can be drawn.
    pub available_balance: Option<Money>,
    /// Cards: owed.
    pub running_balance: Option<Money>,
    /// Cards: can be spent.
    pub available_credit: Option<Money>,
    /// Cards: the limit.
    pub total_credit_line: Option<Money>,
    /// Deposits: pre-arranged overdraft.
    pub over_draft_limit: Option<Money>,
    /// Investments: cash.
    pub cash: Option<Money>,
    /// Loans: owed without interest and fees.
    pub principal_balance: Option<Money>,
    /// When all this was fetched from the institution.
    pub last_updated: Option<String>,
    /// Full numbers, where asked for.
    pub full_account_number_list: Option<FullNumbers>,
    /// The institution's codes.
    pub bank_transfer_code: Option<Vec<BankTransferCode>>,
    /// The people behind it, where asked for.
    pub holder: Option<Vec<Holder>>,
    /// How to reach them, where asked for.
    pub profile: Option<Profile>,
    /// How the login fares, as far as this account goes.
    pub dataset: Option<Vec<Dataset>>,
    /// Cards: percent a year.
    pub apr: Option<Amount>,
    /// Loans: percent a year.
    pub interest_rate: Option<Amount>,
    /// Cards and loans: the least to pay.
    pub minimum_amount_due: Option<Money>,
    /// Cards and loans: to pay.
    pub amount_due: Option<Money>,
    /// When.
    pub due_date: Option<String>,
    /// The last payment.
    pub last_payment_amount: Option<Money>,
    /// When it was made.
    pub last_payment_date: Option<String>,
    /// Loans: what was borrowed.
    pub original_loan_amount: Option<Money>,
    /// When.
    pub origination_date: Option<String>,
    /// When it is to be paid back.
    pub maturity_date: Option<String>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

/// Full numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FullNumbers {
    /// The one to pay with.
    pub payment_account_number: Option<String>,
    /// A token of the institution's in its place.
    pub tokenized_account_number: Option<String>,
    /// As the institution shows it in full.
    pub unmasked_account_number: Option<String>,
}

/// A code of the institution's.
#[derive(Clone, Debug, Deserialize)]
pub struct BankTransferCode {
    /// The code.
    pub id: Option<String>,
    /// `ROUTING_NUMBER`, `SORT_CODE`, `BSB`, `IFSC`.
    #[serde(rename = "type")]
    pub code_type: Option<String>,
}

/// A holder of an account.
#[derive(Clone, Debug, Deserialize)]
pub struct Holder {
    /// The name.
    pub name: Option<Name>,
}

/// A name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Name {
    /// First name.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// All of it.
    pub full_name: Option<String>,
}

/// How the holders can be reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Postal addresses.
    pub address: Option<Vec<Address>>,
    /// E-mail addresses.
    pub email: Option<Vec<Contact>>,
    /// Telephone numbers.
    pub phone_number: Option<Vec<Contact>>,
}

/// A telephone number or e-mail address.
#[derive(Clone, Debug, Deserialize)]
pub struct Contact {
    /// The number or address.
    pub value: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Deserialize)]
pub struct Address {
    /// Street and number, where it is one field.
    pub street: Option<String>,
    /// First line.
    pub address1: Option<String>,
    /// Second line.
    pub address2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// `GET /accounts/latestBalances`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestBalances {
    /// What the institution said just now, by account.
    pub account_balance: Option<Vec<LatestBalance>>,
}

/// A balance straight from the institution.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestBalance {
    /// Of which account.
    pub account_id: Id,
    /// `SUCCESS`, `IN_PROGRESS`, `FAILED`.
    pub refresh_status: Option<String>,
    /// Why not.
    pub failed_reason: Option<String>,
    /// Held when the day began.
    pub current_balance: Option<Money>,
    /// Can be drawn.
    pub available_balance: Option<Money>,
    /// The total value.
    pub balance: Option<Money>,
    /// Investments: cash.
    pub cash: Option<Money>,
    /// When.
    pub last_updated: Option<String>,
}

/// Cards' statements: `GET /statements`.
#[derive(Deserialize)]
pub struct Statements {
    /// The statements.
    pub statement: Option<Vec<Statement>>,
}

/// A statement.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Of which account.
    pub account_id: Option<Id>,
    /// When it was made.
    pub statement_date: Option<String>,
    /// Owed then.
    pub amount_due: Option<Money>,
}
