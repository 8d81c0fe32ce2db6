//! Which provider serves an institution, and the institution catalogue that says so.

mod catalogue;

pub use catalogue::fill;

use std::collections::BTreeSet;

use crate::domain::addition::InstitutionFacts;
use crate::domain::combination::{IdentifiersFlow, lacks_company};
use crate::domain::ids::InstitutionId;
use crate::domain::placement::Placements;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::{Entry, Registry, Spec};
use crate::store::{ConnectionSettings, Institution, InstitutionAtProvider, InstitutionFilter, Store};

/// What is to be linked.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The four arrays.
    pub placements: &'a Placements,
    /// ISO 3166 alpha-2.
    pub country_codes: &'a [String],
    /// The only provider that may be used.
    pub pinned: Option<ServiceProvider>,
    /// How account numbers are to be had, where that is asked for.
    pub identifiers_flow: Option<IdentifiersFlow>,
}

impl<'a> Wanted<'a> {
    /// What a start call asks for.
    pub fn new(placements: &'a Placements, settings: &'a ConnectionSettings) -> Self {
        Self {
            placements,
            country_codes: &settings.country_codes,
            pinned: settings.pinned_provider,
            identifiers_flow: settings.identifiers_flow,
        }
    }

    /// The providers that may be used and serve one of the countries, whatever they have.
    pub fn serving(self, registry: &'a Registry) -> impl Iterator<Item = &'a Entry> {
        let codes = self.country_codes;
        let serves =
            move |spec: &Spec| codes.is_empty() || codes.iter().any(|code| spec.countries.contains(&code.as_str()));
        let may_be_used = move |entry: &&Entry| self.pinned.is_none_or(|pinned| pinned == entry.id());
        registry.iter().filter(may_be_used).filter(move |entry| serves(entry.provider.spec()))
    }

    /// Of those, the ones that could do it, by what they say of themselves: of them the institution is chosen.
    pub fn candidates(self, registry: &'a Registry) -> Vec<&'a Entry> {
        let can = |spec: &Spec| {
            self.placements.products.iter().all(|product| spec.products.contains(product)) && self.unfit(spec).is_none()
        };
        self.serving(registry).filter(|entry| can(entry.provider.spec())).collect()
    }

    /// Why a provider that has the products cannot be asked for them all the same.
    fn unfit(&self, spec: &Spec) -> Option<&'static str> {
        if lacks_company(self.placements, spec.never_alone) {
            Some("it cannot link these products alone (rule B5): add a product beside them")
        } else if self.identifiers_flow.is_some_and(|flow| !spec.identifiers_flows.contains(&flow)) {
            Some("it does not have that identifiersFlow: leave it out")
        } else {
            None
        }
    }

    /// The institutions that can be chosen through these providers.
    pub fn institutions(&self, providers: Vec<ServiceProvider>) -> InstitutionFilter {
        InstitutionFilter {
            products: self.placements.products.iter().copied().collect(),
            country_codes: self.country_codes.to_vec(),
            service_providers: Some(providers),
            ..InstitutionFilter::default()
        }
    }

    /// What helps where institutions lack some of the required products: what stands alone can stand in no other array (B7), nor can
    /// the only one that is required.
    fn instead(&self, missing: usize) -> &'static str {
        let stays = self.placements.alone().is_some() || self.identifiers_flow.is_some();
        match missing < self.placements.products.len() && !stays {
            true => {
                ", or ask for fewer in products and for the others in requiredIfSupportedProducts or optionalProducts"
            }
            false => "",
        }
    }
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
    let (mut lacking, mut passed_over) = (None, Vec::new());
    for at_provider in &institution.providers {
        let Some(entry) = registry.get(at_provider.service_provider) else { continue };
        if wanted.pinned.is_some_and(|pinned| pinned != at_provider.service_provider) {
            continue;
        }
        let missing: BTreeSet<Product> =
            wanted.placements.products.difference(&at_provider.products).copied().collect();
        if !missing.is_empty() {
            lacking = Some(missing);
        } else if let Some(why) = wanted.unfit(entry.provider.spec()) {
            passed_over.push(format!("{}: {why}", at_provider.service_provider));
        } else {
            return Ok(Choice { entry: entry.clone(), at_provider: at_provider.clone(), institution });
        }
    }
    Err(refusal(&institution, wanted, lacking, &passed_over))
}

/// Whether the customer has an institution to choose; a problem says that there is none. While a provider's list is not read to its
/// end, nothing can be said.
pub async fn check_choice(store: &Store, registry: &Registry, wanted: Wanted<'_>) -> Result<(), Problem> {
    let providers: Vec<ServiceProvider> = wanted.candidates(registry).iter().map(|entry| entry.id()).collect();
    if store.has_institution(&wanted.institutions(providers.clone())).await?
        || !store.lists_are_whole(&providers).await?
    {
        return Ok(());
    }
    let names = names(&wanted.placements.products);
    let through = match wanted.pinned {
        Some(pinned) => format!("{pinned}. Leave serviceProvider out, or send"),
        None => "any service provider of this installation. Send".to_owned(),
    };
    let detail = format!(
        "No institution in {} has {names} through {through} the countryCodes in which the customer's institution is{}.",
        wanted.country_codes.join(", "),
        wanted.instead(1)
    );
    Err(Problem::new(Code::NoProviderAvailable, detail.clone()).with_error("/products", "NO_INSTITUTION", detail))
}

/// Chooses the provider of what is had of no institution.
pub fn choose_provider(registry: &Registry, wanted: Wanted<'_>) -> Result<Entry, Problem> {
    wanted.candidates(registry).first().map(|entry| (*entry).clone()).ok_or_else(|| {
        let countries = wanted.country_codes.join(", ");
        let names = names(&wanted.placements.products);
        let detail =
            format!("No service provider that may be used has {names} in {countries}. Leave serviceProvider out.");
        Problem::new(Code::NoProviderAvailable, detail)
    })
}

fn names(products: &BTreeSet<Product>) -> String {
    let names: Vec<&str> = products.iter().map(|product| product.as_str()).collect();
    names.join(", ")
}

fn refusal(
    institution: &Institution,
    wanted: Wanted<'_>,
    lacking: Option<BTreeSet<Product>>,
    passed_over: &[String],
) -> Problem {
    let name = &institution.name;
    if !passed_over.is_empty() {
        let detail = format!("{name} cannot be linked for this: {}.", passed_over.join("; "));
        return Problem::new(Code::NoProviderAvailable, detail);
    }
    let Some(missing) = lacking else {
        let detail = match wanted.pinned {
            Some(pinned) => format!("{pinned} does not serve {name}. Leave serviceProvider out."),
            None => format!("No service provider of this installation serves {name}."),
        };
        return Problem::new(Code::NoProviderAvailable, detail);
    };
    let instead = wanted.instead(missing.len());
    let detail = format!("{name} does not have {}. Choose another institution{instead}.", names(&missing));
    missing.iter().fold(Problem::new(Code::InstitutionNotEligible, detail), |problem, product| {
        problem.with_error("/institutionId", "PRODUCT_MISSING", format!("{name} does not have {product}."))
    })
}
