//! Starting and finishing links (rules B and F), and what a stranger can do to one.

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Customer, Key, TestApp, state};

#[tokio::test(flavor = "multi_thread")]
async fn b1_b5_b7_b13_b14_what_cannot_be_started_says_where_and_why() {
    let app = TestApp::new().await;
    let refused = async |body: Value, status: u16, code: &str, pointer: &str| {
        let mut whole = json!({ "externalCustomerId": "user-42" });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let problem = app.post("/connect/start", whole).await.problem(status, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
    };
    let twice = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["TRANSACTIONS"] });
    refused(twice, 400, "INVALID_REQUEST", "/optionalProducts/0").await;
    refused(json!({ "products": [] }), 400, "INVALID_REQUEST", "/products").await;
    let pinned = json!({ "products": ["BALANCES"], "serviceProvider": "PLAID" });
    refused(pinned, 422, "PRODUCT_COMBINATION", "/products").await;
    let report = json!({ "permissiblePurpose": "EXTENSION_OF_CREDIT", "days": 365 });
    let pair = json!({ "products": ["CONSUMER_REPORT", "ASSETS"], "productOptions": { "CONSUMER_REPORT": report } });
    refused(pair, 422, "PRODUCT_COMBINATION", "/products").await;
    let pair = json!({ "products": ["CONSUMER_REPORT"], "additionalConsentedProducts": ["INCOME"],
        "productOptions": { "CONSUMER_REPORT": report, "INCOME": { "source": "BANK" } } });
    refused(pair, 422, "PRODUCT_COMBINATION", "/additionalConsentedProducts").await;
    let deposits = json!({ "products": ["IDENTIFIERS"], "optionalProducts": ["OWNERS"], "identifiersFlow": "SAME_DAY_MICRODEPOSITS" });
    refused(deposits, 422, "PRODUCT_COMBINATION", "/optionalProducts").await;
    refused(json!({ "products": ["INCOME"] }), 422, "PRODUCT_OPTIONS_REQUIRED", "/productOptions/INCOME/source").await;
    let statements = |from: &str, to: &str| json!({ "products": ["STATEMENTS"], "productOptions": { "STATEMENTS": { "from": from, "to": to } } });
    refused(statements("2020-01-01", "2023-01-01"), 400, "INVALID_REQUEST", "/productOptions/STATEMENTS/to").await;
    refused(statements("2098-01-01", "2098-02-01"), 400, "INVALID_REQUEST", "/productOptions/STATEMENTS/from").await;
    let unasked = json!({ "products": ["TRANSACTIONS"], "productOptions": { "INCOME": { "source": "BANK" } } });
    refused(unasked, 400, "INVALID_REQUEST", "/productOptions/INCOME").await;
    refused(json!({ "products": ["TRANSACTIONS"], "historyDays": 731 }), 400, "INVALID_REQUEST", "/historyDays").await;
    for url in ["javascript:alert(1)", "//evil.example", "https://user@evil.example", "/back"] {
        refused(json!({ "products": ["TRANSACTIONS"], "redirectUrl": url }), 400, "INVALID_REQUEST", "/redirectUrl")
            .await;
    }
    let lacking =
        json!({ "products": ["INVESTMENT_HOLDINGS"], "institutionId": app.institution("Windowpane Savings").await });
    refused(lacking, 422, "INSTITUTION_NOT_ELIGIBLE", "/institutionId").await;
    assert_eq!(app.all("/connections").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_what_was_granted_stands_in_the_arrays_and_what_fell_away_says_why() {
    let app = TestApp::new().await;
    let asked = json!({
        "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["LIABILITIES", "IDENTIFIERS"],
        "optionalProducts": ["INVESTMENT_HOLDINGS"], "additionalConsentedProducts": ["OWNERS"],
    });
    let checking = json!({ "username": "user_checking_only" });
    let id = app.linked_at("First Platypus Bank", asked.clone(), checking).await;
    let connection = app.connection(&id).await;
    assert_eq!(connection["requiredIfSupportedProducts"], json!(["IDENTIFIERS"]));
    assert_eq!(connection["requested"]["requiredIfSupportedProducts"], json!(["IDENTIFIERS", "LIABILITIES"]));
    assert_eq!(state(&connection, "LIABILITIES"), ("UNAVAILABLE", Some("NO_COMPATIBLE_ACCOUNT")));
    assert_eq!(state(&connection, "INVESTMENT_HOLDINGS"), ("UNAVAILABLE", Some("NO_COMPATIBLE_ACCOUNT")));
    let id = app.linked_at("Windowpane Savings", asked, json!({})).await;
    let connection = app.connection(&id).await;
    assert_eq!(state(&connection, "INVESTMENT_HOLDINGS"), ("UNAVAILABLE", Some("INSTITUTION_UNSUPPORTED")));
    assert_eq!(state(&connection, "OWNERS"), ("UNAVAILABLE", Some("INSTITUTION_UNSUPPORTED")));
    assert_eq!((&connection["status"], state(&connection, "TRANSACTIONS")), (&json!("ACTIVE"), ("AVAILABLE", None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_b15_accounts_and_history_are_as_asked_for() {
    let app = TestApp::new().await;
    let asked = json!({
        "products": ["TRANSACTIONS"], "accountFilters": { "depository": ["CHECKING"] }, "historyDays": 30,
    });
    let id = app.linked(asked).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert!(!accounts.is_empty() && accounts.iter().all(|account| account["subtype"] == "CHECKING"));
    let connection = app.until(&format!("/connections/{id}"), |one| one["historyFrom"].is_string()).await;
    let from: chrono::NaiveDate = connection["historyFrom"].as_str().unwrap().parse().unwrap();
    let days = (chrono::Utc::now().date_naive() - from).num_days();
    assert!((0..=31).contains(&days), "{days}");
    assert_eq!(app.fidelity.requests("/link/token/create")[0]["transactions"], json!({ "days_requested": 30 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_a_login_without_accounts_ends_the_attempt_and_the_customer_may_choose_again() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let nobody = json!({ "username": "user_no_accounts" });
    let ended = app.play(&started, Some("First Platypus Bank"), nobody).await.problem(409, "USER_ACTION_REQUIRED");
    assert_eq!(ended["attempt"], "NO_ACCOUNTS");
    // A failed attempt ends the attempt, not the connection (F1).
    let id = started["connectionId"].as_str().unwrap();
    assert_eq!(app.connection(id).await["status"], "IN_PROGRESS");
    let session = app.all("/connect/sessions").await.pop().unwrap();
    assert_eq!((&session["outcome"], &session["outcomeCode"]), (&json!("OPEN"), &json!("NO_ACCOUNTS")));
    assert_eq!(
        app.play(&started, Some("Tattersall Federal Credit Union"), json!({})).await.expect(200)["status"],
        "ACTIVE"
    );
    // Again the connection's own institution alone in a repair, whatever else is searched for.
    let repair = app.repair(id, json!({})).await;
    let listed = async |query: &str| {
        let token = Key::Of(repair["connectToken"].as_str().unwrap());
        let page = app.call("GET", &format!("/connect/institutions{query}"), token, &[], None).await.expect(200);
        page["data"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["Tattersall Federal Credit Union"]);
    assert_eq!(listed("?query=platypus").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_browser_that_is_closed_after_success_loses_nothing() {
    let app = TestApp::new().await;
    let start = async || {
        let started =
            app.start(json!({ "products": ["TRANSACTIONS"], "redirectUrl": "https://app.example/return?x=1" })).await;
        let chosen = json!({ "institutionId": app.institution("First Platypus Bank").await });
        let token = started["connectToken"].as_str().unwrap();
        let launched = app.post_as(token, "/connect/link-token", chosen).await.expect(200);
        (started, launched["launch"]["url"].as_str().unwrap().to_owned())
    };
    let (started, url) = start().await;
    let way_back = Customer::new(&app, &url).finish().await;
    assert!(way_back.starts_with(&format!("{}/connect/callback/PLAID?state=", app.url)));
    let id = started["connectionId"].as_str().unwrap();
    app.until(&format!("/connections/{id}"), |one| one["status"] == "ACTIVE").await;
    // Whoever comes back late is led on, once and for all; nothing is linked twice.
    for _ in 0..2 {
        let answer = app.http.get(&way_back).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(location, format!("https://app.example/return?x=1&connectionId={id}&outcome=COMPLETED"));
    }
    assert_eq!(app.fidelity.requests("/item/public_token/exchange").len(), 1);
    // What appears for a connection that is gone is removed at the provider.
    let (started, url) = start().await;
    let customer = Customer::new(&app, &url);
    customer.until("accounts").await;
    let gone = started["connectionId"].as_str().unwrap();
    assert_eq!(app.delete(&format!("/connections/{gone}")).await.status, 204);
    customer.finish().await;
    app.called("/item/remove", 1).await;
    assert_eq!(app.connection(gone).await["status"], "DELETED");
    assert_eq!(app.all(&format!("/accounts?connectionId={gone}")).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_who_finishes_in_the_last_moment_is_not_lost() {
    // No webhook arrives, and the browser never comes back.
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__PLAID__WEBHOOK_URL", "http://127.0.0.1:9/nobody")]).await;
    let bank = app.institution("First Platypus Bank").await;
    let start = async || {
        let started = app.start(json!({ "products": ["TRANSACTIONS"], "institutionId": bank, "expiresIn": 600 })).await;
        let token = started["connectToken"].as_str().unwrap();
        let launched = app.post_as(token, "/connect/link-token", json!({})).await.expect(200);
        (started["connectionId"].as_str().unwrap().to_owned(), launched["launch"]["url"].as_str().unwrap().to_owned())
    };
    let ((finished, url), (left, other)) = (start().await, start().await);
    Customer::new(&app, &url).finish().await;
    Customer::new(&app, &other).until("accounts").await;
    app.advance(601).await;
    app.until(&format!("/connections/{finished}"), |one| one["status"] == "ACTIVE").await;
    app.until(&format!("/connections/{left}"), |one| one["status"] == "EXPIRED").await;
    assert_eq!(app.fidelity.requests("/item/public_token/exchange").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_nowhere_with_the_callback() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let token = started["connectToken"].as_str().unwrap();
    let chosen = json!({ "institutionId": app.institution("First Platypus Bank").await });
    let launched = app.post_as(token, "/connect/link-token", chosen).await.expect(200);
    let way_back = Customer::new(&app, launched["launch"]["url"].as_str().unwrap());
    let request = app.fidelity.requests("/link/token/create").pop().unwrap();
    let address = request["hosted_link"]["completion_redirect_uri"].as_str().unwrap().to_owned();
    let state = address.split_once("state=").unwrap().1.to_owned();
    let wrong = [
        "PLAID".to_owned(),
        "PLAID?state=".to_owned(),
        "PLAID?state=st_wrong".to_owned(),
        format!("PLAID?state={token}"),
        format!("PLAID?state={state}&state={state}"),
        format!("MX?state={state}"),
        format!("NOBODY?state={state}"),
    ];
    for query in wrong {
        let answer = app.http.get(format!("{}/connect/callback/{query}", app.url)).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{query}: {}", answer.status());
        assert!(
            answer.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"),
            "{query}"
        );
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    }
    // Before the customer has finished nothing happens, and no address in the query leads anywhere.
    let early =
        app.http.get(format!("{address}&redirectUrl=https://evil.example&next=//evil.example")).send().await.unwrap();
    assert_eq!(early.status(), 200);
    assert!(!early.text().await.unwrap().contains("http-equiv=\"refresh\" content=\"0; url=https://evil"));
    assert_eq!(app.connection(started["connectionId"].as_str().unwrap()).await["status"], "IN_PROGRESS");
    assert_eq!(way_back.finish().await, address);
    app.until(&format!("/connections/{}", started["connectionId"].as_str().unwrap()), |one| one["status"] == "ACTIVE")
        .await;
    assert_eq!(app.all("/connections").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_takes_forms_of_its_own_pages_alone() {
    let app = TestApp::new().await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let opened = app.http.get(started["widgetUrl"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()), (303, "/link"));
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let page = app.http.get(format!("{}/link", app.url)).header("cookie", cookie).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    let html = page.text().await.unwrap();
    let key = html.split_once("name=\"key\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let bank = app.institution("First Platypus Bank").await;
    let choose = async |cookie: &str, key: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("key", key), ("institutionId", bank.as_str())])
            .finish();
        let form = "application/x-www-form-urlencoded";
        let request = app.http.post(format!("{}/link/choose", app.url)).header("content-type", form);
        request.header("cookie", cookie).body(body).send().await.unwrap().status().as_u16()
    };
    let other = app.start(json!({ "products": ["TRANSACTIONS"] })).await;
    let foreign = format!("linkspan-session={}", other["connectToken"].as_str().unwrap());
    for (cookie, key) in [(cookie, ""), (cookie, "wrong"), ("", key), (foreign.as_str(), key)] {
        assert!((400..500).contains(&choose(cookie, key).await), "{cookie} {key}");
    }
    assert!(app.fidelity.requests("/link/token/create").is_empty());
    assert_eq!(choose(cookie, key).await, 200);
    assert_eq!(app.fidelity.requests("/link/token/create").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_runs_in_a_page_that_lets_it_do_no_more_than_it_needs() {
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__PLAID__HOSTED_LINK", "false")]).await;
    let bank = app.institution("First Platypus Bank").await;
    let started = app.start(json!({ "products": ["TRANSACTIONS"], "institutionId": bank })).await;
    let token = started["connectToken"].as_str().unwrap();
    let cookie = format!("linkspan-session={token}");
    let get =
        async |path: &str| app.http.get(format!("{}{path}", app.url)).header("cookie", &cookie).send().await.unwrap();
    let html = get("/link").await.text().await.unwrap();
    let key = html.split_once("name=\"key\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = app.http.post(format!("{}{path}", app.url)).header("cookie", &cookie);
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    };
    let page = post("/link/choose", &[("key", key)]).await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let script = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";
    assert!(policy.contains(&format!("script-src 'self' {script};")) && !policy.contains("unsafe"), "{policy}");
    let html = page.text().await.unwrap();
    let launched = app.post_as(token, "/connect/link-token", json!({})).await.expect(200);
    assert_eq!(launched["launch"]["scriptUrl"], script);
    assert!(html.contains(&format!("data-launch-token=\"{}\"", launched["launch"]["token"].as_str().unwrap())));
    let own = html.split_once("src=\"/link/assets/").unwrap().1.split_once('"').unwrap().0;
    assert!(get(&format!("/link/assets/{own}")).await.text().await.unwrap().contains("Plaid.create"));
    // D7: a bank sends the customer back to the one fixed address, and the script goes on there; nobody else sees anything.
    let back = "/connect/callback/PLAID?oauth_state_id=1";
    assert!(get(back).await.text().await.unwrap().contains("data-launch-token"));
    assert_eq!(app.http.get(format!("{}{back}", app.url)).send().await.unwrap().status(), 400);
    // What the script gives comes only from our own form.
    let left = json!({ "error": null, "metadata": { "link_session_id": "s" } }).to_string();
    assert_eq!(post("/link/complete", &[("key", "wrong"), ("result", &left)]).await.status(), 403);
    assert_eq!(post("/link/complete", &[("key", key), ("result", "no json")]).await.status(), 502);
    let ended = post("/link/complete", &[("key", key), ("result", &left)]).await;
    assert_eq!((ended.status().as_u16(), ended.headers()["location"].to_str().unwrap()), (303, "/link"));
    let session = app.all("/connect/sessions").await.pop().unwrap();
    assert_eq!((&session["outcome"], &session["outcomeCode"]), (&json!("OPEN"), &json!("CANCELLED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_what_appears_after_the_session_has_expired_is_removed_at_the_provider() {
    // The provider's script in a page of ours may outlive the session.
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__PLAID__HOSTED_LINK", "false")]).await;
    let bank = app.institution("First Platypus Bank").await;
    // The second time, the provider cannot be asked when it tells of the item.
    for (number, broken) in [(1, ""), (2, "/link/token/get")] {
        let asked = json!({ "products": ["TRANSACTIONS"], "institutionId": bank, "expiresIn": 600 });
        let started = app.start(asked).await;
        let token = started["connectToken"].as_str().unwrap();
        let launched = app.post_as(token, "/connect/link-token", json!({})).await.expect(200);
        let customer = app.customer_of(&launched["launch"]);
        customer.until("accounts").await;
        app.advance(601).await;
        let path = format!("/connections/{}", started["connectionId"].as_str().unwrap());
        app.until(&path, |one| one["status"] == "EXPIRED").await;
        app.break_route(broken).await;
        let asked = app.fidelity.requests("/link/token/get").len();
        customer.until("done").await;
        app.called("/link/token/get", asked + 1).await;
        app.break_route("").await;
        app.called("/item/remove", number).await;
        assert_eq!(app.get(&path).await.expect(200)["status"], "EXPIRED");
        let sessions = app.all(&format!("/connect/sessions?{}", path.replace("/connections/", "connectionId="))).await;
        let session = app.get(&format!("/connect/sessions/{}", sessions[0]["id"].as_str().unwrap())).await.expect(200);
        let steps: Vec<_> = session["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
        assert!(steps.contains(&&json!("REVOKED_AT_PROVIDER")), "{steps:?}");
    }
    assert_eq!(app.all("/accounts").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_what_the_customer_kept_to_themselves_falls_away() {
    let app = TestApp::new().await;
    for (provider, bank, product, shared) in [
        ("PLAID", "First Platypus Bank", "INVESTMENT_HOLDINGS", "CHECKING"),
        ("FINICITY", "First Platypus Bank", "INVESTMENT_HOLDINGS", "CHECKING"),
        ("YODLEE", "First Platypus Bank", "IDENTIFIERS", "CREDIT_CARD"),
    ] {
        let asked = json!({
            "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": [product], "serviceProvider": provider,
            "institutionId": app.institution_at(provider, bank).await, "historyDays": 30, "allowDuplicate": true,
        });
        let link = async |accounts: Value| {
            let started = app.start(asked.clone()).await;
            let connection = app.play(&started, None, json!({ "accounts": accounts })).await.expect(200);
            app.settled(connection["id"].as_str().unwrap()).await
        };
        let whole = link(json!("all")).await;
        assert_eq!(whole["requiredIfSupportedProducts"], json!([product]), "{provider}");
        let accounts = app.all(&format!("/accounts?connectionId={}", whole["id"].as_str().unwrap())).await;
        let kept = accounts.iter().find(|account| account["subtype"] == shared).unwrap();
        let kept = link(json!([kept["mask"]])).await;
        assert_eq!(kept["requiredIfSupportedProducts"], json!([]), "{provider}");
        assert_eq!(kept["requested"]["requiredIfSupportedProducts"], json!([product]), "{provider}");
        // That they have such an account and kept it back, none of them says.
        assert_eq!(state(&kept, product), ("UNAVAILABLE", Some("NO_COMPATIBLE_ACCOUNT")), "{provider}");
        assert_eq!(
            (&kept["status"], state(&kept, "TRANSACTIONS")),
            (&json!("ACTIVE"), ("AVAILABLE", None)),
            "{provider}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_brought_is_not_lost_while_the_connection_is_being_read() {
    let app = TestApp::new().await;
    let asked = json!({ "products": ["TRANSACTIONS"], "serviceProvider": "AKOYA" });
    let id = app.linked_through("AKOYA", "Tartan Bank", asked).await;
    app.knob(&id, "reset-login", json!({})).await;
    let repair = app.repair(&id, json!({})).await;
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    let hold = "insert into connection_leases values ($1::uuid, 1, now() + interval '1 hour')
        on conflict (connection_id) do update set lease_until = excluded.lease_until";
    sqlx::query(hold).bind(&id).execute(&mut database).await.unwrap();
    // Its code comes but once.
    assert_eq!(app.play(&repair, None, json!({})).await.expect(202), json!({ "state": "PENDING" }));
    assert_eq!(app.connection(&id).await["status"], "RECONNECT_REQUIRED");
    sqlx::query("update connection_leases set lease_until = '-infinity'").execute(&mut database).await.unwrap();
    app.until(&format!("/connections/{id}"), |connection| connection["status"] == "ACTIVE").await;
    assert_eq!(app.events(&id, "connection.repaired", 1).await.len(), 1);
}
