use chrono::TimeDelta;

use super::*;
use Product::{
    Assets, Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions,
};
use RepairReason as R;

type States = BTreeMap<Product, (ProductState, Option<ProductReason>)>;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn facts(condition: Condition, states: &States) -> RepairFacts<'_> {
    RepairFacts {
        condition,
        permission_revoked: false,
        consent_expires_at: None,
        now: now(),
        new_accounts_available: false,
        states,
    }
}

fn reasons_of(status: Status, reason: StatusReason) -> Vec<R> {
    reasons(&facts(Condition::new(status, reason), &States::new()))
}

#[test]
fn d2_the_status_says_what_a_repair_would_be_for() {
    use StatusReason as S;
    for (status, reason, expected) in [
        (Status::ReconnectRequired, S::LoginRequired, vec![R::Login]),
        (Status::ReconnectRequired, S::Other, vec![R::Login]),
        (Status::ReconnectRequired, S::TokenExpired, vec![R::ConsentExpired]),
        (Status::Active, S::AccessExpiringSoon, vec![R::ConsentExpiring]),
        (Status::Active, S::NewAccountsAvailable, vec![R::NewAccounts]),
        (Status::Unrecoverable, S::ContinuedAggregationFailures, vec![R::Login]),
        (Status::Unrecoverable, S::RelinkNeeded, vec![R::Relink]),
        (Status::Degraded, S::InteractiveRefresh, vec![R::Login]),
        (Status::Degraded, S::InstitutionCurrentlyUnavailable, vec![]),
        (Status::PartiallyActive, S::PartialAggregationSuccess, vec![]),
        (Status::InProgress, S::LoginRequired, vec![]),
        (Status::Deleted, S::LoginRequired, vec![]),
        (Status::Expired, S::LoginRequired, vec![]),
    ] {
        assert_eq!(reasons_of(status, reason), expected, "{status} {reason}");
    }
}

#[test]
fn d2_a_healthy_connection_needs_nothing() {
    let states = States::from([(Owners, (ProductState::Available, None)), (Assets, (ProductState::Consented, None))]);
    let found = reasons(&facts(Condition::HEALTHY, &states));
    assert_eq!(found, []);
    assert!(!required(&found, Condition::HEALTHY));
}

#[test]
fn d2_consent_ends_as_the_provider_says() {
    for (days, expected) in [
        (-1, vec![R::ConsentExpired]),
        (0, vec![R::ConsentExpired]),
        (1, vec![R::ConsentExpiring]),
        (14, vec![R::ConsentExpiring]),
        (15, vec![]),
    ] {
        let states = States::new();
        let end = Some(now() + TimeDelta::days(days));
        let facts = RepairFacts { consent_expires_at: end, ..facts(Condition::HEALTHY, &states) };
        assert_eq!(reasons(&facts), expected, "{days}");
    }
}

#[test]
fn d2_a_revoked_permission_is_not_a_lost_login() {
    let states = States::new();
    let condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
    let revoked = RepairFacts { permission_revoked: true, ..facts(condition, &states) };
    assert_eq!(reasons(&revoked), [R::PermissionRevoked]);
    let other = facts(condition, &states);
    assert_eq!(reasons(&other), [R::Login]);
    let healed = RepairFacts { condition: Condition::HEALTHY, ..revoked };
    assert_eq!(reasons(&healed), []);
}

#[test]
fn d2_products_say_what_they_wait_for() {
    for (state, why, expected) in [
        (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing), vec![R::ProductConsent]),
        (ProductState::ConsentRequired, None, vec![R::ProductConsent]),
        (ProductState::ConsentRequired, Some(ProductReason::PermissionDenied), vec![R::PermissionRevoked]),
        (ProductState::Unavailable, Some(ProductReason::PermissionDenied), vec![R::PermissionRevoked]),
        (ProductState::Pending, Some(ProductReason::VerificationPending), vec![R::VerifyDeposits]),
        (ProductState::Unavailable, Some(ProductReason::NoCompatibleAccount), vec![]),
        (ProductState::Failed, Some(ProductReason::ProviderError), vec![]),
    ] {
        let states = States::from([(Owners, (state, why))]);
        assert_eq!(reasons(&facts(Condition::HEALTHY, &states)), expected, "{state} {why:?}");
    }
}

#[test]
fn d2_new_accounts_alone_require_nothing() {
    let states = States::new();
    let facts = RepairFacts { new_accounts_available: true, ..facts(Condition::HEALTHY, &states) };
    let found = reasons(&facts);
    assert_eq!(found, [R::NewAccounts]);
    assert!(!required(&found, Condition::HEALTHY));
    for &other in R::ALL.iter().filter(|&&reason| reason != R::NewAccounts) {
        assert!(required(&[R::NewAccounts, other], Condition::HEALTHY), "{other}");
    }
    assert!(required(&[], Condition::new(Status::Unrecoverable, StatusReason::Other)));
}

/// What a repair found, with values of its own.
#[derive(Default)]
struct Case {
    placements: Placements,
    requested: Placements,
    states: States,
}

impl Case {
    fn with(mut self, product: Product, placement: Placement, state: ProductState, why: Option<ProductReason>) -> Self {
        self.requested.put(product, placement);
        self.later(product, placement, state, why)
    }

    fn later(
        mut self,
        product: Product,
        placement: Placement,
        state: ProductState,
        why: Option<ProductReason>,
    ) -> Self {
        self.placements.put(product, placement);
        self.states.insert(product, (state, why));
        self
    }

