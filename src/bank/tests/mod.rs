//! What the books promise, over users, institutions and time.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod changes;
mod ledger;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

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

/// What is booked in a list.
fn booked(list: &[BankTransaction]) -> Decimal {
    list.iter().filter(|one| one.status == TransactionStatus::Posted).map(|one| one.amount).sum()
}

/// What is pending in a list.
fn pending(list: &[BankTransaction]) -> Decimal {
    list.iter().filter(|one| one.status == TransactionStatus::Pending).map(|one| one.amount).sum()
}
