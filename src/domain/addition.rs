//! Adding products to an existing connection: what may be added, and what becomes of it (rules A2–A14, C2–C6).
//! Everything follows from stored facts; nothing is asked upstream (A8).

use std::collections::{BTreeMap, BTreeSet};

use super::connection::Status;
use super::grant::covers;
use super::placement::{Placement, Placements};
use super::product::{Product, ProductReason, ProductState};
use super::service_provider::ServiceProvider;
use super::support_matrix::{self, AfterLink, Cell};

mod wording;

/// How the connection stands when products are asked for. Terminal statuses are the caller's to refuse (A2).
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Whose connection it is; `None` while no provider was chosen.
    pub provider: Option<ServiceProvider>,
    /// Where it stands.
    pub status: Status,
    /// Whether the provider's session exists; before that everything can still go into it (A12).
    pub session_created: bool,
    /// The arrays now.
    pub placements: &'a Placements,
    /// The arrays of the start call.
    pub original: &'a Placements,
    /// The last result of each product.
    pub states: &'a BTreeMap<Product, ProductState>,
    /// The provider's record of the institution, where there is one.
    pub institution: Option<&'a InstitutionFacts>,
    /// What the provider has at all.
    pub offered: &'a [Product],
    /// What the customer's consent covers, as last seen.
    pub consented: &'a BTreeSet<Product>,
    /// Whether the provider enforces consent for each product (C2, C3).
    pub consent_scoped: bool,
    /// Only what stood on the start call counts as a prerequisite (A4, `original_call`).
    pub original_call_rule: bool,
}

/// What the rules need of a provider's record of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionFacts {
    /// What can be had there at link time.
    pub products: BTreeSet<Product>,
    /// Whether `IDENTIFIERS` can be had without the customer (B3, C6); true where the provider has one flow only.
    pub instant_identifiers: bool,
    /// Whether the customer logs in at the institution's own page.
    pub oauth: bool,
}

impl InstitutionFacts {
    /// Why the institution can never bring the product to a connection that is linked already (A6, C6).
    fn obstacle(&self, provider: ServiceProvider, product: Product) -> Option<Obstacle> {
        if !support_matrix::institution_has(provider, &self.products, product) {
            Some(Obstacle::Institution)
        } else if product == Product::Identifiers && !self.instant_identifiers {
            Some(Obstacle::AfterLink)
        } else {
            None
        }
    }
}

wire_enum! {
    /// What became of a product that was accepted.
    pub enum Outcome {
        /// It is fetched now, or as soon as the link is complete.
        Added = "ADDED",
        /// It was there; nothing changed.
        AlreadyPresent = "ALREADY_PRESENT",
        /// It is fetched once the customer went through a repair (A8).
        RepairRequired = "REPAIR_REQUIRED",
    }
}

wire_enum! {
    /// Why a product was refused (A10).
    pub enum RefusalCode {
        /// The provider does not add it without the customer, or does not have it.
        UnsupportedByProvider = "UNSUPPORTED_BY_PROVIDER",
        /// Another product has to be there first.
        PrerequisiteMissing = "PREREQUISITE_MISSING",
        /// The institution does not have it.
        UnsupportedByInstitution = "UNSUPPORTED_BY_INSTITUTION",
        /// It can be had at link time only.
        NotAddableAfterLink = "NOT_ADDABLE_AFTER_LINK",
    }
}

wire_enum! {
    /// What helps against a refusal.
    pub enum Remedy {
        /// A repair in which the customer consents.
        Repair = "REPAIR",
        /// Add one of `anyOf` first.
        AddFirst = "ADD_FIRST",
        /// A new connection, asked for with the product.
        NewConnection = "NEW_CONNECTION",
        /// Nothing, at this institution.
        None = "NONE",
    }
}

/// A product that may be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which.
    pub product: Product,
    /// What becomes of it.
    pub outcome: Outcome,
    /// A sentence for developers.
    pub detail: String,
    /// The state that it gets.
    pub state: ProductState,
    /// Why it is in that state, where there is something to say.
    pub reason: Option<ProductReason>,
    /// Whether a fetch is to be queued now.
    pub fetch: bool,
}

/// A product that may not be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the list that was asked for.
    pub index: usize,
    /// Which.
    pub product: Product,
    /// Why not.
    pub code: RefusalCode,
    /// The products of which one has to be there first; empty unless one is missing.
    pub any_of: Vec<Product>,
    /// What helps.
    pub remedy: Remedy,
    /// The body to post to `…/repair`, where a repair helps.
    pub repair_body: Option<serde_json::Value>,
    /// A sentence for developers.
    pub detail: String,
}

