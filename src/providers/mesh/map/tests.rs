#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chrono::DateTime;
use rust_decimal::Decimal;

use super::*;
use crate::domain::institution::InstitutionHealth;
use crate::domain::investment::InvestmentTransactionType as T;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::mesh::client::credential::{self, Credential, Lives};
use crate::providers::mesh::wire::{
    Answer, Balances, Handed, Health, Holdings, Integrations, Order, Orders, Refreshed,
};
use crate::providers::tests::feed;

const HOLDINGS: &str = include_str!("../fixtures/holdings_get.json");
const ORDERS: &str = include_str!("../fixtures/transactions_list.json");
const INTEGRATIONS: &str = include_str!("../fixtures/integrations.json");
const STATUS: &str = include_str!("../fixtures/status.json");

/// What is kept of a link, as long ago as a date can be.
const KEPT: &str = r#"{"user":"u","connection":"c","integration":null,"broker_type":"robinhood","category":null,"accounts":[
    {"id":"a","name":null,"access":"t","refresh":"r","expires_at":"-262143-01-01T00:00:00Z","refresh_expires_at":null}]}"#;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn content<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str::<Answer<T>>(text).unwrap().content.unwrap()
}

#[test]
fn holdings_are_in_dollars_and_what_they_cost_is_unknown() {
    let held = holdings("5FUVPB0", &content::<Holdings>(HOLDINGS));
    assert!(held.iter().all(|one| one.cost_basis.is_none() && one.currency.as_deref() == Some("USD")));
    let of = |id: &str| held.iter().find(|one| one.provider_security_id == id).unwrap();
    let doge = of("CRYPTOCURRENCY:DOGE");
    assert_eq!((doge.quantity, doge.price, doge.value), (dec("1503"), Some(dec("0.05")), Some(dec("75.15"))));
    assert_eq!(of("EQUITY:AAPL").security.security_type, SecurityType::Equity);
    let unknown = of("EQUITY:CUSIP38259P508");
    assert_eq!((unknown.security.cusip.as_deref(), unknown.security.symbol.as_deref()), (Some("38259P508"), None));
}

#[test]
fn what_is_held_twice_is_added_up_and_what_was_sold_is_negative() {
    let held: Holdings = serde_json::from_str(
        r#"{"equityPositions":[{"symbol":"A","amount":1,"marketValue":2},{"symbol":"A","amount":2,"marketValue":4}],
            "optionPositions":[{"symbol":"A","amount":3,"direction":"sellToOpen","optionType":"call","strikePrice":5.50,
            "expirationTimestamp":1673215697}],
            "nftPositions":[{"amount":1,"contractAddress":"0x1","tokenId":"7","name":"Ape"},{"amount":1}]}"#,
    )
    .unwrap();
    let held = holdings("a", &held);
    let ids: Vec<&str> = held.iter().map(|one| one.provider_security_id.as_str()).collect();
    assert_eq!(ids, ["DERIVATIVE:A:call:5.5:2023-01-08", "EQUITY:A", "NFT:0x1:7"]);
    assert_eq!((held[0].quantity, held[1].quantity, held[1].value), (dec("-3"), dec("3"), Some(dec("6"))));
}

#[test]
fn money_out_is_positive() {
    let orders: Orders = content(ORDERS);
    let read: Vec<_> = orders.transactions.iter().flatten().filter_map(|one| order("a", one)).collect();
    let found: Vec<_> = read.iter().map(|one| (one.transaction_type, one.amount, one.quantity.unwrap())).collect();
    assert_eq!(
        found,
        [(T::Buy, dec("120"), dec("1")), (T::Sell, dec("-260"), dec("-2")), (T::Buy, dec("5581.44591"), dec("0.3"))]
    );
    assert_eq!(read[2].currency.as_deref(), Some("ETH"));
    assert_eq!(read[0].date.to_string(), "2022-05-22");
}

fn one(transaction_type: &str, side: &str, symbol: &str) -> Option<(T, Decimal, Decimal)> {
    let text = format!(
        r#"{{"status":"success","createdTimestamp":1651739676,"transactionType":"{transaction_type}","side":"{side}",
            "symbol":"{symbol}","paymentSymbol":"USD","amount":2,"price":10,"fee":1}}"#
    );
    let read = order("a", &serde_json::from_str::<Order>(&text).unwrap())?;
    Some((read.transaction_type, read.amount, read.quantity?))
}

