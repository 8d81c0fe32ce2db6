#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::*;

fn answer(status: u16, code: Option<&str>, of_login: bool) -> Failure {
    let body = code.map(|code| json!({ "errorCode": code, "errorMessage": "m", "referenceCode": "r1" }).to_string());
    let status = StatusCode::from_u16(status).unwrap();
    failure(status, body.as_deref().unwrap_or("<html>").as_bytes(), None, of_login)
}

#[test]
fn codes_are_sorted_by_what_to_do() {
    for (status, code, kind, persistence) in [
        (401, Some("Y015"), K::Auth, Permanent),
        (401, Some("Y020"), K::Auth, Temporary),
        (400, Some("Y301"), K::Auth, Permanent),
        (400, Some("Y800"), K::Invalid, Permanent),
        (400, Some("Y807"), K::NotFound, Permanent),
        (400, Some("Y825"), K::RateLimit, Temporary),
        (400, Some("Y868"), K::NotReady, Temporary),
        (400, Some("Y901"), K::Unsupported, Permanent),
        (400, Some("Y999"), K::Bug, Temporary),
        (401, None, K::Auth, Temporary),
        (429, None, K::RateLimit, Temporary),
        (503, None, K::Unavailable, Temporary),
        (418, None, K::Bug, Temporary),
    ] {
        let failure = answer(status, code, false);
        assert_eq!((failure.kind, failure.persistence), (kind, persistence), "{status} {code:?}");
    }
}

#[test]
fn e8_the_pause_between_updates_is_told() {
    assert_eq!(answer(400, Some("Y825"), false).retry_after, Some(Duration::from_secs(900)));
    assert_eq!(answer(429, None, false).retry_after, Some(Duration::from_secs(60)));
}

#[test]
fn g1_a_login_that_is_gone_can_only_be_linked_anew() {
    for (status, code) in [(400, Some("Y800")), (404, Some("Y807"))] {
        let gone = answer(status, code, true);
        assert_eq!((gone.kind, gone.condition), (K::NotFound, Some(RELINK_NEEDED)), "{status} {code:?}");
        assert_eq!(answer(status, code, false).condition, None, "{status} {code:?}");
    }
    let bare = answer(404, None, true);
    assert_eq!((bare.kind, bare.condition), (K::Unavailable, Some(YODLEE_DOWN)));
}

#[test]
fn f3_a_status_that_is_new_is_undetermined() {
    assert_eq!(of_additional_status("NEVER_HEARD_OF").unwrap().condition, Some(UNKNOWN));
    assert!(FINE.iter().all(|status| of_additional_status(status).is_none()));
    assert_eq!(of_login("ACCOUNT_LOCKED").unwrap().condition, Some(SEE_TO_IT));
    assert!(of_login("ACCT_SUMMARY_RECEIVED").is_none());
}

#[test]
fn every_status_of_the_description_has_a_meaning() {
    let described = "ACCOUNT_LOCKED ADDL_AUTHENTICATION_REQUIRED BETA_SITE_DEV_IN_PROGRESS CREDENTIALS_UPDATE_NEEDED \
        INCORRECT_CREDENTIALS PROPERTY_VALUE_NOT_AVAILABLE INVALID_ADDL_INFO_PROVIDED REQUEST_TIME_OUT SITE_BLOCKING_ERROR \
        UNEXPECTED_SITE_ERROR SITE_NOT_SUPPORTED SITE_UNAVAILABLE TECH_ERROR USER_ACTION_NEEDED_AT_SITE \
        SITE_SESSION_INVALIDATED NEW_AUTHENTICATION_REQUIRED DATASET_NOT_SUPPORTED ENROLLMENT_REQUIRED_FOR_DATASET \
        CONSENT_REQUIRED CONSENT_EXPIRED CONSENT_REVOKED INCORRECT_OAUTH_TOKEN DATA_NOT_AVAILABLE DATA_RETRIEVAL_FAILED \
        PARTIAL_DATA_RETRIEVED";
    for status in described.split_whitespace() {
        assert_ne!(of_additional_status(status).unwrap().condition, Some(UNKNOWN), "{status}");
    }
}
