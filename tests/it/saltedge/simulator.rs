//! The simulator says no where Salt Edge says no, and its answers hold documented fields alone: there is no description to judge them by.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use linkspan::providers::link::Linked;
use serde_json::{Value, json};

use super::{rig, sandbox_key};
use crate::contract::Rig;

/// The sandbox's client at the simulator.
struct Client<'a> {
    rig: &'a Rig,
    key: KeyPair,
    http: reqwest::Client,
}

impl<'a> Client<'a> {
    fn new(rig: &'a Rig) -> Self {
        Self { rig, key: sandbox_key(), http: crate::support::client().build().unwrap() }
    }

    /// Status, and class of the error or data; the signature holds for so many seconds and is over that address.
    async fn send(&self, method: &str, path: &str, body: &str, holds: i64, signed_path: &str) -> (u16, Value) {
        let base = self.rig.entry.upstream.base_url().as_str().trim_end_matches('/');
        let ends = (self.rig.clock.now().timestamp() + holds).to_string();
        let message = format!("{ends}|{method}|{base}{signed_path}|{body}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        let request = self.http.request(method.parse().unwrap(), format!("{base}{path}"));
        let request = request.header("app-id", "sandbox").header("secret", "sandbox-secret").header("expires-at", ends);
        let request = request.header("signature", BASE64_STANDARD.encode(signature));
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let status = answer.status().as_u16();
        let mut body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (status, if status == 200 { body["data"].take() } else { body["error"]["class"].take() })
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "", 60, path).await
    }

    async fn post(&self, path: &str, data: Value) -> (u16, Value) {
        self.send("POST", path, &json!({ "data": data }).to_string(), 60, path).await
    }
}

