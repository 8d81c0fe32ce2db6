//! Tenants and their API keys.

use chrono::{DateTime, Utc};

use super::{Result, Store};
use crate::crypto;
use crate::domain::ids::{ApiKeyId, TenantId};
use crate::domain::secret::Secret;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read.
    Read,
    /// Read and change.
    Write,
    /// Everything, keys included.
    Admin,
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err("a role is one of admin, write, read".into()),
        }
    }
}

impl Role {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Who a key belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// What it may do.
    pub role: Role,
    /// Whether the tenant is the sandbox's.
    pub sandbox: bool,
}

impl Store {
    /// Who that API key belongs to, if it is valid at that time.
    pub async fn caller(&self, key: &str, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let row = sqlx::query!(
            r#"select id as "id!", tenant_id as "tenant_id!", role as "role!", sandbox as "sandbox!", expires_at from find_api_key($1)"#,
            crypto::hash(key.as_bytes())
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Ok(None);
        }
        let role = row.role.parse().map_err(super::Error::Unreadable)?;
        Ok(Some(Caller {
            api_key_id: ApiKeyId(row.id),
            tenant_id: TenantId(row.tenant_id),
            role,
            sandbox: row.sandbox,
        }))
    }

    /// The tenant with that name, made where there is none.
    pub async fn ensure_tenant(&self, name: &str, sandbox: bool) -> Result<TenantId> {
        let id = sqlx::query_scalar!(
            "insert into tenants (id, name, sandbox) values ($1, $2, $3)
             on conflict (name) do update set sandbox = tenants.sandbox returning id",
            TenantId::new().0,
            name,
            sandbox
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(TenantId(id))
    }

    /// Makes this the one key that the sandbox's tenant was started with: an earlier one of that kind opens nothing any more.
    pub async fn put_sandbox_key(&self, tenant_id: TenantId, key: &Secret) -> Result<()> {
        let hash = crypto::hash(key.expose().as_bytes());
        let mut tx = self.tenant(tenant_id).begin().await?;
        sqlx::query!(
            "update api_keys set revoked_at = now() where tenant_id = $1 and of_sandbox and hash <> $2 and revoked_at is null",
            tenant_id.0,
            hash
        )
        .execute(tx.sql())
        .await?;
        sqlx::query!(
            "insert into api_keys (id, tenant_id, role, hash, of_sandbox) values ($1, $2, $3, $4, true)
             on conflict (hash) do update set revoked_at = null where api_keys.tenant_id = excluded.tenant_id and api_keys.of_sandbox",
            ApiKeyId::new().0,
            tenant_id.0,
            Role::Admin.as_str(),
            hash
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }

    /// Stores a key's hash for a tenant; a key that is there already stays as it is.
    pub async fn put_api_key(&self, tenant_id: TenantId, role: Role, key: &Secret) -> Result<()> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        sqlx::query!(
            "insert into api_keys (id, tenant_id, role, hash) values ($1, $2, $3, $4) on conflict (hash) do nothing",
            ApiKeyId::new().0,
            tenant_id.0,
            role.as_str(),
            crypto::hash(key.expose().as_bytes())
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }
}
