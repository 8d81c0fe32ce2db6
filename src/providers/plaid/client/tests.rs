#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::{Operation, page_at, read};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::net::{self, Reply, Upstream};
use crate::providers::data::{
    AccountsWanted, InstitutionsRequest, InvestmentTransactionsRequest, RefreshRequest, TransactionsRequest,
};
use crate::providers::link::{LinkContinuation, LinkInput, LinkProgress};
use crate::providers::plaid::wire::Done;
use crate::providers::plaid::{Plaid, PlaidConfig};
use crate::providers::records::NoRecords;
use crate::providers::{Context, Failure, FailureKind, Hosts, Provider};

/// Answers by path, in turn; the last again and again.
type Answers = &'static [(&'static str, u16, &'static str)];

/// A server that speaks as much Plaid as a test needs, and remembers what it was asked.
struct Stub {
    upstream: Upstream,
    hosts: Hosts,
    seen: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Asked {
    path: String,
    headers: HeaderMap,
    body: Value,
}

#[derive(Clone)]
struct Script {
    answers: Answers,
    seen: Arc<Mutex<Vec<Asked>>>,
}

async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let path = uri.path().to_owned();
    let mut seen = script.seen.lock().unwrap();
    let before = seen.iter().filter(|asked| asked.path == path).count();
    seen.push(Asked { path: path.clone(), headers, body: serde_json::from_str(&body).unwrap() });
    let mine: Vec<_> = script.answers.iter().filter(|(its_path, ..)| *its_path == path).collect();
    let (_, status, body) = mine.get(before).or(mine.last()).unwrap_or_else(|| panic!("nobody expects {path}"));
    (StatusCode::from_u16(*status).unwrap(), body.replace("{sent}", &seen.last().unwrap().body.to_string()))
}

impl Stub {
    async fn new(answers: Answers) -> Self {
        let seen = Arc::default();
        let router = Router::new().fallback(answer).with_state(Script { answers, seen: Arc::clone(&seen) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let settings = net::Settings { allow_private_addresses: false, user_agent: "test".into() };
        let client = net::Client::new(settings, None).unwrap();
        let upstream = client.upstream("plaid", url.parse().unwrap(), true).unwrap();
        Self { upstream, hosts: Hosts::default(), seen }
    }

    fn cx(&self) -> Context<'_> {
        let (now, [deadline, patience]) = ("2026-11-21T12:00:00Z".parse().unwrap(), [20, 2].map(Duration::from_secs));
        let (upstream, hosts, records) = (&self.upstream, &self.hosts, &NoRecords);
        Context { upstream, hosts, now, records, attended: false, deadline, patience }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.seen.lock().unwrap().iter().map(|asked| (asked.path.clone(), asked.body.clone())).collect()
    }

    fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }
}

fn plaid() -> Plaid {
    Plaid::new(PlaidConfig {
        client_id: "team-1".into(),
        secret: Secret::new("canary-secret"),
        ..PlaidConfig::default()
    })
}

fn token() -> Secret {
    Secret::new("access-sandbox-canary")
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".json"))
    };
}

const LOGIN_REQUIRED: &str =
    r#"{"error_type":"ITEM_ERROR","error_code":"ITEM_LOGIN_REQUIRED","error_message":"log in","display_message":null}"#;

#[tokio::test]
async fn credentials_go_in_headers_and_nowhere_else() {
    let stub = Stub::new(&[("/item/get", 200, fixture!("item_get"))]).await;
    plaid().status(&stub.cx(), &token()).await.unwrap();
    let seen = stub.seen.lock().unwrap();
    let header = |name: &str| seen[0].headers[name].to_str().unwrap().to_owned();
    assert_eq!((header("plaid-client-id"), header("plaid-secret")), ("team-1".into(), "canary-secret".into()));
    assert_eq!((header("plaid-version"), header("content-type")), ("2020-09-14".into(), "application/json".into()));
    assert_eq!(seen[0].body, json!({"access_token": "access-sandbox-canary"}));
}

