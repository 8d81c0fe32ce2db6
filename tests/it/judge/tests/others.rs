//! The descriptions at hand of every provider: each is read, and its operations can be judged.

use serde_json::{Value, json};

use super::super::description::Description;
use super::super::swagger::modern;
use super::{Document, answer};
use linkspan::domain::service_provider::ServiceProvider;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn every_description_at_hand_is_read_and_every_operation_can_be_judged() {
    for provider in ServiceProvider::ALL {
        let folder = provider.as_str().to_lowercase().replace('_', "");
        for description in Description::load_all(&folder) {
            let document = Document::new(&folder, description);
            let paths = document.description.at("#/paths").as_object().unwrap().clone();
            assert!(!paths.is_empty(), "{folder}");
            for (path, methods) in &paths {
                for method in METHODS.iter().filter(|method| methods.get(**method).is_some()) {
                    // Whether it is right is for those who send it: here it only has to be judged at all.
                    let _ = document.exchange(method, path, b"{}", 200, b"{}");
                }
            }
        }
    }
}

#[test]
fn a_swagger_document_is_judged_like_a_newer_one() {
    let document = modern(json!({
        "swagger": "2.0", "basePath": "/v1",
        "paths": { "/things": { "post": {
            "parameters": [{ "in": "header", "name": "Accept" }, { "in": "body", "required": true, "schema": { "$ref": "#/definitions/Thing" } }],
            "responses": { "200": { "description": "Made", "schema": { "$ref": "#/definitions/Thing" } }, "204": { "description": "Nothing" } },
        } } },
        "definitions": { "Thing": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } } },
    }));
    let judge = Document::new("example", Description::new(document));
    let good = json!({ "id": "a" }).to_string();
    assert_eq!(judge.exchange("POST", "/v1/things", good.as_bytes(), 200, good.as_bytes()), Ok(()));
    assert_eq!(judge.exchange("POST", "/things", good.as_bytes(), 204, b""), Ok(()));
    assert_eq!(answer(&judge, "/things", 200, &json!({})).unwrap_err().len(), 1);
    assert!(judge.exchange("POST", "/v1/things", b"{}", 204, b"").is_err());
    assert!(judge.exchange("POST", "/v2/things", good.as_bytes(), 200, good.as_bytes()).is_err());
    assert!(judge.description.component("Thing").is_some_and(Value::is_object));
}
