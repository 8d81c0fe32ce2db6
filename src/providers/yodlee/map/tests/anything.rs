//! Whatever comes, nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::fixture;
use crate::net::StatusCode;
use crate::providers::yodlee::wire::TokenAnswer;
use crate::providers::yodlee::wire::account::{Accounts, LatestBalances, Statements};
use crate::providers::yodlee::wire::holding::Holdings;
use crate::providers::yodlee::wire::institution::Providers;
use crate::providers::yodlee::wire::provider_account::{Consents, ProviderAccounts};
use crate::providers::yodlee::wire::transaction::{Count, Transactions};
use crate::providers::yodlee::{error, map, webhook};

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    let statements = serde_json::from_slice::<Statements>(body).ok().and_then(|all| all.statement).unwrap_or_default();
    let latest = serde_json::from_slice::<LatestBalances>(body).ok().and_then(|all| all.account_balance);
    for account in serde_json::from_slice::<Accounts>(body).ok().and_then(|all| all.account).unwrap_or_default() {
        let _ = map::liabilities::liability(&account, &statements);
        let mut account = map::accounts::account(account, true, true);
        for latest in latest.iter().flatten() {
            map::accounts::refresh(&mut account, latest, chrono::DateTime::UNIX_EPOCH);
        }
    }
    for one in serde_json::from_slice::<Transactions>(body).ok().and_then(|all| all.transaction).unwrap_or_default() {
        let _ = (map::transactions::transaction(&one), map::investments::trade(&one));
    }
    for one in serde_json::from_slice::<Holdings>(body).ok().and_then(|all| all.holding).unwrap_or_default() {
        let _ = map::investments::holding(&one);
    }
    for one in serde_json::from_slice::<Providers>(body).ok().and_then(|all| all.provider).unwrap_or_default() {
        let _ = map::institutions::institution(one);
    }
    let consents = serde_json::from_slice::<Consents>(body).ok().and_then(|all| all.consent).unwrap_or_default();
    let logins = serde_json::from_slice::<ProviderAccounts>(body).ok().and_then(|all| all.provider_account);
    for one in logins.iter().flatten() {
        let _ = (map::status::observation(one, &consents), map::status::update(one));
    }
    let _ = serde_json::from_slice::<Count>(body);
    let _ = serde_json::from_slice::<TokenAnswer>(body);
    for status in [200, 400, 401, 404, 418, 429, 500] {
        let _ = error::failure(StatusCode::from_u16(status).unwrap(), body, None, status == 400);
    }
    let _ = webhook::hints(body);
}

const FIXTURES: [&str; 9] = [
    fixture!("accounts"),
    fixture!("latest_balances"),
    fixture!("transactions"),
    fixture!("holdings"),
    fixture!("statements"),
    fixture!("provider_account"),
    fixture!("consents"),
    fixture!("providers"),
    fixture!("refresh_event"),
];

#[test]
fn every_example_is_swallowed() {
    FIXTURES.iter().for_each(|body| swallow(body.as_bytes()));
}

#[test]
fn deep_bodies_are_refused_or_read() {
    for (open, close) in [("[", "]"), ("{\"account\":", "}"), ("{\"event\":", "}")] {
        swallow(format!("{}1{}", open.repeat(100_000), close.repeat(100_000)).as_bytes());
    }
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

    #[test]
    fn any_cut_of_an_example_is_refused_or_read(which in 0..FIXTURES.len(), end in 0_usize..4_000) {
        let body = FIXTURES[which].as_bytes();
        swallow(&body[..end.min(body.len())]);
    }
}
