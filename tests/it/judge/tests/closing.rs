//! What becomes of single schemas.

use serde_json::{Value, json};

use super::judge_of;

/// Each of the bodies passes as `Thing`.
fn accepts(schemas: &Value, bodies: &[Value]) {
    let judge = judge_of(schemas.clone());
    for body in bodies {
        assert_eq!(judge.schema("Thing", body), Ok(()), "{body}");
    }
}

/// Each of the bodies is refused as `Thing`, with these words.
fn refuses(schemas: &Value, bodies: &[(Value, &str)]) {
    let judge = judge_of(schemas.clone());
    for (body, words) in bodies {
        let complaints = judge.schema("Thing", body).expect_err(&body.to_string());
        let said = complaints.iter().any(|complaint| complaint.contains(words));
        assert!(said, "{complaints:?}");
    }
}

#[test]
fn an_object_has_the_properties_that_it_lists_and_no_others() {
    let schemas = json!({ "Thing": {
        "type": "object",
        "additionalProperties": true,
        "required": ["id"],
        "properties": {
            "id": { "type": "string" },
            "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Part" } },
        },
    }, "Part": { "properties": { "size": { "type": "integer" } } } });
    accepts(&schemas, &[json!({ "id": "a", "parts": [{ "size": 1 }, {}] })]);
    refuses(
        &schemas,
        &[
            (json!({ "id": "a", "extra": 1 }), "/: Additional properties"),
            (json!({ "id": "a", "parts": [{}, { "weight": 1 }] }), "/parts/1: Additional properties"),
            (json!({ "id": "a", "parts": [{ "size": "1" }] }), "/parts/0/size: value is not of type"),
            (json!({ "parts": [] }), "/: \"id\" is a required property"),
        ],
    );
}

#[test]
fn an_object_that_lists_nothing_stays_a_map() {
    let schemas = json!({ "Thing": { "type": "object", "properties": {
        "anything": { "type": "object", "additionalProperties": true },
        "lists": { "type": "object", "additionalProperties": { "type": "array", "items": {
            "type": "object", "properties": { "id": { "type": "string" } },
        } } },
        "nothing": { "type": "object", "additionalProperties": false },
    } } });
    accepts(&schemas, &[json!({ "anything": { "a": 1 }, "lists": { "b": [{ "id": "c" }] }, "nothing": {} })]);
    refuses(
        &schemas,
        &[
            (json!({ "lists": { "b": 1 } }), "/lists/b: value is not of type"),
            (json!({ "lists": { "b": [{ "x": 1 }] } }), "/lists/b/0: Additional properties"),
            (json!({ "nothing": { "a": 1 } }), "/nothing: "),
        ],
    );
}

#[test]
fn properties_beside_a_schema_for_the_rest_keep_the_rest_open_to_it() {
    let schemas = json!({ "Thing": {
        "properties": { "id": { "type": "string" } },
        "additionalProperties": { "type": "number" },
    } });
    accepts(&schemas, &[json!({ "id": "a", "other": 1.5 })]);
    refuses(&schemas, &[(json!({ "other": "a" }), "/other: value is not of type")]);
}

#[test]
fn null_stands_only_where_the_description_allows_it() {
    let schemas = json!({ "Thing": { "properties": {
        "name": { "type": "string", "nullable": true },
        "size": { "type": "integer" },
        "colour": { "type": "string", "enum": ["red"], "nullable": true },
        "shape": { "type": "string", "enum": ["round"] },
        "part": { "$ref": "#/components/schemas/Part" },
        "spare": { "nullable": true, "allOf": [
            { "$ref": "#/components/schemas/Part" }, { "type": "object" },
        ] },
    } }, "Part": { "type": "object", "properties": { "size": { "type": "integer" } } } });
    accepts(
        &schemas,
        &[
            json!({ "name": null, "colour": null, "spare": null }),
            json!({ "name": "a", "colour": "red", "spare": { "size": 1 } }),
        ],
    );
    refuses(
        &schemas,
        &[
            (json!({ "size": null }), "/size"),
            (json!({ "colour": "blue" }), "/colour: \"blue\" is not"),
            (json!({ "shape": null }), "/shape: "),
            (json!({ "part": null }), "/part"),
            (json!({ "spare": { "size": null } }), "/spare/size"),
            (json!({ "spare": { "weight": 1 } }), "/spare: Additional properties"),
        ],
    );
}

