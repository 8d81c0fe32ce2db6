use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{changed, fixture, read};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::institution::{InstitutionHealth, ProviderInstitution};
use crate::domain::product::Product::{self, *};
use crate::providers::data::Observation;
use crate::providers::plaid::map::institutions::institution;
use crate::providers::plaid::map::products::{from_plaid, plaid_name};
use crate::providers::plaid::map::status::observation;
use crate::providers::plaid::spec::SPEC;
use crate::providers::plaid::wire::institution::Institutions;
use crate::providers::plaid::wire::item::ItemState;

fn item(change: impl FnOnce(&mut Value)) -> Observation {
    observation(changed::<ItemState>(fixture!("item_get"), |body| change(&mut body["item"])).item)
}

fn set(products: &[Product]) -> BTreeSet<Product> {
    products.iter().copied().collect()
}

#[test]
fn an_item_is_read() {
    let seen = item(|_| {});
    assert_eq!((seen.condition, seen.code), (Condition::HEALTHY, None));
    assert_eq!(seen.provider_connection_id, "Ed6bjNrDLJfGvZWwnkQlfxwoNz54B5C97ejBr");
    assert_eq!(seen.provider_institution_id.as_deref(), Some("ins_109508"));
    assert_eq!(seen.initialized, set(&[Balances, Owners, Transactions]));
    assert_eq!(seen.consented, set(&[Balances, Owners, Transactions]));
    assert_eq!(seen.consent_expires_at, Some("2024-03-16T15:53:00Z".parse().unwrap()));
}

#[test]
fn f3_an_items_error_is_its_condition() {
    let with_error = |code: &str, reason: Value| {
        item(|item| {
            item["error"] = json!({"error_type": "ITEM_ERROR", "error_code": code, "error_code_reason": reason})
        })
    };
    let login = with_error("ITEM_LOGIN_REQUIRED", Value::Null);
    assert_eq!(login.condition, Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired));
    assert_eq!(login.code.as_deref(), Some("ITEM_LOGIN_REQUIRED"));
    let consent = with_error("ITEM_LOGIN_REQUIRED", json!("OAUTH_CONSENT_EXPIRED"));
    assert_eq!(consent.condition, Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired));
    let unknown = with_error("SOLAR_FLARE", Value::Null);
    assert_eq!(unknown.condition, Condition { status: Status::Undetermined, reason: None });
    assert_eq!(with_error("NO_LIABILITY_ACCOUNTS", Value::Null).condition, Condition::HEALTHY);
}

#[test]
fn f6_a_revocation_is_told() {
    for error in [
        json!({"error_type": "ITEM_ERROR", "error_code": "USER_PERMISSION_REVOKED"}),
        json!({"error_code": "ITEM_LOGIN_REQUIRED", "error_code_reason": "OAUTH_USER_REVOKED"}),
    ] {
        let seen = item(|item| item["error"] = error.clone());
        assert!(SPEC.is_revocation(seen.code.as_deref().unwrap()), "{error}");
        assert_eq!(seen.condition, Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired));
    }
}

#[test]
fn f2_an_item_that_always_needs_its_user_is_interactive() {
    let seen = item(|item| item["update_type"] = "user_present_required".into());
    assert_eq!(seen.condition, Condition::new(Status::Degraded, StatusReason::InteractiveRefresh));
}

#[test]
fn b6_investments_are_both_investment_products() {
    let seen = item(|item| {
        item["products"] = json!(["investments"]);
        item["billed_products"] = json!([]);
        item["available_products"] = json!(["balance", "auth", "liabilities"]);
        item["consented_products"] = json!(["investments", "auth"]);
        item["consented_data_scopes"] = json!(["credit_loan_info", "brand_new_scope"]);
    });
    assert_eq!(seen.initialized, set(&[Balances, InvestmentHoldings, InvestmentTransactions]));
    assert_eq!(seen.consented, set(&[Balances, InvestmentHoldings, InvestmentTransactions, Identifiers, Liabilities]));
}

#[test]
fn c1_without_a_consent_screen_all_that_is_available_may_be_called() {
    for nothing in [Value::Null, json!([])] {
        let seen = item(|item| {
            (item["consented_products"], item["consented_data_scopes"]) = (nothing.clone(), nothing.clone());
        });
        assert_eq!(seen.consented, set(&[Balances, Identifiers, Owners, Transactions]));
    }
    // Where the customer was asked, what they did not agree to may not be.
    assert!(!item(|_| {}).consented.contains(&Identifiers));
}

