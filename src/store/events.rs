//! Events: written with the change that they tell of, read in commit order.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Result, TenantTx};
use crate::domain::event::EventType;
use crate::domain::ids::{ConnectionId, CustomerId, EventId};

/// A stored event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub event_type: String,
    /// Counts per connection without gaps.
    pub sequence: i64,
    /// To which connection.
    pub connection_id: Option<ConnectionId>,
    /// Whose.
    pub customer_id: Option<CustomerId>,
    /// When, in business time.
    pub occurred_at: DateTime<Utc>,
    /// Facts and ids.
    pub data: Value,
    /// Where a reader stands after it.
    pub position: EventPosition,
}

/// A place in the order of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// The transaction that wrote it, or a later one that wrote to its connection before it: a transaction gets its number before it
    /// gets the connection's row, and the order within a connection is that of `sequence`.
    pub transaction: i64,
    /// Its number.
    pub number: i64,
}

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of that connection only.
    pub connection_id: Option<ConnectionId>,
    /// Of those types only; empty = all.
    pub types: Vec<String>,
}

impl TenantTx {
    /// Stores an event of a connection under its next sequence number, which it returns. The connection's row is locked by it.
    pub async fn emit(
        &mut self,
        connection_id: ConnectionId,
        event_type: EventType,
        data: Value,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let sequence = sqlx::query_scalar!(
            r#"with counted as (
                update connections set event_seq = event_seq + 1, updated_at = greatest(updated_at, $5),
                    event_transaction = greatest(event_transaction, pg_current_xact_id())
                where id = $2 and tenant_id = $1 returning event_seq, event_transaction, customer_id
            )
            insert into events (id, tenant_id, transaction, type, sequence, connection_id, customer_id, occurred_at, data)
            select $3, $1, event_transaction, $4, event_seq, $2, customer_id, $5, $6 from counted
            returning sequence"#,
            tenant_id,
            connection_id.0,
            EventId::new().0,
            event_type.as_str(),
            now,
            data
        )
        .fetch_one(self.sql())
        .await?;
        Ok(sequence)
    }

    /// Events after a place, in commit order; none that an open transaction could still precede.
    pub async fn events(&mut self, filter: &EventFilter, after: EventPosition, limit: i64) -> Result<Vec<Event>> {
        let tenant_id = self.tenant_id.0;
        let connection = filter.connection_id.map(|id| id.0);
        let rows = sqlx::query!(
            r#"select id, type, sequence, connection_id, customer_id, occurred_at, data, position,
                transaction::text::bigint as "transaction!"
             from events
             where tenant_id = $1 and (transaction, position) > ($2::text::xid8, $3)
               and transaction < pg_snapshot_xmin(pg_current_snapshot())
               and ($4::uuid is null or connection_id = $4)
               and (cardinality($5::text[]) = 0 or type = any($5))
             order by transaction, position limit $6"#,
            tenant_id,
            after.transaction.to_string(),
            after.number,
            connection,
            &filter.types,
            limit
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Event {
                id: EventId(row.id),
                event_type: row.r#type,
                sequence: row.sequence,
                connection_id: row.connection_id.map(ConnectionId),
                customer_id: row.customer_id.map(CustomerId),
                occurred_at: row.occurred_at,
                data: row.data,
                position: EventPosition { transaction: row.transaction, number: row.position },
            })
            .collect())
    }

    /// Where an event stands, for readers that resume after it by its id.
    pub async fn event_position(&mut self, id: EventId) -> Result<Option<EventPosition>> {
        let tenant_id = self.tenant_id.0;
        let row = sqlx::query!(
            r#"select transaction::text::bigint as "transaction!", position from events where tenant_id = $1 and id = $2"#,
            tenant_id,
            id.0
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(row.map(|row| EventPosition { transaction: row.transaction, number: row.position }))
    }

    /// One event.
    pub async fn event(&mut self, id: EventId) -> Result<Option<Event>> {
        let Some(position) = self.event_position(id).await? else { return Ok(None) };
        let before = EventPosition { number: position.number - 1, ..position };
        Ok(self.events(&EventFilter::default(), before, 1).await?.into_iter().find(|event| event.id == id))
    }
}
