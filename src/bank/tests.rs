//! What the books promise, over users, institutions and time.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::*;
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::domain::liability::LiabilityKind;
use crate::domain::transaction::{Category, TransactionStatus};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A day on which settlements, weekends and a month's beginning are near.
fn now() -> DateTime<Utc> {
    time("2026-11-03T15:20:00Z")
}

fn books_with(seed: u64, institution_key: &str, username: &str, state: UserState) -> Books {
    let user = UserRef { institution: institution_key.to_owned(), username: username.to_owned() };
    Books::new(seed, user, institution(institution_key).unwrap(), state, now())
}

fn books(institution_key: &str, username: &str) -> Books {
    books_with(1, institution_key, username, UserState::default())
}

fn good() -> Books {
    books("first_platypus", "user_good")
}

fn at(instant: DateTime<Utc>) -> Moment {
    Moment { at: instant, posted: 0 }
}

fn two_years_ago() -> NaiveDate {
    now().date_naive() - TimeDelta::days(730)
}

fn keys(books: &Books) -> Vec<String> {
    books.accounts().into_iter().map(|account| account.key).collect()
}

fn of_kind(books: &Books, subtype: AccountSubtype) -> String {
    books.accounts().into_iter().find(|account| account.subtype == subtype).unwrap().key
}

fn everything(books: &Books) -> Vec<BankTransaction> {
    keys(books).iter().flat_map(|key| books.transactions(key, two_years_ago(), books.now())).collect()
}

fn subtypes(books: &Books) -> Vec<AccountSubtype> {
    books.accounts().into_iter().map(|account| account.subtype).collect()
}

#[test]
fn the_same_seed_gives_the_same_books_and_another_seed_others() {
    assert_eq!(good().accounts(), good().accounts());
    assert_eq!(everything(&good()), everything(&good()));
    let other = books_with(2, "first_platypus", "user_good", UserState::default());
    let tagged = books("first_platypus", "user_good+2");
    for stranger in [other, tagged] {
        assert_eq!(subtypes(&stranger), subtypes(&good()));
        let (mine, theirs) = (keys(&good()), keys(&stranger));
        assert!(mine.iter().all(|key| !theirs.contains(key)));
    }
}

#[test]
fn each_test_user_has_the_promised_accounts() {
    use AccountSubtype::*;
    assert_eq!(subtypes(&good()), [Checking, Savings, CreditCard, Plan401k, Brokerage, Ira, Mortgage, StudentLoan]);
    assert_eq!(subtypes(&books("first_platypus", "user_checking_only")), [Checking]);
    assert_eq!(subtypes(&books("first_platypus", "user_no_accounts")), []);
    assert_eq!(
        subtypes(&books("first_platypus", "user_investor")),
        [Checking, Brokerage, Brokerage, Plan401k, Ira, Roth]
    );
    assert_eq!(subtypes(&books("first_platypus", "user_many")).len(), 36);
    for like_good in ["user_mfa", "user_slow_history", "user_down", "user_revokes"] {
        assert_eq!(subtypes(&books("first_platypus", like_good)), subtypes(&good()), "{like_good}");
    }
    let empty = books("first_platypus", "user_empty");
    assert_eq!(subtypes(&empty), [Checking, Savings]);
    assert!(everything(&empty).is_empty());
    assert!(keys(&empty).iter().all(|key| empty.balances(key, empty.now()).unwrap().current > Some(Decimal::ZERO)));
}

#[test]
fn an_institution_has_only_accounts_for_what_it_offers() {
    use AccountSubtype::*;
    assert_eq!(subtypes(&books("first_gingham", "user_good")), [Checking, Savings, CreditCard, Mortgage, StudentLoan]);
    assert_eq!(subtypes(&books("windowpane", "user_good")), [Checking, Savings, CreditCard]);
    assert_eq!(subtypes(&books("northgate", "user_good")), [Plan401k, Brokerage, Ira]);
    assert_eq!(
        subtypes(&books("tartan_dominion", "user_good")),
        [Checking, Savings, CreditCard, Retirement, Brokerage, TaxAdvantaged, Mortgage, StudentLoan]
    );
    let german = books("rheintaler", "user_good").accounts();
    assert!(german.iter().all(|account| account.currency == "EUR"));
    assert!(german[0].identifiers.international.as_ref().unwrap().iban.starts_with("DE"));
    assert!(good().accounts()[0].identifiers.ach.is_some());
}

