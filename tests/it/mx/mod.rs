//! What is MX's own: both versions of its API through the whole server, its jobs, and its webhooks' password.

mod jobs;
mod main_job;
mod simulator;
mod webhooks;

use serde_json::{Value, json};

use crate::support::TestApp;

/// A server that speaks that version of MX's API.
async fn app(version: &str) -> TestApp {
    TestApp::with(&[("LINKSPAN_PROVIDERS__MX__VERSION", version)]).await
}

/// A connection through MX at that institution, by a customer who does things in their own way.
async fn linked_at(app: &TestApp, institution: &str, body: Value, play: Value) -> Value {
    let started = app.start(body).await;
    let mut play = play;
    play["institutionId"] = app.institution_at("MX", institution).await.into();
    let connection = app.play(&started, None, play).await.expect(200);
    assert_eq!(connection["serviceProvider"], "MX");
    connection
}

/// One whose data is there.
async fn linked(app: &TestApp, body: Value) -> String {
    let connection = linked_at(app, "First Platypus Bank", body, json!({})).await;
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}
