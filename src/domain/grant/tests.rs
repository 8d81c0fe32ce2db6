#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use Product::{
    Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Signal, Transactions,
};

const CHECKING: (AccountType, AccountSubtype) = (AccountType::Depository, AccountSubtype::Checking);
const BROKERAGE: (AccountType, AccountSubtype) = (AccountType::Investment, AccountSubtype::Brokerage);

/// What was seen, with values of its own: a checking account at an institution that has everything, and no consent.
struct Case {
    initialized: BTreeSet<Product>,
    consented: BTreeSet<Product>,
    accounts: Vec<(AccountType, AccountSubtype)>,
    left_out: Vec<(AccountType, AccountSubtype)>,
    institution: Option<InstitutionFacts>,
    consent_scoped: bool,
    withheld: BTreeSet<Product>,
    by_deposits: bool,
}

fn checking() -> Case {
    let products = Product::ALL.iter().copied().collect();
    Case {
        initialized: BTreeSet::new(),
        consented: BTreeSet::new(),
        accounts: vec![CHECKING],
        left_out: Vec::new(),
        institution: Some(InstitutionFacts { products, instant_identifiers: true, oauth: true }),
        consent_scoped: true,
        withheld: BTreeSet::new(),
        by_deposits: false,
    }
}

impl Case {
    fn initialized(mut self, products: &[Product]) -> Self {
        self.initialized = products.iter().copied().collect();
        self
    }

    fn consented(mut self, products: &[Product]) -> Self {
        self.consented = products.iter().copied().collect();
        self
    }

    fn accounts(mut self, accounts: &[(AccountType, AccountSubtype)]) -> Self {
        self.accounts = accounts.to_vec();
        self
    }

    fn institution(mut self, products: &[Product], instant_identifiers: bool) -> Self {
        let products = products.iter().copied().collect();
        self.institution = Some(InstitutionFacts { products, instant_identifiers, oauth: false });
        self
    }

    fn observed(&self) -> Observed<'_> {
        Observed {
            verification: None,
            by_deposits: self.by_deposits,
            initialized: &self.initialized,
            consented: &self.consented,
            accounts: &self.accounts,
            left_out: &self.left_out,
            withheld: &self.withheld,
            institution: self.institution.as_ref(),
            consent_scoped: self.consent_scoped,
        }
    }

    fn settle(&self, requested: &[(Placement, Product)]) -> Result<Settlement, Refused> {
        let mut placements = Placements::default();
        requested.iter().for_each(|&(placement, product)| placements.put(product, placement));
        settle(&placements, &self.observed())
    }

    /// Where one product ends up that was asked for in that array.
    fn one(&self, placement: Placement, product: Product) -> (Option<Placement>, ProductState, Option<ProductReason>) {
        let settlement = self.settle(&[(placement, product)]).unwrap();
        let (state, reason) = settlement.states[&product];
        (settlement.placements.of(product), state, reason)
    }
}

fn fell_away(reason: ProductReason) -> (Option<Placement>, ProductState, Option<ProductReason>) {
    (None, ProductState::Unavailable, Some(reason))
}

#[test]
fn b2_what_was_granted_stands_where_it_was_asked_for() {
    let case = checking().initialized(&[Transactions]).consented(&[Transactions, Owners, Liabilities]);
    let settlement = case
        .settle(&[
            (Placement::Required, Transactions),
            (Placement::RequiredIfSupported, Balances),
            (Placement::Optional, Owners),
            (Placement::AdditionalConsented, Liabilities),
        ])
        .unwrap();
    for (placement, product) in
        [(Placement::Required, Transactions), (Placement::RequiredIfSupported, Balances), (Placement::Optional, Owners)]
    {
        assert_eq!(settlement.placements.of(product), Some(placement));
        assert_eq!(settlement.states[&product], (ProductState::Pending, None));
    }
    assert_eq!(settlement.placements.of(Liabilities), Some(Placement::AdditionalConsented));
    assert_eq!(settlement.states[&Liabilities], (ProductState::Consented, None));
}

