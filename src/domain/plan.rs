//! The plan of a link (rules B8–B11): what each product of the four arrays filters, costs and waits for at each provider, and what
//! would be better. Pure: everything follows from data.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::addition::{InstitutionFacts, Outcome, Remedy, Situation, judge};
use super::combination::{IdentifiersFlow, check_beside};
use super::connection::Status;
use super::placement::{Placement, Placements};
use super::product::Product;
use super::service_provider::ServiceProvider;
use super::support_matrix::{institution_has, same_upstream};

mod advice;

pub use advice::{Advice, AdviceCode, Gain, advise};

wire_enum! {
    /// When the provider bills a product (B9).
    pub enum Billing {
        /// When the customer has linked, even if it is never used.
        AtLink = "AT_LINK",
        /// When its data is fetched for the first time.
        AtFirstUse = "AT_FIRST_USE",
        /// Each time that it is fetched.
        PerCall = "PER_CALL",
        /// Never.
        Never = "NEVER",
        /// As your contract with the provider says; it publishes no price by product.
        ByContract = "BY_CONTRACT",
    }
}

wire_enum! {
    /// When the first charge falls.
    pub enum FirstCharge {
        /// With the link, or with the first reading right after it.
        WithLink = "WITH_LINK",
        /// When it is added, by a call or in a repair, and read for the first time.
        WhenAdded = "WHEN_ADDED",
        /// When a caller asks for a live balance, a report or an evaluation.
        WhenAsked = "WHEN_ASKED",
    }
}

wire_enum! {
    /// When the provider prepares the data (B10).
    pub enum Preparation {
        /// During the link or right after it.
        Prefetched = "PREFETCHED",
        /// When it is asked for.
        AtFirstUse = "AT_FIRST_USE",
    }
}

wire_enum! {
    /// How long the first data takes (B10).
    pub enum Latency {
        /// Seconds.
        Seconds = "SECONDS",
        /// A minute or more, for there is a history to load, or a portfolio that comes with one.
        Minutes = "MINUTES",
        /// A day or more, for the account is verified by deposits; the customer may have to enter their amounts in a repair.
        Days = "DAYS",
    }
}

wire_enum! {
    /// Where the customer agrees to a product (B4).
    pub enum Consent {
        /// In the provider's session.
        InSession = "IN_SESSION",
        /// Nowhere: the provider's session names no products. What is consent-only waits here until it is added.
        NotAsked = "NOT_ASKED",
    }
}

wire_enum! {
    /// What brings a product's data after the link (A3, A14, C4, C5).
    pub enum Activation {
        /// Nothing more: it comes with the link.
        Link = "LINK",
        /// `POST /connections/{id}/products`, without the customer.
        Products = "PRODUCTS",
        /// A repair session with the customer.
        Repair = "REPAIR",
        /// Nothing: it is to be had in a link that requires it alone, or in a link of its own.
        None = "NONE",
    }
}

/// A provider's terms for a product in one of the arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When it is billed.
    pub billing: Billing,
    /// When it is prepared.
    pub preparation: Preparation,
}

/// What is asked for, as the plan judges it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The four arrays.
    pub placements: &'a Placements,
    /// How account numbers are to be had, where that is asked for.
    pub identifiers_flow: Option<IdentifiersFlow>,
    /// What products cannot start without, by product.
    pub product_options: &'a Map<String, Value>,
    /// Only what stands on the start call counts as a prerequisite (A4, `original_call`).
    pub original_call_rule: bool,
}

/// What the plan needs to know of a provider that could do it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Which.
    pub provider: ServiceProvider,
    /// What can be asked for at link time.
    pub products: &'static [Product],
    /// Whether its session names consent-only products (B4).
    pub consent_scopes: bool,
    /// Its terms.
    pub terms: fn(Product, Placement) -> Terms,
    /// Its record of the institution, where one was named; else the plan is for one that has everything.
    pub institution: Option<InstitutionFacts>,
}

