//! The judge judged: good bodies pass, spoilt ones do not. What needs Plaid's description is skipped without it.

mod closing;
mod exchange;
mod others;
mod plaid_answers;
mod plaid_requests;
mod plaid_webhooks;

use serde_json::{Value, json};

use super::description::Description;
use super::{Document, Judge, exceptions, verdict};

/// A judge of a made-up description with these component schemas.
fn judge_of(schemas: Value) -> Document {
    let document = json!({ "components": { "schemas": schemas } });
    Document::new("example", Description::new(document))
}

#[test]
fn every_exception_has_a_reason() {
    let amendments = exceptions::AMENDMENTS.iter().map(|row| row.because);
    let answers = exceptions::ERROR_ANSWERS.iter().map(|row| row.because);
    let examples = exceptions::MISTAKEN_EXAMPLES.iter().map(|row| row.because);
    let mut reasons = amendments.chain(answers).chain(examples);
    assert!(reasons.all(|reason| reason.len() > 20));
}

/// The answer side of an exchange alone.
fn answer(judge: &Document, path: &str, status: u16, body: &Value) -> Result<(), Vec<String>> {
    let (_, operation) = judge.description.operation("POST", path).unwrap();
    verdict(judge.response(path, operation, status, body.to_string().as_bytes()))
}

/// The request side of an exchange alone.
fn request(judge: &Document, path: &str, body: &Value) -> Result<(), Vec<String>> {
    let (_, operation) = judge.description.operation("POST", path).unwrap();
    verdict(judge.request(path, operation, body.to_string().as_bytes()))
}

/// The value with something else, or nothing, at a JSON pointer that exists in it.
fn with(value: &Value, pointer: &str, replacement: Option<Value>) -> Value {
    let mut value = value.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(parent).unwrap(), replacement) {
        (Value::Object(object), Some(replacement)) => {
            object.insert(key, replacement);
        }
        (Value::Object(object), None) => {
            object.remove(&key).expect("the example has this field");
        }
        (Value::Array(array), Some(replacement)) => {
            array[key.parse::<usize>().unwrap()] = replacement;
        }
        (other, _) => panic!("no field or element at {pointer} of {other}"),
    }
    value
}

/// The JSON pointers to every value in a body, the body itself (an empty pointer) first.
fn pointers(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(array) => array.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below = inner.into_iter().flat_map(|(key, value)| {
        let below = pointers(value).into_iter();
        below.map(move |pointer| format!("/{key}{pointer}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}
