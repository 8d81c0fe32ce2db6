//! `POST /connect/plan` (rules B8 to B11): what a link would be, before it is started.

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Key, TestApp};

fn product<'a>(plan: &'a Value, product: &str) -> &'a Value {
    plan["products"].as_array().unwrap().iter().find(|one| one["product"] == product).unwrap()
}

fn at<'a>(plan: &'a Value, of: &str, provider: &str) -> &'a Value {
    let providers = product(plan, of)["serviceProviders"].as_array().unwrap();
    providers.iter().find(|one| one["serviceProvider"] == provider).unwrap_or(&Value::Null)
}

/// A server that has every institution.
async fn with_institutions() -> TestApp {
    let app = TestApp::new().await;
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    let whole = "select count(*) = 9 from catalogues";
    while !sqlx::query_scalar::<_, bool>(whole).fetch_one(&mut database).await.unwrap() {
        assert!(tokio::time::Instant::now() < deadline, "the lists of institutions did not come to their end");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    app
}

/// The plan of a start call with these fields.
async fn plan_of(app: &TestApp, mut body: Value) -> Value {
    body["externalCustomerId"] = json!("a");
    app.post("/connect/plan", body).await.expect(200)
}

fn advice(plan: &Value) -> Vec<(&str, &str)> {
    let advice = plan["advice"].as_array().unwrap().iter();
    advice.map(|one| (one["code"].as_str().unwrap(), one["product"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_b9_b10_the_plan_says_what_each_product_filters_costs_and_waits_for() {
    let app = with_institutions().await;
    let body = json!({
        "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS"],
        "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"], "countryCodes": ["US"],
    });
    let before = app.fidelity.operations().len();
    let plan = plan_of(&app, body).await;
    assert_eq!((&plan["startable"], &plan["refusal"]), (&json!(true), &Value::Null));
    let transactions = at(&plan, "TRANSACTIONS", "PLAID");
    assert_eq!((&transactions["billing"], &transactions["latency"]), (&json!("AT_LINK"), &json!("MINUTES")));
    assert_eq!(at(&plan, "IDENTIFIERS", "PLAID")["billing"], "AT_FIRST_USE");
    // It is read right after the link, which is its first use.
    assert_eq!(at(&plan, "IDENTIFIERS", "PLAID")["firstCharge"], "WITH_LINK");
    assert_eq!(at(&plan, "IDENTIFIERS", "FINICITY")["billing"], "PER_CALL");
    let holdings = |provider| {
        let at = at(&plan, "INVESTMENT_HOLDINGS", provider);
        (at["consent"].as_str(), at["activation"].as_str())
    };
    assert_eq!(holdings("PLAID"), (Some("IN_SESSION"), Some("PRODUCTS")));
    // Its row says no: only a repair activates it (A14).
    assert_eq!(holdings("YODLEE"), (Some("NOT_ASKED"), Some("REPAIR")));
    assert_eq!(at(&plan, "INVESTMENT_HOLDINGS", "FINAPI"), &Value::Null, "it serves no such country");
    let counts = async |query: &str| app.all(&format!("/institutions?countryCode=US&{query}")).await.len();
    assert_eq!(plan["institutions"]["total"], counts("product=TRANSACTIONS").await);
    let by_provider = &plan["institutions"]["byServiceProvider"];
    assert_eq!(by_provider["PLAID"], counts("product=TRANSACTIONS&serviceProvider=PLAID").await);
    let identifiers = product(&plan, "IDENTIFIERS");
    assert_eq!(
        (&identifiers["filtersInstitutions"], &identifiers["placement"]),
        (&json!(false), &json!("OPTIONAL_PRODUCTS"))
    );
    assert_eq!(
        identifiers["institutions"]["byServiceProvider"]["MX"],
        counts("product=IDENTIFIERS&serviceProvider=MX").await
    );
    // Nothing was created, and nobody asked.
    assert_eq!(app.all("/connections").await, Vec::<Value>::new());
    assert_eq!(app.fidelity.operations().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_b7_what_could_not_be_started_is_planned_all_the_same() {
    let app = TestApp::new().await;
    let alone = json!({ "products": ["BALANCES"], "serviceProvider": "PLAID" });
    let plan = plan_of(&app, alone.clone()).await;
    let mut start = alone;
    start["externalCustomerId"] = json!("a");
    let refused = app.post("/connect/start", start).await.problem(422, "PRODUCT_COMBINATION");
    assert_eq!((&plan["startable"], &plan["refusal"]["detail"]), (&json!(false), &refused["detail"]));
    assert_eq!(plan["institutions"], json!({ "total": 0, "byServiceProvider": {} }));
    let both = json!({ "products": ["IDENTITY_VERIFICATION", "TRANSACTIONS"] });
    let plan = plan_of(&app, both).await;
    assert_eq!(plan["refusal"]["code"], "PRODUCT_COMBINATION");
    assert_eq!(plan["advice"][0]["code"], "SEPARATE_SESSION");
    assert_eq!(plan["advice"][0]["rule"], "B7");
    app.post("/connect/plan", json!({ "externalCustomerId": "a", "products": [] }))
        .await
        .problem(400, "INVALID_REQUEST");
    app.post("/connect/plan", json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"], "typo": 1 }))
        .await
        .problem(400, "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_a_named_institution_is_the_only_one() {
    let app = TestApp::new().await;
    let bank = app.institution("Houndstooth Bank").await;
    let body =
        json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["INVESTMENT_HOLDINGS"], "institutionId": bank });
    let plan = plan_of(&app, body).await;
    assert_eq!(plan["institutions"], json!({ "total": 1, "byServiceProvider": { "PLAID": 1 } }));
    assert_eq!(product(&plan, "INVESTMENT_HOLDINGS")["institutions"]["total"], 0);
    assert_eq!(product(&plan, "INVESTMENT_HOLDINGS")["serviceProviders"], json!([]), "the bank does not have it");
    assert_eq!(advice(&plan), [], "what it does not have is not moved elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_micro_deposits_are_planned_and_chosen_where_they_can_be_had() {
    let app = with_institutions().await;
    let mut body = json!({
        "products": ["IDENTIFIERS"], "additionalConsentedProducts": ["OWNERS"], "identifiersFlow": "SAME_DAY_MICRODEPOSITS",
    });
    let plan = plan_of(&app, body.clone()).await;
    assert_eq!(plan["startable"], true);
    let able = app.all("/institutions?countryCode=US&product=IDENTIFIERS&serviceProvider=PLAID").await;
    assert_eq!(plan["institutions"], json!({ "total": able.len(), "byServiceProvider": { "PLAID": able.len() } }));
    let owners = product(&plan, "OWNERS")["serviceProviders"].as_array().unwrap();
    assert_eq!((owners.len(), &owners[0]["activation"]), (1, &json!("NONE")), "nothing can be added beside them");
    assert_eq!(at(&plan, "IDENTIFIERS", "PLAID")["latency"], "DAYS");
    // The picker shows the same ones, and no other can be chosen.
    let started = app.start(body.clone()).await;
    let token = Key::Of(started["connectToken"].as_str().unwrap());
    let shown = app.call("GET", "/connect/institutions?limit=500", token, &[], None).await.expect(200);
    assert_eq!(shown["data"].as_array().unwrap().len(), able.len());
    let elsewhere = app.all("/institutions?countryCode=US&product=IDENTIFIERS&serviceProvider=MX").await.swap_remove(0);
    body["institutionId"] = elsewhere["id"].clone();
    let refused = plan_of(&app, body.clone()).await["refusal"].clone();
    assert_eq!(refused["code"], "NO_PROVIDER_AVAILABLE");
    assert!(refused["detail"].as_str().unwrap().contains("MX: it does not have that identifiersFlow"), "{refused:#}");
    // Nor is the wish dropped for a provider that is named.
    body["institutionId"] = Value::Null;
    body["serviceProvider"] = json!("MX");
    let refused = refused_alike(&app, body, "UNSUPPORTED_BY_PROVIDER").await;
    assert_eq!(refused["errors"][0]["pointer"], "/identifiersFlow");
    assert!(refused["detail"].as_str().unwrap().contains("or link through PLAID"), "{refused:#}");
}

/// What the start call refuses with 422, and the plan as well.
async fn refused_alike(app: &TestApp, mut body: Value, code: &str) -> Value {
    body["externalCustomerId"] = json!("a");
    let plan = plan_of(app, body.clone()).await;
    let refused = app.post("/connect/start", body).await.problem(422, code);
    assert_eq!((&plan["startable"], &plan["refusal"]["detail"]), (&json!(false), &refused["detail"]));
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_a_link_that_nobody_could_finish_is_not_started() {
    let app = with_institutions().await;
    let payment = json!({
        "products": ["PAYMENT_INITIATION"], "countryCodes": ["US"],
        "productOptions": { "PAYMENT_INITIATION": { "paymentId": "payment-1" } },
    });
    let holdings = json!({ "products": ["INVESTMENT_HOLDINGS", "BALANCES"], "countryCodes": ["GB"] });
    for (body, says) in [(&payment, "customer's institution is."), (&holdings, "or ask for fewer in products")] {
        let refused = refused_alike(&app, body.clone(), "NO_PROVIDER_AVAILABLE").await;
        assert_eq!(
            (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
            (&json!("/products"), &json!("NO_INSTITUTION"))
        );
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused:#}");
        assert_eq!(plan_of(&app, body.clone()).await["institutions"]["total"], 0);
    }
    // Each is to be had somewhere, but nowhere with the other or not in that country.
    for body in [
        json!({ "products": ["ASSETS"], "countryCodes": ["AU"] }),
        json!({ "products": ["ASSETS"], "countryCodes": ["AU"], "serviceProvider": "YODLEE" }),
    ] {
        let code = if body["serviceProvider"].is_null() { "NO_PROVIDER_AVAILABLE" } else { "UNSUPPORTED_BY_PROVIDER" };
        refused_alike(&app, body, code).await;
    }
    // A provider whose institutions are not all here may have one yet.
    let mut database = sqlx::PgConnection::connect(&app.database_url).await.unwrap();
    sqlx::query("delete from catalogues where service_provider = 'PLAID'").execute(&mut database).await.unwrap();
    app.start(payment.clone()).await;
    assert_eq!(plan_of(&app, payment).await["startable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_where_no_country_is_named_it_is_one_in_which_the_link_can_be_had() {
    let app = with_institutions().await;
    let payment = json!({ "PAYMENT_INITIATION": { "paymentId": "payment-1" } });
    let bank = app.all("/institutions?serviceProvider=PLAID&countryCode=GB").await.remove(0);
    for asked in [
        json!({ "products": ["PAYMENT_INITIATION"], "productOptions": payment }),
        json!({ "products": ["TRANSACTIONS"], "serviceProvider": "FINAPI" }),
        json!({ "products": ["TRANSACTIONS"], "institutionId": bank["id"] }),
    ] {
        let plan = plan_of(&app, asked.clone()).await;
        assert_eq!(plan["startable"], true, "{plan:#}");
        assert_ne!(plan["institutions"]["total"], 0, "{plan:#}");
        app.start(asked).await;
    }
    // One that is named is meant.
    let elsewhere = json!({ "products": ["TRANSACTIONS"], "institutionId": bank["id"], "countryCodes": ["US"] });
    refused_alike(&app, elsewhere, "INSTITUTION_NOT_ELIGIBLE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_the_picker_shows_none_that_could_not_be_asked_for_it() {
    let app = with_institutions().await;
    let started = app.start(json!({ "products": ["BALANCES"] })).await;
    let token = Key::Of(started["connectToken"].as_str().unwrap());
    let named = "query=Houndstooth%20Bank";
    let at_plaid = |one: &Value| one["providers"].as_array().unwrap().iter().any(|at| at["serviceProvider"] == "PLAID");
    assert!(app.all(&format!("/institutions?product=BALANCES&{named}")).await.iter().any(at_plaid));
    let shown =
        app.call("GET", &format!("/connect/institutions?limit=500&{named}"), token, &[], None).await.expect(200);
    assert!(!shown["data"].as_array().unwrap().iter().any(at_plaid), "{shown:#}");
    let plan = plan_of(&app, json!({ "products": ["BALANCES"] })).await;
    assert_eq!(plan["institutions"]["byServiceProvider"].get("PLAID"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_advice_says_what_would_be_better_and_where() {
    let app = TestApp::new().await;
    let plan = async |body: Value| plan_of(&app, body).await;
    let payments = json!({ "products": ["IDENTIFIERS", "SIGNAL"], "requiredIfSupportedProducts": ["OWNERS"] });
    assert_eq!(advice(&plan(payments).await), []);
    let wealth =
        json!({ "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["LIABILITIES", "INVESTMENT_HOLDINGS"] });
    let wealth = plan(wealth).await;
    assert_eq!(advice(&wealth), [("USE_CONSENT_ONLY", "LIABILITIES"), ("USE_CONSENT_ONLY", "INVESTMENT_HOLDINGS")]);
    let first = &wealth["advice"][0];
    assert_eq!((&first["placement"], &first["gain"]), (&json!("ADDITIONAL_CONSENTED_PRODUCTS"), &json!("CHEAPER")));
    // Where nothing says that the link itself is billed, nothing is saved.
    assert_eq!(first["serviceProviders"], json!(["PLAID"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_a_provider_says_the_terms_that_the_plan_goes_by() {
    let app = TestApp::new().await;
    let body = json!({
        "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS"],
        "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"], "countryCodes": ["US", "DE"],
    });
    let plan = plan_of(&app, body).await;
    for provider in app.get("/service-providers").await.expect(200)["data"].as_array().unwrap() {
        let name = provider["serviceProvider"].as_str().unwrap();
        let terms = provider["terms"].as_array().unwrap();
        let products = provider["products"].as_array().unwrap();
        assert_eq!(terms.len(), 4 * products.len(), "{name}");
        // Without the required product it takes no part.
        if !products.contains(&json!("TRANSACTIONS")) {
            assert_eq!(at(&plan, "INVESTMENT_HOLDINGS", name), &Value::Null);
            continue;
        }
        for one in terms {
            let planned = plan["products"].as_array().unwrap().iter();
            let mut same =
                planned.filter(|planned| ["product", "placement"].iter().all(|key| planned[key] == one[key]));
            let Some(at) = same.next().map(|planned| at(&plan, planned["product"].as_str().unwrap(), name)) else {
                continue;
            };
            for key in ["billing", "firstCharge", "preparation", "latency", "consent"] {
                assert_eq!(at[key], one[key], "{name} {one:#}");
            }
        }
    }
}

/// The recommended shapes (B11), each as a start call would ask for it.
fn shapes() -> Vec<(&'static str, Value)> {
    let source = json!({ "INCOME": { "source": "BANK" } });
    vec![
        ("payments", json!({ "products": ["IDENTIFIERS", "SIGNAL"], "requiredIfSupportedProducts": ["OWNERS"] })),
        (
            "payments, signal on some connections, more conversion",
            json!({ "products": ["IDENTIFIERS"], "optionalProducts": ["SIGNAL", "OWNERS"] }),
        ),
        (
            "payments with a budgeting add-on",
            json!({ "products": ["IDENTIFIERS"], "additionalConsentedProducts": ["TRANSACTIONS"] }),
        ),
        (
            "budgeting",
            json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["IDENTIFIERS"], "requiredIfSupportedProducts": ["OWNERS"] }),
        ),
        (
            "wealth",
            json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": ["LIABILITIES", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"] }),
        ),
        ("lending", json!({ "products": ["ASSETS"], "requiredIfSupportedProducts": ["IDENTIFIERS"] })),
        (
            "bank income with transactions later",
            json!({ "products": ["INCOME"], "additionalConsentedProducts": ["TRANSACTIONS"], "productOptions": source }),
        ),
        ("bank income and assets", json!({ "products": ["INCOME", "ASSETS"], "productOptions": source })),
    ]
}

/// A plan, a line for each product at each provider.
fn lines(plan: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut lines = format!("startable {}, advice {:?}\n", plan["startable"], advice(plan));
    for product in plan["products"].as_array().unwrap() {
        let filters = if product["filtersInstitutions"] == true { ", filters" } else { "" };
        lines += &format!("  {} in {}{filters}\n", text(&product["product"]), text(&product["placement"]));
        for at in product["serviceProviders"].as_array().unwrap() {
            let terms =
                ["serviceProvider", "billing", "firstCharge", "preparation", "latency", "consent", "activation"];
            let beside: Vec<String> = at["activationAnyOf"].as_array().unwrap().iter().map(text).collect();
            let beside = if beside.is_empty() { String::new() } else { format!(" with {}", beside.join(" or ")) };
            lines += &format!("    {}{beside}\n", terms.map(|name| text(&at[name])).join(" "));
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_the_plans_of_the_recommended_shapes_are_as_written_down() {
    let app = TestApp::new().await;
    let mut plans = String::new();
    for (name, mut body) in shapes() {
        body["countryCodes"] = json!(["US"]);
        plans += &format!("{name}: {}\n", lines(&plan_of(&app, body).await));
    }
    assert_written("shapes.txt", &plans);
}

/// Departures from them, and the countries of Europe.
fn departures() -> Vec<(&'static str, Value)> {
    let source = json!({ "INCOME": { "source": "BANK" } });
    vec![
        (
            "payments for which everything is required",
            json!({ "products": ["IDENTIFIERS", "OWNERS", "TRANSACTIONS"], "countryCodes": ["DE"] }),
        ),
        (
            "wealth that asks for all at once",
            json!({
                "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["LIABILITIES"], "countryCodes": ["US"],
                "optionalProducts": ["INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"],
            }),
        ),
        (
            "the same where nobody has it",
            json!({
                "products": ["TRANSACTIONS"], "requiredIfSupportedProducts": ["LIABILITIES"], "countryCodes": ["GB"],
                "optionalProducts": ["INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS"],
            }),
        ),
        (
            "holdings with numbers and owners later",
            json!({
                "products": ["INVESTMENT_HOLDINGS"], "additionalConsentedProducts": ["OWNERS", "IDENTIFIERS"],
                "countryCodes": ["DE", "GB", "US"],
            }),
        ),
        (
            "bank income with transactions and a late asset report",
            json!({
                "products": ["INCOME"], "requiredIfSupportedProducts": ["TRANSACTIONS"], "optionalProducts": ["ASSETS"],
                "countryCodes": ["US"], "productOptions": source,
            }),
        ),
        (
            "lending that insists on numbers",
            json!({ "products": ["ASSETS", "IDENTIFIERS"], "countryCodes": ["US", "GB"] }),
        ),
    ]
}

/// What would be better and why, and how many institutions are left, a line each.
fn advice_lines(plan: &Value) -> String {
    let mut lines =
        format!("  institutions {} {}\n", plan["institutions"]["total"], plan["institutions"]["byServiceProvider"]);
    for one in plan["products"].as_array().unwrap() {
        lines += &format!("  {} {}\n", one["product"], one["institutions"]["byServiceProvider"]);
    }
    for one in plan["advice"].as_array().unwrap() {
        let told = ["rule", "code", "product", "with", "placement", "gain", "serviceProviders", "reason"]
            .map(|name| one[name].to_string());
        lines += &format!("  {}\n", told.join(" ").replace('"', ""));
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_b11_what_departs_from_the_shapes_is_told_in_full() {
    let app = with_institutions().await;
    let mut plans = String::new();
    for (name, body) in departures() {
        let plan = plan_of(&app, body).await;
        plans += &format!("{name}: {}{}\n", lines(&plan), advice_lines(&plan));
    }
    assert_written("departures.txt", &plans);
}

/// As it stands in a file beside this one.
#[track_caller]
fn assert_written(file: &str, plans: &str) {
    let written = format!("{}/tests/it/plan/{file}", env!("CARGO_MANIFEST_DIR"));
    let expected = std::fs::read_to_string(written).unwrap_or_default();
    assert_eq!(plans, expected, "\n{plans}");
}
