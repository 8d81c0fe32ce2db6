//! Accounts, who each is at the provider, and their sealed numbers and owners.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, Result, TenantTx};
use crate::domain::account::{AccountStatus, AccountSubtype, AccountType, Balances};
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, InstitutionId};
use crate::domain::service_provider::ServiceProvider;

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Ours, for life.
    pub id: AccountId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Where.
    pub institution_id: Option<InstitutionId>,
    /// Its name.
    pub name: String,
    /// Last digits.
    pub mask: Option<String>,
    /// Coarse type.
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// Whether it is still there.
    pub status: AccountStatus,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What it holds.
    pub balances: Balances,
    /// An id that survives a relink.
    pub persistent_id: Option<String>,
    /// The provider's id now.
    pub provider_account_id: Option<String>,
}

/// What is written of an account.
#[derive(Clone, Debug)]
pub struct AccountFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Last digits.
    pub mask: Option<&'a str>,
    /// Coarse type.
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// ISO 4217.
    pub currency: Option<&'a str>,
    /// What it holds; `None` leaves what is stored as it is.
    pub balances: Option<&'a Balances>,
    /// An id that survives a relink.
    pub persistent_id: Option<&'a str>,
}

/// Which accounts are wanted.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Of that connection.
    pub connection_id: Option<ConnectionId>,
    /// Of that customer.
    pub customer_id: Option<CustomerId>,
    /// In that status.
    pub status: Option<AccountStatus>,
}

/// Which sealed part of an account.
#[derive(Clone, Copy, Debug)]
pub enum AccountSecret {
    /// Full numbers.
    Identifiers,
    /// People.
    Owners,
    /// What the provider itself last said.
    ProviderData,
}

impl AccountSecret {
    fn as_str(self) -> &'static str {
        match self {
            Self::Identifiers => "IDENTIFIERS",
            Self::Owners => "OWNERS",
            Self::ProviderData => "PROVIDER_DATA",
        }
    }
}

