//! All providers side by side, through the whole server: one customer who has a connection with each.

mod denied;
mod faults;
mod knobs;
mod life;
mod matrix;
mod own_products;
mod pending;
mod placed;

mod refreshes;
mod relink;
mod removals;
mod users;

use std::collections::BTreeSet;

use futures::future::join_all;
use linkspan::domain::product::Product;
use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};

use crate::support::TestApp;

/// A connection with a provider, at the institution that has most of what it claims.
struct Linked {
    provider: &'static str,
    id: String,
    /// What it claims and that institution has.
    products: BTreeSet<Product>,
}

/// What the provider claims, of the kinds that are fetched.
async fn claimed(app: &TestApp, provider: &str) -> BTreeSet<Product> {
    let row = app.get(&format!("/service-providers/{provider}")).await.expect(200);
    let all: Vec<Product> = serde_json::from_value(row["products"].clone()).unwrap();
    all.into_iter().filter(|product| Product::COMMON.contains(product)).collect()
}

/// The institution of a provider that has most of these, the customer's own page last.
async fn best_institution(app: &TestApp, provider: &str, products: &BTreeSet<Product>) -> (Value, BTreeSet<Product>) {
    let all = app.all(&format!("/institutions?serviceProvider={provider}")).await;
    let ranked = all.into_iter().filter_map(|one| {
        let at = one["providers"].as_array().unwrap().iter().find(|at| at["serviceProvider"] == provider)?.clone();
        let mut has: BTreeSet<Product> = serde_json::from_value(at["products"].clone()).unwrap();
        has.retain(|product| products.contains(product));
        let is_well = ["HEALTHY", "UNKNOWN"].contains(&at["health"].as_str().unwrap());
        // Where it serves Americans, the bank of most tests: the others do not all have what they are listed with.
        let rank = (one["name"] == "First Platypus Bank", has.len(), at["oauth"] == false);
        is_well.then_some((rank, one, has))
    });
    let best = ranked.reduce(|best, one| if one.0 > best.0 { one } else { best });
    let (_, institution, has) = best.expect("an institution");
    (institution, has)
}

/// The product that a link with this provider asks for in any case.
fn base(products: &BTreeSet<Product>) -> Product {
    let first = [Product::Transactions, Product::InvestmentHoldings].into_iter().find(|one| products.contains(one));
    first.expect("a product that stands alone")
}

/// Links the customer through that provider: with everything that it claims there, or with one product alone.
async fn link(app: &TestApp, provider: ServiceProvider, everything: bool) -> Linked {
    let provider = provider.as_str();
    let (institution, products) = best_institution(app, provider, &claimed(app, provider).await).await;
    let base = base(&products);
    let others: Vec<_> = products.iter().filter(|product| everything && **product != base).collect();
    // Where it is not about data, less of it is read.
    let days = if everything { 730 } else { 90 };
    let asked = json!({ "products": [base], "optionalProducts": others, "historyDays": days });
    let id = link_with(app, provider, &institution, asked).await;
    Linked { provider, id, products }
}

/// Links the customer through that provider at that institution; the connection once nothing is left to fetch.
async fn link_with(app: &TestApp, provider: &str, institution: &Value, asked: Value) -> String {
    let mut body = json!({
        "serviceProvider": provider, "institutionId": institution["id"], "countryCodes": institution["countryCodes"],
        "allowDuplicate": true,
    });
    body.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    let connection = app.play(&app.start(body).await, None, json!({})).await.expect(200);
    assert_eq!(connection["serviceProvider"], provider);
    let id = connection["id"].as_str().unwrap().to_owned();
    app.settled(&id).await;
    id
}

/// One connection with each provider.
async fn link_all(app: &TestApp, everything: bool) -> Vec<Linked> {
    assert_eq!(ServiceProvider::ALL.len(), 9);
    join_all(ServiceProvider::ALL.iter().map(|&provider| link(app, provider, everything))).await
}

async fn rows(app: &TestApp, path: &str, id: &str) -> Vec<Value> {
    app.all(&format!("{path}?connectionId={id}")).await
}

/// Whether there is data of that product.
async fn has_data(app: &TestApp, id: &str, product: Product) -> bool {
    let accounts = rows(app, "/accounts", id).await;
    let of_accounts = async |part: &str| {
        let ids = accounts.iter().map(|account| account["id"].as_str().unwrap());
        let answers = join_all(ids.map(|id| async move { app.get(&format!("/accounts/{id}/{part}")).await })).await;
        answers.into_iter().map(|answer| answer.expect(200)).collect::<Vec<_>>()
    };
    match product {
        Product::Balances => accounts.iter().any(|account| account["balances"]["current"].is_string()),
        Product::Identifiers => {
            of_accounts("identifiers").await.iter().any(|one| one["identifiersStatus"] == "AVAILABLE")
        }
        Product::Owners => of_accounts("owners").await.iter().any(|one| one["owners"][0]["names"][0].is_string()),
        Product::Transactions => !rows(app, "/transactions", id).await.is_empty(),
        Product::InvestmentHoldings => !rows(app, "/investments/holdings", id).await.is_empty(),
        Product::InvestmentTransactions => !rows(app, "/investments/transactions", id).await.is_empty(),
        Product::Liabilities => !rows(app, "/liabilities", id).await.is_empty(),
        _ => false,
    }
}