fn class(name: &str) -> Value {
    json!(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_signed_and_fresh_is_taken() {
    let rig = rig().await;
    let client = Client::new(&rig);
    let path = "/providers?per_page=2";
    assert_eq!(client.get(path).await.0, 200);
    let refused = async |holds, signed| client.send("GET", path, "", holds, signed).await;
    assert_eq!(refused(60, "/providers?per_page=3").await, (400, class("SignatureNotMatch")));
    assert_eq!(refused(-1, path).await, (400, class("RequestExpired")));
    assert_eq!(refused(7200, path).await, (400, class("ExpiresAtInvalid")));
    let bare = client.http.get(format!("{}providers", rig.entry.upstream.base_url())).header("app-id", "sandbox");
    assert_eq!(bare.try_clone().unwrap().send().await.unwrap().status(), 404, "without the secret");
    assert_eq!(bare.header("secret", "sandbox-secret").send().await.unwrap().status(), 400, "not signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_opened_for_what_is_agreed_to_alone() {
    let rig = rig().await;
    let client = Client::new(&rig);
    let customer = client.post("/customers", json!({ "identifier": "one" })).await.1["customer_id"].clone();
    let again = client.post("/customers", json!({ "identifier": "one" })).await;
    assert_eq!(again, (406, class("DuplicatedCustomer")));
    let body = json!({
        "customer_id": customer, "automatic_refresh": false, "provider": { "code": "isarwinkel" },
        "consent": { "scopes": ["accounts"], "from_date": "2026-01-01", "period_days": 90 },
        "attempt": { "fetch_scopes": ["accounts"], "return_to": "https://us.example/back" },
    });
    assert_eq!(client.post("/connections/connect", body.clone()).await.0, 200);
    for (pointer, value, status, refused) in [
        ("/customer_id", json!("1"), 404, "CustomerNotFound"),
        ("/provider/code", json!("nowhere"), 404, "ProviderNotFound"),
        ("/consent/scopes", json!(["everything"]), 406, "ConsentScopesNotAllowed"),
        ("/attempt/fetch_scopes", json!(["accounts", "transactions"]), 406, "FetchScopesNotAllowed"),
        ("/consent/period_days", json!(181), 406, "ConsentPeriodTooLong"),
        ("/consent/from_date", json!("yesterday"), 406, "DateFormatInvalid"),
        ("/attempt/return_to", json!("nowhere"), 406, "ReturnURLInvalid"),
        ("/automatic_refresh", Value::Null, 406, "AutomaticRefreshMissing"),
    ] {
        let mut odd = body.clone();
        *odd.pointer_mut(pointer).unwrap() = value;
        assert_eq!(client.post("/connections/connect", odd).await, (status, class(refused)), "{pointer}");
    }
    assert_eq!(client.get("/accounts?connection_id=1").await, (404, class("ConnectionNotFound")));
    assert_eq!(client.get("/customers?per_page=1001").await, (406, class("PerPageInvalid")));
    assert_eq!(client.get("/rates").await, (404, class("RouteNotFound")));
}

/// Every field that is known of such a thing, by the official examples or by several clients; those in a field of its own after a dot.
const FIELDS: &[(&str, &str)] = &[
    (
        "connection",
        "id customer_id provider_code provider_name country_code status automatic_refresh \
         created_at updated_at next_refresh_possible_at last_consent_id last_attempt \
         holder_info categorization",
    ),
    (
        "connection.last_attempt",
        "id finished finished_recent partial success_at fail_at fail_error_class fail_message \
         last_stage custom_fields",
    ),
    ("connection.holder_info", "names emails phone_numbers addresses extra"),
    (
        "consent",
        "id connection_id customer_id status scopes from_date to_date period_days expires_at \
         collected_by revoked_at revoked_by",
    ),
    ("account", "id connection_id name nature balance currency_code extra created_at updated_at"),
    (
        "account.extra",
        "iban bban swift sort_code account_number account_name client_name available_amount \
         blocked_amount credit_limit closing_balance opening_balance balance_type cards \
         card_type interest_rate next_payment_amount next_payment_date status \
         transactions_count",
    ),
    (
        "transaction",
        "id account_id duplicated mode status made_on amount currency_code description \
         category extra created_at updated_at",
    ),
    (
        "transaction.extra",
        "payee payer payee_information payer_information posting_date posting_time time \
         merchant_id mcc end_to_end_id id original_amount original_currency_code \
         account_balance_snapshot additional information possible_duplicate",
    ),
    (
        "provider",
        "id code name country_code mode status regulated bic_codes logo_url max_consent_days \
         refresh_timeout supported_account_natures supported_fetch_scopes \
         supported_account_extra_fields",
    ),
    ("customer", "id customer_id identifier secret created_at updated_at"),
];

/// The fields that nobody has documented, of a thing or a list of them.
fn undocumented(thing: &str, shown: &Value) -> Vec<String> {
    let known = |name: &str| FIELDS.iter().find(|(of, _)| *of == name).map(|(_, fields)| *fields);
    let rows = shown.as_array().cloned().unwrap_or_else(|| vec![shown.clone()]);
    let mut odd = Vec::new();
    for (field, value) in rows.iter().filter_map(Value::as_object).flatten() {
        if !known(thing).unwrap().split_whitespace().any(|one| one == field) {
            odd.push(format!("{thing}.{field}"));
        }
        let inner = format!("{thing}.{field}");
        if value.is_object() && known(&inner).is_some() {
            odd.extend(undocumented(&inner, value));
        }
    }
    odd
}

#[tokio::test(flavor = "multi_thread")]
async fn fixtures_and_answers_hold_documented_fields_alone() {
    let rig = rig().await;
    let client = Client::new(&rig);
    let Linked { provider_connection_id: id, .. } = rig.ready().await;
    macro_rules! fixture {
        ($name:literal) => {{
            let text = include_str!(concat!("../../../src/providers/saltedge/fixtures/", $name, ".json"));
            serde_json::from_str::<Value>(text).unwrap()["data"].take()
        }};
    }
    let shown = async |path: String| client.get(&path).await.1;
    for (thing, one) in [
        ("connection", fixture!("connection")),
        ("consent", fixture!("consents")),
        ("account", fixture!("accounts")),
        ("transaction", fixture!("transactions")),
        ("provider", fixture!("providers")),
        ("connection", shown(format!("/connections/{id}?include_holder_info=true")).await),
        ("consent", shown(format!("/consents?connection_id={id}")).await),
        ("account", shown(format!("/accounts?connection_id={id}")).await),
        ("transaction", shown(format!("/transactions?connection_id={id}")).await),
        ("provider", shown("/providers".to_owned()).await),
        ("customer", shown("/customers".to_owned()).await),
    ] {
        assert!(one.as_array().is_none_or(|rows| !rows.is_empty()) && !one.is_null(), "{thing}: {one:#}");
        assert_eq!(undocumented(thing, &one), Vec::<String>::new());
    }
}
