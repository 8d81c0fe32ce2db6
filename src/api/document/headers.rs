//! The headers that every request may have, and every answer has: described once, named at each operation.

use std::collections::BTreeMap;

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Components, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use crate::api::conventions::VERSION;
use crate::api::idempotency::LONGEST_KEY;

const KEY: &str = "Idempotency-Key";
const SPOKEN: &str = "Linkspan-Version";
const REQUEST_ID: &str = "X-Request-Id";

/// Names them at an operation.
pub(super) fn name(operation: &mut Operation, takes_key: bool) {
    let taken = [(KEY, takes_key), (SPOKEN, true)].into_iter().filter(|(_, is_taken)| *is_taken);
    let named = taken.map(|(name, _)| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
    operation.parameters.get_or_insert_default().extend(named);
    for answer in operation.responses.responses.values_mut() {
        if let RefOr::T(answer) = answer {
            answer.headers = of_answers();
        }
    }
}

/// The headers of an answer.
pub(super) fn of_answers() -> BTreeMap<String, RefOr<Header>> {
    let named = |name: &str| (name.to_owned(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
    [SPOKEN, REQUEST_ID].map(named).into()
}

/// Says what each is.
pub(super) fn describe(components: &mut Components) {
    let parameters = [
        parameter(
            KEY,
            "The same key and body get the first answer again, for 24 hours; with another body the key is refused (409).",
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(LONGEST_KEY)),
        ),
        parameter(
            SPOKEN,
            "The version of the contract that the caller speaks; any other than this is refused (400).",
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some([VERSION])),
        ),
    ];
    components.parameters.extend(parameters.map(|parameter| (parameter.name.clone(), RefOr::T(parameter))));
    let headers = [
        (SPOKEN, "The version of the contract."),
        (REQUEST_ID, "Names this request to support; one that the caller sent, 8 to 64 of A-Z a-z 0-9 -, is kept."),
    ];
    let header = |text: &str| {
        let schema = ObjectBuilder::new().schema_type(Type::String).build();
        RefOr::T(HeaderBuilder::new().schema(Some(schema)).description(Some(text)).build())
    };
    components.headers.extend(headers.map(|(name, text)| (name.to_owned(), header(text))));
}

fn parameter(name: &str, text: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(schema.build()))
        .build()
}
