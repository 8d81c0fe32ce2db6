//! How a login stands.

use serde_json::{Value, json};

use super::{changed, fixture, read};
use crate::domain::connection::{Condition, Status, StatusReason as R};
use crate::domain::product::Product;
use crate::providers::data::Observation;
use crate::providers::yodlee::map::status::{Update, observation, update};
use crate::providers::yodlee::wire::provider_account::{Consents, ProviderAccount, ProviderAccounts};

const LOGIN: &str = fixture!("provider_account");

fn login(change: impl FnOnce(&mut Value)) -> ProviderAccount {
    let all: ProviderAccounts = changed(LOGIN, |body| change(&mut body["providerAccount"][0]));
    all.provider_account.unwrap().remove(0)
}

fn seen(status: &str, additional: &str) -> Observation {
    let one = login(|one| {
        one["status"] = json!(status);
        one["dataset"][0]["additionalStatus"] = json!(additional);
    });
    observation(&one, &[])
}

#[test]
fn a_login_that_is_well_is_active_with_what_its_datasets_bring() {
    let consents: Consents = read(fixture!("consents"));
    let seen = observation(&login(|_| {}), &consents.consent.unwrap());
    assert_eq!((seen.condition, seen.code), (Condition::HEALTHY, None));
    assert_eq!(seen.provider_connection_id, "10502782");
    assert_eq!(seen.provider_institution_id.as_deref(), Some("16441"));
    assert_eq!(seen.consented, Product::COMMON.into());
    assert_eq!(seen.consent_expires_at, Some("2017-02-21T09:16:32Z".parse().unwrap()));
    let without = observation(&login(|one| drop(one["dataset"].as_array_mut().unwrap().pop())), &[]);
    assert!(!without.consented.contains(&Product::Owners) && without.consented.contains(&Product::Transactions));
}

#[test]
fn f3_every_state_has_its_status() {
    let of = |status, reason| Condition::new(status, reason);
    let undetermined = Condition { status: Status::Undetermined, reason: None };
    for (status, additional, condition) in [
        ("FAILED", "INCORRECT_CREDENTIALS", of(Status::ReconnectRequired, R::LoginRequired)),
        ("FAILED", "ACCOUNT_LOCKED", of(Status::ReconnectRequired, R::Other)),
        ("FAILED", "CONSENT_EXPIRED", of(Status::ReconnectRequired, R::TokenExpired)),
        ("FAILED", "CONSENT_REVOKED", of(Status::Unrecoverable, R::RelinkNeeded)),
        ("FAILED", "SITE_NOT_SUPPORTED", of(Status::Unrecoverable, R::RelinkNeeded)),
        ("FAILED", "SITE_UNAVAILABLE", of(Status::Degraded, R::InstitutionCurrentlyUnavailable)),
        ("DATA_RETRIEVAL_FAILED", "TECH_ERROR", of(Status::Degraded, R::ServiceProviderCurrentlyUnavailable)),
        ("USER_INPUT_REQUIRED", "LOGIN_IN_PROGRESS", of(Status::ReconnectRequired, R::LoginRequired)),
        ("PARTIAL_SUCCESS", "PARTIAL_DATA_RETRIEVED", of(Status::PartiallyActive, R::PartialAggregationSuccess)),
        ("PARTIAL_SUCCESS", "CREDENTIALS_UPDATE_NEEDED", of(Status::ReconnectRequired, R::LoginRequired)),
        ("SUCCESS", "SITE_UNAVAILABLE", of(Status::PartiallyActive, R::PartialAggregationSuccess)),
        ("SUCCESS", "ENROLLMENT_REQUIRED_FOR_DATASET", Condition::HEALTHY),
        ("IN_PROGRESS", "DATA_RETRIEVAL_IN_PROGRESS", Condition::HEALTHY),
        ("MIGRATION_IN_PROGRESS", "INCORRECT_CREDENTIALS", Condition::HEALTHY),
        ("FAILED", "NEVER_HEARD_OF", undetermined),
        ("FAILED", "AVAILABLE_DATA_RETRIEVED", undetermined),
        ("NEVER_HEARD_OF", "AVAILABLE_DATA_RETRIEVED", undetermined),
    ] {
        let seen = seen(status, additional);
        assert_eq!(seen.condition, condition, "{status} {additional}");
        assert_eq!(seen.code.is_none(), condition == Condition::HEALTHY, "{status} {additional}: {:?}", seen.code);
    }
}

#[test]
fn what_only_the_customer_can_mend_wins() {
    let one = login(|one| {
        one["status"] = json!("FAILED");
        one["dataset"][0]["additionalStatus"] = json!("SITE_UNAVAILABLE");
        one["dataset"][1]["additionalStatus"] = json!("INCORRECT_CREDENTIALS");
    });
    assert_eq!(observation(&one, &[]).code.as_deref(), Some("INCORRECT_CREDENTIALS"));
}

#[test]
fn a_site_that_wants_the_customer_each_time_is_said_to() {
    let one = login(|one| one["dataset"][0]["updateEligibility"] = json!("ALLOW_UPDATE_WITH_CREDENTIALS"));
    let condition = observation(&one, &[]).condition;
    assert_eq!(condition, Condition::new(Status::Degraded, R::InteractiveRefresh));
}

#[test]
fn an_update_is_followed_until_the_accounts_are_known() {
    for (status, additional, far) in [
        ("LOGIN_IN_PROGRESS", "LOGIN_IN_PROGRESS", Update::LoggingIn),
        ("USER_INPUT_REQUIRED", "LOGIN_IN_PROGRESS", Update::LoggingIn),
        ("IN_PROGRESS", "DATA_RETRIEVAL_IN_PROGRESS", Update::Fetching),
        ("IN_PROGRESS", "ACCT_SUMMARY_RECEIVED", Update::Summarised),
        ("PARTIAL_SUCCESS", "PARTIAL_DATA_RETRIEVED", Update::Done),
        ("FAILED", "ACCOUNT_LOCKED", Update::Failed),
        ("NEVER_HEARD_OF", "", Update::Failed),
    ] {
        let one = login(|one| {
            one["status"] = json!(status);
            one["dataset"][0]["additionalStatus"] = json!(additional);
        });
        assert_eq!(update(&one), far, "{status} {additional}");
    }
}
