#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::*;
use crate::providers::finicity::wire::account::Accounts;

fn account(id: u64, login: u64, institution: u64) -> serde_json::Value {
    json!({
        "id": id.to_string(), "name": "A", "type": "checking", "status": "active", "currency": "USD",
        "institutionId": institution.to_string(), "institutionLoginId": login, "aggregationStatusCode": 0,
    })
}

fn accounts(list: serde_json::Value) -> Vec<Account> {
    serde_json::from_str::<Accounts>(&json!({ "accounts": list }).to_string()).unwrap().accounts
}

fn session(institution: Option<&str>) -> Session {
    Session {
        id: "s".to_owned(),
        customer: "c".to_owned(),
        ends: 0,
        known: vec!["7".to_owned()],
        institution: institution.map(str::to_owned),
        fix: None,
    }
}

fn query(pairs: &[(&str, &str)]) -> Back {
    way_back(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), "s")
}

#[test]
fn a_new_login_at_the_chosen_institution_is_the_result() {
    let found = accounts(json!([account(1, 7, 100), account(2, 9, 101), account(3, 8, 100)]));
    assert_eq!(new_login(&session(Some("100")), &found, &Back::No).as_deref(), Some("8"));
    assert_eq!(new_login(&session(None), &found, &Back::No).as_deref(), Some("8"));
    // Another session of the customer's may have brought it, unless they are back from this one.
    assert_eq!(new_login(&session(Some("102")), &found, &Back::No), None);
    assert_eq!(new_login(&session(Some("102")), &found, &Back::Succeeded).as_deref(), Some("8"));
    let mut pending = account(3, 8, 100);
    pending["status"] = json!("pending");
    assert_eq!(new_login(&session(Some("100")), &accounts(json!([pending])), &Back::Succeeded), None);
}

#[test]
fn the_way_back_says_how_it_ended() {
    assert_eq!(query(&[("success", "true"), ("reasonCode", "OK")]), Back::Succeeded);
    assert_eq!(query(&[("code", "200"), ("reason", "complete")]), Back::Succeeded);
    let ended = |pairs: &[(&str, &str)]| match query(pairs) {
        Back::Ended(end) => (end.is_cancelled(), end.code),
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(&[]), (true, "CANCELLED".to_owned()));
    assert_eq!(ended(&[("success", "false"), ("reasonCode", "exit")]), (true, "CANCELLED".to_owned()));
    assert_eq!(ended(&[("code", "500"), ("reason", "log in: no")]), (false, "LOG_IN__NO".to_owned()));
    assert_eq!(ended(&[("reason", &"x".repeat(500))]).1.len(), LONGEST_CODE);
}

#[test]
fn a_session_survives_being_kept() {
    let kept = Secret::new(serde_json::to_string(&session(Some("100"))).unwrap());
    assert_eq!(Session::read(&kept), Some(session(Some("100"))));
    assert_eq!(Session::read(&Secret::new("a-session-that-never-was")), None);
}

/// What a repair of the login 7 comes to, whose account has the number 1111.
fn repair(found: serde_json::Value, back: &Back) -> Option<String> {
    let numbered = |mut account: serde_json::Value, number: &str| {
        account["realAccountNumberLast4"] = json!(number);
        account
    };
    let before = accounts(json!([numbered(account(1, 7, 100), "1111")]));
    let fix = Fix {
        login: "7".to_owned(),
        accounts: vec!["1".to_owned()],
        looks: before.iter().map(super::super::link::look).collect(),
        broken: false,
        since: None,
    };
    let list = found.as_array().unwrap().iter().map(|one| {
        let [id, login, number] = [0, 1, 2].map(|at| one[at].as_u64().unwrap());
        numbered(account(id, login, 100), &number.to_string())
    });
    let request = LinkContinuation::of(Secret::new(""), Some(Secret::new("c/7/6")), LinkInput::Nothing);
    let seen = Seen { now: DateTime::UNIX_EPOCH, back };
    match mended(&session(Some("100")), &fix, &request, &accounts(list.collect()), seen).unwrap()? {
        LinkProgress::Repaired { credential: None, .. } => Some("c/7/6".to_owned()),
        LinkProgress::Repaired { credential: Some(credential), .. } => Some(credential.expose().to_owned()),
        LinkProgress::Ended(end) => Some(end.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn d9_only_a_login_with_the_same_accounts_is_a_repair() {
    let old = [1, 7, 1111];
    // The institution added them anew: they are the same by kind, number and name. The old login ends with the connection.
    assert_eq!(repair(json!([old, [2, 9, 1111]]), &Back::No).as_deref(), Some("c/9/6/7"));
    assert_eq!(repair(json!([[2, 9, 1111]]), &Back::No).as_deref(), Some("c/9/6"));
    // Another customer of the institution's; as long as ours is not back, it may be another session's.
    assert_eq!(repair(json!([old, [2, 9, 2222]]), &Back::No), None);
    assert_eq!(repair(json!([old, [2, 9, 2222]]), &Back::Succeeded).as_deref(), Some("DIFFERENT_LOGIN"));
    // The same login shows accounts of somebody else.
    assert_eq!(repair(json!([[2, 7, 2222]]), &Back::Succeeded).as_deref(), Some("DIFFERENT_LOGIN"));
    assert_eq!(repair(json!([old]), &Back::Succeeded).as_deref(), Some("c/7/6"));
    assert_eq!(repair(json!([old]), &Back::No), None);
}
