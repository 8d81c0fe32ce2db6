//! The judge judged: good bodies pass, spoilt ones do not. What needs Plaid's description is skipped without it.

mod closing;
mod exchange;
mod others;
mod plaid_answers;
mod plaid_requests;
mod plaid_webhooks;

use serde_json::{Value, json};

use super::description::Description;
use super::variants::{pointers, with};
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
    let undescribed = exceptions::UNDESCRIBED.iter().map(|row| row.because);
    let mut reasons = amendments.chain(answers).chain(examples).chain(undescribed);
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
