//! Removing a product from a connection (rule A15). The provider is not told: what it offers for that concerns more than one product.

use serde_json::json;

use super::Linking;
use crate::domain::event::EventType;
use crate::domain::ids::ConnectionId;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::removal::{BillingAfter, RemovedData, Unremovable, billing_after, judge_removal};
use crate::store::{TenantTx, placements};

impl Linking {
    /// Removes a product: nothing of it is fetched any more, and its data is kept or erased. What becomes of the bill.
    pub async fn remove_product(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        product: Product,
        data: RemovedData,
    ) -> Result<BillingAfter, Problem> {
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        connection.condition.check_linked()?;
        let placement =
            judge_removal(&placements(&tx.products(id).await?), product).map_err(|why| refused(product, why))?;
        let spec = self.registry.require(connection.service_provider)?.provider.spec();
        let now = self.clock.now();
        if data == RemovedData::Erase {
            tx.erase_product(id, product).await?;
            if product == Product::Assets {
                self.remove_reports(tx, id).await?;
            }
        }
        tx.change_product(id, product, ProductState::Unavailable, Some(ProductReason::Removed), now).await?;
        tx.unplace_product(id, product).await?;
        tx.withdraw_from_sessions(id, product).await?;
        let told = json!({ "removedProducts": [product], "data": data, "cause": "PRODUCT_REMOVED" });
        tx.emit(id, EventType::ConnectionProductsChanged, told, now).await?;
        Ok(billing_after((spec.terms)(product, placement).billing, spec.bills_until_deleted))
    }
}

fn refused(product: Product, why: Unremovable) -> Problem {
    match why {
        Unremovable::NotThere => Problem::new(
            Code::NotFound,
            format!("The connection does not have {product}. Its arrays name what it has."),
        ),
        Unremovable::LastRequired => Problem::new(
            Code::LastRequiredProduct,
            format!(
                "{product} is the only one in products, and a connection keeps one. Delete the connection instead."
            ),
        ),
    }
}
