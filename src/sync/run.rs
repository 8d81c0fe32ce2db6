//! A run from its lease to its end.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::outcome::{
    Fetched, Outcomes, condition, has_come, interrupted, is_continued, lasting_cause, something_failed, with_notice,
};
use super::{LEASE, Next, Run, Sync};
use crate::domain::account::{AccountStatus, AccountSubtype, AccountType, Verification};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::event::EventType;
use crate::domain::grant::{covers, suits, unverified};
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::providers::data::Observation;
use crate::providers::{Context, Failure, FailureKind};
use crate::records::{fresh_credential, renewed_credential};
use crate::store::{self, AccountFilter, ForcedBy, RefreshResult, RefreshStatus, Session, TenantTx};

/// The order in which products are fetched: accounts come first, long histories last.
const ORDER: [Product; 7] = [
    Product::Balances,
    Product::Identifiers,
    Product::Owners,
    Product::InvestmentHoldings,
    Product::Liabilities,
    Product::Transactions,
    Product::InvestmentTransactions,
];

impl Sync {
    /// Fetches what is due on a connection.
    pub async fn run(&self, tenant_id: TenantId, connection_id: ConnectionId) -> Result<Next, Problem> {
        let mut tx = self.store.tenant(tenant_id).begin().await?;
        let Some(connection) = tx.connection(connection_id).await? else { return Ok(Next::Done) };
        if !connection.condition.status.is_linked() {
            return Ok(Next::Done);
        }
        let Some(lease) = tx.acquire_lease(connection_id, LEASE).await? else { return Ok(Next::Busy) };
        let Some(credential) = tx.credential(connection_id).await? else { return Ok(Next::Done) };
        let products = tx.products(connection_id).await?;
        let refreshes = tx.running_refreshes(connection_id).await?;
        tx.commit().await?;
        let entry = match self.registry.require(connection.service_provider) {
            Ok(entry) => entry.clone(),
            Err(problem) => {
                self.release(tenant_id, lease).await?;
                return Err(problem);
            }
        };
        let mut run = Run {
            sync: self,
            tenant_id,
            lease,
            connection,
            products,
            refreshes,
            credential,
            entry,
            left_out: Mutex::default(),
        };
        let rows = self.store.tenant(tenant_id);
        let next = tokio::select! {
            next = run.work() => next,
            () = rows.keep_lease(lease, LEASE) => {
                tracing::warn!(%connection_id, "a connection's lease was lost; somebody else reads it");
                return Err(store::Error::LeaseLost.into());
            }
        };
        self.release(tenant_id, lease).await?;
        next
    }

    async fn release(&self, tenant_id: TenantId, lease: crate::store::Lease) -> Result<(), Problem> {
        let mut tx = self.store.tenant(tenant_id).begin().await?;
        tx.release_lease(lease).await?;
        Ok(tx.commit().await?)
    }
}

