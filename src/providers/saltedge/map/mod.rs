//! Salt Edge's answers in our terms. Pure.

pub mod accounts;
pub mod institutions;
pub mod status;
pub mod transactions;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::domain::product::Product;

/// The scopes of consents and fetches.
pub const ACCOUNTS: &str = "accounts";
/// Transactions too.
pub const TRANSACTIONS: &str = "transactions";
/// The people too.
pub const HOLDER_INFO: &str = "holder_info";

/// The scope that brings a product.
pub fn scope(product: Product) -> &'static str {
    match product {
        Product::Transactions => TRANSACTIONS,
        Product::Owners => HOLDER_INFO,
        _ => ACCOUNTS,
    }
}

/// What these scopes bring.
pub fn products(scopes: &[String]) -> BTreeSet<Product> {
    let has = |product: &Product| scopes.iter().any(|one| one == scope(*product));
    super::spec::PRODUCTS.iter().copied().filter(has).collect()
}
