//! What a product cannot start without: `productOptions` (rule B14).

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use serde_json::{Map, Value};

use super::{Violation, ViolationCode};
use crate::domain::product::Product;

/// The longest span of statements, in months.
const STATEMENT_MONTHS: u32 = 24;
/// The longest text of an option, in bytes.
const TEXT_BYTES: usize = 200;
const BANK: &str = "BANK";
/// The sources of income that are known, and not read.
const OTHER_SOURCES: [&str; 2] = ["PAYROLL", "DOCUMENT"];

/// What an option holds.
enum Kind {
    OneOf(&'static [&'static str]),
    Text,
    Date,
    /// A number of days, at most this many.
    Days(u64),
}

type Fields = &'static [(&'static str, Kind)];

const OPTIONS: [(Product, Fields); 5] = [
    (Product::Income, &[("source", Kind::OneOf(&[BANK, OTHER_SOURCES[0], OTHER_SOURCES[1]]))]),
    (Product::Statements, &[("from", Kind::Date), ("to", Kind::Date)]),
    (Product::IdentityVerification, &[("templateId", Kind::Text)]),
    (Product::PaymentInitiation, &[("paymentId", Kind::Text)]),
    (Product::ConsumerReport, &[("permissiblePurpose", Kind::Text), ("days", Kind::Days(731))]),
];

/// Checks that each of these products has the options without which it cannot start, and that nothing unknown is among them.
pub fn check_options(products: &BTreeSet<Product>, product_options: &Map<String, Value>) -> Vec<Violation> {
    let mut violations = Vec::new();
    if product_options.keys().any(|name| !OPTIONS.iter().any(|(product, _)| product.as_str() == name)) {
        violations.push(invalid("/productOptions", "names something that takes no options"));
    }
    for (product, fields) in &OPTIONS {
        match product_options.get(product.as_str()) {
            None | Some(Value::Null) if products.contains(product) => {
                violations.extend(fields.iter().map(|(field, _)| missing(*product, field)));
            }
            None | Some(Value::Null) => {}
            Some(Value::Object(given)) => violations.extend(check_product(*product, fields, given)),
            Some(_) => violations.push(invalid(&pointer(*product), "must be an object")),
        }
    }
    violations
}

/// Checks options by what is asked for and by the calendar: none for a product that is not asked for, no statement of the future.
pub fn check_given_options(
    asked: &BTreeSet<Product>,
    product_options: &Map<String, Value>,
    today: NaiveDate,
) -> Vec<Violation> {
    let given = |product: Product| product_options.get(product.as_str()).filter(|options| !options.is_null());
    let unasked = OPTIONS
        .iter()
        .map(|(product, _)| *product)
        .filter(|product| given(*product).is_some() && !asked.contains(product));
    let mut violations: Vec<Violation> = unasked
        .map(|product| {
            let detail =
                format!("{product} is not among the products asked for. Ask for it, or leave its options out.");
            Violation::new(ViolationCode::Invalid, pointer(product), detail)
        })
        .collect();
    for field in ["from", "to"] {
        let day = given(Product::Statements).and_then(|options| date(options.get(field)?));
        if day.is_some_and(|day| day > today) {
            let at = format!("{}/{field}", pointer(Product::Statements));
            violations.push(invalid(&at, "must not lie in the future"));
        }
    }
    violations
}

/// Whether income is asked for from elsewhere than the bank's data; that cannot go with other products (B7).
pub(in crate::domain) fn is_other_than_bank_income(product_options: &Map<String, Value>) -> bool {
    let source = product_options.get(Product::Income.as_str()).and_then(|options| options.get("source"));
    source.is_some_and(|source| !source.is_null() && source != BANK)
}

fn check_product(product: Product, fields: Fields, given: &Map<String, Value>) -> Vec<Violation> {
    let mut violations = Vec::new();
    if given.keys().any(|name| !fields.iter().any(|(field, _)| field == name)) {
        violations.push(invalid(&pointer(product), "has an unknown field"));
    }
    for (field, kind) in fields {
        match given.get(*field) {
            None | Some(Value::Null) => violations.push(missing(product, field)),
            Some(value) => {
                let problem =
                    kind.problem(value).map(|problem| invalid(&format!("{}/{field}", pointer(product)), &problem));
                violations.extend(problem);
            }
        }
    }
    violations.extend(check_span(product, given));
    violations.extend(check_source(product, given));
    violations
}

/// Of income, what the accounts show is read; what a payroll or a document says is in no account.
fn check_source(product: Product, given: &Map<String, Value>) -> Option<Violation> {
    let source = given.get("source")?.as_str().filter(|source| OTHER_SOURCES.contains(source))?;
    (product == Product::Income).then(|| {
        let detail = format!("INCOME is not read from {source}: bank income alone is. Send {BANK} as its source.");
        Violation::new(ViolationCode::Unsupported, format!("{}/source", pointer(product)), detail)
    })
}

/// Statements go forward in time, and at most two years.
fn check_span(product: Product, given: &Map<String, Value>) -> Option<Violation> {
    let (from, to) = (date(given.get("from")?)?, date(given.get("to")?)?);
    let latest = from.checked_add_months(Months::new(STATEMENT_MONTHS))?;
    (to < from || to > latest)
        .then(|| invalid(&format!("{}/to", pointer(product)), "must lie within two years after from"))
}

impl Kind {
    /// What is wrong with the value.
    fn problem(&self, value: &Value) -> Option<String> {
        let text = value.as_str();
        let (fits, wanted) = match self {
            Self::OneOf(names) => {
                (text.is_some_and(|text| names.contains(&text)), format!("one of {}", names.join(", ")))
            }
            Self::Text => (
                text.is_some_and(|text| !text.trim().is_empty() && text.len() <= TEXT_BYTES),
                format!("a text of at most {TEXT_BYTES} bytes"),
            ),
            Self::Date => (date(value).is_some(), "a date like 2026-01-31".to_owned()),
            Self::Days(most) => (
                value.as_u64().is_some_and(|days| (1..=*most).contains(&days)),
                format!("a whole number from 1 to {most}"),
            ),
        };
        (!fits).then(|| format!("must be {wanted}"))
    }
}

/// A full date as ISO 8601 writes it, zeros included.
fn date(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str().filter(|text| text.len() == "2026-01-31".len())?;
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn pointer(product: Product) -> String {
    format!("/productOptions/{product}")
}

fn missing(product: Product, field: &str) -> Violation {
    let at = format!("{}/{field}", pointer(product));
    Violation::new(ViolationCode::ProductOptionsRequired, at, format!("{product} cannot start without {field}."))
}

fn invalid(at: &str, problem: &str) -> Violation {
    Violation::new(ViolationCode::Invalid, at, format!("The value {problem}."))
}
