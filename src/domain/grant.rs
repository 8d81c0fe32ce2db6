//! What a link really gave (rules B2, B3, B12, B16, C8), and which consent and which accounts a product needs.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{AccountSubtype, AccountType, Verification};
use super::addition::InstitutionFacts;
use super::placement::{Placement, Placements};
use super::product::{Product, ProductReason, ProductState};
use super::service_provider::ServiceProvider;
use super::support_matrix::{AfterLink, after_link};

/// What was seen at the provider after the customer had finished.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Products that the provider initialised.
    pub initialized: &'a BTreeSet<Product>,
    /// Products that the customer's consent covers.
    pub consented: &'a BTreeSet<Product>,
    /// The accounts that the customer shares, and that the link is for.
    pub accounts: &'a [(AccountType, AccountSubtype)],
    /// Those that they share too, and that the tenant's filters leave out (B13).
    pub left_out: &'a [(AccountType, AccountSubtype)],
    /// What full numbers still wait for.
    pub verification: Option<Verification>,
    /// Whether the customer typed the account's numbers, for deposits to verify: nothing else comes beside them (B7).
    pub by_deposits: bool,
    /// The provider's record of the institution, where there is one.
    pub institution: Option<&'a InstitutionFacts>,
    /// Whether the provider enforces consent for each product; elsewhere there is none to withhold.
    pub consent_scoped: bool,
    /// What did not come though it was asked for, where that shows all the same.
    pub withheld: &'a BTreeSet<Product>,
}

/// What the connection has after the link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What was granted, in the arrays in which it was asked for.
    pub placements: Placements,
    /// The state of every product that was asked for, also of those that fell away.
    pub states: BTreeMap<Product, (ProductState, Option<ProductReason>)>,
}

/// The link is no good: the provider's object is to be removed, and the customer may try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The customer shares no account (B16).
    NoAccounts,
    /// These required products were not granted for any shared account (B12).
    RequiredNotGranted(Vec<Product>),
}

/// Settles what was asked for in the session against what was granted. A product that was added while the session was under way
/// was never asked for in it: see [`settle_late`].
pub fn settle(requested: &Placements, observed: &Observed<'_>) -> Result<Settlement, Refused> {
    if observed.accounts.is_empty() && requested.alone().is_none() {
        return Err(Refused::NoAccounts);
    }
    let mut settlement = Settlement::default();
    let mut missing = Vec::new();
    for (product, placement) in requested.iter() {
        let verdict = match placement {
            Placement::AdditionalConsented => observed.consent_only(product),
            _ => observed.fetched(product),
        };
        match verdict {
            (ProductState::Pending | ProductState::Consented, _) => settlement.placements.put(product, placement),
            _ if placement == Placement::Required => missing.push(product),
            _ => {}
        }
        settlement.states.insert(product, verdict);
    }
    if missing.is_empty() { Ok(settlement) } else { Err(Refused::RequiredNotGranted(missing)) }
}

/// Settles a product that was added while the customer was at the provider. It was not asked for there: it is fetched if the consent
/// covers it all the same, else it waits for a repair (A8, A12); so does what only a repair brings (C5). What cannot be had at all says so.
pub fn settle_late(
    provider: ServiceProvider,
    product: Product,
    observed: &Observed<'_>,
) -> (ProductState, Option<ProductReason>) {
    let waits = (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing));
    match observed.fetched(product) {
        (_, Some(ProductReason::PermissionDenied)) => waits,
        (ProductState::Pending, _) if after_link(provider, product) == AfterLink::Repair => waits,
        settled => settled,
    }
}