#[test]
fn b7_beside_numbers_that_deposits_verify_nothing_else_comes() {
    let case = Case { by_deposits: true, ..checking().initialized(&[Identifiers]) };
    assert_eq!(case.one(Placement::Required, Identifiers).1, ProductState::Pending);
    assert_eq!(case.one(Placement::RequiredIfSupported, Balances).1, ProductState::Pending);
    for placement in [Placement::RequiredIfSupported, Placement::AdditionalConsented] {
        assert_eq!(case.one(placement, Owners), fell_away(ProductReason::NoInstantFlow));
    }
}

#[test]
fn b2_what_fell_away_says_why() {
    for placement in [Placement::RequiredIfSupported, Placement::Optional] {
        let lacking = checking().institution(&[Transactions], true).consented(&[Owners]);
        assert_eq!(lacking.one(placement, Owners), fell_away(ProductReason::InstitutionUnsupported));
        let unfit = checking().consented(&[InvestmentHoldings]);
        assert_eq!(unfit.one(placement, InvestmentHoldings), fell_away(ProductReason::NoCompatibleAccount));
        let kept_back = checking().initialized(&[InvestmentHoldings]);
        assert_eq!(kept_back.one(placement, InvestmentHoldings), fell_away(ProductReason::NotShared));
        let denied = checking().consented(&[Transactions]);
        assert_eq!(denied.one(placement, Owners), fell_away(ProductReason::PermissionDenied));
    }
}

#[test]
fn b2_what_no_repair_could_change_is_said_first() {
    let case = checking().consented(&[]);
    assert_eq!(case.one(Placement::Optional, Liabilities), fell_away(ProductReason::NoCompatibleAccount));
    let case = checking().institution(&[Identifiers], false);
    assert_eq!(case.one(Placement::Optional, Identifiers), fell_away(ProductReason::NoInstantFlow));
}

#[test]
fn b2_the_provider_knows_better_than_the_catalogue() {
    let case = checking().institution(&[], false).initialized(&[Identifiers]);
    assert_eq!(case.one(Placement::Required, Identifiers), (Some(Placement::Required), ProductState::Pending, None));
    let unknown = Case { institution: None, ..checking().consented(&[Owners, Identifiers]) };
    for product in [Owners, Identifiers] {
        assert_eq!(unknown.one(Placement::Optional, product).1, ProductState::Pending);
    }
}

#[test]
fn b3_optional_identifiers_need_the_instant_flow() {
    let case = checking().institution(&[Identifiers], false).consented(&[Identifiers]);
    assert_eq!(case.one(Placement::Optional, Identifiers), fell_away(ProductReason::NoInstantFlow));
    let instant = checking().consented(&[Identifiers]);
    assert_eq!(instant.one(Placement::Optional, Identifiers).0, Some(Placement::Optional));
}

#[test]
fn b4_where_consent_is_not_asked_for_by_product_none_can_be_withheld() {
    let case = Case { consent_scoped: false, ..checking() };
    assert_eq!(case.one(Placement::Required, Owners).1, ProductState::Pending);
    assert_eq!(case.one(Placement::AdditionalConsented, Liabilities).1, ProductState::Consented);
}

#[test]
fn b2_consent_only_products_that_were_denied() {
    let denied = checking().one(Placement::AdditionalConsented, Owners);
    assert_eq!(denied, (None, ProductState::ConsentRequired, Some(ProductReason::PermissionDenied)));
    let lacking = checking().institution(&[Transactions], true).one(Placement::AdditionalConsented, Owners);
    assert_eq!(lacking, fell_away(ProductReason::InstitutionUnsupported));
    let unasked = Case { consent_scoped: false, ..checking().institution(&[Transactions], true) };
    assert_eq!(unasked.one(Placement::AdditionalConsented, Owners), fell_away(ProductReason::InstitutionUnsupported));
}

