//! Whatever comes, nothing panics.

use super::fixture;
use crate::net::{HeaderMap, HeaderValue, StatusCode};
use crate::providers::plaid::wire::account::{Accounts, Auth, Identity};
use crate::providers::plaid::wire::institution::Institutions;
use crate::providers::plaid::wire::investment::{Holdings, Trades};
use crate::providers::plaid::wire::item::ItemState;
use crate::providers::plaid::wire::liability::Liabilities;
use crate::providers::plaid::wire::link::{TokenCreated, TokenState};
use crate::providers::plaid::wire::transaction::SyncPage;
use crate::providers::plaid::wire::webhook::VerificationKey;
use crate::providers::plaid::wire::{Done, Exchanged, PlaidError, ProcessorToken, StripeToken};
use crate::providers::plaid::{error, map, webhook};
use crate::providers::tests::feed;

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Accounts>(body) {
        answer.accounts.into_iter().for_each(|one| drop(map::accounts::account(one, None)));
    }
    let _ = serde_json::from_slice::<Auth>(body).map(|auth| map::accounts::identifiers(auth.numbers));
    let _ = serde_json::from_slice::<Identity>(body).map(map::accounts::owners);
    let _ = serde_json::from_slice::<SyncPage>(body).map(map::transactions::page);
    let _ = serde_json::from_slice::<Holdings>(body).map(map::investments::holdings);
    let _ = serde_json::from_slice::<Trades>(body).map(map::investments::trades);
    let _ = serde_json::from_slice::<Liabilities>(body).map(|all| map::liabilities::liabilities(all.liabilities));
    let _ = serde_json::from_slice::<ItemState>(body).map(|state| map::status::observation(state.item));
    if let Ok(answer) = serde_json::from_slice::<Institutions>(body) {
        answer.institutions.into_iter().for_each(|one| drop(map::institutions::institution(one)));
    }
    let _ = serde_json::from_slice::<TokenCreated>(body);
    let _ = serde_json::from_slice::<TokenState>(body);
    let _ = serde_json::from_slice::<VerificationKey>(body);
    let _ = serde_json::from_slice::<Exchanged>(body);
    let _ = serde_json::from_slice::<ProcessorToken>(body);
    let _ = serde_json::from_slice::<StripeToken>(body);
    let _ = serde_json::from_slice::<PlaidError>(body);
    let _ = serde_json::from_slice::<Done>(body);
    for status in [StatusCode::MOVED_PERMANENTLY, StatusCode::BAD_REQUEST, StatusCode::BAD_GATEWAY] {
        assert!(!error::failure(status, body, None).code.is_empty());
    }
    let _ = webhook::hints(body);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(body) {
        headers.insert("plaid-verification", value);
    }
    let _ = (webhook::key_id(&headers), webhook::signature(&headers));
}

const FIXTURES: [&str; 11] = [
    fixture!("accounts_get"),
    fixture!("auth_get"),
    fixture!("identity_get"),
    fixture!("transactions_sync"),
    fixture!("holdings_get"),
    fixture!("investment_transactions_get"),
    fixture!("liabilities_get"),
    fixture!("item_get"),
    fixture!("institutions_get"),
    fixture!("link_token_get"),
    fixture!("webhook_key_get"),
];

#[test]
fn nothing_panics() {
    feed(&FIXTURES, swallow);
}
