//! Banks → institutions.

use std::collections::BTreeSet;

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::finapi::wire::{Bank, BankInterface};

use super::text;

/// The longest name and address that are kept, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_ADDRESS: usize = 2_000;

/// An institution; `None` for a bank of which no account can be read, or that is of no country.
pub fn institution(bank: &Bank, healthy_from: i64) -> Option<ProviderInstitution> {
    let country = bank.location.clone().filter(|code| is_country(code))?;
    let interfaces = bank.interfaces.iter().flatten().filter(|one| one.is_ais_supported == Some(true));
    let interfaces: Vec<&BankInterface> = interfaces.collect();
    if interfaces.is_empty() {
        return None;
    }
    let id = bank.id.to_string();
    let products = products(&interfaces);
    Some(ProviderInstitution {
        name: text(bank.name.as_deref()).unwrap_or_else(|| id.clone()).chars().take(LONGEST_NAME).collect(),
        provider_institution_id: id,
        url: None,
        logo_url: bank.logo.as_ref().and_then(|logo| address(logo.url.as_deref())),
        country_codes: vec![country],
        instant_identifiers: products.contains(&Product::Identifiers),
        oauth: interfaces.iter().any(|one| has_property(one, "REDIRECT_APPROACH")),
        health: health(&interfaces, healthy_from),
        products,
    })
}

/// What can be had there: securities where such accounts were seen, owners where the one interface is that loads them.
fn products(interfaces: &[&BankInterface]) -> BTreeSet<Product> {
    let seen = |wanted: &[&str]| {
        let mut types = interfaces.iter().flat_map(|one| one.ais_account_types.iter().flatten());
        types.any(|kind| wanted.contains(&kind.as_str()))
    };
    let is_unseen = interfaces.iter().all(|one| one.ais_account_types.as_ref().is_none_or(Vec::is_empty));
    let paying = is_unseen || seen(&["Checking", "Savings", "CreditCard"]);
    let scraped = interfaces.iter().any(|one| one.banking_interface.as_deref() == Some("WEB_SCRAPER"));
    let found = [
        (Product::Balances, true),
        (Product::Identifiers, is_unseen || seen(&["Checking", "Savings"])),
        (Product::Owners, scraped),
        (Product::Transactions, paying),
        (Product::InvestmentHoldings, seen(&["Security"])),
    ];
    found.into_iter().filter(|(_, there)| *there).map(|(product, _)| product).collect()
}

fn has_property(interface: &BankInterface, property: &str) -> bool {
    interface.properties.iter().flatten().any(|one| one == property)
}

/// The best interface counts: finAPI takes another one where the first fails.
fn health(interfaces: &[&BankInterface], healthy_from: i64) -> InstitutionHealth {
    match interfaces.iter().filter_map(|one| one.health).max() {
        None => InstitutionHealth::Unknown,
        Some(health) if health >= healthy_from => InstitutionHealth::Healthy,
        Some(health) if health >= healthy_from / 4 && health > 0 => InstitutionHealth::Degraded,
        Some(_) => InstitutionHealth::Down,
    }
}

fn address(raw: Option<&str>) -> Option<String> {
    let raw = raw?.trim();
    let fits = raw.len() <= LONGEST_ADDRESS && !raw.chars().any(char::is_control) && raw.starts_with("https://");
    fits.then(|| raw.to_owned())
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}