#[test]
fn b2_b12_what_did_not_come_was_withheld_where_nobody_asks_for_consent_by_product() {
    let case = Case { consent_scoped: false, withheld: [Owners].into(), ..checking() };
    assert_eq!(case.one(Placement::Optional, Owners), fell_away(ProductReason::PermissionDenied));
    assert_eq!(case.one(Placement::Optional, Transactions).1, ProductState::Pending);
    assert_eq!(case.settle(&[(Placement::Required, Owners)]), Err(Refused::RequiredNotGranted(vec![Owners])));
}

#[test]
fn b12_every_required_product_must_be_granted_for_a_shared_account() {
    let requested = [
        (Placement::Required, Transactions),
        (Placement::Required, InvestmentHoldings),
        (Placement::Required, Owners),
        (Placement::Optional, Liabilities),
    ];
    let case = checking().initialized(&[Transactions]).consented(&[InvestmentHoldings]);
    assert_eq!(case.settle(&requested), Err(Refused::RequiredNotGranted(vec![Owners, InvestmentHoldings])));
    let case = case.accounts(&[CHECKING, BROKERAGE]).consented(&[InvestmentTransactions, Owners]);
    assert!(case.settle(&requested).is_ok());
}

#[test]
fn b12_identifiers_want_checking_savings_or_cash_management() {
    use AccountSubtype as S;
    let fitting = [S::Checking, S::Savings, S::CashManagement, S::Unidentified];
    for &subtype in S::ALL {
        assert_eq!(suits(Identifiers, AccountType::Depository, subtype), fitting.contains(&subtype), "{subtype}");
        assert_eq!(suits(Signal, AccountType::Depository, subtype), fitting.contains(&subtype), "{subtype}");
    }
    assert!(!suits(Identifiers, AccountType::Credit, S::CreditCard));
}

#[test]
fn b16_a_login_that_shares_no_account_is_no_link() {
    let case = checking().accounts(&[]).initialized(&[Transactions]);
    assert_eq!(case.settle(&[(Placement::Required, Transactions)]), Err(Refused::NoAccounts));
    assert_eq!(case.settle(&[(Placement::Required, Balances)]), Err(Refused::NoAccounts));
}

#[test]
fn b5_balances_come_with_any_account() {
    let case = checking().institution(&[], false).accounts(&[BROKERAGE]);
    assert_eq!(case.one(Placement::Required, Balances), (Some(Placement::Required), ProductState::Pending, None));
    assert_eq!(case.one(Placement::AdditionalConsented, Balances).1, ProductState::Consented);
}

#[test]
fn c8_products_and_the_accounts_that_suit_them() {
    use AccountSubtype as S;
    use AccountType as T;
    for (product, account, subtype, fits) in [
        (Liabilities, T::Depository, S::Checking, false),
        (Liabilities, T::Credit, S::CreditCard, true),
        (Liabilities, T::Loan, S::Mortgage, true),
        (Liabilities, T::Loan, S::StudentLoan, true),
        (Liabilities, T::Loan, S::AutoLoan, false),
        (Liabilities, T::Investment, S::Brokerage, false),
        (Transactions, T::Depository, S::Savings, true),
        (Transactions, T::Credit, S::CreditCard, true),
        (Transactions, T::Loan, S::StudentLoan, true),
        (Transactions, T::Investment, S::Ira, false),
        (InvestmentHoldings, T::Investment, S::Plan401k, true),
        (InvestmentTransactions, T::Depository, S::Checking, false),
        (Product::Income, T::Depository, S::Checking, true),
        (Product::Income, T::Credit, S::CreditCard, false),
        (Product::Statements, T::Investment, S::Brokerage, false),
        (Product::Assets, T::Investment, S::Brokerage, true),
        (Owners, T::Other, S::Other, true),
    ] {
        assert_eq!(suits(product, account, subtype), fits, "{product} {account} {subtype}");
    }
    for &product in Product::ALL {
        assert!(suits(product, T::Unidentified, S::Unidentified), "{product}");
    }
}

