//! The institution catalogue, searched as people type.

use serde_json::{Value, json};

use crate::support::{Key, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_search_forgives_case_accents_punctuation_and_a_small_typo() {
    let app = TestApp::new().await;
    let names = |page: Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let found = async |query: &str| {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        names(app.get(&format!("/institutions?serviceProvider=PLAID&query={query}")).await.expect(200))
    };
    for (query, first) in [
        ("platypus oauth", "Platypus OAuth Bank"),
        ("TARTAN BANK", "Tartan Bank"),
        ("credit du marais", "Crédit du Marais"),
        ("tartan dominion", "Tartan-Dominion Bank of Canada"),
        ("tartandominion", "Tartan-Dominion Bank of Canada"),
        ("cedar and main", "Cedar & Main Bank"),
        ("bank platypus first", "First Platypus Bank"),
        ("tatersall", "Tattersall Federal Credit Union"),
        ("first platipus", "First Platypus Bank"),
        ("houndstoth", "Houndstooth Bank"),
    ] {
        assert_eq!(found(query).await.first().map(String::as_str), Some(first), "{query}");
    }
    // Of one name, in the order of the providers.
    let first = app.get("/institutions?query=first+platypus+bank&limit=1").await.expect(200);
    assert_eq!(first["data"][0]["providers"][0]["serviceProvider"], "PLAID");
    // The name itself comes before names that only begin with it.
    assert_eq!(found("tartan").await[..2], ["Tartan Bank", "Tartan-Dominion Bank of Canada"]);
    assert_eq!(found("zzzzzz").await, Vec::<String>::new());
    assert_eq!(found("%").await, found("").await, "signs alone are no search");
    // Page by page, in the same order, nothing twice.
    let all = found("bank").await;
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/institutions?serviceProvider=PLAID&query=bank&limit=7{after}")).await.expect(200);
        let next = page["nextCursor"].as_str().map(str::to_owned);
        paged.extend(names(page));
        match next.filter(|_| paged.len() < all.len()) {
            Some(cursor) => after = format!("&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged[..all.len()], all);
    // The picker searches the same way, among what the session can link.
    let started =
        app.start(json!({ "products": ["INVESTMENT_HOLDINGS", "TRANSACTIONS"], "serviceProvider": "PLAID" })).await;
    let token = Key::Of(started["connectToken"].as_str().unwrap());
    let picked = app.call("GET", "/connect/institutions?query=windowpain", token, &[], None).await.expect(200);
    assert_eq!(names(picked), Vec::<String>::new(), "it has no investments");
    let picked = app.call("GET", "/connect/institutions?query=TATERSALL!", token, &[], None).await.expect(200);
    assert_eq!(names(picked)[0], "Tattersall Federal Credit Union");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_off_is_not_there() {
    let app = TestApp::with(&[("LINKSPAN_PROVIDERS__MX__MODE", "off")]).await;
    let there = app.get("/service-providers").await.expect(200);
    let there: Vec<_> = there["data"].as_array().unwrap().iter().map(|one| one["serviceProvider"].clone()).collect();
    assert_eq!((there.len(), there.contains(&json!("MX"))), (8, false));
    app.get("/service-providers/MX").await.problem(404, "NOT_FOUND");
    assert_eq!(app.all("/institutions?serviceProvider=MX").await, Vec::<serde_json::Value>::new());
    let asked = json!({ "externalCustomerId": "a", "products": ["TRANSACTIONS"], "serviceProvider": "MX" });
    app.post("/connect/start", asked).await.problem(422, "NO_PROVIDER_AVAILABLE");
}
