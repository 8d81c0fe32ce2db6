//! `POST /connect/plan` (rules B8 to B11): what a link would be, before it is started.

use serde_json::{Value, json};

use crate::support::TestApp;

fn product<'a>(plan: &'a Value, product: &str) -> &'a Value {
    plan["products"].as_array().unwrap().iter().find(|one| one["product"] == product).unwrap()
}

fn at<'a>(plan: &'a Value, of: &str, provider: &str) -> &'a Value {
    let providers = product(plan, of)["serviceProviders"].as_array().unwrap();
    providers.iter().find(|one| one["serviceProvider"] == provider).unwrap_or(&Value::Null)
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
    let app = TestApp::new().await;
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
        assert_eq!(terms.len(), 4 * provider["products"].as_array().unwrap().len(), "{name}");
        for one in terms {
            let planned = plan["products"].as_array().unwrap().iter();
            let mut same =
                planned.filter(|planned| ["product", "placement"].iter().all(|key| planned[key] == one[key]));
            let Some(at) = same.next().map(|planned| at(&plan, planned["product"].as_str().unwrap(), name)) else {
                continue;
            };
            for key in ["billing", "preparation", "latency", "consent"] {
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
            let terms = ["serviceProvider", "billing", "preparation", "latency", "consent", "activation"];
            lines += &format!("    {}\n", terms.map(|name| text(&at[name])).join(" "));
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
    let written = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/plan/shapes.txt");
    let expected = std::fs::read_to_string(written).unwrap_or_default();
    assert_eq!(plans, expected, "\n{plans}");
}
