//! `/sandbox/*` and what goes with it, as a user of Plaid's calls it; each exchange is judged by the description.

use linkspan::net::{Call, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::plaid;
use crate::contract::Rig;
use crate::support::TestApp;

/// Calls an operation as a team's own server does.
async fn call(rig: &Rig, path: &'static str, body: Value) -> (u16, Value) {
    let mut call = Call::post_json(path, path, body.to_string().into_bytes());
    for (name, value) in
        [("plaid-client-id", "sandbox"), ("plaid-secret", "sandbox-secret"), ("plaid-version", "2020-09-14")]
    {
        call = call.header(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let reply = rig.entry.upstream.send(call).await.unwrap();
    (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap())
}

async fn good(rig: &Rig, path: &'static str, body: Value) -> Value {
    let (status, answer) = call(rig, path, body).await;
    assert_eq!(status, 200, "{path}: {answer:#}");
    answer
}

async fn refused(rig: &Rig, path: &'static str, body: Value) -> String {
    let (status, answer) = call(rig, path, body).await;
    assert!(status >= 400, "{path}: {answer:#}");
    answer["error_code"].as_str().unwrap().to_owned()
}

/// A new Item's access token, without a page.
async fn item(rig: &Rig, products: &[&str]) -> String {
    let found = good(
        rig,
        "/institutions/search",
        json!({ "query": "First Platypus", "country_codes": ["US"], "products": null }),
    )
    .await;
    let institution = found["institutions"][0]["institution_id"].clone();
    let options = json!({ "webhook": rig.webhook_url() });
    let made = json!({ "institution_id": institution, "initial_products": products, "options": options });
    let made = good(rig, "/sandbox/public_token/create", made).await;
    let exchanged = good(rig, "/item/public_token/exchange", json!({ "public_token": made["public_token"] })).await;
    exchanged["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_made_broken_and_told_of_without_a_page() {
    let rig = plaid().await;
    let token = item(&rig, &["transactions", "auth"]).await;
    let of_item = json!({ "access_token": token });
    assert_eq!(good(&rig, "/item/get", of_item.clone()).await["item"]["error"], Value::Null);
    assert_eq!(good(&rig, "/sandbox/item/reset_login", of_item.clone()).await["reset_login"], true);
    assert_eq!(good(&rig, "/item/get", of_item.clone()).await["item"]["error"]["error_code"], "ITEM_LOGIN_REQUIRED");
    assert_eq!(refused(&rig, "/accounts/get", of_item.clone()).await, "ITEM_LOGIN_REQUIRED");
    let told = rig.webhook(|one| one.body.windows(19).any(|part| part == b"ITEM_LOGIN_REQUIRED")).await;
    assert!(told.headers.contains_key("plaid-verification"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_that_the_description_lists_can_be_fired_or_is_refused_by_name() {
    let rig = plaid().await;
    let token = item(&rig, &["transactions", "auth"]).await;
    for code in [
        "DEFAULT_UPDATE",
        "NEW_ACCOUNTS_AVAILABLE",
        "SMS_MICRODEPOSITS_VERIFICATION",
        "USER_PERMISSION_REVOKED",
        "USER_ACCOUNT_REVOKED",
        "PENDING_DISCONNECT",
        "RECURRING_TRANSACTIONS_UPDATE",
        "LOGIN_REPAIRED",
        "SYNC_UPDATES_AVAILABLE",
        "ERROR",
    ] {
        let fired = json!({ "access_token": token, "webhook_code": code });
        assert_eq!(good(&rig, "/sandbox/item/fire_webhook", fired).await["webhook_fired"], true, "{code}");
        let named = format!("\"{code}\"");
        let came = rig.webhook(|one| String::from_utf8_lossy(&one.body).contains(&named)).await;
        let body: Value = serde_json::from_slice(&came.body).unwrap();
        if let Some(judge) = crate::judge::Judge::of("plaid") {
            assert_eq!(judge.webhook(&body), Ok(()), "{body:#}");
        }
    }
    let investments = json!({ "access_token": token, "webhook_type": "HOLDINGS", "webhook_code": "DEFAULT_UPDATE" });
    assert_eq!(refused(&rig, "/sandbox/item/fire_webhook", investments).await, "SANDBOX_PRODUCT_NOT_ENABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_made_by_hand_come_with_the_next_sync() {
    let rig = plaid().await;
    let token = item(&rig, &["transactions"]).await;
    rig.move_clock(chrono::TimeDelta::hours(1));
    let today = rig.clock.now().date_naive().to_string();
    let row = json!({ "date_transacted": today, "date_posted": today, "amount": 12.34, "description": "By hand" });
    let made = json!({ "access_token": token, "transactions": [row] });
    good(&rig, "/sandbox/transactions/create", made.clone()).await;
    let synced = good(&rig, "/transactions/sync", json!({ "access_token": token, "count": 500 })).await;
    let mut cursor = synced["next_cursor"].clone();
    let mut found = synced["added"].as_array().unwrap().clone();
    for _ in 0..20 {
        let page =
            good(&rig, "/transactions/sync", json!({ "access_token": token, "count": 500, "cursor": cursor })).await;
        found.extend(page["added"].as_array().unwrap().clone());
        cursor = page["next_cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    let by_hand: Vec<_> = found.iter().filter(|row| row["name"] == "By hand").collect();
    assert_eq!(by_hand.len(), 1);
    assert_eq!(by_hand[0]["amount"], 12.34);
    let mut late = made;
    late["transactions"][0]["date_transacted"] = json!("2020-01-01");
    assert_eq!(refused(&rig, "/sandbox/transactions/create", late).await, "INVALID_FIELD");
}

#[tokio::test(flavor = "multi_thread")]
async fn deposits_are_recognised_or_expire_on_request() {
    let rig = plaid().await;
    let token = item(&rig, &["auth"]).await;
    let accounts = good(&rig, "/accounts/get", json!({ "access_token": token })).await;
    let account = accounts["accounts"][0]["account_id"].clone();
    let set = |status: &str| json!({ "access_token": token, "account_id": account, "verification_status": status });
    good(&rig, "/sandbox/item/set_verification_status", set("automatically_verified")).await;
    rig.webhook(|one| String::from_utf8_lossy(&one.body).contains("AUTOMATICALLY_VERIFIED")).await;
    let (status, _) = call(&rig, "/accounts/get", json!({ "access_token": "access-sandbox-unheard-of" })).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn processors_get_tokens() {
    let rig = plaid().await;
    let token = item(&rig, &["auth"]).await;
    let accounts = good(&rig, "/auth/get", json!({ "access_token": token })).await;
    let account = accounts["numbers"]["ach"][0]["account_id"].clone();
    let stripe = json!({ "access_token": token, "account_id": account });
    let made = good(&rig, "/processor/stripe/bank_account_token/create", stripe).await;
    assert!(made["stripe_bank_account_token"].as_str().unwrap().starts_with("btok_"));
    let unknown = json!({ "access_token": token, "account_id": "nobody's" });
    assert_eq!(refused(&rig, "/processor/stripe/bank_account_token/create", unknown).await, "INVALID_ACCOUNT_ID");
    let dwolla = json!({ "access_token": token, "account_id": account, "processor": "dwolla" });
    let made = good(&rig, "/processor/token/create", dwolla).await;
    assert!(made["processor_token"].as_str().unwrap().starts_with("processor-sandbox-"));
    let found =
        good(&rig, "/institutions/search", json!({ "query": "Tartan", "country_codes": ["US"], "products": null }))
            .await;
    let institution = found["institutions"][0]["institution_id"].clone();
    let made = good(&rig, "/sandbox/processor_token/create", json!({ "institution_id": institution })).await;
    assert!(made["processor_token"].as_str().unwrap().starts_with("processor-sandbox-"));
    let options = json!({ "override_username": "user_locked" });
    let locked = json!({ "institution_id": institution, "options": options });
    assert_eq!(refused(&rig, "/sandbox/processor_token/create", locked).await, "ITEM_LOCKED");
    let nowhere = json!({ "institution_id": "ins_unheard_of" });
    assert_eq!(refused(&rig, "/sandbox/processor_token/create", nowhere).await, "INVALID_INSTITUTION");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_can_be_played_like_the_hosted_page() {
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__PLAID__HOSTED_LINK", "false")]).await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.post(&format!("/sandbox/connections/{id}/reset-login"), json!({})).await.expect(200);
    let repair = app.post(&format!("/connections/{id}/repair"), json!({})).await.expect(201);
    let left = app.play(&repair, None, json!({ "password": "wrong" })).await;
    assert_eq!(left.problem(409, "USER_ACTION_REQUIRED")["attempt"], "INVALID_CREDENTIALS");
    let repaired = app.play(&repair, None, json!({})).await.expect(200);
    assert_eq!(repaired["status"], "ACTIVE", "{repaired:#}");
}
