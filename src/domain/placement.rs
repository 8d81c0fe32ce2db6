//! The four arrays in which a product is asked for (rule B1).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::product::Product;

wire_enum! {
    /// Which array a product stands in, strongest first.
    pub enum Placement {
        /// Must succeed, filters institutions.
        Required = "PRODUCTS",
        /// Required where the institution and the shared accounts have it.
        RequiredIfSupported = "REQUIRED_IF_SUPPORTED_PRODUCTS",
        /// Fetched if possible.
        Optional = "OPTIONAL_PRODUCTS",
        /// Consent only.
        AdditionalConsented = "ADDITIONAL_CONSENTED_PRODUCTS",
    }
}

impl Placement {
    /// Whether data is fetched for products in this array.
    pub fn is_fetched(self) -> bool {
        self != Self::AdditionalConsented
    }

    /// The array's name in JSON.
    pub fn field(self) -> &'static str {
        match self {
            Self::Required => "products",
            Self::RequiredIfSupported => "requiredIfSupportedProducts",
            Self::Optional => "optionalProducts",
            Self::AdditionalConsented => "additionalConsentedProducts",
        }
    }
}

/// The four arrays; a product stands in at most one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Placements {
    /// Must succeed.
    pub products: BTreeSet<Product>,
    /// Required where supported.
    pub required_if_supported_products: BTreeSet<Product>,
    /// Best effort.
    pub optional_products: BTreeSet<Product>,
    /// Consent only.
    pub additional_consented_products: BTreeSet<Product>,
}

impl Placements {
    /// The array of that placement.
    pub fn array(&self, placement: Placement) -> &BTreeSet<Product> {
        match placement {
            Placement::Required => &self.products,
            Placement::RequiredIfSupported => &self.required_if_supported_products,
            Placement::Optional => &self.optional_products,
            Placement::AdditionalConsented => &self.additional_consented_products,
        }
    }

    fn array_mut(&mut self, placement: Placement) -> &mut BTreeSet<Product> {
        match placement {
            Placement::Required => &mut self.products,
            Placement::RequiredIfSupported => &mut self.required_if_supported_products,
            Placement::Optional => &mut self.optional_products,
            Placement::AdditionalConsented => &mut self.additional_consented_products,
        }
    }

    /// Where the product stands.
    pub fn of(&self, product: Product) -> Option<Placement> {
        Placement::ALL.iter().copied().find(|&placement| self.array(placement).contains(&product))
    }

    /// Puts the product there, out of any other array.
    pub fn put(&mut self, product: Product, placement: Placement) {
        for &other in Placement::ALL {
            self.array_mut(other).remove(&product);
        }
        self.array_mut(placement).insert(product);
    }

    /// Every product with its placement, strongest arrays first.
    pub fn iter(&self) -> impl Iterator<Item = (Product, Placement)> + '_ {
        Placement::ALL
            .iter()
            .flat_map(|&placement| self.array(placement).iter().map(move |&product| (product, placement)))
    }

    /// The product that has the link for itself, if it is one of those (B7).
    pub fn alone(&self) -> Option<Product> {
        self.iter().map(|(product, _)| product).find(|product| product.stands_alone())
    }

    /// Whether the customer has an institution to choose.
    pub fn are_of_institution(&self) -> bool {
        self.alone().is_none_or(Product::is_of_institution)
    }

    /// The products for which data is fetched (all but the consent-only ones).
    pub fn fetched(&self) -> BTreeSet<Product> {
        self.iter().filter(|(_, placement)| placement.is_fetched()).map(|(product, _)| product).collect()
    }
}
