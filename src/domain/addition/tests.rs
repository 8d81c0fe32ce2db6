#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use Product::{
    Assets, Balances, Identifiers, IdentityVerification, Income, InvestmentHoldings, InvestmentTransactions,
    Liabilities, Owners, PaymentInitiation, Signal, Statements, Transactions,
};
use ServiceProvider::{Akoya, FinApi, Finicity, Mesh, Mx, Plaid, SaltEdge, SaltEdgePartners, Yodlee};

mod every_order;
mod every_row;

/// A situation with values of its own: a healthy connection at an institution that has everything, with all consent given.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub provider: Option<ServiceProvider>,
    pub status: Status,
    pub session_created: bool,
    pub placements: Placements,
    pub original: Placements,
    pub states: BTreeMap<Product, ProductState>,
    pub institution: Option<InstitutionFacts>,
    pub offered: &'static [Product],
    pub consented: BTreeSet<Product>,
    pub consent_scoped: bool,
    pub original_call_rule: bool,
}

/// What each provider has, as its documentation says: its own `spec.rs` says it first, and its tests hold the two equal.
pub(crate) fn offered(provider: ServiceProvider) -> &'static [Product] {
    match provider {
        Plaid => Product::ALL,
        Finicity | Mx | Yodlee | Akoya => &support_matrix::COLUMNS,
        SaltEdge | SaltEdgePartners => &[Balances, Identifiers, Owners, Transactions],
        FinApi => &[Balances, Identifiers, Owners, Transactions, InvestmentHoldings],
        Mesh => &[Balances, InvestmentHoldings, InvestmentTransactions],
    }
}

pub(super) fn at(provider: ServiceProvider) -> Case {
    let all: BTreeSet<Product> = Product::ALL.iter().copied().collect();
    Case {
        provider: Some(provider),
        status: Status::Active,
        session_created: true,
        placements: Placements::default(),
        original: Placements::default(),
        states: BTreeMap::new(),
        institution: Some(InstitutionFacts { products: all.clone(), instant_identifiers: true, oauth: true }),
        offered: offered(provider),
        consented: all,
        consent_scoped: provider == Plaid,
        original_call_rule: false,
    }
}

impl Case {
    /// With the product in that array since the start call.
    pub fn with(mut self, product: Product, placement: Placement) -> Self {
        self.original.put(product, placement);
        self.later(product, placement)
    }

    /// With the product in that array since some later call.
    fn later(mut self, product: Product, placement: Placement) -> Self {
        self.placements.put(product, placement);
        let state = if placement.is_fetched() { ProductState::Available } else { ProductState::Consented };
        self.states.insert(product, state);
        self
    }

    fn in_state(mut self, product: Product, state: ProductState) -> Self {
        self.states.insert(product, state);
        self
    }

    fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    fn institution(mut self, products: &[Product], instant_identifiers: bool) -> Self {
        let products = products.iter().copied().collect();
        self.institution = Some(InstitutionFacts { products, instant_identifiers, oauth: false });
        self
    }

    fn offered(mut self, products: &'static [Product]) -> Self {
        self.offered = products;
        self
    }

    fn consented(mut self, products: &[Product]) -> Self {
        self.consented = products.iter().copied().collect();
        self
    }

    fn original_call(mut self) -> Self {
        self.original_call_rule = true;
        self
    }

    pub fn judge(&self, asked: &[Product]) -> Result<Vec<Accepted>, Vec<Refusal>> {
        let situation = Situation {
            provider: self.provider,
            status: self.status,
            session_created: self.session_created,
            placements: &self.placements,
            original: &self.original,
            states: &self.states,
            institution: self.institution.as_ref(),
            offered: self.offered,
            consented: &self.consented,
            consent_scoped: self.consent_scoped,
            original_call_rule: self.original_call_rule,
        };
        judge(&situation, asked)
    }

    fn accepted(&self, product: Product) -> Accepted {
        self.judge(&[product]).unwrap().remove(0)
    }

    fn refused(&self, product: Product) -> Refusal {
        self.judge(&[product]).unwrap_err().remove(0)
    }

    fn outcomes(&self, asked: &[Product]) -> Vec<Outcome> {
        self.judge(asked).unwrap().into_iter().map(|accepted| accepted.outcome).collect()
    }
}

#[test]
fn a4_only_fetched_products_are_prerequisites() {
    for placement in [Placement::Required, Placement::RequiredIfSupported, Placement::Optional] {
        assert_eq!(at(Mx).with(Transactions, placement).outcomes(&[InvestmentTransactions]), [Outcome::Added]);
    }
    let refusal = at(Mx).with(Transactions, Placement::AdditionalConsented).refused(InvestmentTransactions);
    assert_eq!(refusal.code, RefusalCode::PrerequisiteMissing);
    assert_eq!(refusal.any_of, [Transactions, InvestmentHoldings]);
}

