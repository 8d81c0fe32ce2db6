//! Refreshes within a run: the provider is asked to fetch, and followed until it has (E1).

use std::time::Duration;

use chrono::TimeDelta;

use super::outcome::{Fetched, Outcomes, refresh_result};
use super::{Next, Run};
use crate::domain::problem::Problem;
use crate::domain::product::{Product, ProductReason};
use crate::providers::data::RefreshRequest;
use crate::providers::{Failure, FailureKind};
use crate::store::{ForcedBy, Refresh, RefreshResult, RefreshStatus, TenantTx};

/// How soon a provider that fetches is looked at again, at the earliest.
const NEXT_LOOK: Duration = Duration::from_secs(5);

/// Within this time a provider that has taken a refresh says that it is at it.
const SHOWS_AFTER: TimeDelta = TimeDelta::seconds(5);

/// How long a refresh waits for what it made the provider fetch. Most take a minute; one that never ends holds up all reading.
const LONGEST_UPDATE: TimeDelta = TimeDelta::hours(1);

impl Run<'_> {
    /// Asks the provider to fetch from the institution, for refreshes that have not been asked for yet: whether it takes that, if it was
    /// asked. A refusal that concerns the connection as a whole, because only the customer can help, is the failure.
    pub(super) async fn force_refresh(&mut self) -> Result<Result<Option<bool>, Failure>, Problem> {
        let mut was_taken = None;
        let mut rest = std::mem::take(&mut self.refreshes).into_iter();
        while let Some(refresh) = rest.next() {
            if refresh.requested {
                self.refreshes.push(refresh);
                continue;
            }
            match self.ask_for(&refresh).await? {
                Err(failure) if failure.condition.is_some_and(|condition| condition.status.needs_customer()) => {
                    self.refreshes.push(refresh);
                    self.refreshes.extend(rest);
                    return Ok(Err(failure));
                }
                Err(failure) if failure.kind == FailureKind::UserAction => {
                    let (status, reason) = (RefreshStatus::UserActionRequired, ProductReason::LoginRequired);
                    self.end_refresh(&refresh, status, reason).await?;
                }
                // What is there is read all the same.
                answer => {
                    was_taken = Some(was_taken == Some(true) || matches!(answer, Ok(true)));
                    self.refreshes.push(refresh);
                }
            }
        }
        Ok(Ok(was_taken))
    }

    /// Whether there was something to ask for.
    async fn ask_for(&self, refresh: &Refresh) -> Result<Result<bool, Failure>, Problem> {
        let spec = self.entry.provider.spec();
        // Where live balances can be had by themselves, the rest need not be fetched for them (E11).
        let is_live = spec.live_balances.is_some() && is_for_live_balances(refresh);
        let is_asked = |product: &Product| !is_live && spec.refreshable.contains(product);
        let products: Vec<Product> = refresh.targets.keys().copied().filter(is_asked).collect();
        let mut answer = Ok(false);
        if !products.is_empty() {
            let cx = self.context();
            let request = RefreshRequest {
                products: &products,
                import_new_accounts: refresh.import_new_accounts,
                scheduled: refresh.forced_by == Some(ForcedBy::Schedule),
                psu: None,
                product_options: Some(&self.connection.settings.product_options),
            };
            answer = self.entry.provider.refresh(&cx, &self.credential, &request).await.map(|()| true);
        }
        if let Err(failure) = &answer {
            tracing::info!(connection_id = %self.id(), code = %failure.code, "the provider did not refresh");
        }
        let mut tx = self.begin().await?;
        tx.mark_refresh_requested(refresh.id).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Whether a refresh that the provider was asked for may not show yet in what it says.
    pub(super) fn is_just_begun(&self) -> bool {
        let since = self.sync.clock.now() - SHOWS_AFTER;
        self.refreshes.iter().any(|refresh| refresh.forced_by.is_some() && refresh.created_at > since)
    }

    /// Whether a refresh of this run waits for what it made the provider fetch.
    pub(super) fn follows_update(&self) -> bool {
        let now = self.sync.clock.now();
        self.refreshes
            .iter()
            .any(|one| one.forced_by.is_some() && (!one.requested || one.created_at + LONGEST_UPDATE > now))
    }

    /// The provider still fetches: what would be read now is old, so all that is due waits.
    pub(super) async fn wait_for_update(&self) -> Result<Next, Problem> {
        let products = self.refreshes.iter().flat_map(|refresh| refresh.targets.keys().copied());
        let waiting: Outcomes = products.map(|product| (product, Fetched::NotReady(Some(NEXT_LOOK)))).collect();
        let mut tx = self.begin().await?;
        self.end_refreshes(&mut tx, &waiting).await?;
        tx.commit().await?;
        Ok(Next::Again(Some(NEXT_LOOK)))
    }

    /// The update did not end in time: its refreshes have failed, and what is there is read.
    pub(super) async fn give_up_update(&mut self) -> Result<(), Problem> {
        let forced = |refresh: &Refresh| refresh.forced_by.is_some();
        let (given_up, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.refreshes).into_iter().partition(forced);
        self.refreshes = others;
        for refresh in given_up {
            tracing::warn!(connection_id = %self.id(), "the provider's update does not end; what is there is read");
            self.end_refresh(&refresh, RefreshStatus::Failed, ProductReason::NotReady).await?;
        }
        Ok(())
    }

    async fn end_refresh(
        &self,
        refresh: &Refresh,
        status: RefreshStatus,
        reason: ProductReason,
    ) -> Result<(), Problem> {
        let result = |&product| RefreshResult { product, status, reason: Some(reason) };
        let results: Vec<_> = refresh.targets.keys().map(result).collect();
        let mut tx = self.begin().await?;
        tx.set_refresh(refresh.id, status, &results, Some(self.sync.clock.now())).await?;
        Ok(tx.commit().await?)
    }

    /// Notes how the refreshes stand after the run.
    pub(super) async fn end_refreshes(&self, tx: &mut TenantTx, outcomes: &Outcomes) -> Result<(), Problem> {
        let now = self.sync.clock.now();
        let rows = tx.products(self.id()).await?;
        for refresh in &self.refreshes {
            let (status, results) = refresh_result(&refresh.targets, &rows, outcomes);
            let finished_at = (status != RefreshStatus::InProgress).then_some(now);
            tx.set_refresh(refresh.id, status, &results, finished_at).await?;
        }
        Ok(())
    }

    /// `BALANCES` alone in a refresh asks for live ones (E11); never the schedule, for they are billed (E7).
    pub(super) fn wants_live_balances(&self) -> bool {
        self.refreshes.iter().any(|refresh| !refresh.requested && is_for_live_balances(refresh))
    }
}

fn is_for_live_balances(refresh: &Refresh) -> bool {
    let is_asked = refresh.forced_by.is_some_and(|by| by != ForcedBy::Schedule);
    is_asked && refresh.targets.keys().eq([&Product::Balances])
}
