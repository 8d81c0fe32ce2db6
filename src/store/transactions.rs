//! Transactions: one page is one statement; a posted row takes over its pending one and keeps its id.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, TransactionId};
use crate::domain::transaction::{Category, TransactionStatus};

/// A transaction; positive = money out.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Ours.
    pub id: TransactionId,
    /// Of which account.
    pub account_id: AccountId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Positive = money out.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What the institution wrote.
    pub description: String,
    /// With whom.
    pub merchant: Option<String>,
    /// What for.
    pub category: Category,
    /// How final.
    pub status: TransactionStatus,
    /// Whether the same merchant takes about the same amount about every month.
    pub recurring: bool,
    /// When it was made.
    pub transaction_date: NaiveDate,
    /// When it was booked.
    pub posted_date: Option<NaiveDate>,
}

/// A transaction as a sync writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransactionFacts {
    /// Ours.
    pub account_id: AccountId,
    /// The provider's id.
    pub provider_transaction_id: String,
    /// The provider's id of the pending one that it replaces.
    pub pending_transaction_id: Option<String>,
    /// Positive = money out.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What the institution wrote.
    pub description: String,
    /// With whom.
    pub merchant: Option<String>,
    /// What for.
    pub category: Category,
    /// How final.
    pub status: TransactionStatus,
    /// When it was made.
    pub transaction_date: NaiveDate,
    /// When it was booked.
    pub posted_date: Option<NaiveDate>,
}

/// What a page changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// New rows.
    pub added: i64,
    /// Changed rows.
    pub modified: i64,
    /// Vanished rows.
    pub removed: i64,
}

impl PageCounts {
    /// Whether nothing changed.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Which transactions are wanted.
#[derive(Clone, Debug, Default)]
pub struct TransactionFilter {
    /// Of that account.
    pub account_id: Option<AccountId>,
    /// Of that connection.
    pub connection_id: Option<ConnectionId>,
    /// Of that customer.
    pub customer_id: Option<CustomerId>,
    /// In that status.
    pub status: Option<TransactionStatus>,
    /// Of that category.
    pub category: Option<Category>,
    /// From that day.
    pub from: Option<NaiveDate>,
    /// To that day, inclusive.
    pub to: Option<NaiveDate>,
}

/// A change, for `/transactions/sync`.
#[derive(Clone, Debug)]
pub struct TransactionChange {
    /// The row; of a removed one only its ids count.
    pub transaction: Transaction,
    /// The sequence number under which it came, or last changed.
    pub sequence: i64,
    /// Whether it is gone.
    pub removed: bool,
}

/// A span of a connection's sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Later than this one.
    pub after: i64,
    /// Up to this one.
    pub upto: i64,
}

/// The columns of a page, one array each, for `unnest`.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    accounts: Vec<Uuid>,
    provider_ids: Vec<String>,
    pending_ids: Vec<Option<String>>,
    amounts: Vec<Decimal>,
    currencies: Vec<Option<String>>,
    descriptions: Vec<String>,
    merchants: Vec<Option<String>>,
    categories: Vec<String>,
    statuses: Vec<String>,
    dates: Vec<NaiveDate>,
    posted: Vec<Option<NaiveDate>>,
}

impl Columns {
    fn of(page: Vec<TransactionFacts>) -> Self {
        // A page that names an id twice would change one row twice in one statement: the last word counts.
        let mut last: HashMap<String, usize> = HashMap::new();
        for (index, facts) in page.iter().enumerate() {
            last.insert(facts.provider_transaction_id.clone(), index);
        }
        let mut columns = Self::default();
        for (index, facts) in page.into_iter().enumerate() {
            if last.get(&facts.provider_transaction_id) != Some(&index) {
                continue;
            }
            columns.ids.push(TransactionId::new().0);
            columns.accounts.push(facts.account_id.0);
            columns.provider_ids.push(facts.provider_transaction_id);
            columns.pending_ids.push(facts.pending_transaction_id);
            columns.amounts.push(facts.amount);
            columns.currencies.push(facts.currency);
            columns.descriptions.push(facts.description);
            columns.merchants.push(facts.merchant);
            columns.categories.push(facts.category.as_str().to_owned());
            columns.statuses.push(facts.status.as_str().to_owned());
            columns.dates.push(facts.transaction_date);
            columns.posted.push(facts.posted_date);
        }
        columns
    }
}

