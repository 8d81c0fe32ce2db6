//! `…/income` of a connection: what the accounts show of it, read by the engine for Plaid's user of the customer.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::{TestApp, state};

fn options() -> Value {
    json!({ "INCOME": { "source": "BANK" } })
}

async fn available(app: &TestApp, id: &str) -> Value {
    app.until(&format!("/connections/{id}"), |one| state(one, "INCOME") == ("AVAILABLE", None)).await
}

fn money(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_income_is_linked_for_a_user_and_read_by_source() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["INCOME", "TRANSACTIONS"], "productOptions": options() })).await;
    assert_eq!(available(&app, &id).await["status"], "ACTIVE");
    let user = app.fidelity.requests("/user/create").pop().unwrap();
    let link = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(user["client_user_id"], link["user"]["client_user_id"]);
    assert!(link["user_token"].as_str().unwrap().starts_with("user-"), "{link:#}");
    let path = format!("/connections/{id}/income");
    let income = app.get(&path).await.expect(200);
    let sources = income["sources"].as_array().unwrap();
    let wages = sources.iter().find(|one| one["category"] == "SALARY").unwrap_or_else(|| panic!("{income:#}"));
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert!(accounts.iter().any(|one| one["id"] == wages["accountId"] && one["type"] == "DEPOSITORY"));
    assert!(money(&wages["total"]) > Decimal::ZERO && wages["currency"] == "USD", "{wages:#}");
    let months: Decimal = wages["history"].as_array().unwrap().iter().map(|one| money(&one["amount"])).sum();
    assert_eq!(months, money(&wages["total"]));
    let all: Decimal = sources.iter().map(|one| money(&one["total"])).sum();
    assert_eq!(money(&income["totals"][0]["amount"]), all);
    // What is stored asks nobody, and stays while the customer is needed (F6).
    let calls = app.fidelity.operations().len();
    assert_eq!(app.get(&path).await.expect(200), income);
    assert_eq!(app.fidelity.operations().len(), calls);
    app.knob(&id, "reset-login", json!({})).await;
    assert_eq!(app.get(&path).await.expect(200), income);
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_income_comes_through_a_repair_for_the_same_user() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let path = format!("/connections/{id}/income");
    let calls = app.fidelity.operations().len();
    assert_eq!(app.get(&path).await.problem(422, "PRODUCT_NOT_PRESENT")["remedy"], "REPAIR");
    let add = format!("/connections/{id}/products");
    app.post(&add, json!({ "products": ["INCOME"] })).await.problem(422, "PRODUCT_OPTIONS_REQUIRED");
    let added = app.post(&add, json!({ "products": ["INCOME"], "productOptions": options() })).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(app.fidelity.operations().len(), calls);
    assert_eq!(app.get(&path).await.problem(409, "USER_ACTION_REQUIRED")["reasons"], json!(["PRODUCT_CONSENT"]));
    // A8: captured with no further call.
    app.repaired(&id, json!({}), json!({})).await;
    available(&app, &id).await;
    assert_eq!(app.fidelity.requests("/link/token/create").pop().unwrap()["products"], json!(["income_verification"]));
    assert!(!app.get(&path).await.expect(200)["sources"].as_array().unwrap().is_empty());
    // The customer's next link is for the same user, who is made once; each connection has its own report.
    let other = json!({ "products": ["INCOME"], "productOptions": options(), "allowDuplicate": true });
    let other = app.linked_at("Tartan Bank", other, json!({})).await;
    available(&app, &other).await;
    assert_eq!(app.fidelity.requests("/user/create").len(), 1);
    let of = async |id: &str| app.get(&format!("/connections/{id}/income")).await.expect(200)["sources"].clone();
    assert_ne!(of(&id).await, of(&other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_income_of_another_source_is_not_asked_for() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let launches = app.fidelity.requests("/link/token/create").len();
    for source in ["PAYROLL", "DOCUMENT"] {
        let asked = json!({ "products": ["INCOME"], "productOptions": { "INCOME": { "source": source } } });
        let mut start = asked.clone();
        start["externalCustomerId"] = json!("a");
        let refused = app.post("/connect/start", start.clone()).await.problem(422, "UNSUPPORTED_BY_PROVIDER");
        assert_eq!(refused["errors"][0]["pointer"], "/productOptions/INCOME/source");
        assert!(refused["detail"].as_str().unwrap().contains("bank income alone"), "{refused:#}");
        let plan = app.post("/connect/plan", start).await.expect(200);
        assert_eq!((&plan["startable"], &plan["refusal"]["detail"]), (&json!(false), &refused["detail"]));
        for call in ["products", "repair"] {
            let later = app.post(&format!("/connections/{id}/{call}"), asked.clone()).await;
            // What is there already is told first (B7).
            later.problem(422, "PRODUCT_COMBINATION");
        }
    }
    assert_eq!(app.fidelity.requests("/link/token/create").len(), launches);
}
