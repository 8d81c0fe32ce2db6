//! The sandbox's users get as far at each provider as they are meant to.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::base;
use super::claimed;
use super::knobs::{Row, at_each};
use crate::support::TestApp;

/// A run may have to wait for others.
const LONGEST: Duration = Duration::from_secs(120);

async fn started(app: &TestApp, row: &Row) -> Value {
    let products = claimed(app, row.provider).await;
    app.start(json!({
        "products": [base(&products)], "serviceProvider": row.provider, "countryCodes": [row.country()],
        "externalCustomerId": row.provider,
    }))
    .await
}

async fn play(app: &TestApp, row: &Row, username: &str) -> Value {
    let institution = app.institution_at(row.provider, row.institutions[0]).await;
    json!({ "institutionId": institution, "username": format!("{username}+{}", row.provider.to_lowercase()) })
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_a_login_without_accounts_ends_the_attempt_and_another_may_follow() {
    let app = TestApp::new().await;
    at_each(async |row| {
        let session = started(&app, row).await;
        let nothing = app.play(&session, None, play(&app, row, "user_no_accounts").await).await;
        let problem = nothing.problem(409, "USER_ACTION_REQUIRED");
        assert_eq!(problem["attempt"], "NO_ACCOUNTS", "{}: {problem:#}", row.provider);
        app.play(&session, None, play(&app, row, "user_good").await).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_an_institution_that_fails_later_hinders_no_link() {
    let app = TestApp::new().await;
    let linked: Mutex<HashMap<&str, String>> = Mutex::default();
    at_each(async |row| {
        let session = started(&app, row).await;
        let connection = app.play(&session, None, play(&app, row, "user_down").await).await.expect(200);
        let id = connection["id"].as_str().unwrap().to_owned();
        app.settled(&id).await;
        linked.lock().unwrap().insert(row.provider, id);
    })
    .await;
    // Every one is due to be read by then.
    app.advance(25 * 3600).await;
    let linked = linked.into_inner().unwrap();
    join_all(linked.iter().map(async |(provider, id)| {
        let path = format!("/connections/{id}");
        let ill = app.until_within(LONGEST, &path, |now| now["status"] != "ACTIVE").await;
        let stands = (ill["status"].as_str().unwrap(), ill["statusReason"].as_str());
        // A token that Mesh cannot renew is told as a failure of its own.
        let whose = if *provider == "MESH" { "SERVICE_PROVIDER" } else { "INSTITUTION" };
        let reason = format!("{whose}_CURRENTLY_UNAVAILABLE");
        assert_eq!(stands, ("DEGRADED", Some(reason.as_str())), "{provider}: {ill:#}");
    }))
    .await;
}
