//! Transactions. finAPI's amounts are the customer's: money out is negative there, and positive here.

use chrono::NaiveDate;

use crate::domain::transaction::TransactionStatus;
use crate::providers::Failure;
use crate::providers::data::ProviderTransaction;
use crate::providers::finapi::wire::{PendingTransaction, Transaction};

use super::categories::category;
use super::{currency, day, text};

/// A booked transaction; `None` for what finAPI made up, and for what looks like one that is there already.
pub fn booked(transaction: &Transaction) -> Result<Option<ProviderTransaction>, Failure> {
    if transaction.is_adjusting_entry || transaction.is_potential_duplicate {
        return Ok(None);
    }
    let value = day(transaction.value_date.as_deref());
    let booked = day(transaction.bank_booking_date.as_deref()).or(value).ok_or_else(|| no_date("transactions"))?;
    let amount = -transaction.amount.0;
    let words = [&transaction.purpose, &transaction.booking_type, &transaction.counterpart_name];
    Ok(Some(ProviderTransaction {
        provider_transaction_id: transaction.id.to_string(),
        // finAPI does not tell which pending one a booked one was.
        pending_transaction_id: None,
        provider_account_id: transaction.account_id.to_string(),
        amount,
        currency: currency(transaction.currency.as_deref()),
        description: description(words),
        merchant: text(transaction.counterpart_name.as_deref()),
        category: category(transaction.category.as_ref(), amount.is_sign_positive()),
        status: TransactionStatus::Posted,
        // Never after the booking, by which windows are read.
        transaction_date: value.map_or(booked, |value| value.min(booked)),
        posted_date: Some(booked),
    }))
}

/// A transaction that is not booked yet. It is dated within what is read, so that it is seen to vanish.
pub fn pending(transaction: &PendingTransaction, from: NaiveDate) -> Result<ProviderTransaction, Failure> {
    let value = day(transaction.value_date.as_deref()).ok_or_else(|| no_date("pendingTransactions"))?;
    let amount = -transaction.amount.0;
    let words = [&transaction.purpose, &transaction.booking_type, &transaction.counterparty_name];
    Ok(ProviderTransaction {
        provider_transaction_id: format!("pending:{}", transaction.id),
        pending_transaction_id: None,
        provider_account_id: transaction.account_id.to_string(),
        amount,
        currency: currency(transaction.currency.as_deref()),
        description: description(words),
        merchant: text(transaction.counterparty_name.as_deref()),
        category: category(None, amount.is_sign_positive()),
        status: TransactionStatus::Pending,
        transaction_date: value.max(from),
        posted_date: None,
    })
}

fn no_date(list: &str) -> Failure {
    Failure::unreadable(format_args!("a date of /{list}"))
}

/// What the bank wrote, or the next best.
fn description(words: [&Option<String>; 3]) -> String {
    words.into_iter().find_map(|one| text(one.as_deref())).unwrap_or_else(|| "–".to_owned())
}
