#![allow(clippy::unwrap_used, reason = "tests")]

mod anything;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::domain::account::AccountType;
use crate::domain::connection::{Condition, Status};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::finapi::error::{INSTITUTION_DOWN, LOGIN_REQUIRED, TOKEN_EXPIRED};
use crate::providers::finapi::spec::SPEC;
use crate::providers::finapi::wire;

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn money(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

fn connection(interfaces: Value) -> Value {
    json!({
        "id": 42, "updateStatus": "READY", "categorizationStatus": "READY", "accountIds": [1], "interfaces": interfaces,
        "bank": { "id": 280_001, "name": "finAPI Test Bank", "bic": "TESTDE88XXX", "location": "DE" },
    })
}

fn interface(changes: Value) -> Value {
    let mut one = json!({
        "bankingInterface": "XS2A", "loginCredentials": [], "twoStepProcedures": [], "userActionRequired": false,
        "maxDaysForDownload": 90, "aisConsent": { "status": "PRESENT", "expiresAt": "2027-01-01T00:00:00.000+01:00" },
        "lastAutoUpdate": { "result": "OK", "timestamp": "2026-11-20T05:00:00.000+01:00" },
    });
    one.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    one
}

fn account(changes: Value) -> wire::Account {
    let mut one = json!({
        "id": 1, "bankConnectionId": 42, "accountName": "Girokonto", "iban": "DE89 3704 0044 0532 0130 00",
        "accountNumber": "0532013000", "accountHolderName": "Erika Mustermann", "accountCurrency": "EUR",
        "accountType": "Checking", "balance": 100.10, "isNew": false, "isSeized": false,
        "interfaces": [{ "bankingInterface": "XS2A", "status": "UPDATED", "lastSuccessfulUpdate": "2026-11-20T05:00:00Z" }],
    });
    one.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    read(&one)
}

#[test]
fn what_is_owed_is_positive() {
    let bank = read(&connection(json!([interface(json!({}))])));
    let map = |changes| accounts::account(&bank, &account(changes), false, false);
    let card = map(json!({ "accountType": "CreditCard", "balance": -12.5, "overdraftLimit": 1000 }));
    assert_eq!((card.account_type, card.balances.current), (AccountType::Credit, money("12.5")));
    assert_eq!(card.balances.limit, money("1000"));
    let loan = map(json!({ "accountType": "Loan", "balance": -9000 }));
    assert_eq!((loan.account_type, loan.balances.current), (AccountType::Loan, money("9000")));
    assert_eq!(map(json!({})).balances.current, money("100.10"));
    assert_eq!(map(json!({ "accountType": "Cash4Clunkers" })).account_type, AccountType::Unidentified);
}

#[test]
fn numbers_and_owners_come_only_when_asked_for() {
    let mut body = connection(json!([interface(json!({}))]));
    let plain = accounts::account(&read(&body), &account(json!({})), false, false);
    assert_eq!((plain.identifiers, plain.owners), (None, None));
    assert_eq!(plain.mask.as_deref(), Some("3000"));
    let asked = accounts::account(&read(&body), &account(json!({})), true, true);
    let international = asked.identifiers.unwrap().international.unwrap();
    assert_eq!(international.iban, "DE89370400440532013000");
    assert_eq!(international.bic.as_deref(), Some("TESTDE88XXX"));
    assert_eq!(asked.owners.unwrap()[0].names, ["Erika Mustermann"]);
    body["owners"] = json!([{ "firstName": "Max", "lastName": "Muster", "street": "Weg", "houseNumber": "1" }]);
    let owners = accounts::account(&read(&body), &account(json!({})), false, true).owners.unwrap();
    assert_eq!(owners[0].names, ["Max Muster"]);
    assert_eq!(owners[0].addresses[0].street.as_deref(), Some("Weg 1"));
}

#[test]
fn an_account_that_no_interface_has_is_gone() {
    let is_there = |statuses: Value| accounts::is_there(&account(json!({ "interfaces": statuses })));
    assert!(!is_there(json!([{ "status": "DEPRECATED" }])));
    assert!(is_there(json!([{ "status": "DEPRECATED" }, { "status": "UPDATED_FIXED" }])));
    assert!(is_there(json!([])));
}

#[test]
fn a_bank_connection_fares_as_its_worst_interface() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let condition = |interfaces: Value| status::condition(&read(&connection(interfaces)), now).0;
    let last = |result: &str, kind: &str| json!({ "lastManualUpdate": { "result": result, "errorType": kind, "timestamp": "2026-11-21T05:00:00.000Z" } });
    let good = interface(json!({}));
    assert_eq!(condition(json!([good])), Condition::HEALTHY);
    for (changes, expected) in [
        // The bank has rejected nothing: the strong authentication has run out.
        (json!({ "userActionRequired": true }), TOKEN_EXPIRED),
        (json!({ "aisConsent": { "status": "PRESENT", "expiresAt": "2026-11-21T13:00:00+01:00" } }), TOKEN_EXPIRED),
        (json!({ "aisConsent": { "status": "NOT_PRESENT" }, "userActionRequired": true }), TOKEN_EXPIRED),
        (last("BANK_SERVER_REJECTION", "BUSINESS"), LOGIN_REQUIRED),
        (last("BANK_SERVER_REJECTION", "TECHNICAL"), INSTITUTION_DOWN),
        (last("INTERNAL_SERVER_ERROR", "TECHNICAL"), INSTITUTION_DOWN),
    ] {
        assert_eq!(condition(json!([interface(changes.clone()), good])), expected, "{changes}");
    }
    let one_time = interface(json!({ "aisConsent": { "status": "NOT_PRESENT" } }));
    assert_eq!(condition(json!([one_time])).status, Status::Degraded);
    assert_eq!(condition(json!([])).status, Status::Undetermined);
    let observed = status::observation(&read(&connection(json!([good]))), &[], now);
    assert_eq!(observed.consent_expires_at, Some("2026-12-31T23:00:00Z".parse().unwrap()));
    assert_eq!(observed.initialized, [Product::Balances].into(), "of nothing else there is anything");
    let mut scraped = connection(json!([good]));
    scraped["owners"] = json!([{ "firstName": "Ada" }]);
    let accounts = [("Checking", Some("DE89370400440532013000")), ("Security", None)];
    let account = |(kind, iban)| read(&json!({ "id": 1, "bankConnectionId": 42, "accountType": kind, "iban": iban }));
    let observed = status::observation(&read(&scraped), &accounts.map(account), now);
    assert_eq!(observed.initialized, SPEC.products.iter().copied().collect());
}

