//! Transactions. MX's amounts have no sign: `DEBIT` is out of the account, which is positive here.

use rust_decimal::Decimal;

use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::data::ProviderTransaction;
use crate::providers::mx::wire::transaction::Transaction;

use super::{currency, text};

/// A transaction; `None` where it lacks what none can be without: account, amount, day.
pub fn transaction(transaction: &Transaction) -> Option<ProviderTransaction> {
    let made = transaction.date.or(transaction.transacted_at.map(|at| at.date_naive()));
    let day = made.or(transaction.posted_at.map(|at| at.date_naive()))?;
    let pending = transaction.status.as_deref() == Some("PENDING");
    Some(ProviderTransaction {
        provider_transaction_id: transaction.guid.to_string(),
        // MX says nowhere which pending one a posted one replaces.
        pending_transaction_id: None,
        provider_account_id: transaction.account_guid.as_ref()?.to_string(),
        amount: amount(transaction)?,
        currency: currency(transaction.currency_code.as_deref()),
        description: description(transaction),
        merchant: transaction.merchant.as_ref().and_then(|merchant| text(merchant.name.as_deref())),
        category: category(transaction.top_level_category.as_deref(), transaction.category.as_deref()),
        status: if pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date: day,
        posted_date: (!pending).then(|| transaction.posted_at.map_or(day, |at| at.date_naive())),
    })
}

/// With our sign.
pub(super) fn amount(transaction: &Transaction) -> Option<Decimal> {
    let amount = transaction.amount?.0;
    Some(if transaction.direction.as_deref() == Some("CREDIT") { -amount } else { amount })
}

pub(super) fn description(transaction: &Transaction) -> String {
    text(transaction.original_description.as_deref())
        .or_else(|| text(transaction.description.as_deref()))
        .unwrap_or_default()
}

/// MX's coarse categories; a few fine ones that belong elsewhere here come first.
const CATEGORIES: &[(&str, Category)] = &[
    ("Rent", Category::RentAndUtilities),
    ("Mortgage & Rent", Category::RentAndUtilities),
    ("Loan Payment", Category::LoanPayments),
    ("Credit Card Payment", Category::LoanPayments),
    ("Home Improvement", Category::HomeImprovement),
    ("Auto & Transport", Category::Transportation),
    ("Bills & Utilities", Category::RentAndUtilities),
    ("Business Services", Category::GeneralServices),
    ("Education", Category::GeneralServices),
    ("Entertainment", Category::Entertainment),
    ("Fees & Charges", Category::BankFees),
    ("Financial", Category::GeneralServices),
    ("Food & Dining", Category::FoodAndDrink),
    ("Gifts & Donations", Category::GovernmentAndNonProfit),
    ("Health & Fitness", Category::Medical),
    ("Home", Category::HomeImprovement),
    ("Income", Category::Income),
    ("Kids", Category::GeneralMerchandise),
    ("Personal Care", Category::PersonalCare),
    ("Pets", Category::GeneralMerchandise),
    ("Shopping", Category::GeneralMerchandise),
    ("Taxes", Category::GovernmentAndNonProfit),
    ("Transfer In", Category::TransferIn),
    ("Transfer", Category::TransferOut),
    ("Travel", Category::Travel),
    ("Uncategorized", Category::Other),
    ("Investments", Category::Other),
];

fn category(coarse: Option<&str>, fine: Option<&str>) -> Category {
    let ours = |name: Option<&str>| CATEGORIES.iter().find(|(known, _)| Some(*known) == name).map(|(_, ours)| *ours);
    match (ours(fine), ours(coarse)) {
        (Some(category), _) | (None, Some(category)) => category,
        (None, None) if coarse.or(fine).is_none() => Category::Other,
        (None, None) => Category::Unidentified,
    }
}
