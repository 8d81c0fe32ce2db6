//! What a run came to: for each product, for the connection, for the refreshes that waited for it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::placement::Placement;
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::repair::EXPIRING_DAYS;
use crate::providers::{Failure, FailureKind, Persistence};
use crate::store::{Connection, ConnectionProduct, RefreshResult, RefreshStatus};

/// What the queue should do after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is left to do.
    Done,
    /// Somebody else works on the connection: try soon.
    Busy,
    /// Something is not ready or failed for a time: try again, at the earliest after that.
    Again(Option<Duration>),
}

/// What became of one product in a run.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    /// Everything there is now came.
    Whole,
    /// What there is came; the provider still prepares the rest.
    Partly,
    /// The provider has nothing yet.
    NotReady(Option<Duration>),
    /// It cannot be had here, or not without the customer.
    Refused(ProductState, ProductReason),
    /// It was removed from the connection while it was read (A15).
    Removed,
    /// It failed.
    Failed(Failure),
}

impl Fetched {
    /// A failure, or merely "not yet".
    pub fn of(failure: Failure) -> Self {
        if failure.kind == FailureKind::NotReady { Self::NotReady(failure.retry_after) } else { Self::Failed(failure) }
    }

    /// The product's state and reason.
    pub fn state(&self) -> (ProductState, Option<ProductReason>) {
        match self {
            Self::Whole | Self::Partly => (ProductState::Available, None),
            Self::NotReady(_) => (ProductState::Pending, Some(ProductReason::NotReady)),
            Self::Refused(state, reason) => (*state, Some(*reason)),
            Self::Removed => (ProductState::Unavailable, Some(ProductReason::Removed)),
            Self::Failed(failure) => match (failure.kind, failure.product_reason) {
                (FailureKind::Consent, reason) => {
                    (ProductState::ConsentRequired, Some(reason.unwrap_or(ProductReason::ConsentMissing)))
                }
                (FailureKind::Unsupported, reason) => {
                    (ProductState::Unavailable, Some(reason.unwrap_or(ProductReason::ProviderUnsupported)))
                }
                (FailureKind::UserAction, _) => (ProductState::Failed, Some(ProductReason::LoginRequired)),
                (_, reason) => (ProductState::Failed, Some(reason.unwrap_or(ProductReason::ProviderError))),
            },
        }
    }

    /// What failed, unless it is that the product cannot be had here, or not without the customer's consent.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) if !matches!(failure.kind, FailureKind::Consent | FailureKind::Unsupported) => {
                Some(failure)
            }
            _ => None,
        }
    }

    /// Whether trying again by ourselves makes sense, and how soon at the earliest.
    pub fn again(&self) -> Option<Option<Duration>> {
        match self {
            Self::Partly => Some(None),
            Self::NotReady(after) => Some(*after),
            Self::Failed(failure) if failure.persistence == Persistence::Temporary => Some(failure.retry_after),
            _ => None,
        }
    }

    /// What a refresh says of the product.
    pub fn result(&self, product: Product) -> RefreshResult {
        let (_, reason) = self.state();
        let status = match self {
            Self::Whole | Self::Partly => RefreshStatus::Succeeded,
            Self::NotReady(_) => RefreshStatus::InProgress,
            Self::Refused(ProductState::ConsentRequired, _) | Self::Refused(_, ProductReason::VerificationPending) => {
                RefreshStatus::UserActionRequired
            }
            Self::Refused(ProductState::Pending, _) => RefreshStatus::Succeeded,
            Self::Failed(failure) if matches!(failure.kind, FailureKind::UserAction | FailureKind::Consent) => {
                RefreshStatus::UserActionRequired
            }
            Self::Refused(..) | Self::Removed | Self::Failed(_) => RefreshStatus::Failed,
        };
        RefreshResult { product, status, reason }
    }
}

/// What became of every product in a run.
pub(super) type Outcomes = BTreeMap<Product, Fetched>;

/// So often in a row, and over so long, a cause that does not pass by itself is waited out (E9).
const MOST_FAILURES: i32 = 3;
const LONGEST_FAILURE: TimeDelta = TimeDelta::hours(72);

/// Whether the connection stands and falls with the product: what was added, or asked for as optional, is read as far as it goes (A7).
fn counts(rows: &[ConnectionProduct], product: Product) -> bool {
    let row = rows.iter().find(|row| row.product == product);
    row.is_some_and(|row| matches!(row.placement, Some(Placement::Required | Placement::RequiredIfSupported)))
}

/// The failures of what counts.
fn failures<'a>(rows: &[ConnectionProduct], outcomes: &'a Outcomes) -> impl Iterator<Item = &'a Failure> {
    outcomes.iter().filter(|(product, _)| counts(rows, **product)).filter_map(|(_, fetched)| fetched.failure())
}

/// Whether something came.
pub(super) fn has_come(outcomes: &Outcomes) -> bool {
    outcomes.values().any(|fetched| matches!(fetched, Fetched::Whole | Fetched::Partly))
}

/// Whether something failed that counts.
pub(super) fn something_failed(rows: &[ConnectionProduct], outcomes: &Outcomes) -> bool {
    failures(rows, outcomes).next().is_some()
}

/// Why nothing came, if that does not pass by itself and is no fault of ours: the customer's matter, or an object that is gone (E9).
pub(super) fn lasting_cause<'a>(rows: &[ConnectionProduct], outcomes: &'a Outcomes) -> Option<&'a str> {
    let lasts = |failure: &&Failure| {
        failure.persistence != Persistence::Temporary
            && matches!(failure.kind, FailureKind::UserAction | FailureKind::NotFound)
    };
    failures(rows, outcomes).find(lasts).map(|failure| failure.code.as_str())
}

