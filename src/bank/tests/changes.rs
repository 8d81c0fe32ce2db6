//! What changes from one moment to the next.

use super::*;

/// Applies changes to a list as a client would.
fn apply(list: &mut BTreeMap<String, BankTransaction>, changes: Changes) {
    for gone in changes.removed {
        assert!(list.remove(&gone.id).is_some(), "{} was never there", gone.id);
    }
    for line in changes.added {
        let before = list.insert(line.id.clone(), line);
        assert!(before.is_none(), "added twice: {before:?}");
    }
    for line in changes.modified {
        let before = list.insert(line.id.clone(), line.clone());
        assert!(before.is_some_and(|before| before != line), "modified without need");
    }
}

fn shown(books: &Books, moment: Moment) -> BTreeMap<String, BankTransaction> {
    let lines = keys(books).into_iter().flat_map(|key| books.transactions(&key, two_years_ago(), moment));
    lines.map(|line| (line.id.clone(), line)).collect()
}

#[test]
fn changes_add_up_whatever_the_steps() {
    let books = good();
    let keys = keys(&books);
    for hours in [1, 9, 31, 200, 24 * 40] {
        let mut list = BTreeMap::new();
        let mut moment = at(time("2026-07-01T00:00:00Z"));
        apply(&mut list, books.changes(&keys, two_years_ago(), None, moment));
        assert_eq!(list, shown(&books, moment));
        for _ in 0..(24 * 60 / hours).clamp(1, 150) {
            let next = at((moment.at + TimeDelta::hours(hours)).min(now()));
            apply(&mut list, books.changes(&keys, two_years_ago(), Some(moment), next));
            moment = next;
        }
        assert_eq!(list, shown(&books, moment), "in steps of {hours} hours");
    }
}

#[test]
fn changes_concern_only_the_wanted_accounts_and_days() {
    let books = good();
    let checking = of_kind(&books, AccountSubtype::Checking);
    let from = now().date_naive() - TimeDelta::days(30);
    let changes = books.changes(std::slice::from_ref(&checking), from, None, books.now());
    assert!(!changes.added.is_empty());
    assert!(changes.added.iter().all(|line| line.account == checking && line.made_at.date_naive() >= from));
    assert!(changes.modified.is_empty() && changes.removed.is_empty());
    assert_eq!(books.changes(&["unknown".to_owned()], from, None, books.now()), Changes::default());
    let backwards = books.changes(&[checking], from, Some(books.now()), at(now() - TimeDelta::days(3)));
    assert_eq!(backwards, Changes::default());
}

#[test]
fn pending_ones_are_replaced_vanish_or_are_corrected() {
    let books = good();
    let card = [of_kind(&books, AccountSubtype::CreditCard)];
    let mut before: BTreeMap<String, BankTransaction> = BTreeMap::new();
    let (mut replaced, mut vanished, mut modified) = (0, 0, 0);
    let mut moment = at(time("2025-11-01T00:00:00Z"));
    apply(&mut before, books.changes(&card, two_years_ago(), None, moment));
    while moment.at < now() {
        let next = at((moment.at + TimeDelta::hours(6)).min(now()));
        let changes = books.changes(&card, two_years_ago(), Some(moment), next);
        let heirs: BTreeMap<_, _> =
            changes.added.iter().filter_map(|line| Some((line.pending_id.clone()?, line.clone()))).collect();
        for gone in &changes.removed {
            let old = &before[&gone.id];
            assert_eq!((old.status, old.posted_on), (TransactionStatus::Pending, None));
            let Some(heir) = heirs.get(&gone.id) else {
                vanished += 1;
                continue;
            };
            replaced += 1;
            assert_eq!((heir.status, heir.made_at), (TransactionStatus::Posted, old.made_at));
            assert_eq!(heir.description, old.description);
            let days = (heir.posted_on.unwrap() - old.made_at.date_naive()).num_days();
            assert!((1..=5).contains(&days), "booked after {days} days");
        }
        modified += changes.modified.len();
        apply(&mut before, changes);
        moment = next;
    }
    assert!(replaced > 400, "{replaced}");
    assert!((3..30).contains(&vanished), "{vanished} of {replaced} vanished");
    assert!((5..40).contains(&modified), "{modified} of {replaced} were corrected");
}

fn with_posted(count: usize) -> (Books, Vec<BankTransaction>) {
    let wanted = [of_kind(&good(), AccountSubtype::Checking), of_kind(&good(), AccountSubtype::CreditCard)];
    let mut state = UserState::default();
    let range = state.post(&wanted, count, now());
    let books = books_with(1, "first_platypus", "user_good", state);
    let lines = books.lines_by_hand(range);
    (books, lines)
}

#[test]
fn what_is_posted_by_hand_is_seen_at_once_and_counts() {
    let (books, lines) = with_posted(9);
    assert_eq!(lines.len(), 9);
    assert_eq!(lines.iter().filter(|line| line.status == TransactionStatus::Pending).count(), 3);
    let unposted = Moment { posted: 0, ..books.now() };
    let changes = books.changes(&keys(&books), two_years_ago(), Some(unposted), books.now());
    let (mut added, mut expected) = (changes.added, lines.clone());
    added.sort_by(|a, b| a.id.cmp(&b.id));
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(added, expected);
    for subtype in [AccountSubtype::Checking, AccountSubtype::CreditCard] {
        let key = of_kind(&books, subtype);
        let mine: Vec<_> = lines.iter().filter(|line| line.account == key).cloned().collect();
        let sign = if subtype == AccountSubtype::Checking { -Decimal::ONE } else { Decimal::ONE };
        let held = |moment| books.balances(&key, moment).unwrap();
        let moved = held(books.now()).current.unwrap() - held(unposted).current.unwrap();
        assert_eq!(moved, sign * booked(&mine));
        let drawn = held(unposted).available.unwrap() - held(books.now()).available.unwrap();
        assert_eq!(drawn, booked(&mine) + pending(&mine));
    }
}

#[test]
fn what_is_posted_by_hand_while_somebody_reads_is_not_lost() {
    let (books, lines) = with_posted(6);
    let keys = keys(&books);
    // A reader who had seen two of them goes on from there, though no time has passed.
    let seen_two = Moment { posted: 2, ..books.now() };
    let rest = books.changes(&keys, two_years_ago(), Some(seen_two), books.now());
    assert_eq!(rest.added.len(), 4);
    assert!(rest.added.iter().all(|line| lines.contains(line)));
}

#[test]
fn there_is_a_limit_to_what_is_posted_by_hand() {
    let mut state = UserState::default();
    assert_eq!(state.post(&["a".to_owned()], 4_990, now()), 0..4_990);
    assert_eq!(state.post(&["a".to_owned()], 100, now()), 4_990..5_000);
    assert_eq!(state.post(&[], 10, now()), 5_000..5_000);
    for _ in 0..50 {
        assert!(state.open_account(AccountSubtype::Savings, now()));
    }
    assert!(!state.open_account(AccountSubtype::Savings, now()));
}
