//! Plaid's products: their names, the data scopes behind them, and which accounts suit them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::errors::{self, Error};
use super::fields::Fields;
use crate::bank::{BankAccount, BankInstitution};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::product::Product as Kind;

wire_enum! {
    /// A product that this client may use.
    pub enum Product {
        /// Account numbers.
        Auth = "auth",
        /// What accounts hold; never initialised.
        Balance = "balance",
        /// Owners.
        Identity = "identity",
        /// Transactions.
        Transactions = "transactions",
        /// Holdings and trades.
        Investments = "investments",
        /// Cards' and loans' terms.
        Liabilities = "liabilities",
        /// Asset reports.
        Assets = "assets",
        /// Statements.
        Statements = "statements",
        /// Income.
        Income = "income_verification",
        /// Risk of payments.
        Signal = "signal",
        /// Consumer reports.
        ConsumerReport = "cra_base_report",
        /// Identity verification.
        IdentityVerification = "identity_verification",
        /// Payments.
        PaymentInitiation = "payment_initiation",
    }
}

/// Products that Plaid knows, and this client is not enabled for.
const NOT_ENABLED: &[&str] = &[
    "balance_plus",
    "beacon",
    "identity_match",
    "investments_auth",
    "credit_details",
    "income",
    "standing_orders",
    "transfer",
    "employment",
    "recurring_transactions",
    "transactions_refresh",
    "processor_payments",
    "processor_identity",
    "profile",
    "cra_income_insights",
    "cra_partner_insights",
    "cra_network_insights",
    "cra_cashflow_insights",
    "cra_monitoring",
    "cra_lend_score",
    "cra_plaid_credit_score",
    "layer",
    "pay_by_bank",
    "protect_linked_bank",
    "protect_transactions",
];

impl Product {
    /// Reads a name as a request gives it.
    pub fn read(name: &str) -> errors::Result<Self> {
        match name.parse() {
            Ok(product) => Ok(product),
            Err(_) if NOT_ENABLED.contains(&name) => Err(Error::product_not_authorized(name)),
            Err(_) => Err(Error::invalid_field("products must be names of products")),
        }
    }

    /// A field with a list of products; absent counts as empty.
    pub fn read_all(fields: &Fields, name: &str) -> errors::Result<BTreeSet<Self>> {
        fields.texts(name)?.unwrap_or_default().iter().map(|text| Self::read(text)).collect()
    }

    /// The bank's name for it. Investments are asked for by their holdings.
    pub fn kind(self) -> Kind {
        match self {
            Self::Auth => Kind::Identifiers,
            Self::Balance => Kind::Balances,
            Self::Identity => Kind::Owners,
            Self::Transactions => Kind::Transactions,
            Self::Investments => Kind::InvestmentHoldings,
            Self::Liabilities => Kind::Liabilities,
            Self::Assets => Kind::Assets,
            Self::Statements => Kind::Statements,
            Self::Income => Kind::Income,
            Self::Signal => Kind::Signal,
            Self::ConsumerReport => Kind::ConsumerReport,
            Self::IdentityVerification => Kind::IdentityVerification,
            Self::PaymentInitiation => Kind::PaymentInitiation,
        }
    }

    /// Whether the institution has it.
    pub fn at(self, institution: &BankInstitution) -> bool {
        institution.has(self.kind())
    }

    /// The data scopes that a customer consents to with it, besides the balances, which go with all.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Auth => &["account_routing_number"],
            Self::Identity => &["contact_info"],
            Self::Transactions => &["transactions"],
            Self::Investments => &["investments"],
            Self::Liabilities => &["credit_loan_info"],
            Self::Assets => &["contact_info", "transactions"],
            Self::Statements => &["bank_statements"],
            Self::Income => &["income_verification_bank_statements"],
            Self::Signal => &["risk_info"],
            Self::ConsumerReport => &["contact_info", "transactions", "network_insights_lite"],
            Self::Balance | Self::IdentityVerification | Self::PaymentInitiation => &[],
        }
    }

    /// Whether the account is of a kind that the product serves.
    pub fn suits(self, account: &BankAccount) -> bool {
        use AccountSubtype::{CashManagement, Checking, CreditCard, Mortgage, Savings, StudentLoan};
        let is = |subtypes: &[AccountSubtype]| subtypes.contains(&account.subtype);
        match self {
            Self::Auth | Self::Signal => is(&[Checking, Savings, CashManagement]),
            Self::Transactions => {
                matches!(account.account_type, AccountType::Depository | AccountType::Credit) || is(&[StudentLoan])
            }
            Self::Investments => account.account_type == AccountType::Investment,
            Self::Liabilities => is(&[CreditCard, Mortgage, StudentLoan]),
            Self::Statements | Self::Income => account.account_type == AccountType::Depository,
            _ => true,
        }
    }

    /// The error for an Item none of whose accounts suits it.
    pub fn without_account(self) -> Error {
        Error::new(match self {
            Self::Auth | Self::Signal => "NO_AUTH_ACCOUNTS",
            Self::Investments => "NO_INVESTMENT_ACCOUNTS",
            Self::Liabilities => "NO_LIABILITY_ACCOUNTS",
            _ => "NO_ACCOUNTS",
        })
    }

    /// Whether it can be initialised in update mode by standing in `products` (P14, U10): credit products, and those whose missing
    /// permission is repaired that way.
    pub fn in_update_mode(self) -> bool {
        matches!(
            self,
            Self::Assets | Self::Statements | Self::Income | Self::ConsumerReport | Self::Auth | Self::Identity
        )
    }

    /// Whether an optional one is billed at first use instead of at once (P4).
    pub fn billed_at_first_use(self) -> bool {
        matches!(self, Self::Auth | Self::Identity | Self::Signal | Self::Assets)
    }
}

/// The data scopes that consent to those products gives.
pub fn scopes(consented: &BTreeSet<Product>) -> BTreeSet<&'static str> {
    let scopes = consented.iter().flat_map(|product| product.scopes());
    scopes.copied().chain(["account_balance_info"]).collect()
}

/// The products that those scopes allow, whether they were named or not.
pub fn allowed_by(scopes: &BTreeSet<&str>) -> BTreeSet<Product> {
    let allowed =
        |product: &Product| !product.scopes().is_empty() && product.scopes().iter().all(|scope| scopes.contains(scope));
    Product::ALL.iter().copied().filter(allowed).collect()
}

/// A list of products in an answer.
pub fn names<'a>(products: impl IntoIterator<Item = &'a Product>) -> Value {
    products.into_iter().map(|product| json!(product.as_str())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn unknown_and_not_enabled_products_are_told_apart() {
        assert_eq!(Product::read("auth"), Ok(Product::Auth));
        assert_eq!(Product::read("layer").unwrap_err().code(), "INVALID_PRODUCT");
        assert_eq!(Product::read("AUTH").unwrap_err().code(), "INVALID_FIELD");
    }

    #[test]
    fn p11_a_scope_allows_every_product_that_needs_no_more() {
        let consented = BTreeSet::from([Product::Assets]);
        let allowed = allowed_by(&scopes(&consented));
        assert_eq!(allowed, BTreeSet::from([Product::Assets, Product::Identity, Product::Transactions]));
        assert!(allowed_by(&scopes(&BTreeSet::new())).is_empty());
    }
}
