//! Sources of income, as last read.

use chrono::{DateTime, Utc};

use super::{Error, Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::income::IncomeSource;

/// A source of income of a connection.
#[derive(Clone, Debug)]
pub struct Income {
    /// Into which account.
    pub account_id: AccountId,
    /// The source.
    pub source: IncomeSource,
    /// When the provider made the report.
    pub generated_at: DateTime<Utc>,
}

impl TenantTx {
    /// Replaces what is known of a connection's income.
    pub async fn replace_income(&mut self, connection_id: ConnectionId, rows: &[Income]) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from income_sources where tenant_id = $1 and connection_id = $2",
            tenant_id,
            connection_id.0
        )
        .execute(self.sql())
        .await?;
        let positions: Vec<i32> = (0..).take(rows.len()).collect();
        let accounts: Vec<_> = rows.iter().map(|row| row.account_id.0).collect();
        let times: Vec<_> = rows.iter().map(|row| row.generated_at).collect();
        let sources = rows.iter().map(|row| serde_json::to_value(&row.source));
        let sources: Vec<_> =
            sources.collect::<std::result::Result<_, _>>().map_err(|error| Error::Unreadable(error.to_string()))?;
        sqlx::query!(
            "insert into income_sources (tenant_id, connection_id, position, account_id, source, generated_at)
             select $1, $2, * from unnest($3::int[], $4::uuid[], $5::jsonb[], $6::timestamptz[])",
            tenant_id,
            connection_id.0,
            &positions,
            &accounts,
            &sources,
            &times
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A connection's income, in the order of the report; at most 1,000 sources.
    pub async fn income(&mut self, connection_id: ConnectionId) -> Result<Vec<Income>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select account_id, source, generated_at from income_sources
             where tenant_id = $1 and connection_id = $2 order by position limit 1000",
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Income {
                    account_id: row.account_id.into(),
                    source: serde_json::from_value(row.source).map_err(|error| Error::Unreadable(error.to_string()))?,
                    generated_at: row.generated_at,
                })
            })
            .collect()
    }
}
