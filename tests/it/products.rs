//! Adding products to a connection (rules A, and C at Plaid).

use serde_json::{Value, json};

use crate::support::{Customer, Key, TestApp, state};

/// The outcome of the first product.
fn outcome(answer: &Value) -> &str {
    answer["results"][0]["outcome"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_d3_f1_what_is_over_takes_no_products_and_no_repair() {
    let app = TestApp::new().await;
    let deleted = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    assert_eq!(app.delete(&format!("/connections/{deleted}")).await.status, 204);
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let expired = started["connectionId"].as_str().unwrap();
    let repair = async |id: &str| app.post(&format!("/connections/{id}/repair"), json!({})).await;
    repair(expired).await.problem(409, "CONNECTION_NOT_LINKED");
    app.advance(4 * 3600 + 1).await;
    app.until(&format!("/connections/{expired}"), |connection| connection["status"] == "EXPIRED").await;
    for id in [expired, deleted.as_str()] {
        let (before, events) = (app.connection(id).await, app.last_event(id).await);
        app.add(id, json!(["OWNERS"])).await.problem(409, "CONNECTION_TERMINAL");
        repair(id).await.problem(409, "CONNECTION_TERMINAL");
        app.post(&format!("/connections/{id}/refresh"), json!({})).await.problem(409, "CONNECTION_TERMINAL");
        assert_eq!(app.connection(id).await, before);
        assert_eq!(app.last_event(id).await, events);
    }
    // F5: each change is one row of history and one event.
    let history = app.all(&format!("/connections/{expired}/history")).await;
    assert_eq!(history.iter().map(|row| &row["to"]).collect::<Vec<_>>(), ["IN_PROGRESS", "EXPIRED"]);
    assert_eq!(history[1]["cause"], "SESSION_EXPIRED");
    assert_eq!(app.events(expired, "connection.status_changed", 1).await.len(), 1);
    let token = started["connectToken"].as_str().unwrap();
    app.post_as(token, "/connect/complete", json!({})).await.problem(401, "CONNECT_TOKEN_EXPIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_b3_c6_numbers_come_afterwards_only_by_the_instant_flow() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS"] });
    let id = app.linked_at("Houndstooth Bank", asked, json!({})).await;
    let connection = app.connection(&id).await;
    assert_eq!(state(&connection, "IDENTIFIERS"), ("UNAVAILABLE", Some("NO_INSTANT_FLOW")));
    assert_eq!(connection["optionalProducts"], json!([]));
    assert_eq!(connection["requested"]["optionalProducts"], json!(["IDENTIFIERS"]));
    let refused = app.add(&id, json!(["OWNERS", "IDENTIFIERS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let error = &refused["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/products/1"), &json!("NOT_ADDABLE_AFTER_LINK")));
    assert_eq!(error["remedy"], "NEW_CONNECTION");
    // A10: all or nothing.
    assert_eq!(app.connection(&id).await, connection);
    let lacking = app.add(&id, json!(["INVESTMENT_HOLDINGS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let error = &lacking["errors"][0];
    assert_eq!((&error["code"], &error["remedy"]), (&json!("UNSUPPORTED_BY_INSTITUTION"), &json!("NONE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_product_goes_from_pending_to_available_with_an_event_each_time() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["OWNERS"] })).await;
    let added = app.add(&id, json!(["OWNERS"])).await.expect(200);
    assert_eq!((outcome(&added), state(&added["connection"], "OWNERS")), ("ADDED", ("PENDING", None)));
    let path = format!("/connections/{id}/refreshes/{}", added["refreshId"].as_str().unwrap());
    let run = app.until(&path, |run| run["status"] == "SUCCEEDED").await;
    assert_eq!(run["results"][0]["product"], "OWNERS");
    let connection = app.settled(&id).await;
    assert_eq!((connection["status"].as_str(), state(&connection, "OWNERS")), (Some("ACTIVE"), ("AVAILABLE", None)));
    let events = app.all_events(&id).await;
    let of_owners = events.iter().map(|event| &event["data"]).filter(|data| data["product"] == "OWNERS");
    let of_owners: Vec<_> = of_owners.map(|data| &data["to"]).collect();
    assert_eq!(of_owners, ["PENDING", "AVAILABLE"]);
    assert_eq!(app.events(&id, "connection.products_changed", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_c2_what_needs_consent_waits_for_a_repair_and_is_captured_by_it() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let calls = app.fidelity.operations().len();
    let added = app.add(&id, json!(["LIABILITIES"])).await.expect(200);
    assert_eq!((outcome(&added), &added["refreshId"]), ("REPAIR_REQUIRED", &Value::Null));
    let connection = &added["connection"];
    assert_eq!(connection["optionalProducts"], json!(["LIABILITIES"]));
    assert_eq!(state(connection, "LIABILITIES"), ("CONSENT_REQUIRED", Some("CONSENT_MISSING")));
    assert_eq!(connection["repair"], json!({ "required": true, "reasons": ["PRODUCT_CONSENT"] }));
    assert_eq!(app.fidelity.operations().len(), calls, "only stored facts answer");
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(state(&repaired, "LIABILITIES"), ("AVAILABLE", None));
    assert_eq!(repaired["repair"], json!({ "required": false, "reasons": [] }));
    assert!(!app.all(&format!("/liabilities?connectionId={id}")).await.is_empty());
    let asked = app.fidelity.requests("/link/token/create");
    assert_eq!(asked.last().unwrap()["additional_consented_products"], json!(["liabilities"]));
    assert_eq!(asked.last().unwrap()["products"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_c3_what_the_customer_withheld_at_the_institution_is_known_from_the_link_on() {
    let app = TestApp::new().await;
    let asked = json!({
        "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"],
        "additionalConsentedProducts": ["LIABILITIES", "INVESTMENT_HOLDINGS"],
    });
    let deny = json!({ "deny": ["OWNERS", "LIABILITIES"] });
    let id = app.linked_at("Platypus OAuth Bank", asked, deny).await;
    let connection = app.connection(&id).await;
    assert_eq!(state(&connection, "OWNERS"), ("UNAVAILABLE", Some("PERMISSION_DENIED")));
    assert_eq!(state(&connection, "LIABILITIES"), ("CONSENT_REQUIRED", Some("PERMISSION_DENIED")));
    assert_eq!(state(&connection, "INVESTMENT_HOLDINGS"), ("CONSENTED", None));
    assert_eq!(connection["additionalConsentedProducts"], json!(["INVESTMENT_HOLDINGS"]));
    assert_eq!((&connection["optionalProducts"], &connection["status"]), (&json!([]), &json!("ACTIVE")));
    assert_eq!(connection["repair"]["reasons"], json!(["PERMISSION_REVOKED"]));
    let calls = app.fidelity.operations().len();
    let added = app.add(&id, json!(["LIABILITIES", "OWNERS"])).await.expect(200);
    assert_eq!(
        added["results"].as_array().unwrap().iter().filter(|one| one["outcome"] == "REPAIR_REQUIRED").count(),
        2
    );
    assert_eq!(app.fidelity.operations().len(), calls);
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(repaired["optionalProducts"], json!(["OWNERS", "LIABILITIES"]));
    assert_eq!(state(&repaired, "LIABILITIES"), ("AVAILABLE", None));
    assert_eq!(state(&repaired, "OWNERS"), ("AVAILABLE", None));
    // D6: numbers and owners are asked for by name, other permissions need the plain repair.
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!((&request["products"], &request["additional_consented_products"]), (&json!(["identity"]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_c8_what_failed_or_is_unavailable_is_tried_again() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["LIABILITIES", "OWNERS"] });
    let id = app.linked_at("First Platypus Bank", asked, json!({ "username": "user_checking_only" })).await;
    for _ in 0..2 {
        assert_eq!(outcome(&app.add(&id, json!(["LIABILITIES"])).await.expect(200)), "ADDED");
        let connection = app.settled(&id).await;
        assert_eq!(state(&connection, "LIABILITIES"), ("UNAVAILABLE", Some("NO_COMPATIBLE_ACCOUNT")));
        assert_eq!(connection["updateStatus"], "READY", "what cannot be had has not failed");
        assert_eq!(connection["status"], "ACTIVE");
    }
    assert!(app.fidelity.requests("/liabilities/get").is_empty(), "nothing that could be billed");
    assert_eq!(outcome(&app.add(&id, json!(["TRANSACTIONS"])).await.expect(200)), "ALREADY_PRESENT");
    app.break_route("/identity/get").await;
    assert_eq!(outcome(&app.add(&id, json!(["OWNERS"])).await.expect(200)), "ADDED");
    let path = format!("/connections/{id}");
    app.until(&path, |connection| state(connection, "OWNERS").0 == "FAILED").await;
    assert_eq!(app.settled(&id).await["status"], "ACTIVE", "what is optional is read as far as it goes");
    app.post(&format!("{path}/refresh"), json!({})).await.expect(202);
    let read = app.settled(&id).await;
    assert_eq!((&read["status"], state(&read, "OWNERS").0), (&json!("ACTIVE"), "FAILED"));
    // Tried again while it fails, so that nothing else tries it first.
    assert_eq!(outcome(&app.add(&id, json!(["OWNERS"])).await.expect(200)), "ADDED");
    app.break_route("").await;
    app.until(&path, |connection| state(connection, "OWNERS") == ("AVAILABLE", None)).await;
    // A7: an event each time.
    let events = app.all_events(&id).await;
    let states = |product: &str| -> Vec<Value> {
        let of_product = events.iter().map(|event| &event["data"]).filter(|data| data["product"] == product);
        of_product.map(|data| data["to"].clone()).collect()
    };
    assert_eq!(states("LIABILITIES"), ["PENDING", "UNAVAILABLE", "PENDING", "UNAVAILABLE"]);
    let of_owners = states("OWNERS");
    assert_eq!(
        (&of_owners[..3], of_owners.last().unwrap()),
        (&["PENDING", "FAILED", "PENDING"].map(Value::from)[..], &json!("AVAILABLE"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_an_addition_neither_heals_nor_harms_what_stands_beside_it() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["TRANSACTIONS", "IDENTIFIERS"], "additionalConsentedProducts": ["LIABILITIES", "OWNERS"] });
    let id = app.linked(asked).await;
    let path = format!("/connections/{id}");
    // No more than one refresh in a minute (E8).
    let refresh = async || {
        app.advance(61).await;
        app.post(&format!("{path}/refresh"), json!({})).await.expect(202);
    };
    let fault = |route: &str| json!({ "route": route, "kind": "STATUS", "status": 500 });
    app.faults(json!([fault("/auth/get")])).await;
    refresh().await;
    app.until(&path, |now| now["status"] == "PARTIALLY_ACTIVE").await;
    app.add(&id, json!(["LIABILITIES"])).await.expect(200);
    app.until(&path, |now| state(now, "LIABILITIES").0 == "AVAILABLE").await;
    let read = app.settled(&id).await;
    assert_eq!((&read["status"], state(&read, "IDENTIFIERS").0), (&json!("PARTIALLY_ACTIVE"), "FAILED"));
    app.faults(json!([
        fault("/auth/get"),
        fault("/transactions/sync"),
        fault("/liabilities/get"),
        fault("/identity/get")
    ]))
    .await;
    refresh().await;
    app.until(&path, |now| now["status"] == "DEGRADED").await;
    app.add(&id, json!(["OWNERS"])).await.expect(200);
    app.until(&path, |now| state(now, "OWNERS").0 == "FAILED").await;
    assert_eq!(app.settled(&id).await["status"], "DEGRADED");
    app.faults(json!([])).await;
    refresh().await;
    app.until(&path, |now| now["status"] == "ACTIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_dry_run_answers_the_same_and_changes_nothing() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["OWNERS"] })).await;
    let path = format!("/connections/{id}/products");
    let (before, calls) = (app.connection(&id).await, app.fidelity.operations().len());
    let events = app.last_event(&id).await;
    let products = json!(["OWNERS", "LIABILITIES", "STATEMENTS", "TRANSACTIONS"]);
    let options = json!({ "STATEMENTS": { "from": "2026-01-01", "to": "2026-06-30" } });
    let body = |dry_run: bool| json!({ "products": products, "productOptions": options, "dryRun": dry_run });
    let dry = app.post(&path, body(true)).await.expect(200);
    let outcomes: Vec<_> = dry["results"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    // C5: statements come only through a repair.
    assert_eq!(outcomes, ["ADDED", "REPAIR_REQUIRED", "REPAIR_REQUIRED", "ALREADY_PRESENT"]);
    assert_eq!((&dry["connection"], &dry["refreshId"]), (&before, &Value::Null));
    assert_eq!(app.connection(&id).await, before);
    assert_eq!(app.last_event(&id).await, events);
    assert_eq!(app.fidelity.operations().len(), calls);
    let real = app.post(&path, body(false)).await.expect(200);
    assert_eq!(real["results"], dry["results"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_dry_run_refuses_the_same_and_what_it_names_is_not_kept() {
    let app = TestApp::new().await;
    let link = json!({ "products": ["IDENTIFIERS"], "additionalConsentedProducts": ["TRANSACTIONS"] });
    let id = app.linked(link).await;
    let path = format!("/connections/{id}/products");
    let mut refusals = Vec::new();
    for dry_run in [true, false] {
        let body = json!({ "products": ["TRANSACTIONS", "LIABILITIES", "PAYMENT_INITIATION"], "dryRun": dry_run });
        let mut refused = app.post(&path, body).await.problem(422, "PRODUCTS_NOT_ADDABLE");
        refused["requestId"].take();
        refusals.push(refused);
    }
    assert_eq!(refusals[0], refusals[1]);
    let options = json!({ "STATEMENTS": { "from": "2026-01-01", "to": "2026-06-30" } });
    let dry = json!({ "products": ["TRANSACTIONS", "STATEMENTS"], "historyDays": 7, "productOptions": options, "dryRun": true });
    app.post(&path, dry).await.expect(200);
    app.add(&id, json!(["STATEMENTS"])).await.problem(422, "PRODUCT_OPTIONS_REQUIRED");
    app.add(&id, json!(["TRANSACTIONS"])).await.expect(200);
    app.settled(&id).await;
    assert_eq!(app.fidelity.requests("/transactions/sync")[0]["options"]["days_requested"], 730);
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_c5_what_is_added_while_the_customer_is_at_the_provider_says_what_it_waits_for() {
    let app = TestApp::new().await;
    let bank = app.institution("First Platypus Bank").await;
    let started = app.start(json!({ "products": ["TRANSACTIONS", "OWNERS"] })).await;
    let (id, token) = (started["connectionId"].as_str().unwrap(), started["connectToken"].as_str().unwrap());
    app.post_as(token, "/connect/link-token", json!({ "institutionId": bank })).await.expect(200);
    app.add(id, json!(["LIABILITIES"])).await.expect(200);
    assert_eq!(outcome(&app.add(id, json!(["ASSETS"])).await.expect(200)), "REPAIR_REQUIRED");
    app.play(&started, None, json!({ "institutionId": bank })).await.expect(200);
    let connection = app.settled(id).await;
    for product in ["LIABILITIES", "ASSETS"] {
        assert_eq!(state(&connection, product), ("CONSENT_REQUIRED", Some("CONSENT_MISSING")));
    }
    assert_eq!(connection["repair"]["reasons"], json!(["PRODUCT_CONSENT"]));
    let events = app.all_events(id).await;
    let of_liabilities = events.iter().map(|event| &event["data"]).filter(|data| data["product"] == "LIABILITIES");
    assert_eq!(of_liabilities.map(|data| &data["to"]).collect::<Vec<_>>(), ["PENDING", "CONSENT_REQUIRED"]);
    app.repaired(id, json!({}), json!({})).await;
    let repaired = app.settled(id).await;
    for product in ["LIABILITIES", "ASSETS"] {
        assert_eq!(state(&repaired, product), ("AVAILABLE", None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_before_the_providers_session_all_goes_into_it_and_after_it_waits() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let (id, token) = (started["connectionId"].as_str().unwrap(), started["connectToken"].as_str().unwrap());
    assert_eq!(outcome(&app.add(id, json!(["LIABILITIES"])).await.expect(200)), "ADDED");
    let chosen = json!({ "institutionId": app.institution("First Platypus Bank").await });
    let launched = app.post_as(token, "/connect/link-token", chosen).await.expect(200);
    assert_eq!(app.fidelity.requests("/link/token/create")[0]["optional_products"], json!(["liabilities"]));
    let late = app.add(id, json!(["OWNERS"])).await.expect(200);
    assert_eq!(state(&late["connection"], "OWNERS"), ("PENDING", None));
    Customer::new(&app, launched["launch"]["url"].as_str().unwrap()).finish().await;
    app.until(&format!("/connections/{id}"), |connection| connection["status"] == "ACTIVE").await;
    let connection = app.settled(id).await;
    assert_eq!(state(&connection, "LIABILITIES"), ("AVAILABLE", None));
    assert_eq!(state(&connection, "OWNERS").0, "CONSENT_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_one_key_never_acts_twice() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["OWNERS"] })).await;
    let (path, body) =
        (format!("/connections/{id}/products"), json!({ "products": ["OWNERS"] }).to_string().into_bytes());
    let headers = [("idempotency-key", "once")];
    let calls = (0..50).map(|_| app.call("POST", &path, Key::Sandbox, &headers, Some(body.clone())));
    let answers: Vec<Value> =
        futures::future::join_all(calls).await.into_iter().map(|answer| answer.expect(200)).collect();
    assert_eq!(outcome(&answers[0]), "ADDED");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(app.events(&id, "connection.products_changed", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_fifty_additions_at_once_lose_none_and_add_each_once() {
    const PRODUCTS: [&str; 5] = ["BALANCES", "OWNERS", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS", "LIABILITIES"];
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": PRODUCTS[1..] })).await;
    // Ten of each, and each in company of another.
    let calls = (0..50).map(|i| app.add(&id, json!([PRODUCTS[i % 5], PRODUCTS[(i + 1 + i / 5 % 4) % 5]])));
    let answers = futures::future::join_all(calls).await;
    let results: Vec<Value> =
        answers.into_iter().flat_map(|answer| answer.expect(200)["results"].as_array().unwrap().clone()).collect();
    for product in PRODUCTS {
        let outcomes =
            |wanted: &str| results.iter().filter(|one| one["product"] == product && one["outcome"] == wanted).count();
        assert_eq!((outcomes("ADDED"), outcomes("REPAIR_REQUIRED")), (1, 0), "{product}");
        assert!(outcomes("ALREADY_PRESENT") >= 9, "{product}");
    }
    let connection = app.settled(&id).await;
    assert_eq!(connection["optionalProducts"].as_array().unwrap().len(), PRODUCTS.len());
    let told = app.events(&id, "connection.products_changed", 1).await;
    let mut told: Vec<_> =
        told.iter().flat_map(|event| event["optionalProducts"].as_array().unwrap()).cloned().collect();
    told.sort_by_key(Value::to_string);
    let mut expected = PRODUCTS.map(Value::from);
    expected.sort_by_key(Value::to_string);
    assert_eq!(told, expected, "one event for each");
    for product in PRODUCTS {
        assert_eq!(state(&connection, product), ("AVAILABLE", None), "{product}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_c5_credit_products_come_through_a_repair() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    app.add(&id, json!(["STATEMENTS"])).await.problem(422, "PRODUCT_OPTIONS_REQUIRED");
    let options = json!({ "STATEMENTS": { "from": "2026-01-01", "to": "2026-06-30" } });
    let path = format!("/connections/{id}");
    let future = json!({ "products": ["STATEMENTS"], "productOptions": { "STATEMENTS": { "from": "2026-01-01", "to": "2099-01-01" } } });
    let refused = app.post(&format!("{path}/products"), future).await.problem(400, "INVALID_REQUEST");
    assert_eq!(refused["errors"][0]["pointer"], "/productOptions/STATEMENTS/to");
    let unasked = json!({ "products": ["OWNERS"], "productOptions": options });
    let refused = app.post(&format!("{path}/products"), unasked).await.problem(400, "INVALID_REQUEST");
    assert_eq!(refused["errors"][0]["pointer"], "/productOptions/STATEMENTS");
    let body = json!({ "products": ["STATEMENTS"], "productOptions": options });
    assert_eq!(outcome(&app.post(&format!("{path}/products"), body).await.expect(200)), "REPAIR_REQUIRED");
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_eq!(state(&repaired, "STATEMENTS"), ("AVAILABLE", None));
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(request["products"], json!(["statements"]));
    assert_eq!(request["statements"], json!({ "start_date": "2026-01-01", "end_date": "2026-06-30" }));
    let never =
        json!({ "products": ["PAYMENT_INITIATION"], "productOptions": { "PAYMENT_INITIATION": { "paymentId": "p" } } });
    let refused = app.post(&format!("{path}/repair"), never).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "NOT_ADDABLE_AFTER_LINK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_what_is_added_later_needs_no_visit_of_the_customer() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["LIABILITIES"] })).await;
    let sessions = app.all("/connect/sessions").await;
    let launches = app.fidelity.requests("/link/token/create").len();
    assert_eq!(app.all("/liabilities").await, Vec::<Value>::new());
    let added = app.add(&id, json!(["LIABILITIES", "BALANCES"])).await.expect(200);
    assert_eq!(added["connection"]["optionalProducts"], json!(["BALANCES", "LIABILITIES"]));
    let connection = app.settled(&id).await;
    for product in ["TRANSACTIONS", "LIABILITIES", "BALANCES"] {
        assert_eq!(state(&connection, product), ("AVAILABLE", None), "{product}");
    }
    assert!(!app.all(&format!("/liabilities?connectionId={id}")).await.is_empty());
    // As first chosen, and as it is now.
    assert_eq!(
        (&connection["products"], &connection["requested"]["optionalProducts"]),
        (&json!(["TRANSACTIONS"]), &json!([]))
    );
    assert_eq!(app.all("/connect/sessions").await, sessions);
    assert_eq!(app.fidelity.requests("/link/token/create").len(), launches);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_what_cannot_stand_together_is_not_added_nor_asked_for_in_a_repair() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let options = json!({ "CONSUMER_REPORT": { "permissiblePurpose": "EXTENSION_OF_CREDIT", "days": 90 }, "INCOME": { "source": "BANK" } });
    let (products, repair) = (format!("/connections/{id}/products"), format!("/connections/{id}/repair"));
    let both = json!({ "products": ["CONSUMER_REPORT", "ASSETS"], "productOptions": { "CONSUMER_REPORT": options["CONSUMER_REPORT"] } });
    for path in [&products, &repair] {
        let refused = app.post(path, both.clone()).await.problem(422, "PRODUCT_COMBINATION");
        assert_eq!(refused["errors"][0]["pointer"], "/products/0", "{path}: {refused:#}");
    }
    let one =
        json!({ "products": ["CONSUMER_REPORT"], "productOptions": { "CONSUMER_REPORT": options["CONSUMER_REPORT"] } });
    app.post(&products, one).await.expect(200);
    let income = json!({ "products": ["INCOME"], "productOptions": { "INCOME": options["INCOME"] } });
    for path in [&products, &repair] {
        app.post(path, income.clone()).await.problem(422, "PRODUCT_COMBINATION");
    }
    // So the customer is not stuck: a repair opens.
    let repair = app.repair(&id, json!({})).await;
    app.post_as(repair["connectToken"].as_str().unwrap(), "/connect/link-token", json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_what_is_added_goes_as_far_back_as_is_asked_for_then() {
    let app = TestApp::new().await;
    let link = json!({ "products": ["IDENTIFIERS"], "additionalConsentedProducts": ["TRANSACTIONS"] });
    let id = app.linked(link).await;
    let path = format!("/connections/{id}/products");
    let asked = |dry_run: bool| json!({ "products": ["TRANSACTIONS"], "historyDays": 30, "dryRun": dry_run });
    app.post(&path, asked(true)).await.expect(200);
    app.post(&path, asked(false)).await.expect(200);
    let connection = app.settled(&id).await;
    assert_eq!(app.fidelity.requests("/transactions/sync")[0]["options"]["days_requested"], 30);
    let transactions = app.all(&format!("/transactions?connectionId={id}")).await;
    let oldest = transactions.last().unwrap()["transactionDate"].as_str().unwrap();
    let from = connection["historyFrom"].as_str().unwrap();
    let month_ago = (chrono::Utc::now() - chrono::TimeDelta::days(31)).date_naive().to_string();
    assert!(from >= month_ago.as_str() && oldest >= month_ago.as_str(), "{from} {oldest}");
}
