#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::*;

fn read(body: &Value) -> Vec<(String, HintKind)> {
    let hints = hints(body.to_string().as_bytes()).unwrap();
    let of = |hint: Hint| match hint.subject {
        HintSubject::Connection(id) => (id, hint.kind),
        other => panic!("no notification names this: {other:?}"),
    };
    hints.into_iter().map(of).collect()
}

#[test]
fn a_refresh_causes_a_reading_of_each_login() {
    let hints = hints(include_bytes!("../fixtures/refresh_event.json")).unwrap();
    let kinds: Vec<_> = hints.iter().map(|hint| hint.kind).collect();
    assert_eq!(kinds, [HintKind::Data(ALL), HintKind::Status]);
    assert_eq!(hints[0].subject, HintSubject::Connection("10995860".to_owned()));
}

#[test]
fn the_others_name_their_login_each_in_its_way() {
    let stopped = json!({ "event": { "info": "AUTO_REFRESH_UPDATES", "data": [
        { "providerAccountId": 7, "loginName": "a", "autoRefresh": { "status": "DISABLED" } }, { "odd": true },
    ] } });
    assert_eq!(read(&stopped), [("7".to_owned(), HintKind::Status)]);
    let latest = json!({ "event": { "info": "LATEST_BALANCE_UPDATES", "data": { "providerAccountId": 8 } } });
    assert_eq!(read(&latest), [("8".to_owned(), HintKind::Data(&[Product::Balances]))]);
}

#[test]
fn what_concerns_no_login_is_taken_and_passed_over() {
    for body in [
        json!({ "event": { "info": "DATA_UPDATES.USER_DATA", "data": { "userCount": 1, "userData": [] } } }),
        json!({ "event": { "info": "REFRESH.PROCESS_COMPLETED", "data": null } }),
        json!({ "event": { "info": "" } }),
    ] {
        assert_eq!(read(&body), [], "{body}");
    }
    for body in ["", "{}", "null", "[]", "{\"event\":[]}"] {
        assert_eq!(hints(body.as_bytes()), Err(WebhookRefused::Malformed), "{body}");
    }
}
