//! Linking, from start to data.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_from_start_to_data() {
    let app = TestApp::new().await;
    let started = app
        .start(json!({
            "products": ["BALANCES", "TRANSACTIONS"], "optionalProducts": ["OWNERS"],
            "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"],
        }))
        .await;
    let connection = app.play(&started, Some("First Platypus Bank"), json!({})).await.expect(200);
    assert_eq!(connection["status"], "ACTIVE");
    assert_eq!(connection["additionalConsentedProducts"], json!(["INVESTMENT_HOLDINGS"]));
    let id = connection["id"].as_str().unwrap();
    app.settled(id).await;
    let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
    assert!(
        accounts.iter().any(|account| account["subtype"] == "CHECKING" && account["balances"]["current"].is_string())
    );
    let transactions = app.all(&format!("/transactions?connectionId={id}")).await;
    assert!(transactions.len() > 1000, "{}", transactions.len());
    assert!(
        transactions.is_sorted_by_key(|row| std::cmp::Reverse(row["transactionDate"].as_str().unwrap().to_owned()))
    );
}
