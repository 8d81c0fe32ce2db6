//! Rows that a run keeps back until it has ended: one that is new may be a pending one which the run does not show again, under
//! another id of the provider. What is removed while it is pending keeps its description for some days, for it may be booked yet.

use chrono::NaiveDate;
use sqlx::types::Json;

use super::relinks::{TransactionRow, uuids};
use super::{KnownRow, KnownRows, Result, TenantTx, TransactionFacts};
use crate::domain::ids::ConnectionId;
use crate::domain::transaction::TransactionStatus;

/// The most pending transactions that are looked at for a page; nobody has so many.
const MOST_PENDING: i64 = 2_000;

/// How a run misses pending transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It has not shown them so far; also those that were removed already.
    Unshown,
    /// It has ended, and seen that they are gone.
    Gone,
    /// It has ended, and they were removed before it.
    Removed,
}

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

    /// Pending transactions that a run misses. Those of an earlier link are no part of it (G2).
    pub async fn missing_pending(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        wanted: KnownRows<'_>,
        missing: Missing,
    ) -> Result<Vec<KnownRow>> {
        let tenant_id = self.tenant_id.0;
        let removed = match missing {
            Missing::Unshown => None,
            Missing::Gone => Some(false),
            Missing::Removed => Some(true),
        };
        let rows = sqlx::query_as!(
            TransactionRow,
            r#"select id, account_id, amount, description, transaction_date, status as "status: TransactionStatus" from transactions t
             where tenant_id = $1 and connection_id = $2 and status = 'PENDING' and (not removed or description <> '') and not of_earlier_link
               and account_id = any($3) and transaction_date between $4 and $5 and ($7::boolean is null or removed = $7)
               and case when $7 is false then exists (
                    select from connection_products p
                    where p.tenant_id = $1 and p.connection_id = $2 and p.product = $6 and t.provider_transaction_id = any(p.vanished))
                else not exists (
                    select from shown_transactions s
                    where s.connection_id = $2 and s.provider_transaction_id = t.provider_transaction_id) end
             order by id limit $8"#,
            tenant_id,
            connection_id.0,
            &uuids(wanted.accounts),
            wanted.from,
            wanted.to,
            product,
            removed as Option<bool>,
            MOST_PENDING
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(KnownRow::from).collect())
    }

    /// Forgets the description of what was removed while it was pending, and was made before that day: if it was booked at all, it
    /// has been recognised by it.
    pub async fn forget_removed(&mut self, connection_id: ConnectionId, made_before: NaiveDate) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update transactions set description = ''
             where tenant_id = $1 and connection_id = $2 and status = 'PENDING' and removed and description <> '' and transaction_date < $3",
            tenant_id,
            connection_id.0,
            made_before
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
