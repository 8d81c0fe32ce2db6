//! The products of a connection: where each stands, what its last result was, and whether it is wanted again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Result, TenantTx};
use crate::domain::ids::ConnectionId;
use crate::domain::placement::{Placement, Placements};
use crate::domain::product::{Product, ProductReason, ProductState};

/// A product of a connection.
#[derive(Clone, Debug)]
pub struct ConnectionProduct {
    /// Which.
    pub product: Product,
    /// Where it stands; `None` where it fell away (B2).
    pub placement: Option<Placement>,
    /// The last result.
    pub state: ProductState,
    /// Why.
    pub reason: Option<ProductReason>,
    /// When data last came.
    pub last_aggregated_at: Option<DateTime<Utc>>,
    /// How often it was wanted.
    pub wanted: i64,
    /// Which of these has been done.
    pub done: i64,
    /// Which of these was tried last and failed.
    pub failed: i64,
    /// How often it was removed from the connection (A15).
    pub removals: i64,
    /// Where the current run began.
    pub cursor: Option<String>,
    /// Where it is.
    pub page_cursor: Option<String>,
    /// Whether the provider has delivered its whole history.
    pub history_complete: bool,
    /// Where the run had to begin anew: rows that came after this sequence number and that it does not show are gone.
    pub unshown_after: Option<i64>,
    /// Accounts came (or came back) whose history has not been read: what is read by dates begins at its beginning.
    pub reread: bool,
}

impl ConnectionProduct {
    /// Whether it is to be fetched.
    pub fn is_due(&self) -> bool {
        self.wanted > self.done && self.placement.is_some_and(Placement::is_fetched)
    }

    /// Whether it was removed from the connection, and not added again (A15).
    pub fn is_removed(&self) -> bool {
        self.placement.is_none() && self.reason == Some(ProductReason::Removed)
    }

    /// Whether it is to be fetched, and no try of that has failed.
    pub fn is_awaited(&self) -> bool {
        self.is_due() && self.wanted > self.failed
    }
}

/// The four arrays as they stand.
pub fn placements(products: &[ConnectionProduct]) -> Placements {
    let mut placements = Placements::default();
    for product in products {
        if let Some(placement) = product.placement {
            placements.put(product.product, placement);
        }
    }
    placements
}

/// The states as they stand.
pub fn states(products: &[ConnectionProduct]) -> BTreeMap<Product, (ProductState, Option<ProductReason>)> {
    products.iter().map(|product| (product.product, (product.state, product.reason))).collect()
}

