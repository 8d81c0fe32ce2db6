//! What is removed is gone at every provider, and the answer says honestly what becomes of the bill (A15).

use linkspan::domain::product::Product;
use serde_json::json;

use super::{Linked, base, has_data, link_all};
use crate::support::{TestApp, state};

#[tokio::test(flavor = "multi_thread")]
async fn a15_what_is_erased_is_gone_at_every_provider_and_does_not_come_back() {
    let app = TestApp::new().await;
    for one in &link_all(&app, true).await {
        let kept = base(&one.products);
        let others: Vec<Product> = one.products.iter().copied().filter(|product| *product != kept).collect();
        for &product in &others {
            is_erased(&app, one, product).await;
        }
        let last = app.delete(&format!("/connections/{}/products/{kept}", one.id)).await;
        last.problem(409, "LAST_REQUIRED_PRODUCT");
        app.post(&format!("/connections/{}/refresh", one.id), json!({})).await.expect(202);
        app.settled(&one.id).await;
        for &product in &others {
            assert!(!has_data(&app, &one.id, product).await, "{}: {product} came back", one.provider);
        }
        assert!(has_data(&app, &one.id, kept).await, "{}: {kept} went too", one.provider);
    }
    app.assert_faithful();
}

async fn is_erased(app: &TestApp, one: &Linked, product: Product) {
    let path = format!("/connections/{}/products/{product}?data=ERASE", one.id);
    let removed = app.delete(&path).await.expect(200);
    // Only Finicity bills by the call, and not all of it; Plaid's bill is the item's, whatever the product.
    let stops = one.provider == "FINICITY" && [Product::Identifiers, Product::Owners].contains(&product);
    let billing = if stops { "STOPPED" } else { "CONTINUES_UNTIL_CONNECTION_DELETED" };
    assert_eq!(removed["billing"], billing, "{}: {product}", one.provider);
    assert_eq!(state(&removed["connection"], product.as_str()), ("UNAVAILABLE", Some("REMOVED")), "{}", one.provider);
    assert!(!has_data(app, &one.id, product).await, "{}: {product} is still there", one.provider);
}
