#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn of(status: u16, body: &str) -> Failure {
    failure(StatusCode::from_u16(status).unwrap(), body.as_bytes(), None)
}

#[test]
fn codes_come_as_number_or_text_and_in_two_shapes() {
    for body in [
        r#"{"code":14001,"message":"Customer not found."}"#,
        r#"{"code":"14001","message":"Customer not found."}"#,
        r#"{"Errors":{"Error":[{"source":"x","reasonCode":14001,"description":"Customer not found.","details":null}]}}"#,
    ] {
        let failure = of(404, body);
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::NotFound, "14001"), "{body}");
        assert_eq!(failure.message, "Customer not found.");
    }
}

#[test]
fn an_aggregation_s_code_decides_whatever_the_status() {
    for (code, kind, condition) in [
        (103, FailureKind::UserAction, LOGIN_REQUIRED),
        (108, FailureKind::UserAction, SEE_TO_IT),
        (185, FailureKind::UserAction, LOGIN_REQUIRED),
        (945, FailureKind::Consent, TOKEN_EXPIRED),
        (947, FailureKind::Consent, TOKEN_EXPIRED),
        (580, FailureKind::Unavailable, INSTITUTION_DOWN),
        (977, FailureKind::Unavailable, INSTITUTION_DOWN),
    ] {
        let failure = of(500, &format!(r#"{{"code":{code},"message":"x"}}"#));
        assert_eq!((failure.kind, failure.condition), (kind, Some(condition)), "{code}");
    }
    let asked = of(203, r#"{"questions":[]}"#);
    assert_eq!((asked.kind, asked.code.as_str()), (FailureKind::UserAction, "185"));
}

#[test]
fn the_nine_codes_that_fix_mends_need_the_customer() {
    for code in [103, 108, 109, 185, 187, 945, 946, 947, 948] {
        assert_eq!(aggregation(code).status, Status::ReconnectRequired, "{code}");
        assert_eq!(aggregation_failure(code, "").persistence, Persistence::NeedsUser, "{code}");
    }
}

#[test]
fn codes_of_the_api_have_their_meaning() {
    let expired = of(401, r#"{"code":"10023","message":"Expired (Finicity-App-Token)"}"#);
    assert!(is_token_refused(&expired) && expired.kind == FailureKind::Auth);
    let keys = of(401, r#"{"code":"10001","message":"Invalid credentials"}"#);
    assert!(!is_token_refused(&keys) && keys.persistence == Persistence::Permanent);
    assert!(is_name_taken(&of(409, r#"{"code":"110002","message":"Username is not available."}"#)));
    let gone = of(404, r#"{"code":"38007","message":"no accounts"}"#);
    assert_eq!((gone.kind, gone.condition), (FailureKind::NotFound, Some(RELINK_NEEDED)));
    let unsuited = of(400, r#"{"code":"14020","message":"Bad request. (Account type not supported)."}"#);
    assert_eq!(unsuited.product_reason, Some(ProductReason::NoCompatibleAccount));
    assert_eq!(of(400, r#"{"code":"14020","message":"Bad request."}"#).kind, FailureKind::Invalid);
}

#[test]
fn a_body_that_is_not_finicity_s_is_judged_by_its_status() {
    for (status, kind) in [
        (401, FailureKind::Auth),
        (404, FailureKind::Unavailable),
        (418, FailureKind::Bug),
        (429, FailureKind::RateLimit),
        (500, FailureKind::Unavailable),
        (503, FailureKind::Unavailable),
    ] {
        for body in ["", "null", "<h1>Unauthorized</h1>", r#"{"code":{"a":1}}"#, r#"{"Errors":{"Error":[]}}"#] {
            let failure = of(status, body);
            assert_eq!(failure.kind, kind, "{status} {body}");
            assert_eq!(failure.code, format!("HTTP_{status}"));
        }
    }
    assert_eq!(of(429, "").retry_after, Some(Duration::from_secs(60)));
    let told = failure(StatusCode::TOO_MANY_REQUESTS, b"", Some(Duration::from_secs(7)));
    assert_eq!(told.retry_after, Some(Duration::from_secs(7)));
}

proptest! {
    #[test]
    fn any_error_is_classified(status in 200_u16..600, body in ".{0,80}") {
        let _ = of(status, &body);
    }

    #[test]
    fn any_code_is_classified(status in 200_u16..600, code in any::<i64>(), text in "[a-zA-Z0-9\"{}-]{0,40}") {
        let _ = of(status, &format!(r#"{{"code":{code},"message":{}}}"#, serde_json::json!(text)));
        let _ = of(status, &format!(r#"{{"code":{}}}"#, serde_json::json!(text)));
        let _ = aggregation(code);
    }
}