#[test]
fn a4_a_later_addition_counts_but_not_by_the_stricter_note() {
    let case = at(Mx).later(InvestmentTransactions, Placement::Optional);
    assert_eq!(case.outcomes(&[Transactions]), [Outcome::Added]);
    let strict = case.original_call();
    assert_eq!(strict.refused(Transactions).code, RefusalCode::PrerequisiteMissing);
    let strict = at(Mx).with(InvestmentTransactions, Placement::Required).original_call();
    assert_eq!(strict.outcomes(&[Transactions, InvestmentHoldings]), [Outcome::Added; 2]);
}

#[test]
fn a4_by_the_stricter_note_holdings_open_nothing() {
    let strict = at(Mx).with(InvestmentHoldings, Placement::Required).original_call();
    let refusal = strict.refused(InvestmentTransactions);
    assert_eq!((refusal.any_of, refusal.remedy), (vec![Transactions], Remedy::Repair));
    assert_eq!(
        at(Mx).with(InvestmentHoldings, Placement::Required).outcomes(&[InvestmentTransactions]),
        [Outcome::Added]
    );
}

#[test]
fn a5_a_set_is_accepted_if_some_order_is() {
    let case = at(Mx).with(Transactions, Placement::Required);
    assert_eq!(case.outcomes(&[InvestmentHoldings, InvestmentTransactions]), [Outcome::Added; 2]);
    let strict = case.original_call();
    let refused = strict.judge(&[InvestmentHoldings, InvestmentTransactions]).unwrap_err();
    assert_eq!((refused.len(), refused[0].index, refused[0].product), (1, 0, InvestmentHoldings));
}

#[test]
fn a6_the_institution_must_have_the_product() {
    let refusal = at(Finicity).institution(&[Transactions], true).refused(Owners);
    assert_eq!((refusal.code, refusal.remedy), (RefusalCode::UnsupportedByInstitution, Remedy::None));
    let plaid = at(Plaid).institution(&[InvestmentHoldings], true);
    assert_eq!(plaid.outcomes(&[Balances, InvestmentTransactions]), [Outcome::Added; 2]);
    let unknown = Case { institution: None, ..at(Finicity) };
    assert_eq!(unknown.outcomes(&[Owners]), [Outcome::Added]);
}

#[test]
fn a6_c6_identifiers_come_later_only_by_the_instant_flow() {
    let refusal = at(Plaid).institution(&[Identifiers], false).refused(Identifiers);
    assert_eq!((refusal.code, refusal.remedy), (RefusalCode::NotAddableAfterLink, Remedy::NewConnection));
    let refusal = at(Plaid).institution(&[Transactions], false).refused(Identifiers);
    assert_eq!(refusal.code, RefusalCode::UnsupportedByInstitution);
    assert_eq!(at(Plaid).institution(&[Identifiers], true).outcomes(&[Identifiers]), [Outcome::Added]);
}

#[test]
fn a3_owners_at_finapi_where_the_bank_has_the_interface() {
    assert_eq!(at(FinApi).institution(&[Owners], true).outcomes(&[Owners]), [Outcome::Added]);
    let elsewhere = [at(FinApi).institution(&[Transactions], true), Case { institution: None, ..at(FinApi) }];
    assert!(elsewhere.iter().all(|case| case.refused(Owners).code == RefusalCode::UnsupportedByInstitution));
}

#[test]
fn a7_what_is_added_is_pending_and_fetched_at_once() {
    for status in [Status::Active, Status::PartiallyActive, Status::Degraded, Status::Undetermined] {
        let added = at(Plaid).status(status).accepted(Owners);
        assert_eq!(
            (added.outcome, added.state, added.fetch),
            (Outcome::Added, ProductState::Pending, true),
            "{status}"
        );
    }
}

#[test]
fn a8_while_the_login_is_broken_every_addition_waits_for_the_repair() {
    for status in [Status::ReconnectRequired, Status::Unrecoverable] {
        for case in [at(Plaid), at(Finicity), at(Plaid).with(Owners, Placement::AdditionalConsented)] {
            let accepted = case.status(status).accepted(Owners);
            assert_eq!(accepted.outcome, Outcome::RepairRequired);
            assert_eq!(accepted.state, ProductState::ConsentRequired);
            assert_eq!((accepted.reason, accepted.fetch), (Some(ProductReason::LoginRequired), false));
        }
        let refusal = at(Yodlee).status(status).refused(Owners);
        assert_eq!(refusal.code, RefusalCode::UnsupportedByProvider);
        let failed = at(Plaid).with(Owners, Placement::Required).in_state(Owners, ProductState::Failed).status(status);
        assert_eq!(failed.outcomes(&[Owners]), [Outcome::RepairRequired]);
    }
}

