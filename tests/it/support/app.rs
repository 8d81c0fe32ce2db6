//! The whole server on a free port, with the sandbox tenant's key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use linkspan::config::Config;
use linkspan::server::Server;
use linkspan::store::Role;
use serde_json::{Value, json};
use sqlx::Connection;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::observer::{Fidelity, Judging};
use super::{Customer, client, database, document};

/// How long a test waits for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whose calls.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    /// The sandbox tenant's.
    Sandbox,
    /// That key or token.
    Of(&'a str),
    /// None.
    Nobody,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

impl Answer {
    /// The body of an answer that must have that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The body of a problem that must have that status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["requestId"].as_str(), Some(self.headers["x-request-id"].as_str()));
        self.body
    }
}

/// A connection without the times at which it was read.
pub fn essence(connection: &Value) -> Value {
    let mut essence = connection.clone();
    for time in ["updatedAt", "successfullyAggregatedAt", "updateStatus", "categorizationStatus"] {
        essence[time] = Value::Null;
    }
    for row in essence["productStates"].as_array_mut().unwrap() {
        row["lastAggregatedAt"] = Value::Null;
    }
    essence
}

/// State and reason of a product of a connection.
pub fn state<'a>(connection: &'a Value, product: &str) -> (&'a str, Option<&'a str>) {
    let row = connection["productStates"].as_array().unwrap().iter().find(|row| row["product"] == product);
    let row = row.unwrap_or_else(|| panic!("no {product}: {connection:#}"));
    (row["state"].as_str().unwrap(), row["reason"].as_str())
}

pub struct TestApp {
    pub url: String,
    pub key: String,
    pub fidelity: Arc<Fidelity>,
    pub database_url: String,
    pub http: reqwest::Client,
    config: Config,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl TestApp {
    /// The server as it comes, on a database of its own.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with more configuration.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::on(database::create().await, variables).await
    }

