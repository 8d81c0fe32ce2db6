#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const BODY: &[u8] =
    br#"{"webhook_type": "ITEM",  "webhook_code": "ERROR", "item_id": "item-1", "environment": "sandbox"}"#;
const KEY_ID: &str = "bfbd5111-8e33-4643-8ced-b2e642a72f3c";

/// Plaid, as far as it signs.
struct Signer {
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new() -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn key(&self) -> WebhookKey {
        let point = self.pair.public_key().as_ref();
        let material = json!({
            "alg": "ES256", "crv": "P-256", "kid": KEY_ID, "kty": "EC", "use": "sig", "created_at": 1_560_466_150,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]), "expired_at": null,
        });
        WebhookKey { key_id: KEY_ID.into(), material, expired_at: None }
    }

    fn headers(&self, header: &Value, claims: &Value) -> HeaderMap {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        with_token(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, body: &[u8], at: DateTime<Utc>) -> HeaderMap {
        self.headers(&json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"}), &claims(body, at))
    }
}

fn claims(body: &[u8], at: DateTime<Utc>) -> Value {
    let hash: String = digest(&SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"iat": at.timestamp(), "request_body_sha256": hash})
}

fn with_token(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Plaid-Verification", token.parse().unwrap());
    headers
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

#[test]
fn a_signed_webhook_is_believed() {
    let signer = Signer::new();
    let headers = signer.sign(BODY, now() - TimeDelta::seconds(20));
    assert_eq!(key_id(&headers).as_deref(), Some(KEY_ID));
    assert_eq!(verify(&signer.key(), &headers, BODY, now()), Ok(()));
    assert_eq!(
        hints(BODY).unwrap(),
        [Hint { subject: HintSubject::Connection("item-1".into()), kind: HintKind::Status }]
    );
}

#[test]
fn plaids_own_key_is_read() {
    let answer: super::super::wire::webhook::VerificationKey =
        serde_json::from_str(include_str!("../fixtures/webhook_key_get.json")).unwrap();
    let jwk = Jwk::deserialize(&answer.key).unwrap();
    assert_eq!((jwk.kid.as_str(), jwk.expired_at), (KEY_ID, None));
    assert!(DecodingKey::from_ec_components(&jwk.x, &jwk.y).is_ok());
}

#[test]
fn another_algorithm_is_refused_before_anything_else() {
    let signer = Signer::new();
    for alg in ["none", "HS256", "RS256", "ES384", "es256", ""] {
        let headers = signer.headers(&json!({"alg": alg, "kid": KEY_ID}), &claims(BODY, now()));
        assert_eq!(key_id(&headers), None, "{alg}");
        assert_eq!(verify(&signer.key(), &headers, BODY, now()), Err(WebhookRefused::Signature), "{alg}");
    }
}

#[test]
fn a_signature_by_the_public_key_as_a_shared_secret_is_refused() {
    let signer = Signer::new();
    let public = signer.pair.public_key().as_ref().to_vec();
    let mut header = jsonwebtoken::Header::new(Algorithm::HS256);
    header.kid = Some(KEY_ID.into());
    let key = jsonwebtoken::EncodingKey::from_secret(&public);
    let token = jsonwebtoken::encode(&header, &claims(BODY, now()), &key).unwrap();
    assert_eq!(verify(&signer.key(), &with_token(&token), BODY, now()), Err(WebhookRefused::Signature));
}

#[test]
fn another_key_is_refused() {
    let (signer, other) = (Signer::new(), Signer::new());
    let headers = other.sign(BODY, now());
    assert_eq!(verify(&signer.key(), &headers, BODY, now()), Err(WebhookRefused::Signature));
    // The right key under another name, and a name that the key itself does not have.
    let mut renamed = signer.key();
    renamed.key_id = "another".into();
    let headers = signer.sign(BODY, now());
    assert_eq!(verify(&renamed, &headers, BODY, now()), Err(WebhookRefused::Signature));
    let headers = signer.headers(&json!({"alg": "ES256", "kid": "another"}), &claims(BODY, now()));
    assert_eq!(verify(&renamed, &headers, BODY, now()), Err(WebhookRefused::Signature));
}

#[test]
fn an_expired_key_is_refused() {
    let signer = Signer::new();
    let headers = signer.sign(BODY, now());
    let mut expired = signer.key();
    expired.expired_at = Some(now() + TimeDelta::days(1));
    assert_eq!(verify(&expired, &headers, BODY, now()), Err(WebhookRefused::Signature));
    let mut expired = signer.key();
    expired.material["expired_at"] = json!(1_560_466_150);
    assert_eq!(verify(&expired, &headers, BODY, now()), Err(WebhookRefused::Signature));
}

#[test]
fn age_is_judged_by_our_clock() {
    let signer = Signer::new();
    for (seconds, accepted) in [(-300, true), (-301, false), (-86_400, false), (30, true), (31, false), (3_600, false)]
    {
        let headers = signer.sign(BODY, now() + TimeDelta::seconds(seconds));
        let outcome = verify(&signer.key(), &headers, BODY, now());
        assert_eq!(outcome.is_ok(), accepted, "{seconds}");
        assert!(accepted || outcome == Err(WebhookRefused::Age));
    }
}

#[test]
fn a_changed_body_is_refused() {
    let signer = Signer::new();
    let headers = signer.sign(BODY, now());
    let compact = serde_json::from_slice::<Value>(BODY).unwrap().to_string();
    for body in [compact.as_bytes(), b"", &BODY[1..], br#"{"webhook_type":"ITEM"}"#] {
        assert_eq!(verify(&signer.key(), &headers, body, now()), Err(WebhookRefused::Body));
    }
    let mut upper = claims(BODY, now());
    upper["request_body_sha256"] = "".into();
    let headers = signer.headers(&json!({"alg": "ES256", "kid": KEY_ID}), &upper);
    assert_eq!(verify(&signer.key(), &headers, BODY, now()), Err(WebhookRefused::Body));
}

#[test]
fn garbage_is_refused() {
    let signer = Signer::new();
    assert_eq!(verify(&signer.key(), &HeaderMap::new(), BODY, now()), Err(WebhookRefused::Signature));
    for token in ["", ".", "..", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.", "eyJhbGciOiJFUzI1NiJ9..", "\u{1}"] {
        let Ok(value) = token.parse() else { continue };
        let mut headers = HeaderMap::new();
        headers.insert("plaid-verification", value);
        assert_eq!(key_id(&headers), None, "{token}");
        assert_eq!(verify(&signer.key(), &headers, BODY, now()), Err(WebhookRefused::Signature), "{token}");
    }
    // Rightly signed, wrongly claimed.
    for claims in [json!({}), json!({"iat": "now"}), json!({"iat": 1.5e300, "request_body_sha256": ""})] {
        let headers = signer.headers(&json!({"alg": "ES256", "kid": KEY_ID}), &claims);
        assert_eq!(verify(&signer.key(), &headers, BODY, now()), Err(WebhookRefused::Signature));
    }
    // A key that is none.
    for material in [json!(null), json!({"kty": "RSA"}), json!("x")] {
        let key = WebhookKey { key_id: KEY_ID.into(), material, expired_at: None };
        assert_eq!(verify(&key, &signer.sign(BODY, now()), BODY, now()), Err(WebhookRefused::Signature));
    }
    let mut short = signer.key();
    short.material["x"] = "AA".into();
    assert_eq!(verify(&short, &signer.sign(BODY, now()), BODY, now()), Err(WebhookRefused::Signature));
}

#[test]
fn what_is_no_webhook_is_malformed() {
    for body in
        [&b"[1]"[..], b"", b"{}", b"\xff", br#"{"webhook_type":"ITEM"}"#, br#"{"webhook_type":1,"webhook_code":2}"#]
    {
        assert_eq!(hints(body), Err(WebhookRefused::Malformed));
    }
}

#[test]
fn a_key_id_that_is_no_name_is_not_asked_for() {
    let signer = Signer::new();
    let long = "k".repeat(101);
    for id in ["", "a b", "../x", "\u{e9}", long.as_str()] {
        let headers = signer.headers(&json!({"alg": "ES256", "kid": id}), &claims(BODY, now()));
        assert_eq!(key_id(&headers), None, "{id}");
    }
}

fn hint(webhook_type: &str, code: &str) -> HintKind {
    let body =
        json!({"webhook_type": webhook_type, "webhook_code": code, "item_id": "i", "link_token": "link-sandbox-1"});
    let hints = hints(body.to_string().as_bytes()).unwrap();
    assert_eq!(hints.len(), 1);
    hints[0].kind
}

#[test]
fn every_webhook_has_its_hint() {
    use HintKind::{Data, NewAccounts, Nothing, SessionFinished, Status};
    let transactions = Data(&[Product::Transactions]);
    for (webhook_type, code, kind) in [
        ("ITEM", "ERROR", Status),
        ("ITEM", "LOGIN_REPAIRED", Status),
        ("ITEM", "USER_PERMISSION_REVOKED", Status),
        ("ITEM", "USER_ACCOUNT_REVOKED", Data(&[Product::Balances])),
        ("ITEM", "NEW_ACCOUNTS_AVAILABLE", NewAccounts),
        ("ITEM", "PENDING_EXPIRATION", HintKind::AccessExpiring { at: None }),
        ("ITEM", "PENDING_DISCONNECT", HintKind::AccessExpiring { at: None }),
        ("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", Nothing),
        ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", transactions),
        ("TRANSACTIONS", "INITIAL_UPDATE", transactions),
        ("TRANSACTIONS", "HISTORICAL_UPDATE", transactions),
        ("TRANSACTIONS", "DEFAULT_UPDATE", transactions),
        ("TRANSACTIONS", "TRANSACTIONS_REMOVED", transactions),
        ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", Nothing),
        ("HOLDINGS", "DEFAULT_UPDATE", Data(&[Product::InvestmentHoldings])),
        ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE", Data(&[Product::InvestmentTransactions])),
        ("INVESTMENTS_TRANSACTIONS", "HISTORICAL_UPDATE", Data(&[Product::InvestmentTransactions])),
        ("LIABILITIES", "DEFAULT_UPDATE", Data(&[Product::Liabilities])),
        ("AUTH", "DEFAULT_UPDATE", Data(&[Product::Identifiers])),
        ("AUTH", "PRODUCT_PERMISSIONS_REQUIRED", Data(&[Product::Identifiers])),
        ("AUTH", "AUTOMATICALLY_VERIFIED", Data(&[Product::Identifiers])),
        ("AUTH", "VERIFICATION_EXPIRED", Data(&[Product::Identifiers])),
        ("IDENTITY", "DEFAULT_UPDATE", Data(&[Product::Owners])),
        ("IDENTITY", "PRODUCT_PERMISSIONS_REQUIRED", Data(&[Product::Owners])),
        ("LINK", "SESSION_FINISHED", SessionFinished),
        ("LINK", "ITEM_ADD_RESULT", SessionFinished),
        ("LINK", "EVENTS", SessionFinished),
        ("BRAND_NEW", "DEFAULT_UPDATE", Nothing),
        ("ITEM", "BRAND_NEW", Nothing),
    ] {
        assert_eq!(hint(webhook_type, code), kind, "{webhook_type}/{code}");
    }
}

#[test]
fn a_link_webhook_names_its_session() {
    let body = json!({
        "webhook_type": "LINK", "webhook_code": "SESSION_FINISHED", "status": "SUCCESS", "environment": "sandbox",
        "link_session_id": "356dbb28", "link_token": "link-sandbox-af1a0311", "public_tokens": ["public-sandbox-b0e2c4ee"],
    });
    let hints = hints(body.to_string().as_bytes()).unwrap();
    assert_eq!(hints[0].subject, HintSubject::Session(Secret::new("link-sandbox-af1a0311")));
    assert!(!format!("{hints:?}").contains("af1a0311"));
}

#[test]
fn a_report_that_is_there_or_has_failed_is_asked_for() {
    for (code, kind) in [("PRODUCT_READY", HintKind::Status), ("ERROR", HintKind::Status), ("NEW", HintKind::Nothing)] {
        let body = json!({"webhook_type": "ASSETS", "webhook_code": code, "asset_report_id": "report-1"});
        let subject = HintSubject::AssetReport("report-1".into());
        assert_eq!(hints(body.to_string().as_bytes()).unwrap(), [Hint { subject, kind }]);
    }
}

#[test]
fn what_is_linked_without_an_item_is_named_by_its_own_id_and_statements_by_the_items() {
    for (webhook_type, code, field, product) in [
        ("PAYMENT_INITIATION", "PAYMENT_STATUS_UPDATE", "payment_id", &[Product::PaymentInitiation]),
        ("IDENTITY_VERIFICATION", "STATUS_UPDATED", "identity_verification_id", &[Product::IdentityVerification]),
        ("IDENTITY_VERIFICATION", "RETRIED", "identity_verification_id", &[Product::IdentityVerification]),
        ("STATEMENTS", "STATEMENTS_REFRESH_COMPLETE", "item_id", &[Product::Statements]),
    ] {
        let hints = |code: &str| {
            let mut body = json!({"webhook_type": webhook_type, "webhook_code": code, "item_id": "i"});
            body[field] = json!("object-1");
            hints(body.to_string().as_bytes()).unwrap()
        };
        let subject = HintSubject::Connection("object-1".into());
        assert_eq!(hints(code), [Hint { subject: subject.clone(), kind: HintKind::Data(product) }]);
        assert_eq!(hints("NEW"), [Hint { subject, kind: HintKind::Nothing }]);
    }
}

#[test]
fn e4_an_end_of_access_says_when() {
    let at = |field: &str, code: &str| {
        let body = json!({"webhook_type": "ITEM", "webhook_code": code, "item_id": "i", field: "2026-12-01T09:00:00Z"});
        hints(body.to_string().as_bytes()).unwrap()[0].kind
    };
    let expected = HintKind::AccessExpiring { at: Some("2026-12-01T09:00:00Z".parse().unwrap()) };
    assert_eq!(at("consent_expiration_time", "PENDING_EXPIRATION"), expected);
    assert_eq!(at("disconnect_time", "PENDING_DISCONNECT"), expected);
    assert_eq!(at("disconnect_time", "PENDING_EXPIRATION"), HintKind::AccessExpiring { at: None });
}

#[test]
fn what_concerns_nobody_hints_at_nothing() {
    for body in [
        json!({"webhook_type": "LINK", "webhook_code": "SESSION_FINISHED"}),
        json!({"webhook_type": "ITEM", "webhook_code": "ERROR", "item_id": null}),
        json!({"webhook_type": "DASHBOARD_CONFIGURED_ALERT", "webhook_code": "INSTITUTION_STATUS_ALERT_TRIGGERED"}),
    ] {
        assert_eq!(hints(body.to_string().as_bytes()), Ok(vec![]));
    }
}

proptest! {
    #[test]
    fn any_token_is_refused(token in "[ -~]{0,200}", body in proptest::collection::vec(any::<u8>(), 0..100)) {
        let headers = with_token(&token);
        prop_assert_eq!(verify(&Signer::new().key(), &headers, &body, now()), Err(WebhookRefused::Signature));
    }

    #[test]
    fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = hints(&body);
    }

    #[test]
    fn any_codes_are_read(webhook_type in ".{0,30}", code in ".{0,30}", time in ".{0,30}", item in ".{0,300}") {
        let body = json!({
            "webhook_type": webhook_type, "webhook_code": code, "item_id": item, "disconnect_time": time,
        });
        let _ = hints(body.to_string().as_bytes());
    }
}
