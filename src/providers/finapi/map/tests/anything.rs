//! Whatever comes, nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{connection, interface, transaction};
use crate::net::StatusCode;
use crate::providers::finapi::wire;
use crate::providers::finapi::{error, map, webhook};

/// A body through every type and mapping.
fn swallow(body: &[u8]) {
    let (now, today) = (chrono::DateTime::UNIX_EPOCH, chrono::NaiveDate::MIN);
    if let Ok(connection) = serde_json::from_slice::<wire::BankConnection>(body) {
        let _ = map::status::observation(&connection, now);
        if let Ok(account) = serde_json::from_slice::<wire::Account>(body) {
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

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{1,12}", inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Puts `with` in the place of the `at`th value of the tree.
fn replace(tree: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *tree = with.clone();
    }
    *at = at.wrapping_sub(1);
    match tree {
        Value::Array(list) => list.iter_mut().for_each(|one| replace(one, at, with)),
        Value::Object(fields) => fields.values_mut().for_each(|one| replace(one, at, with)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        swallow(&body);
    }

    #[test]
    fn any_json_is_refused_or_read(body in anything()) {
        swallow(body.to_string().as_bytes());
    }

    #[test]
    fn any_change_of_an_example_is_refused_or_read(mut at in 0_usize..80, with in anything()) {
        let mut body = example();
        replace(&mut body, &mut at, &with);
        swallow(body.to_string().as_bytes());
    }

    #[test]
    fn any_cut_of_an_example_is_refused_or_read(end in 0_usize..4_000) {
        let body = example().to_string();
        swallow(&body.as_bytes()[..end.min(body.len())]);
    }
}
