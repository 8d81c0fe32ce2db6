//! What a repair would be for, and what it captures afterwards (rules D2, D6, A8, A14).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, Utc};

use super::connection::{Condition, RepairReason, Status, StatusReason};
use super::grant::covers;
use super::placement::{Placement, Placements};
use super::product::{Product, ProductReason, ProductState};
use super::service_provider::ServiceProvider;
use super::support_matrix::{self, AfterLink, Cell};

/// How long before its end a consent counts as expiring, in days: the first of the reminders (E4).
pub const EXPIRING_DAYS: u64 = 14;

/// What says whether a repair would help.
#[derive(Clone, Copy, Debug)]
pub struct RepairFacts<'a> {
    /// Status and reason.
    pub condition: Condition,
    /// Whether the provider says that the customer took the permission back.
    pub permission_revoked: bool,
    /// When consent ends, as the provider says.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// Business time.
    pub now: DateTime<Utc>,
    /// Whether the customer has accounts that are not shared.
    pub new_accounts_available: bool,
    /// The last result of each product, with its reason.
    pub states: &'a BTreeMap<Product, (ProductState, Option<ProductReason>)>,
}

/// What a repair would be for (D2), in the order of the contract; empty where there is nothing to repair.
pub fn reasons(facts: &RepairFacts<'_>) -> Vec<RepairReason> {
    if !facts.condition.status.is_linked() {
        return Vec::new();
    }
    RepairReason::ALL.iter().copied().filter(|&reason| facts.calls_for(reason)).collect()
}

/// Whether something does not work, or soon will not, without the customer. Sharing new accounts is only an offer.
pub fn required(reasons: &[RepairReason], condition: Condition) -> bool {
    condition.status.needs_customer() || reasons.iter().any(|&reason| reason != RepairReason::NewAccounts)
}

impl RepairFacts<'_> {
    fn calls_for(&self, reason: RepairReason) -> bool {
        let because = self.condition.reason;
        match reason {
            RepairReason::Login => self.login_stopped() && !self.is_revoked() && !self.consent_ended(),
            RepairReason::ConsentExpired => self.consent_ended() && !self.is_revoked(),
            RepairReason::ConsentExpiring => !self.consent_ended() && self.consent_ends_soon(),
            RepairReason::PermissionRevoked => {
                self.is_revoked() || self.any_product(|_, why| why == Some(ProductReason::PermissionDenied))
            }
            RepairReason::NewAccounts => {
                self.new_accounts_available || because == Some(StatusReason::NewAccountsAvailable)
            }
            RepairReason::ProductConsent => self.any_product(|state, why| {
                state == ProductState::ConsentRequired && why != Some(ProductReason::PermissionDenied)
            }),
            RepairReason::VerifyDeposits => self.any_product(|_, why| why == Some(ProductReason::VerificationPending)),
            RepairReason::Relink => because == Some(StatusReason::RelinkNeeded),
        }
    }

    fn login_stopped(&self) -> bool {
        match self.condition.status {
            Status::ReconnectRequired => true,
            Status::Unrecoverable => self.condition.reason != Some(StatusReason::RelinkNeeded),
            _ => self.condition.reason == Some(StatusReason::InteractiveRefresh),
        }
    }

    fn is_revoked(&self) -> bool {
        self.condition.status.needs_customer() && self.permission_revoked
    }

    fn consent_ended(&self) -> bool {
        self.condition.reason == Some(StatusReason::TokenExpired)
            || self.consent_expires_at.is_some_and(|end| end <= self.now)
    }

    fn consent_ends_soon(&self) -> bool {
        self.condition.reason == Some(StatusReason::AccessExpiringSoon)
            || self
                .consent_expires_at
                .is_some_and(|end| self.now.checked_add_days(Days::new(EXPIRING_DAYS)).is_some_and(|soon| end <= soon))
    }

    fn any_product(&self, test: impl Fn(ProductState, Option<ProductReason>) -> bool) -> bool {
        self.states.values().any(|&(state, why)| test(state, why))
    }
}

/// A repair that succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Repaired<'a> {
    /// Whose connection it is.
    pub provider: ServiceProvider,
    /// The arrays now.
    pub placements: &'a Placements,
    /// The arrays as asked for (`requested`): what fell away at the link returns as what it was asked for.
    pub requested: &'a Placements,
    /// The last result of each product, with its reason.
    pub states: &'a BTreeMap<Product, (ProductState, Option<ProductReason>)>,
    /// The products that the repair asked for (D6).
    pub asked: &'a [Product],
    /// What the customer's consent covers now.
    pub consented_now: &'a BTreeSet<Product>,
    /// Whether the provider enforces consent for each product; elsewhere there is none to withhold.
    pub consent_scoped: bool,
}

/// What a repair brought. Products in neither set stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// These become `PENDING` and are fetched; those in no fetched array move to `optionalProducts`.
    pub pending: BTreeSet<Product>,
    /// These stand in `additionalConsentedProducts` now, `CONSENTED`.
    pub consented: BTreeSet<Product>,
}

/// What a repair captures: products that waited for it are fetched, others that it asked for are at hand.
pub fn capture(repaired: &Repaired<'_>) -> Captured {
    let mut captured = Captured::default();
    let waiting = repaired.states.keys().copied().filter(|&product| repaired.waited(product));
    let candidates: BTreeSet<Product> = waiting.chain(repaired.asked.iter().copied()).collect();
    for product in candidates.into_iter().filter(|&product| repaired.is_granted(product)) {
        if repaired.is_to_be_fetched(product) {
            captured.pending.insert(product);
        } else if !repaired.is_fetched(product) {
            captured.consented.insert(product);
        }
    }
    captured
}

impl Repaired<'_> {
    fn is_granted(&self, product: Product) -> bool {
        !self.consent_scoped || covers(self.consented_now, product)
    }

    fn is_fetched(&self, product: Product) -> bool {
        self.placements.of(product).is_some_and(Placement::is_fetched)
    }

    /// Whether only the customer's consent was missing.
    fn waited(&self, product: Product) -> bool {
        match self.states.get(&product) {
            Some((ProductState::ConsentRequired, _)) => true,
            Some((_, why)) => *why == Some(ProductReason::PermissionDenied),
            None => false,
        }
    }

    /// Waiting products are fetched if they stand in a fetched array (A8) or were asked for in one and fell away (B1).
    /// Others are, if nothing but a repair could ever activate them (A3, A14).
    fn is_to_be_fetched(&self, product: Product) -> bool {
        let comes_by_repair_alone = self.asked.contains(&product) && !self.is_addable(product);
        match self.placements.of(product) {
            Some(placement) if placement.is_fetched() => self.waited(product),
            Some(_) => comes_by_repair_alone,
            None => {
                let was_fetched = self.requested.of(product).is_some_and(Placement::is_fetched);
                comes_by_repair_alone || was_fetched && self.waited(product)
            }
        }
    }

    /// Whether the tenant can add it later without the customer.
    fn is_addable(&self, product: Product) -> bool {
        // Consent since the start call does not do for what only a repair adds (C5): this is that repair.
        if support_matrix::after_link(self.provider, product) == AfterLink::Repair
            && self.requested.additional_consented_products.contains(&product)
        {
            return false;
        }
        match support_matrix::cell(self.provider, product) {
            Cell::No => false,
            Cell::Yes | Cell::IfInstitution => true,
            Cell::IfAny(any_of) => any_of.iter().any(|&needed| self.is_fetched(needed)),
        }
    }
}

#[cfg(test)]
mod tests;
