#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::domain::placement::Placement;
use crate::domain::secret::Secret;

fn config() -> PlaidConfig {
    PlaidConfig {
        link_customization: Some("everyday".into()),
        account_selection_customization: Some("accounts".into()),
        consent_customization: Some("consent".into()),
        ..PlaidConfig::default()
    }
}

fn request(purpose: LinkPurpose) -> LinkRequest {
    LinkRequest {
        session_id: "session-1".into(),
        customer_ref: "0193-customer".into(),
        purpose,
        institution: None,
        institution_products: vec![],
        country_codes: vec!["US".into()],
        language: "en".into(),
        return_url: "https://linkspan.example/connect/callback/PLAID?state=s1".into(),
        oauth_redirect_url: None,
        webhook_url: Some("https://linkspan.example/webhooks/PLAID".into()),
        history_days: 730,
        account_filters: None,
        product_options: serde_json::Map::new(),
        match_all_accounts: false,
        same_day_microdeposits: false,
        lifetime_seconds: 14_400,
        psu: None,
    }
}

fn connect(products: &[(Product, Placement)]) -> LinkRequest {
    let mut placements = Placements::default();
    for &(product, placement) in products {
        placements.put(product, placement);
    }
    request(LinkPurpose::Connect(placements))
}

fn repair(account_selection: bool, consent: &[Product], permissions: &[Product]) -> LinkRequest {
    let credential = Secret::new("access-sandbox-1");
    let (consent, permissions) = (consent.to_vec(), permissions.to_vec());
    request(LinkPurpose::Repair {
        store_login: false,
        new_accounts: false,
        credential,
        account_selection,
        fetched: Vec::new(),
        consent,
        permissions,
    })
}

fn body(request: &LinkRequest) -> Value {
    let config = config();
    serde_json::to_value(token_request(&config, request).unwrap()).unwrap()
}

#[test]
fn b1_a_first_link_is_asked_for_with_all_four_arrays() {
    let mut request = connect(&[
        (Product::Balances, Placement::Required),
        (Product::Transactions, Placement::Required),
        (Product::Identifiers, Placement::Required),
        (Product::Owners, Placement::RequiredIfSupported),
        (Product::Liabilities, Placement::Optional),
        (Product::InvestmentHoldings, Placement::AdditionalConsented),
    ]);
    request.institution = Some("ins_109508".into());
    request.oauth_redirect_url = Some("https://linkspan.example/connect/oauth".into());
    assert_eq!(
        body(&request),
        json!({
            "client_name": "Linkspan",
            "language": "en",
            "country_codes": ["US"],
            "user": {"client_user_id": "0193-customer"},
            "products": ["transactions"],
            "required_if_supported_products": ["auth", "identity"],
            "optional_products": ["liabilities"],
            "auth": {"automated_microdeposits_enabled": true},
            "additional_consented_products": ["investments"],
            "webhook": "https://linkspan.example/webhooks/PLAID",
            "link_customization_name": "everyday",
            "redirect_uri": "https://linkspan.example/connect/oauth",
            "institution_id": "ins_109508",
            "hosted_link": {
                "completion_redirect_uri": "https://linkspan.example/connect/callback/PLAID?state=s1",
                "url_lifetime_seconds": 14400,
            },
            "transactions": {"days_requested": 730},
        })
    );
}

#[test]
fn b5_balances_alone_open_no_session() {
    let config = config();
    let only = connect(&[(Product::Balances, Placement::Required), (Product::Owners, Placement::Optional)]);
    assert_eq!(token_request(&config, &only).err().unwrap().code, "PRODUCT_COMBINATION");
}

#[test]
fn b7_same_day_deposits_are_switched_on_for_numbers_alone() {
    let products = [(Product::Identifiers, Placement::Required), (Product::Transactions, Placement::Required)];
    let mut request = connect(&products);
    request.same_day_microdeposits = true;
    let body = body(&request);
    assert_eq!(body["products"], json!(["auth"]));
    assert_eq!(body["required_if_supported_products"], json!(["transactions"]));
    assert_eq!(body["auth"], json!({"same_day_microdeposits_enabled": true}));
}

#[test]
fn b7_deposits_without_numbers_change_nothing() {
    let mut request = connect(&[(Product::Transactions, Placement::Required)]);
    let plain = body(&request);
    request.same_day_microdeposits = true;
    assert_eq!(body(&request), plain);
}

