//! Plaid's own example bodies as answers, whole and spoilt.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::exceptions::MISTAKEN_EXAMPLES;
use super::{Document, Judge, answer, pointers, with};

/// The operations that the adapter uses, or the simulator serves besides.
const OPERATIONS: [&str; 26] = [
    "/link/token/create",
    "/link/token/get",
    "/item/public_token/exchange",
    "/item/get",
    "/item/remove",
    "/item/webhook/update",
    "/accounts/get",
    "/accounts/balance/get",
    "/auth/get",
    "/identity/get",
    "/transactions/sync",
    "/transactions/refresh",
    "/investments/holdings/get",
    "/investments/transactions/get",
    "/investments/refresh",
    "/liabilities/get",
    "/institutions/get",
    "/institutions/get_by_id",
    "/institutions/search",
    "/processor/token/create",
    "/webhook_verification_key/get",
    "/sandbox/public_token/create",
    "/sandbox/item/reset_login",
    "/sandbox/item/fire_webhook",
    "/sandbox/transactions/create",
    "/sandbox/item/set_verification_status",
];

/// The first example of an operation's answer, put right where it is known to be mistaken.
fn example(judge: &Document, path: &str) -> Value {
    let examples = judge.response_examples(path);
    let (_, mut body) = examples.into_iter().next().expect("an example");
    if path == "/institutions/get_by_id" {
        body = with(&body, "/institution/status/investments/liabilities", None);
    }
    body
}

#[test]
fn every_operation_in_use_has_an_example_that_passes() {
    let Some(judge) = Judge::plaid() else { return };
    for path in OPERATIONS {
        assert_eq!(answer(judge, path, 200, &example(judge, path)), Ok(()), "{path}");
    }
}

#[test]
fn every_example_passes_but_for_those_listed_as_mistaken() {
    let Some(judge) = Judge::plaid() else { return };
    let paths = judge.description.at("#/paths").as_object().unwrap();
    let (mut judged, mut mistaken) = (0, HashSet::new());
    for path in paths.keys() {
        let row = MISTAKEN_EXAMPLES.iter().find(|row| row.path == path);
        for (name, body) in judge.response_examples(path) {
            judged += 1;
            let (_, methods) = judge.description.path_item(path).unwrap();
            let operation = ["get", "post"].iter().find_map(|method| methods.get(method));
            let complaints = judge.response(path, operation.unwrap(), 200, body.to_string().as_bytes());
            let fields = row.map_or(&[][..], |row| row.fields);
            let known = |complaint: &String| fields.iter().any(|field| complaint.contains(field));
            assert!(complaints.iter().all(known), "{name}: {complaints:#?}");
            for field in fields {
                let said = complaints.iter().any(|complaint| complaint.contains(field));
                assert!(said, "{path} has {field} right by now: not an exception any more");
            }
            if !complaints.is_empty() {
                mistaken.insert(path.as_str());
            }
        }
    }
    assert_eq!((judged, mistaken.len()), (316, MISTAKEN_EXAMPLES.len()));
}

#[test]
fn an_unknown_field_is_refused_in_every_object() {
    let Some(judge) = Judge::plaid() else { return };
    for path in OPERATIONS {
        let body = example(judge, path);
        for pointer in pointers(&body) {
            if body.pointer(&pointer).unwrap().is_object() {
                let spoilt = with_field(&body, &pointer);
                let complaints = answer(judge, path, 200, &spoilt).expect_err(&format!("{path} {pointer}"));
                assert!(complaints[0].contains("unheard_of"), "{complaints:?}");
            }
        }
    }
}

fn with_field(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    body.pointer_mut(pointer).unwrap()["unheard_of"] = json!(1);
    body
}

#[test]
fn a_wrong_type_is_refused_everywhere() {
    let Some(judge) = Judge::plaid() else { return };
    for path in OPERATIONS {
        let body = example(judge, path);
        for pointer in pointers(&body).iter().skip(1) {
            let wrong = match body.pointer(pointer).unwrap() {
                Value::String(_) | Value::Object(_) => json!([17]),
                _ => json!({ "unheard_of": true }),
            };
            let spoilt = with(&body, pointer, Some(wrong));
            assert!(answer(judge, path, 200, &spoilt).is_err(), "{path} {pointer}");
        }
    }
}

/// Spoils an operation's example in each place, and asks for one complaint that names the place or the missing field.
fn all_refused(rows: &[(&str, &str, Option<Value>)]) {
    let Some(judge) = Judge::plaid() else { return };
    for (path, pointer, replacement) in rows {
        let spoilt = with(&example(judge, path), pointer, replacement.clone());
        let complaints = answer(judge, path, 200, &spoilt).expect_err(&format!("{path} {pointer}"));
        let named = match replacement {
            Some(_) => format!(": {pointer}: "),
            None => format!("\"{}\" is a required property", pointer.rsplit('/').next().unwrap()),
        };
        assert!(complaints.iter().any(|complaint| complaint.contains(&named)), "{complaints:?}");
    }
}

