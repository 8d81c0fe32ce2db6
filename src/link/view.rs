//! A session as the widget sees it: no more than the customer may know.

use super::Linking;
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::routing::Wanted;
use crate::store::{Connection, InstitutionFilter, Session};

/// A session with its connection, as its front end needs it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Its connection.
    pub connection: Connection,
    /// The providers through which a first link can be made.
    pub service_providers: Vec<ServiceProvider>,
}

impl SessionView {
    /// The institutions from which the session can choose: those that have all of its required products, in its countries, at a
    /// provider that can be asked for them; the settled one alone in a repair, and where the tenant chose.
    pub fn institutions(&self, query: Option<String>) -> InstitutionFilter {
        let settled = self.session.request.institution_id;
        if self.session.mode != SessionMode::Connect {
            return InstitutionFilter {
                query,
                only: Some(settled.into_iter().collect()),
                ..InstitutionFilter::default()
            };
        }
        let wanted = Wanted::new(&self.connection.requested, &self.connection.settings);
        InstitutionFilter {
            query,
            only: settled.map(|id| vec![id]),
            ..wanted.institutions(self.service_providers.clone())
        }
    }
}

impl Linking {
    /// The session that a connect token opened, finished ones included, so that a page can say how it ended.
    pub async fn view(&self, tenant_id: TenantId, session_id: SessionId) -> Result<SessionView, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let mut session = tx.session(session_id).await?.ok_or_else(Self::unknown_token)?;
        if session.outcome == SessionOutcome::Open && session.expires_at <= self.clock.now() {
            // The job that ends it may not have run yet.
            session.outcome = SessionOutcome::Expired;
        }
        let connection = tx.connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        let candidates = Wanted::new(&connection.requested, &connection.settings).candidates(&self.registry);
        let service_providers = candidates.iter().map(|entry| entry.id()).collect();
        Ok(SessionView { session, connection, service_providers })
    }

    /// The same, but only while the session can be used.
    pub async fn open_view(&self, tenant_id: TenantId, session_id: SessionId) -> Result<SessionView, Problem> {
        let view = self.view(tenant_id, session_id).await?;
        self.check_open(&view.session)?;
        Ok(view)
    }
}
