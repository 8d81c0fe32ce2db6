//! Accounts, numbers, owners, what was granted.

use std::collections::BTreeSet;

use serde_json::json;

use super::{fixture, read};
use crate::domain::account::{AccountSubtype as S, AccountType as T};
use crate::domain::liability::LiabilityKind;
use crate::domain::product::Product;
use crate::providers::akoya::map;
use crate::providers::akoya::map::products::{Listing, granted, listing};
use crate::providers::akoya::wire::account::Accounts;
use crate::providers::akoya::wire::token::Provider;
use crate::providers::data::ProviderAccount;

fn accounts(json: &str) -> Vec<ProviderAccount> {
    let all = map::accounts::open_accounts(read::<Accounts>(json));
    all.iter().map(|(kind, account)| map::accounts::account(*kind, account, "mikomo", "sub")).collect()
}

#[test]
fn the_example_accounts_are_ours() {
    let all = accounts(fixture!("balances"));
    let kinds: Vec<_> = all.iter().map(|one| (one.account_type, one.subtype)).collect();
    let expected = [
        (T::Investment, S::Plan529),
        (T::Investment, S::Brokerage),
        (T::Depository, S::Checking),
        (T::Depository, S::Checking),
        (T::Depository, S::CertificateOfDeposit),
        (T::Depository, S::Savings),
    ];
    assert_eq!(kinds, expected);
    let checking = &all[2];
    assert_eq!(checking.name, "Nickname Checking Plus 0071");
    assert_eq!((checking.mask.as_deref(), checking.currency.as_deref()), (Some("0071"), Some("USD")));
    assert_eq!(checking.balances.current.unwrap().to_string(), "106717.06");
    assert_eq!(checking.balances.updated_at.unwrap().to_rfc3339(), "2022-04-24T14:15:22+00:00");
    assert_eq!(checking.persistent_id.as_deref(), Some("mikomo/sub/g833202fb0866d0ad83472c429"));
    assert_eq!(all[1].mask.as_deref(), Some("7054"));
    assert_eq!(all[0].balances.current.unwrap().to_string(), "52672.49");
    let info = accounts(fixture!("accounts_info"));
    assert!(info.iter().zip(&all).all(|(a, b)| a.provider_account_id == b.provider_account_id));
    assert!(info.iter().all(|one| one.balances.current.is_none()));
}

#[test]
fn cards_and_loans_have_balances_of_their_own_and_terms() {
    let body = json!({"accounts": [
        {"locAccount": {"accountId": "c", "accountType": "CREDITCARD", "currentBalance": 512.25, "availableCredit": 4487.75,
            "creditLine": 5000, "purchasesApr": 19.99, "minimumPaymentAmount": 35, "nextPaymentDate": "2026-12-21T00:00:00Z",
            "lastStmtBalance": 498.1, "pastDueAmount": 0}},
        {"loanAccount": {"accountId": "m", "accountType": "Mortgage", "principalBalance": 240000.5, "interestRate": 4.25,
            "originalPrincipal": 300000, "originatingDate": "2020-01-15", "nextPaymentAmount": 1475.82}},
        {"loanAccount": {"accountId": "p", "accountType": "PERSONALLOAN", "principalBalance": 12}},
        {"locAccount": {"accountId": "h", "accountType": "HOMELINEOFCREDIT", "principalBalance": 7}},
        {"depositAccount": {"accountId": "x", "status": "CLOSED"}},
        {"locAccount": {"accountId": "c"}},
        {"rewardAccount": {"accountId": "new"}},
    ]})
    .to_string();
    let all = accounts(&body);
    assert_eq!(all.iter().map(|one| one.provider_account_id.as_str()).collect::<Vec<_>>(), ["c", "m", "p", "h"]);
    let card = &all[0].balances;
    let text = |amount: Option<rust_decimal::Decimal>| amount.unwrap().to_string();
    assert_eq!([card.current, card.available, card.limit].map(text), ["512.25", "4487.75", "5000"]);
    assert_eq!(text(all[1].balances.current), "240000.5");
    assert_eq!((all[3].account_type, all[3].subtype), (T::Loan, S::HomeEquity));
    let open = map::accounts::open_accounts(read::<Accounts>(&body));
    let terms: Vec<_> = open.iter().filter_map(|(kind, account)| map::liabilities::liability(*kind, account)).collect();
    let kinds: Vec<_> = terms.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [LiabilityKind::Credit, LiabilityKind::Mortgage, LiabilityKind::Mortgage]);
    assert_eq!(text(terms[0].terms.interest_rate), "19.99");
    assert_eq!(terms[0].terms.next_payment_due_date.unwrap().to_string(), "2026-12-21");
    assert_eq!(terms[0].terms.is_overdue, Some(false));
    assert_eq!(terms[1].terms.origination_date.unwrap().to_string(), "2020-01-15");
    assert_eq!(text(terms[1].terms.minimum_payment), "1475.82");
}

