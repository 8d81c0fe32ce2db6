//! A connection as callers see it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::connection::{ActBy, RepairReason, Status, StatusReason};
use crate::domain::ids::{ConnectionId, CustomerId, InstitutionId};
use crate::domain::placement::{Placement, Placements};
use crate::domain::problem::Problem;
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::service_provider::ServiceProvider;
use crate::link::Linking;
use crate::store::{Connection, ConnectionProduct, TenantTx, placements};

/// An institution in short.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstitutionRef {
    /// Ours.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo_url: Option<String>,
}

/// The last result of a product.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductStateView {
    /// Which.
    pub product: Product,
    /// Where it stands; null where it fell away (B2).
    pub placement: Option<Placement>,
    /// The result.
    pub state: ProductState,
    /// Why.
    pub reason: Option<ProductReason>,
    /// When data last came.
    pub last_aggregated_at: Option<DateTime<Utc>>,
}

/// Whether a repair is needed.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepairView {
    /// Something does not work, or soon will not, without the customer.
    pub required: bool,
    /// What a repair would be for.
    pub reasons: Vec<RepairReason>,
}

/// How current the data is.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UpdateStatus {
    /// A fetch is due or runs.
    InProgress,
    /// Everything that was asked for has come.
    Ready,
    /// The last fetch failed, and is tried again where that may help; `productStates` says of each product why.
    Failed,
}

/// How far transactions are categorised.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CategorizationStatus {
    /// There is nothing to categorise yet.
    Pending,
    /// Transactions come in.
    InProgress,
    /// Every stored transaction has its category.
    Ready,
}

/// A connection.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Ours.
    pub id: ConnectionId,
    /// Whose login.
    pub customer_id: CustomerId,
    /// The tenant's own id of that customer.
    pub external_customer_id: String,
    /// Where; null until it is chosen.
    pub institution: Option<InstitutionRef>,
    /// Through whom; null until it is chosen.
    pub service_provider: Option<ServiceProvider>,
    /// Where it stands.
    pub status: Status,
    /// Why.
    pub status_reason: Option<StatusReason>,
    /// What to do next, for people.
    pub status_detail: &'static str,
    /// As asked for at start.
    pub requested: Placements,
    /// As granted now.
    #[serde(flatten)]
    pub granted: Placements,
    /// The last result of each product.
    pub product_states: Vec<ProductStateView>,
    /// Whether a repair is needed.
    pub repair: RepairView,
    /// Who must act.
    pub act_by: Option<ActBy>,
    /// Since when data is stale.
    pub stale_since: Option<DateTime<Utc>>,
    /// How current the data is.
    pub update_status: UpdateStatus,
    /// How far transactions are categorised.
    pub categorization_status: CategorizationStatus,
    /// The first day of data that was really received.
    pub history_from: Option<NaiveDate>,
    /// When consent ends.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// Other connections to the same login.
    pub duplicate_connection_ids: Vec<ConnectionId>,
    /// The one of these that is active.
    pub active_duplicate_connection_id: Option<ConnectionId>,
    /// The tenant's own.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When data was last fetched without fault.
    pub successfully_aggregated_at: Option<DateTime<Utc>>,
}

/// A connection with its products, as callers see it.
pub async fn connection_view(
    tx: &mut TenantTx,
    linking: &Linking,
    id: ConnectionId,
) -> Result<ConnectionView, Problem> {
    let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
    let products = tx.products(id).await?;
    Ok(view(linking, connection, products))
}

/// Several connections at once.
pub(super) async fn connection_views(
    tx: &mut TenantTx,
    linking: &Linking,
    connections: Vec<Connection>,
) -> Result<Vec<ConnectionView>, Problem> {
    let ids: Vec<ConnectionId> = connections.iter().map(|connection| connection.id).collect();
    let mut products = tx.products_of(&ids).await?;
    let mut views = Vec::with_capacity(connections.len());
    for connection in connections {
        let (own, others) = products.into_iter().partition(|(id, _)| *id == connection.id);
        products = others;
        views.push(view(linking, connection, own.into_iter().map(|(_, product)| product).collect()));
    }
    Ok(views)
}

fn view(linking: &Linking, connection: Connection, products: Vec<ConnectionProduct>) -> ConnectionView {
    let plan = linking.repair_plan(&connection, &products);
    let condition = connection.condition;
    // Nothing comes any more.
    let products = if condition.status.is_terminal() { Vec::new() } else { products };
    let granted = placements(&products);
    let institution = connection.institution_id.zip(connection.institution_name).map(|(id, name)| InstitutionRef {
        id,
        name,
        logo_url: connection.institution_logo_url,
    });
    ConnectionView {
        id: connection.id,
        customer_id: connection.customer_id,
        external_customer_id: connection.external_customer_id,
        institution,
        service_provider: connection.service_provider,
        status: condition.status,
        status_reason: condition.reason,
        status_detail: condition.sentence(),
        requested: connection.requested,
        granted,
        update_status: update_status(condition.status, connection.failures, &products),
        categorization_status: categorization_status(&products),
        product_states: products.into_iter().map(product_state).collect(),
        repair: RepairView { required: plan.required, reasons: plan.reasons },
        act_by: condition.act_by(),
        stale_since: connection.stale_since,
        history_from: connection.history_from,
        consent_expires_at: connection.consent_expires_at,
        duplicate_connection_ids: Vec::new(),
        active_duplicate_connection_id: None,
        metadata: connection.metadata,
        created_at: connection.created_at,
        updated_at: connection.updated_at,
        successfully_aggregated_at: connection.successfully_aggregated_at,
    }
}

fn product_state(row: ConnectionProduct) -> ProductStateView {
    ProductStateView {
        product: row.product,
        placement: row.placement,
        state: row.state,
        reason: row.reason,
        last_aggregated_at: row.last_aggregated_at,
    }
}

fn update_status(status: Status, failures: i32, products: &[ConnectionProduct]) -> UpdateStatus {
    let works = status.is_linked() && !status.needs_customer();
    if works && products.iter().any(ConnectionProduct::is_awaited) {
        UpdateStatus::InProgress
    } else if failures > 0 || (works && products.iter().any(ConnectionProduct::is_due)) {
        UpdateStatus::Failed
    } else {
        UpdateStatus::Ready
    }
}

fn categorization_status(products: &[ConnectionProduct]) -> CategorizationStatus {
    match products.iter().find(|row| row.product == Product::Transactions) {
        Some(row) if row.last_aggregated_at.is_none() => CategorizationStatus::Pending,
        Some(row) if row.is_awaited() => CategorizationStatus::InProgress,
        _ => CategorizationStatus::Ready,
    }
}