fn transaction(changes: Value) -> Value {
    let mut one = json!({
        "id": 7, "accountId": 1, "valueDate": "2026-11-18", "bankBookingDate": "2026-11-20", "finapiBookingDate": "2026-11-20",
        "amount": -19.99, "currency": "EUR", "purpose": "REWE SAGT DANKE", "counterpartName": "REWE", "isNew": true,
        "category": { "id": 3, "name": "Lebensmittel", "isCustom": false }, "importDate": "2026-11-20T05:00:00.000Z",
        "isPotentialDuplicate": false, "isAdjustingEntry": false,
    });
    one.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    one
}

#[test]
fn money_out_is_positive() {
    let row = transactions::booked(&read(&transaction(json!({})))).unwrap().unwrap();
    assert_eq!(Some(row.amount), money("19.99"));
    assert_eq!((row.status, row.category), (TransactionStatus::Posted, Category::FoodAndDrink));
    assert_eq!(
        (row.transaction_date.to_string(), row.posted_date.unwrap().to_string()),
        ("2026-11-18".into(), "2026-11-20".into())
    );
    let later = transactions::booked(&read(&transaction(json!({ "valueDate": "2026-11-25" })))).unwrap().unwrap();
    assert_eq!(later.transaction_date.to_string(), "2026-11-20");
}

#[test]
fn what_is_not_from_the_bank_is_left_out() {
    for flag in ["isAdjustingEntry", "isPotentialDuplicate"] {
        assert_eq!(transactions::booked(&read(&transaction(json!({ flag: true })))).unwrap(), None, "{flag}");
    }
    let dateless = json!({ "valueDate": "soon", "bankBookingDate": "soon" });
    assert!(transactions::booked(&read(&transaction(dateless))).is_err());
}

#[test]
fn what_is_pending_has_no_booking_and_an_id_of_its_own() {
    let from = "2026-08-20".parse().unwrap();
    let row = transactions::pending(&read(&transaction(json!({}))), from).unwrap();
    assert_eq!((row.provider_transaction_id.as_str(), row.posted_date), ("pending:7", None));
    let old = transactions::pending(&read(&transaction(json!({ "valueDate": "2020-01-01" }))), from).unwrap();
    assert_eq!(old.transaction_date, from);
}

#[test]
fn a_security_keeps_its_name_from_update_to_update() {
    let position = |id: i64, isin: &str| {
        json!({
            "id": id, "accountId": 1, "name": "Bund", "isin": isin, "quote": 98.5, "quoteType": "PERC", "quantityNominal": 1000,
            "quantityNominalType": "FAMT", "marketValue": 985, "marketValueCurrency": "EUR", "profitOrLoss": -15,
        })
    };
    let held = |ids: [i64; 2]| securities::holdings(&ids.map(|id| read(&position(id, "DE0001102580"))));
    let (first, second) = (held([1, 2]), held([3, 4]));
    assert_eq!(first, second);
    let names: Vec<&str> = first.iter().map(|one| one.provider_security_id.as_str()).collect();
    assert_eq!(names, ["DE0001102580", "DE0001102580#2"]);
    assert_eq!((first[0].price, first[0].cost_basis), (money("0.985"), money("1000")));
}

#[test]
fn an_institution_is_what_its_interfaces_make_of_it() {
    let bank = |interfaces: Value| json!({ "id": 5, "name": "Bank", "location": "DE", "interfaces": interfaces });
    let one = |name: &str, health: i64, types: &[&str], properties: &[&str]| json!({ "bankingInterface": name, "isAisSupported": true, "health": health, "aisAccountTypes": types, "properties": properties });
    let map = |value: Value| institutions::institution(&read(&value), 80);
    assert_eq!(map(bank(json!([]))), None);
    let redirect = map(bank(json!([one("XS2A", 90, &["Checking"], &["REDIRECT_APPROACH"])]))).unwrap();
    assert!(redirect.oauth && redirect.health == InstitutionHealth::Healthy);
    assert!(!redirect.products.contains(&Product::Owners) && !redirect.products.contains(&Product::InvestmentHoldings));
    let broad =
        map(bank(json!([one("FINTS_SERVER", 30, &["Security"], &[]), one("WEB_SCRAPER", 10, &[], &[])]))).unwrap();
    assert!(broad.products.contains(&Product::Owners) && broad.products.contains(&Product::InvestmentHoldings));
    assert!(!broad.oauth && broad.health == InstitutionHealth::Degraded);
}

#[test]
fn times_are_read_in_both_forms() {
    let expected = Some("2026-11-21T11:00:00Z".parse().unwrap());
    assert_eq!(instant(Some("2026-11-21T12:00:00.000+01:00")), expected);
    assert_eq!(instant(Some("2026-11-21T12:00:00.000+0100")), expected);
    assert_eq!(instant(Some("soon")), None);
}
