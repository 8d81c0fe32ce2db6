//! The launches of a session: each time that its customer was sent to a provider. The last is the one in use; what an earlier one
//! brings counts as well (F9).

use chrono::{DateTime, Utc};

use super::{Result, Store, TenantTx};
use crate::crypto;
use crate::domain::ids::{ConnectionId, InstitutionId, LaunchId, SessionId, TenantId};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

/// How many launches of one session are remembered; an older one has long been left.
const REMEMBERED: i64 = 10;

/// A launch to be stored.
#[derive(Clone, Debug)]
pub struct NewLaunch {
    /// Through whom.
    pub service_provider: ServiceProvider,
    /// Where; `None` where the customer chooses at the provider.
    pub institution_id: Option<InstitutionId>,
    /// What the provider needs to find its session again.
    pub provider_session: Secret,
    /// What the provider gave for this session and for no other, if it gave such a thing.
    pub issued: Option<Secret>,
    /// How the front end launches it, as JSON.
    pub launch: Secret,
    /// Our state in the provider's redirect.
    pub state: Secret,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// The products that went into it.
    pub sent: Vec<Product>,
    /// The provider's request id.
    pub request_id: Option<String>,
}

/// A launch as it is stored.
#[derive(Clone, Debug)]
pub struct SessionLaunch {
    /// Ours.
    pub id: LaunchId,
    /// Through whom.
    pub service_provider: ServiceProvider,
    /// Where.
    pub institution_id: Option<InstitutionId>,
    /// What the provider needs to find its session again; `None` once it is used up.
    pub provider_session: Option<Secret>,
    /// How the front end launches it, as JSON; `None` once the attempt is over.
    pub launch: Option<Secret>,
    /// Until when; `None` once the attempt is over.
    pub expires_at: Option<DateTime<Utc>>,
    /// What the customer brought back and the provider has not answered for yet.
    pub brought: Option<Secret>,
    /// What the provider handed over and no connection holds yet.
    pub linked: Option<Secret>,
    /// The products that went into it.
    pub sent: Vec<Product>,
}

impl SessionLaunch {
    /// Whether the customer may still be at the provider, or has come back with what is not settled yet.
    pub fn is_open(&self) -> bool {
        self.provider_session.is_some() && (self.expires_at.is_some() || self.brought.is_some())
    }
}

