//! Bad input: every field of every body, and what else callers send by mistake or on purpose. Only documented refusals come of it:
//! that they are documented and problem documents is judged at every call.

use serde_json::{Value, json};

use crate::support::document::{Operation, operations, referred};
use crate::support::{Answer, Key, TestApp, World};

/// What is wrong with a body: `(what, body, the pointer that the refusal must name)`.
type Case = (String, Vec<u8>, Option<String>);

/// Objects in which callers put what they like.
const OPEN: &[&str] = &["metadata"];

/// How the JSON reader and its types speak among themselves, which says nothing to a caller.
const OURS: &[&str] = &[
    "untagged",
    "invalid type",
    "invalid value",
    "invalid length",
    "expected ",
    "variant",
    "struct",
    "a map",
    "a sequence",
    "floating point",
    "integer",
    "u16",
    "u32",
    "i64",
    "f64",
    "UUID parsing",
    "EOF",
    "`",
];

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// The type of a field, after what it refers to.
fn types(schema: &Value) -> Vec<&str> {
    let one = schema["type"].as_str().into_iter();
    one.chain(schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str)).collect()
}

fn cases(operation: &Operation, example: &Value) -> Vec<Case> {
    let schema = operation.body_schema().unwrap();
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut cases: Vec<Case> = Vec::new();
    let mut case =
        |what: &str, body: &Value, pointer: Option<String>| cases.push((what.to_owned(), bytes(body), pointer));
    let with = |name: &str, value: Value| {
        let mut body = example.clone();
        body[name] = value;
        body
    };
    for (name, field) in schema["properties"].as_object().unwrap() {
        let pointer = || Some(format!("/{name}"));
        let types = types(field);
        if required.contains(&name.as_str()) {
            let mut body = example.clone();
            body.as_object_mut().unwrap().remove(name);
            case("missing", &body, pointer());
        }
        for wrong in [json!(7.5), json!("text"), json!(true), json!([[]]), json!({ "ANY": null })] {
            let kind = match &wrong {
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Bool(_) => "boolean",
                Value::Array(_) => "array",
                _ => "object",
            };
            // A text where a text may stand, and anything in an open object, is judged by the field's own rules.
            if types.contains(&kind)
                || (types.is_empty() && kind == "string")
                || (OPEN.contains(&name.as_str()) && kind == "object")
            {
                continue;
            }
            case("of the wrong type", &with(name, wrong), pointer());
        }
        if types.contains(&"array") {
            case("a hundred thousand", &with(name, json!(vec!["TRANSACTIONS"; 50_000])), None);
            case("an unknown value", &with(name, json!(["TYPO"])), Some(format!("/{name}/0")));
        }
    }
    case("a field more", &with("typo", json!(1)), Some("/typo".to_owned()));
    let mut twice = bytes(example);
    twice.truncate(twice.len() - 1);
    let comma = if example.as_object().unwrap().is_empty() { "" } else { "," };
    twice.extend(format!("{comma}\"typo\":1,\"typo\":2}}").bytes());
    cases.push(("a field twice".to_owned(), twice, None));
    let deep = format!("{{\"typo\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    for (what, body) in [
        ("broken", b"{".to_vec()),
        ("broken, and unknown", b"{\"typo\":1".to_vec()),
        ("broken at its end, and unknown", b"{\"typo\":1,}".to_vec()),
        ("half of it", bytes(example)[..bytes(example).len() / 2].to_vec()),
        ("a list", b"[]".to_vec()),
        ("a text", b"\"x\"".to_vec()),
        ("null", b"null".to_vec()),
        ("no UTF-8", b"{\"typo\":\"\xff\xfe\"}".to_vec()),
        ("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("two values", b"{}{}".to_vec()),
        ("deep", deep.into_bytes()),
    ] {
        cases.push((what.to_owned(), body, None));
    }
    cases
}

#[track_caller]
fn refused(operation: &Operation, what: &str, answer: Answer, pointer: Option<&str>) {
    let name = operation.name();
    assert!((400..500).contains(&answer.status), "{name}: {what}: {} {:#}", answer.status, answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{name}: {what}");
    assert!(answer.body.to_string().len() < 20_000, "{name}: {what}: the answer echoes the request");
    let error = &answer.body["errors"][0];
    if answer.status == 400 {
        assert!(error["pointer"].is_string(), "{name}: {what}: {:#}", answer.body);
    }
    if what.starts_with("broken") {
        assert_eq!((&error["code"], &error["pointer"]), (&json!("SYNTAX"), &json!("")), "{name}: {what}");
    } else if error["code"] != "SYNTAX" {
        let words = [&answer.body["detail"], &error["detail"]].map(|text| text.as_str().unwrap_or_default());
        let ours = OURS.iter().find(|ours| words.iter().any(|text| text.contains(**ours)));
        assert_eq!(ours, None, "{name}: {what}: {:#}", answer.body);
    }
    if let Some(pointer) = pointer {
        let found = error["pointer"].as_str().unwrap_or_default();
        let is_there = found == pointer || found.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
        assert!(is_there, "{name}: {what}: {pointer} is not named: {:#}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_body_is_judged() {
    // Otherwise it is the rate that refuses.
    let limits = [("LINKSPAN_LIMITS__CONNECT_TOKEN_BURST", "100000"), ("LINKSPAN_LIMITS__API_KEY_BURST", "100000")];
    let app = TestApp::with(&limits).await;
    let world = World::of_start(&app, Key::Sandbox).await;
    let nobody = uuid::Uuid::now_v7().to_string();
    let world = world.with("accountId", &nobody).with("evaluationId", &nobody);
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| operation.body_schema().is_some()) {
        let example = world.body(operation).unwrap();
        let path = world.path(operation);
        let key = || world.key(operation, Key::Sandbox);
        for (what, body, pointer) in cases(operation, &example) {
            let answer = app.call(operation.method, &path, key(), &[], Some(body)).await;
            refused(operation, &what, answer, pointer.as_deref());
            tried += 1;
        }
        let huge = [b"{\"typo\":\"".to_vec(), vec![b'x'; 1024 * 1024], b"\"}".to_vec()].concat();
        let answer = app.call(operation.method, &path, key(), &[], Some(huge)).await;
        assert_eq!(answer.status, 413, "{}", operation.name());
        for headers in [
            ("content-type", "text/plain"),
            ("content-type", "application/json; charset=utf-16"),
            ("content-encoding", "gzip"),
        ] {
            let answer = app.call(operation.method, &path, key(), &[headers], Some(bytes(&example))).await;
            assert_eq!(answer.status, 415, "{} {headers:?}", operation.name());
        }
    }
    assert!(tried > 200, "{tried}");
}

/// Whether a member may be `null`, after what it refers to.
fn may_be_null(schema: &Value) -> bool {
    let schema = referred(schema);
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    types(schema).contains(&"null") || choices.into_iter().any(may_be_null)
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_and_bounds_are_as_the_schemas_say() {
    let app = TestApp::with(&[("LINKSPAN_LIMITS__API_KEY_BURST", "100000")]).await;
    let world = World::of_start(&app, Key::Sandbox).await;
    let nobody = uuid::Uuid::now_v7().to_string();
    let world = world.with("accountId", &nobody).with("evaluationId", &nobody);
    let (mut nulls, mut bounds) = (0, Vec::new());
    for operation in operations().iter().filter(|operation| operation.body_schema().is_some()) {
        let example = world.body(operation).unwrap();
        let path = world.path(operation);
        let answered = async |name: &str, value: Value| {
            let mut body = example.clone();
            body[name] = value;
            let answer = app.call(operation.method, &path, world.key(operation, Key::Sandbox), &[], Some(bytes(&body)));
            let answer = answer.await.body;
            let error = answer.pointer("/errors/0").filter(|error| error["pointer"] == format!("/{name}"))?;
            Some(error["detail"].as_str().unwrap().to_owned())
        };
        for (name, field) in operation.body_schema().unwrap()["properties"].as_object().unwrap() {
            let refused = answered(name, Value::Null).await;
            assert_eq!(refused.is_none(), may_be_null(field), "{} {name}: {refused:?}", operation.name());
            nulls += usize::from(refused.is_none());
            let (Some(least), Some(most)) = (field["minimum"].as_i64(), field["maximum"].as_i64()) else { continue };
            for outside in [least - 1, most + 1, i64::MIN, i64::MAX] {
                let refused = answered(name, json!(outside)).await.unwrap_or_default();
                assert!(
                    refused.contains(&format!("from {least} to {most}.")),
                    "{} {name}: {refused}",
                    operation.name()
                );
            }
            assert_eq!(answered(name, json!(least)).await, None, "{} {name}", operation.name());
            bounds.push(name.as_str());
        }
    }
    assert!(nulls > 20, "{nulls}");
    let expected = [
        "advanceSeconds",
        "count",
        "days",
        "daysFundsOnHold",
        "expiresIn",
        "expiresIn",
        "expiresIn",
        "historyDays",
        "historyDays",
        "historyDays",
    ];
    bounds.sort_unstable();
    assert_eq!(bounds, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_the_callers_words() {
    let app = TestApp::new().await;
    let fault = |name: &str, value: Value| {
        let mut fault = json!({ "route": "*", "kind": "STATUS" });
        fault[name] = value;
        json!({ "faults": [fault] })
    };
    let (start, play, faults) = ("/connect/start", "/sandbox/play", "/sandbox/providers/PLAID/faults");
    let started = |name: &str, value: Value| {
        let mut body = json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"] });
        body[name] = value;
        body
    };
    let played =
        |accounts: Value| json!({ "connectToken": "x", "username": "x", "password": "x", "accounts": accounts });
    let cases = [
        ("POST", start, json!({}), "/externalCustomerId", "is required"),
        ("POST", start, started("historyDays", json!(70_000)), "/historyDays", "must be a whole number from 1 to 730"),
        ("POST", start, started("historyDays", json!("30")), "/historyDays", "must be a whole number from 1 to 730"),
        ("POST", start, started("allowDuplicate", json!(1)), "/allowDuplicate", "must be true or false"),
        ("POST", start, started("institutionId", json!("x")), "/institutionId", "must be an id (a UUID)"),
        ("POST", start, started("accountMatch", json!("SOME")), "/accountMatch", "must be one of ANY, ALL"),
        ("POST", start, started("optionalProducts", json!({})), "/optionalProducts", "must be an array"),
        ("POST", start, started("products", json!([7])), "/products/0", "must be a string"),
        (
            "POST",
            start,
            started("accountFilters", json!({ "credit": "ALL" })),
            "/accountFilters/credit",
            "must be an array",
        ),
        ("POST", play, played(json!(7)), "/accounts", "must be all, or an array of masks"),
        ("POST", play, played(json!(["1", 2])), "/accounts", "must be all, or an array of masks"),
        ("PUT", faults, fault("route", json!(null)), "/faults/0/route", "must be a string"),
        ("PUT", faults, fault("kind", json!("X")), "/faults/0/kind", "must be one of STATUS, TIMEOUT, "),
        ("PUT", faults, fault("status", json!(-1)), "/faults/0/status", "must be a whole number from 0 to 65535"),
        ("PUT", faults, fault("probability", json!("1")), "/faults/0/probability", "must be a number"),
        ("PUT", faults, fault("typo", json!(1)), "/faults/0/typo", "is not known here; known are route, kind, "),
        ("PUT", faults, json!({ "faults": [[]] }), "/faults/0", "must be an object"),
    ];
    for (method, path, body, pointer, says) in cases {
        let answer = app.call(method, path, Key::Sandbox, &[], Some(bytes(&body))).await;
        let problem = answer.problem(400, "INVALID_REQUEST");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{pointer} {says}")), "{problem:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_ids_and_parameters_are_refused() {
    let app = TestApp::new().await;
    let world = World::of_start(&app, Key::Sandbox).await;
    for operation in operations().iter().filter(|operation| operation.scheme.as_deref() == Some("apiKey")) {
        for name in operation.in_path() {
            for wrong in ["x", "0", "%00", "%ff", "..%2f", "0198f2c4", &"9".repeat(5000)] {
                let path = operation.in_path().iter().fold(operation.path.clone(), |path, part| {
                    let nobody = uuid::Uuid::now_v7().to_string();
                    let id = if *part == name { wrong } else { &nobody };
                    path.replace(&format!("{{{part}}}"), id)
                });
                let body = world.body(operation).map(|body| bytes(&body));
                let answer = app.call(operation.method, &path, Key::Sandbox, &[], body).await;
                assert!(matches!(answer.status, 400 | 404 | 422), "{} {wrong}: {:#}", operation.name(), answer.body);
            }
        }
        if operation.method == "GET" && operation.in_path().is_empty() && operation.path != "/events/stream" {
            for parameter in operation.parameters().into_iter().filter(|parameter| parameter.place == "query") {
                let is_text = ["query", "externalCustomerId"].contains(&parameter.name.as_str());
                for wrong in ["%00", "%ff", if is_text { "%00" } else { "typo" }] {
                    let path = format!("{}?{}={wrong}", operation.path, parameter.name);
                    app.get(&path).await.problem(400, "INVALID_REQUEST");
                }
            }
        }
        if operation.parameters().iter().any(|parameter| parameter.name == "after") && operation.in_path().is_empty() {
            let of = if operation.path == "/transactions/sync" {
                format!("&connectionId={}", world.id("connectionId"))
            } else {
                String::new()
            };
            app.get(&format!("{}?after={of}", operation.path)).await.expect(200);
            for wrong in ["limit=0", "limit=501", "limit=-1", "limit=1&limit=2", "after=typo", "typo=1"] {
                app.get(&format!("{}?{wrong}{of}", operation.path)).await.problem(400, "INVALID_REQUEST");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_takes_a_parameter_that_the_document_does_not_name() {
    let app = TestApp::new().await;
    let world = World::of_start(&app, Key::Sandbox).await.of_nobody();
    for operation in operations() {
        let path = format!("{}?typo=1", world.path(operation));
        let body = world.body(operation).map(|body| bytes(&body));
        let answer = app.call(operation.method, &path, world.key(operation, Key::Sandbox), &[], body).await;
        // What a provider adds to an address is its own business, and so is what a probe adds.
        if operation.scheme.is_none() {
            assert_ne!(answer.body["errors"][0]["pointer"], "typo", "{}", operation.name());
            continue;
        }
        let problem = answer.problem(400, "INVALID_REQUEST");
        let error = &problem["errors"][0];
        let found = (&error["pointer"], &error["code"]);
        assert_eq!(found, (&json!("typo"), &json!("UNKNOWN_PARAMETER")), "{}", operation.name());
    }
    let (pointer, repeated) = ("x".repeat(100), "x".repeat(5000));
    let long = app
        .delete(&format!("/connections/{}?{repeated}=1", world.id("connectionId")))
        .await
        .problem(400, "INVALID_REQUEST");
    assert_eq!(long["errors"][0]["pointer"], pointer);
    let head = app.call("HEAD", "/support-matrix?typo=1", Key::Sandbox, &[], None).await;
    assert_eq!(head.status, 400);
    // Another method has its own refusal, and pages are no part of the API.
    app.delete("/support-matrix?typo=1").await.problem(405, "METHOD_NOT_ALLOWED");
    app.call("GET", "/docs/problems?typo=1", Key::Nobody, &[], None).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knob_takes_only_what_applies_to_it() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    for (knob, body, pointer) in [
        ("reset-login", json!({ "count": 1 }), "/count"),
        ("revoke", json!({ "code": "ERROR" }), "/code"),
        ("fire-webhook", json!({ "count": 1 }), "/count"),
        ("post-transactions", json!({ "count": 1, "code": "ERROR" }), "/code"),
    ] {
        let problem =
            app.post(&format!("/sandbox/connections/{id}/{knob}"), body).await.problem(400, "INVALID_REQUEST");
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!("UNKNOWN_FIELD")), "{knob}");
    }
    app.knob(&id, "post-transactions", json!({ "count": 1, "code": null })).await;
    app.post(&format!("/sandbox/connections/{id}/typo"), json!({ "count": 1 })).await.problem(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_says_what_is_wrong_with_it() {
    let app = TestApp::new().await;
    let nobody = uuid::Uuid::now_v7().to_string();
    let cases = [
        (json!({ "products": ["TRANSACTIONS", "TRANSACTIONS"] }), 400, "/products/1"),
        (json!({ "optionalProducts": ["TRANSACTIONS"] }), 400, "/optionalProducts/0"),
        (json!({ "products": [] }), 400, "/products"),
        (json!({ "accountMatch": { "ANY": null } }), 400, "/accountMatch"),
        (json!({ "institutionId": nobody }), 400, "/institutionId"),
        (json!({ "externalCustomerId": "" }), 400, "/externalCustomerId"),
        (json!({ "externalCustomerId": "a\u{0}" }), 400, "/externalCustomerId"),
        (json!({ "metadata": { "a": "\u{0}" } }), 400, "/metadata"),
        (json!({ "metadata": { "a": "x".repeat(17_000) } }), 400, "/metadata"),
        (json!({ "metadata": { "a": [1e30] } }), 400, "/metadata"),
        (json!({ "redirectUrl": "javascript:alert(1)" }), 400, "/redirectUrl"),
        (json!({ "redirectUrl": "https://app.\r\nexample/" }), 400, "/redirectUrl"),
        (json!({ "redirectUrl": "https://user:pass@app.example/" }), 400, "/redirectUrl"),
        (json!({ "historyDays": 731 }), 400, "/historyDays"),
        (json!({ "expiresIn": 1 }), 400, "/expiresIn"),
        (json!({ "accountFilters": { "depository": ["TYPO"] } }), 400, "/accountFilters/depository/0"),
        (json!({ "countryCodes": ["US", "usa"] }), 400, "/countryCodes/1"),
        (json!({ "countryCodes": ["XX"] }), 400, "/countryCodes/0"),
        (json!({ "countryCodes": ["GB", "UK"] }), 400, "/countryCodes/1"),
        (json!({ "language": "english" }), 400, "/language"),
        (json!({ "language": "EN" }), 400, "/language"),
        (json!({ "language": "xx" }), 400, "/language"),
    ];
    for (change, status, pointer) in cases {
        let mut body = json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"] });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = app.post("/connect/start", body).await.expect(status);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
    }
    app.get("/institutions?countryCode=XX").await.problem(400, "INVALID_REQUEST");
    app.get("/institutions?countryCode=us").await.problem(400, "INVALID_REQUEST");
    app.get("/institutions?countryCode=US").await.expect(200);
    let long =
        br#"{"externalCustomerId":"a","products":["TRANSACTIONS"],"metadata":{"n":[{"m":12345678901234567890123}]}}"#;
    let rounded = app.call("POST", "/connect/start", Key::Sandbox, &[], Some(long.to_vec())).await;
    assert_eq!(rounded.problem(400, "INVALID_REQUEST")["errors"][0]["pointer"], "/metadata");
    let twice = br#"{"externalCustomerId":"a","products":["TRANSACTIONS"],"metadata":{"a/b":{"c":1,"c":2}}}"#;
    let twice = app.call("POST", "/connect/start", Key::Sandbox, &[], Some(twice.to_vec())).await;
    let twice = twice.problem(400, "INVALID_REQUEST");
    assert_eq!(
        (&twice["errors"][0]["pointer"], &twice["errors"][0]["code"]),
        (&json!("/metadata/a~1b/c"), &json!("DUPLICATE_FIELD"))
    );
    assert_eq!(app.all("/connections").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_opens_nothing() {
    let app = TestApp::new().await;
    let expiring = World::of_start(&app, Key::Sandbox).await;
    let used = World::of_start(&app, Key::Sandbox).await;
    let play = |world: &World| json!({ "connectToken": world.connect_token, "username": "user_good", "password": "pass_good" });
    app.post("/sandbox/play", play(&used)).await.expect(200);
    app.post("/sandbox/clock", json!({ "advanceSeconds": 5 * 3600 })).await.expect(200);
    app.post_as(&expiring.connect_token, "/connect/link-token", json!({})).await.problem(401, "CONNECT_TOKEN_EXPIRED");
    app.post("/sandbox/play", play(&expiring)).await.problem(401, "CONNECT_TOKEN_EXPIRED");
    app.post_as(&used.connect_token, "/connect/link-token", json!({})).await.problem(409, "CONNECT_SESSION_FINISHED");
    // Safe to call again.
    app.post_as(&used.connect_token, "/connect/complete", json!({})).await.expect(200);
}