impl TenantTx {
    /// A page of accounts, in the order in which they appeared.
    pub async fn accounts(
        &mut self,
        filter: &AccountFilter,
        after: Option<AccountId>,
        limit: i64,
        only: Option<AccountId>,
    ) -> Result<Vec<Account>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select a.id, a.connection_id, c.customer_id, c.institution_id, a.name, a.mask, a.type as "account_type: AccountType",
                a.subtype as "subtype: AccountSubtype", a.status as "status: AccountStatus", a.currency, a.current, a.available,
                a.credit_limit, a.balances_updated_at, a.persistent_id, l.provider_account_id as "provider_account_id?"
             from accounts a join connections c on c.id = a.connection_id
                left join account_links l on l.account_id = a.id and l.valid_to is null
             where a.tenant_id = $1 and c.tenant_id = $1
               and ($2::uuid is null or a.connection_id = $2) and ($3::uuid is null or c.customer_id = $3)
               and ($4::text is null or a.status = $4) and ($5::uuid is null or a.id > $5) and ($6::uuid is null or a.id = $6)
             order by a.id limit $7"#,
            tenant_id,
            filter.connection_id.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            filter.status.map(AccountStatus::as_str),
            after.map(|id| id.0),
            only.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Account {
                id: row.id.into(),
                connection_id: row.connection_id.into(),
                customer_id: row.customer_id.into(),
                institution_id: row.institution_id.map(Into::into),
                name: row.name,
                mask: row.mask,
                account_type: row.account_type,
                subtype: row.subtype,
                status: row.status,
                currency: row.currency,
                balances: Balances {
                    current: row.current,
                    available: row.available,
                    limit: row.credit_limit,
                    updated_at: row.balances_updated_at,
                },
                persistent_id: row.persistent_id,
                provider_account_id: row.provider_account_id,
            })
            .collect())
    }

    /// One account; `None` where it is unknown or somebody else's.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        Ok(self.accounts(&AccountFilter::default(), None, 1, Some(id)).await?.into_iter().next())
    }

    /// Our ids of the accounts of a connection, by the provider's ids.
    pub async fn account_ids(&mut self, connection_id: ConnectionId) -> Result<HashMap<String, AccountId>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select provider_account_id, account_id from account_links
             where tenant_id = $1 and connection_id = $2 and valid_to is null",
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(|row| (row.provider_account_id, AccountId(row.account_id))).collect())
    }

    /// The accounts that are shared no longer.
    pub async fn removed_accounts(&mut self, connection_id: ConnectionId) -> Result<HashSet<AccountId>> {
        let tenant_id = self.tenant_id.0;
        let ids = sqlx::query_scalar!(
            "select id from accounts where tenant_id = $1 and connection_id = $2 and status = 'REMOVED'",
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        Ok(ids.into_iter().map(AccountId).collect())
    }

    /// Stores an account that is new, with who it is at the provider.
    pub async fn insert_account(
        &mut self,
        connection_id: ConnectionId,
        provider: ServiceProvider,
        provider_account_id: &str,
        facts: &AccountFacts<'_>,
        now: DateTime<Utc>,
    ) -> Result<AccountId> {
        let tenant_id = self.tenant_id.0;
        let id = AccountId::new();
        let empty: Option<Decimal> = None;
        sqlx::query!(
            "insert into accounts (id, tenant_id, connection_id, name, type, subtype, status, current, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, 'OPEN', $7, $8, $8)",
            id.0,
            tenant_id,
            connection_id.0,
            facts.name,
            facts.account_type.as_str(),
            facts.subtype.as_str(),
            empty,
            now
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "insert into account_links (tenant_id, connection_id, account_id, service_provider, provider_account_id, valid_from)
             values ($1, $2, $3, $4, $5, $6)",
            tenant_id,
            connection_id.0,
            id.0,
            provider.as_str(),
            provider_account_id,
            now
        )
        .execute(self.sql())
        .await?;
        self.update_account(id, facts, now).await?;
        Ok(id)
    }

    /// Writes what is known of an account now, which also means that it is shared again; whether anything changed.
    pub async fn update_account(
        &mut self,
        id: AccountId,
        facts: &AccountFacts<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        let balances = facts.balances;
        let done = sqlx::query!(
            "update accounts set name = $3, mask = $4, type = $5, subtype = $6, status = 'OPEN', currency = $7,
                current = case when $14 then $8 else current end, available = case when $14 then $9 else available end,
                credit_limit = case when $14 then $10 else credit_limit end,
                balances_updated_at = case when $14 then coalesce($11::timestamptz, $13::timestamptz) else balances_updated_at end,
                persistent_id = coalesce($12, persistent_id), updated_at = $13
             where id = $1 and tenant_id = $2
               and ((name, mask, type, subtype, status, currency, persistent_id)
                       is distinct from ($3, $4, $5, $6, 'OPEN', $7, coalesce($12, persistent_id))
                   or $14 and (current, available, credit_limit) is distinct from ($8, $9, $10))",
            id.0,
            tenant_id,
            facts.name,
            facts.mask,
            facts.account_type.as_str(),
            facts.subtype.as_str(),
            facts.currency,
            balances.and_then(|balances| balances.current),
            balances.and_then(|balances| balances.available),
            balances.and_then(|balances| balances.limit),
            balances.and_then(|balances| balances.updated_at),
            facts.persistent_id,
            now,
            balances.is_some()
        )
        .execute(self.sql())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Another provider id for an account that is known already.
    pub async fn relink_account(
        &mut self,
        connection_id: ConnectionId,
        id: AccountId,
        provider: ServiceProvider,
        provider_account_id: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update account_links set valid_to = $3 where tenant_id = $1 and account_id = $2 and valid_to is null",
            tenant_id,
            id.0,
            now
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "insert into account_links (tenant_id, connection_id, account_id, service_provider, provider_account_id, valid_from)
             values ($1, $2, $3, $4, $5, $6)",
            tenant_id,
            connection_id.0,
            id.0,
            provider.as_str(),
            provider_account_id,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The account is no longer shared: it is marked, its data is erased.
    pub async fn remove_account(
        &mut self,
        connection_id: ConnectionId,
        id: AccountId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update accounts set status = 'REMOVED', current = null, available = null, credit_limit = null, updated_at = $3
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            now
        )
        .execute(self.sql())
        .await?;
        self.erase_account_data(connection_id, Some(id)).await
    }

    /// Seals and stores a part of an account.
    pub async fn put_account_secret<T: Serialize + Sync>(
        &mut self,
        connection_id: ConnectionId,
        id: AccountId,
        which: AccountSecret,
        value: &T,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let plain = serde_json::to_vec(value).map_err(|error| Error::Unreadable(error.to_string()))?;
        let sealed = self.seal("account_secrets", id, which.as_str(), &plain)?;
        sqlx::query!(
            "insert into account_secrets (tenant_id, connection_id, account_id, kind, sealed, updated_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (account_id, kind) do update set sealed = excluded.sealed, updated_at = excluded.updated_at",
            tenant_id,
            connection_id.0,
            id.0,
            which.as_str(),
            sealed,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A sealed part of an account, opened; the reading is written to the audit log.
    pub async fn account_secret<T: DeserializeOwned>(
        &mut self,
        id: AccountId,
        which: AccountSecret,
        actor: &str,
    ) -> Result<Option<T>> {
        let tenant_id = self.tenant_id.0;
        let sealed = sqlx::query_scalar!(
            "select sealed from account_secrets where tenant_id = $1 and account_id = $2 and kind = $3",
            tenant_id,
            id.0,
            which.as_str()
        )
        .fetch_optional(self.sql())
        .await?;
        self.audit(actor, &format!("READ_{}", which.as_str()), id.0).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.open("account_secrets", id, which.as_str(), &sealed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|error| Error::Unreadable(error.to_string()))
    }
}
