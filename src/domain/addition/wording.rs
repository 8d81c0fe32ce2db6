//! The sentences for developers that go with an answer.

use super::{Outcome, Refusal, RefusalCode, Remedy};
use crate::domain::product::{ProductReason, ProductState};
use crate::domain::support_matrix::elsewhere;

/// What became of an accepted product.
pub(super) fn acceptance(
    outcome: Outcome,
    state: ProductState,
    reason: Option<ProductReason>,
    fetch: bool,
) -> &'static str {
    match (outcome, reason) {
        (Outcome::AlreadyPresent, _) if state == ProductState::ConsentRequired => {
            "Already there and waiting for the customer: open a repair session."
        }
        (Outcome::AlreadyPresent, _) => "Already there; nothing changed.",
        (Outcome::RepairRequired, Some(ProductReason::LoginRequired)) => {
            "Accepted; the customer must log in again first. It is fetched after a repair, with no further call."
        }
        (Outcome::RepairRequired, _) => {
            "Accepted; the customer must consent to it first. It is fetched after a repair, with no further call."
        }
        (Outcome::Added, _) if fetch => "Added to optionalProducts; its data is being fetched.",
        (Outcome::Added, _) => {
            "Added to optionalProducts; it is fetched once the link is complete, or after a repair where the customer was not asked for it."
        }
    }
}

/// Why a product was refused, and what helps.
pub(super) fn refusal(refusal: &Refusal, is_linked: bool) -> String {
    let &Refusal { product, code, remedy, ref any_of, .. } = refusal;
    let why = match code {
        RefusalCode::UnsupportedByProvider if remedy == Remedy::Repair => {
            format!("{product} cannot be added at this service provider without the customer")
        }
        RefusalCode::UnsupportedByProvider => {
            format!("{product} cannot be had of this institution through this service provider")
        }
        RefusalCode::PrerequisiteMissing => {
            let needed: Vec<&str> = any_of.iter().map(|product| product.as_str()).collect();
            format!("{product} can be added only where {} is fetched already", needed.join(" or "))
        }
        RefusalCode::UnsupportedByInstitution => {
            format!("the institution does not have {product} at this service provider")
        }
        RefusalCode::NotAddableAfterLink => format!("{product} can be had only when a connection is linked with it"),
    };
    let elsewhere = elsewhere(product);
    let help = match remedy {
        Remedy::Repair if !is_linked => "once the customer has linked, a repair that names it asks them for it",
        Remedy::Repair => "post what stands in repair to the connection's repair, where the customer consents to it",
        Remedy::AddFirst => "add one of those first, or in the same call",
        Remedy::NewConnection if code == RefusalCode::UnsupportedByProvider => &elsewhere,
        Remedy::NewConnection => "ask for it when linking a new connection",
        Remedy::None => "nothing brings it to this connection; another service provider may have it there",
    };
    format!("{why}; {help}.")
}

#[cfg(test)]
mod tests {
    use super::super::Obstacle;
    use super::*;
    use crate::domain::product::Product;

    #[test]
    fn a10_what_the_provider_never_has_is_asked_for_through_another() {
        let told = |product| Refusal::new(0, product, Obstacle::Provider, Remedy::NewConnection, true).detail;
        let there = "if the customer's institution is to be had there.";
        assert!(told(Product::Assets).ends_with(&format!("through PLAID, which alone has it, {there}")));
        assert!(told(Product::Owners).ends_with(&format!("through another service provider, {there}")));
        let late = Refusal::new(0, Product::Identifiers, Obstacle::AfterLink, Remedy::NewConnection, true).detail;
        assert!(late.ends_with("ask for it when linking a new connection."));
        let away = Refusal::new(0, Product::Owners, Obstacle::Provider, Remedy::Repair, false).detail;
        assert!(away.contains("once the customer has linked"));
    }
}
