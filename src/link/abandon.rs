//! What leaving a session half way changes, though the connection stays as it was (D4, D5).

use super::{Linking, sync_job};
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::session::SessionOutcome;
use crate::store::{Session, TenantTx};

impl Linking {
    /// A choice of accounts that was begun and not finished takes the authorisation of asset reports away, where there is one.
    /// A repair with `ASSETS` among its products brings it back (D5).
    pub(super) async fn abandon_selection(&self, tx: &mut TenantTx, session: &Session) -> Result<(), Problem> {
        let was_begun = session.request.account_selection && session.service_provider.is_some();
        let rows = if was_begun { tx.products(session.connection_id).await? } else { Vec::new() };
        if rows.iter().any(|row| row.product == Product::Assets && row.placement.is_some()) {
            let (state, reason) = (ProductState::ConsentRequired, Some(ProductReason::ConsentMissing));
            let now = self.clock.now();
            tx.change_product(session.connection_id, Product::Assets, state, reason, now).await?;
        }
        Ok(())
    }

    /// Wrong amounts may have made the deposits void (B16): the next reading shows it.
    pub(super) async fn look_at_deposits(&self, tx: &mut TenantTx, session: &Session) -> Result<(), Problem> {
        let id = session.connection_id;
        let waits = tx.products(id).await?.iter().any(|row| row.reason == Some(ProductReason::VerificationPending));
        if waits {
            tx.want_products(id, &[Product::Identifiers]).await?;
            tx.enqueue(&sync_job(tx.tenant_id, id, self.clock.now())).await?;
        }
        Ok(())
    }

    /// Ends the sessions of a connection that are open, because another one takes their place (D12).
    pub(super) async fn replace_open_sessions(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<(), Problem> {
        for open in tx.open_sessions(id).await? {
            if let Some(session) = tx.session(open).await? {
                self.abandon_selection(tx, &session).await?;
                self.give_back(tx, &session).await?;
            }
            tx.finish_session(open, SessionOutcome::Cancelled, Some("REPLACED"), None, self.clock.now()).await?;
        }
        Ok(())
    }
}
