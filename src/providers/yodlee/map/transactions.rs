//! Transactions. Yodlee's amounts have no sign; the direction stands beside them. `DEBIT` takes money out of a deposit account and adds to
//! what is owed on a card or loan: both are positive here.

use crate::domain::transaction::TransactionStatus;
use crate::providers::Failure;
use crate::providers::data::ProviderTransaction;
use crate::providers::yodlee::wire::transaction::{Description, Transaction};

use super::categories::category;
use super::{amount, currency, day, text};

/// The container of movements that are investment transactions.
pub const INVESTMENT: &str = "investment";

/// The id: Yodlee's is unique only within its container.
pub fn id(transaction: &Transaction) -> String {
    let container: String = transaction.container.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    format!("{container}:{}", transaction.id)
}

/// Whether money leaves; `None` where nothing says so, for a guess would be a wrong sign.
pub fn money_out(transaction: &Transaction) -> Option<bool> {
    match transaction.base_type.as_str() {
        "DEBIT" => Some(true),
        "CREDIT" => Some(false),
        _ => None,
    }
}

/// A transaction; `None` for what is no movement: one that is merely scheduled, one that failed, one of an investment account.
pub fn transaction(transaction: &Transaction) -> Result<Option<ProviderTransaction>, Failure> {
    if transaction.container == INVESTMENT || is_no_movement(transaction) {
        return Ok(None);
    }
    let unreadable = |what: &str| Failure::unreadable(format_args!("{what} of /transactions"));
    let out = money_out(transaction).ok_or_else(|| unreadable("baseType"))?;
    let size = amount(Some(&transaction.amount)).ok_or_else(|| unreadable("amount"))?.abs();
    let date = day(transaction.date.as_deref());
    let posted = day(transaction.post_date.as_deref()).or(date);
    let made = day(transaction.transaction_date.as_deref()).or(posted).ok_or_else(|| unreadable("date"))?;
    let pending = transaction.status.as_deref() == Some("PENDING");
    Ok(Some(ProviderTransaction {
        provider_transaction_id: id(transaction),
        // Yodlee does not tell which pending one a posted one was.
        pending_transaction_id: None,
        provider_account_id: transaction.account_id.to_string(),
        amount: if out { size } else { -size },
        currency: currency(Some(&transaction.amount)),
        description: description(transaction.description.as_ref()),
        merchant: text(transaction.merchant.as_ref().and_then(|merchant| merchant.name.as_deref())),
        category: category(transaction.category.as_deref(), transaction.category_type.as_deref(), out),
        status: if pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date: made,
        posted_date: if pending { None } else { posted.or(Some(made)) },
    }))
}

/// Whether it has not happened (yet).
pub fn is_no_movement(transaction: &Transaction) -> bool {
    matches!(transaction.status.as_deref(), Some("SCHEDULED" | "FAILED"))
}

/// What the institution wrote.
pub fn description(description: Option<&Description>) -> String {
    let Some(description) = description else { return String::new() };
    text(description.original.as_deref()).or_else(|| text(description.simple.as_deref())).unwrap_or_default()
}