#[test]
fn b13_account_filters_are_plaids_subtypes() {
    let mut request = connect(&[(Product::Transactions, Placement::Required)]);
    let filters = [
        ("depository", vec!["CHECKING".to_owned(), "SAVINGS".to_owned()]),
        ("investment", vec!["IRA".to_owned()]),
        ("credit", vec![]),
        ("loan", vec!["CHECKING".to_owned()]),
    ];
    request.account_filters = Some(filters.into_iter().map(|(name, list)| (name.to_owned(), list)).collect());
    assert_eq!(
        body(&request)["account_filters"],
        json!({
            "credit": {"account_subtypes": ["all"]},
            "depository": {"account_subtypes": ["checking", "limited purpose checking", "savings"]},
            "investment": {"account_subtypes": ["ira", "sarsep", "sep ira", "simple ira"]},
        })
    );
    request.account_filters = Some([("loan".to_owned(), vec!["CHECKING".to_owned()])].into());
    assert_eq!(token_request(&config(), &request).err().unwrap().code, "ACCOUNT_FILTERS");
}

#[test]
fn b14_options_are_needed_by_what_is_fetched() {
    let mut request = connect(&[(Product::Statements, Placement::Required)]);
    assert_eq!(token_request(&config(), &request).err().unwrap().code, "PRODUCT_OPTIONS_REQUIRED");
    request.product_options.insert("STATEMENTS".into(), json!({"from": "2025-01-01", "to": "2025-12-31"}));
    assert_eq!(body(&request)["statements"], json!({"start_date": "2025-01-01", "end_date": "2025-12-31"}));
    let consent_only =
        connect(&[(Product::Transactions, Placement::Required), (Product::Statements, Placement::AdditionalConsented)]);
    assert_eq!(body(&consent_only).get("statements"), None);
}

#[test]
fn b15_history_is_clipped_and_only_asked_for_what_is_fetched() {
    let mut request = connect(&[(Product::Transactions, Placement::Optional), (Product::Owners, Placement::Required)]);
    for (asked, sent) in [(0, 1), (90, 90), (5_000, 730)] {
        request.history_days = asked;
        assert_eq!(body(&request)["transactions"], json!({"days_requested": sent}));
    }
    let consent_only =
        connect(&[(Product::Owners, Placement::Required), (Product::Transactions, Placement::AdditionalConsented)]);
    assert_eq!(body(&consent_only).get("transactions"), None);
}

#[test]
fn d1_a_login_is_restored_with_no_products() {
    assert_eq!(
        body(&repair(false, &[], &[])),
        json!({
            "client_name": "Linkspan",
            "language": "en",
            "country_codes": ["US"],
            "user": {"client_user_id": "0193-customer"},
            "access_token": "access-sandbox-1",
            "link_customization_name": "everyday",
            "hosted_link": {
                "completion_redirect_uri": "https://linkspan.example/connect/callback/PLAID?state=s1",
                "url_lifetime_seconds": 14400,
            },
        })
    );
}

#[test]
fn d5_account_selection_has_its_switch_its_filters_and_its_page() {
    let mut request = repair(true, &[], &[]);
    request.account_filters = Some([("depository".to_owned(), vec!["SAVINGS".to_owned()])].into());
    let selection = body(&request);
    assert_eq!(selection["update"], json!({"account_selection_enabled": true}));
    assert_eq!(selection["account_filters"], json!({"depository": {"account_subtypes": ["savings"]}}));
    assert_eq!(selection["link_customization_name"], "accounts");
    // Without it the filters stay at home (B13, U7).
    let mut request = repair(false, &[], &[]);
    request.account_filters = Some([("depository".to_owned(), vec!["SAVINGS".to_owned()])].into());
    assert_eq!(body(&request), body(&repair(false, &[], &[])));
}

#[test]
fn d6_consent_goes_where_plaid_wants_it() {
    let mut request = repair(false, &[Product::InvestmentHoldings, Product::Assets, Product::Statements], &[]);
    request.product_options.insert("STATEMENTS".into(), json!({"from": "2025-01-01", "to": "2025-12-31"}));
    let consent = body(&request);
    assert_eq!(consent["products"], json!(["assets", "statements"]));
    assert_eq!(consent["additional_consented_products"], json!(["investments"]));
    assert_eq!(consent["statements"]["start_date"], "2025-01-01");
    assert_eq!(consent["link_customization_name"], "consent");
    assert_eq!(consent.get("required_if_supported_products"), None);
}

