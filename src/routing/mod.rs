//! Which provider serves an institution, and the institution catalogue that says so.

mod catalogue;

pub use catalogue::fill;

use std::collections::BTreeSet;

use crate::domain::addition::InstitutionFacts;
use crate::domain::combination::lacks_company;
use crate::domain::ids::InstitutionId;
use crate::domain::placement::Placements;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::{Entry, Registry};
use crate::store::{Institution, InstitutionAtProvider, Store};

/// What is to be linked.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The four arrays.
    pub placements: &'a Placements,
    /// ISO 3166 alpha-2.
    pub country_codes: &'a [String],
    /// The only provider that may be used.
    pub pinned: Option<ServiceProvider>,
}

/// A provider that can do it.
#[derive(Clone)]
pub struct Choice {
    /// The provider.
    pub entry: Entry,
    /// The institution.
    pub institution: Institution,
    /// What the provider has of it.
    pub at_provider: InstitutionAtProvider,
}

/// What the rules need to know of an institution at a provider.
pub fn facts(at_provider: &InstitutionAtProvider) -> InstitutionFacts {
    InstitutionFacts {
        products: at_provider.products.clone(),
        instant_identifiers: at_provider.instant_identifiers,
        oauth: at_provider.oauth,
    }
}

/// Chooses the provider through which an institution is linked; a problem says why none can.
pub async fn choose(
    store: &Store,
    registry: &Registry,
    institution_id: InstitutionId,
    wanted: Wanted<'_>,
) -> Result<Choice, Problem> {
    let Some(institution) = store.institution(institution_id).await? else {
        return Err(Problem::invalid(
            "/institutionId",
            "UNKNOWN",
            "There is no institution with this id. Look for it by GET /institutions.",
        ));
    };
    if !wanted.country_codes.is_empty()
        && !institution.country_codes.iter().any(|code| wanted.country_codes.contains(code))
    {
        let detail = format!(
            "{} is in none of the session's countries ({}).",
            institution.name,
            wanted.country_codes.join(", ")
        );
        return Err(Problem::new(Code::InstitutionNotEligible, detail.clone()).with_error(
            "/institutionId",
            "COUNTRY",
            detail,
        ));
    }
    let mut lacking: Option<BTreeSet<Product>> = None;
    let mut passed_over = Vec::new();
    for at_provider in &institution.providers {
        let Some(entry) = registry.get(at_provider.service_provider) else { continue };
        if wanted.pinned.is_some_and(|pinned| pinned != at_provider.service_provider) {
            continue;
        }
        let missing: BTreeSet<Product> =
            wanted.placements.products.difference(&at_provider.products).copied().collect();
        if !missing.is_empty() {
            lacking = Some(missing);
        } else if lacks_company(wanted.placements, entry.provider.spec().never_alone) {
            passed_over.push(format!("{}: PRODUCT_COMBINATION (rule B5)", at_provider.service_provider));
        } else {
            return Ok(Choice { entry: entry.clone(), at_provider: at_provider.clone(), institution });
        }
    }
    Err(refusal(&institution, wanted.pinned, lacking, &passed_over))
}

/// Chooses the provider of what is had of no institution.
pub fn choose_provider(registry: &Registry, wanted: Wanted<'_>) -> Result<Entry, Problem> {
    let can = |entry: &&Entry| {
        let spec = entry.provider.spec();
        wanted.pinned.is_none_or(|pinned| pinned == spec.id)
            && wanted.placements.products.iter().all(|product| spec.products.contains(product))
            && wanted.country_codes.iter().any(|code| spec.countries.contains(&code.as_str()))
    };
    registry.iter().find(can).cloned().ok_or_else(|| {
        let names: Vec<&str> = wanted.placements.products.iter().map(|product| product.as_str()).collect();
        let countries = wanted.country_codes.join(", ");
        let names = names.join(", ");
        let detail =
            format!("No service provider that may be used has {names} in {countries}. Leave serviceProvider out.");
        Problem::new(Code::NoProviderAvailable, detail)
    })
}

fn refusal(
    institution: &Institution,
    pinned: Option<ServiceProvider>,
    lacking: Option<BTreeSet<Product>>,
    passed_over: &[String],
) -> Problem {
    if !passed_over.is_empty() {
        return Problem::new(
            Code::NoProviderAvailable,
            format!(
                "No service provider can link these products alone ({}). Add a product beside them.",
                passed_over.join("; ")
            ),
        );
    }
    match lacking {
        Some(missing) => {
            let names: Vec<&str> = missing.iter().map(|product| product.as_str()).collect();
            let detail = format!(
                "{} does not have {}. Choose another institution, or ask for them in requiredIfSupportedProducts or optionalProducts.",
                institution.name,
                names.join(", ")
            );
            names.iter().fold(Problem::new(Code::InstitutionNotEligible, detail), |problem, name| {
                problem.with_error(
                    "/institutionId",
                    "PRODUCT_MISSING",
                    format!("{} does not have {name}.", institution.name),
                )
            })
        }
        None => Problem::new(
            Code::NoProviderAvailable,
            match pinned {
                Some(pinned) => format!("{pinned} does not serve {}. Leave serviceProvider out.", institution.name),
                None => format!("No service provider of this installation serves {}.", institution.name),
            },
        ),
    }
}