#[test]
fn c3_what_was_withheld_at_the_institution_is_not_available_whatever_was_consented_to() {
    let seen = |available: Value| {
        item(|item| {
            item["available_products"] = available;
            item["consented_products"] = json!(["identity", "transactions", "auth", "liabilities"]);
        })
    };
    let withheld = seen(json!(["balance", "auth"])).consented;
    assert!(withheld.contains(&Identifiers) && !withheld.contains(&Liabilities), "{withheld:?}");
    assert!(seen(Value::Null).consented.contains(&Liabilities));
}

#[test]
fn an_item_may_say_little() {
    let seen = item(|item| *item = json!({"item_id": "i"}));
    assert_eq!((seen.condition, seen.initialized, seen.consented), (Condition::HEALTHY, set(&[]), set(&[])));
}

#[test]
fn every_product_but_balances_has_its_name_and_back() {
    assert_eq!(plaid_name(Balances), None);
    for &product in Product::ALL.iter().filter(|product| **product != Balances) {
        let name = plaid_name(product).unwrap().to_owned();
        assert!(from_plaid([&name]).contains(&product), "{product}");
    }
    assert_eq!(from_plaid([&"pay_by_bank".to_owned()]), set(&[]));
}

fn bank(change: impl FnOnce(&mut Value)) -> ProviderInstitution {
    let answer: Institutions = changed(fixture!("institutions_get"), |body| change(&mut body["institutions"][0]));
    institution(answer.institutions.into_iter().next().unwrap())
}

#[test]
fn an_institution_is_read() {
    assert_eq!(read::<Institutions>(fixture!("institutions_get")).total, 11384);
    let bank = bank(|bank| {
        bank["url"] = "https://bank.example".into();
        bank["logo"] = "iVBORw0KGgo=".into();
        bank["status"] = json!({"item_logins": {"status": "DEGRADED"}});
    });
    assert_eq!(
        bank,
        ProviderInstitution {
            provider_institution_id: "ins_1".into(),
            name: "Bank of America".into(),
            url: Some("https://bank.example".into()),
            logo_url: Some("data:image/png;base64,iVBORw0KGgo=".into()),
            country_codes: vec!["US".into()],
            products: set(&[Balances, Identifiers, Owners, Transactions, Liabilities, Assets, Signal]),
            instant_identifiers: true,
            oauth: false,
            health: InstitutionHealth::Degraded,
        }
    );
}

#[test]
fn a6_signal_is_had_where_balances_are_in_the_united_states() {
    let signal = |listed: Value, countries: Value| {
        let bank = bank(|bank| (bank["products"], bank["country_codes"]) = (listed, countries));
        bank.products.contains(&Signal)
    };
    assert!(signal(json!(["balance", "transactions"]), json!(["CA", "US"])));
    assert!(!signal(json!(["balance", "transactions"]), json!(["GB"])));
    assert!(!signal(json!(["signal", "transactions"]), json!(["US"])));
}

#[test]
fn a6_numbers_by_instant_match_are_had_at_link_only() {
    let methods = |instant_auth: bool, instant_match: bool, automated: bool| {
        json!({"supported_methods": {
            "instant_auth": instant_auth, "instant_match": instant_match,
            "automated_micro_deposits": automated, "instant_micro_deposits": true,
        }})
    };
    let with = |products: &[&str], auth: Value| {
        let bank = bank(|bank| {
            bank["products"] = json!(products);
            bank["auth_metadata"] = auth;
        });
        (bank.products.contains(&Identifiers), bank.instant_identifiers)
    };
    let other = &["transactions"][..];
    assert_eq!(with(other, methods(true, false, false)), (true, true));
    assert_eq!(with(other, methods(false, true, false)), (true, false));
    assert_eq!(with(other, methods(false, false, true)), (true, false));
    assert_eq!(with(other, methods(false, false, false)), (false, false));
    assert_eq!(with(other, Value::Null), (false, false));
    // The metadata decide, whatever the list says.
    assert_eq!(with(&["auth"], methods(false, true, true)), (true, false));
    assert_eq!(with(&["auth"], Value::Null), (true, true));
}

#[test]
fn an_institution_may_say_little_or_too_much() {
    let bank = bank(|bank| {
        *bank = json!({
            "institution_id": "ins_2", "name": "\u{0}", "url": "javascript:alert(1)", "logo": "\"><script>",
            "country_codes": ["US", "usa", "<b>"], "products": ["brand_new"], "routing_numbers": null,
        });
    });
    assert_eq!((bank.name.as_str(), bank.url, bank.logo_url), ("ins_2", None, None));
    assert_eq!((bank.country_codes, bank.products), (vec!["US".to_owned()], set(&[])));
    assert_eq!(bank.health, InstitutionHealth::Unknown);
}
