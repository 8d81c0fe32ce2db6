#![allow(clippy::unwrap_used, reason = "a test may fail")]
use proptest::prelude::*;
use serde_json::Map;

use super::*;
use Placement::{AdditionalConsented, Optional, Required, RequiredIfSupported};
use Product::{
    Assets, Balances, Identifiers, IdentityVerification, Income, InvestmentHoldings, InvestmentTransactions,
    Liabilities, Owners, Signal, Transactions,
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

const PLAID: Offer = Offer {
    provider: ServiceProvider::Plaid,
    products: Product::ALL,
    consent_scopes: true,
    terms: at_link,
    institution: None,
};
const MX: Offer = Offer {
    provider: ServiceProvider::Mx,
    products: &Product::COMMON,
    consent_scopes: false,
    terms: by_contract,
    institution: None,
};

/// One that is billed with the link, whatever is asked of it later.
const BILLED_MX: Offer = Offer { terms: at_link, ..MX };

/// The plan of products alone.
fn asked_with<'a>(placements: &'a Placements, product_options: &'a Map<String, Value>) -> Asked<'a> {
    Asked { placements, identifiers_flow: None, product_options, original_call_rule: false }
}

fn plan_of(products: Products, offers: &[Offer]) -> Vec<PlannedProduct> {
    plan(asked_with(&arrays(products), &Map::new()), offers)
}

fn advice_of(products: Products, offers: &[Offer]) -> Vec<Advice> {
    advise(asked_with(&arrays(products), &Map::new()), offers, &Coverage::default())
}

/// What a product is at the first of the providers that have it.
fn first(planned: &[PlannedProduct], product: Product) -> &ProductAt {
    planned.iter().find(|one| one.product == product).unwrap().at.first().unwrap()
}

fn at_institution(offer: &Offer, products: &[Product], instant_identifiers: bool) -> Offer {
    let facts = InstitutionFacts { products: products.iter().copied().collect(), instant_identifiers, oauth: false };
    Offer { institution: Some(facts), ..offer.clone() }
}

fn arrays(products: Products) -> Placements {
    let mut placements = Placements::default();
    products.iter().for_each(|&(product, placement)| placements.put(product, placement));
    placements
}

/// What to do, with which product, and to which array it would move.
type Told = (AdviceCode, Product, Option<Placement>);

/// Products with their arrays.
type Products<'a> = &'a [(Product, Placement)];

fn told(advice: &[Advice]) -> Vec<Told> {
    advice.iter().map(|one| (one.code, one.product, one.placement)).collect()
}

fn advised(products: Products) -> Vec<Told> {
    told(&advice_of(products, &[PLAID]))
}

#[test]
fn b11_the_recommended_shapes_need_no_advice() {
    let shapes: [Products; 8] = [
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
    let cases: [(Products, &[Told]); 6] = [
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
    let advice = advice_of(&asked, &[PLAID, MX]);
    assert_eq!((advice[0].code, advice[0].rule, advice[0].gain), (AdviceCode::SeparateSession, "B7", Gain::Possible));
}

#[test]
fn a14_what_would_need_a_repair_later_is_not_advised_to_wait() {
    let asked = [(Transactions, Required), (InvestmentHoldings, Optional)];
    assert_eq!(advice_of(&asked, &[BILLED_MX]), []);
    let both = advice_of(&asked, &[PLAID, BILLED_MX]);
    assert_eq!((both.len(), &both[0].service_providers), (1, &vec![ServiceProvider::Plaid]));
}

#[test]
fn b8_a14_each_product_says_what_it_is_at_each_provider() {
    let planned = plan_of(
        &[(Transactions, Required), (InvestmentHoldings, AdditionalConsented), (Owners, AdditionalConsented)],
        &[PLAID, MX],
    );
    let at = |product, index: usize| {
        let one = &planned.iter().find(|one| one.product == product).unwrap().at[index];
        (one.billing, one.preparation, one.latency, one.consent, one.activation)
    };
    use {Activation as A, Billing as B, Consent as C, Latency as L, Preparation as P};
    assert_eq!(at(Transactions, 0), (B::AtLink, P::Prefetched, L::Minutes, C::InSession, A::Link));
    assert_eq!(at(Transactions, 1), (B::ByContract, P::Prefetched, L::Minutes, C::InSession, A::Link));
    assert_eq!(at(InvestmentHoldings, 0), (B::AtFirstUse, P::AtFirstUse, L::Minutes, C::InSession, A::Products));
    // Its row wants investment transactions beside it.
    assert_eq!((at(InvestmentHoldings, 1).3, at(InvestmentHoldings, 1).4), (C::NotAsked, A::Products));
    assert_eq!(planned[2].at[1].activation_any_of, [InvestmentTransactions]);
    assert_eq!(at(Owners, 1).4, A::Repair);
    assert_eq!(plan_of(&[(Assets, Required), (Balances, Optional)], &[MX])[0].at, []);
}

#[test]
fn b7_beside_micro_deposits_nothing_is_added_later_and_nothing_saved() {
    let placements = arrays(&[
        (Identifiers, Required),
        (Transactions, RequiredIfSupported),
        (Owners, AdditionalConsented),
        (Balances, AdditionalConsented),
    ]);
    let (options, flow) = (Map::new(), Some(IdentifiersFlow::SameDayMicrodeposits));
    let with = |identifiers_flow| Asked { identifiers_flow, ..asked_with(&placements, &options) };
    let planned = plan(with(flow), &[PLAID]);
    let owners = first(&planned, Owners);
    assert_eq!((owners.activation, owners.billing, owners.first_charge), (Activation::None, Billing::Never, None));
    assert_eq!(first(&planned, Balances).activation, Activation::Products);
    assert_eq!(first(&planned, Identifiers).latency, Latency::Days);
    assert_eq!(advise(with(flow), &[PLAID], &Coverage::default()), []);
    // What falls away beside them is said to.
    assert_eq!(first(&planned, Transactions).activation, Activation::None);
    // Without them both could be added, and would better be asked for differently.
    assert_eq!(first(&plan(with(None), &[PLAID]), Owners).activation, Activation::Products);
    assert_eq!(advise(with(None), &[PLAID], &Coverage::default()).len(), 2);
}

#[test]
fn b8_a6_the_plan_of_an_institution_goes_by_what_it_has() {
    let products = [
        (Transactions, Required),
        (Liabilities, Optional),
        (Identifiers, AdditionalConsented),
        (Owners, AdditionalConsented),
        (InvestmentHoldings, AdditionalConsented),
    ];
    let anywhere = advice_of(&products, &[PLAID]);
    assert_eq!(anywhere.len(), 3, "{anywhere:?}");
    let poor = at_institution(&PLAID, &[Transactions, Identifiers], false);
    let planned = plan_of(&products, std::slice::from_ref(&poor));
    let having: Vec<Product> = planned.iter().filter(|one| !one.at.is_empty()).map(|one| one.product).collect();
    assert_eq!(having, [Transactions, Identifiers]);
    // Afterwards they come by the instant flow alone (C6), and as an optional product too (B3).
    let numbers = first(&planned, Identifiers);
    assert_eq!((numbers.activation, numbers.billing), (Activation::None, Billing::Never));
    assert_eq!(advice_of(&products, std::slice::from_ref(&poor)), []);
    let optional = plan_of(&[(Transactions, Required), (Identifiers, Optional)], std::slice::from_ref(&poor));
    assert_eq!(first(&optional, Identifiers).activation, Activation::None);
    let required = [(Transactions, Required), (Identifiers, Required)];
    // Where they are required, deposits bring them (B16).
    assert_eq!(first(&plan_of(&required, std::slice::from_ref(&poor)), Identifiers).latency, Latency::Days);
    assert_eq!(
        told(&advice_of(&required, std::slice::from_ref(&poor))),
        [(AdviceCode::UseConsentOnly, Transactions, Some(AdditionalConsented))]
    );
    let rich = at_institution(&PLAID, Product::ALL, true);
    assert_eq!(advice_of(&products, std::slice::from_ref(&rich)), anywhere);
    // Of one institution none is left out.
    let owners = [(Identifiers, Required), (Owners, Required)];
    assert_eq!((advice_of(&owners, &[PLAID]).len(), advice_of(&owners, &[rich])), (1, Vec::new()));
}

#[test]
fn a5_what_opens_the_way_for_another_is_named() {
    let planned = plan_of(
        &[
            (Transactions, Required),
            (InvestmentHoldings, AdditionalConsented),
            (InvestmentTransactions, AdditionalConsented),
        ],
        &[MX],
    );
    let way = |product| {
        let at = first(&planned, product);
        (at.activation, at.activation_any_of.clone())
    };
    assert_eq!(way(InvestmentTransactions), (Activation::Products, Vec::new()));
    assert_eq!(way(InvestmentHoldings), (Activation::Products, vec![InvestmentTransactions]));
    // By the stricter reading, what is added later opens nothing.
    let placements = arrays(&[
        (Transactions, Required),
        (InvestmentHoldings, AdditionalConsented),
        (InvestmentTransactions, AdditionalConsented),
    ]);
    let options = Map::new();
    let strict = Asked { original_call_rule: true, ..asked_with(&placements, &options) };
    assert_eq!(first(&plan(strict, &[MX]), InvestmentHoldings).activation, Activation::Repair);
    // At an institution without it, the customer alone is left.
    let poor = at_institution(&MX, &[Transactions, InvestmentHoldings], true);
    let beside = [(Transactions, Required), (InvestmentHoldings, AdditionalConsented)];
    assert_eq!(first(&plan_of(&beside, &[poor]), InvestmentHoldings).activation, Activation::Repair);
    let alone = plan_of(&[(Owners, Required), (Transactions, AdditionalConsented)], &[MX]);
    assert_eq!(first(&alone, Transactions).activation, Activation::Repair);
}

#[test]
fn b9_the_first_charge_falls_when_the_product_is_first_read() {
    let first_use: fn(Product, Placement) -> Terms =
        |_, _| Terms { billing: Billing::AtFirstUse, preparation: Preparation::AtFirstUse };
    let offer = Offer { terms: first_use, ..PLAID };
    let planned = plan_of(
        &[(Transactions, Required), (Identifiers, Optional), (Signal, Optional), (Owners, AdditionalConsented)],
        &[offer],
    );
    let charge = |product| first(&planned, product).first_charge;
    // An optional product is read right after the link.
    assert_eq!(charge(Identifiers), Some(FirstCharge::WithLink));
    assert_eq!(charge(Signal), Some(FirstCharge::WhenAsked));
    assert_eq!(charge(Owners), Some(FirstCharge::WhenAdded));
    assert_eq!(first(&plan_of(&[(Owners, Optional)], &[MX]), Owners).first_charge, None);
    assert_eq!(first(&plan_of(&[(Owners, Optional)], &[PLAID]), Owners).first_charge, Some(FirstCharge::WithLink));
}

#[test]
fn b6_of_two_that_are_one_at_a_provider_the_stronger_array_is_billed() {
    let asked = [(InvestmentTransactions, Required), (InvestmentHoldings, AdditionalConsented)];
    let planned = plan_of(&asked, &[PLAID, BILLED_MX]);
    let holdings = &planned.iter().find(|one| one.product == InvestmentHoldings).unwrap().at;
    assert_eq!((holdings[0].billing, holdings[0].first_charge), (Billing::AtLink, Some(FirstCharge::WithLink)));
    assert_eq!((holdings[1].billing, holdings[1].first_charge), (Billing::AtFirstUse, Some(FirstCharge::WhenAdded)));
}

#[test]
fn b11_what_a_repair_brings_later_is_not_said_to_wait_for_another_product() {
    let products = [(Transactions, Required), (Owners, AdditionalConsented)];
    let include = (AdviceCode::IncludeNow, Owners, Some(Optional));
    assert_eq!(told(&advice_of(&products, &[MX])), []);
    let both = advice_of(&products, &[PLAID, MX]);
    assert_eq!((told(&both), &both[0].service_providers), (vec![include], &vec![ServiceProvider::Plaid]));
}

#[test]
fn b6_what_is_one_product_at_a_provider_moves_together() {
    let asked =
        [(Transactions, Required), (InvestmentHoldings, Optional), (InvestmentTransactions, RequiredIfSupported)];
    let advice = advice_of(&asked, &[PLAID]);
    assert_eq!(told(&advice), [(AdviceCode::UseConsentOnly, InvestmentHoldings, Some(AdditionalConsented))]);
    assert_eq!(advice[0].with, [InvestmentTransactions]);
    let alone = advice_of(&[(Transactions, Required), (InvestmentHoldings, Optional)], &[PLAID]);
    assert_eq!((alone.len(), alone[0].with.len()), (1, 0));
}

#[test]
fn b7_only_what_can_be_asked_for_is_advised() {
    // To each what stands in the way, once.
    let asked = [(Product::PaymentInitiation, Required), (Transactions, Optional), (Owners, Optional)];
    assert_eq!(told(&advice_of(&asked, &[PLAID])), [(AdviceCode::SeparateSession, Product::PaymentInitiation, None)]);
    let asked = [(Product::ConsumerReport, Required), (Assets, Required), (Income, Required)];
    assert_eq!(told(&advice_of(&asked, &[PLAID])), [(AdviceCode::SeparateSession, Product::ConsumerReport, None)]);
    assert_eq!(advice_of(&[(Product::PaymentInitiation, Required), (Transactions, Optional)], &[MX]), []);
    // Deposits want IDENTIFIERS where they are, and nothing else beside.
    let placements = arrays(&[(Identifiers, Required), (Transactions, Required), (Owners, Optional)]);
    let options = Map::new();
    let flow = Some(IdentifiersFlow::SameDayMicrodeposits);
    let deposits = Asked { identifiers_flow: flow, ..asked_with(&placements, &options) };
    let advice = advise(deposits, &[PLAID], &Coverage::default());
    let separate = |product| (AdviceCode::SeparateSession, product, None);
    assert_eq!(told(&advice), [separate(Transactions), separate(Owners)]);
}

#[test]
fn b11_advice_leads_to_more_institutions_or_is_not_given() {
    let asked = arrays(&[(Identifiers, Required), (Owners, Required)]);
    let options = Map::new();
    let of = |remaining: u64, without_owners: u64| {
        let at = |count| BTreeMap::from([(ServiceProvider::Plaid, count)]);
        let coverage = Coverage {
            remaining: Some(at(remaining)),
            having: BTreeMap::new(),
            without: [(Owners, at(without_owners))].into(),
        };
        advise(asked_with(&asked, &options), &[PLAID], &coverage)
    };
    assert_eq!(of(5, 5), []);
    let wider = of(5, 6);
    assert_eq!((wider.len(), wider[0].gain), (1, Gain::HigherConversion));
    let possible = of(0, 6);
    assert_eq!((possible.len(), possible[0].gain), (1, Gain::Possible));
    assert_eq!(of(0, 0), []);
    // What no institution has is not advised about.
    let nowhere = Coverage { having: [(Owners, BTreeMap::new())].into(), ..Coverage::default() };
    assert_eq!(advise(asked_with(&asked, &options), &[PLAID], &nowhere), []);
}

proptest! {
    #[test]
    fn b8_every_product_that_was_asked_for_stands_in_the_plan_once(chosen in proptest::collection::btree_map(0..Product::ALL.len(), 0..4usize, 1..10)) {
        let asked: Vec<_> = chosen.iter().map(|(&product, &placement)| (Product::ALL[product], Placement::ALL[placement])).collect();
        let mut planned: Vec<_> = plan_of(&asked, &[PLAID, MX]).iter().map(|one| (one.product, one.placement)).collect();
        planned.sort();
        let mut asked = asked;
        asked.sort();
        prop_assert_eq!(planned, asked);
    }
}
