//! Link and repair sessions, with the steps of each for support.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Error, Result, SessionLaunch, TenantTx};
use crate::crypto;
use crate::domain::ids::{ConnectionId, InstitutionId, LaunchId, SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::{SessionMode, SessionOutcome};

/// What a session was opened with, beside what the connection knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionRequest {
    /// The tenant chose the institution.
    pub institution_id: Option<InstitutionId>,
    /// What the picker searches for at first.
    pub institution_search: Option<String>,
    /// Repair: let the customer change the shared accounts.
    pub account_selection: bool,
    /// Repair: account subtypes by type.
    pub account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// Repair: ask for consent to these.
    pub products: Vec<Product>,
    /// Repair: have the provider keep the login.
    pub store_login: bool,
    /// Repair: let accounts in that were not there at the first import.
    pub new_accounts: bool,
    /// Repair: products whose consent was missing when the session was opened.
    pub waiting: Vec<Product>,
    /// Repair: what a product cannot start without.
    pub product_options: Map<String, Value>,
}

/// A session, without its secrets.
#[derive(Clone, Debug)]
pub struct Session {
    /// Ours.
    pub id: SessionId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Which connection it is for.
    pub connection_id: ConnectionId,
    /// What for.
    pub mode: SessionMode,
    /// How it ended, or `OPEN`.
    pub outcome: SessionOutcome,
    /// Why.
    pub outcome_code: Option<String>,
    /// What it was opened with.
    pub request: SessionRequest,
    /// Where the customer goes afterwards.
    pub redirect_url: Option<String>,
    /// The launch in use, of which the next four tell.
    pub launch_id: Option<LaunchId>,
    /// The institution that was chosen.
    pub institution_id: Option<InstitutionId>,
    /// The provider that was chosen.
    pub service_provider: Option<ServiceProvider>,
    /// The products that went into it.
    pub sent: Vec<Product>,
    /// Until when it can be used; `None` once the attempt is over.
    pub launch_expires_at: Option<DateTime<Utc>>,
    /// The provider's id of its session.
    pub provider_session_id: Option<String>,
    /// The provider's id of the last request.
    pub last_request_id: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Session {
    /// The session as one of its launches has it, whether or not that is the one in use.
    pub fn of(&self, launch: &SessionLaunch) -> Self {
        Self {
            launch_id: Some(launch.id),
            institution_id: launch.institution_id,
            service_provider: Some(launch.service_provider),
            sent: launch.sent.clone(),
            launch_expires_at: launch.expires_at,
            ..self.clone()
        }
    }
}

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Which connection it is for.
    pub connection_id: ConnectionId,
    /// What for.
    pub mode: SessionMode,
    /// What it was opened with.
    pub request: SessionRequest,
    /// Where the customer goes afterwards.
    pub redirect_url: Option<String>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// One step of a session.
#[derive(Clone, Debug)]
pub struct SessionStep {
    /// What happened.
    pub step: String,
    /// More.
    pub detail: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl TenantTx {
    /// Stores a session; the token opens it, and only its hash is kept.
    pub async fn insert_session(&mut self, new: &NewSession, token: &Secret, now: DateTime<Utc>) -> Result<SessionId> {
        let tenant_id = self.tenant_id.0;
        let id = SessionId::new();
        let request = serde_json::to_value(&new.request).map_err(|error| Error::Unreadable(error.to_string()))?;
        sqlx::query!(
            "insert into link_sessions (id, tenant_id, connection_id, mode, token_hash, outcome, request, redirect_url, created_at, expires_at)
             values ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9)",
            id.0,
            tenant_id,
            new.connection_id.0,
            new.mode.as_str(),
            crypto::hash(token.expose().as_bytes()),
            request,
            new.redirect_url,
            now,
            new.expires_at
        )
        .execute(self.sql())
        .await?;
        self.record_step(id, "OPENED", None, now).await?;
        Ok(id)
    }

    /// One session.
    pub async fn session(&mut self, id: SessionId) -> Result<Option<Session>> {
        Ok(self.sessions(None, None, 1, Some(id)).await?.into_iter().next())
    }

