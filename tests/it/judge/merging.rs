//! `allOf` over objects, as one object. Closing each member by itself would refuse the fields of the others, and a field that a
//! member describes again with more fields of its own (`balances` of an investment account) would clash with the narrower one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::description::Description;

/// What only explains, and makes no two schemas differ.
const DOCUMENTATION: [&str; 6] = ["title", "description", "example", "examples", "default", "deprecated"];

/// The fields of all members of a composition.
#[derive(Default)]
pub struct Merged {
    properties: Map<String, Value>,
    required: BTreeSet<String>,
    /// The schema of unlisted fields, where a member gives one.
    rest: Option<Value>,
    nullable: bool,
}

impl Merged {
    /// Merges a schema that has `allOf`; `None` if no member lists properties, as such a composition needs no closing.
    pub fn of(description: &Description, schema: &Map<String, Value>) -> Option<Self> {
        let mut merged = Self::default();
        merged.add(description, schema);
        merged.nullable = allows_null(description, schema);
        (!merged.properties.is_empty()).then_some(merged)
    }

    fn add(&mut self, description: &Description, schema: &Map<String, Value>) {
        for alternative in ["oneOf", "anyOf"].iter().flat_map(|keyword| listed(schema, keyword)) {
            self.add_alternative(description, alternative);
        }
        for (name, property) in object(schema.get("properties")) {
            self.add_property(name, property);
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            self.required.insert(name.to_owned());
        }
        if let Some(rest) = schema.get("additionalProperties")
            && rest.as_object().is_some_and(|rest| !rest.is_empty())
        {
            self.rest = Some(rest.clone());
        }
        for member in members(schema) {
            if let Some(member) = description.resolve(member).as_object() {
                self.add(description, member);
            }
        }
    }

    /// The fields of an alternative are known, but none of them is required: which alternative holds is not looked at.
    fn add_alternative(&mut self, description: &Description, alternative: &Value) {
        let mut merged = Self::default();
        if let Some(alternative) = description.resolve(alternative).as_object() {
            merged.add(description, alternative);
        }
        for (name, property) in &merged.properties {
            self.join_property(name, property, "anyOf");
        }
        self.rest = self.rest.take().or(merged.rest);
    }

    /// A field that several members describe has to satisfy all of them.
    fn add_property(&mut self, name: &str, property: &Value) {
        self.join_property(name, property, "allOf");
    }

    fn join_property(&mut self, name: &str, property: &Value, keyword: &str) {
        let property = bare(property);
        match self.properties.get_mut(name) {
            None => {
                self.properties.insert(name.to_owned(), property);
            }
            Some(known) if *known == property => {}
            Some(known) => *known = json!({ keyword: [known.take(), property] }),
        }
    }

    /// The one object, still as an OpenAPI schema.
    pub fn into_schema(self) -> Value {
        json!({
            "type": "object",
            "nullable": self.nullable,
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": self.rest.unwrap_or(Value::Bool(true)),
        })
    }
}

/// The composition says so itself, or nothing in it says otherwise. Strictly, saying so would not do if a member does not
/// allow null, but every `…Nullable` schema is written that way, and means it.
fn allows_null(description: &Description, schema: &Map<String, Value>) -> bool {
    let typed = schema.contains_key("type") || schema.contains_key("properties");
    schema.get("nullable") == Some(&Value::Bool(true))
        || !typed
            && members(schema).all(|member| {
                let member = description.resolve(member).as_object();
                member.is_some_and(|member| allows_null(description, member))
            })
}

fn members(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    listed(schema, "allOf")
}

fn listed<'a>(schema: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// The schema without its documentation.
fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|keyword, _| !DOCUMENTATION.contains(&keyword.as_str()) && !keyword.starts_with("x-"));
    }
    schema
}