#[test]
fn a_composition_has_the_fields_of_all_its_members_and_no_others() {
    let schemas = json!({
        "Thing": { "allOf": [{ "$ref": "#/components/schemas/Base" }, {
            "type": "object",
            "additionalProperties": true,
            "required": ["owners"],
            "properties": {
                "name": { "type": "string", "description": "Said again." },
                "owners": { "type": "array", "items": { "type": "string" } },
                "balance": { "$ref": "#/components/schemas/WideBalance" },
            },
        }] },
        "Base": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "maxLength": 3 },
                "balance": { "$ref": "#/components/schemas/Balance" },
            },
        },
        "Balance": { "type": "object", "required": ["current"], "properties": { "current": { "type": "number" } } },
        "WideBalance": { "allOf": [{ "$ref": "#/components/schemas/Balance" }, {
            "type": "object", "properties": { "loan": { "type": "number", "nullable": true } },
        }] },
    });
    let whole = json!({ "name": "a", "owners": [], "balance": { "current": 1, "loan": null } });
    accepts(&schemas, &[whole]);
    refuses(
        &schemas,
        &[
            (json!({ "name": "a" }), "\"owners\" is a required"),
            (json!({ "owners": [] }), "\"name\" is a required"),
            (json!({ "name": "abcd", "owners": [] }), "/name: value is longer"),
            (json!({ "name": "a", "owners": [], "x": 1 }), "/: Additional properties"),
            (json!({ "name": "a", "owners": [], "balance": { "current": 1, "x": 1 } }), "/balance: Add"),
            (json!({ "name": "a", "owners": [], "balance": { "loan": 1 } }), "\"current\" is a req"),
        ],
    );
}

#[test]
fn each_alternative_is_closed() {
    let schemas = json!({ "Thing": { "oneOf": [
        { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
        { "type": "object", "properties": { "b": { "type": "string" } }, "required": ["b"] },
    ] } });
    accepts(&schemas, &[json!({ "a": "1" }), json!({ "b": "1" })]);
    refuses(&schemas, &[(json!({ "a": "1", "b": "1" }), "oneOf"), (json!({}), "oneOf")]);
}

#[test]
fn dates_times_and_bounds_hold() {
    let schemas = json!({ "Thing": { "properties": {
        "day": { "type": "string", "format": "date" },
        "time": { "type": "string", "format": "date-time" },
        "share": { "type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1, "exclusiveMaximum": false },
    } } });
    accepts(&schemas, &[json!({ "day": "2026-02-28", "time": "2026-02-28T10:00:00Z" }), json!({ "share": 1 })]);
    refuses(
        &schemas,
        &[
            (json!({ "day": "2026-02-30" }), "/day: \"2026-02-30\" is not a \"date\""),
            (json!({ "time": "2026-02-28 10:00" }), "/time"),
            (json!({ "share": 0 }), "/share"),
            (json!({ "share": 1.1 }), "/share"),
        ],
    );
}

#[test]
fn a_schema_that_contains_itself_is_closed_all_the_way_down() {
    let schemas = json!({ "Thing": { "properties": {
        "causes": { "type": "array", "items": { "$ref": "#/components/schemas/Cause" } },
    } }, "Cause": { "allOf": [
        { "$ref": "#/components/schemas/Thing" },
        { "type": "object", "properties": { "id": { "type": "string" } } },
    ] } });
    accepts(&schemas, &[json!({ "causes": [{ "id": "a", "causes": [{ "id": "b" }] }] })]);
    let inner = json!({ "causes": [{ "id": "a", "causes": [{ "x": "b" }] }] });
    refuses(&schemas, &[(inner, "/causes/0/causes/0: Additional properties")]);
}

#[test]
fn complaints_do_not_repeat_values() {
    let schemas = json!({ "Thing": { "properties": { "token": { "type": "string", "maxLength": 3 } } } });
    let complaints = judge_of(schemas).schema("Thing", &json!({ "token": "access-secret" }));
    assert!(!complaints.unwrap_err()[0].contains("secret"));
}

#[test]
fn an_unknown_schema_name_is_refused() {
    assert!(judge_of(json!({})).schema("Thing", &json!({})).is_err());
}
