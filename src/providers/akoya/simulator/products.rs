//! The products that the application is subscribed to, by Akoya's names.

use std::collections::BTreeSet;

use crate::bank::{BankInstitution, institutions};
use crate::domain::product::Product;

/// Each with the kind of data by which the bank knows it.
const NAMES: &[(&str, Product)] = &[
    ("account_info", Product::Balances),
    ("balances", Product::Balances),
    ("customers", Product::Owners),
    ("investments", Product::InvestmentHoldings),
    ("payments", Product::Identifiers),
    ("transactions", Product::Transactions),
];

/// What a consent is asked for: always everything, because a request cannot name less.
pub const ASKED: [Product; 5] =
    [Product::Balances, Product::Identifiers, Product::Owners, Product::Transactions, Product::InvestmentHoldings];

/// The names behind kinds of data.
pub fn names(kinds: &BTreeSet<Product>) -> Vec<&'static str> {
    NAMES.iter().filter(|(_, kind)| kinds.contains(kind)).map(|(name, _)| *name).collect()
}

/// What an institution has of it.
pub fn at(institution: &BankInstitution) -> BTreeSet<Product> {
    ASKED.into_iter().filter(|kind| institution.has(*kind)).collect()
}

/// The institutions in the network: American ones with a login page of their own.
pub fn members() -> impl Iterator<Item = &'static BankInstitution> {
    institutions().iter().filter(|one| one.oauth && one.country() == "US")
}

/// The one of that id.
pub fn member(id: &str) -> Option<&'static BankInstitution> {
    members().find(|one| one.key == id)
}
