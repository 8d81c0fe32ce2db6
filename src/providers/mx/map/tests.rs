#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::domain::liability::LiabilityKind;
use crate::domain::product::Product;
use crate::domain::transaction::{Category, TransactionStatus};
use crate::providers::FailureKind;
use crate::providers::mx::wire::account::{Account, AccountNumbers, AccountOwners, Accounts, Holding, Holdings};
use crate::providers::mx::wire::institution::{Institution, Institutions};
use crate::providers::mx::wire::member::{Member, MemberAnswer, Members};
use crate::providers::mx::wire::transaction::{Transaction, Transactions};
use crate::providers::mx::wire::{AuthorizationCode, UserAnswer, Users, WidgetAnswer};
use crate::providers::tests::feed;

/// A body made of the examples that the official description gives for each field.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".json"))
    };
}

const FIXTURES: [&str; 11] = [
    fixture!("accounts_v20111101"),
    fixture!("accounts_v20250224"),
    fixture!("account_numbers"),
    fixture!("account_owners"),
    fixture!("transactions"),
    fixture!("investment_holdings"),
    fixture!("institutions_v20111101"),
    fixture!("institutions_v20250224"),
    fixture!("member"),
    fixture!("members"),
    fixture!("users"),
];

/// Reads a value; numbers must be read as written, so it goes by way of a text.
fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn an_account_of_either_version_is_ours() {
    for (body, mask, balance, account_type, subtype) in [
        (fixture!("accounts_v20250224"), "1261", "1000", AccountType::Depository, AccountSubtype::Unidentified),
        (fixture!("accounts_v20111101"), "5366", "10000", AccountType::Depository, AccountSubtype::Savings),
    ] {
        let answer: Accounts = serde_json::from_str(body).unwrap();
        let ours = accounts::account(&answer.accounts[0]);
        assert_eq!(ours.provider_account_id, "ACT-06d7f44b-caae-0f6e-1384-01f52e75dcb1");
        assert_eq!((ours.account_type, ours.subtype), (account_type, subtype));
        assert_eq!((&*ours.name, ours.mask.as_deref()), ("Test account 2", Some(mask)));
        assert_eq!((ours.balances.current, ours.currency.as_deref()), (Some(decimal(balance)), Some("USD")));
    }
}

#[test]
fn every_kind_of_account_has_ours() {
    use AccountSubtype as S;
    use AccountType as T;
    for (given, ours) in [
        ((Some("CHECKING"), Some("NONE")), (T::Depository, S::Checking)),
        ((Some("CHECKING"), None), (T::Depository, S::Checking)),
        ((Some("SAVINGS"), Some("MONEY_MARKET")), (T::Depository, S::MoneyMarket)),
        ((Some("CREDIT_CARD"), Some("CREDIT_CARD")), (T::Credit, S::CreditCard)),
        ((Some("LOAN"), Some("STUDENT")), (T::Loan, S::StudentLoan)),
        ((Some("LOAN"), None), (T::Loan, S::Other)),
        ((Some("INVESTMENT"), Some("PLAN_401_K")), (T::Investment, S::Plan401k)),
        ((Some("INVESTMENT"), Some("SOMETHING_NEW")), (T::Investment, S::Unidentified)),
        ((Some("SOMETHING_NEW"), None), (T::Unidentified, S::Unidentified)),
        ((None, None), (T::Unidentified, S::Unidentified)),
    ] {
        assert_eq!(accounts::kind(given.0, given.1), ours, "{given:?}");
        assert!(ours.1 == S::Unidentified || ours.1.is_of(ours.0), "{ours:?}");
    }
}

#[test]
fn numbers_and_owners_go_to_their_accounts() {
    let numbers: AccountNumbers = serde_json::from_str(fixture!("account_numbers")).unwrap();
    let found = accounts::identifiers(numbers.account_numbers);
    let ours = found.values().next().unwrap();
    assert_eq!(ours.ach.as_ref().unwrap().account, "3331261");
    assert_eq!(ours.eft.as_ref().unwrap().institution, "123");
    let owners: AccountOwners = serde_json::from_str(fixture!("account_owners")).unwrap();
    let found = accounts::owners(owners.account_owners);
    let owner = &found.values().next().unwrap()[0];
    assert_eq!((&*owner.names[0], owner.addresses[0].city.as_deref()), ("Josh Smith", Some("Middlesex")));
}

#[test]
fn a_credit_is_negative_and_a_debit_positive() {
    let answer: Transactions = serde_json::from_str(fixture!("transactions")).unwrap();
    let ours = transactions::transaction(&answer.transactions[0]).unwrap();
    assert_eq!((ours.amount, ours.category), (decimal("-61.11"), Category::Income));
    assert_eq!((ours.status, ours.posted_date), (TransactionStatus::Posted, "2024-12-20".parse().ok()));
    assert_eq!((&*ours.description, ours.merchant.as_deref()), ("MX TECHNOLOGIES PAYMENT", Some("MX")));
    let debit = read(&json!({"guid": "TRN-1", "account_guid": "ACT-1", "amount": 5, "type": "DEBIT",
        "status": "PENDING", "date": "2026-01-31", "top_level_category": "Food & Dining", "posted_at": "2026-02-01"}));
    let ours = transactions::transaction(&debit).unwrap();
    assert_eq!((ours.amount, ours.category), (decimal("5"), Category::FoodAndDrink));
    assert_eq!((ours.status, ours.posted_date), (TransactionStatus::Pending, None));
}

