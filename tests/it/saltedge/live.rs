//! Linkspan in live mode before a server that takes only what is signed: over end, method, whole address and body, by the client that it
//! names, from somebody who has a name.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use linkspan::config::Mode;
use linkspan::providers::data::InstitutionsRequest;
use linkspan::providers::saltedge;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{new_key, private_pem, public_der, public_pem, rig};
use crate::support::TestApp;

/// A call that was taken.
struct Taken {
    app_id: String,
    call: String,
    body: Value,
}

/// The server: who may call, and what was taken.
#[derive(Default)]
struct Edge {
    clients: Vec<(&'static str, Vec<u8>)>,
    taken: Mutex<Vec<Taken>>,
}

impl Edge {
    fn taken(&self, app_id: &str, call: &str) -> Vec<Value> {
        let taken = self.taken.lock().unwrap();
        let same = |one: &&Taken| one.app_id == app_id && one.call == call;
        taken.iter().filter(same).map(|one| one.body.clone()).collect()
    }
}

async fn serve(edge: Arc<Edge>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v6", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer).with_state(edge)).await });
    url
}

async fn answer(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 100_000).await.unwrap();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header("user-agent").starts_with("Linkspan/") {
        return (StatusCode::FORBIDDEN, Html("<h1>403 Forbidden</h1>")).into_response();
    }
    let url = format!("http://{}{}", header("host"), parts.uri);
    let (app_id, ends) = (header("app-id").to_owned(), header("expires-at"));
    let signed = [format!("{ends}|{}|{url}|", parts.method).as_bytes(), &body[..]].concat();
    let left = ends.parse::<i64>().unwrap_or_default() - chrono::Utc::now().timestamp();
    let signature = BASE64_STANDARD.decode(header("signature")).unwrap_or_default();
    let key = edge.clients.iter().find(|(id, _)| *id == app_id).map(|(_, key)| key);
    let is_theirs =
        |key: &Vec<u8>| UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&signed, &signature).is_ok();
    if header("secret") != "s" || !(1..=3600).contains(&left) || !key.is_some_and(is_theirs) {
        let error = json!({ "error": { "class": "SignatureNotMatch", "message": "no" }, "request": {} });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let call = format!("{} {}", parts.method, parts.uri.path());
    let data = data_of(&call, &body);
    let body = serde_json::from_slice(&body).unwrap_or_default();
    edge.taken.lock().unwrap().push(Taken { app_id, call, body });
    match data {
        Some(data) => Json(json!({ "data": data, "meta": {} })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn data_of(call: &str, body: &Bytes) -> Option<Value> {
    let bank = json!({
        "id": "1", "code": "north_gb", "name": "Bank of the North Sea", "country_code": "GB", "mode": "oauth",
        "status": "active", "max_consent_days": 90, "supported_fetch_scopes": ["accounts", "transactions"],
    });
    Some(match call {
        "GET /api/v6/providers" => json!([bank]),
        "GET /api/v6/providers/north_gb" => bank,
        "POST /api/v6/customers" => json!({ "customer_id": "7" }),
        "GET /api/v6/connections" => json!([]),
        "POST /api/v6/connections/connect" => {
            assert!(!body.is_empty());
            json!({ "connect_url": "https://www.saltedge.com/connect?token=t", "expires_at": null })
        }
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_client_signs_what_it_sends_with_a_key_of_its_own() {
    let (own, partner, callbacks) = (new_key(), new_key(), new_key());
    let clients = vec![("own", public_der(&own)), ("partner", public_der(&partner))];
    let edge = Arc::new(Edge { clients, ..Edge::default() });
    let url = serve(edge.clone()).await;
    let callback_key = public_pem(&callbacks);
    let mut variables = vec![
        ("LINKSPAN_PUBLIC_URL".to_owned(), "https://link.example".to_owned()),
        ("LINKSPAN_KEYS".to_owned(), "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        ("LINKSPAN_NET__ALLOW_PRIVATE_ADDRESSES".to_owned(), "true".to_owned()),
    ];
    for (id, app_id, key) in [("SALT_EDGE", "own", &own), ("SALT_EDGE_PARTNERS", "partner", &partner)] {
        let section = [
            ("MODE", "live"),
            ("BASE_URL", &url),
            ("APP_ID", app_id),
            ("SECRET", "s"),
            ("PRIVATE_KEY", &private_pem(key)),
            ("CALLBACK_PUBLIC_KEY", &callback_key),
            ("PAGE_SIZE", "500"),
        ];
        variables.extend(section.map(|(key, value)| (format!("LINKSPAN_PROVIDERS__{id}__{key}"), value.to_owned())));
    }
    let variables: Vec<(&str, &str)> = variables.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let app = TestApp::with(&variables).await;
    for (id, app_id) in [("SALT_EDGE", "own"), ("SALT_EDGE_PARTNERS", "partner")] {
        let listed = format!("/institutions?query=Bank+of+the+North+Sea&serviceProvider={id}");
        let page = app.until(&listed, |page| page["data"][0]["id"].is_string()).await;
        let started =
            app.start(json!({ "products": ["TRANSACTIONS"], "serviceProvider": id, "countryCodes": ["GB"] })).await;
        let chosen = json!({ "institutionId": page["data"][0]["id"] });
        let token = started["connectToken"].as_str().unwrap();
        let launched = app.post_as(token, "/connect/link-token", chosen).await.expect(200);
        assert_eq!(launched["launch"]["url"], "https://www.saltedge.com/connect?token=t", "{launched:#}");
        let asked = edge.taken(app_id, "POST /api/v6/connections/connect");
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (&asked[0]["data"]["customer_id"], &asked[0]["data"]["provider"]["code"]),
            (&json!("7"), &json!("north_gb"))
        );
    }
    // The server can say no.
    let providers = app.http.get(format!("{url}/providers"));
    assert_eq!(providers.try_clone().unwrap().send().await.unwrap().status(), 403);
    assert_eq!(
        providers.header("user-agent", "Linkspan/0").header("app-id", "own").send().await.unwrap().status(),
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fake_banks_are_offered_where_the_configuration_says_so() {
    let rig = rig().await;
    let bank =
        |code: &str, country: &str| json!({ "code": code, "name": code, "country_code": country, "status": "active" });
    let page =
        json!({ "data": [bank("fakebank_simple_xf", "XF"), bank("b_de", "DE"), bank("b_fr", "FR")], "meta": {} });
    let foreign = rig.before(Router::new().route("/providers", get(async move || Json(page)))).await;
    for (asked, found) in [(false, vec!["b_de"]), (true, vec!["fakebank_simple_xf", "b_de"])] {
        let section = [("include_sandboxes".to_owned(), asked.into())].into_iter().collect();
        let provider = saltedge::build(section, Mode::Sandbox).unwrap();
        let request = InstitutionsRequest { country_codes: vec!["DE".to_owned()], page: None };
        let listed = provider.institutions(&foreign.patient(), &request).await.unwrap().institutions;
        let codes: Vec<_> = listed.iter().map(|one| one.provider_institution_id.as_str()).collect();
        assert_eq!(codes, found);
        assert!(listed.iter().all(|one| one.country_codes.contains(&"DE".to_owned())));
    }
}
