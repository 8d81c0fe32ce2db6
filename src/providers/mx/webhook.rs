//! Webhooks: is it MX's, and what does it hint at. Pure.
//!
//! MX signs nothing. It sends the user name and password that its dashboard was given, so that whoever has once seen a webhook can
//! forge others: a hint is all that one is worth.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::net::header::AUTHORIZATION;
use crate::net::{HeaderMap, HeaderValue};
use crate::providers::data::{WebhookKey, WebhookRefused};
use crate::providers::{Hint, HintKind, HintSubject};

use super::client::session::PAYLOAD_PREFIX;
use super::config::MxConfig;
use super::wire::webhook::Webhook;

/// The one key there is.
pub const KEY_ID: &str = "basic";

/// The longest session that is looked for.
const LONGEST_PAYLOAD: usize = 1024;

/// The value of the header `Authorization` for that user name and password.
pub fn basic(username: &str, password: &Secret) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{}", password.expose())))
}

/// Which key a webhook names: the one, if it brings a password at all.
pub fn key_id(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(AUTHORIZATION)?.as_bytes();
    authorization.starts_with(b"Basic ").then(|| KEY_ID.to_owned())
}

/// What a webhook is verified by: a hash of the header that it must bring. `None` where no password is configured.
pub fn key(config: &MxConfig) -> Option<WebhookKey> {
    if config.webhook_username.is_empty() {
        return None;
    }
    let expected = basic(&config.webhook_username, &config.webhook_password);
    Some(WebhookKey { key_id: KEY_ID.to_owned(), material: json!(hash(expected.as_bytes())), expired_at: None })
}

/// Verifies user name and password.
pub fn verify(key: &WebhookKey, headers: &HeaderMap) -> Result<(), WebhookRefused> {
    let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).ok_or(WebhookRefused::Signature)?;
    let expected = key.material.as_str().filter(|_| key.expired_at.is_none()).unwrap_or_default();
    verify_slices_are_equal(hash(given).as_bytes(), expected.as_bytes()).map_err(|_| WebhookRefused::Signature)
}

fn hash(text: &[u8]) -> String {
    digest(&SHA256, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a verified body hints at; nothing where it concerns no connection and no session.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let webhook: Webhook = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let kind = webhook.kind.as_deref().unwrap_or_default().to_ascii_uppercase();
    // A member that a session has brought: it is not a connection yet, or the session is its repair.
    let session = session(&webhook.rest).filter(|_| kind == "MEMBER" || kind == "AGGREGATION");
    let session =
        session.map(|session| Hint { subject: HintSubject::Session(session), kind: HintKind::SessionFinished });
    let member = webhook
        .member_guid
        .map(|guid| Hint { subject: HintSubject::Connection(guid.to_string()), kind: of_member(&kind) });
    Ok(session.into_iter().chain(member).collect())
}

/// The session that was sent along when the widget was asked for, under whatever name it comes back.
fn session(rest: &serde_json::Map<String, Value>) -> Option<Secret> {
    let ours = |value: &&str| value.starts_with(PAYLOAD_PREFIX) && value.len() <= LONGEST_PAYLOAD;
    rest.values().filter_map(Value::as_str).find(ours).map(Secret::new)
}

/// What a webhook about a member means, by its type.
fn of_member(kind: &str) -> HintKind {
    use Product::{Balances, Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Transactions};
    match kind {
        // There is one about every loss of the login, and none about its return: an aggregation that ended tells of that.
        "CONNECTION_STATUS" | "MEMBER" => HintKind::Status,
        "AGGREGATION" | "INITIAL_DATA_READY" => {
            HintKind::Data(&[Balances, Transactions, InvestmentHoldings, InvestmentTransactions, Liabilities])
        }
        "TRANSACTION" | "TRANSACTIONS" | "HISTORY" => HintKind::Data(&[Transactions, InvestmentTransactions]),
        "HOLDING" | "HOLDINGS" | "INVESTMENT_HOLDING" | "INVESTMENT_HOLDINGS" => HintKind::Data(&[InvestmentHoldings]),
        "BALANCE" | "ACCOUNT" | "ACCOUNTS" => HintKind::Data(&[Balances]),
        "VERIFICATION" => HintKind::Data(&[Identifiers]),
        _ => HintKind::Nothing,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn config(username: &str, password: &str) -> MxConfig {
        serde_json::from_value(json!({"webhook_username": username, "webhook_password": password})).unwrap()
    }

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        headers
    }

    #[test]
    fn only_the_configured_password_is_taken() {
        let key = key(&config("mx", "secret")).unwrap();
        let basic = |name, password| headers(&basic(name, &Secret::new(password)));
        assert_eq!(verify(&key, &basic("mx", "secret")), Ok(()));
        assert_eq!(key_id(&basic("mx", "secret")).as_deref(), Some(KEY_ID));
        for refused in [basic("mx", "Secret"), basic("mx", ""), headers("Bearer secret"), HeaderMap::new()] {
            assert_eq!(verify(&key, &refused), Err(WebhookRefused::Signature));
        }
        assert_eq!(key_id(&HeaderMap::new()), None);
        assert_eq!(key_id(&headers("Bearer x")), None);
        assert!(super::key(&config("", "")).is_none());
        assert!(!format!("{key:?}").contains("secret"));
    }

    fn hint(body: &Value) -> Vec<Hint> {
        hints(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_members_webhook_hints_at_what_to_read() {
        let member = || HintSubject::Connection("MBR-1".to_owned());
        for (kind, expected) in [
            ("CONNECTION_STATUS", HintKind::Status),
            ("MEMBER", HintKind::Status),
            ("BALANCE", HintKind::Data(&[Product::Balances])),
            ("HISTORY", HintKind::Data(&[Product::Transactions, Product::InvestmentTransactions])),
            ("Holdings", HintKind::Data(&[Product::InvestmentHoldings])),
            ("STATEMENT", HintKind::Nothing),
        ] {
            let found = hint(&json!({"type": kind, "action": "CHANGED", "member_guid": "MBR-1", "more": [1]}));
            assert_eq!(found, [Hint { subject: member(), kind: expected }], "{kind}");
        }
        assert_eq!(hint(&json!({"type": "USER"})), []);
    }

    #[test]
    fn the_session_is_found_under_any_name() {
        let payload = format!("{PAYLOAD_PREFIX}abc");
        let found = hint(&json!({"type": "MEMBER", "member_guid": "MBR-1", "anything": payload}));
        assert_eq!(
            found[0],
            Hint { subject: HintSubject::Session(Secret::new(payload)), kind: HintKind::SessionFinished }
        );
        assert_eq!(hint(&json!({"type": "MEMBER", "other": "text"})), []);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
            let _ = hints(&body);
            let _ = hints(text.as_bytes());
            let _ = hints(json!({"type": text, "member_guid": text, "x": text}).to_string().as_bytes());
        }
    }
}
