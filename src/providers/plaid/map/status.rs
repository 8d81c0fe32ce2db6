//! Items → how a connection stands.

use std::collections::BTreeSet;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::providers::data::Observation;
use crate::providers::failure::Meaning;
use crate::providers::plaid::error::code;
use crate::providers::plaid::wire::item::Item;

use super::products::{from_plaid, from_scopes};

/// What an Item says.
pub fn observation(item: Item) -> Observation {
    let initialized = from_plaid(item.products.iter().chain(&item.billed_products).flatten());
    let consented = consented(&item, &initialized);
    Observation {
        condition: condition(&item),
        code: item.error.as_ref().map(code),
        provider_connection_id: item.item_id.0,
        provider_institution_id: item.institution_id.map(|id| id.0),
        initialized,
        consented,
        consent_expires_at: item.consent_expiration_time,
        updating: None,
    }
}

/// What may be called: what was consented to, as far as the Item can have it. What the customer withheld at the institution is
/// not among its available products, whatever was consented to at Plaid (P11, P12).
fn consented(item: &Item, initialized: &BTreeSet<Product>) -> BTreeSet<Product> {
    let available = item.available_products.as_ref().map(from_plaid);
    if !has_consent_screen(item) {
        // Without Data Transparency Messaging nothing but the institution limits what may be called (P10).
        return initialized | &available.unwrap_or_default();
    }
    let mut agreed = from_plaid(item.consented_products.iter().flatten());
    agreed.extend(from_scopes(item.consented_data_scopes.iter().flatten()));
    if let Some(mut available) = available {
        // The better sign of Signal.
        available.extend(available.contains(&Product::Balances).then_some(Product::Signal));
        agreed.retain(|product| available.contains(product));
    }
    initialized | &agreed
}

/// Whether the customer was asked for consent by product. They agreed to something then, so that empty lists mean: not asked.
fn has_consent_screen(item: &Item) -> bool {
    [&item.consented_products, &item.consented_data_scopes].into_iter().flatten().any(|list| !list.is_empty())
}

fn condition(item: &Item) -> Condition {
    match (&item.error, item.update_type.as_deref()) {
        (Some(error), _) => Meaning::of(error).item_condition(),
        (None, Some("user_present_required")) => Condition::new(Status::Degraded, StatusReason::InteractiveRefresh),
        (None, _) => Condition::HEALTHY,
    }
}
