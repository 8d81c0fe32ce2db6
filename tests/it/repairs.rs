//! Repairs (rules D), and what waits for one.

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{TestApp, essence, state};

#[tokio::test(flavor = "multi_thread")]
async fn d1_d4_a_login_is_restored_with_the_same_credential_and_leaving_changes_nothing() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    let broken = app.connection(&id).await;
    // F6: who must act, what they should do, and since when data is stale.
    assert_eq!(broken["actBy"], "CUSTOMER");
    assert!(broken["staleSince"].is_string() && broken["statusDetail"].as_str().unwrap().contains("repair"));
    assert_eq!(app.get(&format!("/connections/{id}/repair")).await.expect(200), broken["repair"]);
    let repair = app.repair(&id, json!({})).await;
    app.play(&repair, None, json!({ "abandon": true })).await.expect(202);
    assert_eq!(essence(&app.connection(&id).await), essence(&broken));
    let exchanges = app.fidelity.requests("/item/public_token/exchange").len();
    app.play(&repair, None, json!({})).await.expect(200);
    assert_eq!(app.settled(&id).await["status"], "ACTIVE");
    assert_eq!(app.fidelity.requests("/item/public_token/exchange").len(), exchanges, "nothing to exchange");
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert!(request["access_token"].is_string());
    assert_eq!((&request["products"], &request["additional_consented_products"]), (&Value::Null, &Value::Null));
    // D7: one fixed address without a query, our own state elsewhere.
    assert_eq!(request["redirect_uri"], format!("{}/connect/callback/PLAID", app.url));
    assert_eq!(app.events(&id, "connection.repaired", 1).await.len(), 1);
    assert_eq!(app.events(&id, "connection.recovered", 1).await.len(), 1);
    let changes = app.events(&id, "connection.status_changed", 2).await;
    let history = app.all(&format!("/connections/{id}/history")).await;
    assert_eq!((changes.len(), history.len()), (2, 4), "F5: one event and one row each");
    // F6: well again, data is not stale.
    assert_eq!(app.connection(&id).await["staleSince"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_each_reason_for_a_repair_is_told() {
    let app = TestApp::new().await;
    let reasons = async |id: &str| app.get(&format!("/connections/{id}/repair")).await.expect(200)["reasons"].clone();
    let asked = || json!({ "products": ["TRANSACTIONS"] });
    let id = app.linked_at("Harborview National Bank", asked(), json!({})).await;
    assert_eq!(reasons(&id).await, json!([]));
    app.knob(&id, "new-accounts", json!({})).await;
    let offered = app.get(&format!("/connections/{id}/repair")).await.expect(200);
    assert_eq!(offered, json!({ "required": false, "reasons": ["NEW_ACCOUNTS"] }));
    assert_eq!(app.events(&id, "connection.new_accounts_available", 1).await.len(), 1);
    app.knob(&id, "expire-consent", json!({})).await;
    assert_eq!(reasons(&id).await, json!(["CONSENT_EXPIRED", "NEW_ACCOUNTS"]));
    let repaired = app.repaired(&id, json!({ "accountSelection": true }), json!({})).await;
    assert_eq!((&repaired["status"], &repaired["repair"]["reasons"]), (&json!("ACTIVE"), &json!([])));
    app.knob(&id, "revoke", json!({})).await;
    assert_eq!(reasons(&id).await, json!(["PERMISSION_REVOKED"]));
    // G1: where update mode is refused, only a fresh link helps, and that is said in words.
    let lost = app.linked(asked()).await;
    app.knob(&lost, "revoke", json!({})).await;
    let repair = app.repair(&lost, json!({})).await;
    let refused = app.play(&repair, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    assert!(refused["detail"].as_str().unwrap().contains("links anew under the same id"), "{refused:#}");
    assert_eq!(
        (&refused["reasons"], &refused["repair"]),
        (&json!(["RELINK"]), &json!(format!("/connections/{lost}/repair")))
    );
    assert_eq!(reasons(&lost).await, json!(["PERMISSION_REVOKED", "RELINK"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_accounts_that_are_no_longer_shared_are_removed() {
    let app = TestApp::new().await;
    let id = app.linked_at("Platypus OAuth Bank", json!({ "products": ["TRANSACTIONS"] }), json!({})).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert!(accounts.len() > 2);
    let kept = accounts.iter().find(|account| account["subtype"] == "CHECKING").unwrap();
    let masks = json!({ "accounts": [kept["mask"]] });
    let filters = json!({ "accountFilters": { "depository": ["CHECKING"] } });
    let path = format!("/connections/{id}/repair");
    app.post(&path, filters).await.problem(400, "INVALID_REQUEST");
    // D5: also where only the institution's own page asked which accounts to share.
    let repaired = app.repaired(&id, json!({}), masks).await;
    assert_eq!(repaired["status"], "ACTIVE");
    let removed = app.events(&id, "accounts.removed", 1).await;
    assert_eq!(removed[0]["accountIds"].as_array().unwrap().len(), accounts.len() - 1);
    assert_eq!(removed[0]["cause"], "NOT_SHARED");
    let left = app.all(&format!("/transactions?connectionId={id}")).await;
    assert!(!left.is_empty() && left.iter().all(|row| row["accountId"] == kept["id"]));
    for account in &accounts {
        let now = app.get(&format!("/accounts/{}", account["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(now["status"] == "OPEN", account["id"] == kept["id"], "{now:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_a_choice_of_accounts_left_half_way_takes_asset_reports_away() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["ASSETS", "TRANSACTIONS"] })).await;
    assert_eq!(state(&app.connection(&id).await, "ASSETS"), ("AVAILABLE", None));
    let left = app.repair(&id, json!({ "accountSelection": true })).await;
    assert_eq!(left["mode"], "ACCOUNTS");
    app.play(&left, None, json!({ "password": "wrong" })).await.problem(409, "USER_ACTION_REQUIRED");
    let connection = app.connection(&id).await;
    assert_eq!(state(&connection, "ASSETS"), ("CONSENT_REQUIRED", Some("CONSENT_MISSING")));
    assert_eq!(
        (&connection["status"], &connection["repair"]["reasons"]),
        (&json!("ACTIVE"), &json!(["PRODUCT_CONSENT"]))
    );
    // No reading brings it back, only a repair for it does.
    app.knob(&id, "post-transactions", json!({})).await;
    assert_eq!(state(&app.connection(&id).await, "ASSETS").0, "CONSENT_REQUIRED");
    let repaired = app.repaired(&id, json!({ "products": ["ASSETS"] }), json!({})).await;
    assert_eq!(state(&repaired, "ASSETS"), ("AVAILABLE", None));
    // Another repair, or none at all, takes nothing away.
    let other = app.repair(&id, json!({})).await;
    app.play(&other, None, json!({ "password": "wrong" })).await.problem(409, "USER_ACTION_REQUIRED");
    app.repair(&id, json!({ "accountSelection": true })).await;
    app.advance(24 * 3600 + 1).await;
    app.until("/connect/sessions", |page| {
        page["data"].as_array().unwrap().iter().all(|session| session["outcome"] != "OPEN")
    })
    .await;
    assert_eq!(state(&app.connection(&id).await, "ASSETS").0, "AVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_consent_is_asked_for_further_products() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let repair = app.repair(&id, json!({ "products": ["OWNERS"] })).await;
    assert_eq!(repair["mode"], "CONSENT");
    app.play(&repair, None, json!({})).await.expect(200);
    let connection = app.settled(&id).await;
    assert_eq!(connection["additionalConsentedProducts"], json!(["OWNERS"]));
    assert_eq!(state(&connection, "OWNERS"), ("CONSENTED", None));
    assert!(app.fidelity.requests("/identity/get").is_empty());
    assert_eq!(app.add(&id, json!(["OWNERS"])).await.expect(200)["results"][0]["outcome"], "ADDED");
    assert_eq!(state(&app.settled(&id).await, "OWNERS"), ("AVAILABLE", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_no_repair_is_opened_for_what_the_institution_does_not_have() {
    let app = TestApp::new().await;
    let id = app.linked_at("Houndstooth Bank", json!({ "products": ["TRANSACTIONS"] }), json!({})).await;
    let asked = json!({ "products": ["OWNERS", "INVESTMENT_HOLDINGS", "IDENTIFIERS"] });
    let refused = app.post(&format!("/connections/{id}/repair"), asked).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let errors = refused["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|one| (&one["pointer"], &one["code"], &one["remedy"])).collect();
    let expected = [
        (&json!("/products/1"), &json!("UNSUPPORTED_BY_INSTITUTION"), &json!("NONE")),
        (&json!("/products/2"), &json!("NOT_ADDABLE_AFTER_LINK"), &json!("NEW_CONNECTION")),
    ];
    assert_eq!(told, expected);
    assert_eq!(app.all(&format!("/connect/sessions?connectionId={id}")).await.len(), 1, "no session was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_a_login_that_heals_elsewhere_closes_open_repairs() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    let repair = app.repair(&id, json!({})).await;
    app.knob(&id, "fire-webhook", json!({ "code": "LOGIN_REPAIRED" })).await;
    app.until(&format!("/connections/{id}"), |connection| connection["status"] == "ACTIVE").await;
    let sessions = app.all(&format!("/connect/sessions?connectionId={id}")).await;
    let session = sessions.last().unwrap();
    assert_eq!((&session["outcome"], &session["outcomeCode"]), (&json!("COMPLETED"), &json!("SELF_HEALED")));
    let token = repair["connectToken"].as_str().unwrap();
    app.post_as(token, "/connect/link-token", json!({})).await.problem(409, "CONNECT_SESSION_FINISHED");
    let recovered = app.events(&id, "connection.recovered", 1).await;
    assert_eq!((recovered.len(), &recovered[0]["cause"]), (1, &json!("AGGREGATION")));
    assert_eq!(app.events(&id, "connection.repaired", 0).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_a_repair_is_the_cause_whoever_hears_of_it_first() {
    let app = TestApp::new().await;
    for is_told_first in [false, true] {
        let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
        let works = async || {
            app.knob(&id, "fire-webhook", json!({ "code": "LOGIN_REPAIRED" })).await;
            app.until(&format!("/connections/{id}"), |connection| connection["status"] == "ACTIVE").await;
        };
        app.knob(&id, "reset-login", json!({})).await;
        let repair = app.repair(&id, json!({})).await;
        if is_told_first {
            // The customer is at the provider, where the login works again before they come back.
            app.post_as(repair["connectToken"].as_str().unwrap(), "/connect/link-token", json!({})).await.expect(200);
            works().await;
            assert_eq!(app.events(&id, "connection.repaired", 0).await, Vec::<Value>::new());
        }
        assert_eq!(app.play(&repair, None, json!({})).await.expect(200)["status"], "ACTIVE");
        works().await;
        app.settled(&id).await;
        let session = app.all(&format!("/connect/sessions?connectionId={id}")).await.pop().unwrap();
        assert_eq!((&session["outcome"], &session["outcomeCode"]), (&json!("COMPLETED"), &Value::Null));
        let history = app.all(&format!("/connections/{id}/history")).await;
        let causes: Vec<_> = history.iter().skip(2).map(|row| (&row["to"], &row["cause"])).collect();
        assert_eq!(
            causes,
            [(&json!("RECONNECT_REQUIRED"), &json!("AGGREGATION")), (&json!("ACTIVE"), &json!("REPAIRED"))],
            "told first: {is_told_first}"
        );
        let events = app.all_events(&id).await;
        let repaired = events.iter().filter(|event| event["type"] == "connection.repaired").count();
        let recovered: Vec<_> = events.iter().filter(|event| event["type"] == "connection.recovered").collect();
        assert_eq!((repaired, recovered.len()), (1, 1), "told first: {is_told_first}");
        assert_eq!(recovered[0]["data"]["cause"], "REPAIRED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_another_login_ends_the_attempt_and_nothing_else() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.knob(&id, "reset-login", json!({})).await;
    let before = app.connection(&id).await;
    let repair = app.repair(&id, json!({})).await;
    let ended = app.play(&repair, None, json!({ "username": "user_good+other" })).await;
    assert_eq!(ended.problem(409, "USER_ACTION_REQUIRED")["attempt"], "DIFFERENT_LOGIN");
    assert_eq!(essence(&app.connection(&id).await), essence(&before));
    let session = app.all(&format!("/connect/sessions?connectionId={id}")).await.pop().unwrap();
    assert_eq!((&session["outcome"], &session["outcomeCode"]), (&json!("OPEN"), &json!("DIFFERENT_LOGIN")));
    assert_eq!(app.play(&repair, None, json!({})).await.expect(200)["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_new_repair_replaces_an_open_one_and_each_lives_as_long_as_asked() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let first = app.repair(&id, json!({})).await;
    let second = app.repair(&id, json!({ "expiresIn": 14 * 24 * 3600 })).await;
    let link_token = async |repair: &Value| {
        app.post_as(repair["connectToken"].as_str().unwrap(), "/connect/link-token", json!({})).await
    };
    link_token(&first).await.problem(409, "CONNECT_SESSION_FINISHED");
    let early = link_token(&second).await.expect(200);
    // The provider's own session is made again when it has run out.
    app.advance(13 * 24 * 3600).await;
    assert_ne!(link_token(&second).await.expect(200)["launch"], early["launch"]);
    app.advance(24 * 3600 + 1).await;
    link_token(&second).await.problem(401, "CONNECT_TOKEN_EXPIRED");
    let path = format!("/connections/{id}/repair");
    app.post(&path, json!({ "expiresIn": 14 * 24 * 3600 + 1 })).await.problem(400, "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_deposits_are_entered_in_a_repair() {
    let app = TestApp::new().await;
    let asked = json!({
        "products": ["IDENTIFIERS"], "requiredIfSupportedProducts": ["OWNERS"],
        "additionalConsentedProducts": ["TRANSACTIONS"], "identifiersFlow": "SAME_DAY_MICRODEPOSITS",
    });
    let id = app.linked_at("Houndstooth Bank", asked, json!({})).await;
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(
        (&request["products"], &request["auth"]),
        (&json!(["auth"]), &json!({ "same_day_microdeposits_enabled": true }))
    );
    let connection = app.connection(&id).await;
    assert_eq!((&connection["status"], &connection["products"]), (&json!("ACTIVE"), &json!(["IDENTIFIERS"])));
    assert_eq!(connection["updateStatus"], "READY", "what waits for the customer has not failed");
    assert_eq!(connection["requiredIfSupportedProducts"], json!([]), "B7: it falls away on this way");
    assert_eq!(state(&connection, "IDENTIFIERS"), ("PENDING", Some("VERIFICATION_PENDING")));
    for product in ["OWNERS", "TRANSACTIONS"] {
        assert_eq!(state(&connection, product), ("UNAVAILABLE", Some("NO_INSTANT_FLOW")));
    }
    assert_eq!(connection["repair"]["reasons"], json!(["VERIFY_DEPOSITS"]));
    let repair = app.repair(&id, json!({})).await;
    app.play(&repair, None, json!({ "password": "wrong" })).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(state(&app.settled(&id).await, "IDENTIFIERS").0, "PENDING");
    app.play(&repair, None, json!({})).await.expect(200);
    let verified = app.settled(&id).await;
    assert_eq!(state(&verified, "IDENTIFIERS"), ("AVAILABLE", None));
    assert_eq!(verified["repair"]["reasons"], json!([]), "nothing else can come beside them");
    let account =
        app.all(&format!("/accounts?connectionId={id}")).await.into_iter().find(|one| one["subtype"] == "CHECKING");
    let path = format!("/accounts/{}/identifiers", account.unwrap()["id"].as_str().unwrap());
    assert!(app.get(&path).await.expect(200)["ach"]["account"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_deposits_that_are_never_confirmed_fail_and_recognised_ones_need_nobody() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["IDENTIFIERS"], "identifiersFlow": "SAME_DAY_MICRODEPOSITS" });
    let id = app.linked_at("Houndstooth Bank", asked, json!({})).await;
    let repair = app.repair(&id, json!({})).await;
    for _ in 0..3 {
        app.play(&repair, None, json!({ "password": "wrong" })).await.problem(409, "USER_ACTION_REQUIRED");
    }
    let failed = app.until(&format!("/connections/{id}"), |one| state(one, "IDENTIFIERS").0 == "FAILED").await;
    assert_eq!(state(&failed, "IDENTIFIERS"), ("FAILED", Some("VERIFICATION_FAILED")));
    assert_eq!(failed["repair"]["reasons"], json!([]));
    let id = app.linked_at("Houndstooth Bank", json!({ "products": ["IDENTIFIERS"] }), json!({})).await;
    let pending = app.connection(&id).await;
    assert_eq!(state(&pending, "IDENTIFIERS"), ("PENDING", Some("NOT_READY")));
    assert_eq!(pending["repair"]["reasons"], json!([]));
    app.advance(2 * 24 * 3600 + 60).await;
    app.until(&format!("/connections/{id}"), |one| state(one, "IDENTIFIERS") == ("AVAILABLE", None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d7_oauth_comes_back_to_one_fixed_address_and_our_state_finds_the_session() {
    let app = TestApp::new().await;
    let asked = || json!({ "products": ["TRANSACTIONS"] });
    let id = app.linked_at("Platypus OAuth Bank", asked(), json!({})).await;
    app.linked(asked()).await;
    app.knob(&id, "reset-login", json!({})).await;
    app.repaired(&id, json!({}), json!({})).await;
    let requests = app.fidelity.requests("/link/token/create");
    let addresses: Vec<_> = requests.iter().map(|request| request["redirect_uri"].as_str().unwrap()).collect();
    assert_eq!(addresses, vec![format!("{}/connect/callback/PLAID", app.url); 3]);
    // Each session is found by a state of its own, which stands in no address that has to be registered.
    let back = requests.iter().map(|request| request["hosted_link"]["completion_redirect_uri"].as_str().unwrap());
    let states: std::collections::BTreeSet<_> = back.map(|url| url.split_once("?state=st_").unwrap().1).collect();
    assert_eq!(states.len(), 3);
    assert!(states.iter().all(|state| state.len() >= 32), "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d11_the_sandbox_can_force_every_reason_for_a_repair() {
    let app = TestApp::new().await;
    let asked = || json!({ "products": ["TRANSACTIONS"] });
    let forced = async |bank: &str, knob: &str, body: Value| {
        let id = app.linked_at(bank, asked(), json!({})).await;
        app.knob(&id, knob, body).await;
        (app.until(&format!("/connections/{id}"), |one| one["repair"]["reasons"] != json!([])).await, id)
    };
    let (lost, id) = forced("First Platypus Bank", "reset-login", json!({})).await;
    assert_eq!((&lost["status"], &lost["repair"]["reasons"]), (&json!("RECONNECT_REQUIRED"), &json!(["LOGIN"])));
    assert_eq!(app.repaired(&id, json!({}), json!({})).await["repair"]["reasons"], json!([]));
    let (ended, _) = forced("Harborview National Bank", "expire-consent", json!({})).await;
    assert_eq!(ended["repair"]["reasons"], json!(["CONSENT_EXPIRED"]));
    let ending = json!({ "code": "PENDING_DISCONNECT" });
    let (ending, _) = forced("First Platypus Bank", "fire-webhook", ending).await;
    assert_eq!((&ending["status"], &ending["repair"]["reasons"]), (&json!("ACTIVE"), &json!(["CONSENT_EXPIRING"])));
    let (revoked, _) = forced("Harborview National Bank", "revoke", json!({})).await;
    assert_eq!(revoked["repair"]["reasons"], json!(["PERMISSION_REVOKED"]));
    let (offered, _) = forced("Harborview National Bank", "new-accounts", json!({})).await;
    assert_eq!((&offered["status"], &offered["repair"]["reasons"]), (&json!("ACTIVE"), &json!(["NEW_ACCOUNTS"])));
    let (gone, id) = forced("First Platypus Bank", "revoke", json!({})).await;
    assert_eq!(gone["repair"]["reasons"], json!(["PERMISSION_REVOKED"]));
    let repair = app.repair(&id, json!({})).await;
    app.play(&repair, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(app.connection(&id).await["repair"]["reasons"], json!(["PERMISSION_REVOKED", "RELINK"]));
    let id = app.linked(asked()).await;
    assert_eq!(app.add(&id, json!(["OWNERS"])).await.expect(200)["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(app.connection(&id).await["repair"]["reasons"], json!(["PRODUCT_CONSENT"]));
    let deposits = json!({ "products": ["IDENTIFIERS"], "identifiersFlow": "SAME_DAY_MICRODEPOSITS" });
    let id = app.linked_at("Houndstooth Bank", deposits, json!({})).await;
    assert_eq!(app.connection(&id).await["repair"]["reasons"], json!(["VERIFY_DEPOSITS"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_accounts_that_are_shared_again_come_with_all_that_was_before() {
    let app = TestApp::new().await;
    let asked = |products: Value| json!({ "products": ["TRANSACTIONS"], "optionalProducts": products });
    let plaid = app.linked(asked(json!(["INVESTMENT_TRANSACTIONS"]))).await;
    let akoya = app.linked_through("AKOYA", "Platypus OAuth Bank", asked(json!(["INVESTMENT_TRANSACTIONS"]))).await;
    for id in [plaid, akoya] {
        let count = async |list: &str| app.all(&format!("/{list}?connectionId={id}")).await.len();
        let before = (count("transactions").await, count("investments/transactions").await);
        let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
        let kept = accounts.iter().find(|account| account["type"] == "DEPOSITORY").unwrap();
        let body = json!({ "accountSelection": true });
        app.repaired(&id, body.clone(), json!({ "accounts": [kept["mask"]] })).await;
        assert_eq!(count("investments/transactions").await, 0);
        assert!(count("transactions").await < before.0);
        app.repaired(&id, body, json!({})).await;
        assert_eq!((count("transactions").await, count("investments/transactions").await), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_what_is_added_while_the_login_is_broken_comes_with_the_plain_repair() {
    let app = TestApp::new().await;
    for (provider, bank, country) in [
        ("PLAID", "First Platypus Bank", "US"),
        ("FINICITY", "First Platypus Bank", "US"),
        ("AKOYA", "Tartan Bank", "US"),
        ("FINAPI", "Isarwinkel Universalbank", "DE"),
    ] {
        let asked = json!({ "products": ["TRANSACTIONS"], "serviceProvider": provider, "countryCodes": [country] });
        let id = app.linked_through(provider, bank, asked).await;
        assert_eq!(app.knob(&id, "reset-login", json!({})).await["status"], "RECONNECT_REQUIRED", "{provider}");
        let added = app.add(&id, json!(["IDENTIFIERS"])).await.expect(200);
        assert_eq!((&added["results"][0]["outcome"], &added["refreshId"]), (&json!("REPAIR_REQUIRED"), &Value::Null));
        assert_eq!(state(&added["connection"], "IDENTIFIERS"), ("CONSENT_REQUIRED", Some("LOGIN_REQUIRED")));
        let repaired = app.repaired(&id, json!({}), json!({})).await;
        assert_eq!((&repaired["status"], &repaired["optionalProducts"]), (&json!("ACTIVE"), &json!(["IDENTIFIERS"])));
        assert_eq!(state(&repaired, "IDENTIFIERS"), ("AVAILABLE", None), "{provider}: {repaired:#}");
        let events = app.all_events(&id).await;
        let of_numbers = events.iter().map(|event| &event["data"]).filter(|data| data["product"] == "IDENTIFIERS");
        let states: Vec<_> = of_numbers.map(|data| &data["to"]).collect();
        assert_eq!(states, ["CONSENT_REQUIRED", "PENDING", "AVAILABLE"], "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_consent_that_is_gone_by_the_time_of_the_reading_is_asked_for_then() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    // As last seen it covers the product, and nobody looks before it is added.
    let hold = "insert into connection_leases values ($1::uuid, 1, now() + interval '1 hour')
        on conflict (connection_id) do update set lease_until = excluded.lease_until";
    sqlx::query(hold).bind(&id).execute(&mut database).await.unwrap();
    let seen = "update connections set consented = array_append(consented, 'LIABILITIES')";
    sqlx::query(seen).execute(&mut database).await.unwrap();
    let added = app.add(&id, json!(["LIABILITIES"])).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "ADDED");
    sqlx::query("update connection_leases set lease_until = '-infinity'").execute(&mut database).await.unwrap();
    let connection = app.settled(&id).await;
    assert_eq!(state(&connection, "LIABILITIES"), ("CONSENT_REQUIRED", Some("CONSENT_MISSING")));
    assert_eq!(
        (&connection["status"], &connection["repair"]["reasons"]),
        (&json!("ACTIVE"), &json!(["PRODUCT_CONSENT"]))
    );
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(state(&repaired, "LIABILITIES"), ("AVAILABLE", None));
}
