#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;

use super::transactions::{Entry, Reading, entry};
use super::*;
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::institution::InstitutionHealth;
use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::domain::liability::LiabilityKind;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::finicity::wire::account::{Account, Accounts, AchDetails, Holders};
use crate::providers::finicity::wire::institution::Institutions;
use crate::providers::finicity::wire::transaction::{Transaction, Transactions};
use crate::providers::tests::feed;

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

fn accounts() -> Vec<Account> {
    read::<Accounts>(include_str!("../fixtures/accounts.json")).accounts
}

fn transactions() -> Vec<Transaction> {
    read::<Transactions>(include_str!("../fixtures/transactions.json")).transactions
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const PLAIN: Reading = Reading { currency: None, purchase_positive: false };

#[test]
fn accounts_have_our_types_and_what_is_owed_is_positive() {
    let mapped: Vec<_> = accounts().iter().map(super::accounts::account).collect();
    let types: Vec<_> = mapped.iter().map(|account| (account.account_type, account.subtype)).collect();
    assert_eq!(
        types,
        [
            (AccountType::Depository, AccountSubtype::Checking),
            (AccountType::Credit, AccountSubtype::CreditCard),
            (AccountType::Investment, AccountSubtype::Brokerage),
            (AccountType::Loan, AccountSubtype::Mortgage),
            (AccountType::Loan, AccountSubtype::StudentLoan),
            (AccountType::Unidentified, AccountSubtype::Unidentified),
        ]
    );
    let balances = |n: usize| {
        let balances = &mapped[n].balances;
        [balances.current, balances.available, balances.limit].map(|one| one.map(|one| one.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(balances(0), [some("401.26"), some("378.78"), None]);
    assert_eq!(balances(1), [some("952.33"), some("4047.67"), some("5000")]);
    assert_eq!(balances(2), [some("10412.5"), some("1000.25"), None]);
    assert_eq!(balances(3), [some("185000.4"), None, None]);
    assert_eq!(balances(4), [some("21000"), None, None]);
    assert_eq!((mapped[0].mask.as_deref(), mapped[0].currency.as_deref()), (Some("8377"), Some("USD")));
    assert_eq!(mapped[0].balances.updated_at.unwrap().timestamp(), 1_607_450_357);
}

#[test]
fn every_type_of_the_list_has_a_subtype_of_its_type() {
    for kind in ["checking", "cd", "529plan", "roth401k", "sepIRA", "cryptocurrency", "loan", "lineOfCredit", "ugma"] {
        let (account_type, subtype) = subtypes::account_type(Some(kind));
        assert!(subtype.is_of(account_type), "{kind}: {account_type} {subtype}");
    }
    assert_eq!(subtypes::account_type(None), (AccountType::Other, AccountSubtype::Other));
}

#[test]
fn the_description_s_sign_is_turned_round_and_the_configured_one_kept() {
    let there = |reading: &Reading| -> Vec<_> {
        let entries = transactions().into_iter().filter_map(|transaction| entry(transaction, reading));
        entries.filter_map(|entry| if let Entry::There(it) = entry { Some(it.amount) } else { None }).collect()
    };
    assert_eq!(there(&PLAIN), ["828.9", "-1208.15", "50", "3"].map(amount));
    let card = Reading::of(&accounts()[1], &["CreditCard".to_owned()]);
    assert!(card.purchase_positive && !Reading::of(&accounts()[0], &["creditCard".to_owned()]).purchase_positive);
    assert_eq!(there(&card), ["-828.9", "1208.15", "-50", "-3"].map(amount));
}

#[test]
fn transactions_are_posted_pending_or_gone() {
    let mut entries = transactions().into_iter().map(|transaction| entry(transaction, &PLAIN).unwrap());
    let mut next = || entries.next().unwrap();
    let Entry::There(first) = next() else { panic!("gone") };
    assert_eq!((first.status, first.category), (TransactionStatus::Posted, Category::Entertainment));
    assert_eq!((first.transaction_date, first.posted_date), (day("2020-12-06"), Some(day("2020-12-07"))));
    assert_eq!(
        (first.description.as_str(), first.merchant.as_deref()),
        ("REMOTE ONLINE DEPOSIT # 1", Some("Mad Science Research"))
    );
    assert_eq!(first.provider_account_id, "5011648377");
    let Entry::There(wages) = next() else { panic!("gone") };
    // The memo says nothing that the description has not said.
    assert_eq!((wages.category, wages.description.as_str()), (Category::Income, "ACME PAYROLL"));
    assert_eq!((wages.transaction_date, wages.posted_date), (day("2020-12-07"), Some(day("2020-12-07"))));
    let Entry::There(pending) = next() else { panic!("gone") };
    assert_eq!((pending.status, pending.posted_date), (TransactionStatus::Pending, None));
    assert_eq!(pending.category, Category::TransferOut);
    assert_eq!(next(), Entry::Gone("21284820855".to_owned()));
    let Entry::There(odd) = next() else { panic!("gone") };
    assert_eq!((odd.category, odd.description.as_str(), odd.merchant), (Category::Unidentified, "ODD FEE", None));
}

#[test]
fn positions_become_holdings_with_ids_of_their_own() {
    let holdings = investments::holdings(&accounts()[2]);
    let ids: Vec<_> = holdings.iter().map(|holding| holding.provider_security_id.as_str()).collect();
    assert_eq!(ids, ["25400W102", "25400W102#454678081", "US9219378356"]);
    let first = &holdings[0];
    assert_eq!((first.security.cusip.as_deref(), first.security.isin.as_deref()), (Some("25400W102"), None));
    assert_eq!(first.security.security_type, SecurityType::Equity);
    assert_eq!((first.quantity, first.cost_basis), (amount("6.537"), Some(amount("190.01"))));
    assert_eq!((first.price_as_of, first.currency.as_deref()), (Some(day("2020-12-08")), Some("USD")));
    assert_eq!(holdings[2].security.security_type, SecurityType::MutualFund);
    assert_eq!(holdings[2].security.isin.as_deref(), Some("US9219378356"));
}

#[test]
fn movements_are_transactions_of_investment_accounts() {
    let page: Transactions = read(include_str!("../fixtures/movements.json"));
    assert!(page.more_available.0);
    let movements: Vec<_> = page.transactions.iter().filter_map(|one| investments::movement(one, &PLAIN)).collect();
    let seen: Vec<_> = movements
        .iter()
        .map(|one| (one.transaction_type, one.quantity.map(|one| one.to_string()), one.amount.to_string()))
        .collect();
    let row = |kind, quantity: Option<&str>, amount: &str| (kind, quantity.map(str::to_owned), amount.to_owned());
    assert_eq!(
        seen,
        [
            row(InvestmentTransactionType::Buy, Some("150.42"), "831.83"),
            row(InvestmentTransactionType::Sell, Some("-10"), "-55.3"),
            row(InvestmentTransactionType::Income, None, "-12.5"),
        ]
    );
    assert_eq!(movements[0].fees, Some(amount("1.51")));
    assert_eq!(movements[0].security.as_ref().unwrap().cusip.as_deref(), Some("91823B109"));
    assert_eq!(movements[2].security, None);
}

#[test]
fn terms_stand_in_the_details() {
    let terms: Vec<_> = accounts().iter().filter_map(liabilities::liability).collect();
    let kinds: Vec<_> = terms.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [LiabilityKind::Credit, LiabilityKind::Mortgage, LiabilityKind::Student]);
    let card = &terms[0].terms;
    assert_eq!((card.interest_rate, card.minimum_payment), (Some(amount("19.99")), Some(amount("35"))));
    assert_eq!((card.is_overdue, card.last_statement_date), (Some(false), Some(day("2020-11-30"))));
    let house = &terms[1].terms;
    assert_eq!((house.interest_rate, house.original_principal), (Some(amount("3.875")), Some(amount("240000"))));
    assert_eq!((house.is_overdue, house.origination_date), (Some(true), Some(day("2017-01-01"))));
    let study = &terms[2].terms;
    assert_eq!(
        (study.interest_rate, study.is_overdue, study.maturity_date),
        (None, Some(false), Some(day("2030-01-01")))
    );
}

#[test]
fn owners_and_numbers() {
    let owners = super::accounts::owners(read::<Holders>(include_str!("../fixtures/owner.json")));
    let owner = &owners[0];
    assert_eq!(
        (owner.names.as_slice(), owner.emails[0].as_str()),
        (&["John Smith, PhD".to_owned()][..], "myname@mycompany.com")
    );
    let address = &owner.addresses[0];
    assert_eq!(
        (address.street.as_deref(), address.country.as_deref()),
        (Some("434 W Ascension Way, Suite #200"), Some("US"))
    );
    assert_eq!(owner.addresses[1].street.as_deref(), Some("PO Box 1, Murray UT"));
    let details: AchDetails = read(r#"{"routingNumber":"123456789","realAccountNumber":"002345678901"}"#);
    let ach = super::accounts::identifiers(&details).unwrap().ach.unwrap();
    assert_eq!((ach.routing.as_str(), ach.account.as_str()), ("123456789", "002345678901"));
    assert_eq!(super::accounts::identifiers(&read(r#"{"routingNumber":"","realAccountNumber":"1"}"#)), None);
}

#[test]
fn an_institution_has_what_it_is_certified_for() {
    use Product::{
        Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions,
    };
    let page: Institutions = read(include_str!("../fixtures/institutions.json"));
    assert!(!page.more_available.0);
    let mapped: Vec<_> = page.institutions.into_iter().map(institutions::institution).collect();
    let all = [Balances, Identifiers, Owners, Transactions, InvestmentHoldings, InvestmentTransactions, Liabilities];
    assert_eq!(mapped[0].products, all.into());
    assert_eq!(mapped[1].products, [Balances, Transactions, InvestmentHoldings, InvestmentTransactions].into());
    assert!(mapped[2].products.is_empty() && mapped[0].instant_identifiers && !mapped[1].instant_identifiers);
    assert_eq!(mapped[0].logo_url.as_deref(), Some("https://branding.example/icon.svg"));
    assert_eq!((mapped[1].url.as_deref(), mapped[1].oauth), (None, true));
    let health: Vec<_> = mapped.iter().map(|one| one.health).collect();
    assert_eq!(health, [InstitutionHealth::Healthy, InstitutionHealth::Degraded, InstitutionHealth::Down]);
}

#[test]
fn a_login_stands_as_the_worst_of_its_accounts() {
    let now = DateTime::<Utc>::from_timestamp_secs(1_607_450_400).unwrap();
    let with = |codes: &[Option<i64>], end: Option<i64>| {
        let mut accounts = accounts();
        accounts.truncate(codes.len());
        for (account, code) in accounts.iter_mut().zip(codes) {
            account.aggregation_status_code = *code;
            account.authorization_end_date = end.map(super::super::wire::Epoch);
        }
        let observed = status::observation("7", &accounts, &[Product::Balances], now);
        (observed.condition, observed.code)
    };
    let down = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
    let login = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
    let token = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
    let some = |code: &str| Some(code.to_owned());
    assert_eq!(with(&[Some(0), None], None), (Condition::HEALTHY, None));
    assert_eq!(with(&[Some(169), Some(0)], None), (Condition::HEALTHY, None));
    assert_eq!(with(&[Some(0), Some(580)], None), (down, some("580")));
    assert_eq!(with(&[Some(103), Some(580)], None), (login, some("103")));
    assert_eq!(with(&[Some(0)], Some(now.timestamp())), (token, some("947")));
    assert_eq!(with(&[Some(0)], Some(now.timestamp() + 1)), (Condition::HEALTHY, None));
    assert_eq!(with(&[Some(77_000)], None).0.status, Status::Undetermined);
}

fn map_all(json: &str) {
    let now = DateTime::<Utc>::MAX_UTC;
    if let Ok(found) = serde_json::from_str::<Accounts>(json) {
        for account in &found.accounts {
            let _ =
                (super::accounts::account(account), investments::holdings(account), liabilities::liability(account));
        }
        let _ = status::observation("1", &found.accounts, &[], now);
    }
    if let Ok(found) = serde_json::from_str::<Transactions>(json) {
        for transaction in found.transactions {
            let _ = investments::movement(&transaction, &PLAIN);
            let _ = entry(transaction, &PLAIN);
        }
    }
    if let Ok(found) = serde_json::from_str::<Institutions>(json) {
        let _: Vec<_> = found.institutions.into_iter().map(institutions::institution).collect();
    }
    if let Ok(found) = serde_json::from_str::<Holders>(json) {
        let _ = super::accounts::owners(found);
    }
}

#[test]
fn nothing_panics() {
    const FIXTURES: [&str; 5] = [
        include_str!("../fixtures/accounts.json"),
        include_str!("../fixtures/institutions.json"),
        include_str!("../fixtures/movements.json"),
        include_str!("../fixtures/owner.json"),
        include_str!("../fixtures/transactions.json"),
    ];
    feed(&FIXTURES, |body| map_all(&String::from_utf8_lossy(body)));
}
