//! What happens to sessions without the customer: they run out, the provider's webhook names them, their page is left.

use chrono::{DateTime, TimeDelta, Utc};

use super::complete::{News, When};
use super::{Completion, Linking};
use crate::domain::connection::{Condition, Status};
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::providers::link::LinkInput;
use crate::store::Session;

/// How long the last look at a session is tried where the provider does not answer.
const LAST_LOOK: TimeDelta = TimeDelta::hours(1);

impl Linking {
    /// Asks how an open session stands; when to ask again, or `None` where there is nothing left to ask.
    pub async fn poll(&self, tenant_id: TenantId, session_id: SessionId) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(session) = self.find(tenant_id, session_id).await? else { return Ok(None) };
        let now = self.clock.now();
        if session.outcome == SessionOutcome::Completed {
            return self.poll_left(tenant_id, &session).await;
        }
        if session.outcome != SessionOutcome::Open || session.expires_at <= now || !self.is_launched(&session).await? {
            return Ok(None);
        }
        match self.complete(tenant_id, session_id, LinkInput::Nothing).await {
            Ok(Completion::Pending(_)) => Ok(Some(now + pause(now - session.created_at))),
            Ok(Completion::Done(_)) => Ok(Some(now)),
            Err(problem) if problem.code.status() >= 500 => Err(problem),
            // The attempt ended; where the customer may be in another, that is asked for.
            Err(_) => Ok(self.is_launched(&session).await?.then(|| now + pause(now - session.created_at))),
        }
    }

    /// The customer has linked, but may be in an earlier launch still: what appears there is revoked.
    async fn poll_left(&self, tenant_id: TenantId, session: &Session) -> Result<Option<DateTime<Utc>>, Problem> {
        let now = self.clock.now();
        let mut again = None;
        for launch in self.left_launches(tenant_id, session).await? {
            if launch.expires_at.is_some_and(|end| end > now) {
                self.complete_by(tenant_id, session.id, News::in_time(LinkInput::Nothing, Some(launch.id))).await?;
                again = Some(now + pause(now - session.created_at));
            }
        }
        Ok(again)
    }

    /// Asks once more how a session stands whose time is over, so that a customer who finished in the last moment is not lost (F9).
    pub async fn last_look(&self, tenant_id: TenantId, session_id: SessionId) -> Result<(), Problem> {
        let Some(session) = self.find(tenant_id, session_id).await? else { return Ok(()) };
        let over_for = self.clock.now() - session.expires_at;
        if session.outcome != SessionOutcome::Open
            || over_for < TimeDelta::zero()
            || !self.is_launched(&session).await?
        {
            return Ok(());
        }
        let news = News { input: LinkInput::Nothing, launch: None, when: When::LastLook };
        match self.complete_by(tenant_id, session_id, news).await {
            Err(problem) if problem.code.status() >= 500 && over_for < LAST_LOOK => Err(problem),
            _ => Ok(()),
        }
    }

    /// Whether the customer of a session may be at a provider.
    async fn is_launched(&self, session: &Session) -> Result<bool, Problem> {
        let mut tx = self.tenant(session.tenant_id).begin().await?;
        let is_launched = tx.has_open_launch(session.id).await?;
        tx.commit().await?;
        Ok(is_launched)
    }

    /// Ends a session whose time is over; when it is to be tried again, if it is not over yet.
    pub async fn expire(&self, tenant_id: TenantId, session_id: SessionId) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(session) = self.find(tenant_id, session_id).await? else { return Ok(None) };
        let now = self.clock.now();
        if session.outcome != SessionOutcome::Open {
            return Ok(None);
        }
        if session.expires_at > now {
            return Ok(Some(session.expires_at));
        }
        let mut tx = self.tenant(tenant_id).begin().await?;
        let connection = tx.lock_connection(session.connection_id).await?;
        self.give_back(&mut tx, &session).await?;
        tx.finish_session(session_id, SessionOutcome::Expired, session.outcome_code.as_deref(), None, now).await?;
        self.abandon_selection(&mut tx, &session).await?;
        if let Some(connection) = connection.filter(|connection| connection.condition.status == Status::InProgress) {
            let expired = Condition { status: Status::Expired, reason: None };
            tx.change_condition(connection.id, expired, None, "SESSION_EXPIRED", now).await?;
        }
        tx.commit().await?;
        Ok(None)
    }

    /// The provider says that a session may be over; whose it is, is found by the provider's own token.
    pub async fn session_finished(&self, provider_session: &Secret) -> Result<(), Problem> {
        let Some(found) = self.store.find_session(provider_session).await? else { return Ok(()) };
        let news = News::in_time(LinkInput::Nothing, found.launch.map(|(id, _)| id));
        match self.complete_by(found.tenant_id, found.id, news).await {
            Err(problem) if problem.code.status() >= 500 => Err(problem),
            Err(problem) => {
                tracing::info!(session_id = %found.id, code = %problem.code, "a provider's session ended without a link");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// The provider's redirect came back with our state: runs the completion; the session, for sending the customer on.
    pub async fn returned(
        &self,
        provider: crate::domain::service_provider::ServiceProvider,
        state: &Secret,
        query: std::collections::BTreeMap<String, String>,
    ) -> Result<(Session, Result<Completion, Problem>), Problem> {
        let wrong = || {
            Problem::invalid(
                "state",
                "UNKNOWN",
                "This return address belongs to no session. Go back to the application and start again.",
            )
        };
        if !state.expose().starts_with("st_") {
            return Err(wrong());
        }
        let found = self.store.find_session(state).await?.ok_or_else(wrong)?;
        let (launch, _) = found.launch.filter(|(_, through)| *through == provider).ok_or_else(wrong)?;
        let news = News::in_time(LinkInput::Callback(query), Some(launch));
        let completion = self.complete_by(found.tenant_id, found.id, news).await;
        let session = self.find(found.tenant_id, found.id).await?.ok_or_else(wrong)?;
        Ok((session, completion))
    }

    /// The customer leaves for good: the session ends; a first link that was not finished stays until its time is over.
    pub async fn cancel(&self, tenant_id: TenantId, session_id: SessionId) -> Result<Session, Problem> {
        let session = self.find(tenant_id, session_id).await?.ok_or_else(Problem::not_found)?;
        let mut tx = self.tenant(tenant_id).begin().await?;
        if session.outcome == SessionOutcome::Open {
            tx.note_attempt(session_id, "CANCELLED", None, None).await?;
            tx.record_step(session_id, "LEFT", None, self.clock.now()).await?;
            self.abandon_selection(&mut tx, &session).await?;
            if session.mode != SessionMode::Connect {
                self.give_back(&mut tx, &session).await?;
                tx.finish_session(session_id, SessionOutcome::Cancelled, Some("CANCELLED"), None, self.clock.now())
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(session)
    }

    async fn find(&self, tenant_id: TenantId, session_id: SessionId) -> Result<Option<Session>, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let session = tx.session(session_id).await?;
        tx.commit().await?;
        Ok(session)
    }
}

/// How long to wait before asking again: often at first, then ever more rarely, at most every ten minutes.
fn pause(age: TimeDelta) -> TimeDelta {
    (age / 4).clamp(TimeDelta::seconds(10), TimeDelta::minutes(10))
}

impl Linking {
    /// `redirectUrl` with the connection and the outcome, its own query kept, never a token.
    pub fn return_address(&self, session: &Session, outcome: &str) -> Option<String> {
        let mut url: url::Url = session.redirect_url.as_deref()?.parse().ok()?;
        url.query_pairs_mut()
            .append_pair("connectionId", &session.connection_id.to_string())
            .append_pair("outcome", outcome);
        Some(url.into())
    }
}
