//! Accounts, with their terms and holdings; numbers, owners, live balances.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use serde::Deserialize;

use super::{Amount, Epoch, Id, Rate};

/// `CustomerAccounts`.
#[derive(Clone, Debug, Deserialize)]
pub struct Accounts {
    /// Every account that was asked for.
    #[serde(deserialize_with = "verbatim::list")]
    pub accounts: Vec<Account>,
}

/// `CustomerAccount`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Finicity's id.
    pub id: Id,
    /// Whose.
    pub customer_id: Option<Id>,
    /// The number as the institution shows it; masked more often than not.
    pub number: Option<String>,
    /// Finicity's extract of that.
    pub account_number_display: Option<String>,
    /// The last four digits of the real number.
    pub real_account_number_last4: Option<String>,
    /// What the customer calls it.
    pub name: Option<String>,
    /// What it holds; negative where it is owed.
    pub balance: Option<Amount>,
    /// When the institution said so.
    pub balance_date: Option<Epoch>,
    /// `checking`, `creditCard` and so on; an open list.
    #[serde(rename = "type")]
    pub account_type: Option<String>,
    /// How the last aggregation went; absent before the first.
    pub aggregation_status_code: Option<i64>,
    /// When the last good one was.
    pub aggregation_success_date: Option<Epoch>,
    /// `pending` while the customer has not chosen, then `active`.
    pub status: Option<String>,
    /// The institution.
    pub institution_id: Id,
    /// The login: our connection.
    pub institution_login_id: Id,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When the customer's authorization ends.
    pub authorization_end_date: Option<Epoch>,
    /// Whether it ends at all.
    pub authorization_expires: Option<bool>,
    /// Balances of special kinds, and the terms of cards and loans.
    pub detail: Option<Detail>,
    /// What is held.
    pub position: Option<Vec<Position>>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

impl Account {
    /// Whether the customer has not chosen it (yet): it is not theirs to share with us, and calls for it are billed.
    pub fn is_pending(&self) -> bool {
        self.status.as_deref() == Some("pending")
    }
}

/// `CustomerAccountDetail`, as far as it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Detail {
    /// Deposits: what can be drawn.
    pub available_balance_amount: Option<Amount>,
    /// Cards: what can be drawn.
    pub credit_available_amount: Option<Amount>,
    /// Cards: the limit.
    pub credit_max_amount: Option<Amount>,
    /// Investments: cash that can be drawn.
    pub available_cash_balance: Option<Amount>,
    /// Cards and loans: percent a year.
    pub interest_rate: Option<Rate>,
    /// Due each period.
    pub payment_min_amount: Option<Amount>,
    /// When.
    pub payment_due_date: Option<Epoch>,
    /// Loans: the same under another name.
    pub next_payment: Option<Amount>,
    /// When.
    pub next_payment_date: Option<Epoch>,
    /// The last payment.
    pub last_payment_amount: Option<Amount>,
    /// Cards: when it was made.
    pub last_payment_date: Option<Epoch>,
    /// Loans: when it was received.
    pub last_payment_receive_date: Option<Epoch>,
    /// Cards: the last statement's balance.
    pub statement_close_balance: Option<Amount>,
    /// Cards: when that statement ended.
    pub statement_end_date: Option<Epoch>,
    /// Loans: when the last statement was closed.
    pub statement_close_date: Option<Epoch>,
    /// What is overdue.
    pub past_due_amount: Option<Amount>,
    /// Student loans: days past due.
    pub days_delinquent: Option<i64>,
    /// Loans: what was borrowed.
    pub initial_ml_amount: Option<Amount>,
    /// Loans: when.
    pub initial_ml_date: Option<Epoch>,
    /// Loans: when it is to be paid back.
    pub original_maturity_date: Option<Epoch>,
    /// Student loans: the same, as expected.
    pub expected_payoff_date: Option<Epoch>,
}

/// `CustomerAccountPosition`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Finicity's id of it.
    pub id: Option<Id>,
    /// What it is.
    pub description: Option<String>,
    /// What it is, by the security's own name.
    pub security_name: Option<String>,
    /// Ticker.
    pub symbol: Option<String>,
    /// How much of it.
    pub units: Option<Amount>,
    /// Price of one.
    pub current_price: Option<Amount>,
    /// When that was the price.
    pub current_price_date: Option<Epoch>,
    /// Value of all.
    pub market_value: Option<Amount>,
    /// "The total cost of acquiring the security".
    pub cost_basis: Option<Amount>,
    /// `Stock`, `Mutual Fund` and so on; an open list.
    pub security_type: Option<String>,
    /// CUSIP, ISIN and so on.
    pub security_id: Option<String>,
    /// Which of them.
    pub security_id_type: Option<String>,
    /// ISO 4217.
    pub security_currency: Option<String>,
}

/// `ACHDetails`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AchDetails {
    /// ABA routing number.
    pub routing_number: String,
    /// The whole account number.
    pub real_account_number: String,
}

/// `AvailableBalance`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveBalance {
    /// What can be drawn.
    pub available_balance: Amount,
    /// What is booked.
    pub cleared_balance: Amount,
    /// When the institution said so.
    pub cleared_balance_date: Option<Epoch>,
}

/// `AccountOwnerHolders`.
#[derive(Deserialize)]
pub struct Holders {
    /// The owners.
    pub holders: Option<Vec<Holder>>,
}

/// `AccountOwnerDetails`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The whole name.
    pub owner_name: Option<String>,
    /// Postal addresses.
    pub addresses: Option<Vec<HolderAddress>>,
    /// E-mail addresses.
    pub emails: Option<Vec<HolderEmail>>,
    /// Telephone numbers.
    pub phones: Option<Vec<HolderPhone>>,
}

/// `AccountOwnerAddress`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderAddress {
    /// All in one line.
    pub owner_address: Option<String>,
    /// Its first line.
    pub line1: Option<String>,
    /// Its second.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166, alpha-2 or alpha-3.
    pub country: Option<String>,
}

/// `AccountOwnerEmail`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderEmail {
    /// The address.
    pub email: Option<String>,
    /// Whether it is the first to use.
    pub is_primary: Option<bool>,
}

/// `AccountOwnerPhone`.
#[derive(Deserialize)]
pub struct HolderPhone {
    /// The number.
    pub phone: Option<String>,
}
