//! The plan of a link (rules B8–B11): what each product of the four arrays filters, costs and waits for at each provider, and what
//! would be better. Pure: everything follows from data.

use std::collections::BTreeSet;

use serde::Serialize;

use super::placement::{Placement, Placements};
use super::product::Product;
use super::service_provider::ServiceProvider;
use super::support_matrix::{self, AfterLink, Cell};

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
        /// A minute or more, for there is a history to load.
        Minutes = "MINUTES",
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
        /// Nothing more: it is fetched with the link.
        Link = "LINK",
        /// `POST /connections/{id}/products`, without the customer.
        Products = "PRODUCTS",
        /// A repair session with the customer.
        Repair = "REPAIR",
        /// Nothing: the provider does not have it, or only in the link itself.
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

/// What the plan needs to know of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// Which.
    pub provider: ServiceProvider,
    /// What can be asked for at link time.
    pub products: &'static [Product],
    /// Whether its session names consent-only products (B4).
    pub consent_scopes: bool,
    /// Its terms.
    pub terms: fn(Product, Placement) -> Terms,
}

/// A product at a provider, as it would be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductAt {
    /// At which provider.
    pub service_provider: ServiceProvider,
    /// When it is billed.
    pub billing: Billing,
    /// When it is prepared.
    pub preparation: Preparation,
    /// How long its first data takes.
    pub latency: Latency,
    /// Where the customer agrees to it.
    pub consent: Consent,
    /// What brings its data.
    pub activation: Activation,
}

/// A product of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedProduct {
    /// Which.
    pub product: Product,
    /// In which array.
    pub placement: Placement,
    /// At each provider that has it and takes part.
    pub at: Vec<ProductAt>,
}

/// What each product would be at each provider, strongest arrays first.
pub fn plan(placements: &Placements, offers: &[Offer]) -> Vec<PlannedProduct> {
    let planned = placements.iter().map(|(product, placement)| {
        let having = offers.iter().filter(|offer| offer.products.contains(&product));
        let at = having.map(|offer| offer.of(product, placement, &placements.fetched())).collect();
        PlannedProduct { product, placement, at }
    });
    planned.collect()
}

impl Offer {
    /// A product that stands in that array, beside what is fetched anyway.
    pub fn of(&self, product: Product, placement: Placement, fetched: &BTreeSet<Product>) -> ProductAt {
        let Terms { billing, preparation } = (self.terms)(product, placement);
        let is_asked = placement.is_fetched() || self.consent_scopes;
        ProductAt {
            service_provider: self.provider,
            billing,
            preparation,
            latency: if product.has_history() { Latency::Minutes } else { Latency::Seconds },
            consent: if is_asked { Consent::InSession } else { Consent::NotAsked },
            activation: if placement.is_fetched() { Activation::Link } else { self.later(product, fetched) },
        }
    }

    /// What brings a product that was consent-only, once the customer has linked.
    fn later(&self, product: Product, fetched: &BTreeSet<Product>) -> Activation {
        match (support_matrix::after_link(self.provider, product), support_matrix::cell(self.provider, product)) {
            (AfterLink::Never, _) => Activation::None,
            (AfterLink::Repair, _) | (_, Cell::No) => Activation::Repair,
            (_, Cell::IfAny(needed)) if !needed.iter().any(|one| fetched.contains(one)) => Activation::Repair,
            _ => Activation::Products,
        }
    }
}

#[cfg(test)]
mod tests;
