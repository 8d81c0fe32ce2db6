//! The server's own OpenAPI document: what tests are made from, and the judge of every answer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// One operation of the document.
#[derive(Debug)]
pub struct Operation {
    pub method: &'static str,
    pub path: String,
    /// `apiKey`, `connectToken`, or nothing.
    pub scheme: Option<String>,
    raw: Value,
}

/// A parameter: its name, whether it stands in `path`, `query` or `header`, and the longest text that it may be.
pub struct Parameter {
    pub name: String,
    pub place: String,
    pub longest: Option<u64>,
}

struct Document {
    raw: Value,
    operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

fn document() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut raw: Value = serde_json::from_str(&linkspan::server::openapi()).unwrap();
        let components = raw["components"].clone();
        put_in_place(&mut raw["paths"], &components);
        let operations = raw["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(|(method, raw)| Operation {
                method: ["GET", "POST", "PUT", "PATCH", "DELETE"]
                    .into_iter()
                    .find(|known| known.eq_ignore_ascii_case(method))
                    .unwrap(),
                path: path.clone(),
                scheme: raw["security"][0].as_object().map(|scheme| scheme.keys().next().unwrap().clone()),
                raw: raw.clone(),
            })
        });
        let operations = operations.collect();
        let mut parts = BTreeSet::new();
        parts_of_wholes(&raw, &mut parts);
        for (name, schema) in raw["components"]["schemas"].as_object_mut().unwrap() {
            close_within(schema, parts.contains(name));
        }
        Document { raw, operations, validators: Mutex::default() }
    })
}

/// Puts what is described once for all operations where it is named.
fn put_in_place(value: &mut Value, components: &Value) {
    let named = value["$ref"].as_str().and_then(|named| named.strip_prefix("#/components"));
    if let Some(shared) = named.filter(|named| !named.starts_with("/schemas/")) {
        *value = components.pointer(shared).unwrap_or_else(|| panic!("{shared} is not described")).clone();
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| put_in_place(member, components)),
        Value::Array(items) => items.iter_mut().for_each(|item| put_in_place(item, components)),
        _ => {}
    }
}

/// Every operation.
pub fn operations() -> &'static [Operation] {
    &document().operations
}

/// The operation that a request reaches: a word in the path goes before a parameter.
pub fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let parts: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    let fits = |operation: &&Operation| {
        let template: Vec<&str> = operation.path.split('/').collect();
        operation.method == method
            && template.len() == parts.len()
            && template.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    operations().iter().filter(fits).min_by_key(|operation| operation.path.matches('{').count())
}

/// A schema, or the one that it refers to.
pub fn referred(schema: &Value) -> &Value {
    let named = schema["$ref"].as_str().and_then(|named| named.strip_prefix('#'));
    named.map_or(schema, |named| document().raw.pointer(named).unwrap())
}

impl Operation {
    /// Its name in complaints.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn parameters(&self) -> Vec<Parameter> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let parameters = self.raw["parameters"].as_array().into_iter().flatten();
        let parameter = |one: &Value| Parameter {
            name: text(&one["name"]),
            place: text(&one["in"]),
            longest: one["schema"]["maxLength"].as_u64(),
        };
        parameters.map(parameter).collect()
    }

    /// The names of the parameters in its path.
    pub fn in_path(&self) -> Vec<String> {
        let parameters = self.parameters().into_iter();
        parameters.filter(|parameter| parameter.place == "path").map(|parameter| parameter.name).collect()
    }

    pub fn has_body(&self) -> bool {
        self.raw.get("requestBody").is_some()
    }

    /// The name of the schema of its JSON body.
    pub fn body_schema(&self) -> Option<&'static Value> {
        let named = self.raw.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
        document().raw.pointer(named.strip_prefix('#').unwrap())
    }

    /// The example of its JSON body.
    pub fn example(&self) -> Option<Value> {
        self.body_schema()?.get("example").cloned()
    }

    /// The statuses that it says it answers.
    pub fn statuses(&self) -> Vec<u16> {
        self.raw["responses"].as_object().unwrap().keys().map(|status| status.parse().unwrap()).collect()
    }

    /// The names of the headers that an answer of that status has, in small letters.
    pub fn headers(&self, status: u16) -> Vec<String> {
        let headers = self.raw["responses"][status.to_string()]["headers"].as_object().into_iter().flatten();
        headers.map(|(name, _)| name.to_lowercase()).collect()
    }

    /// What of an answer is not as the document says.
    pub fn complaints(&self, status: u16, kind: &str, body: &Value) -> Vec<String> {
        let name = format!("{} {status}", self.name());
        let Some(described) = self.raw["responses"].get(status.to_string()) else {
            return vec![format!("{name}: this status is not documented: {body:#}")];
        };
        let Some(content) = described.get("content").and_then(Value::as_object) else {
            return if body == "" { Vec::new() } else { vec![format!("{name}: no body is documented: {body:#}")] };
        };
        let Some(content) = content.get(kind.split(';').next().unwrap()) else {
            return vec![format!("{name}: the type {kind:?} is not documented")];
        };
        if !kind.contains("json") {
            return Vec::new();
        }
        let validator = validator(&name, &content["schema"]);
        validator.iter_errors(body).take(3).map(|error| format!("{name}: {}: {error}", error.instance_path())).collect()
    }
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    let mut kept = document().validators.lock().unwrap();
    let make = || {
        let mut schema = schema.clone();
        close(&mut schema);
        schema["components"] = document().raw["components"].clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    kept.entry(name.to_owned()).or_insert_with(make).clone()
}

/// An object has the members that the document names, and no others, unless it says that it is open.
fn close(schema: &mut Value) {
    close_within(schema, false);
}

/// The names of the schemas that stand in an `allOf`.
fn parts_of_wholes(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let parts = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
            found.extend(parts.filter_map(|part| Some(part["$ref"].as_str()?.rsplit('/').next()?.to_owned())));
            members.values().for_each(|member| parts_of_wholes(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| parts_of_wholes(item, found)),
        _ => {}
    }
}

fn close_within(schema: &mut Value, is_part: bool) {
    match schema {
        Value::Object(members) => {
            let is_closed = members.get("properties").is_some_and(Value::is_object) || members.contains_key("allOf");
            let is_open = members.contains_key("additionalProperties");
            for (name, member) in members.iter_mut() {
                // A part of a whole that is closed as such.
                close_within(member, name == "allOf");
            }
            if is_closed && !is_open && !is_part {
                members.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close_within(item, is_part)),
        _ => {}
    }
}
