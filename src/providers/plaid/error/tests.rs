#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn error(error_type: &str, code: &str) -> PlaidError {
    PlaidError { error_type: Some(error_type.into()), error_code: Some(code.into()), ..PlaidError::default() }
}

fn said(status: u16, body: impl AsRef<[u8]>) -> Failure {
    failure(StatusCode::from_u16(status).unwrap(), body.as_ref(), None)
}

#[test]
fn no_code_stands_in_the_table_twice() {
    let mut codes: Vec<&str> = TABLE.iter().flat_map(|(codes, _)| codes.iter().copied()).collect();
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
}

#[test]
fn f3_codes_that_need_the_customer_are_reconnect_required() {
    for code in [
        "ITEM_LOGIN_REQUIRED",
        "ITEM_LOCKED",
        "INVALID_CREDENTIALS",
        "INVALID_MFA",
        "INVALID_OTP",
        "INSUFFICIENT_CREDENTIALS",
        "INVALID_SEND_METHOD",
        "INVALID_PHONE_NUMBER",
        "USER_INPUT_TIMEOUT",
        "PASSWORD_RESET_REQUIRED",
        "USER_SETUP_REQUIRED",
        "MFA_NOT_SUPPORTED",
        "USER_PERMISSION_REVOKED",
        "ACCESS_NOT_GRANTED",
        "ADDITIONAL_CONSENT_REQUIRED",
    ] {
        let meaning = Meaning::of(&error("ITEM_ERROR", code));
        assert_eq!(meaning.item_condition().status, Status::ReconnectRequired, "{code}");
        assert_eq!(meaning.persistence, Persistence::NeedsUser, "{code}");
        assert!(meaning.product.is_some(), "{code}");
    }
}

#[test]
fn f3_what_can_be_renewed_is_token_expired() {
    let mut login = error("ITEM_ERROR", "ITEM_LOGIN_REQUIRED");
    assert_eq!(Meaning::of(&login).condition, Some(LOGIN_REQUIRED));
    for reason in ["OAUTH_INVALID_TOKEN", "OAUTH_CONSENT_EXPIRED", "OAUTH_USER_REVOKED"] {
        login.error_code_reason = Some(reason.into());
        assert_eq!(Meaning::of(&login).condition, Some(TOKEN_EXPIRED), "{reason}");
        let revoked = reason == "OAUTH_USER_REVOKED";
        assert_eq!(code(&login), if revoked { reason } else { "ITEM_LOGIN_REQUIRED" });
    }
    let revoked = error("ITEM_ERROR", "USER_PERMISSION_REVOKED");
    assert_eq!(Meaning::of(&revoked).condition, Some(TOKEN_EXPIRED));
}

#[test]
fn c8_a_product_that_suits_no_account_is_no_fault_of_the_connection() {
    for (code, reason) in [
        ("NO_ACCOUNTS", ProductReason::NoCompatibleAccount),
        ("NO_AUTH_ACCOUNTS", ProductReason::NoCompatibleAccount),
        ("NO_INVESTMENT_ACCOUNTS", ProductReason::NoCompatibleAccount),
        ("NO_INVESTMENT_AUTH_ACCOUNTS", ProductReason::NoCompatibleAccount),
        ("NO_LIABILITY_ACCOUNTS", ProductReason::NoCompatibleAccount),
        ("PRODUCTS_NOT_SUPPORTED", ProductReason::InstitutionUnsupported),
        ("ITEM_NOT_SUPPORTED", ProductReason::InstitutionUnsupported),
        ("PRODUCT_NOT_ENABLED", ProductReason::ProviderUnsupported),
        ("INSTANT_MATCH_FAILED", ProductReason::NoInstantFlow),
    ] {
        let meaning = Meaning::of(&error("ITEM_ERROR", code));
        assert_eq!(
            (meaning.kind, meaning.condition, meaning.product),
            (FailureKind::Unsupported, None, Some(reason)),
            "{code}"
        );
        assert_eq!(meaning.item_condition(), Condition::HEALTHY);
    }
}

#[test]
fn c2_c3_missing_consent_and_permission_differ() {
    let consent = Meaning::of(&error("INVALID_INPUT", "ADDITIONAL_CONSENT_REQUIRED"));
    assert_eq!((consent.kind, consent.product), (FailureKind::Consent, Some(ProductReason::ConsentMissing)));
    let permission = Meaning::of(&error("ITEM_ERROR", "ACCESS_NOT_GRANTED"));
    assert_eq!((permission.kind, permission.product), (FailureKind::Consent, Some(ProductReason::PermissionDenied)));
    assert_eq!((consent.condition, permission.condition), (None, None));
}

#[test]
fn outages_are_degraded_and_temporary() {
    for (error_type, code, condition) in [
        ("INSTITUTION_ERROR", "INSTITUTION_DOWN", INSTITUTION_DOWN),
        ("INSTITUTION_ERROR", "INSTITUTION_NOT_RESPONDING", INSTITUTION_DOWN),
        ("INSTITUTION_ERROR", "INSTITUTION_NOT_AVAILABLE", INSTITUTION_DOWN),
        ("INSTITUTION_ERROR", "NEW_KIND_OF_OUTAGE", INSTITUTION_DOWN),
        ("API_ERROR", "INTERNAL_SERVER_ERROR", PLAID_DOWN),
        ("API_ERROR", "PLANNED_MAINTENANCE", PLAID_DOWN),
        ("API_ERROR", "NEW_KIND_OF_FAULT", PLAID_DOWN),
    ] {
        let meaning = Meaning::of(&error(error_type, code));
        assert_eq!((meaning.kind, meaning.persistence), (FailureKind::Unavailable, Persistence::Temporary), "{code}");
        assert_eq!(meaning.condition, Some(condition), "{code}");
    }
}

