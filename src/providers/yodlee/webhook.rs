//! Notifications. They carry no signature: they are taken at an address with a secret in it, and only ever cause a reading.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::product::Product;
use crate::providers::data::WebhookRefused;
use crate::providers::{Hint, HintKind, HintSubject};

use super::wire::webhook::{Notification, OfAccount, Refreshed};

/// What an update may have brought.
const ALL: &[Product] = &[
    Product::Balances,
    Product::Transactions,
    Product::InvestmentHoldings,
    Product::InvestmentTransactions,
    Product::Liabilities,
];
/// More logins in one notification say nothing new.
const MOST_HINTS: usize = 1_000;

/// What a body hints at; nothing where it concerns no login.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let Notification { event } = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let name = event.info.split('.').next().unwrap_or_default();
    let mut hints = match name {
        "REFRESH" => refreshed(&event.data),
        // Yodlee stops or resumes to update by itself: the login tells why.
        "AUTO_REFRESH_UPDATES" => of_accounts(&event.data, HintKind::Status),
        "LATEST_BALANCE_UPDATES" => of_accounts(&event.data, HintKind::Data(&[Product::Balances])),
        // `DATA_UPDATES` names users only; what it announces comes with the daily reading.
        _ => Vec::new(),
    };
    hints.truncate(MOST_HINTS);
    Ok(hints)
}

fn refreshed(data: &Value) -> Vec<Hint> {
    let Ok(refreshed) = Refreshed::deserialize(data) else { return Vec::new() };
    let hint = |(id, status): (String, Option<String>)| {
        let came = matches!(status.as_deref(), Some("SUCCESS" | "PARTIAL_SUCCESS"));
        Hint { subject: HintSubject::Connection(id), kind: if came { HintKind::Data(ALL) } else { HintKind::Status } }
    };
    refreshed.provider_account.into_iter().map(|one| (one.id.to_string(), one.status)).map(hint).collect()
}

/// Of one login or of several.
fn of_accounts(data: &Value, kind: HintKind) -> Vec<Hint> {
    let accounts = match data {
        Value::Array(list) => list.iter().filter_map(|one| OfAccount::deserialize(one).ok()).collect(),
        one => OfAccount::deserialize(one).into_iter().collect::<Vec<_>>(),
    };
    let hint = |one: OfAccount| Hint { subject: HintSubject::Connection(one.provider_account_id.to_string()), kind };
    accounts.into_iter().map(hint).collect()
}

#[cfg(test)]
mod tests;
