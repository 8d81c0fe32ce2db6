//! Asset reports: what was ordered, how it stands, and what came; token and report sealed.

use chrono::{DateTime, Utc};

use super::{Error, Result, Store, TenantTx};
use crate::domain::asset_report::{AssetReport, AssetReportState};
use crate::domain::ids::{AssetReportId, ConnectionId, TenantId};
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

const TABLE: &str = "asset_reports";

/// A report that was ordered.
#[derive(Clone, Debug)]
pub struct OrderedReport {
    /// Ours.
    pub id: AssetReportId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// From whom.
    pub service_provider: ServiceProvider,
    /// How many days of history.
    pub days: u16,
    /// How it stands.
    pub state: AssetReportState,
    /// The provider's code, where it failed.
    pub failure_code: Option<String>,
    /// The provider's id of it.
    pub provider_report_id: Option<String>,
    /// Opens it at the provider, once it was ordered there.
    pub token: Option<Secret>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was there, or had failed.
    pub finished_at: Option<DateTime<Utc>>,
}

impl TenantTx {
    /// Stores a report that is to be ordered.
    pub async fn insert_asset_report(
        &mut self,
        connection_id: ConnectionId,
        provider: ServiceProvider,
        days: u16,
        now: DateTime<Utc>,
    ) -> Result<AssetReportId> {
        let tenant_id = self.tenant_id.0;
        let id = AssetReportId::new();
        sqlx::query!(
            "insert into asset_reports (id, tenant_id, connection_id, service_provider, days, state, created_at)
             values ($1, $2, $3, $4, $5, 'PENDING', $6)",
            id.0,
            tenant_id,
            connection_id.0,
            provider.as_str(),
            i32::from(days),
            now
        )
        .execute(self.sql())
        .await?;
        Ok(id)
    }

    /// The reports of a connection, oldest first.
    pub async fn asset_reports(
        &mut self,
        connection_id: ConnectionId,
        after: Option<AssetReportId>,
        limit: i64,
    ) -> Result<Vec<OrderedReport>> {
        self.ordered_reports(Some(connection_id), None, after, limit).await
    }

    /// One report, by its id alone.
    pub async fn asset_report(&mut self, id: AssetReportId) -> Result<Option<OrderedReport>> {
        Ok(self.ordered_reports(None, Some(id), None, 1).await?.pop())
    }

    async fn ordered_reports(
        &mut self,
        connection_id: Option<ConnectionId>,
        only: Option<AssetReportId>,
        after: Option<AssetReportId>,
        limit: i64,
    ) -> Result<Vec<OrderedReport>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select id, connection_id, service_provider as "service_provider: ServiceProvider", days, state as "state: AssetReportState",
                failure_code, provider_report_id, token, created_at, finished_at from asset_reports
             where tenant_id = $1 and ($2::uuid is null or connection_id = $2) and ($3::uuid is null or id = $3)
                and ($4::uuid is null or id > $4)
             order by id limit $5"#,
            tenant_id,
            connection_id.map(|id| id.0),
            only.map(|id| id.0),
            after.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(OrderedReport {
                    id: row.id.into(),
                    connection_id: row.connection_id.into(),
                    service_provider: row.service_provider,
                    days: u16::try_from(row.days).unwrap_or_default(),
                    state: row.state,
                    failure_code: row.failure_code,
                    provider_report_id: row.provider_report_id,
                    token: row.token.map(|sealed| self.open_secret(TABLE, row.id, "token", &sealed)).transpose()?,
                    created_at: row.created_at,
                    finished_at: row.finished_at,
                })
            })
            .collect()
    }

    /// Keeps what the provider answered to the order; whether the report is still wanted.
    pub async fn set_report_ordered(
        &mut self,
        id: AssetReportId,
        provider_report_id: &str,
        token: &Secret,
    ) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal(TABLE, id, "token", token.expose().as_bytes())?;
        let done = sqlx::query!(
            "update asset_reports set provider_report_id = $3, token = $4
             where id = $1 and tenant_id = $2 and state = 'PENDING' and token is null",
            id.0,
            tenant_id,
            provider_report_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// How a report ended, with what it says or why it failed; whether it was still awaited.
    pub async fn finish_asset_report(
        &mut self,
        id: AssetReportId,
        report: std::result::Result<&AssetReport, &str>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        let sealed = match report {
            Ok(report) => {
                let plain = serde_json::to_vec(report).map_err(|error| Error::Unreadable(error.to_string()))?;
                Some(self.seal(TABLE, id, "report", &plain)?)
            }
            Err(_) => None,
        };
        let state = if sealed.is_some() { AssetReportState::Ready } else { AssetReportState::Failed };
        let done = sqlx::query!(
            "update asset_reports set state = $3, report = $4, failure_code = $5, finished_at = $6
             where id = $1 and tenant_id = $2 and state = 'PENDING'",
            id.0,
            tenant_id,
            state.as_str(),
            sealed,
            report.err(),
            now
        )
        .execute(self.sql())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// What a report says; the reading is written to the audit log.
    pub async fn read_asset_report(&mut self, id: AssetReportId, actor: &str) -> Result<Option<AssetReport>> {
        let tenant_id = self.tenant_id.0;
        let sealed = sqlx::query_scalar!(
            "select report from asset_reports where id = $1 and tenant_id = $2 and report is not null",
            id.0,
            tenant_id
        )
        .fetch_optional(self.sql())
        .await?
        .flatten();
        let Some(sealed) = sealed else { return Ok(None) };
        self.audit(actor, "READ_ASSET_REPORT", id.0).await?;
        let plain = self.open(TABLE, id, "report", &sealed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|error| Error::Unreadable(error.to_string()))
    }

    /// Forgets a report.
    pub async fn delete_asset_report(&mut self, id: AssetReportId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from asset_reports where id = $1 and tenant_id = $2", id.0, tenant_id)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// Writes to the audit log who did what.
    pub async fn audit(&mut self, actor: &str, action: &str, subject: uuid::Uuid) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into audit_log (tenant_id, actor, action, subject_id) values ($1, $2, $3, $4)",
            tenant_id,
            actor,
            action,
            subject
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Whose report that is, by the provider's id of it: for webhooks, which come before the tenant is known.
    pub async fn find_asset_report(
        &self,
        provider: ServiceProvider,
        provider_report_id: &str,
    ) -> Result<Option<(TenantId, AssetReportId)>> {
        let row = sqlx::query!(
            r#"select id as "id!", tenant_id as "tenant_id!" from find_asset_report($1, $2)"#,
            provider.as_str(),
            provider_report_id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (TenantId(row.tenant_id), AssetReportId(row.id))))
    }
}
