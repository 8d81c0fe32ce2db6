//! Transactions: at Salt Edge money out is negative.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::data::ProviderTransaction;
use crate::providers::saltedge::wire::Transaction;
use crate::providers::text::{currency, text};

/// Our category by theirs.
const CATEGORIES: &[(Category, &[&str])] = &[
    (Category::Income, &["income", "bonus", "investment_income", "paycheck"]),
    (Category::LoanPayments, &["loans", "mortgage", "student_loan"]),
    (Category::BankFees, &["fees_and_charges", "provider_fee", "service_fee"]),
    (Category::GovernmentAndNonProfit, &["taxes", "charity", "gifts_and_donations"]),
    (
        Category::Entertainment,
        &["entertainment", "amusement", "arts", "games", "movies_and_music", "newspapers_and_magazines", "television"],
    ),
    (Category::FoodAndDrink, &["food_and_dining", "alcohol_and_bars", "cafes_and_restaurants", "groceries"]),
    (
        Category::GeneralMerchandise,
        &["shopping", "clothing", "electronics_and_software", "sporting_goods", "gifts", "books_and_supplies", "toys"],
    ),
    (Category::HomeImprovement, &["home", "home_improvement", "home_services", "home_supplies"]),
    (Category::Medical, &["health_and_fitness", "doctor", "pharmacy", "health_insurance"]),
    (Category::PersonalCare, &["personal_care", "sports", "wellness"]),
    (
        Category::GeneralServices,
        &["business_services", "insurance", "car_insurance", "life_insurance", "education", "tuition", "kids", "pets"],
    ),
    (
        Category::Transportation,
        &["auto_and_transport", "gas_and_fuel", "parking", "public_transportation", "service_and_parts", "taxi"],
    ),
    (Category::Travel, &["travel", "hotel", "transportation", "vacation", "car_rental"]),
    (Category::RentAndUtilities, &["bills_and_utilities", "internet", "phone", "utilities", "rent"]),
];

/// A transaction; `None` for a duplicate, or where it cannot be dated.
pub fn transaction(row: Transaction) -> Option<ProviderTransaction> {
    if row.duplicated == Some(true) {
        return None;
    }
    let made_on: NaiveDate = row.made_on.parse().ok()?;
    let is_pending = row.status.as_deref() == Some("pending");
    let posted_on = row.extra.posting_date.as_deref().and_then(|day| day.parse().ok()).unwrap_or(made_on);
    let amount = -row.amount.0;
    let merchant =
        if amount.is_sign_negative() { text(row.extra.payer.as_deref()) } else { text(row.extra.payee.as_deref()) };
    let category = category(row.category.as_deref(), row.mode.as_deref(), amount);
    Some(ProviderTransaction {
        provider_transaction_id: row.id,
        pending_transaction_id: None,
        provider_account_id: row.account_id,
        amount,
        currency: currency(row.currency_code.as_deref()),
        description: text(row.description.as_deref())
            .or_else(|| merchant.clone())
            .unwrap_or_else(|| "Transaction".to_owned()),
        merchant,
        category,
        status: if is_pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
        transaction_date: made_on,
        posted_date: (!is_pending).then_some(posted_on),
    })
}

fn category(theirs: Option<&str>, mode: Option<&str>, amount: Decimal) -> Category {
    let transfer = if amount.is_sign_negative() { Category::TransferIn } else { Category::TransferOut };
    match (theirs.unwrap_or_default(), mode) {
        ("transfer", _) => return transfer,
        ("" | "uncategorized", Some("transfer")) => return transfer,
        ("" | "uncategorized", Some("fee")) => return Category::BankFees,
        _ => {}
    }
    let Some(theirs) = theirs else { return Category::Unidentified };
    CATEGORIES.iter().find(|(_, names)| names.contains(&theirs)).map_or(Category::Other, |(ours, _)| *ours)
}
