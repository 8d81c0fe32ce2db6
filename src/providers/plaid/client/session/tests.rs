#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn state(sessions: Value) -> TokenState {
    let state = json!({
        "link_token": "link-sandbox-1", "created_at": "2026-11-21T11:00:00Z", "expiration": "2026-11-21T12:00:00Z",
        "link_sessions": sessions, "metadata": {}, "request_id": "r",
    });
    serde_json::from_str(&state.to_string()).unwrap()
}

fn at(minute: u32) -> String {
    format!("2026-11-21T11:{minute:02}:00.330312653Z")
}

fn open(id: &str, minute: u32) -> Value {
    json!({"link_session_id": id, "started_at": at(minute), "finished_at": null, "events": []})
}

fn finished(id: &str, minute: u32, with: &Value) -> Value {
    let mut visit = json!({"link_session_id": id, "started_at": at(minute), "finished_at": at(minute + 1)});
    for (field, value) in with.as_object().unwrap() {
        visit[field] = value.clone();
    }
    visit
}

fn succeeded(id: &str, minute: u32, token: &str) -> Value {
    let results = json!({"item_add_results": [{"public_token": token, "accounts": [], "institution": null}]});
    finished(id, minute, &json!({ "results": results }))
}

fn left(id: &str, minute: u32, code: Option<&str>) -> Value {
    let error = code.map(|code| json!({"error_code": code, "error_type": "ITEM_ERROR", "error_message": "m"}));
    finished(id, minute, &json!({"exit": {"error": error, "metadata": null}}))
}

fn code_of(visit: &Visit) -> (&str, bool) {
    match visit {
        Visit::Left(end) => (end.code.as_str(), end.is_cancelled()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn plaids_own_example_has_succeeded() {
    let state: TokenState = serde_json::from_str(include_str!("../../fixtures/link_token_get.json")).unwrap();
    assert_eq!(
        visit(&state),
        Visit::Succeeded {
            public_token: Some(Secret::new("public-sandbox-3b9687f0-3abd-4913-9889-f0ba816d4a3a")),
            session: Some("43face8b-a5c2-42a4-adec-4a4ec589eb46".into()),
        }
    );
}

#[test]
fn nobody_was_there() {
    assert_eq!(visit(&state(json!([]))), Visit::None);
    assert_eq!(visit(&state(json!(null))), Visit::None);
}

#[test]
fn f1_a_new_visit_follows_an_attempt_that_ended() {
    let state = state(json!([open("second", 5), left("first", 1, None)]));
    assert_eq!(visit(&state), Visit::Open { session: Some("second".into()) });
}

#[test]
fn f9_a_success_counts_whatever_came_after_it() {
    let state = state(json!([left("late", 9, None), succeeded("first", 1, "public-sandbox-1"), open("later", 12)]));
    assert_eq!(
        visit(&state),
        Visit::Succeeded { public_token: Some(Secret::new("public-sandbox-1")), session: Some("first".into()) }
    );
}

#[test]
fn f9_a_token_counts_before_the_visit_is_finished() {
    let mut visit_ = succeeded("only", 1, "public-sandbox-1");
    visit_["finished_at"] = Value::Null;
    assert!(matches!(visit(&state(json!([visit_]))), Visit::Succeeded { public_token: Some(_), .. }));
}

#[test]
fn update_mode_may_end_with_a_handoff_alone() {
    let handoff = json!({"events": [{"event_name": "OPEN"}, {"event_name": "HANDOFF"}]});
    let state = state(json!([finished("only", 1, &handoff)]));
    assert_eq!(visit(&state), Visit::Succeeded { public_token: None, session: Some("only".into()) });
}

#[test]
fn a_visit_may_end_without_a_word() {
    let empty = json!({"events": [], "results": {"item_add_results": []}});
    let state = state(json!([finished("only", 1, &empty)]));
    assert_eq!(visit(&state), Visit::Silent { session: Some("only".into()) });
}

#[test]
fn exits_have_the_codes_of_the_rules() {
    for (code, expected) in [
        (None, ("CANCELLED", true)),
        (Some("NO_ACCOUNTS"), ("NO_ACCOUNTS", false)),
        (Some("INVALID_UPDATED_USERNAME"), ("DIFFERENT_LOGIN", false)),
        (Some("INSTITUTION_DOWN"), ("INSTITUTION_DOWN", false)),
    ] {
        assert_eq!(code_of(&visit(&state(json!([left("only", 1, code)])))), expected);
    }
    let older = finished("only", 1, &json!({"on_exit": {"error": {"error_code": "ITEM_LOCKED"}}}));
    assert_eq!(code_of(&visit(&state(json!([older])))), ("ITEM_LOCKED", false));
    let empty = finished("only", 1, &json!({"exit": {"error": {"error_code": ""}}}));
    assert_eq!(code_of(&visit(&state(json!([empty])))), ("CANCELLED", true));
}

#[test]
fn d12_a_session_expires_when_nobody_is_on_the_way() {
    let judge = |sessions: Value, now: &str| {
        let state = state(sessions);
        let visit = visit(&state);
        unfinished(&state, &visit, now.parse().unwrap())
    };
    let is_over =
        |progress: LinkProgress| matches!(&progress, LinkProgress::Ended(end) if end.code == "SESSION_EXPIRED");
    assert!(!is_over(judge(json!([]), "2026-11-21T11:59:59Z")));
    assert!(is_over(judge(json!([]), "2026-11-21T12:00:01Z")));
    assert!(!is_over(judge(json!([open("only", 58)]), "2026-11-21T12:20:00Z")));
    assert!(is_over(judge(json!([open("only", 58)]), "2026-11-21T12:31:00Z")));
}

#[test]
fn the_script_tells_success_and_exit_apart() {
    let said = |value: Value| claim(&LinkInput::Result(value));
    let success = json!({"public_token": "public-sandbox-1", "metadata": {"link_session_id": "s1", "accounts": []}});
    match said(success).unwrap() {
        Claim::Succeeded { public_token, session } => {
            assert_eq!((public_token.expose(), session.as_deref()), ("public-sandbox-1", Some("s1")));
        }
        _ => panic!("a success"),
    }
    let exits = [
        (json!({"error": null, "metadata": {"status": "requires_credentials"}}), "CANCELLED"),
        (json!({"error": {"error_code": "INVALID_UPDATED_USERNAME"}, "metadata": null}), "DIFFERENT_LOGIN"),
    ];
    for (exit, code) in exits {
        match said(exit).unwrap() {
            Claim::Left(end) => assert_eq!(end.code, code),
            _ => panic!("an exit"),
        }
    }
    for bad in [json!(null), json!("x"), json!({}), json!({"public_token": ""}), json!({"public_token": 7}), json!([])]
    {
        assert!(said(bad.clone()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_sessions_are_judged(
        minutes in proptest::collection::vec((0_u32..59, 0_u8..5, "[ -~]{0,20}"), 0..6),
        now_minute in 0_u32..59,
    ) {
        let sessions: Vec<Value> = minutes
            .iter()
            .map(|(minute, kind, text)| match kind {
                0 => open(text, *minute),
                1 => succeeded(text, *minute, text),
                2 => left(text, *minute, Some(text)),
                3 => left(text, *minute, None),
                _ => finished(text, *minute, &json!({})),
            })
            .collect();
        let state = state(json!(sessions));
        let visit = visit(&state);
        let _ = unfinished(&state, &visit, at(now_minute).parse().unwrap());
    }
}
