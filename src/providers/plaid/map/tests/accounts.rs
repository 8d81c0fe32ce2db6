use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{changed, decimal, fixture, read};
use crate::domain::account::{AccountSubtype, AccountType, Ach, Bacs, Balances, Eft, International, Verification};
use crate::providers::data::ProviderAccount;
use crate::providers::plaid::map::accounts::{account, identifiers, owners};
use crate::providers::plaid::map::subtypes::{account_type, filters, subtype};
use crate::providers::plaid::wire::account::{Accounts, Auth, Identity};

fn accounts(json: &str) -> Vec<ProviderAccount> {
    read::<Accounts>(json).accounts.into_iter().map(|one| account(one, None)).collect()
}

/// The first account of the example with a change.
fn one(change: impl FnOnce(&mut Value)) -> ProviderAccount {
    let answer: Accounts = changed(fixture!("accounts_get"), |body| change(&mut body["accounts"][0]));
    account(answer.accounts.into_iter().next().unwrap(), None)
}

#[test]
fn accounts_are_read() {
    let accounts = accounts(fixture!("accounts_get"));
    assert_eq!(
        accounts[0],
        ProviderAccount {
            verification: None,
            provider_account_id: "blgvvBlXw3cq5GMPwqB6s6q4dLKB9WcVqGDGo".into(),
            persistent_id: None,
            name: "Plaid Checking".into(),
            mask: Some("0000".into()),
            account_type: AccountType::Depository,
            subtype: AccountSubtype::Checking,
            currency: Some("USD".into()),
            balances: Balances {
                current: Some(decimal("110")),
                available: Some(decimal("100")),
                limit: None,
                updated_at: None,
            },
            identifiers: None,
            owners: None,
            verbatim: accounts[0].verbatim.clone(),
        }
    );
    assert_eq!(accounts[0].verbatim.0.as_ref().unwrap()["official_name"], "Plaid Gold Standard 0% Interest Checking");
    let kinds: Vec<_> = accounts.iter().map(|account| (account.account_type, account.subtype)).collect();
    assert_eq!(
        kinds[1..],
        [(AccountType::Investment, AccountSubtype::Plan401k), (AccountType::Loan, AccountSubtype::StudentLoan)]
    );
    assert_eq!(accounts[1].balances.current, Some(decimal("23631.9805")));
}

#[test]
fn live_balances_are_of_now_unless_the_institution_says_else() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let live = read::<Accounts>(fixture!("balance_get")).accounts.into_iter().map(|one| account(one, Some(now)));
    let live: Vec<_> = live.collect();
    assert_eq!((live[1].balances.current, live[1].balances.limit), (Some(decimal("410")), Some(decimal("2000"))));
    assert!(live.iter().all(|account| account.balances.updated_at == Some(now)));
    let stale = one(|account| account["balances"]["last_updated_datetime"] = "2026-11-20T01:02:03Z".into());
    assert_eq!(stale.balances.updated_at, Some("2026-11-20T01:02:03Z".parse().unwrap()));
}

#[test]
fn what_is_missing_or_strange_is_borne() {
    let bare = one(|account| {
        *account =
            json!({"account_id": "a", "balances": {}, "name": " \u{0}", "official_name": "Gold", "type": "piggy"});
    });
    assert_eq!((bare.name.as_str(), bare.mask, bare.currency), ("Gold", None, None));
    assert_eq!((bare.account_type, bare.subtype), (AccountType::Unidentified, AccountSubtype::Other));
    let long = one(|account| account["name"] = "x".repeat(10_000).into());
    assert_eq!(long.name.chars().count(), 500);
    let coin = one(|account| {
        account["balances"]["iso_currency_code"] = Value::Null;
        account["balances"]["unofficial_currency_code"] = "BTC".into();
    });
    assert_eq!(coin.currency.as_deref(), Some("BTC"));
    for id in [json!(null), json!(""), json!("a\u{0}b"), json!("x".repeat(256))] {
        let body = json!({"accounts": [{"account_id": id, "balances": {}}]}).to_string();
        assert!(serde_json::from_str::<Accounts>(&body).is_err(), "{body}");
    }
}

