//! Rows that a run keeps back until it has ended: one that is new may be a pending one which the run does not show again, under
//! another id of the provider.

use sqlx::types::Json;

use super::relinks::{TransactionRow, uuids};
use super::{KnownRow, KnownRows, Result, TenantTx, TransactionFacts};
use crate::domain::ids::ConnectionId;

impl TenantTx {
    /// Keeps these rows back.
    pub async fn hold_transactions(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        rows: &[TransactionFacts],
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set held = held || $4::jsonb where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            connection_id.0,
            product,
            Json(rows) as _
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// What was kept back, in the order in which it came; it is no longer.
    pub async fn release_transactions(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
    ) -> Result<Vec<TransactionFacts>> {
        let tenant_id = self.tenant_id.0;
        let held = sqlx::query_scalar!(
            r#"update connection_products p set held = '[]' from connection_products before
             where p.tenant_id = $1 and p.connection_id = $2 and p.product = $3 and p.held <> '[]'
               and before.tenant_id = $1 and before.connection_id = $2 and before.product = $3
             returning before.held as "held: Json<Vec<TransactionFacts>>""#,
            tenant_id,
            connection_id.0,
            product
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(held.map(|held| held.0).unwrap_or_default())
    }

    /// Pending transactions that the current run has not shown, or, once it has ended, of which it has seen that they are gone. Those
    /// of an earlier link are no part of it (G2).
    pub async fn missing_pending(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        wanted: KnownRows<'_>,
        has_ended: bool,
    ) -> Result<Vec<KnownRow>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query_as!(
            TransactionRow,
            "select id, account_id, amount, description, transaction_date from transactions t
             where tenant_id = $1 and connection_id = $2 and not removed and not of_earlier_link and status = 'PENDING'
               and account_id = any($3) and amount = any($4) and transaction_date between $5 and $6
               and case when $8 then exists (
                    select from connection_products p
                    where p.tenant_id = $1 and p.connection_id = $2 and p.product = $7 and t.provider_transaction_id = any(p.vanished))
                else not exists (
                    select from shown_transactions s
                    where s.connection_id = $2 and s.provider_transaction_id = t.provider_transaction_id) end
             order by id",
            tenant_id,
            connection_id.0,
            &uuids(wanted.accounts),
            wanted.amounts,
            wanted.from,
            wanted.to,
            product,
            has_ended
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(KnownRow::from).collect())
    }
}
