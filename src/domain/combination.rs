//! Which products may be asked for together, and what some of them need to start (rules B1, B5, B7, B14).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::placement::{Placement, Placements};
use super::product::Product;

mod options;

pub(super) use options::is_other_than_bank_income;
pub use options::{check_given_options, check_options};

wire_enum! {
    /// How the customer proves the account behind `IDENTIFIERS`; without one, the provider chooses.
    pub enum IdentifiersFlow {
        /// Two small deposits, whose amounts the customer enters a day later.
        SameDayMicrodeposits = "SAME_DAY_MICRODEPOSITS",
    }
}

wire_enum! {
    /// What is wrong with a choice of products.
    pub enum ViolationCode {
        /// Malformed (400).
        Invalid = "INVALID",
        /// Two products that cannot be asked for together, or one that cannot be alone (422).
        ProductCombination = "PRODUCT_COMBINATION",
        /// A product lacks what it cannot start without (422).
        ProductOptionsRequired = "PRODUCT_OPTIONS_REQUIRED",
        /// An option of which no provider here makes anything (422).
        Unsupported = "UNSUPPORTED_BY_PROVIDER",
    }
}

/// One thing that is wrong with a choice of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What kind.
    pub code: ViolationCode,
    /// Where in the request's body, as a JSON pointer.
    pub pointer: String,
    /// A sentence for developers.
    pub detail: String,
}

impl Violation {
    fn new(code: ViolationCode, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), detail: detail.into() }
    }

    fn combination(placement: Placement, detail: String) -> Self {
        Self::new(ViolationCode::ProductCombination, format!("/{}", placement.field()), detail)
    }
}

/// Reads the four arrays (B1): a product stands in at most one of them, once, and `products` has at least one.
/// A product that is repeated throughout an array is reported there once.
pub fn check_arrays(arrays: &[(Placement, Vec<Product>)]) -> Result<Placements, Vec<Violation>> {
    let mut placements = Placements::default();
    let mut violations = Vec::new();
    let mut reported = BTreeSet::new();
    for (placement, products) in arrays {
        for (index, &product) in products.iter().enumerate() {
            match placements.of(product) {
                None => placements.put(product, *placement),
                Some(earlier) if reported.insert((*placement, product)) => violations.push(Violation::new(
                    ViolationCode::Invalid,
                    format!("/{}/{index}", placement.field()),
                    format!("{product} stands in {} already; name each product once.", earlier.field()),
                )),
                Some(_) => {}
            }
        }
    }
    if placements.products.is_empty() {
        let pointer = format!("/{}", Placement::Required.field());
        violations.push(Violation::new(ViolationCode::Invalid, pointer, "Name at least one product."));
    }
    if violations.is_empty() { Ok(placements) } else { Err(violations) }
}

