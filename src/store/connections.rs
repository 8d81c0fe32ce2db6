//! Customers, connections, their history, and the lease under which one holder at a time works on a connection.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Error, Result, TenantTx};
use crate::domain::combination::IdentifiersFlow;
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::ids::{ConnectionId, CustomerId, InstitutionId, TenantId};
use crate::domain::placement::Placements;
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

/// The constraint by which an object at a provider belongs to one connection.
pub const PROVIDER_CONNECTION_ONCE: &str = "connections_by_provider_id";

/// What was settled at start and holds for the connection's life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionSettings {
    /// ISO 3166 alpha-2.
    pub country_codes: Vec<String>,
    /// ISO 639-1.
    pub language: String,
    /// How far back, in days; `None` where the caller left it to us.
    pub history_days: Option<u16>,
    /// Account subtypes by type (B13).
    pub account_filters: Option<std::collections::BTreeMap<String, Vec<String>>>,
    /// Every required product for every account (B12).
    pub match_all_accounts: bool,
    /// What products cannot start without (B14).
    pub product_options: Map<String, Value>,
    /// How `IDENTIFIERS` are to be had, where not instantly (B7).
    pub identifiers_flow: Option<IdentifiersFlow>,
    /// The tenant named the provider.
    pub pinned_provider: Option<ServiceProvider>,
    /// A second connection to the same login is wanted (G4).
    pub allow_duplicate: bool,
}

impl ConnectionSettings {
    /// What products cannot start without, together with what is given for them now.
    pub fn product_options_with(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let both = [&self.product_options, given];
        both.into_iter().flatten().map(|(product, options)| (product.clone(), options.clone())).collect()
    }
}

/// A connection, without its secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Ours.
    pub id: ConnectionId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Whose login.
    pub customer_id: CustomerId,
    /// The tenant's own id of that customer.
    pub external_customer_id: String,
    /// Where.
    pub institution_id: Option<InstitutionId>,
    /// The institution's name.
    pub institution_name: Option<String>,
    /// The institution's logo.
    pub institution_logo_url: Option<String>,
    /// Through whom.
    pub service_provider: Option<ServiceProvider>,
    /// The provider's id of the connection.
    pub provider_connection_id: Option<String>,
    /// The provider's id of the institution.
    pub provider_institution_id: Option<String>,
    /// Whether there is a credential.
    pub has_credential: bool,
    /// Status and reason.
    pub condition: Condition,
    /// The provider's code behind it.
    pub status_code: Option<String>,
    /// Since when its data is stale.
    pub stale_since: Option<DateTime<Utc>>,
    /// As asked for at start.
    pub requested: Placements,
    /// As settled at start.
    pub settings: ConnectionSettings,
    /// What the customer's consent covers, as last seen.
    pub consented: BTreeSet<Product>,
    /// The tenant's own.
    pub metadata: Map<String, Value>,
    /// The customer has accounts that are not shared.
    pub new_accounts_available: bool,
    /// When consent ends.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// The first day of data that was really received.
    pub history_from: Option<NaiveDate>,
    /// Failures of aggregation in a row.
    pub failures: i32,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When data was last fetched without fault.
    pub successfully_aggregated_at: Option<DateTime<Utc>>,
}

/// Which connections are wanted; each filter narrows.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFilter {
    /// Of that customer.
    pub customer_id: Option<CustomerId>,
    /// Of that customer, by the tenant's id.
    pub external_customer_id: Option<String>,
    /// At that institution.
    pub institution_id: Option<InstitutionId>,
    /// Through that provider.
    pub service_provider: Option<ServiceProvider>,
    /// In one of those statuses; empty = any.
    pub status: Vec<Status>,
    /// With that product in one of the arrays.
    pub product: Option<Product>,
}

