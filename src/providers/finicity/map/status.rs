//! How a login stands: the worst of its accounts, since Finicity has no object for the login itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::connection::{Condition, Status};
use crate::domain::product::Product;
use crate::providers::data::Observation;
use crate::providers::finicity::error;
use crate::providers::finicity::wire::Epoch;
use crate::providers::finicity::wire::account::Account;

/// How a login with these accounts stands, and the code behind it; healthy where nothing was aggregated yet.
pub fn condition(accounts: &[Account], now: DateTime<Utc>) -> (Condition, Option<i64>) {
    let codes = accounts.iter().filter_map(|account| account.aggregation_status_code);
    let worst = codes.map(|code| (error::aggregation(code), code)).max_by_key(|(condition, _)| badness(*condition));
    match worst {
        Some((condition, code)) if badness(condition) > 0 => (condition, Some(code)),
        _ if ended(accounts, now) => (error::TOKEN_EXPIRED, Some(error::TOKEN_ENDED)),
        _ => (Condition::HEALTHY, None),
    }
}

fn badness(condition: Condition) -> u8 {
    match condition.status {
        Status::Active => 0,
        Status::Degraded => 1,
        Status::Undetermined => 2,
        _ => 3,
    }
}

/// Whether the customer's authorization has ended.
fn ended(accounts: &[Account], now: DateTime<Utc>) -> bool {
    expires_at(accounts).is_some_and(|end| end <= now)
}

/// When the customer's authorization ends, if it does.
pub fn expires_at(accounts: &[Account]) -> Option<DateTime<Utc>> {
    let expiring = accounts.iter().filter(|account| account.authorization_expires != Some(false));
    expiring.filter_map(|account| account.authorization_end_date.and_then(Epoch::time)).min()
}

/// Whether the first aggregation of an account is done; before that there is nothing to read.
pub fn is_aggregated(account: &Account) -> bool {
    account.aggregation_status_code.is_some()
}

/// What is seen of a login that has these accounts. Products are nowhere asked for in a session: none is there for that, what the
/// institution has decides, and all that the contract has may be called.
pub fn observation(login: &str, accounts: &[Account], products: &[Product], now: DateTime<Utc>) -> Observation {
    let (condition, code) = condition(accounts, now);
    Observation {
        condition,
        code: code.map(|code| code.to_string()),
        provider_connection_id: login.to_owned(),
        provider_institution_id: accounts.first().map(|account| account.institution_id.0.clone()),
        initialized: BTreeSet::new(),
        consented: products.iter().copied().collect(),
        consent_expires_at: expires_at(accounts),
        updating: None,
    }
}
