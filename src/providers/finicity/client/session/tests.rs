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
        Back::Ended(end) => (end.cancelled, end.code),
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