impl Refusal {
    fn new(index: usize, product: Product, obstacle: Obstacle, remedy: Remedy, is_linked: bool) -> Self {
        let (code, any_of) = match obstacle {
            Obstacle::Provider => (RefusalCode::UnsupportedByProvider, Vec::new()),
            Obstacle::Prerequisite(any_of) => (RefusalCode::PrerequisiteMissing, any_of.to_vec()),
            Obstacle::Institution => (RefusalCode::UnsupportedByInstitution, Vec::new()),
            Obstacle::AfterLink => (RefusalCode::NotAddableAfterLink, Vec::new()),
        };
        let repair_body = (remedy == Remedy::Repair).then(|| serde_json::json!({ "products": [product] }));
        let mut refusal = Self { index, product, code, any_of, remedy, repair_body, detail: String::new() };
        refusal.detail = wording::refusal(&refusal, is_linked);
        refusal
    }
}

/// What stands against adding a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// The provider never adds it without the customer.
    Provider,
    /// None of these is there.
    Prerequisite(&'static [Product]),
    /// The institution does not have it.
    Institution,
    /// It comes at link time only.
    AfterLink,
}

/// Judges a list as a set (A5): all products are accepted, or none is and every refused one says why (A10).
/// A product that is named twice is judged once.
pub fn judge(situation: &Situation<'_>, asked: &[Product]) -> Result<Vec<Accepted>, Vec<Refusal>> {
    let wanted: BTreeSet<Product> = asked.iter().copied().collect();
    let present = situation.reachable(&wanted);
    let mut seen = BTreeSet::new();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for (index, &product) in asked.iter().enumerate() {
        if !seen.insert(product) {
            continue;
        }
        match situation.obstacle(product, &present) {
            Some(obstacle) => refused.push(situation.refuse(index, product, obstacle)),
            None => accepted.push(situation.accept(product)),
        }
    }
    if refused.is_empty() { Ok(accepted) } else { Err(refused) }
}

/// Which of these no repair can bring, whoever consents, and why (A6, C4, C6). What is fetched, or covered by consent where that is given
/// for each product, is there whatever is listed.
pub fn beyond_repair(
    provider: ServiceProvider,
    institution: Option<&InstitutionFacts>,
    fetched: &BTreeSet<Product>,
    consented: impl Fn(Product) -> bool,
    asked: &[Product],
) -> Vec<Refusal> {
    let refusal = |(index, &product): (usize, &Product)| {
        let is_there = fetched.contains(&product);
        let obstacle = repair_obstacle(provider, institution, product, is_there, consented(product))?;
        let remedy = if obstacle == Obstacle::AfterLink { Remedy::NewConnection } else { Remedy::None };
        Some(Refusal::new(index, product, obstacle, remedy, true))
    };
    asked.iter().enumerate().filter_map(refusal).collect()
}

/// Why a repair cannot bring the product.
fn repair_obstacle(
    provider: ServiceProvider,
    institution: Option<&InstitutionFacts>,
    product: Product,
    is_fetched: bool,
    is_consented: bool,
) -> Option<Obstacle> {
    match support_matrix::after_link(provider, product) {
        AfterLink::Never => Some(Obstacle::AfterLink),
        _ if is_fetched => None,
        _ => institution?
            .obstacle(provider, product)
            .filter(|obstacle| *obstacle != Obstacle::Institution || !is_consented),
    }
}

