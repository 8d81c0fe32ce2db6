//! Another tenant's id is answered exactly as one that does not exist: every operation of the document, each of its ids.

use linkspan::store::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::document::{Operation, operations};
use crate::support::{Answer, Key, TestApp, World};

/// Query parameters that name nothing of a tenant's.
const NO_IDS: &[&str] = &[
    "after",
    "category",
    "countryCode",
    "data",
    "from",
    "institutionId",
    "limit",
    "product",
    "query",
    "serviceProvider",
    "status",
    "to",
    "type",
];

/// What an answer says, besides the request's own id and time.
fn said(answer: Answer) -> (u16, Vec<(String, String)>, String) {
    let id = answer.headers["x-request-id"].clone();
    let own = ["x-request-id", "date"];
    let mut headers: Vec<_> = answer.headers.into_iter().filter(|(name, _)| !own.contains(&name.as_str())).collect();
    headers.sort();
    (answer.status, headers, answer.body.to_string().replace(&id, ""))
}

/// An id like that one that nobody has.
fn unknown(name: &str) -> String {
    if name == "externalCustomerId" { "nobody-we-know".to_owned() } else { Uuid::now_v7().to_string() }
}

struct Matrix<'a> {
    app: &'a TestApp,
    /// Who asks, and what is theirs.
    key: Key<'a>,
    own: &'a World,
    /// Whose ids are asked for.
    other: &'a World,
    compared: usize,
}

impl Matrix<'_> {
    async fn operation(&mut self, operation: &Operation) {
        let in_path = operation.in_path();
        for name in in_path.iter().filter(|name| self.other.own().contains(&name.as_str())) {
            // The others are the caller's own where they have one, so that this id alone decides.
            let theirs = |id: &str| {
                in_path.iter().fold(operation.path.clone(), |path, part| {
                    let id = if part == name { id } else { self.own_or_other(part) };
                    path.replace(&format!("{{{part}}}"), id)
                })
            };
            let body = self.own.body(operation);
            let (foreign, nobody) = (theirs(self.other.id(name)), theirs(&unknown(name)));
            self.compare(operation, (&foreign, body.clone(), None), (&nobody, body, None)).await;
        }
        for parameter in operation.parameters().into_iter().filter(|parameter| parameter.place == "query") {
            let name = match parameter.name.as_str() {
                "Last-Event-ID" => "eventId",
                // An answer without an end: whose events it may read is tested beside it.
                _ if operation.path == "/events/stream" => continue,
                name if NO_IDS.contains(&name) || name.starts_with("PSU-") => continue,
                name => name,
            };
            let (foreign, nobody) = (self.other.id(name).to_owned(), unknown(name));
            let path = self.own.path_or(operation, self.other);
            if parameter.place == "header" {
                let header = |id: &String| Some((parameter.name.clone(), id.clone()));
                self.compare(operation, (&path, None, header(&foreign)), (&path, None, header(&nobody))).await;
            } else {
                let query = |id: &String| format!("{path}?{}={id}", parameter.name);
                self.compare(operation, (&query(&foreign), None, None), (&query(&nobody), None, None)).await;
            }
        }
        let Some(body) = self.own.body(operation) else { return };
        let schema = operation.body_schema().unwrap()["properties"].as_object().unwrap();
        for name in schema.keys().filter(|name| name.ends_with("Id") || name.ends_with("Token")) {
            let (foreign, nobody) = match name.as_str() {
                // Everybody's; the tenant's own word; the provider's own.
                "institutionId" | "externalCustomerId" | "publicToken" => continue,
                "connectToken" => (self.other.connect_token.clone(), format!("lct_{}", "A".repeat(43))),
                name => (self.other.id(name).to_owned(), unknown(name)),
            };
            let path = self.own.path_or(operation, self.other);
            let with = |id: &String| {
                let mut body = body.clone();
                body[name.as_str()] = json!(id);
                Some(body)
            };
            self.compare(operation, (&path, with(&foreign), None), (&path, with(&nobody), None)).await;
        }
    }

    fn own_or_other(&self, name: &str) -> &str {
        if self.own.own().contains(&name) || !self.other.own().contains(&name) {
            self.own.id(name)
        } else {
            self.other.id(name)
        }
    }

    async fn compare(&mut self, operation: &Operation, foreign: Request<'_>, nobody: Request<'_>) {
        let [foreign_said, nobody_said] = [self.ask(operation, &foreign).await, self.ask(operation, &nobody).await];
        // What was sent is the only difference, and it is never echoed.
        assert_eq!(foreign_said, nobody_said, "{} {}", operation.name(), foreign.0);
        assert!(foreign_said.0 < 500, "{} {}: {foreign_said:?}", operation.name(), foreign.0);
        self.compared += 1;
    }

    async fn ask(
        &self,
        operation: &Operation,
        (path, body, header): &Request<'_>,
    ) -> (u16, Vec<(String, String)>, String) {
        let headers: Vec<_> = header.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = body.as_ref().map(|body| body.to_string().into_bytes());
        said(self.app.call(operation.method, path, self.key, &headers, body).await)
    }
}

type Request<'a> = (&'a str, Option<Value>, Option<(String, String)>);

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_ids_are_answered_as_unknown_ones() {
    let app = TestApp::new().await;
    let owner = World::of_sandbox(&app).await;
    let key = app.key_of("another", Role::Admin).await;
    let other = World::of_start(&app, Key::Of(&key)).await;
    // The other tenant asks for what the sandbox's tenant has, and the other way round.
    let mut matrix = Matrix { app: &app, key: Key::Of(&key), own: &other, other: &owner, compared: 0 };
    for operation in operations().iter().filter(|operation| operation.scheme.as_deref() == Some("apiKey")) {
        matrix.operation(operation).await;
    }
    assert!(matrix.compared >= 35, "{}", matrix.compared);
    let mut back = Matrix { app: &app, key: Key::Sandbox, own: &owner, other: &other, compared: 0 };
    for operation in operations().iter().filter(|operation| operation.path.starts_with("/sandbox/")) {
        back.operation(operation).await;
    }
    assert!(back.compared >= 2, "{}", back.compared);
    // And nothing of it changed anything.
    let connection = app.get(&format!("/connections/{}", owner.id("connectionId"))).await.expect(200);
    assert_eq!(connection["status"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_tenant_is_another_key() {
    let app = TestApp::new().await;
    let key = app.key_of("another", Role::Write).await;
    let body = || Some(json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"] }).to_string().into_bytes());
    let headers = [("idempotency-key", "the-same")];
    let mine = app.call("POST", "/connect/start", Key::Sandbox, &headers, body()).await.expect(201);
    let theirs = app.call("POST", "/connect/start", Key::Of(&key), &headers, body()).await.expect(201);
    assert_ne!(mine["connectionId"], theirs["connectionId"]);
    assert_ne!(mine["customerId"], theirs["customerId"]);
}
