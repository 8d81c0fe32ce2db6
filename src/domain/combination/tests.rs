#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::*;
use Product::{
    Assets, Balances, ConsumerReport, Identifiers, IdentityVerification, Income, Owners, PaymentInitiation, Signal,
    Statements, Transactions,
};

fn placed(arrays: &[(Placement, &[Product])]) -> Placements {
    let mut placements = Placements::default();
    for (placement, products) in arrays {
        products.iter().for_each(|&product| placements.put(product, *placement));
    }
    placements
}

fn required(products: &[Product]) -> Placements {
    placed(&[(Placement::Required, products)])
}

/// Options that satisfy every product.
fn options() -> Map<String, Value> {
    object(json!({
        "INCOME": {"source": "BANK"},
        "STATEMENTS": {"from": "2025-01-31", "to": "2026-01-31"},
        "IDENTITY_VERIFICATION": {"templateId": "idvtmp_1"},
        "PAYMENT_INITIATION": {"paymentId": "payment-1"},
        "CONSUMER_REPORT": {"permissiblePurpose": "EXTENSION_OF_CREDIT", "days": 365},
    }))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn combination(placements: &Placements) -> Result<(), Vec<Violation>> {
    check_combination(placements, None, &options(), None)
}

fn found(result: Result<(), Vec<Violation>>) -> Vec<(ViolationCode, String)> {
    result.unwrap_err().into_iter().map(|violation| (violation.code, violation.pointer)).collect()
}

#[test]
fn b1_four_arrays_become_placements() {
    let arrays = [
        (Placement::Required, vec![Transactions]),
        (Placement::RequiredIfSupported, vec![Identifiers]),
        (Placement::Optional, vec![Owners, Balances]),
        (Placement::AdditionalConsented, vec![Assets]),
    ];
    let placements = check_arrays(&arrays).unwrap();
    for (placement, products) in &arrays {
        assert_eq!(placements.array(*placement), &products.iter().copied().collect());
    }
}

#[test]
fn b1_each_product_stands_once_in_one_array() {
    let arrays = [
        (Placement::Required, vec![Transactions, Owners, Transactions]),
        (Placement::Optional, vec![Balances, Owners]),
        (Placement::AdditionalConsented, vec![Balances]),
    ];
    let pointers: Vec<String> =
        check_arrays(&arrays).unwrap_err().into_iter().map(|violation| violation.pointer).collect();
    assert_eq!(pointers, ["/products/2", "/optionalProducts/1", "/additionalConsentedProducts/0"]);
}

#[test]
fn b1_at_least_one_product_is_required() {
    let none = [(Placement::Required, vec![]), (Placement::Optional, vec![Owners])];
    let violations = check_arrays(&none).unwrap_err();
    assert_eq!((violations[0].code, violations[0].pointer.as_str()), (ViolationCode::Invalid, "/products"));
    assert!(check_arrays(&[]).is_err());
}

#[test]
fn b1_a_huge_array_is_answered_briefly() {
    let huge = [(Placement::Required, vec![Owners; 100_000]), (Placement::Optional, vec![Owners; 100_000])];
    assert_eq!(check_arrays(&huge).unwrap_err().len(), 2);
}

#[test]
fn b5_some_products_cannot_be_the_only_required_ones() {
    let alone = placed(&[(Placement::Required, &[Balances]), (Placement::Optional, &[Transactions])]);
    let check = |placements: &Placements, listed| check_combination(placements, None, &Map::new(), listed);
    assert_eq!(found(check(&alone, Some(&[Balances]))), [(ViolationCode::ProductCombination, "/products".to_owned())]);
    assert_eq!(check(&alone, Some(&[])), Ok(()));
    assert_eq!(check(&alone, None), Ok(()));
    assert_eq!(check(&required(&[Balances, Owners]), Some(&[Balances])), Ok(()));
}

#[test]
fn b7_two_products_stand_alone() {
    for loner in [IdentityVerification, PaymentInitiation] {
        assert_eq!(combination(&required(&[loner])), Ok(()));
        for placement in Placement::ALL.iter().copied() {
            let violations =
                combination(&placed(&[(Placement::Required, &[loner]), (placement, &[Owners])])).unwrap_err();
            assert_eq!(violations.len(), 1);
            assert_eq!(violations[0].pointer, format!("/{}", placement.field()));
            assert!(violations[0].detail.contains("OWNERS") && violations[0].detail.contains(loner.as_str()));
        }
    }
    assert!(combination(&required(&[IdentityVerification, PaymentInitiation])).is_err());
}

#[test]
fn b7_a_consumer_report_excludes_assets_and_income() {
    for other in [Assets, Income] {
        for placement in [Placement::Optional, Placement::AdditionalConsented] {
            let pair = placed(&[(Placement::Required, &[ConsumerReport]), (placement, &[other])]);
            assert_eq!(found(combination(&pair))[0].0, ViolationCode::ProductCombination);
        }
    }
    assert_eq!(combination(&required(&[ConsumerReport, Transactions])), Ok(()));
}

#[test]
fn b7_what_is_asked_for_later_is_judged_beside_what_is_there() {
    let beside = |present: &[Product], asked: &[Product], flow, options: &Map<String, Value>| {
        let judged = check_beside(&required(present), asked, flow, options);
        if judged.is_ok() { Vec::new() } else { found(judged) }
    };
    let bank = object(json!({"INCOME": {"source": "BANK"}}));
    let payroll = object(json!({"INCOME": {"source": "PAYROLL"}}));
    let at = |pointers: &[&str]| -> Vec<_> {
        pointers.iter().map(|pointer| (ViolationCode::ProductCombination, (*pointer).to_owned())).collect()
    };
    assert_eq!(
        beside(&[Transactions], &[Owners, ConsumerReport, Assets], None, &bank),
        at(&["/products/1", "/products/2"])
    );
    assert_eq!(beside(&[Assets], &[Owners, ConsumerReport], None, &bank), at(&["/products/1"]));
    // What is there already is not judged again.
    assert_eq!(beside(&[Assets, ConsumerReport], &[Owners], None, &bank), []);
    assert_eq!(beside(&[Transactions], &[Income], None, &bank), []);
    assert_eq!(beside(&[Transactions], &[Income], None, &payroll), at(&["/products/0"]));
    let deposits = Some(IdentifiersFlow::SameDayMicrodeposits);
    let asked = [Identifiers, Balances, Owners];
    assert_eq!(beside(&[Identifiers], &asked, deposits, &bank), at(&["/products/2"]));
    assert_eq!(beside(&[Identifiers], &asked, None, &bank), []);
}

#[test]
fn b7_income_beside_others_only_from_the_bank() {
    let pair = placed(&[(Placement::Required, &[Income]), (Placement::AdditionalConsented, &[Transactions])]);
    assert_eq!(combination(&pair), Ok(()));
    let payroll = object(json!({"INCOME": {"source": "PAYROLL"}}));
    let violations = found(check_combination(&pair, None, &payroll, None));
    assert_eq!(violations[0], (ViolationCode::ProductCombination, "/additionalConsentedProducts".to_owned()));
}

#[test]
fn b14_income_is_read_from_the_bank_alone() {
    for source in ["PAYROLL", "DOCUMENT"] {
        let options = object(json!({"INCOME": {"source": source}}));
        let refused = (ViolationCode::Unsupported, "/productOptions/INCOME/source".to_owned());
        assert_eq!(found(check_combination(&required(&[Income]), None, &options, None)), [refused]);
    }
}

#[test]
fn b7_micro_deposits_leave_identifiers_alone() {
    let check = |arrays: &[(Placement, &[Product])]| {
        check_combination(&placed(arrays), Some(IdentifiersFlow::SameDayMicrodeposits), &Map::new(), None)
    };
    let pointers = |result| found(result).into_iter().map(|(_, pointer)| pointer).collect::<Vec<_>>();
    assert_eq!(check(&[(Placement::Required, &[Identifiers, Balances])]), Ok(()));
    let allowed = [(Placement::Required, &[Identifiers][..]), (Placement::RequiredIfSupported, &[Owners])];
    assert_eq!(check(&allowed), Ok(()));
    assert_eq!(pointers(check(&[(Placement::Required, &[Identifiers, Transactions])])), ["/products"]);
    let optional = [(Placement::Required, &[Identifiers][..]), (Placement::Optional, &[Owners, Signal])];
    assert_eq!(pointers(check(&optional)), ["/optionalProducts", "/optionalProducts"]);
    assert_eq!(pointers(check(&[(Placement::Required, &[Owners])])), ["/identifiersFlow"]);
}

#[test]
fn b14_each_missing_option_is_named() {
    for (product, fields) in [
        (Income, &["source"][..]),
        (Statements, &["from", "to"]),
        (IdentityVerification, &["templateId"]),
        (PaymentInitiation, &["paymentId"]),
        (ConsumerReport, &["permissiblePurpose", "days"]),
    ] {
        let expected: Vec<_> = fields
            .iter()
            .map(|field| (ViolationCode::ProductOptionsRequired, format!("/productOptions/{product}/{field}")))
            .collect();
        for given in [json!({}), json!({product.as_str(): null}), json!({product.as_str(): {}})] {
            assert_eq!(found(check_combination(&required(&[product]), None, &object(given), None)), expected);
        }
        assert_eq!(combination(&required(&[product])), Ok(()));
    }
}

#[test]
fn b14_what_is_consent_only_does_not_start_yet() {
    let consent_only = placed(&[(Placement::Required, &[Owners]), (Placement::AdditionalConsented, &[Statements])]);
    assert_eq!(check_combination(&consent_only, None, &Map::new(), None), Ok(()));
}

#[test]
fn b14_wrong_options_are_invalid() {
    for (given, pointer) in [
        (json!({"STATEMENTS": {"from": "2024-01-31", "to": "2026-02-01"}}), "/productOptions/STATEMENTS/to"),
        (json!({"STATEMENTS": {"from": "2026-01-31", "to": "2026-01-30"}}), "/productOptions/STATEMENTS/to"),
        (json!({"STATEMENTS": {"from": "2026-1-3", "to": "2026-01-30"}}), "/productOptions/STATEMENTS/from"),
        (json!({"STATEMENTS": {"from": 7, "to": "2026-01-30"}}), "/productOptions/STATEMENTS/from"),
        (json!({"STATEMENTS": []}), "/productOptions/STATEMENTS"),
        (json!({"INCOME": {"source": "bank"}}), "/productOptions/INCOME/source"),
        (json!({"INCOME": {"source": "BANK", "sauce": 1}}), "/productOptions/INCOME"),
        (json!({"IDENTITY_VERIFICATION": {"templateId": " "}}), "/productOptions/IDENTITY_VERIFICATION/templateId"),
        (json!({"PAYMENT_INITIATION": {"paymentId": "x".repeat(201)}}), "/productOptions/PAYMENT_INITIATION/paymentId"),
        (json!({"CONSUMER_REPORT": {"permissiblePurpose": "A", "days": 0}}), "/productOptions/CONSUMER_REPORT/days"),
        (json!({"CONSUMER_REPORT": {"permissiblePurpose": "A", "days": 1.5}}), "/productOptions/CONSUMER_REPORT/days"),
        (json!({"TRANSACTIONS": {}}), "/productOptions"),
        (json!({"STATEMENT": {}}), "/productOptions"),
    ] {
        let violations = check_options(&BTreeSet::new(), &object(given.clone()));
        let found: Vec<_> = violations.iter().map(|violation| (violation.code, violation.pointer.as_str())).collect();
        assert_eq!(found, [(ViolationCode::Invalid, pointer)], "{given}");
    }
    let longest = object(json!({"STATEMENTS": {"from": "2024-02-29", "to": "2026-02-28"}}));
    assert!(check_options(&BTreeSet::from([Statements]), &longest).is_empty());
}

#[test]
fn b14_options_are_for_what_is_asked_for_and_statements_for_the_past() {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
    let given = |asked: &[Product], options: &Map<String, Value>| {
        let asked = asked.iter().copied().collect();
        let found = check_given_options(&asked, options, today);
        found.into_iter().map(|violation| (violation.code, violation.pointer)).collect::<Vec<_>>()
    };
    assert_eq!(given(&OPTION_PRODUCTS, &options()), []);
    let unasked = given(&[Statements], &object(json!({"STATEMENTS": null, "INCOME": {"source": "BANK"}})));
    assert_eq!(unasked, [(ViolationCode::Invalid, "/productOptions/INCOME".to_owned())]);
    let future = object(json!({"STATEMENTS": {"from": "2026-01-31", "to": "2026-02-01"}}));
    assert_eq!(given(&[Statements], &future), [(ViolationCode::Invalid, "/productOptions/STATEMENTS/to".to_owned())]);
}

const OPTION_PRODUCTS: [Product; 5] = [Income, Statements, IdentityVerification, PaymentInitiation, ConsumerReport];
