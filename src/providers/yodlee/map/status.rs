//! Logins at institutions → how a connection stands.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::providers::data::Observation;
use crate::providers::failure::Meaning;
use crate::providers::yodlee::error::{LOGIN_REQUIRED, UNKNOWN, of_additional_status};
use crate::providers::yodlee::wire::provider_account::{Consent, Dataset, ProviderAccount};

use super::instant;
use super::products::of_dataset;

const PARTLY: Condition = Condition::new(Status::PartiallyActive, StatusReason::PartialAggregationSuccess);

/// How far the last update of a login has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It logs in, or waits for the customer.
    LoggingIn,
    /// It fetches, and the accounts are not known yet.
    Fetching,
    /// It fetches, and the accounts are known.
    Summarised,
    /// It is over: something came.
    Done,
    /// It is over: nothing came.
    Failed,
}

/// How far the last update has come.
pub fn update(account: &ProviderAccount) -> Update {
    let summarised = datasets(account).any(|(_, status)| status == "ACCT_SUMMARY_RECEIVED");
    match account.status.as_deref() {
        Some("LOGIN_IN_PROGRESS" | "USER_INPUT_REQUIRED") => Update::LoggingIn,
        Some("IN_PROGRESS" | "MIGRATION_IN_PROGRESS") if summarised => Update::Summarised,
        Some("IN_PROGRESS" | "MIGRATION_IN_PROGRESS") => Update::Fetching,
        Some("SUCCESS" | "PARTIAL_SUCCESS") => Update::Done,
        _ => Update::Failed,
    }
}

/// What a login says.
pub fn observation(account: &ProviderAccount, consents: &[Consent]) -> Observation {
    let covered: BTreeSet<Product> = datasets(account).flat_map(|(name, _)| of_dataset(name)).copied().collect();
    let consent = consents.iter().find(|consent| consent.provider_account_id == Some(account.id));
    let (condition, code) = condition(account);
    Observation {
        condition,
        code,
        provider_connection_id: account.id.to_string(),
        provider_institution_id: account.provider_id.map(|id| id.to_string()),
        consented: covered.clone(),
        initialized: BTreeSet::new(),
        consent_expires_at: consent.and_then(|consent| instant(consent.expiration_date_time.as_deref())),
        updating: Some(matches!(update(account), Update::LoggingIn | Update::Fetching | Update::Summarised)),
    }
}

/// How it stands, and the code that says so.
fn condition(account: &ProviderAccount) -> (Condition, Option<String>) {
    let worst = worst(account);
    let reason = worst.as_ref().and_then(|(_, meaning)| meaning.condition);
    let code = worst.map(|(code, _)| code);
    match account.status.as_deref() {
        // What an update under way will find is not known, and what the last one found no longer counts.
        Some("LOGIN_IN_PROGRESS" | "IN_PROGRESS" | "MIGRATION_IN_PROGRESS") => (Condition::HEALTHY, None),
        Some("USER_INPUT_REQUIRED") => (LOGIN_REQUIRED, Some("USER_INPUT_REQUIRED".to_owned())),
        Some("SUCCESS") => match reason {
            Some(reason) if reason.status.needs_customer() => (reason, code),
            Some(_) => (PARTLY, code),
            None if needs_customer_each_time(account) => {
                let code = "ALLOW_UPDATE_WITH_CREDENTIALS".to_owned();
                (Condition::new(Status::Degraded, StatusReason::InteractiveRefresh), Some(code))
            }
            None => (Condition::HEALTHY, None),
        },
        Some("PARTIAL_SUCCESS") => match reason {
            Some(reason) if reason.status.needs_customer() => (reason, code),
            _ => (PARTLY, code.or_else(|| Some("PARTIAL_SUCCESS".to_owned()))),
        },
        Some("FAILED" | "DATA_RETRIEVAL_FAILED") => match reason {
            Some(reason) => (reason, code),
            None if needs_customer_each_time(account) => (LOGIN_REQUIRED, code.or_else(|| Some("FAILED".to_owned()))),
            None => (UNKNOWN, code.or_else(|| Some("FAILED".to_owned()))),
        },
        _ => (UNKNOWN, Some("UNKNOWN_STATUS".to_owned())),
    }
}

/// The dataset that fares worst, of those that say something of the login as a whole: first what only the customer can mend.
fn worst(account: &ProviderAccount) -> Option<(String, Meaning)> {
    let failed = datasets(account).filter_map(|(_, status)| Some((plain(status), of_additional_status(status)?)));
    let rank = |meaning: &Meaning| match meaning.condition {
        Some(condition) if condition.status == Status::Unrecoverable => 3,
        Some(condition) if condition.status.needs_customer() => 2,
        Some(_) => 1,
        None => 0,
    };
    failed.max_by_key(|(_, meaning)| rank(meaning))
}

/// Why the last update of a login failed, where it did and says why.
pub fn failure_code(account: &ProviderAccount) -> Option<String> {
    worst(account).map(|(code, _)| code)
}

/// Whether it was updated, or tried to be, since then.
pub fn attempted_since(account: &ProviderAccount, since: DateTime<Utc>) -> bool {
    let attempts = account.dataset.iter().flatten().filter_map(|one| instant(one.last_update_attempt.as_deref()));
    attempts.max().is_some_and(|at| at > since)
}

fn needs_customer_each_time(account: &ProviderAccount) -> bool {
    let eligibility =
        |dataset: &Dataset| dataset.update_eligibility.as_deref() == Some("ALLOW_UPDATE_WITH_CREDENTIALS");
    account.dataset.iter().flatten().any(eligibility)
}

/// The datasets with a name and a status.
fn datasets(account: &ProviderAccount) -> impl Iterator<Item = (&str, &str)> {
    let datasets = account.dataset.iter().flatten();
    datasets.filter_map(|dataset| Some((dataset.name.as_deref()?, dataset.additional_status.as_deref()?)))
}

/// A status as it may be stored.
fn plain(status: &str) -> String {
    let fits = (1..=100).contains(&status.len()) && status.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if fits { status.to_owned() } else { "UNKNOWN".to_owned() }
}
