//! The support matrix in behaviour: what a row allows brings its data, what it refuses is refused from what is known here.

use std::collections::BTreeSet;

use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};

use super::{Linked, base, best_institution, claimed, has_data, link_all};
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

#[tokio::test(flavor = "multi_thread")]
async fn a3_what_a_row_allows_brings_its_data_and_what_it_refuses_makes_no_call() {
    let app = TestApp::new().await;
    let linked = link_all(&app, false).await;
    for one in &linked {
        let row = app.get(&format!("/service-providers/{}", one.provider)).await.expect(200)["supportMatrix"].clone();
        for product in ORDER.into_iter().filter(|product| *product != base(&one.products)) {
            match row[product.as_str()]["addable"].as_str().unwrap() {
                "NO" => is_refused_here(&app, one, product).await,
                _ if one.products.contains(&product) => is_added(&app, one, product).await,
                _ => {}
            }
        }
    }
    app.assert_faithful();
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
            assert_eq!(error["anyOf"], json!(opens), "{present:?}: {product}");
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

async fn is_refused_here(app: &TestApp, one: &Linked, product: Product) {
    let calls = app.fidelity.operations().len();
    let refused = app.add(&one.id, json!([product])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
    assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER", "{}: {product}", one.provider);
    assert_eq!(app.fidelity.operations().len(), calls, "{}: {product} made a call", one.provider);
}

async fn is_added(app: &TestApp, one: &Linked, product: Product) {
    let added = app.add(&one.id, json!([product])).await.expect(200);
    let outcome = added["results"][0]["outcome"].as_str().unwrap();
    // A consent that covers no more than was asked for at the link is widened by the customer (A8, C4).
    if outcome == "REPAIR_REQUIRED" {
        app.repaired(&one.id, json!({ "products": [product] }), json!({})).await;
    }
    let connection = app.settled(&one.id).await;
    assert_eq!(state(&connection, product.as_str()), ("AVAILABLE", None), "{}: {connection:#}", one.provider);
    assert!(has_data(app, &one.id, product).await, "{}: no {product}", one.provider);
}
