//! What a connection keeps when a fresh link takes the place of its old one (rules G1, G2): its accounts and rows wait to be
//! recognised in what the new one delivers.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId, HoldingId};
use crate::domain::product::Product;
use crate::domain::recognition::TransactionTraits;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::transaction::TransactionStatus;

/// A stored row that may be seen again under another id of the provider.
#[derive(Clone, Debug)]
pub struct KnownRow {
    /// Ours.
    pub id: Uuid,
    /// What it is recognised by.
    pub traits: TransactionTraits,
}

/// A transaction as far as it is recognised by it.
pub(super) struct TransactionRow {
    pub(super) id: Uuid,
    pub(super) account_id: Uuid,
    pub(super) amount: Decimal,
    pub(super) description: String,
    pub(super) transaction_date: NaiveDate,
    pub(super) status: TransactionStatus,
}

impl From<TransactionRow> for KnownRow {
    fn from(row: TransactionRow) -> Self {
        let traits = TransactionTraits {
            account_id: AccountId(row.account_id),
            amount: row.amount,
            quantity: None,
            description: row.description,
            date: row.transaction_date,
            status: row.status,
        };
        Self { id: row.id, traits }
    }
}

/// Where such rows may be.
#[derive(Clone, Debug)]
pub struct KnownRows<'a> {
    /// Of these accounts.
    pub accounts: &'a [AccountId],
    /// From that day.
    pub from: NaiveDate,
    /// To that day, inclusive.
    pub to: NaiveDate,
}

impl TenantTx {
    /// The old link is no more: who its accounts were at the provider is past, what it delivered waits to be delivered again,
    /// and every product is read from its beginning.
    pub async fn leave_link(&mut self, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update account_links set valid_to = $3 where tenant_id = $1 and connection_id = $2 and valid_to is null",
            tenant_id,
            id.0,
            now
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "update connection_products set cursor = null, page_cursor = null, vanished = '{}', run_began = null, unshown_after = null,
                held = '[]', history_complete = false where tenant_id = $1 and connection_id = $2",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "update transactions set of_earlier_link = true where tenant_id = $1 and connection_id = $2 and not removed",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "update investment_transactions set of_earlier_link = true where tenant_id = $1 and connection_id = $2",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        self.forget_shown(id).await?;
        self.set_reread(id, &[Product::InvestmentTransactions], true).await?;
        self.compare_accounts(id).await
    }

