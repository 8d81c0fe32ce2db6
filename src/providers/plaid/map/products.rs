//! Products: ours and Plaid's.

use std::collections::BTreeSet;

use crate::domain::product::Product;

/// What Plaid calls a product in a link session. `BALANCES` is never asked for there: it comes with any other (B5).
pub fn plaid_name(product: Product) -> Option<&'static str> {
    Some(match product {
        Product::Balances => return None,
        Product::Identifiers => "auth",
        Product::Owners => "identity",
        Product::Transactions => "transactions",
        // One product at Plaid (B6).
        Product::InvestmentHoldings | Product::InvestmentTransactions => "investments",
        Product::Liabilities => "liabilities",
        Product::Assets => "assets",
        Product::Statements => "statements",
        Product::Income => "income_verification",
        Product::Signal => "signal",
        Product::IdentityVerification => "identity_verification",
        Product::PaymentInitiation => "payment_initiation",
        Product::ConsumerReport => "cra_base_report",
    })
}

/// Which of our products one of Plaid's stands for; none where we have no use for it.
fn ours(plaid: &str) -> &'static [Product] {
    match plaid {
        "balance" => &[Product::Balances],
        "auth" => &[Product::Identifiers],
        "identity" => &[Product::Owners],
        "transactions" => &[Product::Transactions],
        "investments" => &[Product::InvestmentHoldings, Product::InvestmentTransactions],
        "liabilities" => &[Product::Liabilities],
        "assets" => &[Product::Assets],
        "statements" => &[Product::Statements],
        "income_verification" => &[Product::Income],
        "signal" => &[Product::Signal],
        "identity_verification" => &[Product::IdentityVerification],
        "payment_initiation" => &[Product::PaymentInitiation],
        "cra_base_report" => &[Product::ConsumerReport],
        _ => &[],
    }
}

/// What a kind of data that the customer consented to opens.
fn opened_by(scope: &str) -> &'static [Product] {
    match scope {
        "account_balance_info" => &[Product::Balances],
        "account_routing_number" => &[Product::Identifiers],
        "contact_info" => &[Product::Owners],
        "transactions" => &[Product::Transactions],
        "investments" => &[Product::InvestmentHoldings, Product::InvestmentTransactions],
        "credit_loan_info" => &[Product::Liabilities],
        "bank_statements" => &[Product::Statements],
        "risk_info" => &[Product::Signal],
        _ => &[],
    }
}

/// Our products in a list of Plaid's; `BALANCES` wherever there is any (A6).
pub fn from_plaid<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<Product> {
    collect(names, ours)
}

/// What a list of scopes opens; `BALANCES` wherever anything is.
pub fn from_scopes<'a>(scopes: impl IntoIterator<Item = &'a String>) -> BTreeSet<Product> {
    collect(scopes, opened_by)
}

fn collect<'a>(
    names: impl IntoIterator<Item = &'a String>,
    products: fn(&str) -> &'static [Product],
) -> BTreeSet<Product> {
    let mut found: BTreeSet<Product> = names.into_iter().flat_map(|name| products(name)).copied().collect();
    if !found.is_empty() {
        found.insert(Product::Balances);
    }
    found
}
