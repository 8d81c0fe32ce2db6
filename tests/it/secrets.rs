//! Canary secrets of every class: planted, used from link to deletion at trace level, and then looked for in the log, in the
//! bodies of other calls and in the database, in five encodings.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::support::database;
use crate::support::process::Process;

const API_KEY: &str = "lsk_sandbox_Canary+Key/0123456789";

/// What somebody is called who proves who they are.
const PERSON: &str = "Canary-Leslie-Knope";

/// The key of a ring of one.
const RING_KEY: &str = "Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2E=";

/// What the simulated provider's tokens begin with; it keeps only their fingerprints, so nobody can list them.
const PROVIDER_TOKENS: [&str; 3] = ["access-sandbox-", "public-sandbox-", "assets-sandbox-"];

/// A secret, and the paths whose answers show it on purpose.
struct Canary {
    class: &'static str,
    text: String,
    shown_by: &'static [&'static str],
}

/// A text as it looks in each encoding; in base64 at each of three places in a longer text.
fn encodings(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    for before in ["", "x", "xx"] {
        let padded = format!("{before}{text}");
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let whole = engine.encode(&padded);
            // The ends depend on what stands beside it.
            forms.push(whole[4..whole.len() - 4].to_owned());
        }
    }
    forms.push(text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    }));
    forms.push(text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    }));
    forms
}

fn is_in(canary: &Canary, text: &str) -> bool {
    encodings(&canary.text).iter().any(|form| text.contains(form.as_str()))
}

struct Visit<'a> {
    server: &'a Process,
    http: reqwest::Client,
    /// Path and body of every answer.
    bodies: Vec<(String, String)>,
}