#[tokio::test]
async fn accounts_come_with_what_is_asked_for_beside_them() {
    let stub = Stub::new(&[
        ("/accounts/get", 200, fixture!("auth_get")),
        ("/auth/get", 200, fixture!("auth_get")),
        ("/identity/get", 200, fixture!("identity_get")),
        ("/accounts/balance/get", 200, fixture!("balance_get")),
    ])
    .await;
    let wanted = AccountsWanted { live_balances: false, identifiers: true, owners: true };
    let accounts = plaid().accounts(&stub.cx(), &token(), wanted).await.unwrap();
    assert!(accounts[0].identifiers.as_ref().unwrap().ach.is_some());
    assert_eq!(accounts[0].owners, None, "the owners of the examples are of other accounts");
    assert_eq!(stub.paths(), ["/accounts/get", "/auth/get", "/identity/get"]);

    let live = AccountsWanted { live_balances: true, ..AccountsWanted::default() };
    plaid().accounts(&stub.cx(), &token(), live).await.unwrap();
    let (path, body) = stub.asked().pop().unwrap();
    assert_eq!(path, "/accounts/balance/get");
    assert_eq!(body["options"], json!({"min_last_updated_datetime": "2026-10-22T12:00:00Z"}));
}

#[tokio::test]
async fn holdings_and_terms_are_asked_for_by_item() {
    let stub = Stub::new(&[
        ("/investments/holdings/get", 200, fixture!("holdings_get")),
        ("/liabilities/get", 200, fixture!("liabilities_get")),
    ])
    .await;
    assert_eq!(plaid().holdings(&stub.cx(), &token()).await.unwrap().len(), 9);
    assert_eq!(plaid().liabilities(&stub.cx(), &token()).await.unwrap().len(), 3);
    assert!(stub.asked().iter().all(|(_, body)| *body == json!({"access_token": "access-sandbox-canary"})));
}

#[tokio::test]
async fn a_call_ends_with_the_time_it_was_given() {
    let stub = Stub::new(&[("/item/get", 200, fixture!("item_get"))]).await;
    let cx = Context { deadline: Duration::ZERO, ..stub.cx() };
    let failure = plaid().status(&cx, &token()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
}

#[tokio::test]
async fn a_call_takes_no_longer_than_its_operation_may() {
    let stub = Stub::new(&[]).await;
    let cx = Context { deadline: net::MAX_DEADLINE, ..stub.cx() };
    let plaid = plaid();
    for (operation, seconds) in [("status", 30), ("transactions", 30), ("live_balances", 60), ("holdings", 180)] {
        let call = plaid.api(&cx, operation).call(Operation::once("/some"), &json!({})).unwrap();
        let longest = Duration::from_secs(seconds);
        assert!(call.deadline <= longest && call.deadline > longest - Duration::from_secs(5), "{operation}");
    }
}

#[tokio::test]
async fn a_sync_begins_with_the_days_and_goes_on_with_the_cursor() {
    let stub = Stub::new(&[("/transactions/sync", 200, fixture!("transactions_sync"))]).await;
    let mut request = TransactionsRequest { history_days: 400, ..TransactionsRequest::default() };
    for (run, page, sent) in [
        (None, None, None),
        (Some(""), None, None),
        (Some("run"), None, Some("run")),
        (Some("run"), Some("page"), Some("page")),
        (None, Some("page"), Some("page")),
    ] {
        (request.run_cursor, request.page_cursor) = (run.map(Into::into), page.map(Into::into));
        plaid().transactions(&stub.cx(), &token(), &request).await.unwrap();
        let (_, body) = stub.asked().pop().unwrap();
        assert_eq!(body.get("cursor").and_then(Value::as_str), sent);
        assert_eq!((&body["count"], &body["options"]["include_original_description"]), (&json!(500), &json!(true)));
        assert_eq!(body["options"].get("days_requested").is_some(), sent.is_none());
    }
}

#[tokio::test]
async fn a_sync_that_was_overtaken_begins_again() {
    let stub = Stub::new(&[(
        "/transactions/sync",
        400,
        r#"{"error_type":"TRANSACTIONS_ERROR","error_code":"TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"}"#,
    )])
    .await;
    let failure = plaid().transactions(&stub.cx(), &token(), &TransactionsRequest::default()).await.unwrap_err();
    assert_eq!((failure.kind, failure.condition), (FailureKind::Restart, None));
}

#[tokio::test]
async fn a_cursor_that_is_refused_begins_again() {
    let stub = Stub::new(&[(
        "/transactions/sync",
        400,
        r#"{"error_type":"INVALID_REQUEST","error_code":"INVALID_FIELD","error_message":"cursor not associated with access_token"}"#,
    )])
    .await;
    let mut request = TransactionsRequest { run_cursor: Some("old".into()), ..TransactionsRequest::default() };
    let failure = plaid().transactions(&stub.cx(), &token(), &request).await.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Restart, "INVALID_FIELD"));
    // Without a cursor it is something else that Plaid does not take.
    request.run_cursor = None;
    let failure = plaid().transactions(&stub.cx(), &token(), &request).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
}

