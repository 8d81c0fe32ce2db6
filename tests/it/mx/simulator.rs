//! The simulator says no where MX says no.

use linkspan::providers::data::RefreshRequest;
use serde_json::{Value, json};

use crate::contract::Rig;

/// MX's client at the simulator, with good credentials.
struct Client {
    url: String,
    http: reqwest::Client,
}

impl Client {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.basic_auth("sandbox", Some("sandbox-key")).header("accept", "application/json");
        request = request.header("accept-version", "v20250224");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn status_of(&self, method: &str, path: &str, body: Option<Value>) -> u16 {
        self.ask(method, path, body).await.0
    }
}

async fn rig() -> (Rig, Client) {
    let rig = Rig::each().await.into_iter().find(|rig| rig.name() == "MX").expect("it is in the list");
    let url = rig.entry.upstream.base_url().as_str().trim_end_matches('/').to_owned();
    (rig, Client { url, http: crate::support::client().build().unwrap() })
}

/// The path of the member that a credential is about.
fn path_of(credential: &str) -> String {
    let mut parts = credential.split('/');
    format!("/users/{}/members/{}", parts.next().unwrap(), parts.next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_or_speaks_another_version_gets_nothing() {
    let (_rig, client) = rig().await;
    let bare = client.http.get(format!("{}/institutions", client.url));
    assert_eq!(bare.send().await.unwrap().status(), 401);
    let odd = client.http.get(format!("{}/institutions", client.url)).basic_auth("sandbox", Some("sandbox-key"));
    assert_eq!(odd.header("accept-version", "v1").send().await.unwrap().status(), 406);
    assert_eq!(client.status_of("GET", "/institutions", None).await, 200);
    assert_eq!(client.status_of("GET", "/users/USR-0/members", None).await, 404);
    assert_eq!(client.status_of("PATCH", "/institutions", None).await, 405);
    let user = json!({ "user": { "id": "user-1" } });
    assert_eq!(client.status_of("POST", "/users", Some(user.clone())).await, 200);
    assert_eq!(client.status_of("POST", "/users", Some(user)).await, 409, "one record a customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_an_aggregation_within_three_hours_is_accepted_and_not_run() {
    let (rig, client) = rig().await;
    let linked = rig.ready().await;
    let path = path_of(linked.credential.expose());
    let at = async || client.ask("GET", &path, None).await.1["member"]["aggregated_at"].clone();
    let before = at().await;
    assert_eq!(client.status_of("POST", &format!("{path}/aggregate"), None).await, 202);
    assert_eq!(at().await, before);
    // So the adapter does not take that for a refresh.
    let refused = rig
        .provider()
        .refresh(&rig.cx(), &linked.credential, &RefreshRequest::of(rig.spec().refreshable))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, linkspan::providers::FailureKind::RateLimit);
    let wait = refused.retry_after.unwrap().as_secs();
    assert!((6_000..=7_200).contains(&wait), "an hour has passed of three: {wait}");
    rig.move_clock(chrono::TimeDelta::hours(3));
    assert_eq!(client.status_of("POST", &format!("{path}/aggregate"), None).await, 202);
    assert_ne!(at().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_exclude_each_other_and_need_an_institution_that_has_them() {
    let (rig, client) = rig().await;
    let slow = rig.linked(rig.everything(), json!({ "username": "user_slow_history" })).await;
    let path = path_of(slow.credential.expose());
    assert_eq!(client.status_of("POST", &format!("{path}/verify"), None).await, 200);
    assert_eq!(client.status_of("POST", &format!("{path}/verify"), None).await, 200, "it runs already");
    assert_eq!(client.status_of("POST", &format!("{path}/identify"), None).await, 409);
    assert_eq!(client.ask("GET", &path, None).await.1["member"]["is_being_aggregated"], true);
    rig.move_clock(chrono::TimeDelta::seconds(40));
    assert_eq!(client.ask("GET", &path, None).await.1["member"]["is_being_aggregated"], false);
    assert_eq!(client.status_of("POST", &format!("{path}/identify"), None).await, 202);
    assert_eq!(client.status_of("POST", &format!("{path}/dance"), None).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_be_opened_for_ten_minutes_and_ends_with_its_use() {
    let (rig, client) = rig().await;
    let user = json!({ "user": { "id": "user-1" } });
    let user = client.ask("POST", "/users", Some(user)).await.1["user"]["guid"].as_str().unwrap().to_owned();
    let ask = async |settings: Value| {
        client.ask("POST", &format!("/users/{user}/widget_urls"), Some(json!({ "widget_url": settings }))).await
    };
    assert_eq!(ask(json!({ "widget_type": "goals_widget" })).await.0, 400);
    assert_eq!(ask(json!({ "widget_type": "connect_widget", "current_institution_code": "nowhere" })).await.0, 404);
    let odd = json!({ "widget_type": "connect_widget", "data_request": { "products": ["everything"] } });
    assert_eq!(ask(odd).await.0, 400);
    let (_, answer) = ask(json!({ "widget_type": "connect_widget" })).await;
    let url = answer["widget_url"]["url"].as_str().unwrap();
    let shown = async || client.http.get(url).send().await.unwrap().status().as_u16();
    assert_eq!(shown().await, 200);
    rig.move_clock(chrono::TimeDelta::minutes(11));
    assert_eq!(shown().await, 410);
}
