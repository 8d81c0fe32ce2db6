//! Transactions and balances over the years.

use super::*;

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
    let many = everything(&super::books("first_platypus", "user_many"));
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

#[test]
fn an_account_that_is_opened_later_begins_with_its_deposit() {
    let mut state = UserState::default();
    let opened = now() - TimeDelta::days(70);
    state.open_account(AccountSubtype::Savings, opened);
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