/// How many institutions remain at each provider, as far as they were counted.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Those that have all that is required; `None` where none were counted.
    pub remaining: Option<BTreeMap<ServiceProvider, u64>>,
    /// Those that have the product; every one does where it was not counted.
    pub having: BTreeMap<Product, BTreeMap<ServiceProvider, u64>>,
    /// Those that would remain if that product were not required.
    pub without: BTreeMap<Product, BTreeMap<ServiceProvider, u64>>,
}

impl Coverage {
    fn has_some(&self, provider: ServiceProvider) -> bool {
        self.remaining.as_ref().is_none_or(|remaining| counted(remaining, provider) > 0)
    }

    /// Whether the product is to be had there at all.
    fn is_had(&self, product: Product, provider: ServiceProvider) -> bool {
        self.having.get(&product).is_none_or(|having| counted(having, provider) > 0)
    }

    /// Whether institutions are left out there for the sake of that product.
    fn grows_without(&self, product: Product, provider: ServiceProvider) -> bool {
        let Some(remaining) = &self.remaining else { return true };
        self.without.get(&product).is_some_and(|without| counted(without, provider) > counted(remaining, provider))
    }
}

fn counted(by_provider: &BTreeMap<ServiceProvider, u64>, provider: ServiceProvider) -> u64 {
    by_provider.get(&provider).copied().unwrap_or_default()
}

/// A product at a provider, as it would be placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductAt {
    /// At which provider.
    pub service_provider: ServiceProvider,
    /// When it is billed.
    pub billing: Billing,
    /// When the first charge for it falls, by what is read when. Null where there is none, or the contract says.
    pub first_charge: Option<FirstCharge>,
    /// When it is prepared.
    pub preparation: Preparation,
    /// How long its first data takes.
    pub latency: Latency,
    /// Where the customer agrees to it.
    pub consent: Consent,
    /// What brings its data.
    pub activation: Activation,
    /// One of these has to be added before it or in the same call (A5); empty where nothing has to.
    pub activation_any_of: Vec<Product>,
}

/// A product of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedProduct {
    /// Which.
    pub product: Product,
    /// In which array.
    pub placement: Placement,
    /// At each provider that has it, of those that could do the whole.
    pub at: Vec<ProductAt>,
}

/// What each product would be at each provider, strongest arrays first.
pub fn plan(asked: Asked<'_>, offers: &[Offer]) -> Vec<PlannedProduct> {
    let planned = asked.placements.iter().map(|(product, placement)| {
        let having = offers.iter().filter(|offer| offer.has(product));
        let at = having.map(|offer| offer.of(product, placement, asked)).collect();
        PlannedProduct { product, placement, at }
    });
    planned.collect()
}

impl Offer {
    /// Whether it can be had there.
    pub fn has(&self, product: Product) -> bool {
        let listed = |facts: &InstitutionFacts| institution_has(self.provider, &facts.products, product);
        self.products.contains(&product) && self.institution.as_ref().is_none_or(listed)
    }

    /// A product that stands in that array.
    pub fn of(&self, product: Product, placement: Placement, asked: Asked<'_>) -> ProductAt {
        // Of two that are one there, the stronger placement counts (B6).
        let other = same_upstream(self.provider, product).and_then(|other| asked.placements.of(other));
        let Terms { billing, preparation } =
            (self.terms)(product, other.map_or(placement, |other| other.min(placement)));
        let (activation, activation_any_of) = if placement.is_fetched() {
            (self.with_link(product, placement, asked.identifiers_flow), Vec::new())
        } else {
            self.later(product, asked)
        };
        // What never comes is never billed.
        let billing = if activation == Activation::None { Billing::Never } else { billing };
        let is_asked = placement.is_fetched() || self.consent_scopes;
        ProductAt {
            service_provider: self.provider,
            billing,
            first_charge: first_charge(product, placement, billing),
            preparation,
            latency: self.latency(product, placement, asked.identifiers_flow),
            consent: if is_asked { Consent::InSession } else { Consent::NotAsked },
            activation,
            activation_any_of,
        }
    }

