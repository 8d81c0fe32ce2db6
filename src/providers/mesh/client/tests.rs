#![allow(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::credential::{Account, Credential, Lives, Session, read, sealed};
use super::*;
use crate::providers::mesh::wire::{AccountTokens, LinkToken};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn tokens(value: Value) -> AccountTokens {
    serde_json::from_value(value).unwrap()
}

fn account() -> Account {
    let mut account = Account {
        id: "a".to_owned(),
        name: None,
        access: String::new(),
        refresh: None,
        expires_at: None,
        refresh_expires_at: None,
    };
    let lives = Lives { access: Some(3600), refresh: Some(86_400) };
    assert!(account.take(&tokens(json!({ "accessToken": "t1", "refreshToken": "r1" })), lives, now()));
    account
}

#[test]
fn a_token_is_renewed_before_it_ends_and_checked_after_it() {
    let mut account = account();
    let at = |seconds| now() + TimeDelta::seconds(seconds);
    assert!(!account.is_due(at(3000)) && account.is_due(at(3301)) && account.is_due(at(4000)));
    assert!(account.check(at(4000)).is_ok(), "it can still be renewed");
    assert!(!account.is_due(at(86_400)));
    let condition = account.check(at(86_400)).unwrap_err().condition.unwrap();
    assert_eq!(condition.reason, Some(crate::domain::connection::StatusReason::RelinkNeeded));
    account.refresh = None;
    assert!(!account.is_due(at(3500)) && account.check(at(3599)).is_ok() && account.check(at(3600)).is_err());
}

#[test]
fn new_tokens_take_the_place_of_old_ones() {
    let mut account = account();
    assert!(account.take(&tokens(json!({ "accessToken": "t2" })), Lives { access: Some(60), refresh: None }, now()));
    assert_eq!((account.access.as_str(), account.refresh.as_deref()), ("t2", Some("r1")));
    assert!(account.take(&tokens(json!({ "tokenId": "kept-by-mesh" })), Lives::default(), now()));
    assert_eq!((account.access.as_str(), account.expires_at), ("kept-by-mesh", None));
    assert!(!account.take(&tokens(json!({ "accessToken": "" })), Lives::default(), now()));
    for odd in [0, -1, i64::MAX] {
        assert!(account.take(
            &tokens(json!({ "accessToken": "t" })),
            Lives { access: Some(odd), refresh: None },
            now()
        ));
        assert_eq!(account.expires_at, None, "{odd}");
    }
}

#[test]
fn what_is_kept_is_read_again_and_nothing_else() {
    let credential = Credential {
        user: "u".to_owned(),
        connection: "c".to_owned(),
        integration: None,
        broker_type: "robinhood".to_owned(),
        category: None,
        accounts: vec![account()],
    };
    assert!(read::<Credential>(&sealed(&credential)).unwrap() == credential);
    let failure = read::<Session>(&Secret::new("canary")).err().unwrap();
    assert!(failure.code == "UNREADABLE_CREDENTIAL" && !failure.message.contains("canary"));
}

fn answered(status: u16, body: &str) -> Result<Option<LinkToken>, Failure> {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: Default::default(),
        body: Bytes::from(body.to_owned()),
    };
    content(INTEGRATIONS, &reply, now())
}

#[test]
fn an_answer_of_200_may_be_a_failure() {
    assert!(answered(200, r#"{"status":"ok","content":{"linkToken":"t"}}"#).unwrap().is_some());
    assert!(answered(200, r#"{"status":"ok"}"#).unwrap().is_none());
    let failure = answered(200, r#"{"status":"serverFailure","message":"later"}"#).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unavailable, "later"));
    for odd in ["", "{}", "[]", "null", r#"{"content":{"linkToken":"canary"}}"#] {
        let failure = answered(200, odd).unwrap_err();
        assert!(failure.kind == FailureKind::Bug && !failure.message.contains("canary"), "{odd}");
    }
}
