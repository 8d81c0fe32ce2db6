//! A session whose customer was sent to more than one provider, or to one more than once (F9).

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Customer, TestApp};

const NOBODY: (&str, &str) = ("LINKSPAN_PROVIDERS__PLAID__WEBHOOK_URL", "http://127.0.0.1:9/nobody");

/// Launches the session for that institution: its address.
async fn launch(app: &TestApp, started: &Value, institution: &str) -> String {
    let token = started["connectToken"].as_str().unwrap();
    let launched = app.post_as(token, "/connect/link-token", json!({ "institutionId": institution })).await.expect(200);
    launched["launch"]["url"].as_str().unwrap().to_owned()
}

async fn institution_of(app: &TestApp, started: &Value) -> Value {
    app.until(&format!("/connections/{}", started["connectionId"].as_str().unwrap()), |one| one["status"] == "ACTIVE")
        .await["institution"]["id"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_who_finishes_the_bank_that_was_chosen_first_is_linked_there() {
    let app = TestApp::new().await;
    let (first, second) =
        (app.institution("First Platypus Bank").await, app.institution("Tattersall Federal Credit Union").await);
    let started = app.start(json!({ "products": ["TRANSACTIONS"], "redirectUrl": "https://app.example/back" })).await;
    let tab = Customer::new(&app, &launch(&app, &started, &first).await);
    tab.until("accounts").await;
    let other_tab = Customer::new(&app, &launch(&app, &started, &second).await);
    other_tab.until("accounts").await;
    let way_back = tab.finish().await;
    let answer = app.http.get(&way_back).send().await.unwrap();
    assert!(answer.headers()["location"].to_str().unwrap().ends_with("&outcome=COMPLETED"));
    assert_eq!(institution_of(&app, &started).await, json!(first));
    // The other one is finished too: nobody asked for two, so it is removed there.
    other_tab.finish().await;
    app.called("/item/remove", 1).await;
    let removed = &app.fidelity.requests("/item/remove")[0]["access_token"];
    assert_eq!(app.fidelity.requests("/item/public_token/exchange").len(), 2);
    app.settled(started["connectionId"].as_str().unwrap()).await;
    assert!(app.fidelity.requests("/accounts/get").iter().any(|request| request["access_token"] != *removed));
    assert_eq!(institution_of(&app, &started).await, json!(first));
    let sessions = app.all("/connect/sessions").await;
    assert_eq!((sessions.len(), &sessions[0]["outcome"]), (1, &json!("COMPLETED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_comes_back_does_not_wait_for_the_reading_of_what_a_webhook_has_linked() {
    let app = TestApp::with(&[NOBODY]).await;
    let bank = app.institution("First Platypus Bank").await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"], "redirectUrl": "https://app.example/back" })).await;
    let way_back = Customer::new(&app, &launch(&app, &started, &bank).await).finish().await;
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    // Somebody else works on the connection, and is not done before the test is.
    let hold = "insert into connection_leases values ($1::uuid, 1, now() + interval '1 hour')
        on conflict (connection_id) do update set lease_until = excluded.lease_until";
    sqlx::query(hold).bind(started["connectionId"].as_str()).execute(&mut database).await.unwrap();
    let comes_back = app.http.get(&way_back).send();
    let settles = async {
        let waits = "select true from link_launches where brought is not null";
        while sqlx::query(waits).fetch_optional(&mut database).await.unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let settle = "update link_sessions set outcome = 'COMPLETED' where outcome = 'OPEN'";
        sqlx::query(settle).execute(&mut database).await.unwrap()
    };
    let (answer, settled) = tokio::join!(comes_back, settles);
    assert_eq!(settled.rows_affected(), 1);
    assert!(answer.unwrap().headers()["location"].to_str().unwrap().ends_with("&outcome=COMPLETED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_an_earlier_choice_is_found_without_a_word_from_browser_or_provider() {
    let app = TestApp::with(&[NOBODY]).await;
    let (first, second) = (
        app.institution_at("PLAID", "First Platypus Bank").await,
        app.institution_at("FINICITY", "First Platypus Bank").await,
    );
    for asks in [true, false] {
        let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
        let plaid = launch(&app, &started, &first).await;
        launch(&app, &started, &second).await;
        Customer::new(&app, &plaid).finish().await;
        match asks {
            true => {
                let token = started["connectToken"].as_str().unwrap();
                let done = app.post_as(token, "/connect/complete", json!({})).await.expect(200);
                assert_eq!(done["serviceProvider"], "PLAID");
            }
            false => app.advance(60).await,
        }
        assert_eq!(institution_of(&app, &started).await, json!(first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_what_is_finished_after_another_choice_was_linked_is_removed_unasked() {
    let app = TestApp::with(&[NOBODY]).await;
    let (first, second) =
        (app.institution("First Platypus Bank").await, app.institution("Tattersall Federal Credit Union").await);
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let left = Customer::new(&app, &launch(&app, &started, &first).await);
    Customer::new(&app, &launch(&app, &started, &second).await).finish().await;
    app.post_as(started["connectToken"].as_str().unwrap(), "/connect/complete", json!({})).await.expect(200);
    left.finish().await;
    app.advance(1200).await;
    app.called("/item/remove", 1).await;
    assert_eq!(institution_of(&app, &started).await, json!(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_is_made_again_is_the_one_that_is_open() {
    let app = TestApp::new().await;
    let (first, second) =
        (app.institution("First Platypus Bank").await, app.institution("Tattersall Federal Credit Union").await);
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let one = launch(&app, &started, &first).await;
    let other = launch(&app, &started, &second).await;
    assert_ne!(one, other);
    assert_eq!(launch(&app, &started, &first).await, one);
    assert_eq!(launch(&app, &started, &second).await, other);
    assert_eq!(app.fidelity.requests("/link/token/create").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_but_once_is_given_anew_to_whoever_asks_again() {
    let app = TestApp::new().await;
    for (provider, product, once) in
        [("MX", "TRANSACTIONS", true), ("MESH", "INVESTMENT_HOLDINGS", true), ("FINICITY", "TRANSACTIONS", false)]
    {
        let institution = app.institution_at(provider, "First Platypus Bank").await;
        let asked = json!({ "products": [product], "serviceProvider": provider, "externalCustomerId": provider });
        let started = app.start(asked).await;
        let token = started["connectToken"].as_str().unwrap();
        let link = async |body: Value| app.post_as(token, "/connect/link-token", body).await;
        let first = link(json!({ "institutionId": institution })).await.expect(200);
        let second = link(json!({ "institutionId": institution })).await.expect(200);
        assert_eq!(first["launch"] != second["launch"], once, "{provider}");
        let other = link(json!({ "institutionId": institution, "serviceProvider": "PLAID" })).await;
        let refused = other.problem(400, "INVALID_REQUEST");
        assert_eq!(refused["errors"][0]["pointer"], "/serviceProvider", "the session is for {provider}");
        assert_eq!(
            app.play(&started, None, json!({ "institutionId": institution })).await.expect(200)["status"],
            "ACTIVE"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_the_newest_ten_choices_are_remembered() {
    let app = TestApp::new().await;
    let banks = app.all("/institutions?serviceProvider=PLAID&countryCode=US&product=TRANSACTIONS").await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let mut ways = Vec::new();
    for bank in &banks[..11] {
        ways.push(launch(&app, &started, bank["id"].as_str().unwrap()).await);
    }
    let forgotten = Customer::new(&app, &ways[0]).finish().await;
    assert_eq!(app.http.get(&forgotten).send().await.unwrap().status(), 400);
    let connection = started["connectionId"].as_str().unwrap();
    assert_eq!(app.connection(connection).await["status"], "IN_PROGRESS");
    let known = Customer::new(&app, &ways[1]).finish().await;
    assert_eq!(app.http.get(&known).send().await.unwrap().status(), 200);
    assert_eq!(institution_of(&app, &started).await, banks[1]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f7_f9_a_link_that_completes_while_its_connection_is_deleted_leaves_nothing_at_the_provider() {
    let app = TestApp::with(&[NOBODY]).await;
    let bank = app.institution("First Platypus Bank").await;
    let exchanged = || app.fidelity.requests("/item/public_token/exchange").len();
    for _ in 0..12 {
        let started = app.start(json!({ "products": ["TRANSACTIONS"], "institutionId": bank })).await;
        let path = format!("/connections/{}", started["connectionId"].as_str().unwrap());
        let before = exchanged();
        let delete = async {
            app.called("/item/public_token/exchange", before + 1).await;
            app.delete(&path).await
        };
        let (_, deleted) = tokio::join!(app.play(&started, None, json!({})), delete);
        assert_eq!(deleted.status, 204, "nobody is in the way of another");
    }
    app.called("/item/remove", exchanged()).await;
    let gone = app.fidelity.requests("/item/remove").iter().map(|one| one["access_token"].clone()).collect::<Vec<_>>();
    assert!(gone.iter().enumerate().all(|(index, token)| !gone[..index].contains(token)), "each is revoked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_lost_on_the_way_is_told_and_not_asked_for_again() {
    let app = TestApp::with(&[NOBODY]).await;
    app.fidelity.expect_faults();
    let bank = app.institution("First Platypus Bank").await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let token = started["connectToken"].as_str().unwrap();
    let customer = launch(&app, &started, &bank).await;
    app.faults(json!([{ "route": "/item/public_token/exchange", "kind": "CUT_BODY" }])).await;
    Customer::new(&app, &customer).finish().await;
    assert!(app.post_as(token, "/connect/complete", json!({})).await.status >= 500);
    app.faults(json!([])).await;
    let lost = app.post_as(token, "/connect/complete", json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(lost["attempt"], "LINK_LOST");
    let exchanged = app.fidelity.requests("/item/public_token/exchange").len();
    let again = app.post_as(token, "/connect/complete", json!({})).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(again["attempt"], "LINK_LOST");
    assert_eq!(app.fidelity.requests("/item/public_token/exchange").len(), exchanged);
    // The session is open: the customer links once more.
    app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_told_as_over() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let token = started["connectToken"].as_str().unwrap();
    app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
    let path = format!("/connections/{}", started["connectionId"].as_str().unwrap());
    assert_eq!(app.delete(&path).await.status, 204);
    app.post_as(token, "/connect/complete", json!({})).await.problem(409, "CONNECTION_TERMINAL");
    let late = app.start(json!({ "products": ["TRANSACTIONS"], "expiresIn": 60 })).await;
    app.advance(61).await;
    let token = late["connectToken"].as_str().unwrap().to_owned();
    let seen = app.call("GET", "/connect/session", crate::support::Key::Of(&token), &[], None).await.expect(200);
    assert_eq!(seen["outcome"], "EXPIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_what_the_customer_brings_back_while_the_provider_is_away_is_not_lost() {
    let app = TestApp::new().await;
    for (provider, bank, route) in
        [("AKOYA", "Tartan Bank", "/token"), ("MESH", "First Platypus Bank", "/api/v1/integrations")]
    {
        let institution = app.institution_at(provider, bank).await;
        let session = async |customer: &str| {
            let asked = json!({ "products": ["INVESTMENT_HOLDINGS"], "serviceProvider": provider, "externalCustomerId": customer });
            let started = app.start(asked).await;
            app.faults_at(provider, json!([{ "route": route, "kind": "STATUS", "status": 503 }])).await;
            let answer = app.play(&started, None, json!({ "institutionId": institution })).await;
            assert!(answer.status >= 500, "{provider}: {:#}", answer.body);
            started
        };
        // Nobody brings it again: neither who asks without it, nor who does not ask at all.
        let (asks, waits) = (session("asks").await, session("waits").await);
        app.faults_at(provider, json!([])).await;
        let token = asks["connectToken"].as_str().unwrap();
        app.post_as(token, "/connect/complete", json!({})).await.expect(200);
        for started in [&asks, &waits] {
            institution_of(&app, started).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_what_is_malformed_is_refused_once_and_not_kept() {
    let app = TestApp::new().await;
    let institution = app.institution_at("MESH", "First Platypus Bank").await;
    let started = app.start(json!({ "products": ["INVESTMENT_HOLDINGS"], "serviceProvider": "MESH" })).await;
    let token = started["connectToken"].as_str().unwrap();
    app.post_as(token, "/connect/link-token", json!({ "institutionId": institution })).await.expect(200);
    app.post_as(token, "/connect/complete", json!({ "result": { "odd": 1 } })).await.problem(400, "INVALID_REQUEST");
    let asked = app.post_as(token, "/connect/complete", json!({})).await.expect(202);
    assert_eq!(asked, json!({ "state": "PENDING" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_provider_has_given_before_is_handed_to_nobody_else() {
    let app = TestApp::new().await;
    for (provider, route, bank, country) in [
        ("PLAID", "/link/token/create", "First Platypus Bank", "US"),
        ("FINICITY", "/connect/v2/generate/lite", "First Platypus Bank", "US"),
        ("SALT_EDGE", "/connections/connect", "Isarwinkel Universalbank", "DE"),
        ("FINAPI", "/api/webForms/bankConnectionImport", "Isarwinkel Universalbank", "DE"),
    ] {
        let institution = app.institution_at(provider, bank).await;
        let begin = async |customer: &str| {
            let customer = format!("{customer} of {provider}");
            let wanted =
                json!({ "products": ["TRANSACTIONS"], "countryCodes": [country], "serviceProvider": provider });
            let mut body = json!({ "externalCustomerId": customer, "redirectUrl": "https://app.example/back" });
            body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
            app.start(body).await
        };
        let (first, second) = (begin("one").await, begin("two").await);
        let link = async |started: &Value| {
            let token = started["connectToken"].as_str().unwrap();
            app.post_as(token, "/connect/link-token", json!({ "institutionId": institution })).await
        };
        app.faults_at(provider, json!([{ "route": route, "kind": "LOOP" }])).await;
        let given = link(&first).await.expect(200);
        for _ in 0..2 {
            let refused = link(&second).await;
            let problem = refused.problem(502, "PROVIDER_ERROR");
            assert!(problem["detail"].as_str().unwrap().contains("given before"), "{provider}: {problem:#}");
        }
        // The first one's stays its own.
        assert_eq!(link(&first).await.expect(200)["launch"], given["launch"], "{provider}");
        app.faults_at(provider, json!([])).await;
        assert_ne!(link(&second).await.expect(200)["launch"], given["launch"], "{provider}");
        for started in [&second, &first] {
            app.play(started, None, json!({ "institutionId": institution })).await.expect(200);
        }
    }
}