#[test]
fn numbers_belong_to_their_accounts() {
    let mut numbers = identifiers(read::<Auth>(fixture!("auth_get")).numbers);
    let all = numbers.remove("vzeNDwK7KQIm4yEog683uElbp9GRLEFXGK98D").unwrap();
    assert_eq!(
        all.ach,
        Some(Ach {
            account: "9900009606".into(),
            routing: "011401533".into(),
            wire_routing: Some("021000021".into()),
            is_tokenized: false,
        })
    );
    let eft = Eft { account: "111122223333".into(), institution: "021".into(), branch: "01140".into() };
    assert_eq!(all.eft, Some(eft));
    assert_eq!(all.bacs, Some(Bacs { account: "31926819".into(), sort_code: "601613".into() }));
    let iban = International { iban: "GB29NWBK60161331926819".into(), bic: Some("NWBKGB21".into()) };
    assert_eq!(all.international, Some(iban));
    assert!(numbers.is_empty());
}

#[test]
fn owners_belong_to_their_accounts_first_choice_first() {
    let answer: Identity = changed(fixture!("identity_get"), |body| {
        body["accounts"][0]["owners"][0]["phone_numbers"][2]["primary"] = true.into();
    });
    let owners = owners(answer);
    assert_eq!(owners.len(), 2);
    let owner = &owners["BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp"][0];
    assert_eq!(owner.names, ["Alberta Bobbeth Charleson"]);
    assert_eq!(owner.phone_numbers, ["1112225555", "2025550123", "1112224444"]);
    assert_eq!(owner.emails[0], "accountholder0@example.com");
    assert_eq!(owner.addresses[0].street.as_deref(), Some("2992 Cameron Road"));
    assert_eq!(owner.addresses[1].postal_code.as_deref(), Some("93405-2255"));
}

/// `AccountType` and `AccountSubtype` of the official description.
const PLAIDS_SUBTYPES: &str = "401a,401k,403B,457b,529,auto,brokerage,business,cash isa,cash management,cd,checking,\
    commercial,construction,consumer,credit card,crypto exchange,ebt,education savings account,fhsa,fixed annuity,gic,\
    health reimbursement arrangement,home equity,hsa,isa,ira,keogh,lif,life insurance,limited purpose checking,\
    line of credit,lira,loan,lrif,lrsp,money market,mortgage,mutual fund,non-custodial wallet,\
    non-taxable brokerage account,other,other insurance,other annuity,overdraft,paypal,payroll,pension,prepaid,prif,\
    profit sharing plan,qshr,rdsp,resp,retirement,rlif,roth,roth 401k,roth 403B,roth 457b,roth pension,\
    roth profit sharing plan,roth thrift savings plan,rrif,rrsp,sarsep,savings,sep ira,simple ira,sipp,stock plan,student,\
    thrift savings plan,tfsa,trust,ugma,utma,variable annuity";

#[test]
fn every_subtype_of_plaids_is_known() {
    for name in PLAIDS_SUBTYPES.split(',') {
        for kind in AccountType::ALL {
            assert_ne!(subtype(*kind, Some(name)), AccountSubtype::Unidentified, "{name}");
        }
    }
    assert_eq!(subtype(AccountType::Loan, Some("piggy bank")), AccountSubtype::Unidentified);
    assert_eq!(subtype(AccountType::Credit, Some("paypal")), AccountSubtype::CreditCard);
    assert_eq!(subtype(AccountType::Depository, Some("paypal")), AccountSubtype::Wallet);
    assert_eq!(subtype(AccountType::Investment, Some("403b")), AccountSubtype::Plan403b);
    for (name, kind) in [("brokerage", AccountType::Investment), ("loan", AccountType::Loan)] {
        assert_eq!(account_type(Some(name)), kind);
    }
    assert_eq!(account_type(None), AccountType::Other);
}

#[test]
fn b13_every_subtype_that_accounts_have_can_be_filtered_by() {
    let reachable: BTreeSet<_> = PLAIDS_SUBTYPES
        .split(',')
        .flat_map(|name| AccountType::ALL.iter().map(move |kind| subtype(*kind, Some(name))))
        .collect();
    for ours in reachable {
        let wanted = ["depository", "credit", "loan", "investment", "other"]
            .map(|kind| (kind.to_owned(), vec![ours.as_str().to_owned()]));
        assert!(filters(&wanted.into()).is_some(), "{ours}");
    }
}

#[test]
fn b16_numbers_wait_for_their_deposits() {
    let waits = |status: Value| one(|account| account["verification_status"] = status).verification;
    assert_eq!(waits(json!("pending_manual_verification")), Some(Verification::ByCustomer));
    assert_eq!(waits(json!("pending_automatic_verification")), Some(Verification::Automatic));
    for failed in ["verification_expired", "verification_failed"] {
        assert_eq!(waits(json!(failed)), Some(Verification::Failed));
    }
    for nothing in [json!("manually_verified"), json!("automatically_verified"), json!("brand_new"), Value::Null] {
        assert_eq!(waits(nothing), None);
    }
}
