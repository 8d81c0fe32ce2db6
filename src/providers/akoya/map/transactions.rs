//! Transactions of deposit, card and loan accounts.
//!
//! The direction is that of `debitCreditMemo`, whatever the amount's sign: the description's text would have a deposit's credits
//! negative, and its own examples have them positive.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::transaction::TransactionStatus;
use crate::providers::akoya::wire::transaction::Transaction;
use crate::providers::data::ProviderTransaction;

use super::categories::category;
use super::{code, first_text, text};

/// The amount with our sign: positive = money out. Without a direction the sign decides: then money out is negative.
pub fn amount(transaction: &Transaction) -> Decimal {
    let amount = transaction.amount.0;
    match code(&transaction.debit_credit_memo).as_str() {
        "DEBIT" => amount.abs(),
        "CREDIT" => -amount.abs(),
        _ => -amount,
    }
}

/// When it was made, or booked where nobody says when it was made.
pub fn day(transaction: &Transaction) -> Option<NaiveDate> {
    transaction.transaction_timestamp.day().or(transaction.posted_timestamp.day())
}

/// A transaction; `None` where it says no day at all. `currency` is its account's.
pub fn transaction(account_id: &str, currency: Option<&str>, row: &Transaction) -> Option<ProviderTransaction> {
    let transaction_date = day(row)?;
    let pending = matches!(code(&row.status).as_str(), "PENDING" | "MEMO" | "AUTHORIZATION");
    let amount = amount(row);
    Some(ProviderTransaction {
        provider_transaction_id: transaction_id(account_id, row),
        // The id stays when it is posted.
        pending_transaction_id: None,
        provider_account_id: account_id.to_owned(),
        amount,
        currency: currency.map(str::to_owned),
        description: first_text([&row.description, &row.memo, &row.payee]).unwrap_or_default(),
        merchant: text(&row.payee),
        category: category(&code(&row.category), &code(&row.transaction_type), amount > Decimal::ZERO),
        status: if pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date,
        posted_date: (!pending).then(|| row.posted_timestamp.day().unwrap_or(transaction_date)),
    })
}

/// An id is only unique for its account.
pub fn transaction_id(account_id: &str, row: &Transaction) -> String {
    format!("{account_id}/{}", row.transaction_id.0)
}
