//! `…/signal` of a connection: payments are evaluated, and the provider is told what became of them.

use serde_json::{Value, json};

use crate::support::{Key, TestApp, state};

async fn account(app: &TestApp, id: &str, subtype: &str) -> String {
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    let found = accounts.iter().find(|account| account["subtype"] == subtype).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_evaluated_decided_and_returned() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["IDENTIFIERS", "SIGNAL"] })).await;
    assert_eq!(state(&app.connection(&id).await, "SIGNAL"), ("AVAILABLE", None));
    let path = format!("/connections/{id}/signal/evaluations");
    let account = account(&app, &id, "CHECKING").await;
    let evaluate = async |amount: &str| {
        app.post(&path, json!({ "accountId": account, "amount": amount, "currency": "USD" })).await.expect(201)
    };
    let (small, large) = (evaluate("1.5").await, evaluate("9999999.99").await);
    let score = |one: &Value| one["scores"]["bankInitiatedReturn"].as_u64().unwrap();
    assert!(score(&small) < score(&large), "{small:#} {large:#}");
    assert_eq!(
        (&small["amount"], &small["currency"], &small["decision"]),
        (&json!("1.50"), &json!("USD"), &Value::Null)
    );
    // The provider knows it by our id, which no tenant chose.
    let sent = app.fidelity.requests("/signal/evaluate");
    assert_eq!((&sent[0]["client_transaction_id"], &sent[0]["amount"]), (&small["evaluationId"], &json!(1.5)));
    let own = format!("{path}/{}", small["evaluationId"].as_str().unwrap());
    let decision = json!({
        "initiated": true, "outcome": "APPROVE", "paymentMethod": "SAME_DAY_ACH", "daysFundsOnHold": 2,
        "amountInstantlyAvailable": "0.75",
    });
    let decided = app.post(&format!("{own}/decision"), decision.clone()).await.expect(200);
    assert_eq!(decided["decision"], decision);
    let told = app.fidelity.requests("/signal/decision/report").pop().unwrap();
    assert_eq!((&told["decision_outcome"], &told["days_funds_on_hold"]), (&json!("APPROVE"), &json!(2)));
    assert_eq!(told["amount_instantly_available"], 0.75);
    let returned = json!({ "returnCode": "R01", "returnedAt": "2026-11-20T10:00:00Z" });
    let answer = app.post(&format!("{own}/return"), returned.clone()).await.expect(200);
    assert_eq!((&answer["returned"], &answer["decision"]), (&returned, &decision));
    let calls = app.fidelity.operations().len();
    assert_eq!(app.get(&own).await.expect(200), answer);
    assert_eq!(app.all(&path).await, [answer, large.clone()]);
    assert_eq!(app.fidelity.operations().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_an_earlier_report_is_refused_and_the_same_again_is_harmless() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["IDENTIFIERS", "SIGNAL"] })).await;
    let path = format!("/connections/{id}/signal/evaluations");
    let body = json!({ "accountId": account(&app, &id, "CHECKING").await, "amount": "10" });
    let evaluation = app.post(&path, body).await.expect(201);
    let own = format!("{path}/{}", evaluation["evaluationId"].as_str().unwrap());
    let (decision, returned) = (format!("{own}/decision"), format!("{own}/return"));
    let sequels = || ["decision", "return"].map(|what| app.fidelity.requests(&format!("/signal/{what}/report")).len());
    // What was not set off cannot come back; the decision can be corrected.
    app.post(&decision, json!({ "initiated": false })).await.expect(200);
    let refused = app.post(&returned, json!({ "returnCode": "R01" })).await.problem(409, "PAYMENT_OUTCOME_CONFLICT");
    assert!(refused["detail"].as_str().unwrap().contains("initiated true"), "{refused:#}");
    assert_eq!((app.get(&own).await.expect(200)["returned"].clone(), sequels()), (Value::Null, [1, 0]));
    app.post(&decision, json!({ "initiated": false })).await.expect(200);
    assert_eq!(sequels(), [1, 0], "no news");
    app.post(&decision, json!({ "initiated": true })).await.expect(200);
    let first = app.post(&returned, json!({ "returnCode": "R01" })).await.expect(200);
    assert_eq!(app.post(&returned, json!({ "returnCode": "R01" })).await.expect(200), first);
    assert_eq!(sequels(), [2, 1]);
    // A return cannot be taken back, but named better.
    app.post(&decision, json!({ "initiated": false })).await.problem(409, "PAYMENT_OUTCOME_CONFLICT");
    assert_eq!(sequels(), [2, 1]);
    app.post(&returned, json!({ "returnCode": "R09" })).await.expect(200);
    app.post(&decision, json!({ "initiated": true, "outcome": "APPROVE" })).await.expect(200);
    assert_eq!(sequels(), [3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_what_was_consent_only_is_prepared_before_its_first_evaluation() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["SIGNAL"] })).await;
    let body = json!({ "accountId": account(&app, &id, "CHECKING").await, "amount": "10" });
    let path = format!("/connections/{id}/signal/evaluations");
    let calls = app.fidelity.operations().len();
    let refused = app.post(&path, body.clone()).await.problem(422, "PRODUCT_NOT_PRESENT");
    assert_eq!(refused["remedy"], "ADD_FIRST");
    assert_eq!(app.fidelity.operations().len(), calls);
    // Nothing can be evaluated before it is prepared.
    app.break_route("/signal/prepare").await;
    assert_eq!(app.add(&id, json!(["SIGNAL"])).await.expect(200)["results"][0]["outcome"], "ADDED");
    app.called("/signal/prepare", 1).await;
    app.post(&path, body.clone()).await.problem(409, "PRODUCT_NOT_READY");
    assert!(app.fidelity.requests("/signal/evaluate").is_empty());
    app.break_route("").await;
    app.until(&format!("/connections/{id}"), |one| state(one, "SIGNAL") == ("AVAILABLE", None)).await;
    app.post(&path, body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_what_was_initialised_with_the_link_needs_no_preparing() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["SIGNAL"] })).await;
    let body = json!({ "accountId": account(&app, &id, "SAVINGS").await, "amount": "10" });
    app.post(&format!("/connections/{id}/signal/evaluations"), body).await.expect(201);
    assert!(app.fidelity.requests("/signal/prepare").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_a_payment_is_money_from_an_account_that_can_pay() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["SIGNAL"] })).await;
    let other = app.linked_at("Tartan Bank", json!({ "products": ["IDENTIFIERS"] }), json!({})).await;
    let path = format!("/connections/{id}/signal/evaluations");
    let checking = account(&app, &id, "CHECKING").await;
    let card = account(&app, &id, "CREDIT_CARD").await;
    let elsewhere = account(&app, &other, "CHECKING").await;
    for (body, pointer) in [
        (json!({ "accountId": card, "amount": "10" }), "/accountId"),
        (json!({ "accountId": elsewhere, "amount": "10" }), "/accountId"),
        (json!({ "accountId": checking, "amount": "0" }), "/amount"),
        (json!({ "accountId": checking, "amount": "1.005" }), "/amount"),
        (json!({ "accountId": checking, "amount": "10", "currency": "EUR" }), "/currency"),
    ] {
        let refused = app.post(&path, body.clone()).await.problem(400, "INVALID_REQUEST");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(app.fidelity.requests("/signal/evaluate").is_empty(), "nothing that could be billed");
    let body = json!({ "accountId": checking, "amount": "10" }).to_string().into_bytes();
    let headers = [("idempotency-key", "one-payment")];
    let evaluate = async || app.call("POST", &path, Key::Sandbox, &headers, Some(body.clone())).await.expect(201);
    assert_eq!(evaluate().await, evaluate().await);
    assert_eq!(app.fidelity.requests("/signal/evaluate").len(), 1);
}