/// Whether a cause has lasted so long that only the customer can help.
pub(super) fn is_continued((times, since): (i32, DateTime<Utc>), now: DateTime<Utc>) -> bool {
    times >= MOST_FAILURES && now - since >= LONGEST_FAILURE
}

/// How a connection stood before a run, with the provider's code for it.
pub(super) type Stood = (Condition, Option<String>);

/// How the connection stands after a run, by what its provider says (`observed`), by what the run came to, and for what was not in the run
/// by its last result. What does not count changes nothing by not coming, unless it tells that the customer is needed.
pub(super) fn condition(observed: Condition, stood: Stood, rows: &[ConnectionProduct], outcomes: &Outcomes) -> Stood {
    let needs_customer =
        |failure: &&Failure| failure.condition.is_some_and(|condition| condition.status.needs_customer());
    if let Some(failure) = outcomes.values().filter_map(Fetched::failure).find(needs_customer) {
        return (failure.condition.unwrap_or(observed), Some(failure.code.clone()));
    }
    let came = has_come(outcomes);
    let (before, code) = stood;
    // The provider did not say otherwise, or nothing was read that would show it (F4).
    if before.status.needs_customer() && (observed == before || before.status == Status::Unrecoverable && !came) {
        return (before, code);
    }
    let mut others = rows.iter().filter(|row| !outcomes.contains_key(&row.product));
    if let Some(failure) = failures(rows, outcomes).next() {
        // While the others stand, a product that is tried again alone does not speak for them, but the institution does.
        let is_of_all = failure.condition.is_some_and(|condition| {
            before != PARTLY || condition.reason == Some(StatusReason::InstitutionCurrentlyUnavailable)
        });
        let is_part = came || !is_of_all && others.any(|row| row.state == ProductState::Available);
        let condition = if is_part { PARTLY } else { failure.condition.unwrap_or(PROVIDER_DOWN) };
        return (condition, Some(failure.code.clone()));
    }
    let is_well = observed.status == Status::Active;
    let only_failed = !came && outcomes.values().any(|fetched| fetched.failure().is_some());
    if is_well && only_failed && !before.status.needs_customer() {
        return (before, code);
    }
    let has_failed = |row: &ConnectionProduct| {
        let is_void = row.reason == Some(ProductReason::VerificationFailed);
        row.state == ProductState::Failed && !is_void && counts(rows, row.product)
    };
    if is_well && others.any(has_failed) { (PARTLY, code) } else { (observed, None) }
}

const PARTLY: Condition = Condition::new(Status::PartiallyActive, StatusReason::PartialAggregationSuccess);
const PROVIDER_DOWN: Condition = Condition::new(Status::Degraded, StatusReason::ServiceProviderCurrentlyUnavailable);

/// How a refresh stands, with the result of each of its products (E1). What was removed meanwhile did not come (A15).
pub(super) fn refresh_result(
    targets: &BTreeMap<Product, i64>,
    rows: &[ConnectionProduct],
    outcomes: &Outcomes,
) -> (RefreshStatus, Vec<RefreshResult>) {
    let results: Vec<RefreshResult> = targets
        .iter()
        .map(|(&product, target)| {
            let row = rows.iter().find(|row| row.product == product);
            match outcomes.get(&product) {
                _ if row.is_some_and(ConnectionProduct::is_removed) => Fetched::Removed.result(product),
                Some(fetched) => fetched.result(product),
                None if row.is_none_or(|row| row.done >= *target) => {
                    RefreshResult { product, status: RefreshStatus::Succeeded, reason: None }
                }
                None => RefreshResult { product, status: RefreshStatus::InProgress, reason: None },
            }
        })
        .collect();
    let all = |status| results.iter().all(|result| result.status == status);
    let any = |status| results.iter().any(|result| result.status == status);
    let status = if any(RefreshStatus::InProgress) {
        RefreshStatus::InProgress
    } else if all(RefreshStatus::Succeeded) {
        RefreshStatus::Succeeded
    } else if any(RefreshStatus::Succeeded) {
        RefreshStatus::Partial
    } else if any(RefreshStatus::UserActionRequired) {
        RefreshStatus::UserActionRequired
    } else {
        RefreshStatus::Failed
    };
    (status, results)
}

/// A connection that works may still have something to tell (F2).
pub(super) fn with_notice(observed: Condition, stored: &Connection, now: DateTime<Utc>) -> Condition {
    if observed != Condition::HEALTHY {
        return observed;
    }
    let soon = now + TimeDelta::days(i64::try_from(EXPIRING_DAYS).unwrap_or(14));
    if stored.consent_expires_at.is_some_and(|end| end <= soon) {
        return Condition::new(Status::Active, StatusReason::AccessExpiringSoon);
    }
    if stored.new_accounts_available {
        return Condition::new(Status::Active, StatusReason::NewAccountsAvailable);
    }
    observed
}

/// What a refresh says of a product when the run ended because only the customer can help.
pub(super) fn interrupted(product: Product, fetched: Option<&Fetched>) -> RefreshResult {
    let result = fetched.map(|fetched| fetched.result(product));
    result.filter(|result| result.status != RefreshStatus::InProgress).unwrap_or(RefreshResult {
        product,
        status: RefreshStatus::UserActionRequired,
        reason: Some(ProductReason::LoginRequired),
    })
}
