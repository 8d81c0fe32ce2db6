//! Reading transactions: lists, one by id, and the changes since a cursor.

use chrono::NaiveDate;

use super::transactions::{Span, Transaction, TransactionChange, TransactionFilter};
use super::{Result, TenantTx};
use crate::domain::ids::{ConnectionId, TransactionId};
use crate::domain::transaction::{Category, TransactionStatus};

struct ChangeRow {
    id: uuid::Uuid,
    account_id: uuid::Uuid,
    connection_id: uuid::Uuid,
    amount: rust_decimal::Decimal,
    currency: Option<String>,
    description: String,
    merchant: Option<String>,
    category: Category,
    status: TransactionStatus,
    transaction_date: NaiveDate,
    posted_date: Option<NaiveDate>,
    recurring: bool,
    sequence: i64,
    removed: bool,
}

impl From<ChangeRow> for TransactionChange {
    fn from(row: ChangeRow) -> Self {
        Self {
            sequence: row.sequence,
            removed: row.removed,
            transaction: Transaction {
                id: row.id.into(),
                account_id: row.account_id.into(),
                connection_id: row.connection_id.into(),
                amount: row.amount,
                currency: row.currency,
                description: row.description,
                merchant: row.merchant,
                category: row.category,
                status: row.status,
                recurring: row.recurring,
                transaction_date: row.transaction_date,
                posted_date: row.posted_date,
            },
        }
    }
}

impl TenantTx {
    /// A page of transactions, newest first, then by id.
    pub async fn transactions(
        &mut self,
        filter: &TransactionFilter,
        after: Option<(NaiveDate, TransactionId)>,
        limit: i64,
    ) -> Result<Vec<Transaction>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select t.id, t.account_id, t.connection_id, t.amount, t.currency, t.description, t.merchant, t.category as "category: Category",
                t.status as "status: TransactionStatus", t.transaction_date, t.posted_date, t.recurring
             from transactions t
             where t.tenant_id = $1 and not t.removed
               and ($2::uuid is null or t.account_id = $2)
               and ($3::uuid is null or t.connection_id = $3)
               and ($4::uuid is null or t.connection_id in (select id from connections where tenant_id = $1 and customer_id = $4))
               and ($5::text is null or t.status = $5)
               and ($6::text is null or t.category = $6)
               and ($7::date is null or t.transaction_date >= $7)
               and ($8::date is null or t.transaction_date <= $8)
               and ($9::date is null or t.transaction_date < $9 or (t.transaction_date = $9 and t.id > $10))
             order by t.transaction_date desc, t.id limit $11"#,
            tenant_id,
            filter.account_id.map(|id| id.0),
            filter.connection_id.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            filter.status.map(TransactionStatus::as_str),
            filter.category.map(Category::as_str),
            filter.from,
            filter.to,
            after.map(|(date, _)| date),
            after.map(|(_, id)| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Transaction {
                id: row.id.into(),
                account_id: row.account_id.into(),
                connection_id: row.connection_id.into(),
                amount: row.amount,
                currency: row.currency,
                description: row.description,
                merchant: row.merchant,
                category: row.category,
                status: row.status,
                recurring: row.recurring,
                transaction_date: row.transaction_date,
                posted_date: row.posted_date,
            })
            .collect())
    }

    /// One transaction; `None` where it is unknown, gone, or somebody else's.
    pub async fn transaction(&mut self, id: TransactionId) -> Result<Option<Transaction>> {
        let tenant_id = self.tenant_id.0;
        let row = sqlx::query!(
            r#"select account_id, connection_id, amount, currency, description, merchant, category as "category: Category",
                status as "status: TransactionStatus", transaction_date, posted_date, recurring
             from transactions where tenant_id = $1 and id = $2 and not removed"#,
            tenant_id,
            id.0
        )
        .fetch_optional(self.sql())
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Transaction {
            id,
            account_id: row.account_id.into(),
            connection_id: row.connection_id.into(),
            amount: row.amount,
            currency: row.currency,
            description: row.description,
            merchant: row.merchant,
            category: row.category,
            status: row.status,
            recurring: row.recurring,
            transaction_date: row.transaction_date,
            posted_date: row.posted_date,
        }))
    }

    /// The transactions of a connection that came in a span of sequence numbers, after a place, in the order in which they came.
    /// One that was removed and has come back is new to whom its removal was told.
    pub async fn transactions_added(
        &mut self,
        connection_id: ConnectionId,
        span: Span,
        after: (i64, TransactionId),
        limit: i64,
    ) -> Result<Vec<TransactionChange>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query_as!(
            ChangeRow,
            r#"select id, account_id, connection_id, amount, currency, description, merchant, category as "category: Category",
                status as "status: TransactionStatus", transaction_date, posted_date, recurring, added_seq as "sequence", removed
             from transactions
             where tenant_id = $1 and connection_id = $2 and added_seq > $3 and added_seq <= $4 and (added_seq, id) > ($5, $6)
               and not removed and not (first_seq <= $3 and coalesce($3 < gone_seq, false))
             order by added_seq, id limit $7"#,
            tenant_id,
            connection_id.0,
            span.after,
            span.upto,
            after.0,
            after.1.0,
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The transactions that were there before a span of sequence numbers and changed or vanished in it, after a place.
    pub async fn transactions_changed(
        &mut self,
        connection_id: ConnectionId,
        span: Span,
        after: (i64, TransactionId),
        limit: i64,
    ) -> Result<Vec<TransactionChange>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query_as!(
            ChangeRow,
            r#"select id, account_id, connection_id, amount, currency, description, merchant, category as "category: Category",
                status as "status: TransactionStatus", transaction_date, posted_date, recurring, changed_seq as "sequence", removed
             from transactions
             where tenant_id = $1 and connection_id = $2 and (added_seq <= $3 or (first_seq <= $3 and (removed or coalesce($3 < gone_seq, false))))
               and changed_seq > $3 and changed_seq <= $4
               and (changed_seq, id) > ($5, $6)
             order by changed_seq, id limit $7"#,
            tenant_id,
            connection_id.0,
            span.after,
            span.upto,
            after.0,
            after.1.0,
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The last sequence number of a connection that has been used.
    pub async fn last_sequence(&mut self, connection_id: ConnectionId) -> Result<Option<i64>> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            "select event_seq from connections where id = $1 and tenant_id = $2",
            connection_id.0,
            tenant_id
        )
        .fetch_optional(self.sql())
        .await?)
    }

    /// The day of the oldest transaction of a connection.
    pub async fn first_transaction_date(&mut self, connection_id: ConnectionId) -> Result<Option<NaiveDate>> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            "select min(transaction_date) from transactions where tenant_id = $1 and connection_id = $2 and not removed",
            tenant_id,
            connection_id.0
        )
        .fetch_one(self.sql())
        .await?)
    }
}
