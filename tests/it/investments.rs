//! Holdings and investment transactions (rule B6).

use serde_json::json;

use crate::support::{TestApp, state};

const HOLDINGS: (&str, &str) = ("INVESTMENT_HOLDINGS", "/investments/holdings/get");
const TRADES: (&str, &str) = ("INVESTMENT_TRANSACTIONS", "/investments/transactions/get");

#[tokio::test(flavor = "multi_thread")]
async fn b6_a_connection_that_lacks_one_of_the_two_never_has_its_endpoint_called() {
    let app = TestApp::new().await;
    let calls = |operation: &str| app.fidelity.requests(operation).len();
    // Both are one at the provider, so that either could be had; each call of the one that is lacked could be billed.
    for ((fetched, its), (lacked, others), consented) in
        [(HOLDINGS, TRADES, json!([])), (TRADES, HOLDINGS, json!([HOLDINGS.0]))]
    {
        let (before, spared) = (calls(its), calls(others));
        let asked = json!({
            "products": ["TRANSACTIONS"], "optionalProducts": [fetched], "additionalConsentedProducts": consented,
        });
        let id = app.linked(asked).await;
        assert_eq!(state(&app.connection(&id).await, fetched), ("AVAILABLE", None));
        app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
        app.settled(&id).await;
        app.knob(&id, "post-transactions", json!({})).await;
        app.settled(&id).await;
        assert!(calls(its) > before + 1, "{fetched} was read at the link and afterwards");
        assert_eq!(calls(others), spared, "{lacked} was read");
        let added = app.add(&id, json!([lacked])).await.expect(200);
        assert_eq!(added["results"][0]["outcome"], "ADDED", "{added:#}");
        assert_eq!(state(&app.settled(&id).await, lacked), ("AVAILABLE", None));
        assert!(calls(others) > spared, "{lacked} is there now");
    }
}