#[tokio::test]
async fn a_sync_that_leads_back_to_its_beginning_is_ended() {
    let stub = Stub::new(&[(
        "/transactions/sync",
        200,
        r#"{"added":[],"modified":[],"removed":[],"next_cursor":"","has_more":true}"#,
    )])
    .await;
    let failure = plaid().transactions(&stub.cx(), &token(), &TransactionsRequest::default()).await.unwrap_err();
    assert_eq!(failure.code, "UNREADABLE_ANSWER");
}

#[tokio::test]
async fn trades_are_paged_by_offset() {
    let stub = Stub::new(&[(
        "/investments/transactions/get",
        200,
        r#"{"investment_transactions":[{"investment_transaction_id":"t","account_id":"a","date":"2026-01-02","quantity":1,
            "amount":2.5}],"securities":[],"total_investment_transactions":501}"#,
    )])
    .await;
    let (from, to) = ("2024-11-21".parse().unwrap(), "2026-11-21".parse().unwrap());
    let mut request = InvestmentTransactionsRequest { from, to, page: None };
    let page = plaid().investment_transactions(&stub.cx(), &token(), &request).await.unwrap();
    assert_eq!((page.transactions.len(), page.next.as_deref()), (1, Some("1")));
    request.page = Some("500".into());
    assert_eq!(plaid().investment_transactions(&stub.cx(), &token(), &request).await.unwrap().next, None);
    let (_, body) = stub.asked().pop().unwrap();
    assert_eq!((&body["start_date"], &body["end_date"]), (&json!("2024-11-21"), &json!("2026-11-21")));
    assert_eq!(body["options"], json!({"count": 500, "offset": 500}));
    request.page = Some("next".into());
    let failure = plaid().investment_transactions(&stub.cx(), &token(), &request).await.unwrap_err();
    assert_eq!((failure.code.as_str(), stub.asked().len()), ("PAGE", 2));
}

#[tokio::test]
async fn institutions_are_paged_by_what_was_asked_for() {
    let stub = Stub::new(&[("/institutions/get", 200, fixture!("institutions_get"))]).await;
    let mut request = InstitutionsRequest { country_codes: vec!["US".into(), "ZZ".into()], page: None };
    assert_eq!(plaid().institutions(&stub.cx(), &request).await.unwrap().next.as_deref(), Some("500"));
    request.page = Some("11000".into());
    let last = plaid().institutions(&stub.cx(), &request).await.unwrap();
    assert_eq!((last.institutions.len(), last.next), (1, None));
    let (_, body) = stub.asked().pop().unwrap();
    assert_eq!(
        body,
        json!({
            "count": 500, "offset": 11000, "country_codes": ["US"],
            "options": {"include_optional_metadata": true, "include_auth_metadata": true},
        })
    );
}

