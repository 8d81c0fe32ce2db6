//! How connections stand.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::providers::data::{HistoryProgress, Observation};
use crate::providers::saltedge::error::{self, DISABLED, INACTIVE};
use crate::providers::saltedge::wire::{Attempt, Connection, Consent};
use crate::providers::{Failure, Persistence};

use super::products;

/// The custom field with the id of our session.
pub const SESSION: &str = "session";

/// Status and reason (F3), with the class behind them. The last consent counts.
pub fn observation(connection: &Connection, consents: &[Consent]) -> Observation {
    let consent = current(consents);
    let (condition, code) = condition(connection, consent);
    let scopes = consent.map(|consent| products(&consent.scopes)).unwrap_or_default();
    Observation {
        condition,
        code,
        provider_connection_id: connection.id.clone(),
        provider_institution_id: connection.provider_code.clone(),
        initialized: BTreeSet::new(),
        consented: scopes,
        consent_expires_at: consent.and_then(|consent| time(consent.expires_at.as_deref())),
        updating: Some(connection.last_attempt.as_ref().is_some_and(is_running)),
    }
}

/// The consent that counts: one that holds, else the newest (they come by ascending id).
pub fn current(consents: &[Consent]) -> Option<&Consent> {
    let active = consents.iter().rev().find(|consent| consent.status.as_deref() == Some("active"));
    active.or(consents.last())
}

fn condition(connection: &Connection, consent: Option<&Consent>) -> (Condition, Option<String>) {
    if let Some(class) = trouble(connection, consent) {
        let condition = error::of_class(&class).condition.unwrap_or(Condition::HEALTHY);
        return (condition, Some(error::plain(&class)));
    }
    let partial = connection.last_attempt.as_ref().is_some_and(|attempt| attempt.partial == Some(true));
    match connection.status.as_deref() {
        Some("active") if partial => {
            (Condition::new(Status::PartiallyActive, StatusReason::PartialAggregationSuccess), None)
        }
        Some("active") => (Condition::HEALTHY, None),
        other => (Condition { status: Status::Undetermined, reason: None }, other.map(error::plain)),
    }
}

/// The error class by which a connection does not work.
fn trouble(connection: &Connection, consent: Option<&Consent>) -> Option<String> {
    let failed = connection.last_attempt.as_ref().and_then(failure);
    let consent = match consent.and_then(|consent| consent.status.as_deref()) {
        Some("expired") => Some("ConsentExpired".to_owned()),
        Some("revoked") => Some("ConsentRevoked".to_owned()),
        _ => None,
    };
    match connection.status.as_deref() {
        Some("disabled") => Some(DISABLED.to_owned()),
        Some("inactive") => {
            let of_customer = |class: &String| error::of_class(class).persistence == Persistence::NeedsUser;
            consent.or(failed.filter(of_customer)).or(Some(INACTIVE.to_owned()))
        }
        _ => consent.or(failed),
    }
}

/// Whether an attempt has neither succeeded nor failed yet.
fn is_running(attempt: &Attempt) -> bool {
    attempt.success_at.is_none() && attempt.fail_at.is_none()
}

/// Why an attempt failed, if it did.
pub fn failure(attempt: &Attempt) -> Option<String> {
    attempt.fail_at.as_ref()?;
    Some(attempt.fail_error_class.clone().unwrap_or_else(|| "ProviderError".to_owned()))
}

/// What the customer has to mend before data are worth reading.
pub fn lost(connection: &Connection, consents: &[Consent]) -> Option<Failure> {
    let class = trouble(connection, current(consents))?;
    let failure = error::of_connection(&class);
    (failure.persistence == Persistence::NeedsUser).then_some(failure)
}

/// How much has been fetched: everything, or as far as the running attempt is.
pub fn history(connection: &Connection) -> HistoryProgress {
    let Some(attempt) = &connection.last_attempt else { return HistoryProgress::NotReady };
    if !is_running(attempt) {
        return HistoryProgress::Complete;
    }
    match attempt.last_stage.as_ref().and_then(|stage| stage.name.as_deref()) {
        Some("fetch_full" | "disconnect" | "finish") => HistoryProgress::Recent,
        _ => HistoryProgress::NotReady,
    }
}

/// Whether an attempt has come so far that there is a link: the customer is not needed any more.
pub fn is_in(attempt: &Attempt) -> bool {
    let stage = attempt.last_stage.as_ref().and_then(|stage| stage.name.as_deref());
    let fetches = matches!(stage, Some("fetch_recent" | "fetch_full" | "disconnect" | "finish"));
    attempt.success_at.is_some() || (fetches && attempt.fail_at.is_none())
}

/// Whether an attempt may be of that visit: it bears no other's name.
pub fn may_be_of(attempt: &Attempt, session: &str) -> bool {
    attempt.custom_fields[SESSION].as_str().is_none_or(|one| one == session)
}

/// A time, RFC 3339.
pub fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?).ok().map(|at| at.to_utc())
}