#[test]
fn a8_akoya_grants_stand_in_the_consent() {
    let akoya = Case { consent_scoped: true, ..at(Akoya).consented(&[Transactions]) };
    assert_eq!(akoya.outcomes(&[Transactions, Owners]), [Outcome::Added, Outcome::RepairRequired]);
}

#[test]
fn a9_what_is_there_already_stays_as_it_is() {
    for state in [ProductState::Pending, ProductState::Available, ProductState::ConsentRequired] {
        let present = at(Yodlee).with(Owners, Placement::Required).in_state(Owners, state).accepted(Owners);
        assert_eq!((present.outcome, present.state, present.fetch), (Outcome::AlreadyPresent, state, false));
    }
}

#[test]
fn a9_what_failed_is_tried_again_whatever_the_row_says() {
    for state in [ProductState::Failed, ProductState::Unavailable] {
        for provider in [Yodlee, Plaid] {
            let again = at(provider).with(Assets, Placement::Required).in_state(Assets, state).accepted(Assets);
            assert_eq!((again.outcome, again.state, again.fetch), (Outcome::Added, ProductState::Pending, true));
        }
        let unconsented = at(Plaid).consented(&[]).with(Owners, Placement::Optional).in_state(Owners, state);
        assert_eq!(unconsented.outcomes(&[Owners]), [Outcome::RepairRequired]);
    }
}

#[test]
fn a9_what_is_consent_only_moves() {
    let moved = at(Plaid).with(InvestmentHoldings, Placement::AdditionalConsented).accepted(InvestmentHoldings);
    assert_eq!((moved.outcome, moved.state, moved.fetch), (Outcome::Added, ProductState::Pending, true));
}

#[test]
fn a10_one_refusal_refuses_all_and_names_each() {
    let asked = [Owners, PaymentInitiation, Transactions, IdentityVerification];
    let refused = at(Plaid).judge(&asked).unwrap_err();
    let named: Vec<(usize, Product)> = refused.iter().map(|refusal| (refusal.index, refusal.product)).collect();
    assert_eq!(named, [(1, PaymentInitiation), (3, IdentityVerification)]);
}

#[test]
fn a10_each_refusal_names_what_helps() {
    let no = at(Yodlee).refused(Transactions);
    assert_eq!((no.code, no.remedy), (RefusalCode::UnsupportedByProvider, Remedy::Repair));
    assert!(no.detail.contains("what stands in repair"), "{}", no.detail);
    assert_eq!(no.repair_body.unwrap(), serde_json::json!({"products": ["TRANSACTIONS"]}));
    let lacking = at(Mesh).institution(&[Balances], true).refused(Transactions);
    assert_eq!((lacking.code, lacking.remedy), (RefusalCode::UnsupportedByProvider, Remedy::NewConnection));
    let foreign = at(SaltEdge).refused(Assets);
    assert_eq!((foreign.remedy, foreign.repair_body), (Remedy::NewConnection, None));
    let first = at(Mx).with(Transactions, Placement::Required).refused(InvestmentHoldings);
    assert_eq!((first.any_of, first.remedy), (vec![InvestmentTransactions], Remedy::AddFirst));
    let unreachable = at(Mx).with(Balances, Placement::Required).refused(InvestmentHoldings);
    assert_eq!(unreachable.remedy, Remedy::Repair);
    assert!(unreachable.detail.contains("INVESTMENT_TRANSACTIONS"));
}

#[test]
fn a12_before_the_session_anything_goes_in() {
    for provider in [None, Some(Yodlee), Some(Plaid)] {
        let case = Case { provider, session_created: false, institution: None, ..at(Plaid).consented(&[]) };
        let any: Vec<Product> = Product::ALL.iter().copied().filter(|product| !product.stands_alone()).collect();
        for accepted in case.status(Status::InProgress).judge(&any).unwrap() {
            assert_eq!((accepted.outcome, accepted.state), (Outcome::Added, ProductState::Pending));
            assert!(!accepted.fetch);
        }
    }
}

