//! Transactions. Plaid's sign is ours: positive = money out.

use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::Failure;
use crate::providers::data::{HistoryProgress, ProviderTransaction, TransactionsPage};
use crate::providers::plaid::wire::transaction::{SyncPage, Transaction};

use super::{currency, text};

/// A cursor has at most 256 characters, Plaid says; a longer one is kept as long as it can be stored and sent back.
const LONGEST_CURSOR: usize = 2_000;

/// A page of changes.
pub fn page(page: SyncPage) -> Result<TransactionsPage, Failure> {
    if page.next_cursor.len() > LONGEST_CURSOR || page.next_cursor.chars().any(char::is_control) {
        return Err(Failure::unreadable("next_cursor of /transactions/sync"));
    }
    Ok(TransactionsPage {
        added: page.added.into_iter().map(transaction).collect(),
        modified: page.modified.into_iter().map(transaction).collect(),
        removed: page.removed.into_iter().map(|removed| removed.transaction_id.0).collect(),
        next_cursor: page.next_cursor,
        has_more: page.has_more,
        whole: Vec::new(),
        history: match page.transactions_update_status.as_deref() {
            Some("NOT_READY") => HistoryProgress::NotReady,
            Some("HISTORICAL_UPDATE_COMPLETE") => HistoryProgress::Complete,
            // What Plaid cannot tell is not taken for the whole.
            _ => HistoryProgress::Recent,
        },
    })
}

fn transaction(transaction: Transaction) -> ProviderTransaction {
    let category = transaction.personal_finance_category.and_then(|category| category.primary);
    ProviderTransaction {
        provider_transaction_id: transaction.transaction_id.0,
        pending_transaction_id: transaction.pending_transaction_id.map(|id| id.0),
        provider_account_id: transaction.account_id.0,
        amount: transaction.amount.0,
        currency: currency(transaction.iso_currency_code.as_deref(), transaction.unofficial_currency_code.as_deref()),
        description: text(transaction.original_description.as_deref())
            .or_else(|| text(transaction.name.as_deref()))
            .unwrap_or_default(),
        merchant: text(transaction.merchant_name.as_deref()),
        category: category.map_or(Category::Other, |name| self::category(&name)),
        status: if transaction.pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date: transaction.authorized_date.unwrap_or(transaction.date),
        posted_date: (!transaction.pending).then_some(transaction.date),
    }
}

/// Plaid's primary categories are ours, but for one that came with the second version of its list.
fn category(primary: &str) -> Category {
    match primary {
        "LOAN_DISBURSEMENTS" => Category::TransferIn,
        known => known.parse().unwrap_or(Category::Unidentified),
    }
}
