//! Evaluations of payments: what the provider said, what was decided, how it ended.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId, EvaluationId};
use crate::domain::risk::{RiskDecision, RiskResult, RiskReturn};

/// An evaluation of a payment.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Ours; the provider knows it by this too.
    pub id: EvaluationId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// From which account the payment is.
    pub account_id: AccountId,
    /// How much.
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What the provider said.
    pub result: RiskResult,
    /// What was decided.
    pub decision: Option<RiskDecision>,
    /// How it was returned.
    pub returned: Option<RiskReturn>,
    /// When.
    pub created_at: DateTime<Utc>,
}

fn encode<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Unreadable(error.to_string()))
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Unreadable(error.to_string()))
}

impl TenantTx {
    /// Stores an evaluation.
    pub async fn insert_evaluation(&mut self, new: &Evaluation) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into signal_evaluations (id, tenant_id, connection_id, account_id, amount, currency, result, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            new.id.0,
            tenant_id,
            new.connection_id.0,
            new.account_id.0,
            new.amount,
            new.currency,
            encode(&new.result)?,
            new.created_at
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A page of a connection's evaluations, oldest first.
    pub async fn evaluations(
        &mut self,
        connection_id: ConnectionId,
        after: Option<EvaluationId>,
        limit: i64,
    ) -> Result<Vec<Evaluation>> {
        self.evaluation_rows(connection_id, None, after, limit).await
    }

    /// One evaluation of a connection.
    pub async fn evaluation(&mut self, connection_id: ConnectionId, id: EvaluationId) -> Result<Option<Evaluation>> {
        Ok(self.evaluation_rows(connection_id, Some(id), None, 1).await?.pop())
    }

    async fn evaluation_rows(
        &mut self,
        connection_id: ConnectionId,
        only: Option<EvaluationId>,
        after: Option<EvaluationId>,
        limit: i64,
    ) -> Result<Vec<Evaluation>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query!(
            "select id, account_id, amount, currency, result, decision, returned, created_at from signal_evaluations
             where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or id = $3) and ($4::uuid is null or id > $4)
             order by id limit $5",
            tenant_id,
            connection_id.0,
            only.map(|id| id.0),
            after.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Evaluation {
                    id: row.id.into(),
                    connection_id,
                    account_id: row.account_id.into(),
                    amount: row.amount,
                    currency: row.currency,
                    result: decode(row.result)?,
                    decision: row.decision.map(decode).transpose()?,
                    returned: row.returned.map(decode).transpose()?,
                    created_at: row.created_at,
                })
            })
            .collect()
    }

    /// What was decided of a payment; the last word counts.
    pub async fn set_decision(&mut self, id: EvaluationId, decision: &RiskDecision) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update signal_evaluations set decision = $3 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            encode(decision)?
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// How a payment was returned.
    pub async fn set_returned(&mut self, id: EvaluationId, returned: &RiskReturn) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update signal_evaluations set returned = $3 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            encode(returned)?
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
