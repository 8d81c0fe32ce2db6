//! `begin_link` and `continue_link`: pending, done, cancelled, unknown, expired; first link, repair, more consent, other accounts.

use chrono::TimeDelta;
use linkspan::bank::Knob;
use linkspan::domain::connection::Condition;
use linkspan::domain::placement::Placements;
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::providers::FailureKind;
use linkspan::providers::data::AccountsWanted;
use linkspan::providers::link::{Launch, LinkInput, LinkProgress, LinkPurpose};
use linkspan::providers::spec::LaunchKind;
use linkspan::sandbox::VisitEnd;
use serde_json::json;

use super::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_pending_until_the_customer_is_through_and_then_linked() {
    for rig in Rig::each().await {
        let begun = rig.begin(rig.everything()).await;
        let kind = match begun.launch {
            Launch::Redirect { .. } => LaunchKind::Redirect,
            Launch::Script { .. } => LaunchKind::Script,
            Launch::FormPost { .. } => LaunchKind::FormPost,
        };
        assert_eq!(kind, rig.spec().launch, "{}", rig.name());
        assert!(begun.expires_at > rig.clock.now(), "{}", rig.name());
        let before = rig.ask(&begun.provider_session, None).await;
        assert!(matches!(before, Ok(LinkProgress::Pending)), "{}: {before:?}", rig.name());
        assert_eq!(rig.visit(&begun, json!({ "abandon": true })).await, VisitEnd::Abandoned, "{}", rig.name());
        let on_the_way = rig.ask(&begun.provider_session, None).await;
        assert!(matches!(on_the_way, Ok(LinkProgress::Pending)), "{}: {on_the_way:?}", rig.name());
        match rig.visit(&begun, json!({})).await {
            VisitEnd::Returned(back) => {
                assert!(back.contains("state=st_contract"), "{}: the way back carries our state: {back}", rig.name());
            }
            VisitEnd::Handed(result) => assert!(result.is_object(), "{}: {result}", rig.name()),
            end @ (VisitEnd::Through | VisitEnd::Abandoned) => panic!("{}: {end:?}", rig.name()),
        }
        let Ok(LinkProgress::Linked(linked)) = rig.ask(&begun.provider_session, None).await else {
            panic!("{}: not linked", rig.name())
        };
        let observed = rig.status(&linked.credential).await;
        assert_eq!(observed.condition, Condition::HEALTHY, "{}", rig.name());
        assert_eq!(observed.provider_connection_id, linked.provider_connection_id, "{}", rig.name());
        // Asked again, it is the same link, or over: never another one.
        match rig.ask(&begun.provider_session, None).await {
            Ok(LinkProgress::Linked(again)) => {
                assert_eq!(again.provider_connection_id, linked.provider_connection_id, "{}", rig.name());
            }
            Ok(LinkProgress::Ended(_)) | Err(_) => {}
            other => panic!("{}: {other:?}", rig.name()),
        }
        // Whoever opens it once more is shown nothing, or led back.
        assert_ne!(rig.visit_again(&begun).await, VisitEnd::Abandoned, "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_gives_up_ends_the_attempt() {
    for rig in Rig::each().await {
        let begun = rig.begin(rig.everything()).await;
        // After the wrong password this customer leaves.
        rig.visit(&begun, json!({ "password": "wrong" })).await;
        let end = rig.ended(&begun, None).await;
        // Some say what was still wrong.
        let expected = if end.is_cancelled() { "CANCELLED" } else { "INVALID_CREDENTIALS" };
        assert_eq!(end.code, expected, "{}: {end:?}", rig.name());
        let locked_out = rig.begin(rig.everything()).await;
        rig.visit(&locked_out, json!({ "username": "user_locked" })).await;
        let end = rig.ended(&locked_out, None).await;
        assert!(!end.is_cancelled() && !end.code.is_empty(), "{}: {end:?}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_unknown_or_over_is_no_link() {
    for rig in Rig::each().await {
        let unknown = Secret::new("a-session-that-never-was");
        let answer = rig.ask(&unknown, None).await;
        assert!(matches!(answer, Ok(LinkProgress::Ended(_)) | Err(_)), "{}: {answer:?}", rig.name());
        let begun = rig.begin(rig.everything()).await;
        for input in [
            LinkInput::PublicToken(Secret::new("a-token-that-never-was")),
            LinkInput::Result(json!({ "unheard": ["of"] })),
            LinkInput::Result(json!(null)),
            LinkInput::Callback(
                [("state".to_owned(), "other".to_owned()), ("error".to_owned(), "odd".to_owned())].into(),
            ),
        ] {
            let answer = rig.hand_over(&begun.provider_session, None, input).await;
            assert!(!matches!(answer, Ok(LinkProgress::Linked(_) | LinkProgress::Repaired { .. })), "{answer:?}");
        }
        rig.move_clock(begun.expires_at - rig.clock.now() + TimeDelta::hours(1));
        assert_eq!(rig.ended(&begun, None).await.code, "SESSION_EXPIRED", "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_repair_restores_the_login_under_the_same_credential() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        rig.turn(&linked, Knob::ResetLogin).await;
        let (held, broken, _) = rig.broken(&linked.credential).await;
        assert!(broken.status.needs_customer(), "{}: {broken:?}", rig.name());
        let begun = rig.begin(rig.repair(&held)).await;
        let before = rig.ask(&begun.provider_session, Some(&held)).await;
        assert!(matches!(before, Ok(LinkProgress::Pending)), "{}: {before:?}", rig.name());
        rig.visit(&begun, json!({})).await;
        let credential = rig.repaired(&begun, &held).await;
        // Asked again it is repaired still, unless what the customer brought is good for once.
        if credential == held {
            rig.repaired(&begun, &credential).await;
        }
        assert_eq!(rig.status(&credential).await.condition, Condition::HEALTHY, "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_another_login_is_no_repair() {
    for rig in Rig::each().await {
        let linked = rig.linked(rig.everything(), json!({})).await;
        let begun = rig.begin(rig.repair(&linked.credential)).await;
        rig.visit(&begun, json!({ "username": "user_good+other" })).await;
        let end = rig.ended(&begun, Some(&linked.credential)).await;
        assert_eq!(end.code, "DIFFERENT_LOGIN", "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_a_repair_changes_the_shared_accounts_where_the_spec_says_so() {
    for rig in Rig::each().await {
        if !rig.spec().account_selection {
            continue;
        }
        let whole = rig.linked(rig.everything(), json!({})).await;
        let accounts = async |credential: &Secret| {
            rig.provider().accounts(&rig.cx(), credential, AccountsWanted::default()).await.unwrap()
        };
        let all = accounts(&whole.credential).await;
        let first = all[0].mask.clone().unwrap();
        let begun = rig.begin(select(&whole.credential)).await;
        rig.visit(&begun, json!({ "accounts": [first] })).await;
        let credential = rig.repaired(&begun, &whole.credential).await;
        let shared: Vec<_> = accounts(&credential).await.into_iter().map(|one| one.provider_account_id).collect();
        assert_eq!(shared, [all[0].provider_account_id.clone()], "{}", rig.name());
    }
}

fn select(credential: &Secret) -> LinkPurpose {
    let credential = credential.clone();
    LinkPurpose::Repair {
        store_login: false,
        new_accounts: false,
        credential,
        account_selection: true,
        fetched: Vec::new(),
        consent: Vec::new(),
        permissions: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d6_a_repair_brings_consent_where_the_provider_enforces_it() {
    for rig in Rig::each().await {
        let wanted = Product::InvestmentHoldings;
        if !rig.spec().consent_scopes || !rig.claims(wanted) {
            continue;
        }
        let placements = Placements { products: [rig.widest()].into(), ..Placements::default() };
        // Not asked for where the session names scopes, else not allowed.
        let deny = json!({ "deny": [wanted, Product::InvestmentTransactions] });
        let linked = rig.linked(LinkPurpose::Connect(placements), deny).await;
        assert!(!rig.status(&linked.credential).await.consented.contains(&wanted), "{}", rig.name());
        let refused = rig.provider().holdings(&rig.cx(), &linked.credential).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Consent, "{}: {refused}", rig.name());
        assert_eq!(refused.condition, None, "{}: a missing consent is no broken connection", rig.name());
        let begun = rig
            .begin(LinkPurpose::Repair {
                store_login: false,
                new_accounts: false,
                credential: linked.credential.clone(),
                account_selection: false,
                fetched: vec![rig.widest()],
                consent: vec![wanted],
                permissions: Vec::new(),
            })
            .await;
        rig.visit(&begun, json!({})).await;
        let credential = rig.repaired(&begun, &linked.credential).await;
        assert!(rig.status(&credential).await.consented.contains(&wanted), "{}", rig.name());
        rig.provider().holdings(&rig.cx(), &credential).await.unwrap();
    }
}
