//! Whatever comes, nothing panics.

use serde_json::{Value, json};

use super::{connection, interface, transaction};
use crate::net::StatusCode;
use crate::providers::finapi::wire;
use crate::providers::finapi::{error, map, webhook};
use crate::providers::tests::feed;

/// A body through every type and mapping.
fn swallow(body: &[u8]) {
    let (now, today) = (chrono::DateTime::UNIX_EPOCH, chrono::NaiveDate::MIN);
    if let Ok(connection) = serde_json::from_slice::<wire::BankConnection>(body) {
        let _ = map::status::observation(&connection, &[], now);
        if let Ok(account) = serde_json::from_slice::<wire::Account>(body) {
            let _ = map::status::observation(&connection, std::slice::from_ref(&account), now);
            let _ = (map::accounts::is_there(&account), map::accounts::account(&connection, &account, true, true));
        }
    }
    if let Ok(row) = serde_json::from_slice::<wire::Transaction>(body) {
        let _ = map::transactions::booked(&row);
    }
    if let Ok(row) = serde_json::from_slice::<wire::PendingTransaction>(body) {
        let _ = map::transactions::pending(&row, today);
    }
    if let Ok(position) = serde_json::from_slice::<wire::Security>(body) {
        let _ = map::securities::holdings(&[position.clone(), position]);
    }
    if let Ok(bank) = serde_json::from_slice::<wire::Bank>(body) {
        let _ = map::institutions::institution(&bank, 80);
    }
    let _ = serde_json::from_slice::<wire::WebForm>(body);
    let _ = serde_json::from_slice::<wire::Task>(body);
    for status in [400, 401, 404, 418, 423, 429, 500, 510] {
        let _ = error::failure(StatusCode::from_u16(status).unwrap(), body, None, status == 404);
    }
    let _ = webhook::hints(body);
}

/// One object that is all of the examples at once.
fn example() -> Value {
    let mut all = connection(json!([interface(json!({}))]));
    for more in [
        transaction(json!({})),
        json!({ "bankConnectionId": 42, "accountType": "CreditCard", "balance": 1, "iban": "DE1", "location": "DE" }),
        json!({ "isin": "X", "quote": 1, "quoteType": "PERC", "marketValue": 1, "profitOrLoss": 1, "quantityNominal": 1 }),
        json!({ "owners": [{ "firstName": "A" }], "callbackHandle": "data:1", "errors": [{ "code": "LOCKED" }] }),
    ] {
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    all
}

#[test]
fn nothing_panics() {
    feed(&[&example().to_string()], swallow);
}
