//! Transactions, trades, holdings.

use serde_json::{Value, json};

use super::{fixture, read};
use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::akoya::map;
use crate::providers::akoya::wire::account::Accounts;
use crate::providers::akoya::wire::transaction::{Transaction, Transactions};
use crate::providers::data::{ProviderHolding, ProviderTransaction};

fn transaction(fields: Value) -> ProviderTransaction {
    let mut row = json!({"transactionId": "t", "amount": 12.5, "transactionTimestamp": "2026-11-20T10:00:00Z"});
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let row: Transaction = read(&row.to_string());
    map::transactions::transaction("a", Some("USD"), &row).unwrap()
}

#[test]
fn the_example_is_interest_that_came_in() {
    let page: Transactions = read(fixture!("transactions"));
    assert!(page.links.unwrap().next.is_none());
    let rows: Vec<_> = page.transactions.into_iter().filter_map(|row| row.open()).collect();
    let first = map::transactions::transaction("a", Some("USD"), &rows[0]).unwrap();
    assert_eq!(first.provider_transaction_id, "a/22ef95ee-6127-382d-a28c-5b8b7a15d2eb");
    assert_eq!((first.amount.to_string().as_str(), first.category), ("-0.29", Category::Income));
    assert_eq!(
        (first.status, first.posted_date.unwrap().to_string().as_str()),
        (TransactionStatus::Posted, "2021-01-27")
    );
    assert_eq!((rows.len(), first.description.as_str()), (2, "Interest Paid This Period"));
}

#[test]
fn the_memo_gives_the_direction_whatever_the_sign() {
    let amount = |fields: Value| transaction(fields).amount.to_string();
    for (sent, memo, ours) in
        [(12.5, "DEBIT", "12.5"), (-12.5, "DEBIT", "12.5"), (12.5, "CREDIT", "-12.5"), (-12.5, "CREDIT", "-12.5")]
    {
        assert_eq!(amount(json!({"amount": sent, "debitCreditMemo": memo})), ours, "{sent} {memo}");
    }
    assert_eq!(amount(json!({"amount": -3.25})), "3.25", "without a memo, money out is negative there");
}

#[test]
fn what_is_not_posted_is_pending_and_keeps_its_id() {
    for status in ["PENDING", "MEMO", "AUTHORIZATION"] {
        let row = transaction(json!({"status": status, "postedTimestamp": "2026-11-21T00:00:00Z"}));
        assert_eq!((row.status, row.posted_date), (TransactionStatus::Pending, None), "{status}");
        assert_eq!((row.provider_transaction_id.as_str(), row.pending_transaction_id), ("a/t", None));
    }
    let posted = transaction(json!({"status": "POSTED"}));
    assert_eq!(posted.posted_date, Some(posted.transaction_date));
    let row: Transaction = read(r#"{"transactionId":"t","amount":1}"#);
    assert_eq!(map::transactions::transaction("a", None, &row), None, "a transaction without a day");
}

#[test]
fn a_category_comes_from_the_code_or_the_kind() {
    let category = |fields: Value| transaction(fields).category;
    assert_eq!(category(json!({"category": "5812"})), Category::FoodAndDrink);
    assert_eq!(category(json!({"category": "5411"})), Category::FoodAndDrink);
    assert_eq!(category(json!({"category": "5732"})), Category::GeneralMerchandise);
    assert_eq!(category(json!({"category": "3000"})), Category::Travel);
    assert_eq!(category(json!({"debitCreditMemo": "CREDIT", "transactionType": "DIRECTDEPOSIT"})), Category::Income);
    assert_eq!(category(json!({"debitCreditMemo": "DEBIT", "transactionType": "TRANSFER"})), Category::TransferOut);
    assert_eq!(category(json!({"debitCreditMemo": "DEBIT", "transactionType": "FEE"})), Category::BankFees);
    assert_eq!(category(json!({"category": "Something New"})), Category::Unidentified);
    assert_eq!(category(json!({})), Category::Other);
}

#[test]
fn trades_have_our_signs() {
    let trade = |fields: Value| {
        let mut row = json!({"transactionId": "t", "amount": 100, "transactionTimestamp": "2026-11-20T10:00:00Z"});
        row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        map::trades::trade("a", Some("USD"), &read::<Transaction>(&row.to_string())).unwrap()
    };
    let sold = trade(
        json!({"transactionType": "SOLD", "debitCreditMemo": "CREDIT", "units": 3, "unitPrice": 33.5, "fees": 0.5,
        "commission": 1, "securityId": "037833100", "securityIdType": "CUSIP", "symbol": "AAPL", "securityType": "STOCK"}),
    );
    assert_eq!((sold.transaction_type, sold.amount.to_string().as_str()), (InvestmentTransactionType::Sell, "-100"));
    assert_eq!((sold.quantity.unwrap().to_string().as_str(), sold.fees.unwrap().to_string().as_str()), ("-3", "1.5"));
    let security = sold.security.unwrap();
    assert_eq!((security.cusip.as_deref(), security.security_type), (Some("037833100"), SecurityType::Equity));
    let bought = trade(json!({"transactionType": "PURCHASED", "debitCreditMemo": "DEBIT", "shares": 2}));
    assert_eq!(
        (bought.transaction_type, bought.quantity.unwrap().to_string().as_str()),
        (InvestmentTransactionType::Buy, "2")
    );
    assert_eq!((bought.amount.to_string().as_str(), bought.security), ("100", None));
    assert_eq!(
        trade(json!({"transactionType": "TELEPORTED"})).transaction_type,
        InvestmentTransactionType::Unidentified
    );
}

fn holdings(body: &str) -> Vec<ProviderHolding> {
    let all = map::accounts::open_accounts(read::<Accounts>(body));
    all.iter().flat_map(|(_, account)| map::holdings::holdings(account)).collect()
}

#[test]
fn a_position_that_names_nothing_is_left_out() {
    // The example's only position has neither id nor name.
    assert!(holdings(fixture!("accounts")).is_empty());
}

#[test]
fn holdings_are_added_up_by_security() {
    let body = json!({"accounts": [{"investmentAccount": {"accountId": "i", "currency": {"currencyCode": "USD"}, "holdings": [
        {"securityId": "037833100", "securityIdType": "CUSIP", "symbol": "AAPL", "holdingType": "STOCK", "units": 3, "marketValue": 90,
            "currentUnitPrice": 30, "purchasedPrice": 20, "currentUnitPriceDate": "2026-11-20"},
        {"securityId": "037833100", "securityIdType": "CUSIP", "units": 1.5, "marketValue": 45, "taxLots": [{"costBasis": 31.5}, {"costBasis": 1}]},
        {"symbol": "USD", "cashAccount": true, "units": 12.34, "marketValue": 12.34},
        {"symbol": "SHRT", "positionType": "SHORT", "units": 2, "holdingType": "STOCK", "taxLots": [{"costBasis": 1}, {}]},
    ]}}]})
    .to_string();
    let all = holdings(&body);
    let of = |id: &str| all.iter().find(|one| one.provider_security_id == id).unwrap();
    let stock = of("037833100");
    assert_eq!((stock.quantity.to_string().as_str(), stock.value.unwrap().to_string().as_str()), ("4.5", "135"));
    assert_eq!(stock.cost_basis.unwrap().to_string(), "92.5");
    assert_eq!((stock.currency.as_deref(), stock.security.security_type), (Some("USD"), SecurityType::Equity));
    assert_eq!(of("USD").security.security_type, SecurityType::Cash);
    let short = of("SHRT");
    assert_eq!((short.quantity.to_string().as_str(), short.cost_basis), ("-2", None));
}
