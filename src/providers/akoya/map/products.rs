//! What was granted: the id token's `products`, in Akoya's own words or in those of FDX's data clusters.

use std::collections::BTreeSet;

use crate::domain::product::Product::{
    self, Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions,
};
use crate::providers::akoya::spec::SPEC;
use crate::providers::akoya::wire::Text;

use super::code;

/// Our products behind a name.
const GRANTED: &[(&[&str], &[Product])] = &[
    (&["BALANCES", "ACCOUNTDETAILED"], &[Balances, Liabilities]),
    // Its one call gives everything of an account, and so the balances too.
    (&["INVESTMENTS"], &[Balances, Liabilities, InvestmentHoldings]),
    (&["TRANSACTIONS"], &[Transactions, InvestmentTransactions]),
    (&["PAYMENTS", "ACCOUNTPAYMENTS", "PAYMENTSUPPORT"], &[Identifiers]),
    (&["CUSTOMERS", "CUSTOMERCONTACT", "CUSTOMERPERSONAL"], &[Owners]),
];

/// Our products for Akoya's; all that there are where none is named.
pub fn granted(names: Option<&[String]>) -> BTreeSet<Product> {
    let Some(names) = names else { return SPEC.products.iter().copied().collect() };
    let codes: Vec<String> = names.iter().map(|name| code(&Text(Some(name.clone())))).collect();
    let found = GRANTED.iter().filter(|(names, _)| codes.iter().any(|code| names.contains(&code.as_str())));
    found.flat_map(|(_, products)| *products).copied().collect()
}

/// Which call lists the accounts with most of what was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// `/balances`
    Balances,
    /// `/accounts`
    Everything,
    /// `/accounts-info`: no balances.
    Info,
}

/// The cheapest call that has the balances.
pub fn listing(names: Option<&[String]>) -> Listing {
    let granted =
        |wanted: &str| names.is_none_or(|names| names.iter().any(|name| code(&Text(Some(name.clone()))) == wanted));
    if granted("BALANCES") || granted("ACCOUNTDETAILED") {
        Listing::Balances
    } else if granted("INVESTMENTS") {
        Listing::Everything
    } else {
        Listing::Info
    }
}
