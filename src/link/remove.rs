//! Deleting a connection: it reads `DELETED` at once, its data is gone at once, the provider is told until it confirms (F7).

use super::Linking;
use crate::domain::connection::{Condition, Status};
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::session::SessionOutcome;
use crate::store::TenantTx;

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
            tx.queue_revocation(provider, provider_connection_id, &credential, "DELETED", now).await?;
        }
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
}
