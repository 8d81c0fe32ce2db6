//! The OpenAPI document: what holds for many operations is added to their own descriptions here.

mod headers;

use std::collections::BTreeSet;

use utoipa::OpenApi as _;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr};

use super::params::KnownParams;
use crate::domain::problem::Code;

/// The scheme of a tenant's back end, and of a front end.
pub(super) const API_KEY: &str = "apiKey";
pub(super) const CONNECT_TOKEN: &str = "connectToken";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Linkspan", description = "One HTTP API in front of every bank-data network: link, read, add products, repair. [Which products can be added later](/docs/support-matrix) · [What a problem's code means](/docs/problems)"),
    tags((name = "Linking"), (name = "Connections"), (name = "Data"), (name = "Institutions and providers"), (name = "Events"), (name = "Providers"), (name = "Operating"))
)]
struct Document;

/// The document without any path.
pub(super) fn empty() -> OpenApi {
    Document::openapi()
}

/// Says which key the paths need; the handlers' extractors demand it.
pub(super) fn secure(document: &mut OpenApi, scheme: &str) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            operation.security = Some(vec![SecurityRequirement::new(scheme, Vec::<String>::new())]);
        }
    }
}

/// The names of the query parameters of each operation.
pub(super) fn query_parameters(document: &mut OpenApi) -> KnownParams {
    let mut known = KnownParams::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let names = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
                RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => {
                    Some(parameter.name.clone())
                }
                _ => None,
            });
            known.insert((method.to_owned(), path.clone()), names.collect());
        }
    }
    known
}

/// Adds what holds for all operations: the schemes of the keys, the headers, the problems that one may answer, and which members an
/// answer always has.
pub(super) fn finish(document: &mut OpenApi) {
    let mut problems = BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let is_secured = operation.security.is_some();
            let statuses = statuses(method, operation, is_secured);
            let responses = &mut operation.responses.responses;
            let own: Vec<u16> = responses.keys().filter_map(|status| status.parse().ok()).collect();
            for status in statuses.into_iter().chain(own).filter(|status| *status >= 400) {
                let shared = Ref::from_response_name(format!("Problem{status}"));
                responses.insert(status.to_string(), RefOr::Ref(shared));
                problems.insert(status);
            }
            headers::name(operation, is_secured && takes_key(method));
        }
    }
    let components = document.components.get_or_insert_default();
    headers::describe(components);
    for status in problems {
        components.responses.insert(format!("Problem{status}"), RefOr::T(problem(status)));
    }
    for (name, format) in [(API_KEY, "lsk_…"), (CONNECT_TOKEN, "lct_…")] {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format).build();
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
    require_what_is_always_there(document);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let methods = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
        ("PUT", &mut item.put),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// What an operation may answer by the conventions, whatever it does.
fn statuses(method: &str, operation: &Operation, is_secured: bool) -> Vec<u16> {
    let mut statuses = vec![400, 500, 503];
    if is_secured {
        statuses.extend([401, 429]);
    }
    let schemes = operation.security.iter().flatten();
    if method != "GET" && schemes.clone().any(|scheme| *scheme == SecurityRequirement::new(API_KEY, [] as [String; 0]))
    {
        statuses.push(403);
    }
    if is_secured && takes_key(method) {
        statuses.push(409);
    }
    if operation.request_body.is_some() {
        statuses.extend([408, 413, 415]);
    }
    let in_path = |parameter: &RefOr<utoipa::openapi::path::Parameter>| matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Path));
    if operation.parameters.iter().flatten().any(in_path) {
        statuses.push(404);
    }
    statuses
}

/// Whether operations of that method take an `Idempotency-Key`.
fn takes_key(method: &str) -> bool {
    matches!(method, "POST" | "PATCH" | "DELETE")
}

/// A problem document, with the codes that go with the status.
fn problem(status: u16) -> Response {
    let codes: Vec<&str> = Code::ALL.iter().filter(|code| code.status() == status).map(|code| code.as_str()).collect();
    let mut problem = ResponseBuilder::new()
        .description(codes.join(", "))
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("ProblemDocument"))))
        .build();
    problem.headers = headers::of_answers();
    problem
}

/// In an answer a member that may be null is there all the same, and so is a list that may be empty; only what is left out
/// on purpose is not, and its schema says neither.
fn require_what_is_always_there(document: &mut OpenApi) {
    let asked = in_requests(document);
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        if !asked.contains(name) {
            require(schema);
        }
    }
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let answers = operation.responses.responses.values_mut();
            let contents = answers.filter_map(|answer| match answer {
                RefOr::T(answer) => Some(answer.content.values_mut()),
                RefOr::Ref(_) => None,
            });
            contents
                .flatten()
                .filter_map(|content| match content {
                    RefOr::T(content) => content.schema.as_mut(),
                    RefOr::Ref(_) => None,
                })
                .for_each(require);
        }
    }
}

fn require(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => require_members(object),
        Schema::AllOf(all) => all.items.iter_mut().for_each(require),
        Schema::OneOf(one) => one.items.iter_mut().for_each(require),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(require),
        Schema::Array(array) => {
            if let utoipa::openapi::schema::ArrayItems::RefOrSchema(items) = &mut array.items {
                require(items);
            }
        }
        _ => {}
    }
}

fn require_members(object: &mut Object) {
    for (name, member) in &mut object.properties {
        if (may_be_null(member) || has_default(member)) && !object.required.contains(name) {
            object.required.push(name.clone());
        }
        require(member);
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let is_null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => is_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => is_null(&array.schema_type),
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(may_be_null),
        _ => false,
    }
}

fn has_default(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Array(array)) if array.default.is_some())
}

/// The names of all schemas that request bodies are made of.
fn in_requests(document: &OpenApi) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let items = document.paths.paths.values();
    let bodies = items.flat_map(|item| [&item.post, &item.patch, &item.put]).flatten();
    let mut waiting: Vec<String> = bodies
        .filter_map(|operation| match operation.request_body.as_ref()? {
            RefOr::T(body) => Some(body),
            RefOr::Ref(_) => None,
        })
        .flat_map(|body| body.content.values())
        .filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        })
        .flat_map(named)
        .collect();
    while let Some(name) = waiting.pop() {
        let schema = document.components.as_ref().and_then(|components| components.schemas.get(&name));
        if found.insert(name) {
            waiting.extend(schema.map(named).unwrap_or_default());
        }
    }
    found
}

/// The names of the schemas that a schema refers to.
fn named(schema: &RefOr<Schema>) -> Vec<String> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').take(1).map(str::to_owned).collect(),
        RefOr::T(Schema::Object(object)) => {
            let more = object.additional_properties.as_deref().and_then(|more| match more {
                AdditionalProperties::RefOr(schema) => Some(schema),
                AdditionalProperties::FreeForm(_) => None,
            });
            object.properties.values().chain(more).flat_map(named).collect()
        }
        RefOr::T(Schema::Array(array)) => match &array.items {
            utoipa::openapi::schema::ArrayItems::RefOrSchema(items) => named(items),
            _ => Vec::new(),
        },
        RefOr::T(Schema::OneOf(one)) => one.items.iter().flat_map(named).collect(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(named).collect(),
        RefOr::T(Schema::AnyOf(any)) => any.items.iter().flat_map(named).collect(),
        RefOr::T(_) => Vec::new(),
    }
}
