//! The main job through both kinds of client: a person at the provider's page, data, products, repair, end.

use linkspan::domain::service_provider::ServiceProvider;
use serde_json::{Value, json};

use super::BOTH;
use crate::support::{Customer, TestApp, state};

/// A connection of that kind whose data is there.
async fn linked(app: &TestApp, id: ServiceProvider, body: Value) -> Value {
    let mut whole = json!({ "serviceProvider": id, "countryCodes": ["DE"] });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let started = app.start(whole).await;
    let institution = app.institution_at(id.as_str(), "Isarwinkel Universalbank").await;
    let connection = app.play(&started, None, json!({ "institutionId": institution })).await.expect(200);
    app.settled(connection["id"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_asked_for_at_the_link_comes_and_nothing_is_added_later() {
    for provider in BOTH {
        let app = TestApp::new().await;
        let asked = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["BALANCES", "IDENTIFIERS"],
            "additionalConsentedProducts": ["OWNERS"] });
        let connection = linked(&app, provider, asked).await;
        let id = connection["id"].as_str().unwrap();
        assert_eq!((&connection["serviceProvider"], &connection["status"]), (&json!(provider), &json!("ACTIVE")));
        for product in ["TRANSACTIONS", "BALANCES", "IDENTIFIERS"] {
            assert_eq!(state(&connection, product), ("AVAILABLE", None), "{connection:#}");
        }
        assert_eq!(connection["additionalConsentedProducts"], json!(["OWNERS"]));
        let accounts = app.all(&format!("/accounts?connectionId={id}")).await;
        let checking = accounts.iter().find(|one| one["subtype"] == "CHECKING").unwrap()["id"].as_str().unwrap();
        let numbers = app.get(&format!("/accounts/{checking}/identifiers")).await.expect(200);
        assert!(numbers["international"]["iban"].as_str().unwrap().starts_with("DE"), "{numbers:#}");
        assert!(!app.all(&format!("/transactions?connectionId={id}")).await.is_empty());

        // A3: the whole row says no, and says so from what is known here.
        let before = app.fidelity.operations().len();
        for product in ["OWNERS", "INVESTMENT_HOLDINGS", "INVESTMENT_TRANSACTIONS", "LIABILITIES"] {
            let refused = app.add(id, json!([product])).await.problem(422, "PRODUCTS_NOT_ADDABLE");
            assert_eq!(refused["errors"][0]["code"], "UNSUPPORTED_BY_PROVIDER", "{provider}: {product}");
        }
        assert_eq!(app.fidelity.operations().len(), before);

        // A callback is heard, and only ever causes a reading.
        let accounts_of = |path: &&String| path.starts_with("/accounts?");
        let reading = app.fidelity.operations().iter().rfind(accounts_of).unwrap().clone();
        let times = app.fidelity.operations().iter().filter(|path| **path == reading).count();
        // Two of one second are the same to a byte, and the second of them a replay.
        app.advance(2).await;
        app.knob(id, "fire-webhook", json!({ "code": "finish" })).await;
        app.called(&reading, times + 1).await;
        app.settled(id).await;

        let broken = app.knob(id, "reset-login", json!({})).await;
        assert_eq!(
            (&broken["status"], &broken["statusReason"]),
            (&json!("RECONNECT_REQUIRED"), &json!("LOGIN_REQUIRED"))
        );
        let repair = app.repair(id, json!({})).await;
        let other = app.play(&repair, None, json!({ "username": "user_good+other" })).await;
        assert_eq!(other.problem(409, "USER_ACTION_REQUIRED")["attempt"], "DIFFERENT_LOGIN", "{provider}");
        // D6: what the row refuses comes by a repair, with a wider consent.
        let repaired = app.repaired(id, json!({ "products": ["OWNERS"] }), json!({})).await;
        assert_eq!(repaired["status"], "ACTIVE", "{repaired:#}");
        assert_eq!(state(&repaired, "OWNERS"), ("AVAILABLE", None), "{repaired:#}");
        let owners = app.get(&format!("/accounts/{checking}/owners")).await.expect(200);
        assert!(owners.to_string().contains('@'), "{owners:#}");
        let ended = app.knob(id, "expire-consent", json!({})).await;
        assert_eq!((&ended["status"], &ended["statusReason"]), (&json!("RECONNECT_REQUIRED"), &json!("TOKEN_EXPIRED")));
        assert_eq!(app.repaired(id, json!({}), json!({})).await["status"], "ACTIVE");

        app.delete(&format!("/connections/{id}")).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_links_at_the_providers_own_page() {
    let app = TestApp::new().await;
    for (provider, institution) in
        BOTH.iter().flat_map(|one| [(one, "Isarwinkel Universalbank"), (one, "Kestrel Bank")])
    {
        let body = json!({ "products": ["TRANSACTIONS"], "optionalProducts": ["OWNERS"], "serviceProvider": provider,
            "countryCodes": ["DE", "GB"], "allowDuplicate": true, "redirectUrl": "https://app.example/return" });
        let started = app.start(body).await;
        let id = started["connectionId"].as_str().unwrap();
        let chosen = json!({ "institutionId": app.institution_at(provider.as_str(), institution).await });
        let token = started["connectToken"].as_str().unwrap();
        let launched = app.post_as(token, "/connect/link-token", chosen).await.expect(200);
        assert_eq!(launched["launch"]["kind"], "REDIRECT", "{launched:#}");
        let way_back = Customer::new(&app, launched["launch"]["url"].as_str().unwrap()).finish().await;
        let answer = app.http.get(&way_back).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        assert_eq!(location, format!("https://app.example/return?connectionId={id}&outcome=COMPLETED"), "{provider}");
        let connection = app.settled(id).await;
        assert_eq!((&connection["status"], state(&connection, "OWNERS").0), (&json!("ACTIVE"), "AVAILABLE"));
    }
}
