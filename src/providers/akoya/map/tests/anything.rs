//! Whatever comes, nothing panics.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;

use super::fixture;
use crate::domain::secret::Secret;
use crate::providers::akoya::client::credential::Credential;
use crate::providers::akoya::map;
use crate::providers::akoya::wire::account::Accounts;
use crate::providers::akoya::wire::contact::{Contacts, CurrentCustomer, PaymentNetworks};
use crate::providers::akoya::wire::token::{Claims, Providers, ServiceToken, Tokens};
use crate::providers::akoya::wire::transaction::Transactions;
use crate::providers::tests::feed;

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Accounts>(body) {
        for (kind, account) in map::accounts::open_accounts(answer) {
            let _ = map::accounts::account(kind, &account, "provider", "sub");
            let _ = map::liabilities::liability(kind, &account);
            let _ = map::holdings::holdings(&account);
        }
    }
    if let Ok(answer) = serde_json::from_slice::<Transactions>(body) {
        for row in answer.transactions.into_iter().filter_map(|row| row.open()) {
            let _ = map::transactions::transaction("a", None, &row);
            let _ = map::trades::trade("a", None, &row);
        }
    }
    let _ = serde_json::from_slice::<PaymentNetworks>(body).map(|answer| map::accounts::identifiers(&answer));
    let _ = serde_json::from_slice::<Contacts>(body).map(map::owners::holders);
    let _ = serde_json::from_slice::<CurrentCustomer>(body).map(map::owners::customer);
    if let Ok(answer) = serde_json::from_slice::<Providers>(body) {
        answer.providers.iter().for_each(|one| drop(map::institutions::institution(one, "US")));
    }
    let _ = serde_json::from_slice::<ServiceToken>(body);
    let _ = serde_json::from_slice::<Tokens>(body).map(|tokens| Claims::of(&tokens.id_token));
    let _ = Claims::of(&Secret::new(String::from_utf8_lossy(body)));
    let tokens = Tokens {
        id_token: Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(body))),
        refresh_token: Some(Secret::new("r")),
    };
    let brought = Credential::new("provider", tokens, DateTime::UNIX_EPOCH).ok();
    let kept = Credential::read(&Secret::new(String::from_utf8_lossy(body))).ok();
    for credential in brought.into_iter().chain(kept) {
        let _ = (credential.renewal_due(DateTime::UNIX_EPOCH, 15), credential.asked(DateTime::UNIX_EPOCH));
    }
}

/// What an id token claims that would be renewed at the very beginning of time.
const CLAIMS: &str = r#"{"sub":"s","exp":-8334601228800,"products":["balances"]}"#;
/// What is kept of a connection, as long ago as a date can be.
const KEPT: &str = r#"{"provider_id":"a","id_token":"e30.eyJzdWIiOiJzIiwiZXhwIjowfQ.s","refresh_token":"r","since":"-262143-01-01T00:00:00Z"}"#;

const FIXTURES: [&str; 9] = [
    fixture!("accounts_info"),
    fixture!("balances"),
    fixture!("accounts"),
    fixture!("transactions"),
    fixture!("payment_networks"),
    fixture!("contacts"),
    fixture!("customer"),
    CLAIMS,
    KEPT,
];

#[test]
fn nothing_panics() {
    feed(&FIXTURES, swallow);
}
