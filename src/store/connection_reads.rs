//! Reading connections: one, a locked one, a page; whose a provider's connection is, and which are due.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::connections::{Connection, ConnectionFilter};
use super::{Error, Result, Store, TenantTx};
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;

struct Row {
    id: uuid::Uuid,
    tenant_id: uuid::Uuid,
    customer_id: uuid::Uuid,
    external_customer_id: String,
    institution_id: Option<uuid::Uuid>,
    institution_name: Option<String>,
    institution_logo_url: Option<String>,
    service_provider: Option<ServiceProvider>,
    provider_connection_id: Option<String>,
    provider_institution_id: Option<String>,
    has_credential: bool,
    status: Status,
    status_reason: Option<StatusReason>,
    status_code: Option<String>,
    stale_since: Option<DateTime<Utc>>,
    requested: Value,
    settings: Value,
    consented: Vec<Product>,
    metadata: Value,
    new_accounts_available: bool,
    consent_expires_at: Option<DateTime<Utc>>,
    history_from: Option<NaiveDate>,
    failures: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    successfully_aggregated_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Connection {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let unreadable = |error: serde_json::Error| Error::Unreadable(error.to_string());
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            customer_id: row.customer_id.into(),
            external_customer_id: row.external_customer_id,
            institution_id: row.institution_id.map(Into::into),
            institution_name: row.institution_name,
            institution_logo_url: row.institution_logo_url,
            service_provider: row.service_provider,
            provider_connection_id: row.provider_connection_id,
            provider_institution_id: row.provider_institution_id,
            has_credential: row.has_credential,
            condition: Condition { status: row.status, reason: row.status_reason },
            status_code: row.status_code,
            stale_since: row.stale_since,
            requested: serde_json::from_value(row.requested).map_err(unreadable)?,
            settings: serde_json::from_value(row.settings).map_err(unreadable)?,
            consented: row.consented.into_iter().collect(),
            metadata: serde_json::from_value(row.metadata).map_err(unreadable)?,
            new_accounts_available: row.new_accounts_available,
            consent_expires_at: row.consent_expires_at,
            history_from: row.history_from,
            failures: row.failures,
            created_at: row.created_at,
            updated_at: row.updated_at,
            successfully_aggregated_at: row.successfully_aggregated_at,
        })
    }
}

impl TenantTx {
    /// One connection; `None` where it is unknown or somebody else's.
    pub async fn connection(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        Ok(self.connections(&ConnectionFilter::default(), None, 1, Some(id)).await?.into_iter().next())
    }

    /// Locks the connection's row for the rest of the transaction, so that changes follow one another.
    pub async fn lock_connection(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        self.lock_row(id).await?;
        self.connection(id).await
    }

    /// The same without reading it.
    pub async fn lock_row(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("select id from connections where id = $1 and tenant_id = $2 for no key update", id.0, tenant_id)
            .fetch_optional(self.sql())
            .await?;
        Ok(())
    }

    /// A page of connections, oldest first.
    pub async fn connections(
        &mut self,
        filter: &ConnectionFilter,
        after: Option<ConnectionId>,
        limit: i64,
        only: Option<ConnectionId>,
    ) -> Result<Vec<Connection>> {
        let tenant_id = self.tenant_id.0;
        let rows = sqlx::query_as!(
            Row,
            r#"select c.id, c.tenant_id, c.customer_id, u.external_customer_id, c.institution_id,
                i.name as "institution_name?", i.logo_url as institution_logo_url,
                c.service_provider as "service_provider: ServiceProvider", c.provider_connection_id, c.provider_institution_id,
                c.credential is not null as "has_credential!", c.status as "status: Status",
                c.status_reason as "status_reason: StatusReason", c.status_code, c.stale_since, c.requested, c.settings,
                c.consented as "consented: Vec<Product>", c.metadata, c.new_accounts_available, c.consent_expires_at,
                c.history_from, c.failures, c.created_at, c.updated_at, c.successfully_aggregated_at
             from connections c join customers u on u.id = c.customer_id left join institutions i on i.id = c.institution_id
             where c.tenant_id = $1
               and ($2::uuid is null or c.id = $2)
               and ($3::uuid is null or c.customer_id = $3)
               and ($4::text is null or u.external_customer_id = $4)
               and ($5::uuid is null or c.institution_id = $5)
               and ($6::text is null or c.service_provider = $6)
               and (cardinality($7::text[]) = 0 or c.status = any($7))
               and ($8::text is null or exists (select from connection_products p
                    where p.connection_id = c.id and p.product = $8 and p.placement is not null))
               and ($9::uuid is null or c.id > $9)
             order by c.id limit $10"#,
            tenant_id,
            only.map(|id| id.0),
            filter.customer_id.map(|id| id.0),
            filter.external_customer_id.as_deref(),
            filter.institution_id.map(|id| id.0),
            filter.service_provider.map(ServiceProvider::as_str),
            &filter.status.iter().map(|status| status.as_str().to_owned()).collect::<Vec<_>>(),
            filter.product.map(Product::as_str),
            after.map(|id| id.0),
            limit
        )
        .fetch_all(self.sql())
        .await?;
        rows.into_iter().map(Connection::try_from).collect()
    }
}

impl Store {
    /// Who the provider's connection is here: the one question that has no tenant, for webhooks.
    pub async fn find_connection(
        &self,
        provider: ServiceProvider,
        provider_connection_id: &str,
    ) -> Result<Option<(TenantId, ConnectionId)>> {
        let row = sqlx::query!(
            r#"select id as "id!", tenant_id as "tenant_id!" from find_provider_connection($1, $2)"#,
            provider.as_str(),
            provider_connection_id
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (TenantId(row.tenant_id), ConnectionId(row.id))))
    }

    /// Connections whose scheduled read is due.
    pub async fn connections_due(&self, now: DateTime<Utc>, most: i32) -> Result<Vec<(TenantId, ConnectionId)>> {
        let rows =
            sqlx::query!(r#"select id as "id!", tenant_id as "tenant_id!" from connections_due($1, $2)"#, now, most)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), ConnectionId(row.id))).collect())
    }
}
