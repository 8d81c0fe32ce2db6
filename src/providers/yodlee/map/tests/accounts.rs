//! Accounts, numbers, owners, terms.

use serde_json::json;

use super::{changed, decimal, fixture, read};
use crate::domain::account::{AccountSubtype as S, AccountType as T};
use crate::domain::liability::LiabilityKind;
use crate::providers::data::ProviderAccount;
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::subtypes::{account_type, subtype};
use crate::providers::yodlee::wire::account::{Accounts, LatestBalances, Statements};

const ACCOUNTS: &str = fixture!("accounts");

fn accounts() -> Vec<ProviderAccount> {
    let all = read::<Accounts>(ACCOUNTS).account.unwrap();
    all.into_iter().map(|one| map::accounts::account(one, true, true)).collect()
}

#[test]
fn each_container_has_its_own_balances() {
    let all = accounts();
    let seen: Vec<_> = all
        .iter()
        .map(|one| {
            let balances = &one.balances;
            let [current, available, limit] =
                [balances.current, balances.available, balances.limit].map(|amount| amount.map(|it| it.to_string()));
            (one.account_type, one.subtype, current, available, limit)
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            (T::Depository, S::Savings, some("9004.78"), some("6605"), None),
            (T::Credit, S::CreditCard, some("1636.44"), some("1363"), some("3000")),
            (T::Loan, S::Mortgage, some("187430.1"), None, None),
            (T::Investment, S::Plan401k, some("82000.25"), some("1500.75"), None),
        ]
    );
    assert!(all.iter().all(|one| one.currency.as_deref() == Some("USD")));
    assert_eq!(all[0].balances.updated_at, Some("2016-08-26T05:03:07Z".parse().unwrap()));
}

#[test]
fn a_number_is_masked_even_if_it_comes_in_full() {
    let masks: Vec<_> = accounts().into_iter().map(|one| one.mask).collect();
    assert_eq!(masks, [Some("4197".to_owned()), Some("2334".to_owned()), None, None]);
}

#[test]
fn numbers_need_a_code_and_prefer_the_token() {
    let ach = accounts()[0].identifiers.clone().unwrap().ach.unwrap();
    assert_eq!((ach.account.as_str(), ach.routing.as_str(), ach.is_tokenized), ("3018844197", "999988181", false));
    let one = |change: fn(&mut serde_json::Value)| {
        let all: Accounts = changed(ACCOUNTS, change);
        map::accounts::account(all.account.unwrap().remove(0), true, false).identifiers
    };
    let token = one(|body| body["account"][0]["fullAccountNumberList"]["tokenizedAccountNumber"] = json!("77"));
    assert!(matches!(token.unwrap().ach, Some(ach) if ach.account == "77" && ach.is_tokenized));
    let british = one(|body| body["account"][0]["bankTransferCode"][0]["type"] = json!("SORT_CODE"));
    assert_eq!(british.unwrap().bacs.unwrap().sort_code, "999988181");
    assert_eq!(one(|body| body["account"][0]["bankTransferCode"] = json!([])), None);
}

#[test]
fn owners_come_with_the_accounts_profile() {
    let owners = accounts()[0].owners.clone().unwrap();
    let names: Vec<_> = owners.iter().flat_map(|owner| owner.names.clone()).collect();
    assert_eq!(names, ["Robin Q Sample", "Kim Sample"]);
    assert_eq!(owners[0].addresses[0].street.as_deref(), Some("1 Main Street, Apt 2"));
    assert_eq!((&owners[1].emails, &owners[1].phone_numbers), (&owners[0].emails, &owners[0].phone_numbers));
    assert_eq!(accounts()[1].owners, None);
}

#[test]
fn nothing_is_given_that_was_not_asked_for() {
    let all = read::<Accounts>(ACCOUNTS).account.unwrap();
    let plain = all.into_iter().map(|one| map::accounts::account(one, false, false));
    assert!(plain.into_iter().all(|one| one.identifiers.is_none() && one.owners.is_none()));
}

#[test]
fn a_live_balance_takes_the_place_of_a_known_one() {
    let latest = read::<LatestBalances>(fixture!("latest_balances")).account_balance.unwrap();
    let mut savings = accounts().remove(0);
    map::accounts::refresh(&mut savings, &latest[0], "2016-08-27T11:00:00Z".parse().unwrap());
    assert_eq!(savings.balances.current, Some(decimal("9100")));
    assert_eq!(savings.balances.available, Some(decimal("6700.5")));
    assert_eq!(savings.balances.updated_at, Some("2016-08-27T10:00:00Z".parse().unwrap()));
}

#[test]
fn terms_stand_on_the_accounts() {
    let all = read::<Accounts>(ACCOUNTS).account.unwrap();
    let statements = read::<Statements>(fixture!("statements")).statement.unwrap();
    let found: Vec<_> = all.iter().filter_map(|one| map::liabilities::liability(one, &statements)).collect();
    let kinds: Vec<_> = found.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [LiabilityKind::Credit, LiabilityKind::Mortgage]);
    let [card, mortgage] = [&found[0].terms, &found[1].terms];
    assert_eq!((card.interest_rate, card.minimum_payment), (Some(decimal("19.99")), Some(decimal("15"))));
    assert_eq!(card.last_statement_date, Some("2016-08-10".parse().unwrap()));
    assert_eq!(card.last_statement_balance, Some(decimal("1636.44")));
    assert_eq!((mortgage.interest_rate, mortgage.minimum_payment), (Some(decimal("4.125")), Some(decimal("1210.55"))));
    assert_eq!(mortgage.maturity_date, Some("2040-03-15".parse().unwrap()));
}

#[test]
fn a_type_that_is_new_is_said_to_be_so() {
    assert_eq!(account_type(Some("space")), T::Unidentified);
    assert_eq!(account_type(Some("reward")), T::Other);
    assert_eq!(subtype(T::Investment, Some("MARS_BOND")), S::Unidentified);
    assert_eq!(subtype(T::Investment, Some("ROTH_IRA")), S::Roth);
    assert_eq!(subtype(T::Depository, None), S::Other);
}