#[test]
fn numbers_are_of_ach_and_say_whether_they_are_tokens() {
    let real = map::accounts::identifiers(&read(fixture!("payment_networks"))).unwrap().ach.unwrap();
    assert_eq!((real.account.as_str(), real.routing.as_str(), real.is_tokenized), ("454992210071", "125000024", false));
    assert_eq!(real.wire_routing, None);
    let token = map::accounts::identifiers(&read(
        r#"{"paymentNetworks":[{"bankId":"1","identifier":"w","type":"US_FEDWIRE"},
            {"bankId":"2","identifier":"t","identifierType":"TOKENIZED_ACCOUNT_NUMBER","type":"US_ACH"}]}"#,
    ));
    let token = token.unwrap().ach.unwrap();
    assert_eq!((token.routing.as_str(), token.wire_routing.as_deref(), token.is_tokenized), ("2", Some("1"), true));
    assert_eq!(map::accounts::identifiers(&read(r#"{"paymentNetworks":[]}"#)), None);
}

#[test]
fn owners_come_from_either_list() {
    let holders = map::owners::holders(read(fixture!("contacts")));
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0].names, ["string string string string"]);
    assert_eq!((holders[0].phone_numbers[0].as_str(), holders[0].addresses.len()), ("string", 1));
    let customer = map::owners::customer(read(fixture!("customer")));
    assert_eq!(customer[0].names, ["Philip H Lovett"]);
    assert_eq!(customer[0].addresses[0].region.as_deref(), Some("TN"));
    assert!(customer[0].phone_numbers.is_empty());
    let bare =
        map::owners::holders(read(r#"{"holders":[{"name":{"company":"Acme"}}],"telephones":[{"number":"8675309"}]}"#));
    assert_eq!((bare[0].names[0].as_str(), bare[0].phone_numbers[0].as_str()), ("Acme", "8675309"));
    assert!(map::owners::holders(read("{}")).is_empty());
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a8_what_was_granted_stands_in_the_id_token() {
    use Product::*;
    let own = granted(Some(&names(&["account_info", "balances", "transactions"])));
    assert_eq!(own, BTreeSet::from([Balances, Liabilities, Transactions, InvestmentTransactions]));
    let fdx = granted(Some(&names(&["ACCOUNT_DETAILED", "STATEMENTS", "CUSTOMER_CONTACT"])));
    assert_eq!(fdx, BTreeSet::from([Balances, Liabilities, Owners]));
    assert_eq!(granted(None).len(), 7);
    assert!(granted(Some(&[])).is_empty());
}

#[test]
fn accounts_are_listed_by_a_call_that_was_granted() {
    assert_eq!(listing(None), Listing::Balances);
    assert_eq!(listing(Some(&names(&["INVESTMENTS"]))), Listing::Everything);
    assert_eq!(listing(Some(&names(&["account_info", "transactions"]))), Listing::Info);
}

#[test]
fn an_institution_has_what_it_says_or_all() {
    let one = |json: &str| map::institutions::institution(&read::<Provider>(json), "US");
    let mikomo = one(r#"{"providerId":"mikomo","name":"Mikomo","products":["payments"]}"#);
    assert_eq!((mikomo.name.as_str(), mikomo.oauth, mikomo.products.len()), ("Mikomo", true, 1));
    let bare = one(r#"{"providerId":"mikomo"}"#);
    assert_eq!((bare.name.as_str(), bare.products.len()), ("mikomo", 7));
}