    /// What brings a product that is asked for to be fetched: the link, but for optional numbers without the instant flow (B3), and for
    /// what falls away beside deposits (B7).
    fn with_link(&self, product: Product, placement: Placement, flow: Option<IdentifiersFlow>) -> Activation {
        match (product, placement) {
            (Product::Balances, _) => Activation::Link,
            (_, Placement::RequiredIfSupported) if flow.is_some() => Activation::None,
            (Product::Identifiers, Placement::Optional) if !self.has_instant_flow() => Activation::None,
            _ => Activation::Link,
        }
    }

    /// How long the first data takes (B10, B16). Numbers that are asked for where there is no instant flow come by deposits.
    fn latency(&self, product: Product, placement: Placement, flow: Option<IdentifiersFlow>) -> Latency {
        let by_deposits = flow.is_some() || !self.has_instant_flow();
        match product {
            Product::Identifiers if by_deposits && placement < Placement::Optional => Latency::Days,
            Product::Transactions | Product::InvestmentHoldings | Product::InvestmentTransactions => Latency::Minutes,
            _ => Latency::Seconds,
        }
    }

    fn has_instant_flow(&self) -> bool {
        self.institution.as_ref().is_none_or(|facts| facts.instant_identifiers)
    }

    /// What brings a product that was consent-only, once the customer has linked: what the rules of additions say of a connection that
    /// was linked as asked for, and beside what else has to be added for it.
    fn later(&self, product: Product, asked: Asked<'_>) -> (Activation, Vec<Product>) {
        let Asked { placements, identifiers_flow, product_options, original_call_rule } = asked;
        if check_beside(placements, &[product], identifiers_flow, product_options).is_err() {
            return (Activation::None, Vec::new());
        }
        let (states, consented) = (BTreeMap::new(), BTreeSet::new());
        let institution = self.institution.clone().unwrap_or_else(with_everything);
        let linked = Situation {
            provider: Some(self.provider),
            status: Status::Active,
            session_created: true,
            placements,
            original: placements,
            states: &states,
            institution: Some(&institution),
            offered: self.products,
            consented: &consented,
            // What is asked for is taken for granted.
            consent_scoped: false,
            original_call_rule,
        };
        let refusal = match judge(&linked, &[product]).map_err(|refusals| refusals.into_iter().next()) {
            Ok(accepted) if accepted.iter().any(|one| one.outcome == Outcome::RepairRequired) => {
                return (Activation::Repair, Vec::new());
            }
            Ok(_) | Err(None) => return (Activation::Products, Vec::new()),
            Err(Some(refusal)) => refusal,
        };
        match refusal.remedy {
            Remedy::AddFirst => {
                let opens = |one: &Product| judge(&linked, &[product, *one]).is_ok();
                (Activation::Products, refusal.any_of.into_iter().filter(opens).collect())
            }
            Remedy::Repair => (Activation::Repair, Vec::new()),
            Remedy::NewConnection | Remedy::None => (Activation::None, Vec::new()),
        }
    }
}

/// An institution of which nothing is known but that it can be chosen.
fn with_everything() -> InstitutionFacts {
    InstitutionFacts { products: Product::ALL.iter().copied().collect(), instant_identifiers: true, oauth: false }
}

/// When the first charge falls (B9). What is fetched is read right after the link, and so used at once, but for what is read only when
/// a caller asks for it: live balances, reports, evaluations.
fn first_charge(product: Product, placement: Placement, billing: Billing) -> Option<FirstCharge> {
    let waits = matches!(product, Product::Balances | Product::Assets | Product::Signal | Product::ConsumerReport);
    match billing {
        Billing::Never | Billing::ByContract => None,
        Billing::AtLink => Some(FirstCharge::WithLink),
        Billing::AtFirstUse | Billing::PerCall if waits => Some(FirstCharge::WhenAsked),
        Billing::AtFirstUse | Billing::PerCall if placement.is_fetched() => Some(FirstCharge::WithLink),
        Billing::AtFirstUse | Billing::PerCall => Some(FirstCharge::WhenAdded),
    }
}

#[cfg(test)]
mod tests;
