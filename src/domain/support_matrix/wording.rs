//! The matrix in words, for people.

use super::{AfterLink, Cell, only_provider};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;

/// How the customer gets a product that the connection's provider does not have.
pub fn elsewhere(product: Product) -> String {
    let whose = match only_provider(product) {
        Some(provider) => format!("{provider}, which alone has it"),
        None => "another service provider".to_owned(),
    };
    format!(
        "ask for it when linking a new connection through {whose}, if the customer's institution is to be had there"
    )
}

/// What a no means for a product that the provider does not have at all, with those that do.
pub fn lacking(having: &[ServiceProvider]) -> String {
    let names: Vec<&str> = having.iter().map(|one| one.as_str()).collect();
    format!(
        "This provider does not have it, and no repair brings it: UNSUPPORTED_BY_PROVIDER. Start a new connection for it through \
         another provider that has it at the customer's institution: {}.",
        names.join(", ")
    )
}

impl Cell {
    /// What the cell means for the product of its column, at a provider that has it.
    pub fn explained(self) -> String {
        match self {
            Self::Yes => "Added by one call, without the customer.".to_owned(),
            Self::No => "Only with the customer: a repair session that names it asks them, and what they consent to is fetched. \
                         Without one: UNSUPPORTED_BY_PROVIDER."
                .to_owned(),
            Self::IfAny(any_of) => {
                let names: Vec<&str> = any_of.iter().map(|one| one.as_str()).collect();
                let names = names.join(" or ");
                format!(
                    "Added without the customer where {names} is fetched already: where it stands in products, \
                     requiredIfSupportedProducts or optionalProducts at that time. Consent alone does not count. Products of one call \
                     are judged together, so that one may open the way for another. Without {names}: PREREQUISITE_MISSING."
                )
            }
            Self::IfInstitution => "Added without the customer at institutions of which the provider's own record names the interface \
                                    that loads it. Elsewhere: UNSUPPORTED_BY_INSTITUTION."
                .to_owned(),
        }
    }
}

impl AfterLink {
    /// What it means for a product that one provider alone has.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Call => "Added by one call, where the customer's consent covers it; else fetched after a repair",
            Self::Repair => "Accepted, and fetched once the customer has agreed in a repair session",
            Self::Never => "Not addable after the link: it needs a connection of its own",
        }
    }
}
