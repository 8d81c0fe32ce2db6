//! How a member stands. One table; its source is the closed list of v20250224 and MX's guide to member statuses.

use std::collections::BTreeSet;

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::ProductReason;
use crate::providers::data::Observation;
use crate::providers::mx::spec::SPEC;
use crate::providers::mx::wire::member::Member;
use crate::providers::{Failure, FailureKind, Persistence};

/// The credentials no longer do, or a question was not answered.
const LOGIN_REQUIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::LoginRequired);
/// The institution's token ended or was taken back; it is given anew on the same member.
const TOKEN_EXPIRED: Condition = Condition::new(Status::ReconnectRequired, StatusReason::TokenExpired);
/// The customer must see to something at the institution, and log in again then.
const SEE_TO_IT: Condition = Condition::new(Status::ReconnectRequired, StatusReason::Other);
const INSTITUTION_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::InstitutionCurrentlyUnavailable);
const MX_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);
/// Only a fresh link helps (G1).
pub const RELINK_NEEDED: Condition = Condition::new(Status::Unrecoverable, StatusReason::RelinkNeeded);
const UNKNOWN: Condition = Condition { status: Status::Undetermined, reason: None };

/// What a `connection_status` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// How the connection stands.
    Settled(Condition),
    /// A first or further attempt is under way: it is not known yet.
    UnderWay,
}

use Standing::{Settled, UnderWay};

/// The table.
const TABLE: &[(&str, Standing)] = &[
    ("CREATED", UnderWay),
    ("PREVENTED", Settled(LOGIN_REQUIRED)),
    ("DENIED", Settled(LOGIN_REQUIRED)),
    ("CHALLENGED", Settled(LOGIN_REQUIRED)),
    ("REJECTED", Settled(LOGIN_REQUIRED)),
    ("LOCKED", Settled(SEE_TO_IT)),
    ("CONNECTED", Settled(Condition::HEALTHY)),
    ("IMPEDED", Settled(SEE_TO_IT)),
    ("RECONNECTED", Settled(Condition::HEALTHY)),
    ("DEGRADED", Settled(INSTITUTION_DOWN)),
    ("DISCONNECTED", Settled(INSTITUTION_DOWN)),
    ("DISCONTINUED", Settled(RELINK_NEEDED)),
    ("CLOSED", Settled(RELINK_NEEDED)),
    // It only takes longer than usual.
    ("DELAYED", Settled(Condition::HEALTHY)),
    ("FAILED", Settled(INSTITUTION_DOWN)),
    ("UPDATED", UnderWay),
    ("DISABLED", Settled(MX_DOWN)),
    ("IMPORTED", Settled(LOGIN_REQUIRED)),
    ("RESUMED", UnderWay),
    // A question was not answered in time; it has nothing to do with our own status of that name.
    ("EXPIRED", Settled(LOGIN_REQUIRED)),
    ("IMPAIRED", Settled(LOGIN_REQUIRED)),
    ("PENDING", UnderWay),
];

/// What a status says; `None` is a member without credentials, and an unknown one is undetermined (F3).
pub fn standing(status: Option<&str>) -> Standing {
    let Some(status) = status else { return Settled(LOGIN_REQUIRED) };
    TABLE.iter().find(|(known, _)| *known == status).map_or(Settled(UNKNOWN), |(_, standing)| *standing)
}

/// How a member stands.
pub fn of(member: &Member) -> Standing {
    match standing(member.connection_status.as_deref()) {
        Settled(Condition::HEALTHY) if member.needs_updated_credentials == Some(true) => Settled(LOGIN_REQUIRED),
        // Where the institution has the credentials, what is missing is its token.
        Settled(LOGIN_REQUIRED) if member.is_oauth == Some(true) && is(member, "IMPAIRED") => Settled(TOKEN_EXPIRED),
        standing => standing,
    }
}

fn is(member: &Member, status: &str) -> bool {
    member.connection_status.as_deref() == Some(status)
}

/// What a member says of the connection; while an attempt is under way, that it has to be asked again.
pub fn observation(member: &Member) -> Result<Observation, Failure> {
    let Settled(condition) = of(member) else { return Err(not_ready(&code(member))) };
    Ok(Observation {
        condition,
        code: (condition != Condition::HEALTHY).then(|| code(member)),
        provider_connection_id: member.guid.to_string(),
        provider_institution_id: super::text(member.institution_code.as_deref()),
        initialized: BTreeSet::new(),
        // There is no consent by product.
        consented: SPEC.products.iter().copied().collect(),
        consent_expires_at: None,
        updating: Some(member.is_being_aggregated == Some(true)),
    })
}

/// Why nothing that is read now would be new: the login is lost, or the institution cannot be reached for us.
pub fn lost(member: &Member) -> Option<Failure> {
    let Settled(condition) = of(member) else { return None };
    if !condition.status.needs_customer() {
        return None;
    }
    let message = super::text(member.connection_status_message.as_deref()).unwrap_or_default();
    let mut failure = Failure::new(FailureKind::UserAction, Persistence::NeedsUser, code(member), message);
    failure.condition = Some(condition);
    failure.product_reason = Some(ProductReason::LoginRequired);
    Some(failure)
}

/// MX is at work on the member, or has to be first.
pub fn not_ready(code: &str) -> Failure {
    let message = "the member is being aggregated";
    let mut failure = Failure::new(FailureKind::NotReady, Persistence::Temporary, code, message);
    // MX asks not to be asked more often than every three seconds.
    failure.retry_after = Some(std::time::Duration::from_secs(5));
    failure.product_reason = Some(ProductReason::NotReady);
    failure
}

/// The status as it may be stored and shown.
pub fn code(member: &Member) -> String {
    let status = member.connection_status.as_deref().unwrap_or("NO_CREDENTIALS");
    let plain = (1..=50).contains(&status.len()) && status.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match status {
        "CONNECTED" if member.needs_updated_credentials == Some(true) => "NEEDS_UPDATED_CREDENTIALS".to_owned(),
        status if plain => status.to_owned(),
        _ => "UNKNOWN".to_owned(),
    }
}