impl Situation<'_> {
    /// The provider whose session exists; before that, every product can still be asked for in it (A12).
    fn bound_provider(&self) -> Option<ServiceProvider> {
        if self.status == Status::InProgress && !self.session_created { None } else { self.provider }
    }

    /// Whether its data is fetched already, or would be if it had not failed (A9).
    fn is_fetched(&self, product: Product) -> bool {
        self.placements.of(product).is_some_and(Placement::is_fetched)
    }

    /// What is fetched once every one of the wanted products that can be added was added, in whichever order works (A5).
    /// Additions only ever open the way for others, so one growing set covers all orders.
    fn reachable(&self, wanted: &BTreeSet<Product>) -> BTreeSet<Product> {
        if self.original_call_rule {
            return self.original.fetched();
        }
        let mut present = self.placements.fetched();
        loop {
            let next = wanted
                .iter()
                .copied()
                .find(|&product| !present.contains(&product) && self.obstacle(product, &present).is_none());
            match next {
                Some(product) => present.insert(product),
                None => return present,
            };
        }
    }

    /// What stands against the product where `present` is fetched already.
    fn obstacle(&self, product: Product, present: &BTreeSet<Product>) -> Option<Obstacle> {
        if self.placements.alone().is_some_and(|alone| alone != product) {
            return Some(Obstacle::AfterLink);
        }
        let Some(provider) = self.bound_provider() else {
            // Not even before the link, for there is none that both could go into (B7).
            let is_other = product.stands_alone() && self.placements.of(product).is_none();
            return is_other.then_some(Obstacle::AfterLink);
        };
        if self.is_fetched(product) {
            return None;
        }
        if support_matrix::after_link(provider, product) == AfterLink::Never {
            return Some(Obstacle::AfterLink);
        }
        if !self.offered.contains(&product) {
            return Some(Obstacle::Provider);
        }
        match self.cell(provider, product) {
            Cell::No => return Some(Obstacle::Provider),
            Cell::IfAny(any_of) if any_of.iter().all(|needed| !present.contains(needed)) => {
                // What the institution lacks comes with no other product either.
                let lacking = self.institution.and_then(|facts| facts.obstacle(provider, product));
                return lacking.or(Some(Obstacle::Prerequisite(any_of)));
            }
            // Which institution it is, a link in progress says when it is complete.
            Cell::IfInstitution if self.institution.is_none() && self.status != Status::InProgress => {
                return Some(Obstacle::Institution);
            }
            Cell::Yes | Cell::IfAny(_) | Cell::IfInstitution => {}
        }
        self.institution?.obstacle(provider, product)
    }

    fn cell(&self, provider: ServiceProvider, product: Product) -> Cell {
        if self.original_call_rule {
            support_matrix::original_call_cell(provider, product)
        } else {
            support_matrix::cell(provider, product)
        }
    }

    fn refuse(&self, index: usize, product: Product, obstacle: Obstacle) -> Refusal {
        Refusal::new(index, product, obstacle, self.remedy(product, obstacle), self.status.is_linked())
    }

    fn remedy(&self, product: Product, obstacle: Obstacle) -> Remedy {
        match obstacle {
            // The matrix governs additions without the customer only (A3, A14).
            Obstacle::Provider if self.comes_by_repair(product) => Remedy::Repair,
            Obstacle::Provider | Obstacle::AfterLink => Remedy::NewConnection,
            Obstacle::Institution => Remedy::None,
            Obstacle::Prerequisite(any_of) => {
                let addable = self.reachable(&support_matrix::COLUMNS.into_iter().collect());
                if any_of.iter().any(|needed| addable.contains(needed)) { Remedy::AddFirst } else { Remedy::Repair }
            }
        }
    }

    /// Whether the customer could consent to it in a repair at a provider whose row says no.
    fn comes_by_repair(&self, product: Product) -> bool {
        let consented = self.consent_scoped && covers(self.consented, product);
        let obstacle = |provider| repair_obstacle(provider, self.institution, product, false, consented);
        self.offered.contains(&product) && self.provider.is_some_and(|provider| obstacle(provider).is_none())
    }

    fn accept(&self, product: Product) -> Accepted {
        let fetched = self.is_fetched(product);
        let state = self.states.get(&product).copied();
        let failed = matches!(state, Some(ProductState::Failed | ProductState::Unavailable));
        let (outcome, state, reason, fetch) = if fetched && !failed {
            (Outcome::AlreadyPresent, state.unwrap_or(ProductState::Pending), None, false)
        } else if let Some(reason) = self.customer_needed(product) {
            (Outcome::RepairRequired, ProductState::ConsentRequired, Some(reason), false)
        } else {
            (Outcome::Added, ProductState::Pending, None, self.status != Status::InProgress)
        };
        let detail = wording::acceptance(outcome, state, reason, fetch).to_owned();
        Accepted { product, outcome, detail, state, reason, fetch }
    }

    /// Why the customer has to come first, where stored facts say so (A8, C2, C3, C5).
    fn customer_needed(&self, product: Product) -> Option<ProductReason> {
        if self.status.needs_customer() {
            return Some(ProductReason::LoginRequired);
        }
        let provider = self.bound_provider()?;
        let only_by_repair = support_matrix::after_link(provider, product) == AfterLink::Repair
            && !self.is_fetched(product)
            && !self.consented_in_repair(product);
        // What a link in progress will be consented to is not known before it is complete (A12).
        let unconsented = self.consent_scoped && self.status != Status::InProgress && !covers(self.consented, product);
        (only_by_repair || unconsented).then_some(ProductReason::ConsentMissing)
    }

    /// Whether an earlier repair already asked the customer for it: it stands among the consented ones, but not since the start call.
    fn consented_in_repair(&self, product: Product) -> bool {
        self.placements.of(product) == Some(Placement::AdditionalConsented)
            && !self.original.additional_consented_products.contains(&product)
    }
}

#[cfg(test)]
pub(crate) mod tests;
