//! Refresh runs: which products were asked for, and what became of each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Error, Result, TenantTx};
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::product::{Product, ProductReason};

wire_enum! {
    /// How a refresh stands (E1).
    pub enum RefreshStatus {
        /// Not finished.
        InProgress = "IN_PROGRESS",
        /// Everything came.
        Succeeded = "SUCCEEDED",
        /// Some came.
        Partial = "PARTIAL",
        /// Nothing came.
        Failed = "FAILED",
        /// The customer must act first.
        UserActionRequired = "USER_ACTION_REQUIRED",
    }
}

wire_enum! {
    /// Who wants the provider to fetch from the institution.
    pub enum ForcedBy {
        /// The end user, who is there (E3).
        User = "USER",
        /// The tenant's back end.
        BackEnd = "BACK_END",
        /// The schedule (E7).
        Schedule = "SCHEDULE",
    }
}

/// A refresh that begins.
#[derive(Clone, Debug)]
pub struct NewRefresh {
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Up to which number each product must be done.
    pub targets: BTreeMap<Product, i64>,
    /// Who wants the provider to fetch; `None` = it only reads.
    pub forced_by: Option<ForcedBy>,
    /// Whether the provider has been asked to fetch already.
    pub requested: bool,
    /// Whether accounts that were not there at the import may come too (E5).
    pub import_new_accounts: bool,
}

/// What became of one product of a refresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshResult {
    /// Which.
    pub product: Product,
    /// `SUCCEEDED` or `FAILED`; `IN_PROGRESS` until then.
    pub status: RefreshStatus,
    /// Why it failed.
    pub reason: Option<ProductReason>,
}

/// A refresh run.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// Ours.
    pub id: RefreshId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// How it stands.
    pub status: RefreshStatus,
    /// Up to which number each product must be done.
    pub targets: BTreeMap<Product, i64>,
    /// What became of each.
    pub results: Vec<RefreshResult>,
    /// Who wants the provider to fetch; `None` = it only reads.
    pub forced_by: Option<ForcedBy>,
    /// Whether the provider has been asked to fetch, or need not be.
    pub requested: bool,
    /// Whether accounts that were not there at the import may come too (E5).
    pub import_new_accounts: bool,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl TenantTx {
    /// Stores a refresh that begins.
    pub async fn insert_refresh(&mut self, new: &NewRefresh, now: DateTime<Utc>) -> Result<RefreshId> {
        let tenant_id = self.tenant_id.0;
        let id = RefreshId::new();
        let targets = serde_json::to_value(&new.targets).map_err(|error| Error::Unreadable(error.to_string()))?;
        sqlx::query!(
            "insert into refreshes
                (id, tenant_id, connection_id, status, targets, forced_by, requested, import_new_accounts, created_at)
             values ($1, $2, $3, 'IN_PROGRESS', $4, $5, $6, $7, $8)",
            id.0,
            tenant_id,
            new.connection_id.0,
            targets,
            new.forced_by.map(ForcedBy::as_str),
            new.requested || new.forced_by.is_none(),
            new.import_new_accounts,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(id)
    }

    /// One refresh of a connection.
    pub async fn refresh(&mut self, connection_id: ConnectionId, id: RefreshId) -> Result<Option<Refresh>> {
        Ok(self.refreshes(connection_id, Some(id), false, false, 1).await?.pop())
    }

    /// Those that run, at most 20.
    pub async fn running_refreshes(&mut self, connection_id: ConnectionId) -> Result<Vec<Refresh>> {
        self.refreshes(connection_id, None, true, false, 20).await
    }

    /// The last that was forced.
    pub async fn last_forced_refresh(&mut self, connection_id: ConnectionId) -> Result<Option<Refresh>> {
        Ok(self.refreshes(connection_id, None, false, true, 1).await?.pop())
    }

    /// When the institution was read since then without the end user, oldest first.
    pub async fn unattended_since(
        &mut self,
        connection_id: ConnectionId,
        since: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>> {
        let tenant_id = self.tenant_id.0;
        let times = sqlx::query_scalar!(
            "select created_at from refreshes
             where tenant_id = $1 and connection_id = $2 and forced_by <> 'USER' and created_at > $3
             order by created_at limit 100",
            tenant_id,
            connection_id.0,
            since
        )
        .fetch_all(self.sql())
        .await?;
        Ok(times)
    }

    async fn refreshes(
        &mut self,
        connection_id: ConnectionId,
        only: Option<RefreshId>,
        running: bool,
        forced: bool,
        limit: i64,
    ) -> Result<Vec<Refresh>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select id, status, targets, results, forced_by, requested, import_new_accounts, created_at, finished_at from refreshes
             where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or id = $3) and (not $4 or status = 'IN_PROGRESS')
                and (not $5 or forced_by is not null)
             order by id desc limit $6",
            tenant_id,
            connection_id.0,
            only.map(|id| id.0),
            running,
            forced,
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                let unreadable = |error: serde_json::Error| Error::Unreadable(error.to_string());
                Ok(Refresh {
                    id: row.id.into(),
                    connection_id,
                    status: row.status.parse().map_err(|_| Error::Unreadable(row.status.clone()))?,
                    targets: serde_json::from_value(row.targets).map_err(unreadable)?,
                    results: serde_json::from_value(row.results).map_err(unreadable)?,
                    forced_by: row.forced_by.map(|by| by.parse().map_err(|_| Error::Unreadable(by))).transpose()?,
                    requested: row.requested,
                    import_new_accounts: row.import_new_accounts,
                    created_at: row.created_at,
                    finished_at: row.finished_at,
                })
            })
            .collect()
    }

    /// The provider has been asked to fetch.
    pub async fn mark_refresh_requested(&mut self, id: RefreshId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("update refreshes set requested = true where id = $1 and tenant_id = $2", id.0, tenant_id)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// How a refresh stands now.
    pub async fn set_refresh(
        &mut self,
        id: RefreshId,
        status: RefreshStatus,
        results: &[RefreshResult],
        finished_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let results = serde_json::to_value(results).map_err(|error| Error::Unreadable(error.to_string()))?;
        sqlx::query!(
            "update refreshes set status = $3, results = $4, finished_at = $5 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            status.as_str(),
            results,
            finished_at
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
