//! Whatever comes, nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::fixture;
use crate::net::{HeaderMap, HeaderValue, StatusCode};
use crate::providers::plaid::wire::account::{Accounts, Auth, Identity};
use crate::providers::plaid::wire::institution::Institutions;
use crate::providers::plaid::wire::investment::{Holdings, Trades};
use crate::providers::plaid::wire::item::ItemState;
use crate::providers::plaid::wire::liability::Liabilities;
use crate::providers::plaid::wire::link::{TokenCreated, TokenState};
use crate::providers::plaid::wire::transaction::SyncPage;
use crate::providers::plaid::wire::webhook::VerificationKey;
use crate::providers::plaid::wire::{Done, Exchanged, PlaidError, ProcessorToken, StripeToken};
use crate::providers::plaid::{error, map, webhook};

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Accounts>(body) {
        answer.accounts.into_iter().for_each(|one| drop(map::accounts::account(one, None)));
    }
    let _ = serde_json::from_slice::<Auth>(body).map(|auth| map::accounts::identifiers(auth.numbers));
    let _ = serde_json::from_slice::<Identity>(body).map(map::accounts::owners);
    let _ = serde_json::from_slice::<SyncPage>(body).map(map::transactions::page);
    let _ = serde_json::from_slice::<Holdings>(body).map(map::investments::holdings);
    let _ = serde_json::from_slice::<Trades>(body).map(map::investments::trades);
    let _ = serde_json::from_slice::<Liabilities>(body).map(|all| map::liabilities::liabilities(all.liabilities));
    let _ = serde_json::from_slice::<ItemState>(body).map(|state| map::status::observation(state.item));
    if let Ok(answer) = serde_json::from_slice::<Institutions>(body) {
        answer.institutions.into_iter().for_each(|one| drop(map::institutions::institution(one)));
    }
    let _ = serde_json::from_slice::<TokenCreated>(body);
    let _ = serde_json::from_slice::<TokenState>(body);
    let _ = serde_json::from_slice::<VerificationKey>(body);
    let _ = serde_json::from_slice::<Exchanged>(body);
    let _ = serde_json::from_slice::<ProcessorToken>(body);
    let _ = serde_json::from_slice::<StripeToken>(body);
    let _ = serde_json::from_slice::<PlaidError>(body);
    let _ = serde_json::from_slice::<Done>(body);
    for status in [StatusCode::MOVED_PERMANENTLY, StatusCode::BAD_REQUEST, StatusCode::BAD_GATEWAY] {
        assert!(!error::failure(status, body, None).code.is_empty());
    }
    let _ = webhook::hints(body);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(body) {
        headers.insert("plaid-verification", value);
    }
    let _ = (webhook::key_id(&headers), webhook::signature(&headers));
}

const FIXTURES: [&str; 11] = [
    fixture!("accounts_get"),
    fixture!("auth_get"),
    fixture!("identity_get"),
    fixture!("transactions_sync"),
    fixture!("holdings_get"),
    fixture!("investment_transactions_get"),
    fixture!("liabilities_get"),
    fixture!("item_get"),
    fixture!("institutions_get"),
    fixture!("link_token_get"),
    fixture!("webhook_key_get"),
];

#[test]
fn every_example_is_swallowed() {
    FIXTURES.iter().for_each(|body| swallow(body.as_bytes()));
}

#[test]
fn deep_and_wide_bodies_are_refused_or_read() {
    for (open, close) in [("[", "]"), ("{\"accounts\":", "}"), ("{\"x\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        swallow(deep.as_bytes());
        swallow(format!("{{\"accounts\":[],\"added\":{deep},\"item\":{deep},\"key\":{deep}}}").as_bytes());
    }
    let account = json!({"account_id": "a", "balances": {"current": 1.5}, "name": "n"});
    swallow(json!({"accounts": vec![account; 20_000]}).to_string().as_bytes());
    swallow(
        format!("{{\"accounts\":[{{\"account_id\":\"a\",\"balances\":{{\"current\":{}}}}}]}}", "9".repeat(100_000))
            .as_bytes(),
    );
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
            proptest::collection::btree_map("[a-z_]{1,12}", inner, 0..4)
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
        which in 0..FIXTURES.len(), mut at in 0_usize..400, with in anything(),
    ) {
        let mut body: Value = serde_json::from_str(FIXTURES[which]).unwrap();
        replace(&mut body, &mut at, &with);
        swallow(body.to_string().as_bytes());
    }

    #[test]
    fn any_cut_of_an_example_is_refused_or_read(which in 0..FIXTURES.len(), end in 0_usize..4_000) {
        let body = FIXTURES[which].as_bytes();
        swallow(&body[..end.min(body.len())]);
    }
}
