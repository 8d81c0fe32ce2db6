#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::json;

use super::link::{Fix, Session, body};
use super::*;
use crate::domain::placement::Placements;
use crate::providers::link::{LinkPurpose, LinkRequest};

fn session(fix: Option<Fix>) -> Session {
    Session {
        id: "s".to_owned(),
        customer: "1005061234".to_owned(),
        ends: 1,
        known: Vec::new(),
        institution: Some("102105".to_owned()),
        fix,
    }
}

fn request(institution: Option<&str>) -> LinkRequest {
    LinkRequest {
        session_id: "s".to_owned(),
        customer_ref: "customer".to_owned(),
        purpose: LinkPurpose::Connect(Placements::default()),
        institution: institution.map(str::to_owned),
        institution_products: Vec::new(),
        country_codes: vec!["US".to_owned()],
        language: "es".to_owned(),
        return_url: "https://us.example/back?state=st_1".to_owned(),
        oauth_redirect_url: None,
        webhook_url: Some("https://us.example/hook".to_owned()),
        history_days: 730,
        account_filters: Some(BTreeMap::new()),
        product_options: serde_json::Map::new(),
        match_all_accounts: false,
        same_day_microdeposits: false,
        lifetime_seconds: 1800,
        psu: None,
    }
}

#[test]
fn connect_leads_straight_to_a_chosen_institution() {
    let config = FinicityConfig { partner_id: "2445".to_owned(), ..FinicityConfig::default() };
    let (path, lite) = body(&config, &request(Some("102105")), &session(None));
    assert_eq!(path, "/connect/v2/generate/lite");
    let kept: Session = serde_json::from_str(lite["webhookData"]["session"].as_str().unwrap()).unwrap();
    assert_eq!(kept, session(None));
    let mut rest = lite;
    rest["webhookData"] = json!(null);
    assert_eq!(
        rest,
        json!({
            "partnerId": "2445", "customerId": "1005061234", "redirectUri": "https://us.example/back?state=st_1",
            "singleUseUrl": true, "language": "es", "webhook": "https://us.example/hook",
            "webhookContentType": "application/json", "webhookData": null, "institutionId": 102_105,
        })
    );
    assert_eq!(body(&config, &request(None), &session(None)).0, "/connect/v2/generate");
    let whole = FinicityConfig { lite: false, webhooks: false, experience: Some("x".to_owned()), ..config };
    let (path, body) = body(&whole, &request(Some("102105")), &session(None));
    assert_eq!((path, &body["experience"]), ("/connect/v2/generate", &json!("x")));
    assert!(body.get("institutionId").is_none() && body.get("webhook").is_none() && body.get("webhookData").is_none());
}

#[test]
fn a_repair_names_its_login() {
    let fix =
        Fix { login: "7".to_owned(), accounts: vec!["1".to_owned()], looks: Vec::new(), broken: true, since: Some(3) };
    let (path, body) = body(&FinicityConfig::default(), &request(Some("102105")), &session(Some(fix)));
    assert_eq!((path, &body["institutionLoginId"]), ("/connect/v2/generate/fix", &json!("7")));
    assert!(body.get("institutionId").is_none());
}

#[test]
fn a_credential_is_a_customer_and_a_login() {
    let login = Login { customer: "1005".to_owned(), id: "7".to_owned(), retired: vec!["5".to_owned()] };
    assert_eq!(Login::read(&login.credential()).unwrap(), login);
    assert_eq!(login.path(), "/aggregation/v1/customers/1005/institutionLogins/7");
    for broken in ["", "1", "/", "1/", "1/2/", "1/..", "1/2/..", "1/2?x"] {
        assert!(Login::read(&Secret::new(broken)).is_err(), "{broken}");
    }
}

#[test]
fn a_refusal_is_told_without_another_call() {
    let failure = refused_before(&Secret::new("refused 10001"));
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Auth, "10001"));
}
