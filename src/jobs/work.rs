//! What each kind of job does.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::schedule;
use crate::clock::Clock;
use crate::domain::ids::TenantId;
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::link::Linking;
use crate::on_demand::{OnDemand, ReportNext};
use crate::providers::{Entry, Failure};
use crate::routing;
use crate::store::{Job, JobKind, RevokedObject, Store};
use crate::sync::{Next, Sync};
use crate::webhooks::Inbound;

/// How long a revocation is tried (F7).
const REVOKE_FOR: TimeDelta = TimeDelta::days(30);

/// Everything that jobs need.
#[derive(Clone)]
pub struct Work {
    /// Sessions.
    pub linking: Linking,
    /// Aggregation.
    pub sync: Sync,
    /// What is read when a caller asks for it.
    pub on_demand: OnDemand,
    /// The providers' webhooks.
    pub inbound: Inbound,
}

/// How a job went.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// It has a next time.
    Later(DateTime<Utc>),
    /// It failed, or is not finished: try again after the pause that grows with each try, at the earliest after that time.
    Again {
        /// At the earliest.
        after: Option<Duration>,
        /// For the operator.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTenant {
    tenant_id: TenantId,
}

impl Work {
    pub(super) fn store(&self) -> &Store {
        &self.linking.store
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.linking.clock
    }

    pub(super) async fn perform(&self, job: &Job) -> Outcome {
        match self.try_perform(job).await {
            Ok(outcome) => outcome,
            Err(problem) => {
                tracing::warn!(kind = %job.kind, attempts = job.attempts, code = %problem.code, detail = %problem.detail, "a job failed and is tried again");
                metrics::counter!("linkspan_job_failures_total", "kind" => job.kind.as_str()).increment(1);
                Outcome::Again { after: problem.retry_after, why: problem.to_string() }
            }
        }
    }

    async fn try_perform(&self, job: &Job) -> Result<Outcome, Problem> {
        match job.kind {
            JobKind::Sync => self.sync(job).await,
            JobKind::PollSession | JobKind::ExpireSession => self.session(job).await,
            JobKind::Revoke => self.revoke(job).await,
            JobKind::AssetReport => self.asset_report(job).await,
            JobKind::Webhook => self.webhook(job).await,
            JobKind::Institutions => self.institutions(job).await,
            JobKind::Schedule => schedule::enqueue_due(self).await,
            JobKind::Sweep => schedule::sweep(self).await,
        }
    }

    async fn sync(&self, job: &Job) -> Result<Outcome, Problem> {
        let (Some(tenant_id), Ok(id)) = (tenant(job), job.key.parse()) else { return Ok(Outcome::Done) };
        Ok(match self.sync.run(tenant_id, id).await? {
            Next::Done => Outcome::Done,
            Next::Busy => Outcome::Later(self.clock().now() + TimeDelta::milliseconds(250)),
            Next::Again(after) => Outcome::Again { after, why: "not finished".into() },
        })
    }

    async fn session(&self, job: &Job) -> Result<Outcome, Problem> {
        let (Some(tenant_id), Ok(id)) = (tenant(job), job.key.parse()) else { return Ok(Outcome::Done) };
        let next = match job.kind {
            JobKind::PollSession => self.linking.poll(tenant_id, id).await?,
            _ => {
                self.linking.last_look(tenant_id, id).await?;
                self.linking.expire(tenant_id, id).await?
            }
        };
        Ok(next.map_or(Outcome::Done, Outcome::Later))
    }

    async fn asset_report(&self, job: &Job) -> Result<Outcome, Problem> {
        let (Some(tenant_id), Ok(id)) = (tenant(job), job.key.parse()) else { return Ok(Outcome::Done) };
        Ok(match self.on_demand.advance_asset_report(tenant_id, id).await? {
            ReportNext::Done => Outcome::Done,
            ReportNext::Again(after) => Outcome::Again { after, why: "not ready".into() },
        })
    }

    async fn revoke(&self, job: &Job) -> Result<Outcome, Problem> {
        let (Some(tenant_id), Ok(id)) = (tenant(job), job.key.parse::<Uuid>()) else { return Ok(Outcome::Done) };
        let mut tx = self.store().tenant(tenant_id).begin().await?;
        let revocation = tx.revocation(id).await?;
        tx.commit().await?;
        let Some(revocation) = revocation else { return Ok(Outcome::Done) };
        let Some(credential) = revocation.credential else { return Ok(Outcome::Done) };
        let now = self.clock().now();
        let entry = self.linking.registry.require(Some(revocation.service_provider))?;
        let revoked = match revocation.object {
            RevokedObject::Connection => {
                let credential = self.renewed(entry, tenant_id, id, credential).await?;
                entry.provider.revoke(&entry.in_job(self.clock()), &credential).await
            }
            RevokedObject::AssetReport => match entry.provider.asset_reports() {
                Some(reports) => reports.remove(&entry.in_job(self.clock()), &credential).await,
                None => Err(Failure::unsupported("asset_reports")),
            },
        };
        if let Err(failure) = &revoked
            && now - revocation.created_at < REVOKE_FOR
        {
            return Err(entry.problem(failure.clone()));
        }
        let mut tx = self.store().tenant(tenant_id).begin().await?;
        tx.end_revocation(id, revoked.is_ok(), now).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }

    /// A credential that has ended meanwhile revokes nothing: it is renewed before, and kept for the next attempt.
    async fn renewed(
        &self,
        entry: &Entry,
        tenant_id: TenantId,
        id: Uuid,
        credential: Secret,
    ) -> Result<Secret, Problem> {
        if !entry.provider.renewal_due(&credential, self.clock().now()) {
            return Ok(credential);
        }
        let Ok(renewed) = entry.provider.renew(&entry.in_job(self.clock()), &credential).await else {
            return Ok(credential);
        };
        let mut tx = self.store().tenant(tenant_id).begin().await?;
        tx.renew_revocation(id, &renewed).await?;
        tx.commit().await?;
        Ok(renewed)
    }

    async fn webhook(&self, job: &Job) -> Result<Outcome, Problem> {
        let Ok(id) = job.key.parse() else { return Ok(Outcome::Done) };
        for (provider, hint) in self.inbound.hints(id).await? {
            if let Some(session) = self.inbound.act(provider, hint).await? {
                self.linking.session_finished(&session).await?;
            }
        }
        Ok(Outcome::Done)
    }

    async fn institutions(&self, job: &Job) -> Result<Outcome, Problem> {
        let Ok(provider) = job.key.parse::<ServiceProvider>() else { return Ok(Outcome::Done) };
        routing::fill(self.store(), &self.linking.registry, self.clock(), provider).await?;
        Ok(Outcome::Later(self.clock().now() + TimeDelta::hours(24)))
    }
}

fn tenant(job: &Job) -> Option<TenantId> {
    OfTenant::deserialize(&job.payload).ok().map(|payload| payload.tenant_id)
}