#[test]
fn accounts_are_told_apart_by_key_and_shown_by_mask() {
    for user in TEST_USERS {
        let accounts = books("first_platypus", user.username).accounts();
        let keys: BTreeSet<_> = accounts.iter().map(|account| &account.key).collect();
        let shown: BTreeSet<_> = accounts.iter().map(|account| (&account.name, &account.mask)).collect();
        assert_eq!((keys.len(), shown.len()), (accounts.len(), accounts.len()), "{}", user.username);
        for account in &accounts {
            assert!(account.mask.len() == 4 && !account.owners.is_empty());
            if let Some(ach) = &account.identifiers.ach {
                assert!(ach.account.ends_with(&account.mask));
            }
        }
    }
}

#[test]
fn two_years_are_believable() {
    let books = good();
    let all = everything(&books);
    let a_month = all.len() / 24;
    assert!((60..=95).contains(&a_month), "{a_month} a month");
    let ids: BTreeSet<_> = all.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), all.len(), "an id comes twice");
    let has = |category| all.iter().any(|one| one.category == category);
    use Category::*;
    for category in [Income, TransferIn, TransferOut, LoanPayments, BankFees, FoodAndDrink, RentAndUtilities, Travel] {
        assert!(has(category), "{category}");
    }
    let salaries = all.iter().filter(|one| one.description.contains("PAYROLL")).count();
    assert!((52..=53).contains(&salaries), "{salaries} salaries");
    assert!(all.iter().any(|one| one.description.starts_with("REFUND") && one.amount < Decimal::ZERO));
    assert!(all.iter().all(|one| one.amount.scale() == 2 && !one.amount.is_zero()));
    assert!(all.iter().any(|one| one.recurring) && all.iter().any(|one| one.channel == Channel::Online));
    let many = everything(&super::tests::books("first_platypus", "user_many"));
    assert!(many.len() > 15_000, "{}", many.len());
}

#[test]
fn transfers_between_own_accounts_have_both_sides() {
    let books = good();
    let of = |subtype| books.transactions(&of_kind(&books, subtype), two_years_ago(), books.now());
    let (checking, savings, card) =
        (of(AccountSubtype::Checking), of(AccountSubtype::Savings), of(AccountSubtype::CreditCard));
    let sum = |list: &[BankTransaction], text: &str| -> (usize, Decimal) {
        let found: Vec<_> = list.iter().filter(|one| one.description.contains(text)).map(|one| one.amount).collect();
        (found.len(), found.iter().sum())
    };
    let (count, moved) = sum(&checking, "SAVINGS");
    let (other_count, received) = sum(&savings, "CHECKING");
    assert!(count >= 24 && count == other_count && moved == -received);
    let (paid, received) = (sum(&checking, "CREDIT CARD PAYMENT"), sum(&card, "PAYMENT THANK YOU"));
    assert_eq!((paid.0, paid.1), (received.0, -received.1));
    let loans: usize = [AccountSubtype::Mortgage, AccountSubtype::StudentLoan]
        .iter()
        .map(|kind| sum(&of(*kind), "PAYMENT RECEIVED").0)
        .sum();
    assert_eq!(sum(&checking, "LOAN PAYMENT").0, loans);
}

#[test]
fn balances_stay_within_reason_for_years() {
    for (seed, username) in [(1, "user_good"), (2, "user_checking_only"), (3, "user_good"), (4, "user_good")] {
        let books = books_with(seed, "first_platypus", username, UserState::default());
        for account in books.accounts() {
            for days in (0..700).step_by(3) {
                let balances = books.balances(&account.key, at(now() - TimeDelta::days(days))).unwrap();
                let current = balances.current.unwrap();
                assert!(current > Decimal::ZERO, "{} {} had {current} {days} days ago", username, account.name);
                assert!(balances.limit.is_none_or(|limit| current < limit), "{} is over its limit", account.name);
                assert!(current < Decimal::from(400_000), "{} has {current}", account.name);
            }
        }
    }
}

/// What is booked in a list.
fn booked(list: &[BankTransaction]) -> Decimal {
    list.iter().filter(|one| one.status == TransactionStatus::Posted).map(|one| one.amount).sum()
}

