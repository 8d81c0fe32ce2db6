//! Products and the datasets that bring them, both ways.

use std::collections::BTreeSet;

use crate::domain::product::Product;
use crate::providers::yodlee::wire::institution;

use Product::{Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions};

/// The dataset with balances, transactions, holdings and terms.
pub const BASIC: &str = "BASIC_AGG_DATA";
/// The dataset with full numbers and holders.
pub const PROFILE: &str = "ACCT_PROFILE";

/// What an aggregated dataset covers, whatever of it the institution has.
pub fn of_dataset(dataset: &str) -> &'static [Product] {
    match dataset {
        BASIC => &[Balances, Transactions, InvestmentHoldings, InvestmentTransactions, Liabilities],
        PROFILE => &[Identifiers, Owners],
        _ => &[],
    }
}

/// The dataset that a product needs.
pub fn dataset(product: Product) -> &'static str {
    if of_dataset(PROFILE).contains(&product) { PROFILE } else { BASIC }
}

/// What an institution has, by its datasets.
pub fn of_institution(datasets: &[institution::Dataset]) -> BTreeSet<Product> {
    let attributes = datasets.iter().flat_map(|dataset| {
        let name = dataset.name.as_deref().unwrap_or_default();
        dataset.attribute.iter().flatten().map(move |attribute| (name, attribute))
    });
    attributes.flat_map(|(dataset, attribute)| of_attribute(dataset, attribute)).collect()
}

fn of_attribute(dataset: &str, attribute: &institution::Attribute) -> Vec<Product> {
    let containers = attribute.container.as_deref().unwrap_or_default();
    let has = |wanted: &[&str]| containers.iter().any(|container| wanted.contains(&container.as_str()));
    let found = match (dataset, attribute.name.as_deref().unwrap_or_default()) {
        (BASIC, "BASIC_ACCOUNT_INFO") => vec![(Balances, true)],
        (BASIC, "ACCOUNT_DETAILS") => vec![(Balances, true), (Liabilities, has(&["creditCard", "loan"]))],
        (BASIC, "TRANSACTIONS") => {
            vec![(Transactions, has(&["bank", "creditCard", "loan"])), (InvestmentTransactions, has(&["investment"]))]
        }
        (BASIC, "HOLDINGS") => vec![(InvestmentHoldings, has(&["investment"]))],
        (PROFILE, "FULL_ACCT_NUMBER") => vec![(Identifiers, has(&["bank"]))],
        (PROFILE, "HOLDER_NAME" | "HOLDER_DETAILS") => vec![(Owners, true)],
        _ => Vec::new(),
    };
    found.into_iter().filter(|(_, there)| *there).map(|(product, _)| product).collect()
}
