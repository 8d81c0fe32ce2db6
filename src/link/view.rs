//! A session as the widget sees it: no more than the customer may know.

use super::Linking;
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::store::{Connection, Session};

/// A session with its connection.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Its connection.
    pub connection: Connection,
}

impl Linking {
    /// The session that a connect token opened, finished ones included, so that a page can say how it ended.
    pub async fn view(&self, tenant_id: TenantId, session_id: SessionId) -> Result<SessionView, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let session = tx.session(session_id).await?.ok_or_else(Self::unknown_token)?;
        let connection = tx.connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        Ok(SessionView { session, connection })
    }

    /// The same, but only while the session can be used.
    pub async fn open_view(&self, tenant_id: TenantId, session_id: SessionId) -> Result<SessionView, Problem> {
        let view = self.view(tenant_id, session_id).await?;
        self.check_open(&view.session)?;
        Ok(view)
    }
}