#[test]
fn a_missing_required_field_is_refused() {
    all_refused(&[
        ("/link/token/create", "/expiration", None),
        ("/item/get", "/item/billed_products", None),
        ("/accounts/get", "/request_id", None),
        ("/accounts/get", "/accounts/1/balances/current", None),
        ("/identity/get", "/accounts/0/owners", None),
        ("/identity/get", "/accounts/0/account_id", None),
        ("/identity/get", "/accounts/0/owners/0/emails/0/primary", None),
        ("/auth/get", "/numbers/bacs", None),
        ("/transactions/sync", "/next_cursor", None),
        ("/transactions/sync", "/added/0/amount", None),
        ("/transactions/sync", "/added/0/payment_channel", None),
        ("/investments/holdings/get", "/accounts/0/name", None),
        ("/investments/holdings/get", "/accounts/0/balances/margin_loan_amount", None),
        ("/investments/holdings/get", "/accounts/0/balances/available", None),
        ("/liabilities/get", "/liabilities/credit", None),
        ("/institutions/search", "/institutions/0/oauth", None),
        ("/webhook_verification_key/get", "/key/expired_at", None),
    ]);
}

#[test]
fn null_is_refused_where_the_description_does_not_allow_it() {
    all_refused(&[
        ("/item/get", "/item/item_id", Some(Value::Null)),
        ("/accounts/get", "/accounts/0/name", Some(Value::Null)),
        ("/accounts/get", "/accounts/0/type", Some(Value::Null)),
        ("/identity/get", "/accounts/0/owners", Some(Value::Null)),
        ("/investments/holdings/get", "/accounts/0/balances", Some(Value::Null)),
        ("/transactions/sync", "/has_more", Some(Value::Null)),
        ("/transactions/sync", "/added/0/amount", Some(Value::Null)),
        ("/auth/get", "/numbers/ach", Some(Value::Null)),
    ]);
}

#[test]
fn null_passes_where_the_description_allows_it() {
    let Some(judge) = Judge::plaid() else { return };
    for (path, pointer) in [
        ("/item/get", "/item/institution_id"),
        ("/item/get", "/status"),
        ("/accounts/get", "/accounts/0/mask"),
        ("/accounts/get", "/accounts/0/subtype"),
        ("/identity/get", "/accounts/0/official_name"),
        ("/investments/holdings/get", "/accounts/0/balances/available"),
        ("/transactions/sync", "/added/0/merchant_name"),
        ("/liabilities/get", "/liabilities/mortgage"),
    ] {
        let body = with(&example(judge, path), pointer, Some(Value::Null));
        assert_eq!(answer(judge, path, 200, &body), Ok(()), "{path} {pointer}");
    }
}

#[test]
fn a_wrong_enum_or_date_is_refused() {
    all_refused(&[
        ("/item/get", "/item/update_type", Some(json!("sometimes"))),
        ("/item/get", "/item/products/0", Some(json!("horoscopes"))),
        ("/accounts/get", "/accounts/0/subtype", Some(json!("mattress"))),
        ("/identity/get", "/accounts/0/type", Some(json!("mattress"))),
        ("/transactions/sync", "/added/0/payment_channel", Some(json!("by post"))),
        ("/transactions/sync", "/transactions_update_status", Some(json!("DONE"))),
        ("/transactions/sync", "/added/0/date", Some(json!("24.09.2023"))),
        ("/transactions/sync", "/added/0/datetime", Some(json!("2023-09-24"))),
        ("/institutions/search", "/institutions/0/country_codes/0", Some(json!("XX"))),
    ]);
}

#[test]
fn an_error_answer_is_a_whole_error() {
    let Some(judge) = Judge::plaid() else { return };
    let error = json!({
        "error_type": "ITEM_ERROR",
        "error_code": "ITEM_LOGIN_REQUIRED",
        "error_message": "the login details of this item have changed",
        "display_message": null,
        "request_id": "HNTDNrA8F1shFEW",
        "documentation_url": "https://plaid.com/docs/errors/item/",
        "suggested_action": null,
    });
    for path in OPERATIONS {
        for status in [400, 429, 500] {
            assert_eq!(answer(judge, path, status, &error), Ok(()), "{path} {status}");
            assert!(answer(judge, path, status, &with_field(&error, "")).is_err());
            assert!(answer(judge, path, status, &with(&error, "/request_id", None)).is_err());
            assert!(answer(judge, path, status, &with(&error, "/error_code", None)).is_err());
            assert!(answer(judge, path, status, &with(&error, "/error_type", Some(json!("ODD")))).is_err());
            assert!(answer(judge, path, status, &Value::Null).is_err());
        }
        assert!(answer(judge, path, 200, &error).is_err(), "{path}");
    }
}