/// Checks what may stand together and what each product needs (B5, B7, B14).
/// `never_alone` is the pinned provider's list; without a pinned provider that rule is the routing's (see [`lacks_company`]).
pub fn check_combination(
    placements: &Placements,
    identifiers_flow: Option<IdentifiersFlow>,
    product_options: &Map<String, Value>,
    never_alone: Option<&[Product]>,
) -> Result<(), Vec<Violation>> {
    let conflicts = conflicts(placements, identifiers_flow, product_options).into_iter();
    let mut violations: Vec<_> =
        conflicts.map(|conflict| Violation::combination(conflict.placement, conflict.detail)).collect();
    if let Some(flow) = identifiers_flow.filter(|_| !placements.products.contains(&Product::Identifiers)) {
        let detail = format!("{flow} needs IDENTIFIERS in products.");
        violations.push(Violation::new(ViolationCode::ProductCombination, "/identifiersFlow", detail));
    }
    if never_alone.is_some_and(|listed| lacks_company(placements, listed)) {
        let named: Vec<&str> = placements.products.iter().map(|product| product.as_str()).collect();
        let detail = format!(
            "This service provider cannot be asked for {} with no other required product. Put another one beside, or leave serviceProvider out.",
            named.join(" and ")
        );
        violations.push(Violation::combination(Placement::Required, detail));
    }
    // What is consent-only does not start yet.
    violations.extend(check_options(&placements.fetched(), product_options));
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Checks what is asked for after the start beside what a connection has, by its place in `asked` (B7): neither a pair that must not
/// stand together, nor anything beside account numbers that deposits verify.
pub fn check_beside(
    present: &Placements,
    asked: &[Product],
    identifiers_flow: Option<IdentifiersFlow>,
    product_options: &Map<String, Value>,
) -> Result<(), Vec<Violation>> {
    let mut together = present.clone();
    asked.iter().for_each(|&product| together.put(product, Placement::Optional));
    let pairs = conflicts(&together, None, product_options);
    let violation = |index: usize, detail: String| {
        Violation::new(ViolationCode::ProductCombination, format!("/products/{index}"), detail)
    };
    let mut violations = Vec::new();
    for (index, product) in asked.iter().enumerate() {
        let pair = pairs.iter().find(|pair| [pair.product, pair.beside].contains(product));
        violations.extend(pair.map(|pair| violation(index, pair.detail.clone())));
        let is_new = present.of(*product).is_none_or(|placement| !placement.is_fetched());
        if let Some(flow) = identifiers_flow.filter(|_| is_new && *product != Product::Balances) {
            let detail = format!(
                "IDENTIFIERS and {product}: with {flow} nothing can be fetched beside them. Start a new connection for it."
            );
            violations.push(violation(index, detail));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Whether the required products are only such as that provider never takes alone (B5).
pub fn lacks_company(placements: &Placements, never_alone: &[Product]) -> bool {
    placements.products.iter().all(|product| never_alone.contains(product))
}

/// A product that must not be asked for beside another.
pub(super) struct Conflict {
    /// Which.
    pub(super) product: Product,
    /// In which array it stands.
    pub(super) placement: Placement,
    /// The other one.
    pub(super) beside: Product,
    /// Which of the two is to be had in a link of its own.
    pub(super) apart: Product,
    /// Beside which, and why not.
    pub(super) detail: String,
}

/// Every pair that must not be asked for together (B7).
pub(super) fn conflicts(
    placements: &Placements,
    identifiers_flow: Option<IdentifiersFlow>,
    product_options: &Map<String, Value>,
) -> Vec<Conflict> {
    let other_income = is_other_than_bank_income(product_options);
    let chosen: Vec<(Product, Placement)> = placements.iter().collect();
    let mut conflicts = Vec::new();
    for (index, &(product, placement)) in chosen.iter().enumerate() {
        for &(first, _) in chosen.iter().take(index) {
            let of = |apart, other| conflict(apart, other, other_income).map(|why| (apart, why));
            let why = of(first, product).or_else(|| of(product, first));
            conflicts.extend(why.map(|(apart, why)| Conflict {
                product,
                placement,
                beside: first,
                apart,
                detail: format!("{first} and {product}: {why}"),
            }));
        }
    }
    if let Some(flow) = identifiers_flow.filter(|_| placements.products.contains(&Product::Identifiers)) {
        conflicts.extend(beside_deposits(flow, placements));
    }
    conflicts
}

/// Why the first product cannot stand beside the second (B7).
fn conflict(first: Product, second: Product, other_income: bool) -> Option<&'static str> {
    match (first, second) {
        (Product::IdentityVerification, _) => Some("IDENTITY_VERIFICATION needs a link of its own."),
        (Product::PaymentInitiation, _) => Some("PAYMENT_INITIATION needs a link of its own."),
        (Product::ConsumerReport, Product::Assets | Product::Income) => {
            Some("a consumer report excludes asset reports and income.")
        }
        (Product::Income, _) if other_income => Some("beside other products, only bank income can be asked for."),
        _ => None,
    }
}

/// Micro-deposits leave room for nothing that is fetched, but for what may fall away (B7). Balances come with every account.
fn beside_deposits(flow: IdentifiersFlow, placements: &Placements) -> impl Iterator<Item = Conflict> + '_ {
    let is_beside = |product: &Product| !matches!(product, Product::Identifiers | Product::Balances);
    let required = placements.products.iter().copied().filter(is_beside).map(|product| (product, Placement::Required));
    let optional = placements.optional_products.iter().map(|&product| (product, Placement::Optional));
    required.chain(optional).map(move |(product, placement)| Conflict {
        product,
        placement,
        beside: Product::Identifiers,
        apart: product,
        detail: format!(
            "IDENTIFIERS and {product}: with {flow} other products can only be required if supported or consent-only."
        ),
    })
}

#[cfg(test)]
mod tests;
