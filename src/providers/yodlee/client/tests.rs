//! The adapter before a server that answers by script: tokens that end, answers that are missing, both answers of a removal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};

use crate::domain::secret::Secret;
use crate::net::{self, Upstream};
use crate::providers::data::{AccountsWanted, TransactionsRequest};
use crate::providers::records::NoRecords;
use crate::providers::yodlee::{Yodlee, YodleeConfig};
use crate::providers::{Context, FailureKind, Hosts, Provider};

const TOKEN: &str = r#"{"token":{"accessToken":"t0","issuedAt":"2026-11-21T12:00:00Z","expiresIn":1800}}"#;
const ENDED: &str = r#"{"errorCode":"Y023","errorMessage":"Token has expired","referenceCode":"r"}"#;
const LOGIN: &str = include_str!("../fixtures/provider_account.json");

/// Answers in turn, but for tokens; the last again and again.
type Answers = &'static [(u16, &'static str)];

struct Stub {
    upstream: Upstream,
    hosts: Hosts,
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

type Script = (Answers, Arc<Mutex<Vec<(String, HeaderMap)>>>);

async fn answer(State((answers, seen)): State<Script>, uri: Uri, headers: HeaderMap) -> (StatusCode, &'static str) {
    let mut seen = seen.lock().unwrap();
    let path = uri.to_string();
    let before = seen.iter().filter(|(path, _)| path != "/ysl/auth/token").count();
    seen.push((path.clone(), headers));
    if path == "/ysl/auth/token" {
        return (StatusCode::CREATED, TOKEN);
    }
    let (status, body) = answers.get(before).or(answers.last()).unwrap();
    (StatusCode::from_u16(*status).unwrap(), body)
}

impl Stub {
    async fn new(answers: Answers) -> Self {
        let seen: Arc<Mutex<Vec<_>>> = Arc::default();
        let router = Router::new().fallback(answer).with_state((answers, Arc::clone(&seen)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ysl", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let settings = net::Settings { allow_private_addresses: false, user_agent: "test".into() };
        let client = net::Client::new(settings, None).unwrap();
        let upstream = client.upstream("yodlee", url.parse().unwrap(), true).unwrap();
        Self { upstream, hosts: Hosts::default(), seen }
    }

    fn cx(&self) -> Context<'_> {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let (deadline, patience) = (Duration::from_secs(20), Duration::from_secs(2));
        Context {
            upstream: &self.upstream,
            hosts: &self.hosts,
            now,
            records: &NoRecords,
            attended: false,
            deadline,
            patience,
        }
    }

    fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

fn yodlee() -> Yodlee {
    Yodlee::new(YodleeConfig { client_id: "c".into(), secret: Secret::new("s3cret"), ..YodleeConfig::default() })
}

fn credential() -> Secret {
    Secret::new(r#"{"user":"linkspan-1","login":"10502782","profile":false,"accounts":["10674202"]}"#)
}

#[tokio::test]
async fn a_token_that_has_ended_is_made_anew_once() {
    let stub = Stub::new(&[(401, ENDED), (200, LOGIN)]).await;
    let seen = yodlee().status(&stub.cx(), &credential()).await.unwrap();
    assert_eq!(seen.provider_connection_id, "10502782");
    let (token, login) = ("/ysl/auth/token", "/ysl/providerAccounts/10502782");
    assert_eq!(stub.paths(), [token, login, token, login]);
    let asked = stub.seen.lock().unwrap();
    assert!(asked[0].1["loginname"] == "linkspan-1" && asked[1].1["authorization"] == "Bearer t0");
    assert!(asked.iter().all(|(_, headers)| headers["api-version"] == "1.1"));
}

#[tokio::test]
async fn one_that_is_never_taken_is_our_trouble_and_no_loop() {
    let stub = Stub::new(&[(401, ENDED)]).await;
    let failure = yodlee().status(&stub.cx(), &credential()).await.unwrap_err();
    assert_eq!((failure.kind, failure.condition), (FailureKind::Auth, None));
    assert_eq!(stub.paths().len(), 4);
}

#[tokio::test]
async fn an_error_does_not_repeat_our_secrets() {
    const QUOTED: &str = r#"{"errorCode":"Y800","errorMessage":"t0 and s3cret are wrong","referenceCode":"r"}"#;
    let stub = Stub::new(&[(400, QUOTED)]).await;
    let failure = yodlee().status(&stub.cx(), &credential()).await.unwrap_err();
    assert!(!failure.message.contains("t0") && !failure.message.contains("s3cret"), "{failure:?}");
}

const ACCOUNTS: &str = include_str!("../fixtures/accounts.json");
const NOTHING: (u16, &str) = (200, "{}");

#[tokio::test]
async fn accounts_that_are_missing_erase_nothing() {
    let stub = Stub::new(&[NOTHING]).await;
    let (yodlee, cx, credential) = (yodlee(), stub.cx(), credential());
    assert!(yodlee.accounts(&cx, &credential, AccountsWanted::default()).await.is_err());
    assert!(yodlee.holdings(&cx, &credential).await.is_err());
    assert!(yodlee.liabilities(&cx, &credential).await.is_err());
    assert!(yodlee.status(&cx, &credential).await.is_err());
}

#[tokio::test]
async fn holdings_that_are_missing_erase_nothing_unless_nothing_is_held() {
    let stub = Stub::new(&[(200, ACCOUNTS), NOTHING]).await;
    let failure = yodlee().holdings(&stub.cx(), &credential()).await.unwrap_err();
    assert_eq!((failure.kind, stub.paths().len()), (FailureKind::Bug, 4), "{failure:?}");
    const EMPTY: &str = r#"{"account":[{"CONTAINER":"investment","id":10674205,"providerAccountId":10502782,
        "balance":{"currency":"USD","amount":0}}]}"#;
    let stub = Stub::new(&[(200, EMPTY), NOTHING]).await;
    assert_eq!(yodlee().holdings(&stub.cx(), &credential()).await.unwrap(), []);
}

#[tokio::test]
async fn transactions_that_are_missing_erase_nothing() {
    const COUNT: &str = r#"{"transaction":{"TOTAL":{"count":3}}}"#;
    let stub = Stub::new(&[(200, LOGIN), (200, ACCOUNTS), NOTHING, (200, COUNT)]).await;
    let request = TransactionsRequest { history_days: 90, ..TransactionsRequest::default() };
    let failure = yodlee().transactions(&stub.cx(), &credential(), &request).await.unwrap_err();
    assert_eq!((failure.code.as_str(), stub.paths().len()), ("CHANGED_WHILE_READ", 8));
}

#[tokio::test]
async fn a_row_without_a_date_or_a_direction_costs_only_itself() {
    const ROWS: &str = r#"{"transaction":[
        {"CONTAINER":"bank","id":1,"accountId":10674202,"amount":{"currency":"USD","amount":1},"baseType":"DEBIT","date":"2026-11-01"},
        {"CONTAINER":"bank","id":2,"accountId":10674202,"amount":{"currency":"USD","amount":1},"baseType":"DEBIT"},
        {"CONTAINER":"bank","id":3,"accountId":10674202,"amount":{"currency":"USD","amount":1},"baseType":"?","date":"2026-11-01"}]}"#;
    let stub = Stub::new(&[(200, LOGIN), (200, ACCOUNTS), (200, ROWS)]).await;
    let request = TransactionsRequest { history_days: 90, ..TransactionsRequest::default() };
    let page = yodlee().transactions(&stub.cx(), &credential(), &request).await.unwrap();
    assert_eq!(page.added.iter().map(|row| row.provider_transaction_id.as_str()).collect::<Vec<_>>(), ["bank:1"]);
}

#[tokio::test]
async fn f7_a_removal_may_be_answered_in_any_of_its_ways() {
    const GONE: &str =
        r#"{"errorCode":"Y800","errorMessage":"Invalid value for providerAccountId","referenceCode":"r"}"#;
    const WRONG: &str = r#"{"errorCode":"Y015","errorMessage":"Invalid credential","referenceCode":"r"}"#;
    let ways: [Answers; 4] = [&[(200, "")], &[(204, "")], &[(404, GONE)], &[(400, GONE)]];
    for way in ways {
        let stub = Stub::new(way).await;
        assert!(yodlee().revoke(&stub.cx(), &credential()).await.is_ok(), "{way:?}");
        assert_eq!(stub.paths()[1], "/ysl/providerAccounts/10502782");
    }
    let stub = Stub::new(&[(401, WRONG)]).await;
    let failure = yodlee().revoke(&stub.cx(), &credential()).await.unwrap_err();
    assert_eq!((failure.kind, failure.condition), (FailureKind::Auth, None));
}