/// A change of status.
#[derive(Clone, Debug)]
pub struct HistoryEntry {
    /// For paging.
    pub number: i64,
    /// Before.
    pub from: Option<Status>,
    /// After.
    pub to: Status,
    /// Why it stands there.
    pub reason: Option<StatusReason>,
    /// What caused the change.
    pub cause: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A connection to be stored.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Whose login.
    pub customer_id: CustomerId,
    /// As asked for.
    pub requested: Placements,
    /// As settled.
    pub settings: ConnectionSettings,
    /// The tenant's own.
    pub metadata: Map<String, Value>,
}

impl TenantTx {
    /// The customer with the tenant's id, made where there is none.
    pub async fn ensure_customer(&mut self, external_customer_id: &str) -> Result<CustomerId> {
        let tenant_id = self.tenant_id.0;
        let id = sqlx::query_scalar!(
            "insert into customers (id, tenant_id, external_customer_id) values ($1, $2, $3)
             on conflict on constraint customers_external_id
             do update set external_customer_id = excluded.external_customer_id returning id",
            CustomerId::new().0,
            tenant_id,
            external_customer_id
        )
        .fetch_one(self.sql())
        .await?;
        Ok(CustomerId(id))
    }

    /// Stores a connection `IN_PROGRESS`.
    pub async fn insert_connection(&mut self, new: &NewConnection, now: DateTime<Utc>) -> Result<ConnectionId> {
        let tenant_id = self.tenant_id.0;
        let id = ConnectionId::new();
        let encode = |error: serde_json::Error| Error::Unreadable(error.to_string());
        sqlx::query!(
            "insert into connections (id, tenant_id, customer_id, status, requested, settings, metadata, created_at, updated_at)
             values ($1, $2, $3, 'IN_PROGRESS', $4, $5, $6, $7, $7)",
            id.0,
            tenant_id,
            new.customer_id.0,
            serde_json::to_value(&new.requested).map_err(encode)?,
            serde_json::to_value(&new.settings).map_err(encode)?,
            Value::Object(new.metadata.clone()),
            now
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "insert into connection_leases (connection_id, fence, lease_until) values ($1, 0, '-infinity')",
            id.0
        )
        .execute(self.sql())
        .await?;
        self.record_history(id, None, Condition { status: Status::InProgress, reason: None }, "STARTED", now).await?;
        Ok(id)
    }