impl Run<'_> {
    async fn work(&mut self) -> Result<Next, Problem> {
        if self.due().is_empty() {
            // Refreshes that are still open have been served by runs before this one.
            let mut tx = self.begin().await?;
            self.end_refreshes(&mut tx, &Outcomes::new()).await?;
            tx.commit().await?;
            return Ok(Next::Done);
        }
        let rows = self.sync.store.tenant(self.tenant_id);
        let held = (self.lease, LEASE);
        match fresh_credential(&rows, &self.entry, &self.sync.clock, held, self.credential.clone()).await? {
            Ok(credential) => self.credential = credential,
            Err(failure) => return self.stop(failure).await,
        }
        let observation = match self.look().await? {
            Ok(observation) => observation,
            Err(next) => return Ok(next),
        };
        let was_taken = match self.force_refresh().await? {
            Ok(was_taken) => was_taken,
            Err(refusal) => return self.stop(refusal).await,
        };
        // An update that has just been taken need not show yet.
        let is_updating = observation.updating.map(|shows| shows || was_taken.unwrap_or_else(|| self.is_just_begun()));
        if is_updating == Some(true) {
            if self.follows_update() {
                return self.wait_for_update().await;
            }
            self.give_up_update().await?;
        }
        let outcomes = self.fetch_all(&observation).await?;
        self.end(observation.condition, outcomes).await
    }

    /// How the connection stands; where nothing is to be fetched by that, how the run ended.
    async fn look(&mut self) -> Result<Result<Observation, Next>, Problem> {
        let observation = match self.observe().await? {
            Ok(observation) => observation,
            Err(failure) if failure.kind == FailureKind::NotReady && self.follows_update() => {
                return self.wait_for_update().await.map(Err);
            }
            Err(failure) if failure.kind == FailureKind::NotReady => {
                self.give_up_update().await?;
                return self.stop(failure).await.map(Err);
            }
            Err(failure) => return self.stop(failure).await.map(Err),
        };
        let mut tx = self.begin().await?;
        // An end that was announced stays until a repair or until it did not come true, though not every provider says it again when
        // asked. It may have been announced since this run began.
        let announced = tx.connection(self.id()).await?.and_then(|connection| connection.consent_expires_at);
        let ends = observation.consent_expires_at.or(announced.filter(|end| *end > self.sync.clock.now()));
        tx.set_consent(self.id(), &observation.consented, ends).await?;
        tx.commit().await?;
        if observation.condition.status.needs_customer() {
            let (condition, code) = (observation.condition, observation.code.as_deref());
            return self.wait_for_customer(condition, code, &Outcomes::new()).await.map(Err);
        }
        Ok(Ok(observation))
    }

    /// Asks how the connection stands. A credential that ended before its time is renewed first, once.
    async fn observe(&mut self) -> Result<Result<Observation, Failure>, Problem> {
        let cx = self.context();
        match self.entry.provider.status(&cx, &self.credential).await {
            Err(failure) if failure.kind == FailureKind::TokenEnded => {}
            answer => return Ok(answer),
        }
        let rows = self.sync.store.tenant(self.tenant_id);
        let held = (self.lease, LEASE);
        match renewed_credential(&rows, &self.entry, &self.sync.clock, held, &self.credential).await? {
            Ok(credential) => self.credential = credential,
            Err(failure) => return Ok(Err(failure)),
        }
        Ok(self.entry.provider.status(&self.context(), &self.credential).await)
    }

    /// What a call to the provider gets. The first reading is the customer's, who has just linked; a refresh somebody's, unless the
    /// schedule wanted it.
    pub(super) fn context(&self) -> Context<'_> {
        let is_asked = self.refreshes.iter().any(|refresh| refresh.forced_by != Some(ForcedBy::Schedule));
        let attended = is_asked || self.connection.successfully_aggregated_at.is_none();
        Context { attended, ..self.entry.in_job(&self.sync.clock) }
    }

    fn due(&self) -> Vec<Product> {
        let is_due = |product: &Product| self.products.iter().any(|row| row.product == *product && row.is_due());
        let others = Product::ALL.iter().copied().filter(|product| !ORDER.contains(product));
        ORDER.into_iter().chain(others).filter(is_due).collect()
    }

    async fn fetch_all(&self, observation: &Observation) -> Result<Outcomes, Problem> {
        let due = self.due();
        let mut outcomes = Outcomes::new();
        // Accounts that the institution could not show just now, or the provider has not fetched yet, are not taken for accounts that are
        // shared no longer (D5).
        let whole = observation.condition.status != Status::PartiallyActive && observation.updating != Some(true);
        let verification = match self.fetch_accounts(self.wants_live_balances(), whole).await? {
            Ok(verification) => verification,
            Err(failure) => return self.fail_all(&failure).await,
        };
        let kinds = self.account_kinds().await?;
        for product in due {
            if self.begin_for(product).await?.is_none() {
                continue;
            }
            let fetched = match self.obstacle(product, observation, &kinds, verification) {
                Some(obstacle) => obstacle,
                None => self.fetch(product, observation).await?,
            };
            if matches!(fetched, Fetched::Removed) {
                continue;
            }
            self.store_outcome(product, &fetched).await?;
            let customer_needed = matches!(&fetched, Fetched::Failed(failure) if failure.condition.is_some_and(|condition| condition.status.needs_customer()));
            outcomes.insert(product, fetched);
            if customer_needed {
                break;
            }
        }
        Ok(outcomes)
    }

    async fn fetch(&self, product: Product, observation: &Observation) -> Result<Fetched, Problem> {
        match product {
            Product::Balances => Ok(Fetched::Whole),
            Product::Identifiers | Product::Owners => self.fetch_account_secrets(product).await,
            Product::Transactions => self.fetch_transactions().await,
            Product::InvestmentHoldings => self.fetch_holdings().await,
            Product::InvestmentTransactions => self.fetch_investment_transactions().await,
            Product::Liabilities => self.fetch_liabilities().await,
            Product::Statements => self.fetch_statements().await,
            Product::Income => self.fetch_income().await,
            Product::PaymentInitiation => self.read_payment().await,
            Product::IdentityVerification => self.read_verification().await,
            // What came with the link is prepared; what was consent-only is prepared before its first use (C7).
            Product::Signal if !observation.initialized.contains(&product) => self.prepare_risks().await,
            // The one-provider products have nothing that is fetched ahead of its use.
            _ => Ok(Fetched::Whole),
        }
    }

    /// What stands against a product before anything is called: no account that suits it (C8), consent (C2, C3), or numbers that
    /// wait for deposits (B16). What no repair could change comes first.
    fn obstacle(
        &self,
        product: Product,
        observation: &Observation,
        kinds: &[(AccountType, AccountSubtype)],
        verification: Option<Verification>,
    ) -> Option<Fetched> {
        // What is only used later has nothing to fetch that would show whether consent came back (D5): a repair does.
        let row = self.products.iter().find(|row| row.product == product);
        if !product.is_common() && row.is_some_and(|row| row.state == ProductState::ConsentRequired) {
            return Some(Fetched::Refused(ProductState::ConsentRequired, ProductReason::ConsentMissing));
        }
        if !product.stands_alone() && !kinds.iter().any(|&(account, subtype)| suits(product, account, subtype)) {
            return Some(Fetched::Refused(ProductState::Unavailable, ProductReason::NoCompatibleAccount));
        }
        let scoped = self.entry.provider.spec().consent_scopes;
        if scoped && !covers(&observation.consented, product) && !covers(&observation.initialized, product) {
            let lacking = row.and_then(|row| row.reason).filter(|reason| reason.is_for_good());
            return Some(match lacking {
                Some(reason) => Fetched::Refused(ProductState::Unavailable, reason),
                None => Fetched::Refused(ProductState::ConsentRequired, ProductReason::ConsentMissing),
            });
        }
        if let (Product::Identifiers, Some((state, Some(reason)))) = (product, verification.map(unverified)) {
            return Some(Fetched::Refused(state, reason));
        }
        None
    }

    async fn account_kinds(&self) -> Result<Vec<(AccountType, AccountSubtype)>, Problem> {
        let mut tx = self.begin().await?;
        let filter = AccountFilter {
            connection_id: Some(self.id()),
            status: Some(AccountStatus::Open),
            ..AccountFilter::default()
        };
        let accounts = tx.accounts(&filter, None, 10_000, None).await?;
        tx.commit().await?;
        Ok(accounts.into_iter().map(|account| (account.account_type, account.subtype)).collect())
    }

    async fn store_outcome(&self, product: Product, fetched: &Fetched) -> Result<(), Problem> {
        if let Fetched::Failed(failure) = fetched {
            tracing::info!(
                connection_id = %self.id(), provider = %self.entry.id(), %product, kind = %failure.kind, code = %failure.code,
                request_id = ?failure.request_id, "a product could not be read"
            );
        }
        let (state, reason) = fetched.state();
        let Some(mut tx) = self.begin_for(product).await? else { return Ok(()) };
        tx.change_product(self.id(), product, state, reason, self.sync.clock.now()).await?;
        if matches!(fetched, Fetched::Partly) {
            tx.touch_product(self.id(), product, self.sync.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The provider could not even say how the connection stands.
    async fn stop(&self, failure: Failure) -> Result<Next, Problem> {
        if let Some(condition) = failure.condition.filter(|condition| condition.status.needs_customer()) {
            return self.wait_for_customer(condition, Some(&failure.code), &Outcomes::new()).await;
        }
        let outcomes = self.fail_all(&failure).await?;
        self.end(self.connection.condition, outcomes).await
    }

    /// What concerns all products fails each that is due.
    async fn fail_all(&self, failure: &Failure) -> Result<Outcomes, Problem> {
        let mut outcomes = Outcomes::new();
        for product in self.due() {
            let fetched = Fetched::of(failure.clone());
            self.store_outcome(product, &fetched).await?;
            outcomes.insert(product, fetched);
        }
        Ok(outcomes)
    }

    /// Only the customer can help: nothing is tried again until a repair (E2).
    async fn wait_for_customer(
        &self,
        condition: Condition,
        code: Option<&str>,
        outcomes: &Outcomes,
    ) -> Result<Next, Problem> {
        let now = self.sync.clock.now();
        let mut tx = self.begin().await?;
        let changed = tx.change_condition(self.id(), condition, code, "AGGREGATION", now).await?;
        let has_numbers =
            self.products.iter().any(|row| row.product == Product::Identifiers && row.placement.is_some());
        if changed && has_numbers && code.is_some_and(|code| self.entry.provider.spec().is_revocation(code)) {
            tx.emit(self.id(), EventType::AccountsIdentifiersRevoked, serde_json::json!({ "code": code }), now).await?;
        }
        for row in self.products.iter().filter(|row| row.is_due()) {
            tx.settle_product(self.id(), row.product, row.wanted).await?;
        }
        for refresh in &self.refreshes {
            let results: Vec<RefreshResult> =
                refresh.targets.keys().map(|&product| interrupted(product, outcomes.get(&product))).collect();
            tx.set_refresh(refresh.id, RefreshStatus::UserActionRequired, &results, Some(now)).await?;
        }
        tx.record_run(self.id(), (false, true), None, None, now).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }

    async fn end(&self, observed: Condition, outcomes: Outcomes) -> Result<Next, Problem> {
        let now = self.sync.clock.now();
        let mut tx = self.begin().await?;
        // As it was stored in this run, or told since.
        let stored = tx.connection(self.id()).await?.ok_or_else(Problem::not_found)?;
        let observed = with_notice(observed, &stored, now);
        let rows = tx.products(self.id()).await?;
        let (mut condition, code) = condition(observed, (stored.condition, stored.status_code), &rows, &outcomes);
        let came = has_come(&outcomes);
        if came {
            tx.forget_failures(self.id()).await?;
        } else if let Some(cause) = lasting_cause(&rows, &outcomes)
            && is_continued(tx.count_failure(self.id(), cause, now).await?, now)
        {
            condition = Condition::new(Status::Unrecoverable, StatusReason::ContinuedAggregationFailures);
        }
        if condition.status.needs_customer() {
            drop(tx);
            return self.wait_for_customer(condition, code.as_deref(), &outcomes).await;
        }
        // Where all that was due has been removed meanwhile, nothing failed (A15).
        let ended = (came || outcomes.is_empty(), something_failed(&rows, &outcomes));
        let history_from = tx.first_transaction_date(self.id()).await?;
        tx.record_run(self.id(), ended, history_from, self.next_read(now), now).await?;
        tx.finish_products(self.id(), &self.wanted_where(|product| is_finished(&outcomes, product)), now).await?;
        tx.fail_products(self.id(), &self.wanted_where(|product| has_failed(&outcomes, product))).await?;
        let was_lost = self.connection.condition.status.needs_customer();
        let repairs = if was_lost { self.open_repairs(&mut tx).await? } else { Vec::new() };
        // Where the customer is at the provider to mend it, that is what mended it, whoever hears of it first.
        let cause = if repairs.iter().any(|one| mends(one, now)) { "REPAIRED" } else { "AGGREGATION" };
        if tx.change_condition(self.id(), condition, code.as_deref(), cause, now).await? {
            self.close_needless(&mut tx, &repairs).await?;
        }
        self.end_refreshes(&mut tx, &outcomes).await?;
        tx.commit().await?;
        let again: Vec<_> = outcomes.values().filter_map(Fetched::again).collect();
        Ok(if again.is_empty() { Next::Done } else { Next::Again(again.into_iter().flatten().max()) })
    }

    /// These products, with the number up to which the run served them. It is told when the run ends, so that whoever sees a
    /// connection up to date sees all of it.
    fn wanted_where(&self, is_meant: impl Fn(Product) -> bool) -> BTreeMap<Product, i64> {
        self.products.iter().filter(|row| is_meant(row.product)).map(|row| (row.product, row.wanted)).collect()
    }

    async fn open_repairs(&self, tx: &mut TenantTx) -> Result<Vec<Session>, Problem> {
        let mut open = Vec::new();
        for id in tx.open_sessions(self.id()).await? {
            open.extend(tx.session(id).await?);
        }
        Ok(open)
    }

    /// The login works again without a repair: open sessions for it have nothing left to do (D8). One in which the customer is
    /// at the provider may be what healed it: its own completion ends it, with all that follows a repair.
    async fn close_needless(&self, tx: &mut TenantTx, repairs: &[Session]) -> Result<(), Problem> {
        let now = self.sync.clock.now();
        for session in repairs {
            let is_needless = match session.mode {
                SessionMode::Login => !mends(session, now),
                // Whoever has been sent to link anew may have linked.
                SessionMode::Relink => session.launch_id.is_none(),
                _ => false,
            };
            if is_needless {
                tx.finish_session(session.id, SessionOutcome::Completed, Some("SELF_HEALED"), None, now).await?;
            }
        }
        Ok(())
    }

    /// The next scheduled read, spread by the connection's id so that reads do not come all at once (E7). What stands alone is read
    /// again when the provider says that it changed.
    fn next_read(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.connection.requested.alone().is_some() {
            return None;
        }
        let hours = i64::from(self.entry.provider.spec().read_every_hours);
        let spread = i64::try_from(self.id().0.as_u128() % 1800).unwrap_or_default();
        Some(now + TimeDelta::hours(hours) - TimeDelta::seconds(spread))
    }
}

/// Whether the customer is at the provider in that session, and mends the link that is there.
fn mends(session: &Session, now: DateTime<Utc>) -> bool {
    !session.mode.links() && session.launch_expires_at.is_some_and(|end| end > now)
}

/// Whether it need not be tried again.
fn is_finished(outcomes: &Outcomes, product: Product) -> bool {
    outcomes.get(&product).is_some_and(|fetched| fetched.again().is_none())
}

/// Whether it failed; what the provider merely has not ready yet has not.
fn has_failed(outcomes: &Outcomes, product: Product) -> bool {
    matches!(outcomes.get(&product), Some(Fetched::Failed(_)))
}
