//! Whatever comes, nothing panics.

use super::fixture;
use crate::net::StatusCode;
use crate::providers::tests::feed;
use crate::providers::yodlee::wire::TokenAnswer;
use crate::providers::yodlee::wire::account::{Accounts, LatestBalances, Statements};
use crate::providers::yodlee::wire::holding::Holdings;
use crate::providers::yodlee::wire::institution::Providers;
use crate::providers::yodlee::wire::provider_account::{Consents, ProviderAccounts};
use crate::providers::yodlee::wire::transaction::{Count, Transactions};
use crate::providers::yodlee::{error, map, webhook};

/// Every answer through its type and its mapping.
fn swallow(body: &[u8]) {
    let statements = serde_json::from_slice::<Statements>(body).ok().and_then(|all| all.statement).unwrap_or_default();
    let latest = serde_json::from_slice::<LatestBalances>(body).ok().and_then(|all| all.account_balance);
    for account in serde_json::from_slice::<Accounts>(body).ok().and_then(|all| all.account).unwrap_or_default() {
        let _ = map::liabilities::liability(&account, &statements);
        let mut account = map::accounts::account(account, true, true);
        for latest in latest.iter().flatten() {
            map::accounts::refresh(&mut account, latest, chrono::DateTime::UNIX_EPOCH);
        }
    }
    for one in serde_json::from_slice::<Transactions>(body).ok().and_then(|all| all.transaction).unwrap_or_default() {
        let _ = (map::transactions::transaction(&one), map::investments::trade(&one));
    }
    for one in serde_json::from_slice::<Holdings>(body).ok().and_then(|all| all.holding).unwrap_or_default() {
        let _ = map::investments::holding(&one);
    }
    for one in serde_json::from_slice::<Providers>(body).ok().and_then(|all| all.provider).unwrap_or_default() {
        let _ = map::institutions::institution(one);
    }
    let consents = serde_json::from_slice::<Consents>(body).ok().and_then(|all| all.consent).unwrap_or_default();
    let logins = serde_json::from_slice::<ProviderAccounts>(body).ok().and_then(|all| all.provider_account);
    for one in logins.iter().flatten() {
        let _ = (map::status::observation(one, &consents), map::status::update(one));
    }
    let _ = serde_json::from_slice::<Count>(body);
    let _ = serde_json::from_slice::<TokenAnswer>(body);
    for status in [200, 400, 401, 404, 418, 429, 500] {
        let _ = error::failure(StatusCode::from_u16(status).unwrap(), body, None, status == 400);
    }
    let _ = webhook::hints(body);
}

const FIXTURES: [&str; 9] = [
    fixture!("accounts"),
    fixture!("latest_balances"),
    fixture!("transactions"),
    fixture!("holdings"),
    fixture!("statements"),
    fixture!("provider_account"),
    fixture!("consents"),
    fixture!("providers"),
    fixture!("refresh_event"),
];

#[test]
fn nothing_panics() {
    feed(&FIXTURES, swallow);
}
