//! Institutions, which come in two lists: one says what they are, the other how they fare and what they have.

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::mesh::spec::SPEC;
use crate::providers::mesh::wire::{Health, Integration};

use super::text;

/// The most institutions that are read.
const MOST: usize = 50_000;

/// The institutions that have a name and a type. Mesh says neither where they are nor how their customers log in.
pub fn institutions(integrations: &[Integration], health: &[Health]) -> Vec<ProviderInstitution> {
    integrations.iter().take(MOST).filter_map(|one| institution(one, health)).collect()
}

fn institution(one: &Integration, health: &[Health]) -> Option<ProviderInstitution> {
    let name = text(one.name.as_deref())?;
    let broker_type = one.broker_type.as_deref()?;
    let health = fares(broker_type, &name, health);
    let supported = health.and_then(|health| health.supported_products.as_deref()).unwrap_or_default();
    let logo = one.logo.as_ref().and_then(|logo| logo.icon_color_url.as_ref().or(logo.logo_color_url.as_ref()));
    Some(ProviderInstitution {
        provider_institution_id: one.id.clone(),
        name,
        url: None,
        logo_url: logo.filter(|url| url.starts_with("https://") && url.len() <= 2000).cloned(),
        country_codes: SPEC.countries.iter().map(|code| (*code).to_owned()).collect(),
        products: supported.iter().filter_map(|name| product(name)).collect(),
        instant_identifiers: false,
        oauth: false,
        health: match health.and_then(|health| health.is_up) {
            Some(true) => InstitutionHealth::Healthy,
            Some(false) => InstitutionHealth::Down,
            None => InstitutionHealth::Unknown,
        },
    })
}

fn product(name: &str) -> Option<Product> {
    match name {
        "balance" => Some(Product::Balances),
        "holdings" => Some(Product::InvestmentHoldings),
        "orders" => Some(Product::InvestmentTransactions),
        _ => None,
    }
}

/// How an institution fares: its type finds it, and its name where several share the type, as wallets do.
fn fares<'a>(broker_type: &str, name: &str, health: &'a [Health]) -> Option<&'a Health> {
    let of_type = || health.iter().filter(|one| one.broker_type.as_deref() == Some(broker_type));
    of_type()
        .find(|one| one.name.as_deref() == Some(name))
        .or_else(|| of_type().next().filter(|_| of_type().count() == 1))
}

/// The institution at which accounts were connected: the one that was chosen, else the only one of that type, or of that type and name.
pub fn matching<'a>(
    integrations: &'a [Integration],
    chosen: Option<&str>,
    broker_type: &str,
    broker_name: Option<&str>,
) -> Option<&'a Integration> {
    let of_type = || integrations.iter().filter(|one| one.broker_type.as_deref() == Some(broker_type));
    match chosen {
        Some(id) => of_type().find(|one| one.id == id),
        None if of_type().count() == 1 => of_type().next(),
        None => of_type().find(|one| one.name.is_some() && one.name.as_deref() == broker_name),
    }
}
