//! Changes that are told: the row, its history and its event in one transaction (F5, A7).

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Result, TenantTx};
use crate::domain::connection::{Condition, Status};
use crate::domain::event::EventType;
use crate::domain::ids::ConnectionId;
use crate::domain::placement::Placement;
use crate::domain::product::{Product, ProductReason, ProductState};

impl TenantTx {
    /// Brings a connection into another condition, if the machine allows it; whether anything changed.
    pub async fn change_condition(
        &mut self,
        id: ConnectionId,
        next: Condition,
        code: Option<&str>,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Some(connection) = self.lock_connection(id).await? else { return Ok(false) };
        let old = connection.condition;
        if !old.may_become(next) || (old == next && connection.status_code.as_deref() == code) {
            return Ok(false);
        }
        self.set_condition(id, next, code, now).await?;
        if old == next {
            return Ok(false);
        }
        self.record_history(id, Some(old.status), next, cause, now).await?;
        let data = json!({
            "from": old.status, "to": next.status, "reason": next.reason, "actBy": next.act_by(), "detail": next.sentence(), "cause": cause,
        });
        let event = match (old.status, next.status) {
            (Status::InProgress, Status::Active) => EventType::ConnectionCompleted,
            (_, Status::Deleted) => EventType::ConnectionDeleted,
            _ => EventType::ConnectionStatusChanged,
        };
        self.emit(id, event, data, now).await?;
        let was_ill = !matches!(old.status, Status::Active | Status::InProgress);
        if was_ill && next.status == Status::Active {
            self.emit(id, EventType::ConnectionRecovered, json!({ "from": old.status, "cause": cause }), now).await?;
        }
        Ok(true)
    }

    /// Counts a failure of a cause that does not pass by itself: how often it came in a row, and since when (E9).
    pub async fn count_failure(
        &mut self,
        id: ConnectionId,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<(i32, DateTime<Utc>)> {
        let tenant_id = self.tenant_id.0;
        let row = sqlx::query!(
            r#"update connections set
                lasting_times = case when lasting_cause = $3 then lasting_times + 1 else 1 end,
                lasting_since = case when lasting_cause = $3 then lasting_since else $4 end,
                lasting_cause = $3
             where id = $1 and tenant_id = $2
             returning lasting_times, lasting_since as "lasting_since!""#,
            id.0,
            tenant_id,
            cause,
            now
        )
        .fetch_one(self.sql())
        .await?;
        Ok((row.lasting_times, row.lasting_since))
    }

    /// What failed before counts no more: something came, or the customer has been there.
    pub async fn forget_failures(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set lasting_cause = null, lasting_times = 0, lasting_since = null
             where id = $1 and tenant_id = $2 and lasting_cause is not null",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Stores a product's result, with an event where its state or reason changed.
    pub async fn change_product(
        &mut self,
        id: ConnectionId,
        product: Product,
        state: ProductState,
        reason: Option<ProductReason>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let before = self.products(id).await?.into_iter().find(|row| row.product == product);
        let Some(before) = before else { return Ok(()) };
        if (before.state, before.reason) != (state, reason) {
            let data = json!({ "product": product, "from": before.state, "to": state, "reason": reason });
            self.emit(id, EventType::ConnectionProductStateChanged, data, now).await?;
        }
        self.set_product_state(id, product, state, reason).await
    }

    /// Puts a product, known or not, where it stands now, with an event where its state changed.
    pub async fn place_product(
        &mut self,
        id: ConnectionId,
        product: Product,
        placement: Placement,
        (state, reason): (ProductState, Option<ProductReason>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let before = self.products(id).await?.into_iter().find(|row| row.product == product);
        let from = before.map(|row| (row.state, row.reason));
        if from != Some((state, reason)) {
            let data =
                json!({ "product": product, "from": from.map(|(state, _)| state), "to": state, "reason": reason });
            self.emit(id, EventType::ConnectionProductStateChanged, data, now).await?;
        }
        self.put_product(id, product, Some(placement), state, reason).await
    }
}
