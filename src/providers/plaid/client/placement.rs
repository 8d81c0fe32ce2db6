//! Which of Plaid's four arrays a product stands in.

use crate::domain::placement::{Placement, Placements};
use crate::domain::product::Product;
use crate::providers::Failure;
use crate::providers::plaid::map::products::plaid_name;

use super::refused;

/// Plaid's products that a session has only as required ones (P14, P18, P24): they stay in `products`, several if need be.
const ONLY_REQUIRED: [&str; 5] =
    ["assets", "income_verification", "cra_base_report", "identity_verification", "payment_initiation"];

/// The others, from the one that fits most account types to the one that fits fewest.
const BREADTH: [&str; 7] = ["identity", "statements", "transactions", "liabilities", "investments", "auth", "signal"];

/// The four arrays. No product stands in two of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arrays {
    /// `products`.
    pub products: Vec<&'static str>,
    /// `required_if_supported_products`.
    pub required_if_supported: Vec<&'static str>,
    /// `optional_products`.
    pub optional: Vec<&'static str>,
    /// `additional_consented_products`.
    pub additional_consented: Vec<&'static str>,
}

impl Arrays {
    /// Whether the session fetches it.
    pub fn fetches(&self, product: &str) -> bool {
        [&self.products, &self.required_if_supported, &self.optional].iter().any(|array| array.contains(&product))
    }

    fn has(&self, product: &str) -> bool {
        self.fetches(product) || self.additional_consented.contains(&product)
    }

    fn array_mut(&mut self, placement: Placement) -> &mut Vec<&'static str> {
        match placement {
            Placement::Required => &mut self.products,
            Placement::RequiredIfSupported => &mut self.required_if_supported,
            Placement::Optional => &mut self.optional,
            Placement::AdditionalConsented => &mut self.additional_consented,
        }
    }

    fn add(&mut self, product: Product, placement: Placement) {
        if let Some(name) = plaid_name(product).filter(|name| !self.has(name)) {
            self.array_mut(placement).push(name);
        }
    }
}

/// The arrays of a first link. What stands in `products` limits which accounts can be chosen, so only the required product
/// that fits most stays there (B12); the others are required where supported, and checked after the link. With `match_all`
/// every required one stays; with `deposits`, account numbers stay alone (B7).
pub fn connect(placements: &Placements, match_all: bool, deposits: bool) -> Result<Arrays, Failure> {
    let mut arrays = Arrays::default();
    // Strongest first: of two that are one at Plaid, the stronger placement wins (B6).
    for (product, placement) in placements.iter() {
        arrays.add(product, placement);
    }
    let required = std::mem::take(&mut arrays.products);
    let leads = leads(&required, match_all, deposits);
    let (products, mut others): (Vec<_>, Vec<_>) = required.into_iter().partition(|name| leads.contains(name));
    others.append(&mut arrays.required_if_supported);
    (arrays.products, arrays.required_if_supported) = (products, others);
    if arrays.products.is_empty() {
        return Err(refused("PRODUCT_COMBINATION", "Plaid cannot link for balances alone"));
    }
    Ok(arrays)
}

