//! The judge of provider fidelity: holds what an adapter sends and what its simulator answers against the provider's own
//! published description, with every object closed (see `closing.rs`). What an operation answers on purpose against its
//! description (a fault that a test asks for) is not for the judge; the caller knows those.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod closing;
mod description;
mod exceptions;
mod merging;
mod swagger;
mod variants;
mod webhooks;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use description::{Description, NoOperation};
use variants::{pointers, with};

/// Complaints about one exchange beyond these say nothing new.
const MOST_COMPLAINTS: usize = 20;

/// One provider's descriptions, ready to judge: a provider may describe parts or versions of its API in files of their own.
pub struct Judge {
    documents: Vec<Document>,
}

/// One description. Validators are compiled when first needed, and kept.
pub struct Document {
    provider: String,
    description: Description,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Judge {
    /// The judge of a provider by the name of its folder; parsed once per process, as that may take most of a second.
    /// `None` where no description is at hand, which is said once, past the capture of test output.
    pub fn of(provider: &str) -> Option<&'static Self> {
        static JUDGES: Mutex<BTreeMap<String, Option<&'static Judge>>> = Mutex::new(BTreeMap::new());
        let mut judges = JUDGES.lock().unwrap_or_else(PoisonError::into_inner);
        *judges.entry(provider.to_owned()).or_insert_with(|| {
            let descriptions = Description::load_all(provider);
            if descriptions.is_empty() {
                let _ = writeln!(
                    std::io::stderr(),
                    "fidelity is not judged: no description of {provider} here (LINKSPAN_PROVIDER_SPECS=<folder>)"
                );
                return None;
            }
            Some(Box::leak(Box::new(Self::new(provider, descriptions))))
        })
    }

    /// Plaid's one description.
    pub fn plaid() -> Option<&'static Document> {
        Self::of("plaid").map(|judge| &judge.documents[0])
    }

    fn new(provider: &str, descriptions: Vec<Description>) -> Self {
        Self { documents: descriptions.into_iter().map(|one| Document::new(provider, one)).collect() }
    }

    /// Judges one call and its answer. What several documents describe has to be as one of them says.
    /// A complaint names the operation and side, the place in the body as a JSON pointer, and what is wrong there; there are
    /// at most twenty.
    pub fn exchange(
        &self,
        method: &str,
        path: &str,
        request_body: &[u8],
        status: u16,
        response_body: &[u8],
    ) -> Result<(), Vec<String>> {
        if self.documents.iter().any(|one| exceptions::is_undescribed(&one.provider, path)) {
            return Ok(());
        }
        let describes = |document: &&Document| document.description.operation(method, path).is_ok();
        let describing: Vec<_> = self.documents.iter().filter(describes).collect();
        let judging = if describing.is_empty() { self.documents.iter().collect() } else { describing };
        let verdicts = judging.iter().map(|one| one.exchange(method, path, request_body, status, response_body));
        verdicts.min_by_key(|verdict| verdict.as_ref().map_or_else(Vec::len, |()| 0)).unwrap_or(Ok(()))
    }

    /// Judges a webhook's body by the schema that its provider's row names ([`webhooks`]); a provider without rows describes none.
    pub fn webhook(&self, body: &Value) -> Result<(), Vec<String>> {
        let Some(document) = self.documents.iter().find(|one| webhooks::describes(&one.provider)) else {
            return Ok(());
        };
        document.webhook(body)
    }
}

impl Document {
    fn new(provider: &str, mut description: Description) -> Self {
        exceptions::apply(provider, &mut description);
        Self { provider: provider.to_owned(), description, validators: Mutex::default() }
    }

    /// Judges one call and its answer by this document alone.
    pub fn exchange(
        &self,
        method: &str,
        path: &str,
        request_body: &[u8],
        status: u16,
        response_body: &[u8],
    ) -> Result<(), Vec<String>> {
        let called = format!("{method} {path}");
        let found = self.description.operation(method, path);
        let (path, operation) = found.map_err(|reason| {
            vec![match reason {
                NoOperation::Path => format!("{called}: no such path is described"),
                NoOperation::Method => {
                    format!("{called}: the path is described without this method")
                }
            }]
        })?;
        let call = format!("{} {path}", method.to_ascii_uppercase());
        let mut complaints = self.request(&call, operation, request_body);
        complaints.extend(self.response(&call, operation, status, response_body));
        verdict(complaints)
    }

    /// Judges a body by the name of a component schema; webhooks are described that way alone.
    pub fn schema(&self, name: &str, body: &Value) -> Result<(), Vec<String>> {
        let Some(schema) = self.description.component(name) else {
            return Err(vec![format!("no schema {name} is described")]);
        };
        verdict(self.judge_value(&format!("schema {name}"), schema, body))
    }

    /// The example bodies of what the operations of a path answer with 200, by name.
    pub fn response_examples(&self, path: &str) -> Vec<(String, Value)> {
        let methods = self.description.path_item(path);
        let methods = methods.and_then(|(_, methods)| methods.as_object());
        methods
            .into_iter()
            .flat_map(|methods| methods.values())
            .filter_map(|operation| operation.get("responses")?.get("200"))
            .filter_map(|answer| json_content(self.description.resolve(answer)))
            .flat_map(|content| self.examples(content))
            .collect()
    }