#[test]
fn every_type_of_movement_has_its_sign() {
    for (transaction_type, side, symbol, expected) in [
        ("order", "buy", "X", (T::Buy, dec("21"), dec("2"))),
        ("order", "sell", "X", (T::Sell, dec("-19"), dec("-2"))),
        ("dividendReinvestment", "unknown", "X", (T::Buy, dec("21"), dec("2"))),
        ("conversionTo", "unknown", "X", (T::Sell, dec("-19"), dec("-2"))),
        ("conversionFromFiat", "unknown", "X", (T::Buy, dec("21"), dec("2"))),
        ("ownAccountDeposit", "unknown", "USD", (T::Transfer, dec("-20"), dec("0"))),
        ("ownAccountWithdraw", "unknown", "X", (T::Transfer, dec("1"), dec("-2"))),
        ("interest", "unknown", "USD", (T::Income, dec("-20"), dec("0"))),
        ("reward", "unknown", "X", (T::Income, dec("1"), dec("2"))),
        ("stake", "unknown", "X", (T::Other, dec("1"), dec("2"))),
        ("newest", "sell", "X", (T::Unidentified, dec("-19"), dec("-2"))),
    ] {
        assert_eq!(one(transaction_type, side, symbol), Some(expected), "{transaction_type}");
    }
}

#[test]
fn what_did_not_come_about_is_no_movement() {
    for status in ["unknown", "inProgress", "cancelled", "rejected", "failed", "expired"] {
        let text = format!(r#"{{"status":"{status}","createdTimestamp":1}}"#);
        assert_eq!(order("a", &serde_json::from_str(&text).unwrap()), None, "{status}");
    }
}

#[test]
fn institutions_have_what_their_status_says() {
    let listed: Integrations = content(INTEGRATIONS);
    let items = listed.items.unwrap();
    let found = institutions(&items, &content::<Vec<Health>>(STATUS));
    let [robinhood, wallet] = &found[..] else { panic!("two") };
    assert_eq!(robinhood.products.len(), 3);
    assert!(robinhood.products.contains(&Product::InvestmentTransactions));
    assert_eq!((robinhood.health, wallet.health), (InstitutionHealth::Healthy, InstitutionHealth::Down));
    assert_eq!(wallet.products.iter().collect::<Vec<_>>(), [&Product::InvestmentHoldings]);
    assert_eq!(matching(&items, None, "robinhood", None).unwrap().id, items[0].id);
    assert_eq!(matching(&items, Some(&items[1].id), "deFiWallet", None).unwrap().id, items[1].id);
    assert!(matching(&items, Some(&items[1].id), "robinhood", None).is_none());
}

#[test]
fn categories_say_what_accounts_are() {
    assert_eq!(subtype(Some("brokerage")), AccountSubtype::Brokerage);
    assert_eq!(subtype(Some("exchange")), AccountSubtype::Crypto);
    assert_eq!(subtype(None), AccountSubtype::Other);
}

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else { return };
    if let Ok(held) = serde_json::from_str::<Holdings>(text) {
        let _ = holdings("a", &held);
    }
    if let Ok(one) = serde_json::from_str::<Order>(text) {
        let _ = order("a", &one);
    }
    let _ = serde_json::from_str::<Answer<Orders>>(text);
    let _ = serde_json::from_str::<Answer<Balances>>(text);
    let _ = serde_json::from_str::<Answer<Refreshed>>(text);
    let _ = serde_json::from_str::<Handed>(text);
    let health: Vec<Health> = serde_json::from_str(text).unwrap_or_default();
    if let Ok(Integrations { items: Some(items) }) = serde_json::from_str(text) {
        let _ = institutions(&items, &health);
        let _ = matching(&items, None, "robinhood", None);
    }
    let kept = credential::read::<Credential>(&Secret::new(text)).map(|link| link.accounts).unwrap_or_default();
    for mut account in kept {
        let _ = (account.is_due(DateTime::UNIX_EPOCH), account.check(DateTime::UNIX_EPOCH));
        if let Ok(tokens) = serde_json::from_str(text) {
            account.take(&tokens, Lives { access: Some(i64::MAX), refresh: Some(i64::MIN) }, DateTime::UNIX_EPOCH);
        }
    }
}

#[test]
fn nothing_panics() {
    feed(&[HOLDINGS, ORDERS, INTEGRATIONS, STATUS, KEPT], swallow);
}
