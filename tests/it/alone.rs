//! `PAYMENT_INITIATION` and `IDENTITY_VERIFICATION`: a link of their own, whose result is no login.

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Key, TestApp, state};

const BANK: &str = "Kestrel Bank";

fn payment(id: &str) -> Value {
    json!({
        "products": ["PAYMENT_INITIATION"], "countryCodes": ["GB"],
        "productOptions": { "PAYMENT_INITIATION": { "paymentId": id } },
    })
}

fn verification(template: &str) -> Value {
    json!({
        "products": ["IDENTITY_VERIFICATION"],
        "productOptions": { "IDENTITY_VERIFICATION": { "templateId": template } },
    })
}

/// A customer who was verified as told, or was not.
async fn verified(app: &TestApp, template: &str, play: Value) -> String {
    let started = app.start(verification(template)).await;
    let connection = app.play(&started, None, play).await.expect(200);
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}

/// What the server calls of Plaid's for a login, which such a link has none of.
fn of_logins(app: &TestApp) -> Vec<String> {
    let of_login =
        |name: &String| ["/item/", "/accounts/", "/auth/get", "/identity/"].iter().any(|path| name.starts_with(path));
    app.fidelity.operations().into_iter().filter(of_login).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_payment_is_authorised_in_a_link_of_its_own() {
    let app = TestApp::new().await;
    let id = app.linked_at(BANK, payment("payment-1"), json!({})).await;
    let connection = app.connection(&id).await;
    assert_eq!((&connection["status"], &connection["products"]), (&json!("ACTIVE"), &json!(["PAYMENT_INITIATION"])));
    assert_eq!(connection["institution"]["name"], BANK);
    assert_eq!(state(&connection, "PAYMENT_INITIATION"), ("AVAILABLE", None));
    assert_eq!(app.all(&format!("/accounts?connectionId={id}")).await, Vec::<Value>::new());
    let asked = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(asked["payment_initiation"], json!({ "payment_id": "payment-1" }));
    let read = app.get(&format!("/connections/{id}/payment")).await.expect(200);
    assert_eq!((&read["status"], &read["providerStatus"]), (&json!("INITIATED"), &json!("PAYMENT_STATUS_INITIATED")));
    assert_eq!((&read["paymentId"], &read["currency"]), (&json!("payment-1"), &json!("GBP")));
    let amount = read["amount"].as_str().unwrap();
    assert_eq!(amount.split_once('.').map(|(_, cents)| cents.len()), Some(2), "{amount}");
    assert!(read["reference"].is_string() && read["recipientId"].is_string() && read["statusUpdatedAt"].is_string());
    assert_eq!(of_logins(&app), Vec::<String>::new());
    // Nothing is read by schedule.
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    let due = sqlx::query_scalar("select count(*) from connections where next_read_at is not null");
    let due: i64 = due.fetch_one(&mut database).await.unwrap();
    assert_eq!(due, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_payments_status_is_told_once_as_its_webhook_says_so() {
    let app = TestApp::new().await;
    for (paid, told) in [
        ("payment-2", &["INITIATED", "EXECUTED"][..]),
        ("rejected-2", &["INITIATED", "REJECTED"]),
        ("insufficient-2", &["INITIATED", "INSUFFICIENT_FUNDS"]),
    ] {
        let id = app.linked_at(BANK, payment(paid), json!({})).await;
        app.events(&id, "payment.updated", 1).await;
        app.advance(90).await;
        let events = app.events(&id, "payment.updated", told.len()).await;
        let statuses: Vec<&Value> = events.iter().map(|data| &data["status"]).collect();
        assert_eq!(json!(statuses), json!(told));
        // Facts alone, neither who paid nor how much.
        assert!(events.iter().all(|data| data.as_object().unwrap().len() == 2), "{events:?}");
        let read = app.get(&format!("/connections/{id}/payment")).await.expect(200);
        assert_eq!(read["status"], *told.last().unwrap());
        // Said again, it is read again and not told again.
        app.knob(&id, "fire-webhook", json!({ "code": "PAYMENT_STATUS_UPDATE" })).await;
        app.settled(&id).await;
        assert_eq!(app.events(&id, "payment.updated", told.len()).await.len(), told.len());
        assert_eq!(app.connection(&id).await["status"], "ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_person_is_verified_without_an_institution() {
    let app = TestApp::new().await;
    let id = verified(&app, "idvtmp_1", json!({ "username": "user_good" })).await;
    let connection = app.connection(&id).await;
    assert_eq!((&connection["status"], &connection["institution"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(state(&connection, "IDENTITY_VERIFICATION"), ("AVAILABLE", None));
    let read = app.get(&format!("/connections/{id}/identity-verification")).await.expect(200);
    assert_eq!((&read["status"], &read["templateId"]), (&json!("SUCCESS"), &json!("idvtmp_1")));
    assert_eq!(read["compared"]["name"], "MATCH");
    let steps = read["steps"].as_array().unwrap();
    assert!(steps.contains(&json!({ "step": "DOCUMENT", "state": "SUCCESS" })), "{steps:?}");
    assert!(read["completedAt"].is_string() && read["createdAt"].is_string());
    // What the person entered stays at Plaid.
    assert!(!read.to_string().contains("user_good"), "{read:#}");
    let session = app.all("/connect/sessions").await.swap_remove(0);
    assert_eq!(session["providerSessionId"], read["identityVerificationId"]);
    assert_eq!(
        app.events(&id, "identity_verification.updated", 1).await,
        [json!({ "status": "SUCCESS", "providerStatus": "success" })]
    );
    assert_eq!(of_logins(&app), Vec::<String>::new());
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    let readings = sqlx::query_scalar("select count(*) from audit_log where action = 'READ_IDENTITY_VERIFICATION'");
    let readings: i64 = readings.fetch_one(&mut database).await.unwrap();
    assert_eq!(readings, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_who_fails_a_verification_has_a_result_too() {
    let app = TestApp::new().await;
    let failed = verified(&app, "idvtmp_1", json!({ "password": "not-theirs" })).await;
    let read = app.get(&format!("/connections/{failed}/identity-verification")).await.expect(200);
    assert_eq!((&read["status"], &read["compared"]["name"]), (&json!("FAILED"), &json!("PARTIAL_MATCH")));
    assert_eq!(app.connection(&failed).await["status"], "ACTIVE");
    let reviewed = verified(&app, "idvtmp_review", json!({})).await;
    let path = format!("/connections/{reviewed}/identity-verification");
    assert_eq!(app.get(&path).await.expect(200)["status"], "PENDING_REVIEW");
    app.advance(3700).await;
    let events = app.events(&reviewed, "identity_verification.updated", 2).await;
    let statuses: Vec<&Value> = events.iter().map(|data| &data["status"]).collect();
    assert_eq!(json!(statuses), json!(["PENDING_REVIEW", "SUCCESS"]));
    assert_eq!(app.get(&path).await.expect(200)["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_let_try_again_is_followed_to_the_last_attempt() {
    let app = TestApp::new().await;
    let id = verified(&app, "idvtmp_1", json!({ "password": "not-theirs" })).await;
    let path = format!("/connections/{id}/identity-verification");
    let failed = app.get(&path).await.expect(200);
    assert_eq!(failed["status"], "FAILED");
    app.knob(&id, "fire-webhook", json!({ "code": "RETRIED" })).await;
    app.events(&id, "identity_verification.updated", 2).await;
    let retried = app.get(&path).await.expect(200);
    assert_eq!(retried["status"], "ACTIVE");
    assert_ne!(retried["identityVerificationId"], failed["identityVerificationId"]);
    // Plaid tells of the new attempt by its own id.
    app.advance(90).await;
    let events = app.events(&id, "identity_verification.updated", 3).await;
    let statuses: Vec<&Value> = events.iter().map(|data| &data["status"]).collect();
    assert_eq!(json!(statuses), json!(["FAILED", "ACTIVE", "SUCCESS"]));
    assert_eq!(app.get(&path).await.expect(200)["status"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_closed_browser_loses_neither() {
    let app = TestApp::new().await;
    let institution = app.institution(BANK).await;
    for (body, choice, read) in [
        (payment("payment-3"), json!({ "institutionId": institution }), "payment"),
        (verification("idvtmp_1"), json!({}), "identity-verification"),
    ] {
        let started = app.start(body).await;
        let token = Key::Of(started["connectToken"].as_str().unwrap());
        let choice = Some(choice.to_string().into_bytes());
        let launched = app.call("POST", "/connect/link-token", token, &[], choice).await.expect(200);
        // The customer comes to the end at Plaid, and never back to us.
        app.customer_of(&launched["launch"]).finish().await;
        let id = started["connectionId"].as_str().unwrap();
        app.until(&format!("/connections/{id}"), |one| one["status"] == "ACTIVE").await;
        app.settled(id).await;
        app.get(&format!("/connections/{id}/{read}")).await.expect(200);
        // A front end that has heard of it all the same is told that it is done.
        let done = app.call("POST", "/connect/complete", token, &[], Some(b"{}".to_vec())).await.expect(200);
        assert_eq!(done["id"], started["connectionId"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f1_who_leaves_before_the_end_may_try_again() {
    let app = TestApp::new().await;
    let started = app.start(payment("payment-4")).await;
    // The customer does not want to pay.
    let refused = app.play(&started, Some(BANK), json!({ "deny": ["PAYMENT_INITIATION"] })).await;
    assert_eq!(refused.problem(422, "REQUIRED_PRODUCT_NOT_GRANTED")["attempt"], "REQUIRED_PRODUCT_NOT_GRANTED");
    // Goes away.
    let pending = app.play(&started, Some(BANK), json!({ "abandon": true })).await.expect(202);
    assert_eq!(pending["state"], "PENDING");
    let id = started["connectionId"].as_str().unwrap();
    app.get(&format!("/connections/{id}/payment")).await.problem(409, "CONNECTION_NOT_LINKED");
    // And comes back.
    let done = app.play(&started, Some(BANK), json!({})).await.expect(200);
    assert_eq!(done["status"], "ACTIVE");

    let started = app.start(verification("idvtmp_1")).await;
    let pending = app.play(&started, None, json!({ "abandon": true })).await.expect(202);
    assert_eq!(pending["state"], "PENDING");
    let done = app.play(&started, None, json!({})).await.expect(200);
    assert_eq!(done["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_nothing_is_added_refreshed_or_repaired_where_there_is_no_login() {
    let app = TestApp::new().await;
    let id = app.linked_at(BANK, payment("payment-5"), json!({})).await;
    // Whatever Plaid told of it has been read by then.
    app.knob(&id, "fire-webhook", json!({ "code": "PAYMENT_STATUS_UPDATE" })).await;
    let calls = app.fidelity.operations().len();
    let refused =
        app.add(&id, json!(["TRANSACTIONS", "PAYMENT_INITIATION"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 1);
    assert_eq!(refused["errors"][0]["pointer"], "/products/0");
    assert_eq!(refused["errors"][0]["code"], "NOT_ADDABLE_AFTER_LINK");
    assert_eq!(refused["errors"][0]["remedy"], "NEW_CONNECTION");
    let there = app.add(&id, json!(["PAYMENT_INITIATION"])).await.expect(200);
    assert_eq!(there["results"][0]["outcome"], "ALREADY_PRESENT");
    let path = format!("/connections/{id}");
    for (under, body) in [
        ("refresh", json!({})),
        ("refresh", json!({ "importNewAccounts": true })),
        ("repair", json!({})),
        ("repair", json!({ "accountSelection": true })),
    ] {
        let refused = app.post(&format!("{path}/{under}"), body).await.problem(422, "UNSUPPORTED_BY_PROVIDER");
        assert!(refused["detail"].as_str().unwrap().contains("start a new link"), "{refused:#}");
    }
    let none = app.get(&format!("{path}/repair")).await.expect(200);
    assert_eq!((&none["required"], &none["reasons"]), (&json!(false), &json!([])));
    app.post(&format!("/sandbox{path}/new-accounts"), json!({})).await.problem(422, "UNSUPPORTED_BY_PROVIDER");
    app.get(&format!("{path}/identity-verification")).await.problem(422, "PRODUCT_NOT_PRESENT");
    assert_eq!(app.fidelity.operations().len(), calls);
    let last = format!("{path}/products/PAYMENT_INITIATION");
    app.call("DELETE", &last, Key::Sandbox, &[], None).await.problem(409, "LAST_REQUIRED_PRODUCT");
    // Deleted here at once; Plaid has nothing to be told.
    app.call("DELETE", &path, Key::Sandbox, &[], None).await.expect(204);
    assert_eq!(app.get(&path).await.expect(200)["status"], "DELETED");
    app.get(&format!("{path}/payment")).await.problem(409, "CONNECTION_TERMINAL");
    app.advance(3600).await;
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_before_the_link_nothing_goes_beside_them_either() {
    let app = TestApp::new().await;
    let started = app.start(payment("payment-6")).await;
    let id = started["connectionId"].as_str().unwrap();
    let refused = app.add(id, json!(["TRANSACTIONS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["remedy"], "NEW_CONNECTION");
    let other = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let id = other["connectionId"].as_str().unwrap();
    let options = json!({ "IDENTITY_VERIFICATION": { "templateId": "idvtmp_1" } });
    let body = json!({ "products": ["IDENTITY_VERIFICATION"], "productOptions": options });
    let refused = app.post(&format!("/connections/{id}/products"), body).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "NOT_ADDABLE_AFTER_LINK");
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_an_institution_without_payments_is_left_for_another() {
    let app = TestApp::new().await;
    let mut body = payment("payment-8");
    body["externalCustomerId"] = json!("a");
    body["countryCodes"] = json!(["US", "GB"]);
    body["institutionId"] = json!(app.institution("First Platypus Bank").await);
    let refused = app.post("/connect/start", body).await.problem(422, "INSTITUTION_NOT_ELIGIBLE");
    let detail = refused["detail"].as_str().unwrap();
    // It stands alone, so that no other array would take it.
    assert!(detail.ends_with("does not have PAYMENT_INITIATION. Choose another institution."), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_what_plaid_does_not_know_is_not_linked() {
    let app = TestApp::new().await;
    let started = app.start(payment("unknown-1")).await;
    let refused = app.play(&started, Some(BANK), json!({})).await.problem(422, "PRODUCT_OPTIONS_REFUSED");
    assert_eq!(refused["provider"]["code"], "INVALID_FIELD");
    assert_eq!(refused["errors"][0]["pointer"], "/productOptions/PAYMENT_INITIATION/paymentId");
    let started = app.start(verification("somebody-elses")).await;
    let refused = app.play(&started, None, json!({})).await.problem(422, "PRODUCT_OPTIONS_REFUSED");
    assert_eq!(refused["errors"][0]["pointer"], "/productOptions/IDENTITY_VERIFICATION/templateId");
    // A payment is authorised once.
    let first = app.linked_at(BANK, payment("payment-7"), json!({})).await;
    let again = app.start(payment("payment-7")).await;
    app.play(&again, Some(BANK), json!({})).await.problem(422, "PRODUCT_OPTIONS_REFUSED");
    assert_eq!(app.connection(&first).await["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_verification_is_of_no_institution_and_the_widget_asks_for_none() {
    let app = TestApp::new().await;
    let institution = app.institution("First Platypus Bank").await;
    let mut body = verification("idvtmp_1");
    body["externalCustomerId"] = json!("user-42");
    body["institutionId"] = json!(institution);
    let refused = app.post("/connect/start", body.clone()).await.problem(400, "INVALID_REQUEST");
    assert_eq!(refused["errors"][0]["pointer"], "/institutionId");
    let plan = app.post("/connect/plan", body.clone()).await.expect(200);
    assert_eq!(plan["startable"], false);
    body.as_object_mut().unwrap().remove("institutionId");
    let plan = app.post("/connect/plan", body).await.expect(200);
    assert_eq!(plan["startable"], true);
    // None is counted where none is chosen.
    assert_eq!((&plan["institutions"], &plan["products"][0]["institutions"]), (&Value::Null, &Value::Null));
    assert_eq!(plan["products"][0]["filtersInstitutions"], false);
    let terms = &plan["products"][0]["serviceProviders"][0];
    assert_eq!((&terms["serviceProvider"], &terms["preparation"]), (&json!("PLAID"), &json!("AT_FIRST_USE")));
    let started = app.start(verification("idvtmp_1")).await;
    let elsewhere = app.start(verification("idvtmp_1")).await;
    let played = app.play(&elsewhere, Some("First Platypus Bank"), json!({})).await.expect(200);
    assert_eq!(played["institution"], Value::Null, "the one that a picker named does not matter");
    let pinned = app.play(&started, None, json!({ "serviceProvider": "FINICITY" })).await;
    pinned.problem(422, "NO_PROVIDER_AVAILABLE");
    let body = json!({ "externalCustomerId": "a", "products": ["IDENTITY_VERIFICATION"], "serviceProvider": "MX",
        "productOptions": { "IDENTITY_VERIFICATION": { "templateId": "idvtmp_1" } } });
    app.post("/connect/start", body).await.problem(422, "UNSUPPORTED_BY_PROVIDER");
    // The widget: no list of banks, but a button that leads to Plaid.
    let opened = app.http.get(started["widgetUrl"].as_str().unwrap()).send().await.unwrap();
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = app.http.get(format!("{}/link", app.url)).header("cookie", cookie).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("action=\"/link/choose\"") && !page.contains("institutionId"), "{page}");
    assert!(page.contains("Verify your identity"), "{page}");
}