    /// Variants of an answer with 200 that are as good by the description: one field left out or null, or one that is new.
    pub fn permitted(&self, path: &str, example: &Value) -> Vec<Value> {
        let Ok((_, operation)) = self.description.operation("POST", path) else { return Vec::new() };
        let good = |body: &Value| self.response(path, operation, 200, body.to_string().as_bytes()).is_empty();
        let mut variants = Vec::new();
        for pointer in pointers(example).into_iter().skip(1) {
            let is_field = pointer.rsplit('/').next().is_some_and(|key| key.parse::<usize>().is_err());
            let changes = [is_field.then_some(None), Some(Some(Value::Null))].into_iter().flatten();
            variants.extend(changes.map(|change| with(example, &pointer, change)).filter(&good));
        }
        // The descriptions say that fields may come anywhere; the judge alone does not let them.
        for pointer in pointers(example).into_iter().filter(|at| example.pointer(at).is_some_and(Value::is_object)) {
            let mut body = example.clone();
            body.pointer_mut(&pointer).expect("it is there")["unheard_of"] = serde_json::json!({ "new": [1, null] });
            variants.push(body);
        }
        variants
    }

    /// Judges a webhook: a body that is described by no operation but by the name of a schema.
    pub fn webhook(&self, body: &Value) -> Result<(), Vec<String>> {
        match webhooks::schema_name(&self.provider, body) {
            Some(name) => self.schema(name, body),
            None => Err(vec![format!("no schema is known for this webhook: {body}")]),
        }
    }

    fn examples(&self, content: &Value) -> Vec<(String, Value)> {
        let named = content.get("examples").and_then(Value::as_object);
        let named = named.into_iter().flatten().filter_map(|(name, example)| {
            let value = self.description.resolve(example).get("value")?;
            Some((name.clone(), value.clone()))
        });
        let single = content.get("example");
        let single = single.map(|example| ("example".to_owned(), example.clone()));
        single.into_iter().chain(named).collect()
    }

    fn request(&self, call: &str, operation: &Value, body: &[u8]) -> Vec<String> {
        let side = format!("{call} request");
        let Some(described) = operation.get("requestBody") else {
            return unexpected_body(&side, body);
        };
        let described = self.description.resolve(described);
        if body.is_empty() {
            let required = described.get("required") == Some(&Value::Bool(true));
            let complaint = required.then(|| format!("{side}: a body is required"));
            return complaint.into_iter().collect();
        }
        self.judge_body(&side, described, body)
    }

    fn response(&self, call: &str, operation: &Value, status: u16, body: &[u8]) -> Vec<String> {
        let side = format!("{call} answer {status}");
        if status >= 400
            && let Some(schema) = exceptions::error_answer(&self.provider)
        {
            return self.judge_bytes("error answer", &side, &schema, body);
        }
        let described = operation.get("responses").and_then(|answers| {
            let exact = answers.get(status.to_string());
            let class = || answers.get(format!("{}XX", status / 100));
            exact.or_else(class).or_else(|| answers.get("default"))
        });
        match described.map(|described| self.description.resolve(described)) {
            None => vec![format!("{side}: this status is not described")],
            Some(described) if described.get("content").is_none() => unexpected_body(&side, body),
            Some(described) => self.judge_body(&side, described, body),
        }
    }

    /// Judges a body by a described request body or answer. One that is described, but not as JSON, is not judged.
    fn judge_body(&self, side: &str, described: &Value, body: &[u8]) -> Vec<String> {
        match json_content(described).and_then(|content| content.get("schema")) {
            Some(schema) => self.judge_bytes(side, side, schema, body),
            None => Vec::new(),
        }
    }

    fn judge_bytes(&self, key: &str, side: &str, schema: &Value, body: &[u8]) -> Vec<String> {
        match serde_json::from_slice::<Value>(body) {
            Err(error) => vec![format!("{side}: not JSON: {error}")],
            Ok(Value::Null) => vec![format!("{side}: null is no body")],
            Ok(body) => {
                let complaints = self.judge_value(key, schema, &body);
                let complaints = complaints.into_iter();
                complaints.map(|complaint| format!("{side}: {complaint}")).collect()
            }
        }
    }

    fn judge_value(&self, key: &str, schema: &Value, body: &Value) -> Vec<String> {
        let validator = self.validator(key, schema);
        let errors = validator.iter_errors(body).take(MOST_COMPLAINTS);
        errors.map(|error| complaint(&error)).collect()
    }

    fn validator(&self, key: &str, schema: &Value) -> Arc<Validator> {
        let kept = || self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = kept().get(key) {
            return Arc::clone(validator);
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&closing::bundle(&self.description, schema))
            .unwrap_or_else(|error| panic!("{key}: the closed schema does not compile: {error}"));
        let validator = Arc::new(validator);
        kept().insert(key.to_owned(), Arc::clone(&validator));
        validator
    }
}

fn verdict(mut complaints: Vec<String>) -> Result<(), Vec<String>> {
    complaints.truncate(MOST_COMPLAINTS);
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

fn unexpected_body(side: &str, body: &[u8]) -> Vec<String> {
    let complaint = (!body.is_empty()).then(|| format!("{side}: no body is described"));
    complaint.into_iter().collect()
}

/// The JSON content of a described body, `application/json` or a vendor's `application/…+json`.
fn json_content(described: &Value) -> Option<&Value> {
    let content = described.get("content")?.as_object()?;
    let json = content.iter().find(|(kind, _)| kind.contains("json"));
    json.map(|(_, content)| content)
}

/// Place and reason. Values may be secret and are shown only where they are the point.
fn complaint(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "/" } else { &place };
    match error.kind() {
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Format { .. } => {
            format!("{place}: {}", error.masked_with(error.instance().to_string()))
        }
        _ => format!("{place}: {}", error.masked()),
    }
}
