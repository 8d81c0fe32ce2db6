//! Whatever is asked for, in whatever situation: the order does not matter, and a set is what some order of single additions is.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn products(most: usize) -> impl Strategy<Value = Vec<Product>> {
    subsequence(Product::ALL.to_vec(), 0..=most)
}

/// Anything, or what depends on one another.
fn asked(most: usize) -> impl Strategy<Value = Vec<Product>> {
    let chain = vec![Transactions, InvestmentHoldings, InvestmentTransactions];
    prop_oneof![products(most), subsequence(chain, 0..=3)]
}

/// What a provider has at all.
const OFFERED: [&[Product]; 4] = [
    Product::ALL,
    &support_matrix::COLUMNS,
    &[Balances, Transactions, InvestmentTransactions],
    &[Identifiers, Transactions, InvestmentHoldings],
];

/// A product in an array: since the start call or some later one, and what its last result was where it is fetched.
type Placed = (Product, Placement, bool, ProductState);

fn placed() -> impl Strategy<Value = Vec<Placed>> {
    products(14).prop_flat_map(|chosen| {
        let places = (select(Placement::ALL.to_vec()), any::<bool>(), select(ProductState::ALL.to_vec()));
        let places = prop::collection::vec(places, chosen.len());
        places.prop_map(move |places| {
            chosen
                .iter()
                .zip(places)
                .map(|(&product, (place, original, state))| (product, place, original, state))
                .collect()
        })
    })
}

fn with(case: Case, (product, place, original, state): Placed) -> Case {
    let case = if original { case.with(product, place) } else { case.later(product, place) };
    if place.is_fetched() { case.in_state(product, state) } else { case }
}

prop_compose! {
    fn situation()(
        provider in prop_oneof![Just(Mx), select(ServiceProvider::ALL.to_vec())],
        placed in placed(),
        listed in prop::option::weighted(0.8, prop_oneof![Just(Product::ALL.to_vec()), products(14)]),
        offered in select(OFFERED.to_vec()),
        consented in products(14),
        status in select(Status::ALL.iter().copied().filter(|status| !status.is_terminal()).collect::<Vec<_>>()),
        (session_created, instant, consent_scoped, original_call_rule) in any::<(bool, bool, bool, bool)>(),
    ) -> Case {
        let case = placed.into_iter().fold(at(provider), with);
        let case = Case { status, session_created, consent_scoped, original_call_rule, institution: None, ..case };
        let case = listed.into_iter().fold(case, |case, listed| case.institution(&listed, instant));
        case.offered(offered).consented(&consented)
    }
}

/// Adds one after the other, each judged by itself.
fn one_by_one(mut case: Case, order: &[Product]) -> bool {
    order.iter().all(|&product| {
        if case.judge(&[product]).is_err() {
            return false;
        }
        // What is fetched stays in its array.
        if !case.placements.of(product).is_some_and(Placement::is_fetched) {
            case.placements.put(product, Placement::Optional);
        }
        true
    })
}

fn orders(of: &[Product]) -> Vec<Vec<Product>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_last = |last: usize| {
        let rest: Vec<Product> = of.iter().copied().filter(|product| *product != of[last]).collect();
        orders(&rest).into_iter().map(move |order| order.into_iter().chain([of[last]]).collect())
    };
    (0..of.len()).flat_map(with_last).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a5_a10_the_order_does_not_matter(case in situation(), asked in asked(6), shuffled in any::<prop::sample::Index>()) {
        let all = orders(&asked);
        let other = &all[shuffled.index(all.len())];
        match (case.judge(&asked), case.judge(other)) {
            (Ok(mut one), Ok(mut two)) => {
                one.sort_by_key(|accepted| accepted.product);
                two.sort_by_key(|accepted| accepted.product);
                prop_assert_eq!(one.len(), asked.len());
                prop_assert_eq!(one, two);
            }
            (Err(mut one), Err(mut two)) => {
                for refusal in one.iter().chain(&two) {
                    prop_assert!(asked.get(refusal.index).is_some());
                }
                two.sort_by_key(|refusal| refusal.product);
                one.sort_by_key(|refusal| refusal.product);
                two.iter_mut().zip(&one).for_each(|(two, one)| two.index = one.index);
                prop_assert_eq!(one, two);
            }
            _ => prop_assert!(false, "accepted in one order only"),
        }
    }

    #[test]
    fn a5_a_set_is_accepted_exactly_if_some_order_of_single_additions_is(case in situation(), asked in asked(4)) {
        let together = case.judge(&asked).is_ok();
        prop_assert_eq!(together, orders(&asked).iter().any(|order| one_by_one(case.clone(), order)));
    }

    #[test]
    fn a10_naming_a_product_twice_changes_nothing(case in situation(), asked in asked(5)) {
        let twice: Vec<Product> = asked.iter().chain(&asked).copied().collect();
        prop_assert_eq!(case.judge(&twice), case.judge(&asked));
    }
}
