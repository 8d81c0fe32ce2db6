#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::domain::account::{Ach, International};

fn account<'a>(id: &'a str, name: &'a str, mask: &'a str) -> AccountTraits<'a> {
    AccountTraits {
        provider_ids: vec![id],
        persistent_id: None,
        numbers: Numbers::default(),
        account_type: AccountType::Depository,
        name,
        mask: Some(mask),
        currency: Some("USD"),
        current: None,
    }
}

fn ach(number: &str, is_tokenized: bool) -> Numbers {
    let ach = Ach { account: number.into(), routing: "011000015".into(), wire_routing: None, is_tokenized };
    Numbers::of(&Identifiers { ach: Some(ach), ..Identifiers::default() })
}

#[test]
fn g2_accounts_are_recognised_by_the_strongest_key() {
    let known = [
        AccountTraits { persistent_id: Some("p1"), ..account("a", "Checking", "1111") },
        AccountTraits { numbers: ach("123", false), ..account("b", "Old name", "2222") },
        account("c", "Savings", "3333"),
        account("d", "Stays", "4444"),
    ];
    let seen = [
        account("x", "SAVINGS ", "3333"),
        AccountTraits { numbers: ach("1-23", false), ..account("y", "New name", "2222") },
        AccountTraits { persistent_id: Some("p1"), ..account("z", "Renamed", "9999") },
        account("d", "Renamed too", "8888"),
        account("new", "Another", "5555"),
    ];
    assert_eq!(recognize_accounts(&known, &seen), [Some(2), Some(1), Some(0), Some(3), None]);
}

#[test]
fn g2_what_a_stronger_key_tells_apart_is_not_joined_by_looks() {
    let known = [
        AccountTraits { persistent_id: Some("p1"), ..account("a", "Checking", "1111") },
        AccountTraits { numbers: ach("123", false), ..account("b", "Savings", "2222") },
    ];
    let seen = [
        AccountTraits { persistent_id: Some("p2"), ..account("x", "Checking", "1111") },
        AccountTraits { numbers: ach("456", false), ..account("y", "Savings", "2222") },
    ];
    assert_eq!(recognize_accounts(&known, &seen), [None, None]);
    // A token in a number's place, and a number of another kind, tell nothing apart.
    let iban = International { iban: "DE1".into(), bic: None };
    let iban = Numbers::of(&Identifiers { international: Some(iban), ..Identifiers::default() });
    for numbers in [ach("456", true), iban] {
        let seen = [AccountTraits { numbers, ..account("y", "Savings", "2222") }];
        assert_eq!(recognize_accounts(&known, &seen), [Some(1)]);
    }
}

#[test]
fn g2_accounts_that_look_alike_are_paired_one_to_one_by_what_they_hold() {
    let holding = |id, current: i64| AccountTraits { current: Some(current.into()), ..account(id, "Savings", "1111") };
    let known = [holding("a", 1), holding("b", 2)];
    assert_eq!(recognize_accounts(&known, &[holding("x", 2), holding("y", 1)]), [Some(1), Some(0)]);
    assert_eq!(recognize_accounts(&known, &[holding("x", 7), holding("y", 8), holding("z", 9)]).len(), 3);
    assert_eq!(recognize_accounts(&known[..1], &[holding("x", 7), holding("y", 8)]), [Some(0), None]);
    let card = AccountTraits { account_type: AccountType::Credit, ..account("x", "Savings", "1111") };
    assert_eq!(recognize_accounts(&known, &[card]), [None]);
}

fn row(account_id: AccountId, day: u32, cents: i64, description: &str) -> TransactionTraits {
    TransactionTraits {
        account_id,
        amount: Decimal::new(cents, 2),
        quantity: None,
        description: description.into(),
        date: NaiveDate::from_ymd_opt(2026, 1, day).unwrap(),
    }
}

#[test]
fn g2_transactions_are_recognised_by_account_date_amount_and_description() {
    let (one, other) = (AccountId::new(), AccountId::new());
    let known = [row(one, 10, 500, "COFFEE  #12, Main St.")];
    let recognised = |seen: TransactionTraits| recognize_transactions(&known, &[seen])[0].is_some();
    assert!(recognised(row(one, 7, 500, "coffee 12 MAIN st")));
    assert!(recognised(row(one, 13, 500, "Coffee 12 Main St")));
    assert!(!recognised(row(one, 14, 500, "Coffee 12 Main St")));
    assert!(!recognised(row(one, 10, 501, "Coffee 12 Main St")));
    assert!(!recognised(row(one, 10, 500, "Coffee 13 Main St")));
    assert!(!recognised(row(other, 10, 500, "Coffee 12 Main St")));
    let moved = TransactionTraits { quantity: Some(Decimal::ONE), ..row(one, 10, 500, "Coffee 12 Main St") };
    assert!(!recognised(moved));
    assert_eq!(days_around(known[0].date), (row(one, 7, 0, "").date, row(one, 13, 0, "").date));
}

#[test]
fn g2_equal_transactions_are_paired_one_to_one_the_nearest_first() {
    let id = AccountId::new();
    let rows = |days: &[u32]| days.iter().map(|&day| row(id, day, 500, "coffee")).collect::<Vec<_>>();
    assert_eq!(recognize_transactions(&rows(&[1, 2, 3]), &rows(&[2, 3, 4])), [Some(1), Some(2), Some(0)]);
    assert_eq!(recognize_transactions(&rows(&[5]), &rows(&[4, 5, 5])), [None, Some(0), None]);
    assert_eq!(recognize_transactions(&rows(&[5, 5]), &rows(&[5])), [Some(0)]);
}
