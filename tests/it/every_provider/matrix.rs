//! The support matrix in behaviour: what a row allows brings its data, what it refuses is refused from what is known here.

use std::collections::BTreeSet;

use futures::future::join_all;
use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};

use super::{Linked, base, best_institution, claimed, has_data, link_all, link_with};
use crate::support::{TestApp, state};

/// What others need comes before them.
const ORDER: [Product; 7] = [
    Product::Transactions,
    Product::InvestmentTransactions,
    Product::InvestmentHoldings,
    Product::Liabilities,
    Product::Identifiers,
    Product::Owners,
    Product::Balances,
];

/// A connection of another customer that lacks what the others are linked with.
async fn link_without_base(app: &TestApp, one: &Linked) -> Linked {
    let other = match one.provider {
        // Balances open no session there (B5).
        "PLAID" => Product::Identifiers,
        // What opens the others.
        "MX" => Product::InvestmentTransactions,
        _ => Product::Balances,
    };
    let (institution, products) = best_institution(app, one.provider, &claimed(app, one.provider).await).await;
    let asked = json!({ "products": [other], "externalCustomerId": "another", "historyDays": 90 });
    Linked { provider: one.provider, id: link_with(app, one.provider, &institution, asked).await, products }
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a10_what_a_row_allows_brings_its_data_and_what_it_refuses_makes_no_call_and_comes_by_repair() {
    let app = TestApp::new().await;
    let all = link_all(&app, false).await;
    let others = join_all(all.iter().map(|one| link_without_base(&app, one))).await;
    let mut walked: Vec<(&Linked, Product)> = others.iter().map(|one| (one, base(&one.products))).collect();
    for one in &all {
        walked
            .extend(ORDER.into_iter().filter(|product| *product != base(&one.products)).map(|product| (one, product)));
    }
    assert_eq!(walked.len(), ServiceProvider::ALL.len() * ORDER.len());
    let (mut addable, mut repairs) = (Vec::new(), Vec::new());
    for (one, product) in walked {
        let row = app.get(&format!("/service-providers/{}", one.provider)).await.expect(200)["supportMatrix"].clone();
        match row[product.as_str()]["addable"].as_str().unwrap() {
            "NO" => repairs.extend(is_refused_here(&app, one, product).await.map(|body| (one, product, body))),
            _ => addable.push((one, product)),
        }
    }
    has_no_such_interface(&app).await;
    for (one, product) in addable {
        is_added(&app, one, product).await;
    }
    for (one, product, body) in repairs {
        app.repaired(&one.id, body, json!({})).await;
        has_come(&app, one, product).await;
    }
    app.assert_faithful();
}

/// What finAPI loads at some banks only (A3) is refused at the others, for good.
async fn has_no_such_interface(app: &TestApp) {
    let asked = json!({ "products": ["BALANCES"], "countryCodes": ["DE"], "externalCustomerId": "a third" });
    let id = app.linked_through("FINAPI", "Rheintaler Sparbank", asked).await;
    let calls = app.fidelity.operations().len();
    let refused = app.add(&id, json!(["OWNERS"])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let error = &refused["errors"][0];
    assert_eq!((&error["code"], &error["remedy"]), (&json!("UNSUPPORTED_BY_INSTITUTION"), &json!("NONE")));
    assert_eq!(error.get("repair"), None, "{error:#}");
    assert_eq!(app.fidelity.operations().len(), calls, "it made a call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a4_at_mx_what_is_there_opens_what_the_table_says_and_its_data_comes() {
    use Product::{InvestmentHoldings, InvestmentTransactions, Transactions};
    let chain = [Transactions, InvestmentHoldings, InvestmentTransactions];
    let app = TestApp::new().await;
    for bits in 1..7 {
        let present: BTreeSet<Product> =
            chain.into_iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, one)| one).collect();
        for product in chain.into_iter().filter(|product| !present.contains(product)) {
            let asked = json!({ "products": present, "serviceProvider": "MX", "allowDuplicate": true });
            let id = app.linked_through("MX", "First Platypus Bank", asked).await;
            let one = Linked { provider: "MX", id, products: present.clone() };
            let opens: &[Product] = match product {
                InvestmentTransactions => &[Transactions, InvestmentHoldings],
                _ => &[InvestmentTransactions],
            };
            if opens.iter().any(|needed| present.contains(needed)) {
                is_added(&app, &one, product).await;
                continue;
            }
            let calls = app.fidelity.operations().len();
            let refused = app.add(&one.id, json!([product])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
            let error = &refused["errors"][0];
            assert_eq!(error["code"], "PREREQUISITE_MISSING", "{present:?}: {product}");
            assert_eq!(
                (&error["anyOf"], &error["remedy"]),
                (&json!(opens), &json!("ADD_FIRST")),
                "{present:?}: {product}"
            );
            assert_eq!(app.fidelity.operations().len(), calls, "{present:?}: {product} made a call");
        }
    }
    app.assert_faithful();
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_while_the_customer_is_away_the_answers_are_those_of_the_connection_that_follows() {
    let app = TestApp::new().await;
    for provider in ServiceProvider::ALL.iter().map(|provider| provider.as_str()) {
        let (institution, products) = best_institution(&app, provider, &claimed(&app, provider).await).await;
        let body = json!({
            "products": [base(&products)], "serviceProvider": provider, "countryCodes": institution["countryCodes"],
        });
        let started = app.start(body).await;
        let chosen = json!({ "institutionId": institution["id"] });
        app.post_as(started["connectToken"].as_str().unwrap(), "/connect/link-token", chosen).await.expect(200);
        let id = started["connectionId"].as_str().unwrap();
        let away = judged(&app, id).await;
        app.play(&started, None, json!({ "institutionId": institution["id"] })).await.expect(200);
        app.settled(id).await;
        assert_eq!(away, judged(&app, id).await, "{provider}");
    }
    app.assert_faithful();
}

/// What an addition of each product would come to: that it is accepted (whether the customer is needed shows with their consent), or why
/// not and what helps.
async fn judged(app: &TestApp, id: &str) -> Vec<(Product, Option<(Value, Value)>)> {
    let mut all = Vec::new();
    for product in ORDER.into_iter().chain([Product::Assets]) {
        let body = json!({ "products": [product], "dryRun": true });
        let answer = app.post(&format!("/connections/{id}/products"), body).await;
        let refusal = (answer.status != 200).then(|| {
            let error = answer.body["errors"][0].clone();
            (error["code"].clone(), error["remedy"].clone())
        });
        all.push((product, refusal));
    }
    all
}

/// Refused without a call; the body of the repair that brings it, where the provider has it at all (A10).
async fn is_refused_here(app: &TestApp, one: &Linked, product: Product) -> Option<Value> {
    let calls = app.fidelity.operations().len();
    let refused = app.add(&one.id, json!([product])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    let error = &refused["errors"][0];
    assert_eq!(error["code"], "UNSUPPORTED_BY_PROVIDER", "{}: {product}", one.provider);
    assert_eq!(app.fidelity.operations().len(), calls, "{}: {product} made a call", one.provider);
    let remedy = if one.products.contains(&product) { "REPAIR" } else { "NEW_CONNECTION" };
    assert_eq!(error["remedy"], remedy, "{}: {error:#}", one.provider);
    assert_eq!(error.get("repair").is_some(), remedy == "REPAIR", "{}: {error:#}", one.provider);
    error.get("repair").cloned()
}

async fn is_added(app: &TestApp, one: &Linked, product: Product) {
    let added = app.add(&one.id, json!([product])).await.expect(200);
    // Plaid alone asks the customer for each product at the link; a consent that covers no more is widened by them (A8, C2). Balances
    // come with any, and holdings with the investment transactions that come before them (B6).
    let asks = one.provider == "PLAID" && ![Product::Balances, Product::InvestmentHoldings].contains(&product);
    let outcome = if asks { "REPAIR_REQUIRED" } else { "ADDED" };
    assert_eq!(added["results"][0]["outcome"], outcome, "{}: {product}", one.provider);
    if asks {
        app.repaired(&one.id, json!({ "products": [product] }), json!({})).await;
    }
    has_come(app, one, product).await;
}

/// It stands where what is added stands (A7), and its data is there.
async fn has_come(app: &TestApp, one: &Linked, product: Product) {
    let connection = app.settled(&one.id).await;
    let optional = connection["optionalProducts"].as_array().unwrap();
    assert!(optional.contains(&json!(product)), "{}: no {product} in {optional:?}", one.provider);
    assert_eq!(state(&connection, product.as_str()), ("AVAILABLE", None), "{}: {connection:#}", one.provider);
    assert!(has_data(app, &one.id, product).await, "{}: no {product}", one.provider);
}