impl TenantTx {
    /// Stores a launch, which is from now on the one in use; `None`, and nothing is stored, where what the provider gave for it is
    /// another launch's, of whichever tenant.
    pub async fn insert_launch(&mut self, session_id: SessionId, new: &NewLaunch) -> Result<Option<LaunchId>> {
        let tenant_id = self.tenant_id.0;
        let id = LaunchId::new();
        let provider_session =
            self.seal("link_launches", id, "provider_session", new.provider_session.expose().as_bytes())?;
        let launch = self.seal("link_launches", id, "launch", new.launch.expose().as_bytes())?;
        let sent: Vec<String> = new.sent.iter().map(|product| product.as_str().to_owned()).collect();
        let inserted = sqlx::query!(
            "insert into link_launches (id, tenant_id, session_id, institution_id, service_provider, provider_session,
                provider_session_hash, state_hash, sent, launch, expires_at, issued_hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (service_provider, issued_hash) do nothing",
            id.0,
            tenant_id,
            session_id.0,
            new.institution_id.map(|id| id.0),
            new.service_provider.as_str(),
            provider_session,
            crypto::hash(new.provider_session.expose().as_bytes()),
            crypto::hash(new.state.expose().as_bytes()),
            &sent,
            launch,
            new.expires_at,
            new.issued.as_ref().map(|issued| crypto::hash(issued.expose().as_bytes()))
        )
        .execute(self.sql())
        .await?;
        if inserted.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query!(
            "delete from link_launches where tenant_id = $1 and session_id = $2 and linked is null and id not in (
                select id from link_launches where tenant_id = $1 and session_id = $2 order by id desc limit $3)",
            tenant_id,
            session_id.0,
            REMEMBERED
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "update link_sessions set last_request_id = coalesce($3, last_request_id) where id = $1 and tenant_id = $2",
            session_id.0,
            tenant_id,
            new.request_id
        )
        .execute(self.sql())
        .await?;
        self.use_launch(session_id, id).await?;
        Ok(Some(id))
    }

    /// Makes a launch the one in use; how an attempt before it was refused is no news any more.
    pub async fn use_launch(&mut self, session_id: SessionId, id: LaunchId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update link_sessions set launch_id = $3, refusal = null, outcome_code = null where id = $1 and tenant_id = $2",
            session_id.0,
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The launches of a session: the one in use, then the others, the newest first.
    pub async fn launches(&mut self, session_id: SessionId) -> Result<Vec<SessionLaunch>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select l.id, l.service_provider as "service_provider: ServiceProvider", l.institution_id, l.provider_session, l.launch,
                l.expires_at, l.brought, l.linked, l.sent as "sent: Vec<Product>"
             from link_launches l join link_sessions s on s.id = l.session_id
             where l.tenant_id = $1 and l.session_id = $2 order by (l.id = s.launch_id) desc nulls last, l.id desc limit $3"#,
            tenant_id,
            session_id.0,
            REMEMBERED
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                let open = |column, sealed: Option<Vec<u8>>| {
                    sealed.map(|sealed| self.open_secret("link_launches", row.id, column, &sealed)).transpose()
                };
                Ok(SessionLaunch {
                    id: row.id.into(),
                    service_provider: row.service_provider,
                    institution_id: row.institution_id.map(Into::into),
                    provider_session: open("provider_session", row.provider_session)?,
                    launch: open("launch", row.launch)?,
                    expires_at: row.expires_at,
                    brought: open("brought", row.brought)?,
                    linked: open("linked", row.linked)?,
                    sent: row.sent,
                })
            })
            .collect()
    }

    /// Where the latest launch of a connection leads: to which provider, and to which institution, where that was chosen before; `None`
    /// where its customer was never sent anywhere (A12).
    pub async fn latest_launch(
        &mut self,
        connection_id: ConnectionId,
    ) -> Result<Option<(ServiceProvider, Option<InstitutionId>)>> {
        let tenant_id = self.tenant_id.0;
        let row = sqlx::query!(
            r#"select l.service_provider as "service_provider: ServiceProvider", l.institution_id
             from link_launches l join link_sessions s on s.id = l.session_id
             where l.tenant_id = $1 and s.connection_id = $2 order by s.id desc, (l.id = s.launch_id) desc nulls last limit 1"#,
            tenant_id,
            connection_id.0
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(row.map(|row| (row.service_provider, row.institution_id.map(Into::into))))
    }

    /// Whether a session has a launch at which there is something to be asked for ([`SessionLaunch::is_open`]).
    pub async fn has_open_launch(&mut self, session_id: SessionId) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            r#"select exists (select from link_launches where tenant_id = $1 and session_id = $2
                and provider_session is not null and (expires_at is not null or brought is not null)) as "open!""#,
            tenant_id,
            session_id.0
        )
        .fetch_one(self.sql())
        .await?)
    }

    /// Keeps what the customer brought back for a launch that is not used up until the provider has answered for it.
    pub async fn set_brought(&mut self, id: LaunchId, brought: &Secret) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("link_launches", id, "brought", brought.expose().as_bytes())?;
        sqlx::query!(
            "update link_launches set brought = $3 where id = $1 and tenant_id = $2 and provider_session is not null",
            id.0,
            tenant_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The provider has answered for what the customer brought back.
    pub async fn forget_brought(&mut self, id: LaunchId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("update link_launches set brought = null where id = $1 and tenant_id = $2", id.0, tenant_id)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// Keeps what the provider handed over until the connection holds it.
    pub async fn set_linked(&mut self, id: LaunchId, linked: &Secret) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("link_launches", id, "linked", linked.expose().as_bytes())?;
        sqlx::query!(
            "update link_launches set linked = $3, brought = null where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The attempt is over: the next try makes a new launch.
    pub async fn end_launch(&mut self, id: LaunchId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update link_launches set launch = null, expires_at = null, brought = null where id = $1 and tenant_id = $2",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The provider's session is used up too: asking for it again would only fail.
    pub async fn use_up_launch(&mut self, id: LaunchId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update link_launches set launch = null, expires_at = null, provider_session = null, brought = null, linked = null
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

/// Whose session it is that a secret belongs to.
#[derive(Clone, Copy, Debug)]
pub struct FoundSession {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The session.
    pub id: SessionId,
    /// The launch, and through whom it was, where the secret is of one.
    pub launch: Option<(LaunchId, ServiceProvider)>,
}

impl Store {
    /// The session that a connect token opens, or that a state or a provider's session belongs to.
    pub async fn find_session(&self, secret: &Secret) -> Result<Option<FoundSession>> {
        let hash = crypto::hash(secret.expose().as_bytes());
        let row = sqlx::query!(
            r#"select id as "id!", tenant_id as "tenant_id!", launch_id, service_provider as "service_provider: ServiceProvider"
             from find_link_session($1)"#,
            hash
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| FoundSession {
            tenant_id: TenantId(row.tenant_id),
            id: SessionId(row.id),
            launch: row.launch_id.map(LaunchId).zip(row.service_provider),
        }))
    }
}