impl TenantTx {
    /// Writes a page of new and changed transactions under that sequence number; rows that are the same stay untouched.
    pub async fn write_transactions(
        &mut self,
        connection_id: ConnectionId,
        page: Vec<TransactionFacts>,
        sequence: i64,
    ) -> Result<PageCounts> {
        let columns = Columns::of(page);
        let tenant_id = self.tenant_id.0;
        let counts = sqlx::query!(
            r#"with incoming as (
                select * from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::numeric[], $9::text[], $10::text[], $11::text[],
                    $12::text[], $13::text[], $14::date[], $15::date[])
                as i(id, account_id, provider_id, pending_id, amount, currency, description, merchant, category, status, date, posted)
            ), taken_over as (
                update transactions t set provider_transaction_id = i.provider_id, replaced_transaction_id = i.pending_id, account_id = i.account_id, amount = i.amount,
                    currency = i.currency, description = i.description, merchant = i.merchant, category = i.category, status = i.status,
                    transaction_date = i.date, posted_date = i.posted, removed = false,
                    added_seq = case when t.removed then $3 else t.added_seq end, changed_seq = $3
                from incoming i
                where t.tenant_id = $1 and t.connection_id = $2 and t.provider_transaction_id = i.pending_id
                  and not exists (select from transactions x where x.connection_id = $2 and x.provider_transaction_id = i.provider_id)
                returning i.provider_id, t.added_seq
            ), written as (
                insert into transactions as t (tenant_id, connection_id, id, account_id, provider_transaction_id, amount, currency, description,
                    merchant, category, status, transaction_date, posted_date, added_seq, first_seq, changed_seq)
                select $1, $2, i.id, i.account_id, i.provider_id, i.amount, i.currency, i.description, i.merchant, i.category, i.status,
                    i.date, i.posted, $3, $3, $3
                from incoming i where i.provider_id not in (select provider_id from taken_over)
                on conflict (connection_id, provider_transaction_id) do update set
                    account_id = excluded.account_id, amount = excluded.amount, currency = excluded.currency,
                    description = excluded.description, merchant = excluded.merchant, category = excluded.category, status = excluded.status,
                    transaction_date = excluded.transaction_date, posted_date = excluded.posted_date, removed = false,
                    added_seq = case when t.removed then excluded.added_seq else t.added_seq end, changed_seq = excluded.changed_seq
                where (t.account_id, t.amount, t.currency, t.description, t.merchant, t.category, t.status, t.transaction_date, t.posted_date, t.removed)
                    is distinct from (excluded.account_id, excluded.amount, excluded.currency, excluded.description, excluded.merchant,
                        excluded.category, excluded.status, excluded.transaction_date, excluded.posted_date, false)
                returning t.added_seq
            ), told as (select added_seq from taken_over union all select added_seq from written)
            select count(*) filter (where added_seq = $3) as "added!", count(*) filter (where added_seq <> $3) as "modified!" from told"#,
            tenant_id,
            connection_id.0,
            sequence,
            &columns.ids,
            &columns.accounts,
            &columns.provider_ids,
            &columns.pending_ids as &[Option<String>],
            &columns.amounts,
            &columns.currencies as &[Option<String>],
            &columns.descriptions,
            &columns.merchants as &[Option<String>],
            &columns.categories,
            &columns.statuses,
            &columns.dates,
            &columns.posted as &[Option<NaiveDate>]
        )
        .fetch_one(self.sql())
        .await?;
        Ok(PageCounts { added: counts.added, modified: counts.modified, removed: 0 })
    }

    /// Marks what recurs: the same account paid the same merchant in at least three months, once or twice in each, and about
    /// the same amount. Under that sequence number; how many rows changed that did not come
    /// under it.
    pub async fn mark_recurring(&mut self, connection_id: ConnectionId, sequence: i64) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let series = sqlx::query!(
            r#"select account_id, merchant as "merchant!" from transactions
             where tenant_id = $1 and connection_id = $2 and not removed and amount > 0 and merchant is not null
             group by account_id, merchant
             having count(distinct date_trunc('month', transaction_date)) >= 3
                and count(*) <= 2 * count(distinct date_trunc('month', transaction_date))
                and stddev_pop(amount) <= avg(amount) * 0.25"#,
            tenant_id,
            connection_id.0
        )
        .fetch_all(self.sql())
        .await?;
        let (accounts, merchants): (Vec<Uuid>, Vec<String>) =
            series.into_iter().map(|row| (row.account_id, row.merchant)).unzip();
        // The series are handed over as arrays: fresh rows have no statistics, and a join would be planned for a handful.
        let marked = sqlx::query_scalar!(
            r#"with marked as (update transactions set recurring = not recurring, changed_seq = $3
             where tenant_id = $1 and connection_id = $2 and not removed
               and recurring <> (amount > 0 and merchant is not null
                    and (account_id, merchant) in (select account_id, merchant from unnest($4::uuid[], $5::text[]) as s(account_id, merchant)))
             returning added_seq)
             select count(*) as "count!" from marked where added_seq <> $3"#,
            tenant_id,
            connection_id.0,
            sequence,
            &accounts,
            &merchants
        )
        .fetch_one(self.sql())
        .await?;
        Ok(marked)
    }

    /// The next sequence number of a connection, whose row it locks; it is used up only by an event.
    pub async fn next_sequence(&mut self, connection_id: ConnectionId) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_scalar!(
            r#"select event_seq + 1 as "next!" from connections where id = $1 and tenant_id = $2 for no key update"#,
            connection_id.0,
            tenant_id
        )
        .fetch_one(self.sql())
        .await?)
    }
}
