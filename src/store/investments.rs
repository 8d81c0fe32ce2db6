//! Holdings, investment transactions and liabilities.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, HoldingId, InvestmentTransactionId, LiabilityId};
use crate::domain::investment::{InvestmentTransactionType, Security};
use crate::domain::liability::{LiabilityKind, LiabilityTerms};

/// Which rows are wanted, in all lists of this file.
#[derive(Clone, Debug, Default)]
pub struct InvestmentFilter {
    /// Of that account.
    pub account_id: Option<AccountId>,
    /// Of that connection.
    pub connection_id: Option<ConnectionId>,
    /// Of that customer.
    pub customer_id: Option<CustomerId>,
    /// From that day (investment transactions).
    pub from: Option<NaiveDate>,
    /// To that day, inclusive (investment transactions).
    pub to: Option<NaiveDate>,
}

/// A security that is held.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Ours.
    pub id: HoldingId,
    /// Of which account.
    pub account_id: AccountId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// The provider's id of the security.
    pub provider_security_id: String,
    /// What is held.
    pub security: Security,
    /// How much.
    pub quantity: Decimal,
    /// Price of one.
    pub price: Option<Decimal>,
    /// Value of all.
    pub value: Option<Decimal>,
    /// What all of it cost.
    pub cost_basis: Option<Decimal>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When the price was current.
    pub price_as_of: Option<NaiveDate>,
    /// When it was last read.
    pub updated_at: DateTime<Utc>,
}

/// A movement of an investment account; positive = money out.
#[derive(Clone, Debug)]
pub struct InvestmentTransaction {
    /// Ours.
    pub id: InvestmentTransactionId,
    /// Of which account.
    pub account_id: AccountId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// The provider's id.
    pub provider_transaction_id: String,
    /// What was traded.
    pub security: Option<Security>,
    /// What it is.
    pub transaction_type: InvestmentTransactionType,
    /// What the institution wrote.
    pub description: String,
    /// How much; negative = sold; `None` where the provider does not say.
    pub quantity: Option<Decimal>,
    /// Price of one.
    pub price: Option<Decimal>,
    /// Positive = cash out.
    pub amount: Decimal,
    /// Fees within it.
    pub fees: Option<Decimal>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When.
    pub date: NaiveDate,
}

/// The terms of a card or loan.
#[derive(Clone, Debug)]
pub struct Liability {
    /// Ours.
    pub id: LiabilityId,
    /// Of which account.
    pub account_id: AccountId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Which terms apply.
    pub kind: LiabilityKind,
    /// The terms.
    pub terms: LiabilityTerms,
    /// ISO 4217, the account's.
    pub currency: Option<String>,
    /// When they were last read.
    pub updated_at: DateTime<Utc>,
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Unreadable(error.to_string()))
}

fn encode<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Unreadable(error.to_string()))
}