#[test]
fn a_transaction_without_account_amount_or_day_is_none() {
    for missing in ["account_guid", "amount", "date"] {
        let mut body = json!({"guid": "TRN-1", "account_guid": "ACT-1", "amount": 5, "date": "2026-01-31"});
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(transactions::transaction(&read::<Transaction>(&body)), None, "{missing}");
    }
}

#[test]
fn a_new_category_is_unidentified_and_none_is_other() {
    let category = |coarse: Value| {
        let body = json!({"guid": "TRN-1", "account_guid": "ACT-1", "amount": 5, "date": "2026-01-31",
            "top_level_category": coarse});
        transactions::transaction(&read::<Transaction>(&body)).unwrap().category
    };
    assert_eq!(category(json!("Space Travel")), Category::Unidentified);
    assert_eq!(category(Value::Null), Category::Other);
}

#[test]
fn movements_of_investment_accounts_have_a_kind() {
    for (class, kind) in [
        ("Buy", InvestmentTransactionType::Buy),
        ("Sell", InvestmentTransactionType::Sell),
        ("Income", InvestmentTransactionType::Income),
        ("Fees", InvestmentTransactionType::Fee),
        ("Deposit", InvestmentTransactionType::Cash),
        ("Something New", InvestmentTransactionType::Unidentified),
    ] {
        let body = json!({"guid": "TRN-1", "account_guid": "ACT-1", "amount": 12.5, "type": "DEBIT",
            "date": "2026-01-31", "description": "BUY ACME", "classification": {"parent_class": class}});
        let ours = investments::movement(&read(&body)).unwrap();
        assert_eq!(ours.quantity, None, "MX does not say how much");
        assert_eq!((ours.transaction_type, ours.amount), (kind, decimal("12.5")), "{class}");
    }
}

#[test]
fn a_holding_is_ours() {
    let answer: Holdings = serde_json::from_str(fixture!("investment_holdings")).unwrap();
    let ours = investments::holding(&answer.investment_holdings[0]).unwrap();
    assert_eq!((ours.quantity, ours.cost_basis), (decimal("5000.0"), Some(decimal("827"))));
    assert_eq!(ours.security.security_type, SecurityType::MutualFund);
    assert_eq!(ours.security.symbol.as_deref(), Some("DEF"));
}

#[test]
fn terms_stand_on_accounts_that_are_owed_on() {
    let terms = |account_type: &str, subtype: &str| {
        let body = json!({"guid": "ACT-1", "type": account_type, "subtype": subtype, "apr": 24.99, "interest_rate": 3.25,
            "minimum_payment": 35, "payment_due_at": "2026-02-21T00:00:00Z", "matures_on": "2050-01-01"});
        liabilities::liability(&read(&body))
    };
    let card = terms("CREDIT_CARD", "NONE").unwrap();
    assert_eq!((card.kind, card.terms.interest_rate), (LiabilityKind::Credit, Some(decimal("24.99"))));
    let mortgage = terms("MORTGAGE", "NONE").unwrap();
    assert_eq!((mortgage.kind, mortgage.terms.interest_rate), (LiabilityKind::Mortgage, Some(decimal("3.25"))));
    assert_eq!(mortgage.terms.next_payment_due_date, "2026-02-21".parse().ok());
    assert_eq!(terms("LOAN", "STUDENT").unwrap().kind, LiabilityKind::Student);
    assert!(terms("LOAN", "AUTO").is_none() && terms("CHECKING", "NONE").is_none());
}

#[test]
fn an_institution_of_either_version_says_what_it_has() {
    let newer: Institutions = serde_json::from_str(fixture!("institutions_v20250224")).unwrap();
    let mut one = newer.institutions.into_iter().next().unwrap();
    assert_eq!(institutions::institution(&one), None, "it is hidden");
    one.is_hidden = Some(false);
    let ours = institutions::institution(&one).unwrap();
    assert_eq!((&*ours.provider_institution_id, &*ours.name, ours.oauth), ("mxbank", "MX Bank", true));
    let only = [Product::Balances, Product::Identifiers, Product::Liabilities];
    assert_eq!(ours.products, only.into());
    assert!(ours.instant_identifiers);
    let older: Institutions = serde_json::from_str(fixture!("institutions_v20111101")).unwrap();
    let ours = institutions::institution(&older.institutions[0]).unwrap();
    assert_eq!(ours.products.len(), Product::COMMON.len());
}