/// Those of the required products that stay in `products`.
fn leads(required: &[&'static str], match_all: bool, deposits: bool) -> Vec<&'static str> {
    if deposits && required.contains(&"auth") {
        return vec!["auth"];
    }
    let kept: Vec<_> = required.iter().copied().filter(|name| match_all || ONLY_REQUIRED.contains(name)).collect();
    if kept.is_empty() { BREADTH.into_iter().find(|name| required.contains(name)).into_iter().collect() } else { kept }
}

/// The arrays of a repair (D6). A restored login has none (D1); of lost permissions, only those for numbers and owners are
/// asked for by name.
pub fn repair(consent: &[Product], permissions: &[Product]) -> Arrays {
    let mut arrays = Arrays::default();
    for &product in permissions {
        if matches!(product, Product::Identifiers | Product::Owners) {
            arrays.add(product, Placement::Required);
        }
    }
    for &product in consent {
        let by_name =
            matches!(product, Product::Assets | Product::Statements | Product::Income | Product::ConsumerReport);
        arrays.add(product, if by_name { Placement::Required } else { Placement::AdditionalConsented });
    }
    arrays
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use Product::*;
    use proptest::prelude::*;

    use super::*;

    fn placements(required: &[Product], weaker: &[(Product, Placement)]) -> Placements {
        let mut placements = Placements::default();
        for &product in required {
            placements.put(product, Placement::Required);
        }
        for &(product, placement) in weaker {
            placements.put(product, placement);
        }
        placements
    }

    fn any(required: &[Product], weaker: &[(Product, Placement)]) -> Arrays {
        connect(&placements(required, weaker), false, false).unwrap()
    }

    #[test]
    fn b1_each_placement_has_its_array() {
        let arrays = any(
            &[Transactions],
            &[
                (Owners, Placement::RequiredIfSupported),
                (Identifiers, Placement::Optional),
                (Liabilities, Placement::AdditionalConsented),
            ],
        );
        assert_eq!(
            arrays,
            Arrays {
                products: vec!["transactions"],
                required_if_supported: vec!["identity"],
                optional: vec!["auth"],
                additional_consented: vec!["liabilities"],
            }
        );
    }

    #[test]
    fn b5_balances_are_never_sent() {
        let arrays = any(&[Balances, Transactions], &[]);
        assert_eq!(arrays, Arrays { products: vec!["transactions"], ..Arrays::default() });
        let consent_only = any(&[Transactions], &[(Balances, Placement::AdditionalConsented)]);
        assert_eq!(consent_only, arrays);
        let alone = connect(&placements(&[Balances], &[(Owners, Placement::Optional)]), false, false).unwrap_err();
        assert_eq!(alone.code, "PRODUCT_COMBINATION");
    }

    #[test]
    fn b6_both_investment_products_are_one_and_the_stronger_placement_wins() {
        let arrays = any(
            &[Transactions],
            &[(InvestmentHoldings, Placement::AdditionalConsented), (InvestmentTransactions, Placement::Optional)],
        );
        assert_eq!((arrays.optional, arrays.additional_consented), (vec!["investments"], vec![]));
        let both = any(&[InvestmentHoldings, InvestmentTransactions], &[]);
        assert_eq!(both, Arrays { products: vec!["investments"], ..Arrays::default() });
    }

    #[test]
    fn b7_deposits_leave_numbers_alone_in_products() {
        let wanted = placements(&[Identifiers, Transactions], &[(Owners, Placement::RequiredIfSupported)]);
        for match_all in [false, true] {
            let arrays = connect(&wanted, match_all, true).unwrap();
            assert_eq!(arrays.products, ["auth"]);
            assert_eq!(arrays.required_if_supported, ["transactions", "identity"]);
        }
    }

    #[test]
    fn b12_the_product_that_fits_most_accounts_leads() {
        for (required, lead, others) in [
            (&[Identifiers, Transactions][..], "transactions", &["auth"][..]),
            (&[Identifiers, Owners, Transactions], "identity", &["auth", "transactions"]),
            (&[Identifiers, Signal], "auth", &["signal"]),
            (&[InvestmentHoldings, Transactions], "transactions", &["investments"]),
            (&[Assets, Identifiers], "assets", &["auth"]),
        ] {
            let arrays = any(required, &[]);
            assert_eq!((arrays.products, arrays.required_if_supported), (vec![lead], others.to_vec()));
        }
    }

    #[test]
    fn b12_match_all_sends_every_required_product() {
        let wanted = placements(&[Balances, Identifiers, Transactions], &[(Owners, Placement::Optional)]);
        let arrays = connect(&wanted, true, false).unwrap();
        assert_eq!(arrays.products, ["auth", "transactions"]);
        assert_eq!(arrays.required_if_supported, Vec::<&str>::new());
    }

    #[test]
    fn b11_bank_income_beside_assets_are_both_required() {
        let arrays = any(&[Assets, Income, Transactions], &[]);
        assert_eq!(arrays.products, ["assets", "income_verification"]);
        assert_eq!(arrays.required_if_supported, ["transactions"]);
    }

    #[test]
    fn d1_a_login_is_restored_without_products() {
        assert_eq!(repair(&[], &[]), Arrays::default());
        // Other permissions need no more than the plain repair (D6).
        assert_eq!(repair(&[], &[Transactions, InvestmentHoldings]), Arrays::default());
    }

    #[test]
    fn d6_consent_stands_where_plaid_wants_it() {
        let arrays = repair(
            &[Assets, Statements, Income, ConsumerReport, InvestmentHoldings, InvestmentTransactions, Balances, Owners],
            &[Identifiers, Owners, Liabilities],
        );
        assert_eq!(
            arrays,
            Arrays {
                products: vec!["auth", "identity", "assets", "statements", "income_verification", "cra_base_report"],
                additional_consented: vec!["investments"],
                ..Arrays::default()
            }
        );
    }

    proptest! {
        #[test]
        fn b1_no_product_stands_in_two_arrays(
            wanted in proptest::collection::btree_map(0..Product::ALL.len(), 0..Placement::ALL.len(), 0..14),
            match_all: bool,
            deposits: bool,
        ) {
            let mut placements = Placements::default();
            for (product, placement) in wanted {
                placements.put(Product::ALL[product], Placement::ALL[placement]);
            }
            if let Ok(arrays) = connect(&placements, match_all, deposits) {
                let all = [arrays.products, arrays.required_if_supported, arrays.optional, arrays.additional_consented];
                let names: Vec<_> = all.concat();
                let distinct: std::collections::BTreeSet<_> = names.iter().collect();
                prop_assert_eq!(distinct.len(), names.len());
                prop_assert!(!names.contains(&"balance"));
                prop_assert!(!all[0].is_empty());
            }
        }
    }
}
