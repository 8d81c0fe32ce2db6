//! Institutions.

use std::collections::BTreeSet;

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::mx::wire::institution::Institution;

use super::text;

/// What MX's products are here (v20250224).
const PRODUCTS: &[(&str, &[Product])] = &[
    ("account_verification", &[Product::Identifiers]),
    ("identity_verification", &[Product::Owners]),
    ("transactions", &[Product::Transactions]),
    ("investments", &[Product::InvestmentHoldings, Product::InvestmentTransactions]),
];

/// An institution; `None` for one that cannot be linked, or has no name.
pub fn institution(institution: &Institution) -> Option<ProviderInstitution> {
    if institution.is_disabled_by_client == Some(true) || institution.is_hidden == Some(true) {
        return None;
    }
    let products = products(institution);
    Some(ProviderInstitution {
        provider_institution_id: text(institution.code.as_deref()).filter(|code| code.len() <= 200)?,
        name: text(institution.name.as_deref())?.chars().take(200).collect(),
        url: address(institution.url.as_deref()),
        logo_url: address(institution.medium_logo_url.as_deref()).filter(|url| url.starts_with("https://")),
        country_codes: vec![text(institution.iso_country_code.as_deref()).unwrap_or_else(|| "US".to_owned())],
        // There is one way to account numbers.
        instant_identifiers: products.contains(&Product::Identifiers),
        products,
        oauth: institution.supports_oauth == Some(true),
        // MX tells of none.
        health: InstitutionHealth::Unknown,
    })
}

/// Accounts, and so balances and terms, come with everything. The older version tells of numbers and owners alone: there the
/// accounts that the customer has decide on the rest.
fn products(institution: &Institution) -> BTreeSet<Product> {
    let mut products = BTreeSet::from([Product::Balances, Product::Liabilities]);
    match &institution.supported_products {
        Some(listed) => {
            let known = PRODUCTS.iter().filter(|(name, _)| listed.iter().any(|one| one == name));
            products.extend(known.flat_map(|(_, ours)| ours.iter().copied()));
        }
        None => {
            let asked = [Product::Transactions, Product::InvestmentHoldings, Product::InvestmentTransactions];
            products.extend(asked);
            products.extend((institution.supports_account_verification == Some(true)).then_some(Product::Identifiers));
            products.extend((institution.supports_account_identification == Some(true)).then_some(Product::Owners));
        }
    }
    products
}

fn address(url: Option<&str>) -> Option<String> {
    text(url).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}