#[test]
fn b7_what_needs_a_link_of_its_own_goes_beside_nothing_even_before_the_link() {
    for product in [IdentityVerification, PaymentInitiation] {
        for provider in [None, Some(Plaid)] {
            let before = Case { provider, session_created: false, institution: None, ..at(Plaid) };
            let refusal = before.status(Status::InProgress).refused(product);
            assert_eq!((refusal.code, refusal.remedy), (RefusalCode::NotAddableAfterLink, Remedy::NewConnection));
            let alone = || Case { provider, session_created: false, ..at(Plaid) }.with(product, Placement::Required);
            for status in [Status::InProgress, Status::Active] {
                let refusal = alone().status(status).refused(Transactions);
                assert_eq!((refusal.code, refusal.remedy), (RefusalCode::NotAddableAfterLink, Remedy::NewConnection));
                assert_eq!(alone().status(status).outcomes(&[product]), [Outcome::AlreadyPresent]);
            }
        }
    }
}

#[test]
fn a12_with_the_session_the_matrix_applies_and_the_work_waits() {
    let refusal = at(SaltEdgePartners).status(Status::InProgress).refused(Owners);
    assert_eq!(refusal.code, RefusalCode::UnsupportedByProvider);
    let waiting = at(Plaid).consented(&[]).status(Status::InProgress).accepted(Owners);
    assert_eq!((waiting.outcome, waiting.fetch), (Outcome::Added, false));
    assert_eq!(at(Plaid).status(Status::InProgress).outcomes(&[Assets]), [Outcome::RepairRequired]);
    // What depends on an institution that is not known yet is judged when the link is complete.
    let away = || Case { institution: None, ..at(FinApi) };
    assert_eq!(away().status(Status::InProgress).outcomes(&[Owners]), [Outcome::Added]);
    assert_eq!(away().refused(Owners).code, RefusalCode::UnsupportedByInstitution);
    let never = away().status(Status::InProgress).offered(&[Transactions]).refused(Owners);
    assert_eq!((never.code, never.remedy), (RefusalCode::UnsupportedByProvider, Remedy::NewConnection));
}

#[test]
fn a12_what_is_linked_without_a_session_of_ours_is_judged_like_any_other() {
    let linked = Case { session_created: false, ..at(Yodlee) };
    assert_eq!(linked.refused(Owners).code, RefusalCode::UnsupportedByProvider);
}

#[test]
fn a14_consent_only_where_the_row_says_no_is_activated_by_a_repair() {
    let case = || at(Yodlee).with(Owners, Placement::AdditionalConsented);
    let refusal = case().refused(Owners);
    assert_eq!((refusal.code, refusal.remedy), (RefusalCode::UnsupportedByProvider, Remedy::Repair));
    assert_eq!(refusal.repair_body.unwrap(), serde_json::json!({"products": ["OWNERS"]}));
    // What no repair can bring either (A6) is not said to come by one.
    for never in [case().institution(&[Transactions], true), case().offered(&[Transactions])] {
        let refusal = never.refused(Owners);
        assert_eq!((refusal.code, refusal.remedy), (RefusalCode::UnsupportedByProvider, Remedy::NewConnection));
        assert_eq!(refusal.repair_body, None);
    }
}

#[test]
fn c2_missing_consent_needs_a_repair_first() {
    let case = at(Plaid).consented(&[Transactions]);
    assert_eq!(case.outcomes(&[Transactions, Liabilities]), [Outcome::Added, Outcome::RepairRequired]);
    let waiting = case.accepted(Liabilities);
    assert_eq!((waiting.state, waiting.reason), (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing)));
    let unscoped = Case { consent_scoped: false, ..case };
    assert_eq!(unscoped.outcomes(&[Liabilities]), [Outcome::Added]);
}

#[test]
fn c2_balances_need_no_consent_of_their_own_and_investments_share_one() {
    let case = at(Plaid).consented(&[InvestmentHoldings]);
    assert_eq!(
        case.outcomes(&[Balances, InvestmentTransactions, Signal]),
        [Outcome::Added, Outcome::Added, Outcome::RepairRequired]
    );
}

#[test]
fn c4_two_products_never_come_after_the_link() {
    for product in [IdentityVerification, PaymentInitiation] {
        let refusal = at(Plaid).with(product, Placement::AdditionalConsented).refused(product);
        assert_eq!((refusal.code, refusal.remedy), (RefusalCode::NotAddableAfterLink, Remedy::NewConnection));
    }
}

#[test]
fn c5_three_products_come_only_through_the_repair() {
    for product in [Assets, Statements, Income] {
        assert_eq!(at(Plaid).outcomes(&[product]), [Outcome::RepairRequired]);
        let since_start = at(Plaid).with(product, Placement::AdditionalConsented);
        assert_eq!(since_start.outcomes(&[product]), [Outcome::RepairRequired]);
        let by_repair = at(Plaid).later(product, Placement::AdditionalConsented);
        assert_eq!(by_repair.outcomes(&[product]), [Outcome::Added]);
    }
}
