//! Statements of accounts: which there are; the documents themselves stay at the provider.

use super::{Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId, StatementId};
use crate::domain::statement::StatementPeriod;

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Ours.
    pub id: StatementId,
    /// Of which account.
    pub account_id: AccountId,
    /// The provider's id.
    pub provider_statement_id: String,
    /// Which it is.
    pub period: StatementPeriod,
}

impl TenantTx {
    /// Replaces what is known of a connection's statements; one that stays keeps its id. How many are new.
    pub async fn replace_statements(&mut self, connection_id: ConnectionId, rows: &[Statement]) -> Result<u64> {
        let tenant_id = self.tenant_id.0;
        let provider_ids: Vec<String> = rows.iter().map(|row| row.provider_statement_id.clone()).collect();
        sqlx::query!(
            "delete from statements
             where tenant_id = $1 and connection_id = $2 and not provider_statement_id = any($3)",
            tenant_id,
            connection_id.0,
            &provider_ids
        )
        .execute(self.sql())
        .await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
        let accounts: Vec<_> = rows.iter().map(|row| row.account_id.0).collect();
        let years: Vec<i32> = rows.iter().map(|row| row.period.year).collect();
        let months: Vec<i32> = rows.iter().map(|row| row.period.month).collect();
        let posted: Vec<_> = rows.iter().map(|row| row.period.posted_date).collect();
        let new = sqlx::query_scalar!(
            r#"with stored as (insert into statements (tenant_id, connection_id, id, account_id, provider_statement_id, year, month, posted_date)
             select $1, $2, * from unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::int[], $8::date[])
             on conflict (connection_id, provider_statement_id) do update set
                account_id = excluded.account_id, year = excluded.year, month = excluded.month, posted_date = excluded.posted_date
             returning xmax = 0 as new)
             select count(*) filter (where new) as "new!" from stored"#,
            tenant_id,
            connection_id.0,
            &ids,
            &accounts,
            &provider_ids,
            &years,
            &months,
            &posted as &[Option<chrono::NaiveDate>]
        )
        .fetch_one(self.sql())
        .await?;
        Ok(u64::try_from(new).unwrap_or_default())
    }

    /// A page of a connection's statements, the latest month first, then by id.
    pub async fn statements(
        &mut self,
        connection_id: ConnectionId,
        after: Option<(i32, i32, StatementId)>,
        limit: i64,
    ) -> Result<Vec<Statement>> {
        self.statement_rows(connection_id, None, after, limit).await
    }

    /// One statement of a connection.
    pub async fn statement(&mut self, connection_id: ConnectionId, id: StatementId) -> Result<Option<Statement>> {
        Ok(self.statement_rows(connection_id, Some(id), None, 1).await?.pop())
    }

    async fn statement_rows(
        &mut self,
        connection_id: ConnectionId,
        only: Option<StatementId>,
        after: Option<(i32, i32, StatementId)>,
        limit: i64,
    ) -> Result<Vec<Statement>> {
        let tenant_id = self.tenant_id.0;
        let (year, month, id) =
            after.map_or((None, None, None), |(year, month, id)| (Some(year), Some(month), Some(id.0)));
        let rows = sqlx::query!(
            "select id, account_id, provider_statement_id, year, month, posted_date from statements
             where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or id = $3)
                and ($4::int is null or (-year, -month, id) > (-$4::int, -$5::int, $6::uuid))
             order by -year, -month, id limit $7",
            tenant_id,
            connection_id.0,
            only.map(|id| id.0),
            year,
            month,
            id,
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Statement {
                id: StatementId(row.id),
                account_id: AccountId(row.account_id),
                provider_statement_id: row.provider_statement_id,
                period: StatementPeriod { year: row.year, month: row.month, posted_date: row.posted_date },
            })
            .collect())
    }
}
