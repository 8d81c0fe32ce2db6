//! `/transactions`: of deposit, card and loan accounts, and the movements of investment accounts.

use serde::Deserialize;

use super::{Amount, Id, Moment, Text};

/// A page.
#[derive(Debug, Deserialize)]
pub struct Transactions {
    /// Each in its wrapper.
    pub transactions: Vec<Wrapped>,
    /// Where to go on.
    pub links: Option<Links>,
}

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The next page.
    pub next: Option<Link>,
}

/// An address, relative to the API's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Path and query.
    pub href: Text,
}

/// A transaction in the wrapper that says its kind; exactly one is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Wrapped {
    /// Of a deposit account.
    pub deposit_transaction: Option<Box<Transaction>>,
    /// Of a card or line of credit.
    pub loc_transaction: Option<Box<Transaction>>,
    /// Of a loan.
    pub loan_transaction: Option<Box<Transaction>>,
    /// Of an investment account.
    pub investment_transaction: Option<Box<Transaction>>,
    /// Of an insurance.
    pub insurance_transaction: Option<Box<Transaction>>,
}

impl Wrapped {
    /// The transaction.
    pub fn open(self) -> Option<Transaction> {
        let all = [
            self.deposit_transaction,
            self.loc_transaction,
            self.loan_transaction,
            self.investment_transaction,
            self.insurance_transaction,
        ];
        all.into_iter().flatten().next().map(|transaction| *transaction)
    }
}

/// A transaction of any kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Unique for one account; the same while pending and when posted.
    pub transaction_id: Id,
    /// How much; what its sign says depends on the institution.
    pub amount: Amount,
    /// `DEBIT`, `CREDIT`: the direction.
    #[serde(default)]
    pub debit_credit_memo: Text,
    /// `PENDING`, `MEMO`, `POSTED`, `AUTHORIZATION`
    #[serde(default)]
    pub status: Text,
    /// When it was booked.
    #[serde(default)]
    pub posted_timestamp: Moment,
    /// When it was made.
    #[serde(default)]
    pub transaction_timestamp: Moment,
    /// What the institution wrote.
    #[serde(default)]
    pub description: Text,
    /// More of it.
    #[serde(default)]
    pub memo: Text,
    /// With whom (deposits).
    #[serde(default)]
    pub payee: Text,
    /// "Preferably MCC or SIC", else a free text.
    #[serde(default)]
    pub category: Text,
    /// A kind of movement, another list for each kind of account.
    #[serde(default)]
    pub transaction_type: Text,
    /// Ticker symbol (investments).
    #[serde(default)]
    pub symbol: Text,
    /// The security's id (investments).
    #[serde(default)]
    pub security_id: Text,
    /// Of which kind that is.
    #[serde(default)]
    pub security_id_type: Text,
    /// `STOCK`, `MUTUALFUND`, …
    #[serde(default)]
    pub security_type: Text,
    /// How much was traded.
    pub units: Option<Amount>,
    /// The same with a sign, where the institution gives it.
    pub shares: Option<Amount>,
    /// Price of one.
    pub unit_price: Option<Amount>,
    /// The same at other institutions.
    pub price: Option<Amount>,
    /// Fees.
    pub fees: Option<Amount>,
    /// More of them.
    pub commission: Option<Amount>,
}