impl TenantTx {
    /// Takes a product out of its array. Nothing of it is wanted any more, and a run that is under way writes nothing more of it.
    pub async fn unplace_product(&mut self, id: ConnectionId, product: Product) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set placement = null, done = wanted, removals = removals + 1
             where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            id.0,
            product.as_str()
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Keeps what further products cannot start without (B14).
    pub async fn add_product_options(&mut self, id: ConnectionId, options: &Map<String, Value>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set settings = jsonb_set(settings, '{productOptions}', settings->'productOptions' || $3::jsonb)
             where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            Value::Object(options.clone())
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// How far back what is read for the first time from now on goes, in days (B15).
    pub async fn set_history_days(&mut self, id: ConnectionId, days: u16) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connections set settings = jsonb_set(settings, '{historyDays}', to_jsonb($3::int)) where id = $1 and tenant_id = $2",
            id.0,
            tenant_id,
            i32::from(days)
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Every product of a connection.
    pub async fn products(&mut self, id: ConnectionId) -> Result<Vec<ConnectionProduct>> {
        Ok(self.products_of(&[id]).await?.into_iter().map(|(_, product)| product).collect())
    }

    /// Every product of several connections.
    pub async fn products_of(&mut self, ids: &[ConnectionId]) -> Result<Vec<(ConnectionId, ConnectionProduct)>> {
        let tenant_id = self.tenant_id.0;
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"select connection_id, product as "product: Product", placement as "placement: Placement", state as "state: ProductState",
                reason as "reason: ProductReason", last_aggregated_at, wanted, done, failed, removals, cursor, page_cursor, history_complete,
                unshown_after, reread from connection_products where tenant_id = $1 and connection_id = any($2) order by connection_id, product"#,
            tenant_id,
            &ids
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let product = ConnectionProduct {
                    product: row.product,
                    placement: row.placement,
                    state: row.state,
                    reason: row.reason,
                    last_aggregated_at: row.last_aggregated_at,
                    wanted: row.wanted,
                    done: row.done,
                    failed: row.failed,
                    removals: row.removals,
                    cursor: row.cursor,
                    page_cursor: row.page_cursor,
                    history_complete: row.history_complete,
                    unshown_after: row.unshown_after,
                    reread: row.reread,
                };
                (ConnectionId(row.connection_id), product)
            })
            .collect())
    }

    /// Puts a product where it stands now, with its state.
    pub async fn put_product(
        &mut self,
        id: ConnectionId,
        product: Product,
        placement: Option<Placement>,
        state: ProductState,
        reason: Option<ProductReason>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into connection_products (tenant_id, connection_id, product, placement, state, reason) values ($1, $2, $3, $4, $5, $6)
             on conflict (connection_id, product) do update set placement = excluded.placement, state = excluded.state, reason = excluded.reason",
            tenant_id,
            id.0,
            product.as_str(),
            placement.map(Placement::as_str),
            state.as_str(),
            reason.map(ProductReason::as_str)
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Asks for these products to be fetched; the number of each by which one can tell when it has been done.
    pub async fn want_products(&mut self, id: ConnectionId, products: &[Product]) -> Result<BTreeMap<Product, i64>> {
        let tenant_id = self.tenant_id.0;
        let names: Vec<String> = products.iter().map(|product| product.as_str().to_owned()).collect();
        let rows = sqlx::query!(
            r#"update connection_products set wanted = wanted + 1
             where tenant_id = $1 and connection_id = $2 and product = any($3) and placement is not null and placement <> 'ADDITIONAL_CONSENTED_PRODUCTS'
             returning product as "product: Product", wanted"#,
            tenant_id,
            id.0,
            &names
        )
        .fetch_all(self.sql())
        .await?;
        Ok(rows.into_iter().map(|row| (row.product, row.wanted)).collect())
    }

    /// A product's result.
    pub async fn set_product_state(
        &mut self,
        id: ConnectionId,
        product: Product,
        state: ProductState,
        reason: Option<ProductReason>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set state = $4, reason = $5
             where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            id.0,
            product.as_str(),
            state.as_str(),
            reason.map(ProductReason::as_str)
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The end of a run: up to which number each of these products is done, and when data last came of those that have any.
    pub async fn finish_products(
        &mut self,
        id: ConnectionId,
        done: &BTreeMap<Product, i64>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let names: Vec<String> = done.keys().map(|product| product.as_str().to_owned()).collect();
        let numbers: Vec<i64> = done.values().copied().collect();
        sqlx::query!(
            "update connection_products p set done = f.done,
                last_aggregated_at = case when p.state = 'AVAILABLE' then $5 else p.last_aggregated_at end
             from unnest($3::text[], $4::bigint[]) f (product, done)
             where p.tenant_id = $1 and p.connection_id = $2 and p.product = f.product",
            tenant_id,
            id.0,
            &names,
            &numbers,
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Up to which number each of these products was tried in vain; it is tried again.
    pub async fn fail_products(&mut self, id: ConnectionId, failed: &BTreeMap<Product, i64>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let names: Vec<String> = failed.keys().map(|product| product.as_str().to_owned()).collect();
        let numbers: Vec<i64> = failed.values().copied().collect();
        sqlx::query!(
            "update connection_products p set failed = f.failed
             from unnest($3::text[], $4::bigint[]) f (product, failed)
             where p.tenant_id = $1 and p.connection_id = $2 and p.product = f.product",
            tenant_id,
            id.0,
            &names,
            &numbers
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Keeps the status that is told of a product's object now; whether it was another before.
    pub async fn set_told_status(&mut self, id: ConnectionId, product: Product, status: &str) -> Result<bool> {
        let tenant_id = self.tenant_id.0;
        let done = sqlx::query!(
            "update connection_products set told_status = $4
             where tenant_id = $1 and connection_id = $2 and product = $3 and told_status is distinct from $4",
            tenant_id,
            id.0,
            product.as_str(),
            status
        )
        .execute(self.sql())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Nothing is left to do for a product, though nothing was read either.
    pub async fn settle_product(&mut self, id: ConnectionId, product: Product, done: i64) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set done = $4 where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            id.0,
            product.as_str(),
            done
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Whether what has been read of the connection begins at its beginning again, of these products or, the other way round,
    /// has done so.
    pub async fn set_reread(&mut self, id: ConnectionId, products: &[Product], reread: bool) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let products: Vec<String> = products.iter().map(ToString::to_string).collect();
        sqlx::query!(
            "update connection_products set reread = $4 and last_aggregated_at is not null
             where tenant_id = $1 and connection_id = $2 and product = any($3)",
            tenant_id,
            id.0,
            &products,
            reread
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Data came, though not all of it.
    pub async fn touch_product(&mut self, id: ConnectionId, product: Product, now: DateTime<Utc>) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set last_aggregated_at = $4 where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            id.0,
            product.as_str(),
            now
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
