//! Plaid's webhooks by schema name, with the examples that stand on the schemas.

use serde_json::{Value, json};

use super::super::webhooks::{WEBHOOKS, schema_name};
use super::{Document, Judge, with};

fn examples(judge: &Document, name: &str) -> Vec<Value> {
    let schema = judge.description.component(name).expect(name);
    let examples = schema["x-examples"].as_object().expect(name);
    examples.values().cloned().collect()
}

#[test]
fn every_webhook_has_an_example_that_passes() {
    let Some(judge) = Judge::plaid() else { return };
    for (kind, code, name) in WEBHOOKS {
        for body in examples(judge, name) {
            assert_eq!((&body["webhook_type"], &body["webhook_code"]), (&json!(kind), &json!(code)), "{name}");
            assert_eq!(judge.schema(name, &body), Ok(()), "{name}");
        }
    }
}

#[test]
fn spoilt_webhooks_are_refused() {
    let Some(judge) = Judge::plaid() else { return };
    for (_, _, name) in WEBHOOKS {
        let body = examples(judge, name).remove(0);
        for (pointer, wrong) in [
            ("/webhook_code", None),
            ("/webhook_code", Some(json!(1))),
            ("/environment", Some(json!("moon"))),
            ("/unheard_of", Some(json!(1))),
        ] {
            let spoilt = with(&body, pointer, wrong);
            assert!(judge.schema(name, &spoilt).is_err(), "{name} {pointer}");
        }
    }
}

#[test]
fn an_error_inside_of_a_webhook_may_be_null_and_needs_no_request_id() {
    let Some(judge) = Judge::plaid() else { return };
    let body = examples(judge, "ItemErrorWebhook").remove(0);
    let null = with(&body, "/error", Some(Value::Null));
    assert_eq!(judge.schema("ItemErrorWebhook", &null), Ok(()));
    assert!(body["error"].get("request_id").is_none());
    let unknown = with(&body, "/error/unheard_of", Some(json!(1)));
    assert!(judge.schema("ItemErrorWebhook", &unknown).is_err());
}

#[test]
fn webhooks_are_found_by_type_and_code() {
    let Some(judge) = Judge::of("plaid") else { return };
    let fired = |kind: &str, code: &str| {
        judge.webhook(&json!({ "webhook_type": kind, "webhook_code": code, "item_id": "i", "environment": "sandbox" }))
    };
    assert_eq!(fired("ITEM", "NEW_ACCOUNTS_AVAILABLE"), Ok(()));
    // That one says which error.
    assert!(fired("ITEM", "ERROR").is_err());
    assert!(fired("ITEM", "SYNC_UPDATES_AVAILABLE").unwrap_err()[0].contains("no schema is known"));
}

#[test]
fn a_provider_whose_webhooks_are_not_described_is_not_judged_by_them() {
    assert!(schema_name("example", &json!({ "webhook_type": "ITEM", "webhook_code": "ERROR" })).is_none());
}
