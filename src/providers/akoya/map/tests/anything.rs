//! Whatever comes, nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::fixture;
use crate::domain::secret::Secret;
use crate::providers::akoya::map;
use crate::providers::akoya::wire::account::Accounts;
use crate::providers::akoya::wire::contact::{Contacts, CurrentCustomer, PaymentNetworks};
use crate::providers::akoya::wire::token::{Claims, Providers, ServiceToken, Tokens};
use crate::providers::akoya::wire::transaction::Transactions;

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Accounts>(body) {
        for (kind, account) in map::accounts::open_accounts(answer) {
            let _ = map::accounts::account(kind, &account, "provider", "sub");
            let _ = map::liabilities::liability(kind, &account);
            let _ = map::holdings::holdings(&account);
        }
    }
    if let Ok(answer) = serde_json::from_slice::<Transactions>(body) {
        for row in answer.transactions.into_iter().filter_map(|row| row.open()) {
            let _ = map::transactions::transaction("a", None, &row);
            let _ = map::trades::trade("a", None, &row);
        }
    }
    let _ = serde_json::from_slice::<PaymentNetworks>(body).map(|answer| map::accounts::identifiers(&answer));
    let _ = serde_json::from_slice::<Contacts>(body).map(map::owners::holders);
    let _ = serde_json::from_slice::<CurrentCustomer>(body).map(map::owners::customer);
    if let Ok(answer) = serde_json::from_slice::<Providers>(body) {
        answer.providers.iter().for_each(|one| drop(map::institutions::institution(one, "US")));
    }
    let _ = serde_json::from_slice::<ServiceToken>(body);
    let _ = serde_json::from_slice::<Tokens>(body).map(|tokens| Claims::of(&tokens.id_token));
    let _ = Claims::of(&Secret::new(String::from_utf8_lossy(body)));
}

const FIXTURES: [&str; 7] = [
    fixture!("accounts_info"),
    fixture!("balances"),
    fixture!("accounts"),
    fixture!("transactions"),
    fixture!("payment_networks"),
    fixture!("contacts"),
    fixture!("customer"),
];

#[test]
fn deep_and_wide_bodies_are_refused_or_read() {
    for (open, close) in [("[", "]"), ("{\"accounts\":", "}"), ("{\"x\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        swallow(deep.as_bytes());
        swallow(format!("{{\"accounts\":[],\"transactions\":{deep},\"holders\":{deep}}}").as_bytes());
    }
    let account = json!({"depositAccount": {"accountId": "a", "currentBalance": 1.5}});
    swallow(json!({"accounts": vec![account; 20_000]}).to_string().as_bytes());
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
    fn any_change_of_an_example_is_refused_or_read(
        which in 0..FIXTURES.len(), mut at in 0_usize..200, with in anything(),
    ) {
        let mut body: Value = serde_json::from_str(FIXTURES[which]).unwrap();
        replace(&mut body, &mut at, &with);
        swallow(body.to_string().as_bytes());
    }
}
