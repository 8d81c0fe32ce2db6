//! Deleting a connection: it reads `DELETED` at once, its data is gone at once, the provider is told until it confirms (F7).

use super::Linking;
use crate::domain::connection::{Condition, Status};
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::SessionOutcome;
use crate::store::{OrderedReport, RevokedObject, TenantTx};

impl Linking {
    /// Deletes a connection. One that is over (deleted, or never finished) has nothing left: nothing changes (F4).
    pub async fn delete(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<(), Problem> {
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        if connection.condition.status.is_terminal() {
            return Ok(());
        }
        let now = self.clock.now();
        if let (Some(credential), Some(provider)) = (tx.credential(id).await?, connection.service_provider) {
            let provider_connection_id = connection.provider_connection_id.as_deref().unwrap_or_default();
            tx.queue_revocation(
                RevokedObject::Connection,
                provider,
                provider_connection_id,
                &credential,
                "DELETED",
                now,
            )
            .await?;
        }
        // What was made of the connection goes with it.
        self.remove_reports(tx, id).await?;
        for session in tx.open_sessions(id).await? {
            if let Some(open) = tx.session(session).await? {
                self.give_back(tx, &open).await?;
            }
            tx.finish_session(session, SessionOutcome::Cancelled, Some("CONNECTION_DELETED"), None, now).await?;
        }
        let deleted = Condition { status: Status::Deleted, reason: None };
        tx.change_condition(id, deleted, None, "DELETED_BY_TENANT", now).await?;
        Ok(tx.erase_connection(id).await?)
    }

    /// The same for every report of a connection.
    pub(super) async fn remove_reports(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<(), Problem> {
        for report in tx.asset_reports(id, None, i64::MAX).await? {
            self.remove_report(tx, &report).await?;
        }
        Ok(())
    }

    /// Forgets a report here, and has it removed at the provider where it was ordered.
    pub async fn remove_report(&self, tx: &mut TenantTx, report: &OrderedReport) -> Result<(), Problem> {
        if let Some(token) = &report.token {
            let object = report.provider_report_id.as_deref().unwrap_or_default();
            self.revoke_report(tx, report.service_provider, object, token).await?;
        }
        Ok(tx.delete_asset_report(report.id).await?)
    }

    /// Has a report removed at the provider that nobody wants (any more).
    pub async fn revoke_report(
        &self,
        tx: &mut TenantTx,
        provider: ServiceProvider,
        provider_report_id: &str,
        token: &Secret,
    ) -> Result<(), Problem> {
        let (now, object) = (self.clock.now(), RevokedObject::AssetReport);
        Ok(tx.queue_revocation(object, provider, provider_report_id, token, "DELETED", now).await?)
    }
}
