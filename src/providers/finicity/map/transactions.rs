//! Transactions, and their sign: ours is positive where money leaves.
//!
//! The official description says of every account that "deposits are positive values, withdrawals and debits are negative". Other
//! pages of Finicity's say that cards and investments are the other way round; where an installation sees that, it names the
//! account types in `purchase_positive_types`.

use rust_decimal::Decimal;

use crate::domain::transaction::TransactionStatus;
use crate::providers::data::ProviderTransaction;
use crate::providers::finicity::wire::Epoch;
use crate::providers::finicity::wire::account::Account;
use crate::providers::finicity::wire::transaction::Transaction;

use super::categories::category;
use super::{currency, text};

/// What is read of an account's transactions depends on this of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// ISO 4217, or what the institution calls it.
    pub currency: Option<String>,
    /// Whether a purchase is positive, against the official description.
    pub purchase_positive: bool,
}

impl Reading {
    /// How that account's transactions are read.
    pub fn of(account: &Account, purchase_positive_types: &[String]) -> Self {
        let named = |kind: &str| purchase_positive_types.iter().any(|listed| listed.eq_ignore_ascii_case(kind));
        Self {
            currency: currency(account.currency.as_deref()),
            purchase_positive: account.account_type.as_deref().is_some_and(named),
        }
    }

    /// The amount with our sign.
    pub fn money_out(&self, amount: Decimal) -> Decimal {
        if self.purchase_positive || amount.is_zero() { amount } else { -amount }
    }
}

/// What a transaction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It is there.
    There(Box<ProviderTransaction>),
    /// It was there and is gone (`shadow`).
    Gone(String),
}

/// A transaction; `None` where it has no date at all.
pub fn entry(transaction: Transaction, reading: &Reading) -> Option<Entry> {
    let status = match transaction.status.as_str() {
        "shadow" | "deleted" => return Some(Entry::Gone(transaction.id.0)),
        "pending" => TransactionStatus::Pending,
        _ => TransactionStatus::Posted,
    };
    let day = |epoch: Option<Epoch>| epoch.and_then(Epoch::day);
    let made = day(transaction.transaction_date)
        .or_else(|| day(transaction.posted_date))
        .or_else(|| day(transaction.created_date))?;
    let amount = reading.money_out(transaction.amount.0);
    let categorization = transaction.categorization.as_ref();
    let named = categorization.and_then(|one| one.category.as_deref());
    Some(Entry::There(Box::new(ProviderTransaction {
        pending_transaction_id: None,
        provider_account_id: transaction.account_id.0.clone(),
        amount,
        currency: reading.currency.clone(),
        description: description(&transaction),
        merchant: text(categorization.and_then(|one| one.normalized_payee_name.as_deref())),
        category: category(named, amount > Decimal::ZERO),
        status,
        transaction_date: made,
        posted_date: match status {
            TransactionStatus::Pending => None,
            TransactionStatus::Posted => Some(day(transaction.posted_date).unwrap_or(made)),
        },
        provider_transaction_id: transaction.id.0,
    })))
}

/// "The institution must provide either a description, a memo, or both."
pub fn description(transaction: &Transaction) -> String {
    let memo = text(transaction.memo.as_deref());
    match (text(transaction.description.as_deref()), memo) {
        (Some(description), Some(memo)) if !description.contains(&memo) => {
            text(Some(&format!("{description} {memo}"))).unwrap_or_default()
        }
        (Some(description), _) => description,
        (None, memo) => memo.unwrap_or_default(),
    }
}