impl Visit<'_> {
    async fn call(&mut self, method: &str, path: &str, key: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.server.url));
        let request = request.bearer_auth(key).header("idempotency-key", format!("canary-{}", self.bodies.len()));
        let request = body
            .into_iter()
            .fold(request, |request, body| request.header("content-type", "application/json").body(body.to_string()));
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        self.bodies.push((path.to_owned(), text.clone()));
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Waits until the reports of a connection are there.
    async fn reported(&mut self, connection: &str) {
        let path = format!("/connections/{connection}/assets");
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.call("GET", &path, API_KEY, None).await["data"][0]["state"] != "READY" {
            assert!(tokio::time::Instant::now() < deadline, "never ready");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn settled(&mut self, connection: &str) {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.call("GET", &format!("/connections/{connection}"), API_KEY, None).await["updateStatus"]
            == "IN_PROGRESS"
        {
            assert!(tokio::time::Instant::now() < deadline, "never settled");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

/// Every row of every table that is ours; the simulated bank, in its own schema, is the provider's side.
async fn dump(database: &mut PgConnection) -> String {
    let tables = database
        .fetch_all("select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'")
        .await
        .unwrap();
    let mut text = String::new();
    for table in tables {
        let rows = format!("select t::text from {} t", table.get::<String, _>(0));
        for row in database.fetch_all(sqlx::AssertSqlSafe(rows)).await.unwrap() {
            text.push_str(row.get(0));
            text.push('\n');
        }
    }
    text
}

fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() >= 9 => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_where_it_does_not_belong() {
    let address = database::create().await;
    let ring = format!("k1:{RING_KEY}");
    let server = Process::start(&[
        ("LINKSPAN_KEYS", &ring),
        ("LINKSPAN_DATABASE_URL", &address),
        ("LINKSPAN_SANDBOX_API_KEY", API_KEY),
        ("LINKSPAN_LOG__FILTER", "trace"),
    ])
    .await;
    let http = crate::support::client().build().unwrap();
    let mut visit = Visit { server: &server, http, bodies: Vec::new() };
    let start = json!({
        "externalCustomerId": "canary", "products": ["TRANSACTIONS", "ASSETS"], "optionalProducts": ["IDENTIFIERS", "OWNERS"],
    });
    let started = visit.call("POST", "/connect/start", API_KEY, Some(start)).await;
    let mut connect_tokens = vec![started["connectToken"].as_str().unwrap().to_owned()];
    let found = visit.call("GET", "/institutions?query=First+Platypus+Bank", API_KEY, None).await;
    let play = json!({ "username": "user_good", "password": "pass_good", "institutionId": found["data"][0]["id"] });
    let with = |token: &str| {
        let mut play = play.clone();
        play["connectToken"] = json!(token);
        Some(play)
    };
    let connection = visit.call("POST", "/sandbox/play", API_KEY, with(&connect_tokens[0])).await;
    let id = connection["id"].as_str().unwrap().to_owned();
    visit.settled(&id).await;
    for path in ["accounts", "transactions", "connect/sessions", "events", "connections"] {
        visit.call("GET", &format!("/{path}"), API_KEY, None).await;
    }
    let accounts = visit.call("GET", "/accounts?status=OPEN", API_KEY, None).await;
    let account = accounts["data"].as_array().unwrap().iter().find(|one| one["subtype"] == "CHECKING").unwrap();
    let account = account["id"].as_str().unwrap().to_owned();
    let mut numbers = BTreeSet::new();
    texts(
        &visit.call("GET", &format!("/accounts/{account}/identifiers"), API_KEY, None).await["ach"]["account"],
        &mut numbers,
    );
    let mut owners = BTreeSet::new();
    texts(&visit.call("GET", &format!("/accounts/{account}/owners"), API_KEY, None).await["owners"], &mut owners);
    let token = json!({ "processor": "DWOLLA" });
    let processor = visit.call("POST", &format!("/accounts/{account}/processor-tokens"), API_KEY, Some(token)).await;
    // A report, which holds owners, comes by a token of its own.
    visit.call("POST", &format!("/connections/{id}/assets"), API_KEY, Some(json!({ "days": 30 }))).await;
    visit.reported(&id).await;
    // A person who is verified tells their name to the provider alone.
    let options = json!({ "IDENTITY_VERIFICATION": { "templateId": "idvtmp_1" } });
    let start =
        json!({ "externalCustomerId": "canary", "products": ["IDENTITY_VERIFICATION"], "productOptions": options });
    let started = visit.call("POST", "/connect/start", API_KEY, Some(start)).await;
    connect_tokens.push(started["connectToken"].as_str().unwrap().to_owned());
    let play = json!({ "username": PERSON, "password": "none", "connectToken": connect_tokens[1] });
    let verified = visit.call("POST", "/sandbox/play", API_KEY, Some(play)).await["id"].as_str().unwrap().to_owned();
    visit.settled(&verified).await;
    visit.call("GET", &format!("/connections/{verified}/identity-verification"), API_KEY, None).await;
    // Break, be told by a webhook, repair, delete.
    visit.call("POST", &format!("/sandbox/connections/{id}/fire-webhook"), API_KEY, Some(json!({}))).await;
    visit.call("POST", &format!("/sandbox/connections/{id}/reset-login"), API_KEY, Some(json!({}))).await;
    let repair = visit.call("POST", &format!("/connections/{id}/repair"), API_KEY, Some(json!({}))).await;
    connect_tokens.push(repair["connectToken"].as_str().unwrap().to_owned());
    visit.call("POST", "/sandbox/play", API_KEY, with(&connect_tokens[2])).await;
    visit.settled(&id).await;

    let mut database = PgConnection::connect(&address).await.unwrap();
    let mut canaries = vec![Canary { class: "API key", text: API_KEY.to_owned(), shown_by: &[] }];
    let mut plant = |class, texts: Vec<String>, shown_by| {
        assert!(!texts.is_empty(), "no {class} was planted");
        canaries.extend(texts.into_iter().map(|text| Canary { class, text, shown_by }));
    };
    plant("key of the ring", vec![RING_KEY.trim_end_matches('=').to_owned()], &[]);
    plant("provider's secret", vec![linkspan::providers::plaid::SANDBOX_SECRET.to_owned()], &[]);
    plant("connect token", connect_tokens, &["/connect/start", "/repair"]);
    plant("provider token", PROVIDER_TOKENS.map(str::to_owned).to_vec(), &[]);
    plant("account number", numbers.into_iter().collect(), &["/identifiers"]);
    plant("owner", owners.into_iter().filter(|text| text.contains('@')).collect(), &["/owners"]);
    plant("person", vec![PERSON.to_owned()], &[]);
    plant("processor token", vec![processor["token"].as_str().unwrap().to_owned()], &["/processor-tokens"]);
    let before = dump(&mut database).await;
    visit.call("DELETE", &format!("/connections/{id}"), API_KEY, None).await;
    visit.call("GET", "/events", API_KEY, None).await;
    let after = dump(&mut database).await;
    let (log, bodies) = (server.log(), visit.bodies);
    server.stop().await;
    assert!(log.contains("TRACE") && log.len() > 100_000, "the log says too little to be searched: {}", log.len());
    assert!(before.len() > 100_000, "the dump holds too little to be searched: {}", before.len());
    for canary in &canaries {
        for (place, text) in [("the log", &log), ("the database", &before), ("the database after deletion", &after)] {
            assert!(!is_in(canary, text), "a secret ({}) is in {place}", canary.class);
        }
        for (path, body) in &bodies {
            let is_shown = canary.shown_by.iter().any(|shown| path.ends_with(shown));
            assert!(is_shown || !is_in(canary, body), "a secret ({}) is in the answer of {path}", canary.class);
        }
    }
}
