//! A tenant with one of each: what tests that go through every operation put in for each name in the document.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::app::state;
use super::{Key, TestApp};
use crate::support::document::Operation;

/// One resource of each kind, by the name that the document gives its id.
pub struct World {
    ids: BTreeMap<&'static str, String>,
    /// Of a session that is open and whose institution is settled.
    pub connect_token: String,
}

/// A connection, and what hangs on it.
const OF_A_CONNECTION: &[&str] = &[
    "connectionId",
    "accountId",
    "transactionId",
    "sessionId",
    "eventId",
    "refreshId",
    "reportId",
    "statementId",
    "evaluationId",
];

/// Not a tenant's: everybody sees the same.
pub const SHARED: &[&str] = &["institutionId", "serviceProvider", "product", "knob", "webhookSecret"];

impl World {
    /// The sandbox tenant's: a linked connection with data, and a second session that is open.
    pub async fn of_sandbox(app: &TestApp) -> Self {
        let body = json!({
            "externalCustomerId": "the-owner", "products": ["TRANSACTIONS", "ASSETS", "STATEMENTS"], "optionalProducts": ["IDENTIFIERS", "OWNERS", "SIGNAL"],
            "productOptions": { "STATEMENTS": { "from": "2026-01-01", "to": "2026-06-30" } },
            "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"],
        });
        let connection = app.linked(body).await;
        let first = async |path: String| app.all(&path).await.swap_remove(0)["id"].as_str().unwrap().to_owned();
        let refreshed = app.post(&format!("/connections/{connection}/refresh"), json!({})).await.expect(202);
        app.settled(&connection).await;
        let mut world = Self::of_start(app, Key::Sandbox).await;
        let checking = app.all(&format!("/accounts?connectionId={connection}")).await;
        let checking = checking.iter().find(|account| account["subtype"] == "CHECKING").unwrap();
        let reports = format!("/connections/{connection}/assets");
        let report =
            app.post(&reports, json!({ "days": 30 })).await.expect(202)["reportId"].as_str().unwrap().to_owned();
        app.until(&format!("{reports}/{report}"), |report| report["state"] == "READY").await;
        let statements = format!("/connections/{connection}/statements");
        app.until(&format!("/connections/{connection}"), |one| state(one, "STATEMENTS").0 == "AVAILABLE").await;
        let listed = app.all(&statements).await;
        let statement = listed[0]["statementId"].as_str().unwrap().to_owned();
        let payment = json!({ "accountId": checking["id"], "amount": "10" });
        let evaluated = app.post(&format!("/connections/{connection}/signal/evaluations"), payment).await.expect(201);
        world.ids.extend([
            ("evaluationId", evaluated["evaluationId"].as_str().unwrap().to_owned()),
            ("statementId", statement),
            ("reportId", report),
            ("accountId", checking["id"].as_str().unwrap().to_owned()),
            ("transactionId", first(format!("/transactions?connectionId={connection}")).await),
            ("sessionId", first(format!("/connect/sessions?connectionId={connection}")).await),
            ("eventId", first(format!("/events?connectionId={connection}")).await),
            ("refreshId", refreshed["refreshId"].as_str().unwrap().to_owned()),
            ("customerId", checking["customerId"].as_str().unwrap().to_owned()),
            ("externalCustomerId", "the-owner".to_owned()),
            ("connectionId", connection),
        ]);
        world
    }

    /// What a tenant without the sandbox has: a connection that is being linked.
    pub async fn of_start(app: &TestApp, key: Key<'_>) -> Self {
        let institution = app.institution("First Platypus Bank").await;
        let body =
            json!({ "externalCustomerId": "somebody", "products": ["TRANSACTIONS"], "institutionId": institution });
        let body = Some(body.to_string().into_bytes());
        let started = app.call("POST", "/connect/start", key, &[], body).await.expect(201);
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        let ids = BTreeMap::from([
            ("connectionId", text("connectionId")),
            ("customerId", text("customerId")),
            ("externalCustomerId", "somebody".to_owned()),
            ("institutionId", institution),
            ("serviceProvider", "PLAID".to_owned()),
            ("product", "OWNERS".to_owned()),
            ("knob", "post-transactions".to_owned()),
            ("webhookSecret", "no-secret".to_owned()),
        ]);
        Self { ids, connect_token: text("connectToken") }
    }

    /// The id that stands for a name in the document.
    #[track_caller]
    pub fn id(&self, name: &str) -> &str {
        let found = self.ids.get(name);
        found.unwrap_or_else(|| panic!("nothing stands for {name}: give the world one, or say why none is needed"))
    }

    /// The same world with another id for that name.
    pub fn with(&self, name: &'static str, id: &str) -> Self {
        let mut ids = self.ids.clone();
        ids.insert(name, id.to_owned());
        Self { ids, connect_token: self.connect_token.clone() }
    }

    /// The same world with ids that nobody has.
    pub fn of_nobody(self) -> Self {
        let nobody = uuid::Uuid::now_v7().to_string();
        OF_A_CONNECTION.iter().fold(self, |world, name| world.with(name, &nobody))
    }

    /// The same world with another's open session.
    pub fn visited_by(&self, other: Self) -> Self {
        Self { ids: self.ids.clone(), connect_token: other.connect_token }
    }

    /// The names of everything that belongs to this tenant.
    pub fn own(&self) -> Vec<&'static str> {
        self.ids.keys().copied().filter(|name| !SHARED.contains(name)).collect()
    }

    /// An operation's path with the ids of this world.
    pub fn path(&self, operation: &Operation) -> String {
        operation
            .in_path()
            .iter()
            .fold(operation.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), self.id(name)))
    }

    /// The same, with another world's where this one has none.
    pub fn path_or(&self, operation: &Operation, other: &Self) -> String {
        operation.in_path().iter().fold(operation.path.clone(), |path, name| {
            let id = self.ids.get(name.as_str()).map_or_else(|| other.id(name), String::as_str);
            path.replace(&format!("{{{name}}}"), id)
        })
    }

    /// An operation's example body with the ids of this world; nothing where it has no body.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
        let mut body = operation.example()?;
        for (name, value) in body.as_object_mut().unwrap() {
            if name == "connectToken" {
                *value = self.connect_token.as_str().into();
            } else if let Some(id) =
                self.ids.get(name.as_str()).filter(|_| name.ends_with("Id") && name != "externalCustomerId")
            {
                *value = id.as_str().into();
            }
        }
        Some(body)
    }

    /// The key or token with which the owner calls an operation.
    pub fn key<'a>(&'a self, operation: &Operation, api_key: Key<'a>) -> Key<'a> {
        match operation.scheme.as_deref() {
            Some("connectToken") => Key::Of(&self.connect_token),
            Some(_) => api_key,
            None => Key::Nobody,
        }
    }

    /// Calls an operation as the document's example does.
    pub async fn call(&self, app: &TestApp, operation: &Operation, api_key: Key<'_>) -> super::Answer {
        let body = self.body(operation).map(|body| body.to_string().into_bytes());
        app.call(operation.method, &self.path(operation), self.key(operation, api_key), &[], body).await
    }
}
