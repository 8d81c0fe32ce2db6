//! Institutions.

use std::collections::BTreeSet;

use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product;
use crate::providers::finicity::wire::institution::Institution;

use super::text;

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;
/// The longest address.
const LONGEST_URL: usize = 2_000;

/// An institution. All that are asked for serve the United States.
pub fn institution(institution: Institution) -> ProviderInstitution {
    let name = text(institution.name.as_deref()).unwrap_or_else(|| institution.id.0.clone());
    let branding = institution.branding.as_ref();
    let logo = branding.and_then(|one| one.icon.as_deref().or(one.logo.as_deref()));
    ProviderInstitution {
        name: name.chars().take(LONGEST_NAME).collect(),
        url: text(institution.url_home_app.as_deref()).filter(|url| is_web(url, &["https://", "http://"])),
        logo_url: logo.filter(|url| is_web(url, &["https://"])).map(str::to_owned),
        country_codes: vec!["US".to_owned()],
        products: products(&institution),
        // The only flow: numbers come from the institution itself.
        instant_identifiers: institution.ach,
        oauth: institution.oauth_enabled,
        health: health(institution.status.as_deref()),
        provider_institution_id: institution.id.0,
    }
}

fn is_web(url: &str, schemes: &[&str]) -> bool {
    url.len() <= LONGEST_URL && schemes.iter().any(|scheme| url.starts_with(scheme))
}

/// What the certifications bring. Balances and holdings come with every aggregated account, movements are its transactions.
fn products(institution: &Institution) -> BTreeSet<Product> {
    use Product::{
        Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions,
    };
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    let liabilities =
        is(institution.liability_data) || is(institution.loan_payment_details) || is(institution.student_loan_data);
    let certified: [(bool, &[Product]); 5] = [
        (institution.trans_agg, &[Balances, Transactions, InvestmentHoldings, InvestmentTransactions]),
        (institution.ach, &[Identifiers, Balances]),
        (institution.avail_balance, &[Balances]),
        (institution.account_owner, &[Owners]),
        (liabilities, &[Liabilities]),
    ];
    certified.into_iter().filter(|(is, _)| *is).flat_map(|(_, products)| products.iter().copied()).collect()
}

fn health(status: Option<&str>) -> InstitutionHealth {
    match status {
        Some("online" | "validated" | "beta" | "testing") => InstitutionHealth::Healthy,
        Some("maintenance" | "migrating") => InstitutionHealth::Degraded,
        Some("offline") => InstitutionHealth::Down,
        _ => InstitutionHealth::Unknown,
    }
}