    /// The same on a database that is there.
    pub async fn on(database_url: String, variables: &[(&str, &str)]) -> Self {
        let key = "lsk_sandbox_0123456789abcdef".to_owned();
        let data_dir = std::env::temp_dir().join(format!("linkspan-test-{}", std::process::id())).join("data");
        let mut all = vec![
            ("LINKSPAN_BIND".to_owned(), "127.0.0.1:0".to_owned()),
            ("LINKSPAN_DATABASE_URL".to_owned(), database_url.clone()),
            ("LINKSPAN_DATA_DIR".to_owned(), data_dir.to_string_lossy().into_owned()),
            ("LINKSPAN_SANDBOX_API_KEY".to_owned(), key.clone()),
            ("LINKSPAN_DATABASE_CONNECTIONS".to_owned(), "6".to_owned()),
        ];
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::from_sources(None, all).unwrap();
        let kept = config.clone();
        let fidelity = Arc::new(Fidelity::default());
        let stop = CancellationToken::new();
        let server = Server::start(config, Some(Arc::new(Judging(fidelity.clone()))), stop.clone()).await.unwrap();
        let url = server.local_url.clone();
        let (tell, told) = oneshot::channel();
        let running = tokio::spawn(async move {
            let ready = |_: &str, _: Option<&str>| tell.send(()).expect("somebody waits");
            if let Err(error) = server.run(ready).await {
                panic!("the server ended: {error}");
            }
        });
        tokio::time::timeout(PATIENCE, told).await.expect("ready in time").expect("ready");
        let http = client().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE * 3).build().unwrap();
        Self { url, key, fidelity, database_url, config: kept, http, stop, running: Some(running) }
    }

    /// The client alone, of a server that runs elsewhere.
    pub fn of(url: &str, key: &str, database_url: &str) -> Self {
        let http = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self {
            url: url.to_owned(),
            key: key.to_owned(),
            fidelity: Arc::default(),
            database_url: database_url.to_owned(),
            config: Config::from_sources(None, Vec::new()).unwrap(),
            http,
            stop: CancellationToken::new(),
            running: None,
        }
    }

    /// Stops the server; its database stays.
    pub async fn stop(mut self) -> String {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            tokio::time::timeout(PATIENCE, running).await.expect("stopped in time").unwrap();
        }
        self.database_url.clone()
    }

    /// A call with everything.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        key: Key<'_>,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        match key {
            Key::Sandbox => request = request.header("authorization", format!("Bearer {}", self.key)),
            Key::Of(key) => request = request.header("authorization", format!("Bearer {key}")),
            Key::Nobody => {}
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        let answer = Answer { status, headers, body };
        judge(method, path, &answer);
        answer
    }

    /// A key of another tenant, or of another role.
    pub async fn key_of(&self, tenant: &str, role: Role) -> String {
        linkspan::server::create_key(&self.config, tenant, role).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, Key::Sandbox, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Key::Sandbox, &[], Some(body.to_string().into_bytes())).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call("POST", path, Key::Of(token), &[], Some(body.to_string().into_bytes())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, Key::Sandbox, &[], None).await
    }

    /// Lets Plaid's simulator go wrong like that from now on; nothing = all is well. Its answers are judged no more.
    pub async fn faults(&self, faults: Value) {
        self.faults_at("PLAID", faults).await;
    }

    /// The same at that provider.
    pub async fn faults_at(&self, provider: &str, faults: Value) {
        self.fidelity.expect_faults();
        let body = json!({ "faults": faults }).to_string().into_bytes();
        let answer =
            self.call("PUT", &format!("/sandbox/providers/{provider}/faults"), Key::Sandbox, &[], Some(body)).await;
        assert_eq!(answer.status, 204, "{:#}", answer.body);
    }

    /// The id of an institution by its name, at the provider that most tests are about.
    pub async fn institution(&self, name: &str) -> String {
        self.institution_at("PLAID", name).await
    }

    /// The id of an institution by its name, at that provider.
    pub async fn institution_at(&self, provider: &str, name: &str) -> String {
        let query = format!("query={}&serviceProvider={provider}", name.replace(' ', "+"));
        let page = self.get(&format!("/institutions?{query}")).await.expect(200);
        let found = page["data"].as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("no institution {name}: {page:#}"))["id"].as_str().unwrap().to_owned()
    }

    /// Starts a link.
    pub async fn start(&self, body: Value) -> Value {
        let mut whole = json!({ "externalCustomerId": "user-42" });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.post("/connect/start", whole).await.expect(201)
    }

    /// Plays the customer through a session.
    pub async fn play(&self, started: &Value, institution: Option<&str>, more: Value) -> Answer {
        let mut body =
            json!({ "connectToken": started["connectToken"], "username": "user_good", "password": "pass_good" });
        if let Some(institution) = institution {
            body["institutionId"] = self.institution(institution).await.into();
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/sandbox/play", body).await
    }

    /// The customer in the page that a script's launch opens, which is where Plaid's simulator has its hosted ones.
    pub fn customer_of(&self, launch: &Value) -> Customer<'_> {
        let token = launch["token"].as_str().unwrap();
        Customer::new(self, &format!("{}/simulators/plaid/link/{token}", self.url))
    }

    /// A connection that is linked and whose data is there.
    pub async fn linked(&self, body: Value) -> String {
        self.linked_at("First Platypus Bank", body, json!({})).await
    }

    /// The same at that institution, by a customer who does things in their own way.
    pub async fn linked_at(&self, institution: &str, body: Value, play: Value) -> String {
        let started = self.start(body).await;
        let connection = self.play(&started, Some(institution), play).await.expect(200);
        let id = connection["id"].as_str().unwrap().to_owned();
        self.settled(&id).await;
        id
    }

    /// The same at an institution of that provider.
    pub async fn linked_through(&self, provider: &str, institution: &str, body: Value) -> String {
        let started = self.start(body).await;
        let institution = self.institution_at(provider, institution).await;
        let connection = self.play(&started, None, json!({ "institutionId": institution })).await.expect(200);
        let id = connection["id"].as_str().unwrap().to_owned();
        self.settled(&id).await;
        id
    }

    /// Opens a repair.
    pub async fn repair(&self, id: &str, body: Value) -> Value {
        self.post(&format!("/connections/{id}/repair"), body).await.expect(201)
    }

    /// Opens a repair and plays the customer through it; the connection once nothing is left to fetch.
    pub async fn repaired(&self, id: &str, body: Value, play: Value) -> Value {
        let repair = self.repair(id, body).await;
        self.play(&repair, None, play).await.expect(200);
        self.settled(id).await
    }

    /// The connection.
    pub async fn connection(&self, id: &str) -> Value {
        self.get(&format!("/connections/{id}")).await.expect(200)
    }

    /// Adds products.
    pub async fn add(&self, id: &str, products: Value) -> Answer {
        self.post(&format!("/connections/{id}/products"), json!({ "products": products })).await
    }

    /// Turns a knob of the sandbox.
    pub async fn knob(&self, id: &str, knob: &str, body: Value) -> Value {
        self.post(&format!("/sandbox/connections/{id}/{knob}"), body).await.expect(200)
    }

    /// What Plaid was asked for, but for what a webhook that arrives late has it asked: who signed it, and how the Item stands.
    pub fn fetches(&self) -> Vec<String> {
        const OF_WEBHOOKS: [&str; 2] = ["/webhook_verification_key/get", "/item/get"];
        self.fidelity.operations().into_iter().filter(|path| !OF_WEBHOOKS.contains(&path.as_str())).collect()
    }

    /// Moves the sandbox's clock.
    pub async fn advance(&self, seconds: i64) {
        self.post("/sandbox/clock", json!({ "advanceSeconds": seconds })).await.expect(200);
    }

    /// Lets things go wrong at the provider, on that route; an empty one heals.
    pub async fn break_route(&self, route: &str) {
        let fault = json!({ "route": route, "kind": "STATUS", "status": 500 });
        self.faults(if route.is_empty() { json!([]) } else { json!([fault]) }).await;
    }

    /// The data of the events of a connection of that type, oldest first, once there are so many: events of transactions that
    /// other tests hold open come late.
    pub async fn events(&self, id: &str, kind: &str, count: usize) -> Vec<Value> {
        let path = format!("/events?connectionId={id}&type={kind}&limit=500");
        let page = self.until(&path, |page| page["data"].as_array().unwrap().len() >= count).await;
        page["data"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
    }

    /// Every event of a connection that has happened by now.
    pub async fn all_events(&self, id: &str) -> Vec<Value> {
        let count = usize::try_from(self.last_event(id).await).unwrap();
        let path = format!("/events?connectionId={id}&limit=500");
        let page = self.until(&path, |page| page["data"].as_array().unwrap().len() >= count).await;
        page["data"].as_array().unwrap().clone()
    }

    /// The number of the last event of a connection.
    pub async fn last_event(&self, id: &str) -> i64 {
        let mut database = sqlx::PgConnection::connect(&self.database_url).await.unwrap();
        let query = sqlx::query_scalar("select event_seq from connections where id::text = $1").bind(id.to_owned());
        query.fetch_one(&mut database).await.unwrap()
    }

    /// Waits until the provider was called that way so often.
    pub async fn called(&self, operation: &str, times: usize) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.fidelity.operations().iter().filter(|one| *one == operation).count() < times {
            assert!(tokio::time::Instant::now() < deadline, "{operation} was never called {times} times");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a connection has nothing left to fetch; the connection then.
    pub async fn settled(&self, id: &str) -> Value {
        self.until(&format!("/connections/{id}"), |connection| connection["updateStatus"] != "IN_PROGRESS").await
    }

    /// Waits until a path answers what is hoped for.
    pub async fn until(&self, path: &str, hoped: impl Fn(&Value) -> bool) -> Value {
        self.until_within(PATIENCE, path, hoped).await
    }

    /// The same for what may take longer, or must not.
    pub async fn until_within(&self, patience: Duration, path: &str, hoped: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let body = self.get(path).await.expect(200);
            if hoped(&body) {
                return body;
            }
            assert!(tokio::time::Instant::now() < deadline, "{path} never came to what was hoped for: {body:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{joint}limit=500{after}")).await.expect(200);
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return items,
            }
        }
    }

    /// What the server called at the provider, and that all of it was as the provider's description says.
    #[track_caller]
    pub fn assert_faithful(&self) {
        let complaints = self.fidelity.complaints();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

/// Every answer of a documented path is as the document says.
#[track_caller]
fn judge(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = document::operation(method, path) else { return };
    let kind = answer.headers.get("content-type").map(String::as_str).unwrap_or_default();
    let complaints = operation.complaints(answer.status, kind, &answer.body);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        if !std::thread::panicking() {
            self.assert_faithful();
        }
    }
}