impl Observed<'_> {
    fn fetched(&self, product: Product) -> (ProductState, Option<ProductReason>) {
        match self.hindrance(product) {
            None if product == Product::Identifiers => {
                self.verification.map_or((ProductState::Pending, None), unverified)
            }
            None => (ProductState::Pending, None),
            reason => (ProductState::Unavailable, reason),
        }
    }

    fn consent_only(&self, product: Product) -> (ProductState, Option<ProductReason>) {
        // What is not to be had there is not to be added later either (A6), whoever agreed to it.
        if product != Product::Balances && self.institution_lacks(product) {
            (ProductState::Unavailable, Some(ProductReason::InstitutionUnsupported))
        } else if self.lacks_instant_flow(product) {
            (ProductState::Unavailable, Some(ProductReason::NoInstantFlow))
        } else if self.is_permitted(product) {
            (ProductState::Consented, None)
        } else {
            (ProductState::ConsentRequired, Some(ProductReason::PermissionDenied))
        }
    }

    /// Why data of the product cannot be had. What no repair could change comes first.
    fn hindrance(&self, product: Product) -> Option<ProductReason> {
        let initialized = self.initialized.contains(&product);
        if product == Product::Balances || product.stands_alone() && initialized {
            None
        } else if !initialized && self.institution_lacks(product) {
            Some(ProductReason::InstitutionUnsupported)
        } else if !initialized && self.lacks_instant_flow(product) {
            Some(ProductReason::NoInstantFlow)
        } else if !any_suits(product, self.accounts) {
            // An initialised product shows that the customer has a fitting account: they did not share it, or it was filtered out.
            let is_unshared = initialized && !any_suits(product, self.left_out);
            Some(if is_unshared { ProductReason::NotShared } else { ProductReason::NoCompatibleAccount })
        } else if !self.is_permitted(product) || self.withheld.contains(&product) {
            Some(ProductReason::PermissionDenied)
        } else {
            None
        }
    }

    fn is_permitted(&self, product: Product) -> bool {
        !self.consent_scoped || self.initialized.contains(&product) || covers(self.consented, product)
    }

    fn institution_lacks(&self, product: Product) -> bool {
        self.institution.is_some_and(|facts| !facts.products.contains(&product))
    }

    fn lacks_instant_flow(&self, product: Product) -> bool {
        let numbers = product == Product::Identifiers;
        self.by_deposits && !numbers || numbers && self.institution.is_some_and(|facts| !facts.instant_identifiers)
    }
}

/// What full numbers wait for, over all accounts: nothing as soon as those of one account can be had.
pub fn waits_for(
    accounts: impl IntoIterator<Item = (AccountType, AccountSubtype, Option<Verification>)>,
) -> Option<Verification> {
    let fitting =
        |(account, subtype, verification)| suits(Product::Identifiers, account, subtype).then_some(verification);
    let all: Option<Vec<Verification>> = accounts.into_iter().filter_map(fitting).collect();
    let all = all?;
    [Verification::ByCustomer, Verification::Automatic, Verification::Failed].into_iter().find(|one| all.contains(one))
}

/// How `IDENTIFIERS` stand while their numbers are not verified (B16).
pub fn unverified(verification: Verification) -> (ProductState, Option<ProductReason>) {
    match verification {
        Verification::Automatic => (ProductState::Pending, Some(ProductReason::NotReady)),
        Verification::ByCustomer => (ProductState::Pending, Some(ProductReason::VerificationPending)),
        Verification::Failed => (ProductState::Failed, Some(ProductReason::VerificationFailed)),
    }
}

/// Whether that consent covers the product. Balances come with every account, and the two investment products are one consent.
pub fn covers(consented: &BTreeSet<Product>, product: Product) -> bool {
    match product {
        Product::Balances => true,
        Product::InvestmentHoldings | Product::InvestmentTransactions => {
            consented.contains(&Product::InvestmentHoldings) || consented.contains(&Product::InvestmentTransactions)
        }
        _ => consented.contains(&product),
    }
}

fn any_suits(product: Product, accounts: &[(AccountType, AccountSubtype)]) -> bool {
    accounts.iter().any(|&(account, subtype)| suits(product, account, subtype))
}

/// Whether the product can have data for such an account (B12, C8). An account of a kind that is new to us may have any.
pub fn suits(product: Product, account: AccountType, subtype: AccountSubtype) -> bool {
    use AccountSubtype as S;
    use AccountType as T;
    if account == T::Unidentified {
        return true;
    }
    match product {
        Product::Balances
        | Product::Owners
        | Product::Assets
        | Product::ConsumerReport
        | Product::IdentityVerification
        | Product::PaymentInitiation => true,
        Product::Identifiers | Product::Signal => match subtype {
            S::Checking | S::Savings | S::CashManagement => true,
            S::Unidentified => account == T::Depository,
            _ => false,
        },
        Product::Transactions => matches!(account, T::Depository | T::Credit | T::Loan),
        Product::Statements => matches!(account, T::Depository | T::Credit),
        Product::Income => account == T::Depository,
        Product::InvestmentHoldings | Product::InvestmentTransactions => account == T::Investment,
        Product::Liabilities => match account {
            T::Credit => true,
            T::Loan => matches!(subtype, S::Mortgage | S::HomeEquity | S::StudentLoan | S::Unidentified),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests;
