//! What outlives a connection: its revocation at the provider, and the provider's webhooks before they are acted on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Error, JobKind, NewJob, Result, Store, TenantTx};
use crate::crypto::{self, Place};
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

wire_enum! {
    /// What is ended at the provider.
    pub enum RevokedObject {
        /// A connection's object; what is kept is its credential.
        Connection = "CONNECTION",
        /// A report that was made of one; what is kept is the report's token.
        AssetReport = "ASSET_REPORT",
    }
}

/// What is to be revoked.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Ours.
    pub id: Uuid,
    /// What.
    pub object: RevokedObject,
    /// At whom.
    pub service_provider: ServiceProvider,
    /// The credential; `None` once the provider has confirmed.
    pub credential: Option<Secret>,
    /// Since when it is tried.
    pub created_at: DateTime<Utc>,
}

/// A webhook as it came in.
#[derive(Clone, Debug)]
pub struct InboundWebhook {
    /// From whom.
    pub service_provider: ServiceProvider,
    /// The verified body.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

impl TenantTx {
    /// Keeps a credential until it has been revoked at the provider, and queues that.
    pub async fn queue_revocation(
        &mut self,
        object: RevokedObject,
        provider: ServiceProvider,
        provider_object_id: &str,
        credential: &Secret,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let id = Uuid::now_v7();
        let sealed = self.seal("revocations", id, "credential", credential.expose().as_bytes())?;
        sqlx::query!(
            "insert into revocations (id, tenant_id, object, service_provider, provider_object_id, credential, cause, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            id,
            tenant_id,
            object.as_str(),
            provider.as_str(),
            provider_object_id,
            sealed,
            cause,
            now
        )
        .execute(self.sql())
        .await?;
        let payload = serde_json::json!({ "tenantId": self.tenant_id });
        self.enqueue(&NewJob { kind: JobKind::Revoke, key: id.to_string(), payload, run_at: now }).await
    }

    /// A revocation.
    pub async fn revocation(&mut self, id: Uuid) -> Result<Option<Revocation>> {
        let tenant_id = self.tenant_id.0;
        let row = sqlx::query!(
            r#"select object as "object: RevokedObject", service_provider as "service_provider: ServiceProvider", credential, created_at
             from revocations where id = $1 and tenant_id = $2"#,
            id,
            tenant_id
        )
        .fetch_optional(self.sql())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let credential =
            row.credential.map(|sealed| self.open_secret("revocations", id, "credential", &sealed)).transpose()?;
        Ok(Some(Revocation {
            id,
            object: row.object,
            service_provider: row.service_provider,
            credential,
            created_at: row.created_at,
        }))
    }

    /// The credential was renewed before it is revoked.
    pub async fn renew_revocation(&mut self, id: Uuid, credential: &Secret) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("revocations", id, "credential", credential.expose().as_bytes())?;
        sqlx::query!(
            "update revocations set credential = $3 where id = $1 and tenant_id = $2 and credential is not null",
            id,
            tenant_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The provider has confirmed, or it is given up: the credential is erased, and the end is written to the audit log.
    pub async fn end_revocation(&mut self, id: Uuid, confirmed: bool, now: DateTime<Utc>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update revocations set credential = null, confirmed_at = case when $3 then $4::timestamptz end, given_up_at = case when not $3 then $4::timestamptz end
             where id = $1 and tenant_id = $2",
            id,
            tenant_id,
            confirmed,
            now
        )
        .execute(self.sql())
        .await?;
        self.audit("linkspan", if confirmed { "REVOKED" } else { "REVOCATION_GIVEN_UP" }, id).await
    }

    /// Everything of a connection but its own row goes; that row loses its credential (F7).
    pub async fn erase_connection(&mut self, id: ConnectionId) -> Result<()> {
        self.erase_account_data(id, None).await?;
        self.forget_shown(id).await?;
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from connection_products where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        sqlx::query!("delete from asset_reports where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        sqlx::query!("delete from refreshes where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        sqlx::query!(
            "update connections set credential = null, next_read_at = null, new_accounts_available = false, consented = '{}',
                consent_expires_at = null, stale_since = null
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        // Whoever holds the lease now finds it lost when it writes.
        sqlx::query!(
            "update connection_leases set fence = fence + 1, lease_until = '-infinity' where connection_id = $1",
            id.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

fn webhook_place(id: Uuid) -> Place<'static> {
    Place { tenant: TenantId(Uuid::nil()).0, table: "inbound_webhooks", row: id, column: "sealed" }
}

impl Store {
    /// Seals and stores a verified webhook; `None` where one with the same mark is there already.
    pub async fn put_webhook(
        &self,
        provider: ServiceProvider,
        body: &[u8],
        mark: &[u8],
        job: impl FnOnce(Uuid) -> super::NewJob,
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>> {
        let id = Uuid::now_v7();
        let sealed = self.vault()?.seal(webhook_place(id), body)?;
        let mut tx = self.begin().await?;
        let stored = sqlx::query!(
            "insert into inbound_webhooks (id, service_provider, body_hash, sealed, received_at) values ($1, $2, $3, $4, $5)
             on conflict on constraint inbound_webhooks_once do nothing",
            id,
            provider.as_str(),
            crypto::hash(mark),
            sealed,
            now
        )
        .execute(&mut *tx)
        .await?;
        if stored.rows_affected() == 0 {
            return Ok(None);
        }
        super::jobs::enqueue(&mut tx, &job(id)).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// A stored webhook, opened.
    pub async fn webhook(&self, id: Uuid) -> Result<Option<InboundWebhook>> {
        let row = sqlx::query!(
            r#"select service_provider as "service_provider: ServiceProvider", sealed, received_at from inbound_webhooks where id = $1"#,
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let body = self.vault()?.open(webhook_place(id), &row.sealed).map_err(Error::from)?;
        Ok(Some(InboundWebhook { service_provider: row.service_provider, body, received_at: row.received_at }))
    }

    /// Forgets webhooks that came before that time; until then they are known as replayed.
    pub async fn forget_webhooks(&self, before: DateTime<Utc>) -> Result<u64> {
        Ok(sqlx::query!("delete from inbound_webhooks where received_at < $1", before)
            .execute(&self.pool)
            .await?
            .rows_affected())
    }
}