    /// Changes the tenant's own data.
    pub async fn set_metadata(
        &mut self,
        id: ConnectionId,
        metadata: &Map<String, Value>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set metadata = $3, updated_at = $4 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            Value::Object(metadata.clone()),
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Stores status, reason and the provider's code; data is stale from when the connection stopped working (F6).
    pub async fn set_condition(
        &mut self,
        id: ConnectionId,
        condition: Condition,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set status = $3, status_reason = $4, status_code = $5, updated_at = $6,
                stale_since = case when $3 = 'ACTIVE' then null else coalesce(stale_since, $6) end
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            condition.status.as_str(),
            condition.reason.map(StatusReason::as_str),
            code,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Adds a row of history (F5).
    pub async fn record_history(
        &mut self,
        id: ConnectionId,
        from: Option<Status>,
        to: Condition,
        cause: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into connection_history (tenant_id, connection_id, from_status, to_status, reason, cause, at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            tenant_id,
            id.0,
            from.map(Status::as_str),
            to.status.as_str(),
            to.reason.map(StatusReason::as_str),
            cause,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// A page of history, oldest first.
    pub async fn history(&mut self, id: ConnectionId, after: i64, limit: i64) -> Result<Vec<HistoryEntry>> {
        let tenant_id = self.tenant_id.0;
        Ok(sqlx::query_as!(
            HistoryEntry,
            r#"select id as number, from_status as "from: Status", to_status as "to: Status",
                reason as "reason: StatusReason", cause, at
             from connection_history where tenant_id = $1 and connection_id = $2 and id > $3 order by id limit $4"#,
            tenant_id,
            id.0,
            after,
            limit
        )
        .fetch_all(self.sql())
        .await?)
    }

    /// Seals and stores what later calls need, with who the connection is at the provider.
    pub async fn set_credential(
        &mut self,
        id: ConnectionId,
        provider: ServiceProvider,
        provider_connection_id: &str,
        credential: &Secret,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("connections", id, "credential", credential.expose().as_bytes())?;
        sqlx::query!(
            "update connections set service_provider = $3, provider_connection_id = $4, credential = $5
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            provider.as_str(),
            provider_connection_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Stores a credential in place of the one before.
    pub async fn renew_credential(&mut self, id: ConnectionId, credential: &Secret) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sealed = self.seal("connections", id, "credential", credential.expose().as_bytes())?;
        sqlx::query!(
            "update connections set credential = $3 where id = $1 and tenant_id = $2 and credential is not null",
            id.0,
            tenant_id,
            sealed
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Stores what the provider calls the connection, where that has changed.
    pub async fn set_provider_connection_id(&mut self, id: ConnectionId, provider_connection_id: &str) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set provider_connection_id = $3
             where id = $1 and tenant_id = $2 and provider_connection_id <> $3",
            id.0,
            tenant_id,
            provider_connection_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The credential, opened.
    pub async fn credential(&mut self, id: ConnectionId) -> Result<Option<Secret>> {
        let tenant_id = self.tenant_id.0;
        let sealed =
            sqlx::query_scalar!("select credential from connections where id = $1 and tenant_id = $2", id.0, tenant_id)
                .fetch_optional(self.sql())
                .await?
                .flatten();
        sealed.map(|sealed| self.open_secret("connections", id, "credential", &sealed)).transpose()
    }

    /// Where the connection is: institution, ours and the provider's.
    pub async fn set_institution(
        &mut self,
        id: ConnectionId,
        institution: Option<InstitutionId>,
        provider_institution_id: Option<&str>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set institution_id = coalesce($3, institution_id), provider_institution_id = coalesce($4, provider_institution_id)
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            institution.map(|id| id.0),
            provider_institution_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// What the customer's consent covers now, and until when.
    pub async fn set_consent(
        &mut self,
        id: ConnectionId,
        consented: &BTreeSet<Product>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let consented: Vec<String> = consented.iter().map(|product| product.as_str().to_owned()).collect();
        sqlx::query!(
            "update connections set consented = $3, consent_expires_at = $4 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            &consented,
            expires_at
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// When access ends, as the provider announced it.
    pub async fn set_consent_end(&mut self, id: ConnectionId, at: Option<DateTime<Utc>>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set consent_expires_at = coalesce($3, consent_expires_at) where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            at
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Whether the customer has accounts that are not shared.
    pub async fn set_new_accounts(&mut self, id: ConnectionId, available: bool) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set new_accounts_available = $3 where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            available
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The shared accounts may have changed: the next reading compares them (D5).
    pub async fn compare_accounts(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set compare_accounts = true where id = $1 and tenant_id = $2",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Whether the accounts are to be compared; asked once, then forgotten.
    pub async fn take_compare_accounts(&mut self, id: ConnectionId) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        let asked = sqlx::query!(
            "update connections set compare_accounts = false where id = $1 and tenant_id = $2 and compare_accounts",
            id.0,
            tenant_id
        )
        .execute(self.sql())
        .await?;
        Ok(asked.rows_affected() == 1)
    }

    /// When the connection is to be read next.
    pub async fn set_next_read(&mut self, id: ConnectionId, at: Option<DateTime<Utc>>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("update connections set next_read_at = $3 where id = $1 and tenant_id = $2", id.0, tenant_id, at)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// The end of a run of aggregation: when it was, whether something came and whether something failed, when the next one is due.
    /// What cannot be had, or is not there yet, is neither.
    pub async fn record_run(
        &mut self,
        id: ConnectionId,
        (came, failed): (bool, bool),
        history_from: Option<NaiveDate>,
        next_read_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set
                successfully_aggregated_at = case when $3 and not $4 then $7 else successfully_aggregated_at end,
                failures = case when $4 then failures + 1 else 0 end,
                history_from = least(history_from, $5), next_read_at = $6, updated_at = $7
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            came,
            failed,
            history_from,
            next_read_at,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
