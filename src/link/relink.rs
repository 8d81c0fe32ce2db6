//! Linking anew under the same connection (rule G1): a fresh link takes the place of one that the provider cannot restore.
//!
//! The session is that of a first link at the connection's own institution and provider. Until it succeeds the connection stays as it
//! was (D4). Its accounts and rows are recognised with the first reading (G2).

use super::Linking;
use super::launch::Target;
use crate::domain::event::EventType;
use crate::domain::placement::{Placement, Placements};
use crate::domain::problem::{Code, Problem};
use crate::providers::Entry;
use crate::providers::data::Observation;
use crate::providers::link::Linked;
use crate::store::{Connection, ConnectionProduct, RevokedObject, Session, TenantTx, placements};

impl Linking {
    /// Where the connection is, with what the provider says that its institution has.
    pub(super) async fn relink_target(&self, connection: &Connection) -> Result<Target, Problem> {
        let target = self.repair_target(connection)?;
        let Some(at_provider) = &target.provider_institution_id else { return Ok(target) };
        let provider = target.entry.id();
        let institution = self.store.find_institution(provider, at_provider).await?;
        let here = institution.into_iter().flat_map(|one| one.providers).find(|at| at.service_provider == provider);
        let institution_products = here.map(|at| at.products.into_iter().collect()).unwrap_or_default();
        Ok(Target { institution_products, ..target })
    }

    /// The old link ends with the transaction that stores the new one: its object is revoked at the provider, unless that is the
    /// new one too.
    pub(super) async fn leave_link(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        entry: &Entry,
        linked: &Linked,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let object = connection.provider_connection_id.as_deref().unwrap_or_default();
        if let (Some(credential), true) = (tx.credential(connection.id).await?, object != linked.provider_connection_id)
        {
            let provider = connection.service_provider.unwrap_or(entry.id());
            tx.queue_revocation(RevokedObject::Connection, provider, object, &credential, "RELINKED", now).await?;
        }
        Ok(tx.leave_link(connection.id, now).await?)
    }

    /// What follows the new link beside what follows a first one.
    pub(super) async fn settle_relink(
        &self,
        tx: &mut TenantTx,
        session: &Session,
        connection: &Connection,
        entry: &Entry,
        observation: &Observation,
    ) -> Result<(), Problem> {
        let id = connection.id;
        tx.set_new_accounts(id, false).await?;
        tx.forget_failures(id).await?;
        self.capture(tx, session, connection, entry, &observation.consented).await?;
        let data = serde_json::json!({ "mode": session.mode, "sessionId": session.id });
        tx.emit(id, EventType::ConnectionRepaired, data, self.clock.now()).await?;
        Ok(())
    }
}

/// What a fresh link asks for: everything that the connection has now, and what its session is to add. What once fell away is asked
/// for as it first was; what was never asked for waits for its use.
pub(super) fn wanted(session: &Session, connection: &Connection, rows: &[ConnectionProduct]) -> Placements {
    let mut wanted = placements(rows);
    for &product in session.request.products.iter().chain(&session.request.waiting) {
        if wanted.of(product).is_none() {
            let placement = connection.requested.of(product).unwrap_or(Placement::AdditionalConsented);
            wanted.put(product, placement);
        }
    }
    wanted
}

/// The old link is lost, and the session was for mending it.
pub(super) fn relink_needed(session: &Session) -> Problem {
    let repair = format!("/connections/{}/repair", session.connection_id);
    Problem::new(
        Code::UserActionRequired,
        "The old link cannot be restored. Open a new repair session by a POST to what stands in repair: it links anew under the same id.",
    )
    .with("reasons", serde_json::json!(["RELINK"]))
    .with("repair", repair)
}
