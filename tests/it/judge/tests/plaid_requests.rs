//! Requests to Plaid, whole and spoilt.

use serde_json::{Value, json};

use super::{Judge, request, with};

/// A request body for each operation but the first, and its required fields.
const REQUESTS: [(&str, &str, &[&str]); 25] = [
    ("/link/token/get", r#"{ "link_token": "link-sandbox-1" }"#, &["link_token"]),
    ("/item/public_token/exchange", r#"{ "public_token": "public-sandbox-1" }"#, &["public_token"]),
    ("/item/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/item/remove", r#"{ "access_token": "a", "reason_code": "OTHER" }"#, &["access_token"]),
    ("/item/webhook/update", r#"{ "access_token": "a", "webhook": null }"#, &["access_token"]),
    ("/accounts/get", r#"{ "access_token": "a", "options": { "account_ids": ["b"] } }"#, &["access_token"]),
    ("/accounts/balance/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/auth/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/identity/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/transactions/sync", r#"{ "access_token": "a", "cursor": "c", "count": 500 }"#, &["access_token"]),
    ("/transactions/refresh", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/investments/holdings/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    (
        "/investments/transactions/get",
        r#"{ "access_token": "a", "start_date": "2026-01-01", "end_date": "2026-02-01" }"#,
        &["access_token", "start_date", "end_date"],
    ),
    ("/investments/refresh", r#"{ "access_token": "a" }"#, &["access_token"]),
    ("/liabilities/get", r#"{ "access_token": "a" }"#, &["access_token"]),
    (
        "/institutions/get",
        r#"{ "count": 500, "offset": 0, "country_codes": ["US", "GB"] }"#,
        &["count", "offset", "country_codes"],
    ),
    (
        "/institutions/get_by_id",
        r#"{ "institution_id": "ins_1", "country_codes": ["US"] }"#,
        &["institution_id", "country_codes"],
    ),
    ("/institutions/search", r#"{ "query": "bank", "country_codes": ["US"] }"#, &["query", "country_codes"]),
    (
        "/processor/token/create",
        r#"{ "access_token": "a", "account_id": "b", "processor": "dwolla" }"#,
        &["access_token", "account_id", "processor"],
    ),
    ("/webhook_verification_key/get", r#"{ "key_id": "k" }"#, &["key_id"]),
    (
        "/sandbox/public_token/create",
        r#"{ "institution_id": "ins_1", "initial_products": ["auth"] }"#,
        &["institution_id", "initial_products"],
    ),
    ("/sandbox/item/reset_login", r#"{ "access_token": "a" }"#, &["access_token"]),
    (
        "/sandbox/item/fire_webhook",
        r#"{ "access_token": "a", "webhook_code": "SYNC_UPDATES_AVAILABLE" }"#,
        &["access_token", "webhook_code"],
    ),
    (
        "/sandbox/transactions/create",
        r#"{ "access_token": "a", "transactions": [{ "amount": 1.5, "description": "Tea", "date_transacted": "2026-01-01", "date_posted": "2026-01-02" }] }"#,
        &["access_token", "transactions"],
    ),
    (
        "/sandbox/item/set_verification_status",
        r#"{ "access_token": "a", "account_id": "b", "verification_status": "automatically_verified" }"#,
        &["access_token", "account_id", "verification_status"],
    ),
];

fn requests() -> impl Iterator<Item = (&'static str, Value, &'static [&'static str])> {
    let parsed = REQUESTS.into_iter();
    let parsed = parsed.map(|(path, body, required)| (path, serde_json::from_str(body).unwrap(), required));
    let required: &[&str] = &["client_name", "language", "country_codes"];
    std::iter::once(("/link/token/create", link_token(), required)).chain(parsed)
}

fn link_token() -> Value {
    json!({
        "client_name": "Example",
        "language": "en",
        "country_codes": ["US"],
        "user": { "client_user_id": "u-1" },
        "products": ["transactions"],
        "required_if_supported_products": ["auth"],
        "optional_products": ["liabilities"],
        "additional_consented_products": ["investments"],
        "transactions": { "days_requested": 730 },
        "webhook": "https://example.com/webhooks",
        "redirect_uri": "https://example.com/callback",
        "hosted_link": { "completion_redirect_uri": "https://example.com/callback" },
    })
}

#[test]
fn good_requests_pass() {
    let Some(judge) = Judge::plaid() else { return };
    for (path, body, _) in requests() {
        assert_eq!(request(judge, path, &body), Ok(()), "{path}");
    }
}

#[test]
fn a_missing_required_field_is_refused() {
    let Some(judge) = Judge::plaid() else { return };
    for (path, body, required) in requests() {
        for field in required {
            let complaints = request(judge, path, &with(&body, &format!("/{field}"), None));
            let complaints = complaints.expect_err(&format!("{path} without {field}"));
            assert!(complaints[0].ends_with(&format!("\"{field}\" is a required property")), "{complaints:?}");
        }
        assert!(request(judge, path, &Value::Null).is_err());
    }
}

#[test]
fn an_unknown_field_is_refused() {
    let Some(judge) = Judge::plaid() else { return };
    for (path, body, _) in requests() {
        let mut spoilt = body.clone();
        spoilt["acess_token"] = json!("a");
        assert!(request(judge, path, &spoilt).is_err(), "{path}");
    }
}

#[test]
fn nested_mistakes_are_named_by_place() {
    let Some(judge) = Judge::plaid() else { return };
    let body = link_token();
    for (pointer, wrong, place) in [
        ("/user/client_userid", json!("u"), "/user: "),
        ("/products/0", json!("horoscopes"), "/products/0: "),
        ("/country_codes/0", json!("XX"), "/country_codes/0: "),
        ("/transactions/days_requested", json!("730"), "/transactions/days_requested: "),
        ("/transactions/days_requested", json!(100_000), "/transactions/days_requested: "),
        ("/hosted_link/uri", json!("https://example.com"), "/hosted_link: "),
        ("/webhook", Value::Null, "/webhook: "),
    ] {
        let complaints = request(judge, "/link/token/create", &with(&body, pointer, Some(wrong)));
        let complaints = complaints.expect_err(pointer);
        assert!(complaints[0].contains(place), "{complaints:?}");
    }
}

#[test]
fn a_whole_exchange_is_judged_on_both_sides() {
    let Some(judge) = Judge::plaid() else { return };
    let (sent, answered) = (json!({ "access_token": "a" }), json!({ "request_id": "r" }));
    let exchange = |path: &str, sent: &Value, answered: &Value| {
        judge.exchange("POST", path, sent.to_string().as_bytes(), 200, answered.to_string().as_bytes())
    };
    assert_eq!(exchange("/transactions/refresh", &sent, &answered), Ok(()));
    assert!(exchange("/transactions/reload", &sent, &answered).is_err());
    let both = exchange("/transactions/refresh", &json!({}), &json!({})).unwrap_err();
    assert_eq!(
        both,
        [
            "POST /transactions/refresh request: /: \"access_token\" is a required property",
            "POST /transactions/refresh answer 200: /: \"request_id\" is a required property",
        ]
    );
}
