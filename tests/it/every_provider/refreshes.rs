//! What a refresh may ask for beside data (E5, E6), and how often (E8), at each provider that differs.

use serde_json::{Value, json};

use super::{link_all, rows};
use crate::support::{Key, TestApp};

const UPDATE: &str = "/api/tasks/backgroundUpdate";

/// Plays the customer through the session that an answer holds.
async fn play(app: &TestApp, problem: &Value) {
    let session = &problem["session"];
    assert!(session["widgetUrl"].as_str().is_some_and(|url| url.contains("/link/")), "{problem:#}");
    app.play(session, None, json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn e6_a_login_is_kept_in_the_providers_form_or_not_at_all() {
    let app = TestApp::new().await;
    for one in link_all(&app, false).await {
        let path = format!("/connections/{}/refresh", one.id);
        let answer = app.post(&path, json!({ "storeSecrets": true })).await;
        if !["FINAPI", "SALT_EDGE", "SALT_EDGE_PARTNERS"].contains(&one.provider) {
            answer.problem(422, "UNSUPPORTED_BY_PROVIDER");
            continue;
        }
        let problem = answer.problem(409, "USER_ACTION_REQUIRED");
        assert_eq!(problem["repair"], format!("/connections/{}/repair", one.id), "{}", one.provider);
        play(&app, &problem).await;
        assert_eq!(app.settled(&one.id).await["status"], "ACTIVE", "{}", one.provider);
        let kept = match one.provider {
            "FINAPI" => app.fidelity.requests(UPDATE).pop().unwrap()["manageSavedSettings"] == json!(["CREDENTIALS"]),
            _ => reconnected(&app)["attempt"]["store_credentials"] == json!(true),
        };
        assert!(kept, "{}", one.provider);
    }
    app.assert_faithful();
}

/// What Salt Edge was last asked for in a repair.
fn reconnected(app: &TestApp) -> Value {
    let paths = app.fidelity.operations();
    let path = paths.iter().rfind(|path| path.ends_with("/reconnect")).unwrap();
    app.fidelity.requests(path).pop().unwrap()["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn e5_new_accounts_come_with_a_refresh_or_with_a_consent_that_is_given_anew() {
    let app = TestApp::new().await;
    for (provider, institution, with_refresh) in [
        ("FINAPI", "Isarwinkel Universalbank", true),
        ("FINAPI", "Rheintaler Sparbank", false),
        ("SALT_EDGE", "Rheintaler Sparbank", false),
    ] {
        let name = format!("{provider} at {institution}");
        let body = json!({ "products": ["TRANSACTIONS"], "countryCodes": ["DE"], "externalCustomerId": name });
        let id = app.linked_through(provider, institution, body).await;
        let before = rows(&app, "/accounts", &id).await.len();
        app.knob(&id, "new-accounts", json!({})).await;
        app.advance(61).await;
        let answer = app.post(&format!("/connections/{id}/refresh"), json!({ "importNewAccounts": true })).await;
        if with_refresh {
            answer.expect(202);
            app.advance(11).await;
        } else {
            let problem = answer.problem(409, "USER_ACTION_REQUIRED");
            assert_eq!(problem["reasons"], json!(["NEW_ACCOUNTS"]), "{name}");
            play(&app, &problem).await;
        }
        let now = app.until(&format!("/connections/{id}"), |now| now["repair"]["reasons"] == json!([])).await;
        assert_eq!(now["status"], "ACTIVE", "{name}");
        assert_eq!(rows(&app, "/accounts", &id).await.len(), before + 1, "{name}");
    }
    let modes: Vec<Value> =
        app.fidelity.requests(UPDATE).iter().map(|update| update["importNewAccountsMode"].clone()).collect();
    assert_eq!(modes, ["CONDITIONAL", "FORCED"]);
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_an_update_with_the_customer_says_who_it_is_where_the_caller_does() {
    let app = TestApp::new().await;
    let body = json!({ "products": ["TRANSACTIONS"], "countryCodes": ["DE"] });
    let id = app.linked_through("FINAPI", "Isarwinkel Universalbank", body).await;
    let repair = app.repair(&id, json!({})).await;
    let psu = [("psu-ip-address", "2001:db8::7"), ("psu-device-os", "Plan 9"), ("psu-user-agent", "Mothra/1.0")];
    let key = Key::Of(repair["connectToken"].as_str().unwrap());
    let launch = async |headers: &[(&str, &str)]| {
        app.call("POST", "/connect/link-token", key, headers, Some(b"{}".to_vec())).await
    };
    launch(&psu[..1]).await.problem(400, "INVALID_REQUEST");
    launch(&psu).await;
    let told = &app.fidelity.requests(UPDATE)[0]["userMetadata"];
    assert_eq!(*told, json!({ "ipAddress": "2001:db8::7", "deviceOs": "Plan 9", "userAgent": "Mothra/1.0" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_the_widget_says_who_the_customer_is_by_its_own_request() {
    let app = TestApp::with(&[("LINKSPAN_CLIENT_IP_HEADER", "x-forwarded-for")]).await;
    let body = json!({ "products": ["TRANSACTIONS"], "countryCodes": ["DE"] });
    let id = app.linked_through("FINAPI", "Isarwinkel Universalbank", body).await;
    let repair = app.repair(&id, json!({})).await;
    let cookie = format!("linkspan-session={}", repair["connectToken"].as_str().unwrap());
    let session = app.http.get(format!("{}/link", app.url)).header("cookie", &cookie).send().await.unwrap();
    let html = session.text().await.unwrap();
    let key = html.split_once("name=\"key\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let agent = "Mothra/1.0 (Plan 9)";
    let request = app.http.post(format!("{}/link/choose", app.url)).header("cookie", &cookie);
    let request = request.header("user-agent", agent).header("x-forwarded-for", "10.0.0.1, 2001:db8::7");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(format!("key={key}"));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let told = &app.fidelity.requests(UPDATE)[0]["userMetadata"];
    assert_eq!(*told, json!({ "ipAddress": "2001:db8::7", "deviceOs": "Plan 9", "userAgent": agent }));
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_a_refresh_too_soon_waits_as_long_as_the_provider_wants_and_makes_no_call() {
    let app = TestApp::new().await;
    for (provider, pause) in [("MX", 3 * 3600), ("YODLEE", 15 * 60)] {
        let body = json!({ "products": ["TRANSACTIONS"], "externalCustomerId": provider, "serviceProvider": provider });
        let id = app.linked_through(provider, "First Platypus Bank", body).await;
        let limits = app.get(&format!("/service-providers/{provider}")).await.expect(200)["limits"].clone();
        assert_eq!(limits["refreshPauseSeconds"], pause, "{provider}");
        let path = format!("/connections/{id}/refresh");
        app.post(&path, json!({})).await.expect(202);
        app.settled(&id).await;
        let calls = app.fidelity.operations().len();
        let refused = app.post(&path, json!({})).await;
        let wait: i64 = refused.headers["retry-after"].parse().unwrap();
        refused.problem(429, "REFRESH_LIMIT");
        assert!((pause - 120..=pause).contains(&wait), "{provider}: {wait}");
        assert_eq!(app.fidelity.operations().len(), calls, "{provider}");
        app.advance(wait).await;
        app.settled(&id).await;
        app.post(&path, json!({})).await.expect(202);
    }
}