#[test]
fn f3_a_token_that_ended_is_given_anew_on_the_same_member() {
    let reason = |is_oauth: Value| {
        let member = json!({"guid": "MBR-1", "connection_status": "IMPAIRED", "is_oauth": is_oauth});
        status::observation(&read(&member)).unwrap().condition.reason
    };
    assert_eq!(reason(json!(true)), Some(StatusReason::TokenExpired));
    for password in [json!(false), Value::Null] {
        assert_eq!(reason(password), Some(StatusReason::LoginRequired));
    }
}

fn member(status: Value, needs_credentials: bool) -> Member {
    read(&json!({"guid": "MBR-1", "connection_status": status, "institution_code": "mxbank",
        "needs_updated_credentials": needs_credentials}))
}

#[test]
fn f3_every_status_says_how_the_connection_stands() {
    use Status::{Active, Degraded, ReconnectRequired, Undetermined, Unrecoverable};
    for (status, ours) in [
        (json!("CONNECTED"), Some(Active)),
        (json!("RECONNECTED"), Some(Active)),
        (json!("DELAYED"), Some(Active)),
        (json!("DENIED"), Some(ReconnectRequired)),
        (json!("EXPIRED"), Some(ReconnectRequired)),
        (json!("LOCKED"), Some(ReconnectRequired)),
        (json!("FAILED"), Some(Degraded)),
        (json!("DISCONTINUED"), Some(Unrecoverable)),
        (json!("CLOSED"), Some(Unrecoverable)),
        (json!("RESUMED"), None),
        (json!("SOMETHING_NEW"), Some(Undetermined)),
        (json!("<b>"), Some(Undetermined)),
        (Value::Null, Some(ReconnectRequired)),
    ] {
        let member = member(status.clone(), false);
        match (status::observation(&member), ours) {
            (Ok(observed), Some(ours)) => {
                assert_eq!(observed.condition.status, ours, "{status}");
                assert_eq!(observed.code.is_none(), ours == Active, "{status}");
            }
            (Err(failure), None) => assert_eq!(failure.kind, FailureKind::NotReady, "{status}"),
            (other, _) => panic!("{status}: {other:?}"),
        }
        let needs_customer = ours.is_some_and(Status::needs_customer);
        assert_eq!(status::lost(&member).is_some(), needs_customer, "{status}");
    }
}

#[test]
fn every_status_of_the_description_is_known() {
    // The description's closed list.
    for status in [
        "CREATED",
        "PREVENTED",
        "DENIED",
        "CHALLENGED",
        "REJECTED",
        "LOCKED",
        "CONNECTED",
        "IMPEDED",
        "RECONNECTED",
        "DEGRADED",
        "DISCONNECTED",
        "DISCONTINUED",
        "CLOSED",
        "DELAYED",
        "FAILED",
        "UPDATED",
        "DISABLED",
        "IMPORTED",
        "RESUMED",
        "EXPIRED",
        "IMPAIRED",
        "PENDING",
    ] {
        let undetermined = status::Standing::Settled(Condition { status: Status::Undetermined, reason: None });
        assert_ne!(status::standing(Some(status)), undetermined, "{status}");
    }
}

#[test]
fn credentials_that_no_longer_do_need_the_customer() {
    let observed = status::observation(&member(json!("CONNECTED"), true)).unwrap();
    assert_eq!(observed.condition, Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired));
    assert_eq!(observed.code.as_deref(), Some("NEEDS_UPDATED_CREDENTIALS"));
}

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Accounts>(body) {
        answer.accounts.iter().for_each(swallow_account);
    }
    if let Ok(account) = serde_json::from_slice::<Account>(body) {
        swallow_account(&account);
    }
    let _ = serde_json::from_slice::<AccountNumbers>(body).map(|all| accounts::identifiers(all.account_numbers));
    let _ = serde_json::from_slice::<AccountOwners>(body).map(|all| accounts::owners(all.account_owners));
    let _ = serde_json::from_slice::<Holding>(body).map(|one| investments::holding(&one));
    let _ = serde_json::from_slice::<Holdings>(body);
    let _ = serde_json::from_slice::<Transactions>(body);
    if let Ok(one) = serde_json::from_slice::<Transaction>(body) {
        let _ = (transactions::transaction(&one), investments::movement(&one));
    }
    let _ = serde_json::from_slice::<Institution>(body).map(|one| institutions::institution(&one));
    let _ = serde_json::from_slice::<Institutions>(body);
    if let Ok(one) = serde_json::from_slice::<Member>(body) {
        let _ = (status::observation(&one), status::lost(&one));
    }
    let _ = serde_json::from_slice::<MemberAnswer>(body);
    let _ = serde_json::from_slice::<Members>(body);
    let _ = serde_json::from_slice::<Users>(body);
    let _ = serde_json::from_slice::<UserAnswer>(body);
    let _ = serde_json::from_slice::<WidgetAnswer>(body);
    let _ = serde_json::from_slice::<AuthorizationCode>(body);
}

fn swallow_account(account: &Account) {
    let _ = (accounts::account(account), liabilities::liability(account), accounts::is_shared(account));
}

#[test]
fn nothing_panics() {
    feed(&FIXTURES, swallow);
}
