#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

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
        status: TransactionStatus::Posted,
    }
}

fn pending(account_id: AccountId, day: u32, cents: i64, description: &str) -> TransactionTraits {
    TransactionTraits { status: TransactionStatus::Pending, ..row(account_id, day, cents, description) }
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

#[test]
fn a_pending_one_may_be_booked_for_another_amount_within_bounds() {
    let (one, other) = (AccountId::new(), AccountId::new());
    let gone = [pending(one, 10, 10_000, "TRATTORIA #12")];
    let recognised = |seen: TransactionTraits| {
        let found = recognize_postings(&gone, std::slice::from_ref(&seen))[0].is_some();
        assert_eq!(found, may_be_pending(&gone, &[seen])[0]);
        found
    };
    // A tip, and a hold that was not used up.
    for (cents, is_one) in
        [(10_001, true), (15_000, true), (15_001, false), (9_999, true), (2_500, true), (2_499, false)]
    {
        assert_eq!(recognised(row(one, 10, cents, "Trattoria 12")), is_one, "{cents}");
    }
    assert!(recognised(row(one, 13, 11_800, "Trattoria 12")) && !recognised(row(one, 14, 11_800, "Trattoria 12")));
    assert!(!recognised(row(one, 10, -10_000, "Trattoria 12")) && !recognised(row(one, 10, 0, "Trattoria 12")));
    assert!(!recognised(row(one, 10, 11_800, "Trattoria 13")));
    assert!(!recognised(row(other, 10, 11_800, "Trattoria 12")));
    // What is still pending has its amount; the same one is recognised as ever.
    assert!(
        !recognised(pending(one, 10, 11_800, "Trattoria 12")) && recognised(pending(one, 10, 10_000, "Trattoria 12"))
    );
    let back = [pending(one, 10, -10_000, "Trattoria 12")];
    assert_eq!(
        recognize_postings(&back, &[row(one, 10, -9_000, "Trattoria 12")]),
        [Some(0)],
        "money in stays money in"
    );
    let booked = [row(one, 10, 10_000, "Trattoria 12")];
    assert_eq!(recognize_postings(&booked, &[row(one, 10, 11_800, "Trattoria 12")]), [None], "it was never pending");
    let nothing = [pending(one, 10, 0, "Trattoria 12")];
    assert_eq!(recognize_postings(&nothing, &[row(one, 10, 11_800, "Trattoria 12")]), [None]);
    // Amounts beyond all bounds are compared too.
    let most = TransactionTraits { amount: Decimal::MAX, ..gone[0].clone() };
    assert_eq!(recognize_postings(&[most], &[row(one, 10, 11_800, "Trattoria 12")]), [None]);
}

#[test]
fn another_amount_is_joined_only_where_there_is_one_choice() {
    let id = AccountId::new();
    let held = |cents: &[i64]| cents.iter().map(|&cents| pending(id, 10, cents, "pump")).collect::<Vec<_>>();
    let booked = |cents: &[i64]| cents.iter().map(|&cents| row(id, 10, cents, "pump")).collect::<Vec<_>>();
    let found = |gone: &[i64], seen: &[i64]| recognize_postings(&held(gone), &booked(seen));
    assert_eq!(found(&[1000], &[1180, 1170]), [None, None], "two that may have come of one");
    assert_eq!(found(&[1000, 1010], &[1180]), [None], "two that may have become one");
    // The exact ones go first, and leave one choice; out of reach is none.
    assert_eq!(found(&[1000, 1180], &[1150, 1180]), [Some(0), Some(1)]);
    assert_eq!(found(&[1000, 90_000], &[80_000, 1200]), [Some(1), Some(0)]);
    assert_eq!(found(&[1000, 1000], &[1000, 1150]), [Some(0), Some(1)]);
}

#[test]
fn of_two_that_are_alike_on_one_day_what_is_posted_is_taken_for_what_went() {
    let id = AccountId::new();
    let (held, booked) = (pending(id, 10, 1000, "pump"), row(id, 11, 1000, "pump"));
    let another = pending(id, 11, 1000, "pump");
    let gone = [held.clone()];
    assert_eq!(recognize_postings(&gone, &[another.clone(), booked.clone()]), [None, Some(0)]);
    assert_eq!(recognize_postings(&gone, &[booked.clone(), another.clone()]), [Some(0), None]);
    // And over a new link, each is what it was.
    let known = [held, row(id, 10, 1000, "pump")];
    assert_eq!(recognize_transactions(&known, &[another, booked]), [Some(0), Some(1)]);
}

#[test]
fn what_was_removed_while_it_was_pending_is_recognised_when_it_is_posted_and_only_then() {
    let id = AccountId::new();
    let removed = [pending(id, 10, 1000, "pump")];
    let found = |seen: &[TransactionTraits]| recognize_removed(&removed, seen);
    assert_eq!(found(&[row(id, 12, 1000, "pump")]), [Some(0)]);
    assert_eq!(found(&[row(id, 12, 430, "pump"), row(id, 12, 100, "pump")]), [Some(0), None]);
    assert_eq!(found(&[row(id, 12, 1000, "pump"), row(id, 12, 1100, "pump")]), [None, None], "one choice, or none");
    assert_eq!(found(&[pending(id, 12, 1000, "pump")]), [None], "that is another one");
}

/// A few accounts, places, days and amounts, so that many are alike.
fn some(accounts: [AccountId; 2], is_known: bool) -> impl Strategy<Value = Vec<TransactionTraits>> {
    let amount = prop::sample::select(vec![-2000, -1000, 0, 300, 1000, 1150, 1400, 2000]);
    let one = (any::<bool>(), 1..12_u32, amount, prop::sample::select(vec!["a", "A!", "b"]), any::<bool>());
    let one = one.prop_map(move |(first, day, cents, place, posted)| {
        let make = if posted && !is_known { row } else { pending };
        make(accounts[usize::from(first)], day, cents, place)
    });
    prop::collection::vec(one, 0..9)
}

proptest! {
    #[test]
    fn what_is_joined_is_one_to_one_and_alike_whatever_the_order(
        (gone, seen, shuffled_gone, shuffled_seen) in {
            let accounts = [AccountId::new(), AccountId::new()];
            (some(accounts, true), some(accounts, false)).prop_flat_map(|(gone, seen)| {
                (Just(gone.clone()), Just(seen.clone()), Just(gone).prop_shuffle(), Just(seen).prop_shuffle())
            })
        }
    ) {
        let joined = |gone: &[TransactionTraits], seen: &[TransactionTraits]| -> Vec<_> {
            let found = recognize_postings(gone, seen);
            let mut pairs: Vec<_> = found.iter().zip(seen).filter_map(|(at, seen)| Some((gone[(*at)?].clone(), seen.clone()))).collect();
            let at: BTreeSet<_> = found.iter().flatten().collect();
            assert_eq!(at.len(), pairs.len(), "one to one");
            let looks = |one: &TransactionTraits| (one.account_id.0, one.date, one.amount, normalized(&one.description), one.status.as_str());
            pairs.sort_by_key(|(gone, seen)| (looks(gone), looks(seen)));
            pairs.iter().map(|(gone, seen)| (looks(gone), looks(seen))).collect()
        };
        let pairs = joined(&gone, &seen);
        prop_assert_eq!(&pairs, &joined(&shuffled_gone, &shuffled_seen));
        let may = may_be_pending(&gone, &seen);
        for (index, at) in recognize_postings(&gone, &seen).into_iter().enumerate() {
            let Some(at) = at else { continue };
            let (gone, seen) = (&gone[at], &seen[index]);
            prop_assert!(may[index], "it was not kept back");
            prop_assert_eq!((gone.account_id, normalized(&gone.description)), (seen.account_id, normalized(&seen.description)));
            prop_assert!(days_between(gone, seen) <= MOST_DAYS);
            prop_assert!(gone.amount == seen.amount || (gone.amount * seen.amount).is_sign_positive());
            prop_assert!(gone.amount == seen.amount || seen.status == TransactionStatus::Posted);
        }
        // As many of the same amount as ever.
        let exact = recognize_transactions(&gone, &seen).iter().flatten().count();
        prop_assert_eq!(pairs.iter().filter(|(gone, seen)| gone.2 == seen.2).count(), exact);
    }
}