#[tokio::test]
async fn e1_each_refresh_is_asked_for_once_even_if_one_fails() {
    let stub = Stub::new(&[
        ("/transactions/refresh", 400, r#"{"error_type":"ITEM_ERROR","error_code":"PRODUCTS_NOT_SUPPORTED"}"#),
        ("/investments/refresh", 200, fixture!("refresh")),
    ])
    .await;
    let products = [Product::Transactions, Product::InvestmentHoldings, Product::InvestmentTransactions];
    let failure = plaid().refresh(&stub.cx(), &token(), &RefreshRequest::of(&products)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    assert_eq!(stub.paths(), ["/transactions/refresh", "/investments/refresh"]);
    plaid().refresh(&stub.cx(), &token(), &RefreshRequest::of(&[Product::Liabilities, Product::Owners])).await.unwrap();
    assert_eq!(stub.asked().len(), 2, "what Plaid cannot refresh is passed over");
}

#[tokio::test]
async fn processor_tokens_have_two_endpoints() {
    let stub = Stub::new(&[
        ("/processor/token/create", 200, fixture!("processor_token_create")),
        ("/processor/stripe/bank_account_token/create", 200, fixture!("stripe_token_create")),
    ])
    .await;
    let dwolla = plaid().processor_token(&stub.cx(), &token(), "acc", "DWOLLA").await.unwrap();
    assert!(dwolla.expose().starts_with("processor-sandbox-"));
    let body = json!({"access_token": "access-sandbox-canary", "account_id": "acc", "processor": "dwolla"});
    assert_eq!(stub.asked(), [("/processor/token/create".to_owned(), body)]);
    let stripe = plaid().processor_token(&stub.cx(), &token(), "acc", "STRIPE").await.unwrap();
    assert!(stripe.expose().starts_with("btok_"));
    assert_eq!(stub.asked()[1].1, json!({"access_token": "access-sandbox-canary", "account_id": "acc"}));
    let unknown = plaid().processor_token(&stub.cx(), &token(), "acc", "PIGGY_BANK").await.unwrap_err();
    assert_eq!((unknown.code.as_str(), stub.asked().len()), ("UNKNOWN_PROCESSOR", 2));
}

#[tokio::test]
async fn f7_an_item_that_is_gone_counts_as_revoked() {
    let stub = Stub::new(&[
        ("/item/remove", 200, fixture!("item_remove")),
        ("/item/remove", 400, r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_ACCESS_TOKEN"}"#),
        ("/item/remove", 400, r#"{"error_type":"ITEM_ERROR","error_code":"ITEM_NOT_FOUND"}"#),
        ("/item/remove", 400, r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_API_KEYS"}"#),
    ])
    .await;
    for _ in 0..3 {
        plaid().revoke(&stub.cx(), &token()).await.unwrap();
    }
    assert_eq!(plaid().revoke(&stub.cx(), &token()).await.unwrap_err().kind, FailureKind::Auth);
}

#[tokio::test]
async fn a_webhook_key_is_fetched_by_its_id() {
    let stub = Stub::new(&[("/webhook_verification_key/get", 200, fixture!("webhook_key_get"))]).await;
    let key = plaid().webhook_key(&stub.cx(), "bfbd5111-8e33-4643-8ced-b2e642a72f3c").await.unwrap();
    assert_eq!((key.material["kty"].as_str(), key.expired_at), (Some("EC"), None));
    assert_eq!(stub.asked()[0].1, json!({"key_id": "bfbd5111-8e33-4643-8ced-b2e642a72f3c"}));
    assert!(plaid().webhook_key(&stub.cx(), "../x").await.is_err());
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn what_plaid_quotes_of_a_request_is_hidden() {
    let stub = Stub::new(&[(
        "/item/get",
        400,
        r#"{"error_type":"INVALID_REQUEST","error_code":"INVALID_FIELD",
            "error_message":"access-sandbox-canary of canary-secret is bad"}"#,
    )])
    .await;
    let failure = plaid().status(&stub.cx(), &token()).await.unwrap_err();
    assert_eq!(failure.message, "[secret] of [secret] is bad");
}

#[tokio::test]
async fn an_answer_that_is_no_json_names_its_place_only() {
    let stub = Stub::new(&[("/item/get", 200, "<html>canary</html>")]).await;
    let failure = plaid().status(&stub.cx(), &token()).await.unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Bug, "UNREADABLE_ANSWER"));
    assert!(failure.message.contains("/item/get at line 1") && !failure.message.contains("canary"));
}

fn reply(status: u16, retry_after: Option<&'static str>, body: &'static str) -> Reply {
    let status = net::StatusCode::from_u16(status).unwrap();
    let retry_after = retry_after.map(|after| (net::header::RETRY_AFTER, net::HeaderValue::from_static(after)));
    Reply { status, headers: retry_after.into_iter().collect(), body: body.into() }
}

#[test]
fn e8_a_pause_that_plaid_asks_for_is_kept() {
    let limit = r#"{"error_type":"RATE_LIMIT_EXCEEDED","error_code":"ITEM_GET_LIMIT","error_message":"slow down"}"#;
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let pause = |after| {
        let failure = read::<Done>(Operation::once("/item/get"), &reply(429, after, limit), now).err().unwrap();
        failure.retry_after.map(|pause| pause.as_secs())
    };
    assert_eq!(pause(Some("7")), Some(7));
    assert_eq!(pause(Some("Sat, 21 Nov 2026 12:00:30 GMT")), Some(30));
    assert_eq!(pause(None), Some(60));
    assert!(read::<Done>(Operation::once("/item/remove"), &reply(200, None, r#"{"request_id":"r"}"#), now).is_ok());
}

#[test]
fn a_total_that_cannot_be_is_refused() {
    let page = |next, total| page_at(next, total, 1_000, Operation::once("/institutions/get"));
    assert_eq!(page(500, 501).unwrap().as_deref(), Some("500"));
    assert_eq!(page(500, 500).unwrap(), None);
    assert_eq!(page(500, u64::MAX).unwrap_err().code, "UNREADABLE_ANSWER");
}

fn continuation(credential: Option<Secret>, input: LinkInput) -> LinkContinuation {
    LinkContinuation::of(Secret::new("link-sandbox-1"), credential, input)
}

async fn progress(stub: &Stub, credential: Option<Secret>, input: LinkInput) -> Result<LinkProgress, Failure> {
    plaid().continue_link(&stub.cx(), &continuation(credential, input)).await
}

fn ended(progress: LinkProgress) -> String {
    match progress {
        LinkProgress::Ended(end) => end.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_that_succeeded_is_exchanged() {
    let stub = Stub::new(&[
        ("/link/token/get", 200, fixture!("link_token_get")),
        ("/item/public_token/exchange", 200, fixture!("public_token_exchange")),
    ])
    .await;
    match progress(&stub, None, LinkInput::Nothing).await.unwrap() {
        LinkProgress::Linked(linked) => {
            assert!(linked.credential.expose().starts_with("access-sandbox-"));
            assert_eq!(linked.provider_session_id.as_deref(), Some("43face8b-a5c2-42a4-adec-4a4ec589eb46"));
            assert!(!linked.provider_connection_id.is_empty());
        }
        other => panic!("{other:?}"),
    }
    let asked = stub.asked();
    assert_eq!(asked[0].1, json!({"link_token": "link-sandbox-1"}));
    assert_eq!(asked[1].1, json!({"public_token": "public-sandbox-3b9687f0-3abd-4913-9889-f0ba816d4a3a"}));
}

#[tokio::test]
async fn a_public_token_is_exchanged_at_once() {
    let stub = Stub::new(&[("/item/public_token/exchange", 200, fixture!("public_token_exchange"))]).await;
    let tokens = [
        LinkInput::PublicToken(Secret::new("public-sandbox-1")),
        LinkInput::Result(json!({"public_token": "public-sandbox-1", "metadata": {"link_session_id": "s1"}})),
    ];
    for input in tokens {
        assert!(matches!(progress(&stub, None, input).await.unwrap(), LinkProgress::Linked(_)));
    }
    assert_eq!(stub.asked()[1].1, json!({"public_token": "public-sandbox-1"}));
}

#[tokio::test]
async fn a_token_that_plaid_no_longer_knows_is_an_expired_session() {
    let stub = Stub::new(&[
        ("/link/token/get", 400, r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_LINK_TOKEN"}"#),
        ("/link/token/get", 200, fixture!("link_token_get")),
        ("/item/public_token/exchange", 400, r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_PUBLIC_TOKEN"}"#),
    ])
    .await;
    assert_eq!(ended(progress(&stub, None, LinkInput::Nothing).await.unwrap()), "SESSION_EXPIRED");
    assert_eq!(ended(progress(&stub, None, LinkInput::Nothing).await.unwrap()), "LINK_LOST");
    // One that the front end made up is its own mistake.
    let made_up = progress(&stub, None, LinkInput::PublicToken(Secret::new("x"))).await.unwrap_err();
    assert_eq!(made_up.code, "INVALID_PUBLIC_TOKEN");
}

const OPEN: &str = r#"{"expiration":"2026-11-21T13:00:00Z","link_sessions":[{"link_session_id":"s","started_at":"2026-11-21T11:59:00Z"}]}"#;
const SILENT: &str = r#"{"expiration":"2026-11-21T13:00:00Z","link_sessions":[{"link_session_id":"s","finished_at":"2026-11-21T11:59:00Z"}]}"#;

#[tokio::test]
async fn d1_a_repair_exchanges_nothing() {
    let stub = Stub::new(&[("/link/token/get", 200, fixture!("link_token_get"))]).await;
    let inputs = [LinkInput::Nothing, LinkInput::PublicToken(Secret::new("public-sandbox-1"))];
    for input in inputs {
        let outcome = progress(&stub, Some(token()), input).await.unwrap();
        assert!(matches!(outcome, LinkProgress::Repaired { provider_session_id: Some(_), .. }));
    }
    assert_eq!(stub.paths(), ["/link/token/get", "/link/token/get"]);
}

#[tokio::test]
async fn d4_a_repair_without_a_sign_is_decided_by_the_item() {
    let broken = Box::leak(
        fixture!("item_get").replace("\"error\": null", &format!("\"error\": {LOGIN_REQUIRED}")).into_boxed_str(),
    );
    let answers = Box::leak(Box::new([
        ("/link/token/get", 200, OPEN),
        ("/link/token/get", 200, OPEN),
        ("/link/token/get", 200, SILENT),
        ("/item/get", 200, &*broken),
        ("/item/get", 200, fixture!("item_get")),
    ]));
    let stub = Stub::new(answers).await;
    // On the way: healthy or not, nothing is known.
    assert!(matches!(progress(&stub, Some(token()), LinkInput::Nothing).await.unwrap(), LinkProgress::Pending));
    assert_eq!(stub.paths(), ["/link/token/get"]);
    // The page says that it is done, the Item does not yet.
    let done = LinkInput::Result(json!({"public_token": "public-sandbox-1", "metadata": {}}));
    assert!(matches!(progress(&stub, Some(token()), done).await.unwrap(), LinkProgress::Pending));
    // The visit is over, and the Item is well.
    let outcome = progress(&stub, Some(token()), LinkInput::Nothing).await.unwrap();
    assert!(matches!(outcome, LinkProgress::Repaired { provider_session_id: Some(session), .. } if session == "s"));
}

#[tokio::test]
async fn d9_another_login_ends_the_attempt() {
    let exit = r#"{"expiration":"2026-11-21T13:00:00Z","link_sessions":[{"link_session_id":"s","finished_at":
        "2026-11-21T11:59:00Z","exit":{"error":{"error_type":"ITEM_ERROR","error_code":"INVALID_UPDATED_USERNAME"}}}]}"#;
    let stub = Stub::new(Box::leak(Box::new([("/link/token/get", 200, exit)]))).await;
    assert_eq!(ended(progress(&stub, Some(token()), LinkInput::Nothing).await.unwrap()), "DIFFERENT_LOGIN");
    // The page may say so too, and Plaid is not asked.
    let said = json!({"error": {"error_code": "NO_ACCOUNTS"}, "metadata": {}});
    assert_eq!(ended(progress(&stub, None, LinkInput::Result(said)).await.unwrap()), "NO_ACCOUNTS");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_login_that_is_lost_is_a_condition_of_the_connection() {
    let stub = Stub::new(&[("/liabilities/get", 400, LOGIN_REQUIRED)]).await;
    let failure = plaid().liabilities(&stub.cx(), &token()).await.unwrap_err();
    let login = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
    assert_eq!((failure.kind, failure.condition), (FailureKind::UserAction, Some(login)));
}