    /// Whether some connection, of whomever, works by that object of the provider.
    pub async fn is_held(&mut self, provider: ServiceProvider, provider_connection_id: &str) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from find_provider_connection($1, $2)) as "is_held!""#,
            provider.as_str(),
            provider_connection_id
        )
        .fetch_one(self.sql())
        .await?)
    }

    /// The provider's ids, all that there ever were, of the accounts that have none now.
    pub async fn past_account_links(&mut self, connection_id: ConnectionId) -> Result<HashMap<AccountId, Vec<String>>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select account_id, provider_account_id from account_links l
             where tenant_id = $1 and connection_id = $2 and not exists (
                select from account_links c where c.account_id = l.account_id and c.valid_to is null)",
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        let mut past: HashMap<AccountId, Vec<String>> = HashMap::new();
        for row in rows {
            past.entry(AccountId(row.account_id)).or_default().push(row.provider_account_id);
        }
        Ok(past)
    }

    /// Whether transactions of an earlier link wait to be delivered again.
    pub async fn has_earlier_transactions(&mut self, connection_id: ConnectionId) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            r#"select exists (select from transactions where tenant_id = $1 and connection_id = $2 and of_earlier_link) as "any!""#,
            tenant_id,
            connection_id.0
        )
        .fetch_one(self.sql())
        .await?)
    }

    /// Which of these ids of the provider transactions have, removed ones too. Those that an earlier link delivered have now been
    /// delivered again.
    pub async fn known_transactions(
        &mut self,
        connection_id: ConnectionId,
        provider_ids: &[String],
    ) -> Result<Vec<String>> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update transactions set of_earlier_link = false
             where tenant_id = $1 and connection_id = $2 and of_earlier_link and provider_transaction_id = any($3)",
            tenant_id,
            connection_id.0,
            provider_ids
        )
        .execute(self.sql())
        .await?;
        Ok(sqlx::query_scalar!(
            "select provider_transaction_id from transactions
             where tenant_id = $1 and connection_id = $2 and provider_transaction_id = any($3)",
            tenant_id,
            connection_id.0,
            provider_ids
        )
        .fetch_all(self.sql())
        .await?)
    }

    /// Transactions of an earlier link of these amounts that have not been delivered again.
    pub async fn earlier_transactions(
        &mut self,
        connection_id: ConnectionId,
        wanted: KnownRows<'_>,
        amounts: &[Decimal],
    ) -> Result<Vec<KnownRow>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query_as!(
            TransactionRow,
            r#"select id, account_id, amount, description, transaction_date, status as "status: TransactionStatus" from transactions
             where tenant_id = $1 and connection_id = $2 and of_earlier_link and not removed and account_id = any($3) and amount = any($4)
               and transaction_date between $5 and $6 order by id"#,
            tenant_id,
            connection_id.0,
            &uuids(wanted.accounts),
            amounts,
            wanted.from,
            wanted.to
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(KnownRow::from).collect())
    }

    /// These transactions have been delivered again, under these ids of the provider. Nobody is told of that: they are the same.
    pub async fn adopt_transactions(
        &mut self,
        connection_id: ConnectionId,
        ids: &[Uuid],
        provider_ids: &[String],
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update transactions t set provider_transaction_id = a.provider_id, of_earlier_link = false
             from unnest($3::uuid[], $4::text[]) as a(id, provider_id)
             where t.tenant_id = $1 and t.connection_id = $2 and t.id = a.id",
            tenant_id,
            connection_id.0,
            ids,
            provider_ids
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// What was pending when the old link ended, and the new one knows nothing of, was never booked: it is removed under that
    /// sequence number. How many rows.
    pub async fn remove_earlier_pending(&mut self, connection_id: ConnectionId, sequence: i64) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let removed = sqlx::query!(
            "update transactions set removed = true, gone_seq = coalesce(gone_seq, $3), of_earlier_link = false, changed_seq = $3,
                description = '', merchant = null
             where tenant_id = $1 and connection_id = $2 and of_earlier_link and not removed and status = 'PENDING'",
            tenant_id,
            connection_id.0,
            sequence
        )
        .execute(self.sql())
        .await?;
        Ok(i64::try_from(removed.rows_affected()).unwrap_or(i64::MAX))
    }

    /// As [`known_transactions`](Self::known_transactions), of investment accounts.
    pub async fn known_movements(
        &mut self,
        connection_id: ConnectionId,
        provider_ids: &[String],
    ) -> Result<Vec<String>> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            "update investment_transactions set of_earlier_link = false
             where tenant_id = $1 and connection_id = $2 and provider_transaction_id = any($3) returning provider_transaction_id",
            tenant_id,
            connection_id.0,
            provider_ids
        )
        .fetch_all(self.sql())
        .await?)
    }

    /// As [`earlier_transactions`](Self::earlier_transactions), of investment accounts.
    pub async fn earlier_movements(
        &mut self,
        connection_id: ConnectionId,
        wanted: KnownRows<'_>,
        amounts: &[Decimal],
    ) -> Result<Vec<KnownRow>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select id, account_id, amount, quantity, description, date from investment_transactions
             where tenant_id = $1 and connection_id = $2 and of_earlier_link and account_id = any($3) and amount = any($4)
               and date between $5 and $6 order by id",
            tenant_id,
            connection_id.0,
            &uuids(wanted.accounts),
            amounts,
            wanted.from,
            wanted.to
        )
        .fetch_all(self.sql())
        .await?;
        let rows = rows.into_iter().map(|row| KnownRow {
            id: row.id,
            traits: TransactionTraits {
                account_id: AccountId(row.account_id),
                amount: row.amount,
                quantity: row.quantity,
                description: row.description,
                date: row.date,
                status: TransactionStatus::Posted,
            },
        });
        Ok(rows.collect())
    }

    /// As [`adopt_transactions`](Self::adopt_transactions), of investment accounts.
    pub async fn adopt_movements(
        &mut self,
        connection_id: ConnectionId,
        ids: &[Uuid],
        provider_ids: &[String],
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update investment_transactions t set provider_transaction_id = a.provider_id, of_earlier_link = false
             from unnest($3::uuid[], $4::text[]) as a(id, provider_id)
             where t.tenant_id = $1 and t.connection_id = $2 and t.id = a.id",
            tenant_id,
            connection_id.0,
            ids,
            provider_ids
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A security that is held has another id at the provider now.
    pub async fn rename_holding(&mut self, id: HoldingId, provider_security_id: &str) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update holdings set provider_security_id = $3 where tenant_id = $1 and id = $2",
            tenant_id,
            id.0,
            provider_security_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Tokens in the place of an account's numbers stopped working with the link that gave them.
    pub async fn forget_identifiers(&mut self, id: AccountId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from account_secrets where tenant_id = $1 and account_id = $2 and kind = 'IDENTIFIERS'",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

pub(super) fn uuids(ids: &[AccountId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