#[test]
fn c2_what_a_consent_covers() {
    let none = BTreeSet::new();
    assert!(covers(&none, Balances));
    assert!(!covers(&none, InvestmentHoldings) && !covers(&none, InvestmentTransactions) && !covers(&none, Owners));
    let investments = BTreeSet::from([InvestmentTransactions]);
    assert!(covers(&investments, InvestmentHoldings) && covers(&investments, InvestmentTransactions));
    assert!(!covers(&investments, Transactions));
}

#[test]
fn b16_numbers_wait_for_the_customer_unless_some_can_be_had() {
    use Verification::{Automatic, ByCustomer, Failed};
    let checking = |verification| (AccountType::Depository, AccountSubtype::Checking, verification);
    let card = (AccountType::Credit, AccountSubtype::CreditCard, None);
    assert_eq!(waits_for([card, checking(Some(ByCustomer)), checking(Some(Failed))]), Some(ByCustomer));
    assert_eq!(waits_for([card, checking(Some(Automatic))]), Some(Automatic));
    assert_eq!(waits_for([checking(Some(Failed)), checking(None)]), None);
    assert_eq!(waits_for([card]), None);
    assert_eq!(unverified(Failed), (ProductState::Failed, Some(ProductReason::VerificationFailed)));
}

#[test]
fn a12_what_was_added_meanwhile_waits_for_what_it_was_not_asked_for() {
    use ProductState::{ConsentRequired, Pending, Unavailable};
    let late = |case: &Case, product| settle_late(ServiceProvider::Plaid, product, &case.observed());
    let waits = (ConsentRequired, Some(ProductReason::ConsentMissing));
    assert_eq!(late(&checking(), Owners), waits);
    assert_eq!(late(&checking().consented(&[Owners]), Owners), (Pending, None));
    // Only a repair brings it, whatever is consented to (C5).
    assert_eq!(late(&checking().consented(&[Product::Assets]), Product::Assets), waits);
    // What cannot be had waits for nobody.
    let poor = checking().institution(&[Transactions, Identifiers], false);
    let lacking = (Unavailable, Some(ProductReason::InstitutionUnsupported));
    assert_eq!((late(&poor, Owners), late(&poor, Product::Assets)), (lacking, lacking));
    assert_eq!(late(&poor, Identifiers), (Unavailable, Some(ProductReason::NoInstantFlow)));
    let unsuited = (Unavailable, Some(ProductReason::NoCompatibleAccount));
    assert_eq!(late(&checking().consented(&[Liabilities]), Liabilities), unsuited);
    // Where no consent is given by product, there is none to wait for.
    let unscoped = Case { consent_scoped: false, ..checking() };
    assert_eq!(late(&unscoped, Owners), (Pending, None));
}

#[test]
fn b2_b13_what_the_tenants_filters_leave_out_is_no_matter_of_the_customers() {
    let shared = checking().accounts(&[BROKERAGE]).initialized(&[Transactions]).consented(&[Transactions]);
    let ended = |case: &Case| case.one(Placement::Optional, Transactions);
    assert_eq!(ended(&shared), fell_away(ProductReason::NotShared));
    let filtered = Case { left_out: vec![CHECKING], ..shared };
    assert_eq!(ended(&filtered), fell_away(ProductReason::NoCompatibleAccount));
}

#[test]
fn c6_consent_to_numbers_that_never_come_afterwards_is_worth_nothing() {
    let without = checking().consented(&[Identifiers]).institution(&[Identifiers], false);
    let consented = |case: &Case| case.one(Placement::AdditionalConsented, Identifiers);
    assert_eq!(consented(&without), fell_away(ProductReason::NoInstantFlow));
    let with = checking().consented(&[Identifiers]);
    assert_eq!(consented(&with), (Some(Placement::AdditionalConsented), ProductState::Consented, None));
}

#[test]
fn a6_what_the_institution_lacks_is_not_kept_for_later_whoever_agreed() {
    let poor = checking().institution(&[Transactions], true).consented(&[Owners]);
    assert_eq!(poor.one(Placement::AdditionalConsented, Owners), fell_away(ProductReason::InstitutionUnsupported));
    assert_eq!(poor.one(Placement::AdditionalConsented, Balances).1, ProductState::Consented);
}
