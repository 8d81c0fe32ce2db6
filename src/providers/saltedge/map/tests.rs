//! From bodies as documented to our shapes, and whatever else comes.
#![allow(clippy::unwrap_used, reason = "tests")]

use rust_decimal::Decimal;

use super::{accounts, institutions, status, transactions};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::net::StatusCode;
use crate::providers::data::{AccountsWanted, HistoryProgress};
use crate::providers::saltedge::wire::{Account, Connection, Consent, One, Page, Provider, Transaction};
use crate::providers::saltedge::{error, webhook};
use crate::providers::tests::feed;

const ALL: AccountsWanted = AccountsWanted { live_balances: false, identifiers: true, owners: true };
const FIXTURES: [&str; 5] = [
    include_str!("../fixtures/connection.json"),
    include_str!("../fixtures/consents.json"),
    include_str!("../fixtures/accounts.json"),
    include_str!("../fixtures/transactions.json"),
    include_str!("../fixtures/providers.json"),
];

fn connection() -> Connection {
    serde_json::from_str::<One<Connection>>(FIXTURES[0]).unwrap().data
}

fn consents() -> Vec<Consent> {
    serde_json::from_str::<Page<Consent>>(FIXTURES[1]).unwrap().data
}

#[test]
fn accounts_have_types_balances_numbers_and_owners() {
    let page: Page<Account> = serde_json::from_str(FIXTURES[2]).unwrap();
    let holder = connection().holder_info;
    let found: Vec<_> = page.data.into_iter().map(|one| accounts::account(one, holder.as_ref(), ALL, true)).collect();
    let kinds: Vec<_> = found.iter().map(|one| (one.account_type, one.subtype)).collect();
    assert_eq!(
        kinds,
        [
            (AccountType::Depository, AccountSubtype::Checking),
            (AccountType::Credit, AccountSubtype::CreditCard),
            (AccountType::Unidentified, AccountSubtype::Unidentified),
        ]
    );
    assert_eq!(found[1].balances.current, Some(Decimal::new(25050, 2)));
    let numbers = found[0].identifiers.as_ref().unwrap();
    assert_eq!(numbers.international.as_ref().unwrap().bic.as_deref(), Some("ABCDDEFF"));
    assert_eq!(numbers.bacs.as_ref().unwrap().sort_code, "112233");
    assert_eq!((found[0].mask.as_deref(), found[0].name.as_str()), (Some("3000"), "Everyday"));
    assert_eq!(found[0].owners.as_ref().unwrap()[0].names, ["Ada Example"]);
}

#[test]
fn texts_are_short_and_printable() {
    let long = "x".repeat(10_000);
    let account = serde_json::json!({ "id": "1", "name": format!("a\n{long}"), "currency_code": long });
    let account = accounts::account(serde_json::from_str(&account.to_string()).unwrap(), None, ALL, true);
    assert_eq!((account.name.len(), account.name.contains('\n')), (500, false));
    assert_eq!(account.currency.unwrap().len(), 10);
}

#[test]
fn money_out_is_positive_and_duplicates_are_left_out() {
    let page: Page<Transaction> = serde_json::from_str(FIXTURES[3]).unwrap();
    assert_eq!(page.meta.next_id.as_deref(), Some("1004"));
    let rows: Vec<_> = page.data.into_iter().filter_map(transactions::transaction).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].amount, rows[0].category), (Decimal::new(1250, 2), Category::FoodAndDrink));
    assert_eq!(rows[0].posted_date, "2026-05-04".parse().ok());
    assert_eq!((rows[1].status, rows[1].posted_date), (TransactionStatus::Pending, None));
    assert_eq!((rows[1].amount, rows[1].category), (Decimal::new(-300, 0), Category::TransferIn));
}

#[test]
fn f3_states_have_their_conditions() {
    let healthy = status::observation(&connection(), &consents());
    assert_eq!(healthy.condition, Condition::HEALTHY);
    assert_eq!(healthy.consented, [Product::Balances, Product::Identifiers, Product::Transactions].into());
    assert!(healthy.consent_expires_at.is_some());
    assert_eq!(status::history(&connection()), HistoryProgress::Complete);

    let with = |change: fn(&mut Connection)| {
        let mut connection = connection();
        change(&mut connection);
        status::observation(&connection, &consents()).condition
    };
    let reconnect = |reason| Condition::new(Status::ReconnectRequired, reason);
    assert_eq!(with(|one| one.status = Some("inactive".to_owned())), reconnect(StatusReason::LoginRequired));
    assert_eq!(
        with(|one| one.status = Some("disabled".to_owned())),
        Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded)
    );
    assert_eq!(with(|one| one.status = Some("brand_new".to_owned())).status, Status::Undetermined);
    assert_eq!(
        with(|one| one.last_attempt.as_mut().unwrap().partial = Some(true)),
        Condition::new(Status::PartiallyActive, StatusReason::PartialAggregationSuccess)
    );
    let failed = |class: &str| {
        let mut connection = connection();
        let attempt = connection.last_attempt.as_mut().unwrap();
        (attempt.success_at, attempt.fail_at) = (None, Some("2026-05-04T10:00:00Z".to_owned()));
        attempt.fail_error_class = Some(class.to_owned());
        status::observation(&connection, &consents()).condition
    };
    let down = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
    assert_eq!(failed("ProviderUnavailable"), down);
    let mut ended = consents();
    ended.iter_mut().for_each(|one| one.status = Some("expired".to_owned()));
    let ended = status::observation(&connection(), &ended);
    assert_eq!(
        (ended.condition, ended.code.as_deref()),
        (reconnect(StatusReason::TokenExpired), Some("ConsentExpired"))
    );
}

#[test]
fn institutions_say_what_can_be_had() {
    let page: Page<Provider> = serde_json::from_str(FIXTURES[4]).unwrap();
    let found: Vec<_> = page.data.into_iter().filter_map(institutions::institution).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].oauth && found[0].products.contains(&Product::Owners));
    let odd = r#"{ "code": "fakebank_simple_xf", "name": "\u0000", "country_code": "XF", "logo_url": "javascript:1" }"#;
    let fake = institutions::institution(serde_json::from_str(odd).unwrap()).unwrap();
    assert_eq!((fake.name.as_str(), fake.logo_url), ("fakebank_simple_xf", None));
    assert!(fake.country_codes.len() > 1 && !fake.country_codes.contains(&"XF".to_owned()));
}

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(page) = serde_json::from_slice::<Page<Account>>(body) {
        page.data.into_iter().for_each(|one| drop(accounts::account(one, None, ALL, true)));
    }
    if let Ok(page) = serde_json::from_slice::<Page<Transaction>>(body) {
        page.data.into_iter().for_each(|one| drop(transactions::transaction(one)));
    }
    if let Ok(page) = serde_json::from_slice::<Page<Provider>>(body) {
        page.data.into_iter().for_each(|one| drop(institutions::institution(one)));
    }
    let consents = serde_json::from_slice::<Page<Consent>>(body).map(|page| page.data).unwrap_or_else(|_| consents());
    let connection = serde_json::from_slice::<One<Connection>>(body).map_or_else(|_| connection(), |one| one.data);
    let _ = (status::observation(&connection, &consents), status::lost(&connection, &consents));
    for code in [StatusCode::MOVED_PERMANENTLY, StatusCode::NOT_ACCEPTABLE, StatusCode::BAD_GATEWAY] {
        assert!(!error::failure(code, body, None).code.is_empty());
    }
    let _ = webhook::hints(body);
}

#[test]
fn nothing_panics() {
    feed(&FIXTURES, swallow);
}
