//! What no connection wants of what a provider handed over: it is revoked there, so that nothing is billed unseen (F9).

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::Linking;
use super::complete::News;
use crate::domain::ids::TenantId;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::session::SessionOutcome;
use crate::providers::link::{LinkContinuation, LinkInput, LinkProgress, Linked};
use crate::providers::{Entry, Persistence};
use crate::store::{self, RevokedObject, Session, SessionLaunch, TenantTx};

/// How often, and after which pause, what a provider handed over is tried to be kept where the database is away.
const KEEP_TRIES: u32 = 20;
const KEEP_PAUSE: Duration = Duration::from_millis(500);

impl Linking {
    /// Keeps what the provider handed over, so that a crash from here on loses nothing, whoever holds the connection's lease by now.
    /// Where the session has ended meanwhile, nobody wants it any more.
    pub(super) async fn keep_linked(
        &self,
        tenant_id: TenantId,
        session: &Session,
        entry: &Entry,
        linked: &Linked,
    ) -> Result<(), Problem> {
        let mut tries = 1..=KEEP_TRIES;
        loop {
            match (self.try_to_keep(tenant_id, session, linked).await, tries.next()) {
                (Ok(true), _) => return Ok(()),
                (Ok(false), _) => break,
                (Err(store::Error::Away(_) | store::Error::Busy(_)), Some(_)) => tokio::time::sleep(KEEP_PAUSE).await,
                (Err(error), _) => return Err(error.into()),
            }
        }
        self.revoke(tenant_id, session, entry, linked, "SESSION_OVER").await?;
        let detail = "The session has ended meanwhile; what was linked is removed at the provider.";
        Err(Problem::new(Code::ConnectSessionFinished, detail))
    }

    /// Whether it was kept.
    async fn try_to_keep(&self, tenant_id: TenantId, session: &Session, linked: &Linked) -> store::Result<bool> {
        let id = &linked.provider_connection_id;
        let text = json!([linked.credential.expose(), id, linked.provider_session_id, linked.withheld]);
        let mut tx = self.tenant(tenant_id).begin().await?;
        // Whoever ends a session holds this row too, and gives back what is kept.
        tx.lock_row(session.connection_id).await?;
        let stored = tx.session(session.id).await?;
        let (Some(launch), true) = (session.launch_id, stored.is_some_and(|one| one.outcome == SessionOutcome::Open))
        else {
            return Ok(false);
        };
        tx.set_linked(launch, &Secret::new(text.to_string())).await?;
        tx.use_launch(session.id, launch).await?;
        tx.record_step(session.id, "LINKED_AT_PROVIDER", None, self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// News of a session that is over: what it tells of is revoked at the provider, besides what the connection works by. Under the
    /// connection's lease, for several may tell of it at once.
    pub(super) async fn retire(&self, tenant_id: TenantId, session: &Session, news: &News) -> Result<(), Problem> {
        for launch in self.left_launches(tenant_id, session).await? {
            if news.is_of(session, &launch) {
                self.retire_launch(tenant_id, &session.of(&launch), &launch, news.input.clone()).await?;
            }
        }
        Ok(())
    }

    /// The launches of a session that is over, by which something may still appear at the provider.
    pub(super) async fn left_launches(
        &self,
        tenant_id: TenantId,
        session: &Session,
    ) -> Result<Vec<SessionLaunch>, Problem> {
        if !session.mode.links() {
            return Ok(Vec::new());
        }
        let mut tx = self.tenant(tenant_id).begin().await?;
        let mut launches = tx.launches(session.id).await?;
        tx.commit().await?;
        let brought = session.launch_id.filter(|_| session.outcome == SessionOutcome::Completed);
        launches.retain(|launch| launch.provider_session.is_some() && Some(launch.id) != brought);
        Ok(launches)
    }

    async fn retire_launch(
        &self,
        tenant_id: TenantId,
        session: &Session,
        launch: &SessionLaunch,
        input: LinkInput,
    ) -> Result<(), Problem> {
        let Some(provider_session) = launch.provider_session.clone() else { return Ok(()) };
        let entry = self.registry.require(session.service_provider)?;
        let mut tx = self.tenant(tenant_id).begin().await?;
        let product_options = Self::product_options(&mut tx, session).await?;
        tx.commit().await?;
        let products = session.sent.clone();
        let continuation = LinkContinuation { provider_session, credential: None, products, product_options, input };
        match entry.provider.continue_link(&entry.in_request(&self.clock), &continuation).await {
            Ok(LinkProgress::Linked(linked)) => self.revoke(tenant_id, session, entry, &linked, "SESSION_OVER").await,
            Ok(LinkProgress::Ended(_)) => {
                let mut tx = self.tenant(tenant_id).begin().await?;
                tx.end_launch(launch.id).await?;
                Ok(tx.commit().await?)
            }
            // Whoever told of it asks again: a webhook is not done with before this has been looked at.
            Err(failure) if failure.persistence == Persistence::Temporary => Err(entry.problem(failure)),
            _ => Ok(()),
        }
    }

    /// What the provider has handed over for a session that ends before it could be settled is revoked there, besides what a
    /// connection works by.
    pub(super) async fn give_back(&self, tx: &mut TenantTx, session: &Session) -> Result<(), Problem> {
        let now = self.clock.now();
        for launch in tx.launches(session.id).await? {
            let Some(linked) = launch.linked.as_ref().and_then(read_linked) else { continue };
            let (provider, object) = (launch.service_provider, &linked.provider_connection_id);
            tx.use_up_launch(launch.id).await?;
            if !tx.is_held(provider, object).await? {
                tx.queue_revocation(
                    RevokedObject::Connection,
                    provider,
                    object,
                    &linked.credential,
                    "SESSION_OVER",
                    now,
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Hands a credential that no connection wants over to its revocation, unless another connection works by the same object.
    pub(super) async fn revoke(
        &self,
        tenant_id: TenantId,
        session: &Session,
        entry: &Entry,
        linked: &Linked,
        cause: &str,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut tx = self.tenant(tenant_id).begin().await?;
        if let Some(launch) = session.launch_id {
            tx.use_up_launch(launch).await?;
        }
        let object = &linked.provider_connection_id;
        if !tx.is_held(entry.id(), object).await? {
            tx.queue_revocation(RevokedObject::Connection, entry.id(), object, &linked.credential, cause, now).await?;
            tx.record_step(session.id, "REVOKED_AT_PROVIDER", Some(cause), now).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What was kept of a link, read back.
pub(super) fn read_linked(text: &Secret) -> Option<Linked> {
    let (credential, provider_connection_id, provider_session_id, withheld) =
        serde_json::from_str::<(String, String, Option<String>, BTreeSet<Product>)>(text.expose()).ok()?;
    Some(Linked { credential: Secret::new(credential), provider_connection_id, provider_session_id, withheld })
}
