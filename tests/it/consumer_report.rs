//! `CONSUMER_REPORT`: consented to in a link or a repair, for the purpose that was named (rules B7, B14, C5).

use serde_json::{Value, json};

use crate::support::{TestApp, state};

const PURPOSE: &str = "EXTENSION_OF_CREDIT";

fn options() -> Value {
    json!({ "CONSUMER_REPORT": { "permissiblePurpose": PURPOSE, "days": 365 } })
}

/// That the provider was last asked for it so.
#[track_caller]
fn assert_asked(app: &TestApp) {
    let asked = app.fidelity.requests("/link/token/create").pop().unwrap();
    assert_eq!(
        (&asked["products"], &asked["consumer_report_permissible_purpose"]),
        (&json!(["cra_base_report"]), &json!(PURPOSE))
    );
    assert_eq!(asked["cra_options"], json!({ "days_requested": 365 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_c5_a_consumer_report_is_linked_or_repaired_for_its_purpose() {
    let app = TestApp::new().await;
    let linked = app.linked(json!({ "products": ["CONSUMER_REPORT"], "productOptions": options() })).await;
    assert_asked(&app);
    let connection = app.connection(&linked).await;
    assert_eq!((&connection["status"], state(&connection, "CONSUMER_REPORT")), (&json!("ACTIVE"), ("AVAILABLE", None)));
    // Added later, it waits for the customer, and keeps what it was asked for with.
    let id = app.linked(json!({ "products": ["TRANSACTIONS"], "allowDuplicate": true })).await;
    let path = format!("/connections/{id}/products");
    app.add(&id, json!(["CONSUMER_REPORT"])).await.problem(422, "PRODUCT_OPTIONS_REQUIRED");
    let body = json!({ "products": ["CONSUMER_REPORT"], "productOptions": options() });
    let added = app.post(&path, body).await.expect(200);
    assert_eq!(added["results"][0]["outcome"], "REPAIR_REQUIRED");
    assert_eq!(state(&added["connection"], "CONSUMER_REPORT"), ("CONSENT_REQUIRED", Some("CONSENT_MISSING")));
    let repaired = app.repaired(&id, json!({}), json!({})).await;
    assert_asked(&app);
    assert_eq!(
        (&repaired["optionalProducts"], state(&repaired, "CONSUMER_REPORT")),
        (&json!(["CONSUMER_REPORT"]), ("AVAILABLE", None))
    );
    assert_eq!(state(&repaired, "TRANSACTIONS"), ("AVAILABLE", None));
}
