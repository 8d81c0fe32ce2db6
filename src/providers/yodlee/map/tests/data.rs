//! Transactions, holdings, institutions.

use rust_decimal::Decimal;
use serde_json::json;

use super::{changed, decimal, fixture, read};
use crate::domain::institution::InstitutionHealth;
use crate::domain::investment::{InvestmentTransactionType as Trade, SecurityType};
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::data::ProviderTransaction;
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::categories::category;
use crate::providers::yodlee::wire::holding::Holdings;
use crate::providers::yodlee::wire::institution::Providers;
use crate::providers::yodlee::wire::transaction::Transactions;

const TRANSACTIONS: &str = fixture!("transactions");

fn transactions() -> Vec<ProviderTransaction> {
    let all = read::<Transactions>(TRANSACTIONS).transaction.unwrap();
    all.iter().filter_map(|one| map::transactions::transaction(one).unwrap()).collect()
}

#[test]
fn the_direction_gives_the_sign_and_the_container_the_id() {
    let all = transactions();
    let seen: Vec<_> = all.iter().map(|one| (one.provider_transaction_id.as_str(), one.amount.to_string())).collect();
    assert_eq!(seen, [("bank:26342", "13.5".to_owned()), ("creditCard:26342", "-59".to_owned())]);
}

#[test]
fn dates_and_status_are_told_apart() {
    let all = transactions();
    let day = |text: &str| Some(text.parse::<chrono::NaiveDate>().unwrap());
    assert_eq!(Some(all[0].transaction_date), day("2016-08-24"));
    assert_eq!((all[0].posted_date, all[0].status), (day("2016-08-26"), TransactionStatus::Posted));
    assert_eq!((all[1].posted_date, all[1].status), (None, TransactionStatus::Pending));
    assert_eq!(all[1].description, "Payment");
    assert_eq!(all[0].merchant.as_deref(), Some("Cherokee Nation"));
}

#[test]
fn a_row_without_direction_amount_or_date_is_not_guessed() {
    let changes: [fn(&mut serde_json::Value); 3] = [
        |body| body["transaction"][0]["baseType"] = json!("SIDEWAYS"),
        |body| body["transaction"][0]["amount"] = json!({ "currency": "USD" }),
        |body| {
            for field in ["date", "transactionDate", "postDate"] {
                body["transaction"][0][field] = json!("soon");
            }
        },
    ];
    for change in changes {
        let all: Transactions = changed(TRANSACTIONS, change);
        assert!(map::transactions::transaction(&all.transaction.unwrap()[0]).is_err());
    }
}

#[test]
fn categories_are_found_by_name_and_else_by_kind() {
    for (name, kind, out, ours) in [
        (Some("Restaurants/Dining"), Some("EXPENSE"), true, Category::FoodAndDrink),
        (Some("Electronics / General Merchandise"), Some("EXPENSE"), true, Category::GeneralMerchandise),
        (Some("Salary/Regular Income"), Some("INCOME"), false, Category::Income),
        (Some("Transfers"), Some("TRANSFER"), false, Category::TransferIn),
        (Some("Transfers"), Some("TRANSFER"), true, Category::TransferOut),
        (Some("My own"), Some("INCOME"), false, Category::Income),
        (Some("My own"), Some("EXPENSE"), true, Category::Unidentified),
        (None, Some("UNCATEGORIZE"), true, Category::Other),
        (None, None, true, Category::Other),
    ] {
        assert_eq!(category(name, kind, out), ours, "{name:?} {kind:?}");
    }
}

#[test]
fn trades_are_those_of_investment_accounts() {
    let all = read::<Transactions>(TRANSACTIONS).transaction.unwrap();
    let sold = map::investments::trade(&all[3]).unwrap().unwrap();
    assert_eq!((sold.transaction_type, sold.quantity), (Trade::Sell, Some(decimal("-10"))));
    assert_eq!((sold.amount, sold.fees), (decimal("-602.95"), Some(decimal("4.95"))));
    assert_eq!(sold.security.unwrap().isin.as_deref(), Some("US17275R1023"));
    for (name, ours) in [
        ("BUY", Trade::Buy),
        ("DIVIDEND", Trade::Income),
        ("REINVEST_DIVIDEND", Trade::Buy),
        ("MISC_EXPENSE_FEE", Trade::Fee),
        ("TRANSFER_SHARES_IN", Trade::Transfer),
        ("DEPOSIT", Trade::Cash),
        ("WORMHOLE", Trade::Unidentified),
    ] {
        let one: Transactions = changed(TRANSACTIONS, |body| body["transaction"][3]["type"] = json!(name));
        let trade = map::investments::trade(&one.transaction.unwrap()[3]).unwrap().unwrap();
        assert_eq!(trade.transaction_type, ours, "{name}");
    }
}

#[test]
fn what_is_held_has_no_ambiguous_cost() {
    let all = read::<Holdings>(fixture!("holdings")).holding.unwrap();
    let all: Vec<_> = all.iter().map(map::investments::holding).collect();
    assert_eq!((all[0].quantity, all[0].value, all[0].cost_basis), (decimal("90.5"), Some(decimal("5501.5")), None));
    assert_eq!(all[0].security.security_type, SecurityType::Equity);
    assert_eq!((all[1].quantity, all[1].security.security_type), (Decimal::from(-3), SecurityType::Etf));
    assert_eq!(all[1].currency.as_deref(), Some("USD"));
}

#[test]
fn institutions_have_what_their_datasets_say() {
    let all = read::<Providers>(fixture!("providers")).provider.unwrap();
    let all: Vec<_> = all.into_iter().filter_map(map::institutions::institution).collect();
    assert_eq!(all.len(), 2, "one is not supported");
    assert!(Product::COMMON.iter().all(|product| all[0].products.contains(product)));
    assert!(!all[0].oauth && all[0].instant_identifiers && all[0].health == InstitutionHealth::Healthy);
    assert_eq!(all[1].products, [Product::Transactions].into());
    assert!(all[1].oauth && all[1].health == InstitutionHealth::Degraded);
    assert_eq!((all[1].country_codes.as_slice(), all[1].logo_url.as_deref()), (&["GB".to_owned()][..], None));
}
