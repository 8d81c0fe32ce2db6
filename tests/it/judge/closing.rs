//! From OpenAPI 3.0 schemas to closed JSON Schema (2020-12). The descriptions allow unknown fields nearly everywhere, so that as
//! they stand they would catch nothing. Here an object that lists its properties has these and no others, whatever it says
//! about `additionalProperties` (unless it gives their schema). Objects that list none stay as open as they are.

use serde_json::{Map, Value, json};

use super::description::Description;
use super::merging::Merged;

/// Keywords that mean the same in both dialects and hold no schema.
const KEPT: [&str; 16] = [
    "type",
    "enum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// A whole JSON Schema document for one schema of a description: itself and all that it refers to, closed.
pub fn bundle(description: &Description, schema: &Value) -> Value {
    let mut closing = Closing { description, pending: Vec::new() };
    let mut document = closing.close(schema);
    let mut definitions = Map::new();
    while let Some(reference) = closing.pending.pop() {
        let name = definition_name(&reference);
        if !definitions.contains_key(&name) {
            let closed = closing.close(description.at(&reference));
            definitions.insert(name, closed);
        }
    }
    document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    document["$defs"] = Value::Object(definitions);
    document
}

/// `#/components/schemas/Item` as a name that needs no escaping in a JSON pointer.
fn definition_name(reference: &str) -> String {
    reference.trim_start_matches("#/").replace('/', ".")
}

struct Closing<'a> {
    description: &'a Description,
    /// What has been referred to; each is closed once.
    pending: Vec<String>,
}

impl Closing<'_> {
    fn close(&mut self, schema: &Value) -> Value {
        let Some(object) = schema.as_object() else {
            return schema.clone();
        };
        let nullable = object.get("nullable") == Some(&Value::Bool(true));
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            self.pending.push(reference.to_owned());
            let target = format!("#/$defs/{}", definition_name(reference));
            return or_null(json!({ "$ref": target }), nullable);
        }
        if object.contains_key("allOf") {
            return match Merged::of(self.description, object) {
                Some(merged) => self.close(&merged.into_schema()),
                None => or_null(self.close_plain(object), nullable),
            };
        }
        or_null(self.close_plain(object), nullable)
    }

    fn close_plain(&mut self, schema: &Map<String, Value>) -> Value {
        let mut closed = Map::new();
        for keyword in KEPT {
            if let Some(value) = schema.get(keyword) {
                closed.insert(keyword.to_owned(), value.clone());
            }
        }
        for bound in ["Minimum", "Maximum"] {
            settle_exclusive(&mut closed, bound);
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            if let Some(members) = schema.get(keyword).and_then(Value::as_array) {
                let members = members.iter().map(|member| self.close(member)).collect();
                closed.insert(keyword.to_owned(), Value::Array(members));
            }
        }
        for keyword in ["items", "not"] {
            if let Some(inner) = schema.get(keyword) {
                closed.insert(keyword.to_owned(), self.close(inner));
            }
        }
        self.close_properties(schema, &mut closed);
        Value::Object(closed)
    }

    fn close_properties(&mut self, schema: &Map<String, Value>, closed: &mut Map<String, Value>) {
        if let Some(required) = schema.get("required").filter(|value| value.is_array()) {
            closed.insert("required".to_owned(), required.clone());
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let listed = properties.filter(|properties| !properties.is_empty());
        if let Some(listed) = listed {
            let listed = listed.iter().map(|(name, property)| (name.clone(), self.close(property))).collect();
            closed.insert("properties".to_owned(), Value::Object(listed));
        }
        let rest = match schema.get("additionalProperties") {
            Some(rest) if rest.as_object().is_some_and(|rest| !rest.is_empty()) => Some(self.close(rest)),
            Some(Value::Bool(false)) => Some(Value::Bool(false)),
            _ => listed.map(|_| Value::Bool(false)),
        };
        if let Some(rest) = rest {
            closed.insert("additionalProperties".to_owned(), rest);
        }
    }
}

/// OpenAPI 3.0 says `minimum: 0, exclusiveMinimum: true`, JSON Schema says `exclusiveMinimum: 0`.
fn settle_exclusive(schema: &mut Map<String, Value>, bound: &str) {
    let exclusive = format!("exclusive{bound}");
    if let Some(Value::Bool(is_exclusive)) = schema.get(&exclusive).cloned() {
        schema.remove(&exclusive);
        let limit = bound.to_ascii_lowercase();
        if is_exclusive && let Some(limit) = schema.remove(&limit) {
            schema.insert(exclusive, limit);
        }
    }
}

/// Accepts null besides what the schema accepts, keeping the schema's own complaints about everything else.
fn or_null(mut schema: Value, nullable: bool) -> Value {
    if !nullable {
        return schema;
    }
    let composed = ["$ref", "allOf", "oneOf", "anyOf", "not"];
    if composed.iter().any(|keyword| schema.get(keyword).is_some()) {
        return json!({ "if": { "not": { "type": "null" } }, "then": schema });
    }
    if let Some(kind) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}