impl TenantTx {
    /// Replaces what a connection holds; a security that stays keeps its id.
    pub async fn replace_holdings(
        &mut self,
        connection_id: ConnectionId,
        holdings: &[Holding],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        for holding in holdings {
            sqlx::query!(
                "insert into holdings (tenant_id, connection_id, id, account_id, provider_security_id, security, quantity, price, value,
                    cost_basis, currency, price_as_of, updated_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                 on conflict (account_id, provider_security_id) do update set security = excluded.security, quantity = excluded.quantity,
                    price = excluded.price, value = excluded.value, cost_basis = excluded.cost_basis, currency = excluded.currency,
                    price_as_of = excluded.price_as_of, updated_at = excluded.updated_at",
                tenant_id,
                connection_id.0,
                holding.id.0,
                holding.account_id.0,
                holding.provider_security_id,
                encode(&holding.security)?,
                holding.quantity,
                holding.price,
                holding.value,
                holding.cost_basis,
                holding.currency,
                holding.price_as_of,
                now
            )
            .execute(self.sql())
            .await?;
        }
        sqlx::query!(
            "delete from holdings where tenant_id = $1 and connection_id = $2 and updated_at < $3",
            tenant_id,
            connection_id.0,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A page of holdings.
    pub async fn holdings(
        &mut self,
        filter: &InvestmentFilter,
        after: Option<HoldingId>,
        limit: i64,
    ) -> Result<Vec<Holding>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select h.* from holdings h
             where h.tenant_id = $1 and ($2::uuid is null or h.account_id = $2) and ($3::uuid is null or h.connection_id = $3)
               and ($4::uuid is null or h.connection_id in (select id from connections where tenant_id = $1 and customer_id = $4))
               and ($5::uuid is null or h.id > $5)
             order by h.id limit $6",
            tenant_id,
            filter.account_id.map(|id| id.0),
            filter.connection_id.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            after.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Holding {
                    id: row.id.into(),
                    account_id: row.account_id.into(),
                    connection_id: row.connection_id.into(),
                    provider_security_id: row.provider_security_id,
                    security: decode(row.security)?,
                    quantity: row.quantity,
                    price: row.price,
                    value: row.value,
                    cost_basis: row.cost_basis,
                    currency: row.currency,
                    price_as_of: row.price_as_of,
                    updated_at: row.updated_at,
                })
            })
            .collect()
    }

    /// Writes movements; ones that are known are brought up to date. How many are new.
    pub async fn write_investment_transactions(
        &mut self,
        connection_id: ConnectionId,
        transactions: &[InvestmentTransaction],
    ) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let mut added = 0;
        for transaction in transactions {
            let security = transaction.security.as_ref().map(encode).transpose()?;
            let new = sqlx::query_scalar!(
                r#"insert into investment_transactions (tenant_id, connection_id, id, account_id, provider_transaction_id, security, type,
                    description, quantity, price, amount, fees, currency, date)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                 on conflict (connection_id, provider_transaction_id) do update set security = excluded.security, type = excluded.type,
                    description = excluded.description, quantity = excluded.quantity, price = excluded.price, amount = excluded.amount,
                    fees = excluded.fees, currency = excluded.currency, date = excluded.date
                 returning (id = $3) as "new!""#,
                tenant_id,
                connection_id.0,
                transaction.id.0,
                transaction.account_id.0,
                transaction.provider_transaction_id,
                security,
                transaction.transaction_type.as_str(),
                transaction.description,
                transaction.quantity,
                transaction.price,
                transaction.amount,
                transaction.fees,
                transaction.currency,
                transaction.date
            )
            .fetch_one(self.sql())
            .await?;
            added += i64::from(new);
        }
        Ok(added)
    }

    /// A page of movements, newest first, then by id.
    pub async fn investment_transactions(
        &mut self,
        filter: &InvestmentFilter,
        after: Option<(NaiveDate, InvestmentTransactionId)>,
        limit: i64,
    ) -> Result<Vec<InvestmentTransaction>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select t.id, t.account_id, t.connection_id, t.provider_transaction_id, t.security, t.type as "transaction_type: InvestmentTransactionType",
                t.description, t.quantity, t.price, t.amount, t.fees, t.currency, t.date
             from investment_transactions t
             where t.tenant_id = $1 and ($2::uuid is null or t.account_id = $2) and ($3::uuid is null or t.connection_id = $3)
               and ($4::uuid is null or t.connection_id in (select id from connections where tenant_id = $1 and customer_id = $4))
               and ($5::date is null or t.date >= $5) and ($6::date is null or t.date <= $6)
               and ($7::date is null or t.date < $7 or (t.date = $7 and t.id > $8))
             order by t.date desc, t.id limit $9"#,
            tenant_id,
            filter.account_id.map(|id| id.0),
            filter.connection_id.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            filter.from,
            filter.to,
            after.map(|(date, _)| date),
            after.map(|(_, id)| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(InvestmentTransaction {
                    id: row.id.into(),
                    account_id: row.account_id.into(),
                    connection_id: row.connection_id.into(),
                    provider_transaction_id: row.provider_transaction_id,
                    security: row.security.map(decode).transpose()?,
                    transaction_type: row.transaction_type,
                    description: row.description,
                    quantity: row.quantity,
                    price: row.price,
                    amount: row.amount,
                    fees: row.fees,
                    currency: row.currency,
                    date: row.date,
                })
            })
            .collect()
    }

    /// Replaces the liabilities of a connection; one that stays keeps its id.
    pub async fn replace_liabilities(
        &mut self,
        connection_id: ConnectionId,
        liabilities: &[Liability],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        for liability in liabilities {
            sqlx::query!(
                "insert into liabilities (tenant_id, connection_id, id, account_id, kind, terms, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (account_id, kind) do update set terms = excluded.terms, updated_at = excluded.updated_at",
                tenant_id,
                connection_id.0,
                liability.id.0,
                liability.account_id.0,
                liability.kind.as_str(),
                encode(&liability.terms)?,
                now
            )
            .execute(self.sql())
            .await?;
        }
        sqlx::query!(
            "delete from liabilities where tenant_id = $1 and connection_id = $2 and updated_at < $3",
            tenant_id,
            connection_id.0,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A page of liabilities.
    pub async fn liabilities(
        &mut self,
        filter: &InvestmentFilter,
        after: Option<LiabilityId>,
        limit: i64,
    ) -> Result<Vec<Liability>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            r#"select l.id, l.account_id, l.connection_id, l.kind as "kind: LiabilityKind", l.terms, l.updated_at, a.currency
             from liabilities l join accounts a on a.id = l.account_id
             where l.tenant_id = $1 and ($2::uuid is null or l.account_id = $2) and ($3::uuid is null or l.connection_id = $3)
               and ($4::uuid is null or l.connection_id in (select id from connections where tenant_id = $1 and customer_id = $4))
               and ($5::uuid is null or l.id > $5)
             order by l.id limit $6"#,
            tenant_id,
            filter.account_id.map(|id| id.0),
            filter.connection_id.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            after.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Liability {
                    id: row.id.into(),
                    account_id: row.account_id.into(),
                    connection_id: row.connection_id.into(),
                    kind: row.kind,
                    terms: decode(row.terms)?,
                    currency: row.currency,
                    updated_at: row.updated_at,
                })
            })
            .collect()
    }
}