    fn fell_away(mut self, product: Product, placement: Placement, state: ProductState, why: ProductReason) -> Self {
        self.requested.put(product, placement);
        self.states.insert(product, (state, Some(why)));
        self
    }

    /// The products that are fetched then, and those that are consented to then.
    fn capture(
        &self,
        provider: ServiceProvider,
        asked: &[Product],
        consented: &[Product],
    ) -> (Vec<Product>, Vec<Product>) {
        let captured = capture(&Repaired {
            provider,
            placements: &self.placements,
            requested: &self.requested,
            states: &self.states,
            asked,
            consented_now: &consented.iter().copied().collect(),
            consent_scoped: provider == ServiceProvider::Plaid,
        });
        (captured.pending.into_iter().collect(), captured.consented.into_iter().collect())
    }
}

#[test]
fn a8_waiting_products_are_captured() {
    let waiting = (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing));
    let case = Case::default()
        .with(Transactions, Placement::Required, ProductState::Available, None)
        .later(Owners, Placement::Optional, waiting.0, waiting.1)
        .later(InvestmentTransactions, Placement::Optional, waiting.0, waiting.1)
        .later(Liabilities, Placement::Optional, waiting.0, waiting.1);
    let consented = [Transactions, Owners, InvestmentHoldings];
    assert_eq!(case.capture(ServiceProvider::Plaid, &[], &consented), (vec![Owners, InvestmentTransactions], vec![]));
    let all = vec![Owners, InvestmentTransactions, Liabilities];
    assert_eq!(case.capture(ServiceProvider::Finicity, &[], &[]), (all, vec![]));
}

#[test]
fn b1_what_was_denied_at_the_link_returns_as_what_it_was() {
    let case = Case::default()
        .fell_away(Owners, Placement::Optional, ProductState::Unavailable, ProductReason::PermissionDenied)
        .fell_away(
            Transactions,
            Placement::RequiredIfSupported,
            ProductState::Unavailable,
            ProductReason::PermissionDenied,
        )
        .fell_away(
            Liabilities,
            Placement::AdditionalConsented,
            ProductState::ConsentRequired,
            ProductReason::PermissionDenied,
        )
        .fell_away(
            InvestmentHoldings,
            Placement::Optional,
            ProductState::Unavailable,
            ProductReason::NoCompatibleAccount,
        );
    let all = [Owners, Transactions, Liabilities, InvestmentHoldings];
    assert_eq!(case.capture(ServiceProvider::Plaid, &[], &all), (vec![Owners, Transactions], vec![Liabilities]));
    assert_eq!(case.capture(ServiceProvider::Plaid, &[], &[Owners]), (vec![Owners], vec![]));
}

#[test]
fn d6_what_a_repair_asked_for_is_at_hand() {
    let case = Case::default().with(Transactions, Placement::Required, ProductState::Available, None).with(
        Identifiers,
        Placement::AdditionalConsented,
        ProductState::Consented,
        None,
    );
    let asked = [Transactions, Identifiers, Owners, Assets, Liabilities];
    let (pending, consented) =
        case.capture(ServiceProvider::Plaid, &asked, &[Transactions, Identifiers, Owners, Assets]);
    assert_eq!((pending, consented), (vec![], vec![Identifiers, Owners, Assets]));
}

#[test]
fn a3_a14_where_the_row_says_no_the_repair_activates() {
    let case = Case::default().with(Transactions, Placement::Required, ProductState::Available, None).with(
        Owners,
        Placement::AdditionalConsented,
        ProductState::Consented,
        None,
    );
    let asked = [Owners, Balances];
    assert_eq!(case.capture(ServiceProvider::Yodlee, &asked, &[]), (vec![Balances, Owners], vec![]));
    assert_eq!(case.capture(ServiceProvider::Yodlee, &[], &[]), (vec![], vec![]));
    let mx = case.capture(ServiceProvider::Mx, &[InvestmentHoldings, InvestmentTransactions], &[]);
    assert_eq!(mx, (vec![InvestmentHoldings], vec![InvestmentTransactions]));
    let denied = case.fell_away(
        Liabilities,
        Placement::AdditionalConsented,
        ProductState::ConsentRequired,
        ProductReason::PermissionDenied,
    );
    assert_eq!(denied.capture(ServiceProvider::Yodlee, &[], &[]), (vec![], vec![Liabilities]));
    assert_eq!(denied.capture(ServiceProvider::Yodlee, &[Liabilities], &[]), (vec![Liabilities], vec![]));
    // Nor does it wait for a second one because it was there before (A15).
    let removed =
        Case::default().fell_away(Transactions, Placement::Optional, ProductState::Unavailable, ProductReason::Removed);
    assert_eq!(removed.capture(ServiceProvider::Yodlee, &[Transactions], &[]), (vec![Transactions], vec![]));
    assert_eq!(removed.capture(ServiceProvider::Yodlee, &[], &[]), (vec![], vec![]));
}

#[test]
fn c5_a_repair_activates_what_only_a_repair_adds() {
    let since_start = Case::default().with(Assets, Placement::AdditionalConsented, ProductState::Consented, None);
    assert_eq!(since_start.capture(ServiceProvider::Plaid, &[Assets], &[Assets]), (vec![Assets], vec![]));
    let waiting = Case::default().later(Assets, Placement::Optional, ProductState::ConsentRequired, None);
    assert_eq!(waiting.capture(ServiceProvider::Plaid, &[Assets], &[Assets]), (vec![Assets], vec![]));
}