/// What is pending in a list.
fn pending(list: &[BankTransaction]) -> Decimal {
    list.iter().filter(|one| one.status == TransactionStatus::Pending).map(|one| one.amount).sum()
}

#[test]
fn balances_move_by_what_is_booked() {
    let books = good();
    let begin = time("2026-08-20T03:00:00Z");
    let from = begin.date_naive() - TimeDelta::days(40);
    for account in books.accounts().iter().filter(|account| account.account_type != AccountType::Investment) {
        let sign = if account.account_type == AccountType::Depository { -Decimal::ONE } else { Decimal::ONE };
        let view = |instant| {
            let list = books.transactions(&account.key, from, at(instant));
            (books.balances(&account.key, at(instant)).unwrap(), booked(&list), pending(&list))
        };
        let (first, first_booked, _) = view(begin);
        for step in 1..300 {
            // Seven hours, so that every hour of the day has its turn.
            let instant = begin + TimeDelta::hours(7 * step);
            let (balances, booked, pending) = view(instant);
            let moved = balances.current.unwrap() - first.current.unwrap();
            assert_eq!(moved, sign * (booked - first_booked), "{} at {instant}", account.name);
            match account.account_type {
                AccountType::Depository => assert_eq!(balances.available, Some(balances.current.unwrap() - pending)),
                AccountType::Credit => {
                    let left = balances.limit.unwrap() - balances.current.unwrap() - pending;
                    assert_eq!(balances.available, Some(left));
                }
                _ => assert_eq!(balances.available, None),
            }
        }
    }
}

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
        assert!(state.open_account(now()));
    }
    assert!(!state.open_account(now()));
}

#[test]
fn an_account_that_is_opened_later_begins_with_its_deposit() {
    let mut state = UserState::default();
    let opened = now() - TimeDelta::days(70);
    state.open_account(opened);
    let books = books_with(1, "first_platypus", "user_good", state);
    let accounts = books.accounts();
    assert_eq!(accounts.len(), good().accounts().len() + 1);
    let newest = accounts.last().unwrap();
    assert_eq!((newest.opened_at, newest.subtype), (Some(opened), AccountSubtype::Savings));
    let list = books.transactions(&newest.key, two_years_ago(), books.now());
    assert_eq!(list.len(), 1);
    assert_eq!(books.balances(&newest.key, books.now()).unwrap().current, Some(-list[0].amount));
    assert_eq!(
        everything(&good()),
        everything(&books).into_iter().filter(|l| l.account != newest.key).collect::<Vec<_>>()
    );
}

#[test]
fn a_closed_account_keeps_its_past_and_has_no_more() {
    let card = of_kind(&good(), AccountSubtype::CreditCard);
    let closed_at = now() - TimeDelta::days(20);
    let state = UserState { closed: [(card.clone(), closed_at)].into(), ..UserState::default() };
    let books = books_with(1, "first_platypus", "user_good", state);
    assert!(!keys(&books).contains(&card));
    assert_eq!(books.account(&card).unwrap().closed_at, Some(closed_at));
    assert!(books.balances(&card, books.now()).is_none() && books.liability(&card, now()).is_none());
    let list = books.transactions(&card, two_years_ago(), books.now());
    assert!(!list.is_empty() && list.iter().all(|line| line.made_at < closed_at));
}

#[test]
fn holdings_are_worth_what_the_balance_says() {
    let books = books("first_platypus", "user_investor");
    for account in books.accounts().iter().filter(|account| account.account_type == AccountType::Investment) {
        let holdings = books.holdings(&account.key, now());
        assert!((5..=9).contains(&holdings.len()), "{}", holdings.len());
        let total: Decimal = holdings.iter().map(|holding| holding.value).sum();
        let balances = books.balances(&account.key, books.now()).unwrap();
        assert_eq!(balances.current, Some(total));
        let cash = holdings.last().unwrap();
        assert_eq!(cash.security.security.security_type, SecurityType::Cash);
        assert!(cash.value > Decimal::ZERO && balances.available == Some(cash.value));
        for holding in &holdings {
            let worth = (holding.quantity * holding.price - holding.value).abs();
            assert!(worth <= Decimal::new(1, 2) && holding.cost_basis > Decimal::ZERO);
        }
    }
    let checking = of_kind(&books, AccountSubtype::Checking);
    assert!(books.holdings(&checking, now()).is_empty());
}

