#![allow(clippy::unwrap_used, reason = "a test may fail")]
use proptest::prelude::*;
use serde_json::Map;

use super::*;
use Placement::{AdditionalConsented, Optional, Required, RequiredIfSupported};
use Product::{
    Assets, Balances, Identifiers, IdentityVerification, Income, InvestmentHoldings, Liabilities, Owners, Signal,
    Transactions,
};

/// Bills most things with the link, as one provider does.
fn at_link(_: Product, placement: Placement) -> Terms {
    match placement.is_fetched() {
        true => Terms { billing: Billing::AtLink, preparation: Preparation::Prefetched },
        false => Terms { billing: Billing::AtFirstUse, preparation: Preparation::AtFirstUse },
    }
}

fn by_contract(_: Product, _: Placement) -> Terms {
    Terms { billing: Billing::ByContract, preparation: Preparation::Prefetched }
}

const PLAID: Offer =
    Offer { provider: ServiceProvider::Plaid, products: Product::ALL, consent_scopes: true, terms: at_link };
const MX: Offer =
    Offer { provider: ServiceProvider::Mx, products: &Product::COMMON, consent_scopes: false, terms: by_contract };

fn arrays(products: Asked) -> Placements {
    let mut placements = Placements::default();
    products.iter().for_each(|&(product, placement)| placements.put(product, placement));
    placements
}

/// What to do, with which product, and to which array it would move.
type Told = (AdviceCode, Product, Option<Placement>);

/// Products with their arrays.
type Asked<'a> = &'a [(Product, Placement)];

fn advised(products: Asked) -> Vec<Told> {
    let advice = advise(&arrays(products), &Map::new(), &[PLAID]);
    advice.iter().map(|one| (one.code, one.product, one.placement)).collect()
}

#[test]
fn b11_the_recommended_shapes_need_no_advice() {
    let shapes: [Asked; 8] = [
        &[(Identifiers, Required), (Signal, Required), (Owners, RequiredIfSupported)],
        &[(Identifiers, Required), (Signal, Optional), (Owners, Optional)],
        &[(Identifiers, Required), (Transactions, AdditionalConsented)],
        &[(Transactions, Required), (Identifiers, Optional), (Owners, RequiredIfSupported)],
        &[(Transactions, Required), (Liabilities, AdditionalConsented), (InvestmentHoldings, AdditionalConsented)],
        &[(Assets, Required), (Identifiers, RequiredIfSupported)],
        &[(Income, Required), (Transactions, AdditionalConsented)],
        &[(Income, Required), (Assets, Required)],
    ];
    for shape in shapes {
        assert_eq!(advised(shape), [], "{shape:?}");
    }
}

#[test]
fn b11_what_departs_from_them_is_told_what_would_be_better() {
    use AdviceCode::{IncludeNow, UseConsentOnly, UseOptional, UseRequiredIfSupported};
    let cases: [(Asked, &[Told]); 6] = [
        (
            &[(Identifiers, Required), (Owners, Required)],
            &[(UseRequiredIfSupported, Owners, Some(RequiredIfSupported))],
        ),
        (
            &[(Identifiers, Required), (Transactions, Required)],
            &[(UseOptional, Identifiers, Some(Optional)), (UseConsentOnly, Transactions, Some(AdditionalConsented))],
        ),
        (
            &[(Transactions, Required), (InvestmentHoldings, RequiredIfSupported)],
            &[(UseConsentOnly, InvestmentHoldings, Some(AdditionalConsented))],
        ),
        (
            &[(Assets, Required), (Identifiers, Required)],
            &[(UseRequiredIfSupported, Identifiers, Some(RequiredIfSupported))],
        ),
        (&[(Income, Required), (Assets, Optional)], &[(IncludeNow, Assets, Some(Required))]),
        (&[(Transactions, Required), (Identifiers, AdditionalConsented)], &[(IncludeNow, Identifiers, Some(Optional))]),
    ];
    for (asked, expected) in cases {
        assert_eq!(advised(asked), expected, "{asked:?}");
    }
}

#[test]
fn b7_what_stands_alone_is_sent_to_a_session_of_its_own() {
    let asked = [(IdentityVerification, Required), (Transactions, Required)];
    let advice = advise(&arrays(&asked), &Map::new(), &[PLAID, MX]);
    assert_eq!((advice[0].code, advice[0].rule, advice[0].gain), (AdviceCode::SeparateSession, "B7", Gain::Possible));
}

#[test]
fn a14_what_would_need_a_repair_later_is_not_advised_to_wait() {
    let asked = arrays(&[(Transactions, Required), (InvestmentHoldings, Optional)]);
    assert_eq!(advise(&asked, &Map::new(), &[MX]), []);
    let both = advise(&asked, &Map::new(), &[PLAID, MX]);
    assert_eq!((both.len(), &both[0].service_providers), (1, &vec![ServiceProvider::Plaid]));
}

#[test]
fn b8_a14_each_product_says_what_it_is_at_each_provider() {
    let asked =
        arrays(&[(Transactions, Required), (InvestmentHoldings, AdditionalConsented), (Owners, AdditionalConsented)]);
    let planned = plan(&asked, &[PLAID, MX]);
    let at = |product, index: usize| {
        let one = planned.iter().find(|one| one.product == product).unwrap().at[index];
        (one.billing, one.preparation, one.latency, one.consent, one.activation)
    };
    use {Activation as A, Billing as B, Consent as C, Latency as L, Preparation as P};
    assert_eq!(at(Transactions, 0), (B::AtLink, P::Prefetched, L::Minutes, C::InSession, A::Link));
    assert_eq!(at(Transactions, 1), (B::ByContract, P::Prefetched, L::Minutes, C::InSession, A::Link));
    assert_eq!(at(InvestmentHoldings, 0), (B::AtFirstUse, P::AtFirstUse, L::Seconds, C::InSession, A::Products));
    // Its row wants investment transactions beside it.
    assert_eq!(at(InvestmentHoldings, 1).3, C::NotAsked);
    assert_eq!((at(InvestmentHoldings, 1).4, at(Owners, 1).4), (A::Repair, A::Repair));
    assert_eq!(plan(&arrays(&[(Assets, Required), (Balances, Optional)]), &[MX])[0].at, []);
}

proptest! {
    #[test]
    fn b8_every_product_that_was_asked_for_stands_in_the_plan_once(chosen in proptest::collection::btree_map(0..Product::ALL.len(), 0..4usize, 1..10)) {
        let asked: Vec<_> = chosen.iter().map(|(&product, &placement)| (Product::ALL[product], Placement::ALL[placement])).collect();
        let mut planned: Vec<_> = plan(&arrays(&asked), &[PLAID, MX]).iter().map(|one| (one.product, one.placement)).collect();
        planned.sort();
        let mut asked = asked;
        asked.sort();
        prop_assert_eq!(planned, asked);
    }
}
