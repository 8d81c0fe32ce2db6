//! The support matrix in behaviour: what a row allows brings its data, what it refuses is refused from what is known here.

use linkspan::domain::product::Product;
use serde_json::json;

use super::{Linked, base, has_data, link_all};
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
