//! Calls and answers, by a made-up description.

use serde_json::json;

use super::super::description::Description;
use super::Document;

fn judge() -> Document {
    let thing = json!({ "application/json": { "schema": {
        "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } },
    } } });
    let vendors = json!({ "application/vnd.example.v1+json": thing["application/json"] });
    Document::new(
        "example",
        Description::new(json!({ "paths": {
        "/things": {
            "get": { "responses": { "200": { "content": vendors }, "default": { "content": thing } } },
            "post": {
                "requestBody": { "required": true, "content": thing },
                "responses": { "2XX": { "$ref": "#/components/responses/Thing" } },
            },
        },
        "/things/{id}": { "delete": { "responses": { "204": {} } } },
        "/things/{id}/picture": { "get": { "responses": { "200": { "content": { "image/png": {} } } } } },
    }, "components": {
        "responses": { "Thing": { "content": { "application/json": {
            "schema": thing["application/json"]["schema"],
            "examples": { "short": { "$ref": "#/components/examples/Short" } },
        } } } },
        "examples": { "Short": { "value": { "id": "a" } } },
    } })),
    )
}

const GOOD: &[u8] = br#"{ "id": "a" }"#;
const BAD: &[u8] = br#"{ "id": "a", "extra": true }"#;

/// The only complaint about an exchange.
fn complaint(method: &str, path: &str, request: &[u8], status: u16, answer: &[u8]) -> String {
    let complaints = judge().exchange(method, path, request, status, answer);
    let mut complaints = complaints.expect_err("something is wrong with it");
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    complaints.remove(0)
}

#[test]
fn good_exchanges_pass() {
    let judge = judge();
    assert_eq!(judge.exchange("POST", "/things", GOOD, 201, GOOD), Ok(()));
    assert_eq!(judge.exchange("get", "/things?page=2", b"", 200, GOOD), Ok(()));
    assert_eq!(judge.exchange("GET", "/things", b"", 503, GOOD), Ok(()));
    assert_eq!(judge.exchange("DELETE", "/things/7", b"", 204, b""), Ok(()));
    assert_eq!(judge.exchange("GET", "/things/7/picture", b"", 200, b"\x89PNG"), Ok(()));
}

#[test]
fn an_undescribed_call_is_named() {
    assert_eq!(complaint("GET", "/thing", b"", 200, GOOD), "GET /thing: no such path is described");
    assert_eq!(complaint("GET", "/things//picture", b"", 200, b""), "GET /things//picture: no such path is described");
    assert_eq!(complaint("PUT", "/things", GOOD, 200, GOOD), "PUT /things: the path is described without this method");
}

#[test]
fn each_side_is_judged() {
    assert_eq!(
        complaint("POST", "/things", BAD, 200, GOOD),
        "POST /things request: /: Additional properties are not allowed ('extra' was unexpected)"
    );
    assert_eq!(
        complaint("POST", "/things", GOOD, 200, BAD),
        "POST /things answer 200: /: Additional properties are not allowed ('extra' was unexpected)"
    );
    assert!(complaint("GET", "/things", b"", 200, BAD).starts_with("GET /things answer 200: /: Add"));
    assert!(complaint("GET", "/things", b"", 429, BAD).starts_with("GET /things answer 429: /: Add"));
}

#[test]
fn a_body_is_there_when_described_and_only_then() {
    assert_eq!(complaint("POST", "/things", b"", 200, GOOD), "POST /things request: a body is required");
    assert_eq!(complaint("GET", "/things", GOOD, 200, GOOD), "GET /things request: no body is described");
    assert_eq!(
        complaint("DELETE", "/things/7", b"", 204, GOOD),
        "DELETE /things/{id} answer 204: no body is described"
    );
    assert!(complaint("GET", "/things", b"", 200, b"").contains("not JSON"));
    assert!(complaint("GET", "/things", b"", 200, b"<html>").contains("not JSON"));
    assert!(complaint("GET", "/things", b"", 200, b"null").contains("null is no body"));
}

#[test]
fn an_undescribed_status_is_refused() {
    assert_eq!(complaint("POST", "/things", GOOD, 400, GOOD), "POST /things answer 400: this status is not described");
}

#[test]
fn complaints_are_at_most_twenty() {
    let many: Vec<_> = (0..50).map(|_| json!({ "id": 1 })).collect();
    let list = json!({ "List": { "type": "array", "items": {
        "type": "object", "properties": { "id": { "type": "string" } },
    } } });
    let complaints = super::judge_of(list).schema("List", &json!(many)).unwrap_err();
    assert_eq!(complaints.len(), 20);
}

#[test]
fn examples_are_found_behind_references() {
    let judge = Document::new(
        "example",
        Description::new(json!({
            "paths": { "/things": { "get": { "responses": { "200": { "$ref": "#/components/responses/Thing" } } } } },
            "components": {
                "responses": { "Thing": { "content": { "application/json": {
                    "example": 1,
                    "examples": { "short": { "$ref": "#/components/examples/Short" } },
                } } } },
                "examples": { "Short": { "value": { "id": "a" } } },
            },
        })),
    );
    let examples = judge.response_examples("/things");
    assert_eq!(examples, [("example".to_owned(), json!(1)), ("short".to_owned(), json!({ "id": "a" }))]);
    assert!(judge.response_examples("/other").is_empty());
}

#[test]
fn descriptions_are_yaml_or_json() {
    let yaml = "a: {$ref: '#/b'}\nb: [NO, yes, true, 1.5, 2020-01-01, '7', null]\n";
    let json = r##"{ "a": { "$ref": "#/b" }, "b": ["NO", "yes", true, 1.5, "2020-01-01", "7", null] }"##;
    let of_json = Description::parse("a.json", json).unwrap();
    for file in ["a.yml", "a.yaml"] {
        let of_yaml = Description::parse(file, yaml).unwrap();
        assert_eq!(of_yaml.at("#"), of_json.at("#"));
        assert_eq!(of_yaml.resolve(of_yaml.at("#/a")), of_json.at("#/b"));
    }
    assert!(Description::parse("a.json", yaml).is_err());
}