#[test]
fn d6_lost_permissions_are_asked_for_by_name_or_not_at_all() {
    let lost = body(&repair(false, &[], &[Product::Identifiers, Product::Owners, Product::Transactions]));
    assert_eq!(lost["products"], json!(["auth", "identity"]));
    assert_eq!(lost.get("additional_consented_products"), None);
    assert_eq!(body(&repair(false, &[], &[Product::Transactions])), body(&repair(false, &[], &[])));
}

#[test]
fn d6_an_unset_page_falls_back_to_the_everyday_one() {
    let config = PlaidConfig { link_customization: Some("everyday".into()), ..PlaidConfig::default() };
    for request in [repair(true, &[], &[]), repair(false, &[Product::Liabilities], &[])] {
        assert_eq!(token_request(&config, &request).ok().unwrap().link_customization_name, Some("everyday"));
    }
}

#[test]
fn without_hosted_pages_none_is_asked_for() {
    let config = PlaidConfig {
        hosted_link: false,
        webhook_url: Some("https://tunnel.example/hook".parse().unwrap()),
        ..PlaidConfig::default()
    };
    let request = connect(&[(Product::Transactions, Placement::Required)]);
    let body = serde_json::to_value(token_request(&config, &request).ok().unwrap()).unwrap();
    assert_eq!(body.get("hosted_link"), None);
    assert_eq!(body["webhook"], "https://tunnel.example/hook");
}

#[test]
fn what_plaid_does_not_know_is_not_sent() {
    let mut request = connect(&[(Product::Transactions, Placement::Required)]);
    (request.language, request.country_codes) = ("zu".into(), vec!["ZZ".into(), "CA".into()]);
    request.lifetime_seconds = u32::MAX;
    let sent = body(&request);
    assert_eq!((&sent["language"], &sent["country_codes"]), (&json!("en"), &json!(["CA"])));
    assert_eq!(sent["hosted_link"]["url_lifetime_seconds"], 21 * 24 * 60 * 60);
    request.country_codes = vec!["ZZ".into()];
    assert_eq!(token_request(&config(), &request).err().unwrap().code, "COUNTRY_NOT_SUPPORTED");
}

fn answer(hosted_link_url: Option<&str>) -> Result<LinkBegun, Failure> {
    let mut answer: Value = serde_json::from_str(include_str!("../../fixtures/link_token_create.json")).unwrap();
    answer["hosted_link_url"] = hosted_link_url.into();
    begun(serde_json::from_value(answer).unwrap())
}

#[test]
fn a_hosted_page_is_a_redirect_and_else_a_script() {
    let token = "link-sandbox-af1a0311-da53-4636-b754-dd15cc058176";
    let hosted = answer(Some("https://secure.plaid.com/hl/lpoh3n61")).unwrap();
    assert_eq!(
        hosted.launch,
        Launch::Redirect { url: "https://secure.plaid.com/hl/lpoh3n61".into(), token: Some(token.into()) }
    );
    assert_eq!(hosted.provider_session.expose(), token);
    assert_eq!(hosted.expires_at.to_rfc3339(), "2020-03-27T12:56:34+00:00");
    match answer(None).unwrap().launch {
        Launch::Script { script_url, token: its_token, config } => {
            assert_eq!((script_url.as_str(), its_token.as_str()), (SCRIPT_URL, token));
            assert!(config.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_is_none_is_refused() {
    for url in ["javascript:alert(1)", "", "/hl/1", "data:text/html,x", "file:///etc/passwd"] {
        assert_eq!(answer(Some(url)).unwrap_err().code, "UNREADABLE_ANSWER", "{url}");
    }
}

#[test]
fn g1_update_mode_that_is_refused_needs_a_relink() {
    let failure = |code: &str| {
        Failure::new(crate::providers::FailureKind::Consent, crate::providers::Persistence::NeedsUser, code, "")
    };
    let lost = repair(false, &[], &[]).purpose;
    assert_eq!(refusal(&lost, failure("USER_PERMISSION_REVOKED")).condition, Some(RELINK_NEEDED));
    assert_eq!(refusal(&lost, failure("INVALID_FIELD")).condition, None);
    let first = connect(&[(Product::Owners, Placement::Required)]).purpose;
    assert_eq!(refusal(&first, failure("USER_PERMISSION_REVOKED")).condition, None);
}