#[test]
fn g1_what_cannot_be_restored_needs_a_relink() {
    for code in ["ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN", "INSTITUTION_NO_LONGER_SUPPORTED"] {
        assert_eq!(Meaning::of(&error("INVALID_INPUT", code)).condition, Some(RELINK_NEEDED), "{code}");
    }
}

#[test]
fn e8_every_limit_is_a_rate_limit_with_a_pause() {
    for code in ["ACCOUNTS_LIMIT", "TRANSACTIONS_SYNC_LIMIT", "ITEM_GET_LIMIT", "RATE_LIMIT", "SOME_NEW_LIMIT"] {
        let body = json!({"error_type": "RATE_LIMIT_EXCEEDED", "error_code": code, "error_message": "slow down"});
        let failure = said(429, body.to_string());
        assert_eq!(failure.kind, FailureKind::RateLimit);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(60)));
        assert_eq!(failure.code, code);
    }
    let asked = super::failure(StatusCode::TOO_MANY_REQUESTS, b"", Some(Duration::from_secs(7)));
    assert_eq!((asked.kind, asked.retry_after), (FailureKind::RateLimit, Some(Duration::from_secs(7))));
}

#[test]
fn f3_an_unknown_code_is_undetermined() {
    for (error_type, code) in [("ITEM_ERROR", "BRAND_NEW"), ("BRAND_NEW_ERROR", "BRAND_NEW"), ("", "")] {
        assert_eq!(Meaning::of(&error(error_type, code)).condition, Some(UNKNOWN), "{error_type}");
    }
    let invalid = Meaning::of(&error("INVALID_REQUEST", "BRAND_NEW_FIELD"));
    assert_eq!((invalid.kind, invalid.condition), (FailureKind::Invalid, None));
}

#[test]
fn our_own_mistakes_are_not_the_connections() {
    let keys = said(400, json!({"error_type": "INVALID_INPUT", "error_code": "INVALID_API_KEYS"}).to_string());
    assert_eq!((keys.kind, keys.persistence, keys.condition), (FailureKind::Auth, Persistence::Permanent, None));
    let field = said(400, json!({"error_type": "INVALID_REQUEST", "error_code": "MISSING_FIELDS"}).to_string());
    assert_eq!((field.kind, field.condition), (FailureKind::Invalid, None));
}

#[test]
fn a_plaid_error_keeps_its_words() {
    let body = json!({
        "display_message": null, "documentation_url": "https://plaid.com/docs/?ref=error#item-errors",
        "error_code": "PRODUCT_NOT_READY", "error_message": "the requested product is not yet ready",
        "error_type": "ITEM_ERROR", "request_id": "HNTDNrA8F1shFEW", "suggested_action": null,
    });
    let failure = said(400, body.to_string());
    assert_eq!(failure.kind, FailureKind::NotReady);
    assert_eq!(failure.retry_after, None, "the queue's own pauses will do");
    assert_eq!(failure.request_id.as_deref(), Some("HNTDNrA8F1shFEW"));
    assert_eq!(failure.to_string(), "NOT_READY (PRODUCT_NOT_READY): the requested product is not yet ready");
}

#[test]
fn bodies_that_are_not_plaids_are_judged_by_status() {
    let html = b"<html><body>502 Bad Gateway</body></html>";
    for (status, kind) in [
        (502, FailureKind::Unavailable),
        (503, FailureKind::Unavailable),
        (403, FailureKind::Unavailable),
        (429, FailureKind::RateLimit),
        (401, FailureKind::Auth),
        (404, FailureKind::Bug),
        (302, FailureKind::Bug),
    ] {
        for body in [&html[..], b"", b"{}", b"null", b"[]", b"\xff\xfe", br#"{"error_code": 7}"#] {
            assert_eq!(said(status, body).kind, kind, "{status}");
        }
    }
    assert!(!said(502, html).to_string().contains("Bad Gateway"));
}

#[test]
fn a_hostile_code_is_not_repeated() {
    let body = json!({"error_type": "X", "error_code": "<script>", "error_message": "a\u{0}b\nc", "request_id": "r\n"});
    let failure = said(400, body.to_string());
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("UNKNOWN", "abc"));
    assert_eq!(failure.request_id.as_deref(), Some("r"));
}

proptest! {
    #[test]
    fn any_body_is_a_failure(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = said(status, body);
    }

    #[test]
    fn any_error_is_a_failure(kind in ".{0,20}", code in ".{0,120}", reason in ".{0,20}", message in ".{0,2000}") {
        let body = json!({
            "error_type": kind, "error_code": code, "error_code_reason": reason, "error_message": message,
        });
        prop_assert!(said(400, body.to_string()).message.chars().count() <= 500);
    }
}