    /// A page of sessions, oldest first.
    pub async fn sessions(
        &mut self,
        connection_id: Option<ConnectionId>,
        after: Option<SessionId>,
        limit: i64,
        only: Option<SessionId>,
    ) -> Result<Vec<Session>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select s.id, s.tenant_id, connection_id, mode as "mode: SessionMode", outcome as "outcome: SessionOutcome", outcome_code, request,
                redirect_url, launch_id, l.institution_id, l.service_provider as "service_provider?: ServiceProvider",
                l.sent as "sent?: Vec<Product>", l.expires_at as "launch_expires_at?", provider_session_id, last_request_id, created_at,
                s.expires_at, finished_at
             from link_sessions s left join link_launches l on l.id = s.launch_id
             where s.tenant_id = $1 and ($2::uuid is null or connection_id = $2) and ($3::uuid is null or s.id > $3) and ($5::uuid is null or s.id = $5)
             order by s.id limit $4"#,
            tenant_id,
            connection_id.map(|id| id.0),
            after.map(|id| id.0),
            limit,
            only.map(|id| id.0)
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Session {
                    id: row.id.into(),
                    tenant_id: row.tenant_id.into(),
                    connection_id: row.connection_id.into(),
                    mode: row.mode,
                    outcome: row.outcome,
                    outcome_code: row.outcome_code,
                    request: serde_json::from_value(row.request)
                        .map_err(|error| Error::Unreadable(error.to_string()))?,
                    redirect_url: row.redirect_url,
                    launch_id: row.launch_id.map(Into::into),
                    institution_id: row.institution_id.map(Into::into),
                    service_provider: row.service_provider,
                    sent: row.sent.unwrap_or_default(),
                    launch_expires_at: row.launch_expires_at,
                    provider_session_id: row.provider_session_id,
                    last_request_id: row.last_request_id,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    finished_at: row.finished_at,
                })
            })
            .collect()
    }

    /// Sessions of a connection that are still open.
    pub async fn open_sessions(&mut self, connection_id: ConnectionId) -> Result<Vec<SessionId>> {
        let tenant_id = self.tenant_id.0;
        let ids = sqlx::query_scalar!(
            "select id from link_sessions where tenant_id = $1 and connection_id = $2 and outcome = 'OPEN' order by id",
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        Ok(ids.into_iter().map(SessionId).collect())
    }

    /// Sessions of a connection that are still open no longer ask for a product.
    pub async fn withdraw_from_sessions(&mut self, connection_id: ConnectionId, product: Product) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update link_sessions set request = request || jsonb_build_object(
                'products', coalesce(request->'products', '[]') - $3::text, 'waiting', coalesce(request->'waiting', '[]') - $3::text)
             where tenant_id = $1 and connection_id = $2 and outcome = 'OPEN'",
            tenant_id,
            connection_id.0,
            product.as_str()
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// How the last attempt was refused.
    pub async fn refusal(&mut self, id: SessionId) -> Result<Option<Problem>> {
        let tenant_id = self.tenant_id.0;
        let stored =
            sqlx::query_scalar!("select refusal from link_sessions where id = $1 and tenant_id = $2", id.0, tenant_id)
                .fetch_optional(self.sql())
                .await?
                .flatten();
        stored
            .map(|value| serde_json::from_value(value).map_err(|error| Error::Unreadable(error.to_string())))
            .transpose()
    }

    /// Ends a session and forgets its secrets, all but the one by which a late completion is recognised.
    pub async fn finish_session(
        &mut self,
        id: SessionId,
        outcome: SessionOutcome,
        code: Option<&str>,
        provider_session_id: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "with launches as (update link_launches set launch = null, linked = null where session_id = $1 and tenant_id = $2)
             update link_sessions set outcome = $3, outcome_code = $4, provider_session_id = coalesce($5, provider_session_id), finished_at = $6
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            outcome.as_str(),
            code,
            provider_session_id,
            now
        )
        .execute(self.sql())
        .await?;
        self.record_step(id, outcome.as_str(), code, now).await
    }

    /// Notes the end of an attempt that leaves the session open, and how it was refused.
    pub async fn note_attempt(
        &mut self,
        id: SessionId,
        code: &str,
        provider_session_id: Option<&str>,
        refusal: Option<&Problem>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let refusal =
            refusal.map(serde_json::to_value).transpose().map_err(|error| Error::Unreadable(error.to_string()))?;
        sqlx::query!(
            "update link_sessions set outcome_code = $3, provider_session_id = coalesce($4, provider_session_id), refusal = $5
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            code,
            provider_session_id,
            refusal
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Adds a step.
    pub async fn record_step(
        &mut self,
        id: SessionId,
        step: &str,
        detail: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into link_steps (tenant_id, session_id, step, detail, at) values ($1, $2, $3, $4, $5)",
            tenant_id,
            id.0,
            step,
            detail,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The steps of sessions, oldest first; of each the first 200.
    pub async fn steps(&mut self, of: &[SessionId]) -> Result<HashMap<SessionId, Vec<SessionStep>>> {
        let tenant_id = self.tenant_id.0;
        let ids: Vec<Uuid> = of.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"select s.id as "session_id!", l.step, l.detail, l.at
             from unnest($2::uuid[]) as s (id) cross join lateral (
                 select id, step, detail, at from link_steps where tenant_id = $1 and session_id = s.id order by id limit 200
             ) l order by l.id"#,
            tenant_id,
            &ids
        )
        .fetch_all(self.sql())
        .await?;
        let mut steps: HashMap<SessionId, Vec<SessionStep>> = HashMap::new();
        for row in rows {
            let step = SessionStep { step: row.step, detail: row.detail, at: row.at };
            steps.entry(row.session_id.into()).or_default().push(step);
        }
        Ok(steps)
    }
}