#[test]
fn trades_lead_from_one_holding_to_the_next() {
    let books = good();
    let (begin, end) = (now() - TimeDelta::days(500), now());
    for subtype in [AccountSubtype::Brokerage, AccountSubtype::Plan401k, AccountSubtype::Ira] {
        let key = of_kind(&books, subtype);
        let quantities = |instant| -> BTreeMap<String, Decimal> {
            let held = books.holdings(&key, instant).into_iter();
            held.map(|holding| (holding.security.key, holding.quantity)).collect()
        };
        let (mut expected, real) = (quantities(begin), quantities(end));
        let cash = books.holdings(&key, end).pop().unwrap().security.key;
        let trades = books.trades(&key, begin.date_naive() + TimeDelta::days(1), end.date_naive(), end);
        assert!(trades.len() > 30, "{} trades", trades.len());
        for trade in &trades {
            *expected.get_mut(&cash).unwrap() -= trade.amount;
            if let Some(security) = &trade.security {
                *expected.get_mut(&security.key).unwrap() += trade.quantity;
            }
        }
        assert_eq!(expected, real, "{subtype}");
        let earlier = books.trades(&key, begin.date_naive(), end.date_naive(), end - TimeDelta::days(17));
        let later = books.trades(&key, begin.date_naive(), end.date_naive(), end);
        assert!(later.iter().map(|trade| &trade.id).take(earlier.len()).eq(earlier.iter().map(|trade| &trade.id)));
    }
    let sold = books.trades(&of_kind(&books, AccountSubtype::Brokerage), two_years_ago(), end.date_naive(), end);
    assert!(sold.iter().any(|trade| trade.kind == InvestmentTransactionType::Sell && trade.quantity < Decimal::ZERO));
}

#[test]
fn terms_agree_with_the_accounts() {
    let books = good();
    let of = |subtype| (of_kind(&books, subtype), books.liability(&of_kind(&books, subtype), now()).unwrap());
    let (card, terms) = of(AccountSubtype::CreditCard);
    let paid = books.transactions(&card, two_years_ago(), books.now());
    let last = paid.iter().rfind(|line| line.description.contains("THANK YOU")).unwrap();
    assert_eq!(terms.kind, LiabilityKind::Credit);
    assert_eq!(terms.terms.last_payment_amount, Some(-last.amount));
    assert_eq!(terms.terms.last_payment_date, last.posted_on);
    assert_eq!(terms.terms.next_payment_due_date, Some("2026-11-21".parse().unwrap()));
    let closing = at(time("2026-10-31T23:59:59Z"));
    assert_eq!(terms.terms.last_statement_balance, books.balances(&card, closing).unwrap().current);
    for (subtype, kind) in
        [(AccountSubtype::Mortgage, LiabilityKind::Mortgage), (AccountSubtype::StudentLoan, LiabilityKind::Student)]
    {
        let (key, terms) = of(subtype);
        assert_eq!(terms.kind, kind);
        assert!(books.balances(&key, books.now()).unwrap().current < terms.terms.original_principal);
        let list = books.transactions(&key, "2026-01-01".parse().unwrap(), books.now());
        let interest: Decimal = list.iter().map(|line| line.amount).filter(|amount| *amount > Decimal::ZERO).sum();
        assert_eq!(terms.interest_this_year, Some(interest));
        assert_eq!(terms.property.is_some(), kind == LiabilityKind::Mortgage);
    }
    assert!(books.liability(&of_kind(&books, AccountSubtype::Checking), now()).is_none());
}

#[test]
fn no_date_or_key_from_outside_does_harm() {
    let books = good();
    let key = of_kind(&books, AccountSubtype::Checking);
    let (far, long_ago) = (DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC);
    for instant in [far, long_ago] {
        let moment = Moment { at: instant, posted: u32::MAX };
        for from in [NaiveDate::MIN, NaiveDate::MAX] {
            books.transactions(&key, from, moment);
            books.changes(std::slice::from_ref(&key), from, Some(moment), moment);
            books.trades(&of_kind(&books, AccountSubtype::Ira), from, NaiveDate::MAX, instant);
        }
        assert!(books.balances(&key, moment).is_some());
    }
    assert!(books.balances("", books.now()).is_none() && books.account("x").is_none());
}
