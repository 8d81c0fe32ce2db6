//! Accounts, which carry the terms of loans and cards too; their numbers, owners and holdings.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::{Amount, Guid, Pagination, day, time};

/// `GET …/members/{member}/accounts`
#[derive(Deserialize)]
pub struct Accounts {
    /// The accounts of this page.
    #[serde(deserialize_with = "verbatim::list")]
    pub accounts: Vec<Account>,
    /// Where the page stands.
    #[serde(default)]
    pub pagination: Pagination,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// MX's id.
    pub guid: Guid,
    /// Of which member.
    pub member_guid: Option<Guid>,
    /// Its name.
    pub name: Option<String>,
    /// What the customer calls it.
    pub nickname: Option<String>,
    /// Its number, masked but for the last digits.
    pub account_number: Option<String>,
    /// Coarse type.
    #[serde(rename = "type")]
    pub account_type: Option<String>,
    /// Fine type.
    pub subtype: Option<String>,
    /// ISO 4217.
    pub currency_code: Option<String>,
    /// Held, or owed.
    pub balance: Option<Amount>,
    /// What can be drawn from a deposit account.
    pub available_balance: Option<Amount>,
    /// What is left of a credit.
    pub available_credit: Option<Amount>,
    /// How much may be owed.
    pub credit_limit: Option<Amount>,
    /// Cash in an investment account.
    pub cash_balance: Option<Amount>,
    /// Whether it is closed.
    pub is_closed: Option<bool>,
    /// Whether the customer made it up.
    pub is_manual: Option<bool>,
    /// When MX read it.
    #[serde(default, deserialize_with = "time")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Yearly interest of a card, in percent.
    pub apr: Option<Amount>,
    /// Yearly interest of a loan, in percent.
    pub interest_rate: Option<Amount>,
    /// Due next.
    pub minimum_payment: Option<Amount>,
    /// When.
    #[serde(default, deserialize_with = "day")]
    pub payment_due_at: Option<NaiveDate>,
    /// The last payment.
    pub last_payment: Option<Amount>,
    /// When.
    #[serde(default, deserialize_with = "day")]
    pub last_payment_at: Option<NaiveDate>,
    /// Owed by the last statement.
    pub statement_balance: Option<Amount>,
    /// What was borrowed.
    pub original_balance: Option<Amount>,
    /// When.
    #[serde(default, deserialize_with = "day")]
    pub started_on: Option<NaiveDate>,
    /// When all is to be paid back.
    #[serde(default, deserialize_with = "day")]
    pub matures_on: Option<NaiveDate>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

/// `GET …/members/{member}/account_numbers`
#[derive(Deserialize)]
pub struct AccountNumbers {
    /// The numbers of this page.
    pub account_numbers: Vec<AccountNumber>,
    /// Where the page stands.
    #[serde(default)]
    pub pagination: Pagination,
}

/// Full numbers of an account.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountNumber {
    /// Of which account.
    pub account_guid: Option<Guid>,
    /// Account number.
    pub account_number: Option<String>,
    /// US routing number.
    pub routing_number: Option<String>,
    /// Canadian institution number.
    pub institution_number: Option<String>,
    /// Canadian branch number.
    pub transit_number: Option<String>,
}

/// `GET …/members/{member}/account_owners`
#[derive(Deserialize)]
pub struct AccountOwners {
    /// The owners of this page.
    pub account_owners: Vec<AccountOwner>,
    /// Where the page stands.
    #[serde(default)]
    pub pagination: Pagination,
}

/// An owner of an account.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountOwner {
    /// Of which account.
    pub account_guid: Option<Guid>,
    /// The whole name.
    pub owner_name: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// `GET …/members/{member}/investment_holdings`
#[derive(Deserialize)]
pub struct Holdings {
    /// The holdings of this page.
    pub investment_holdings: Vec<Holding>,
    /// Where the page stands.
    #[serde(default)]
    pub pagination: Pagination,
}

/// A security that is held.
#[derive(Clone, Debug, Deserialize)]
pub struct Holding {
    /// MX's id of the holding; securities have none.
    pub guid: Guid,
    /// In which account.
    pub account_guid: Option<Guid>,
    /// Ticker symbol.
    pub symbol: Option<String>,
    /// What it is called.
    pub description: Option<String>,
    /// What it is.
    pub holding_type: Option<String>,
    /// How much of it, a number in a text.
    pub quantity: Option<String>,
    /// Price of one.
    pub current_price: Option<Amount>,
    /// When that was the price.
    #[serde(default, deserialize_with = "day")]
    pub current_price_as_of: Option<NaiveDate>,
    /// Value of all.
    pub market_value: Option<Amount>,
    /// What all of it cost.
    pub cost_basis: Option<Amount>,
    /// ISO 4217.
    pub currency_code: Option<String>,
}
