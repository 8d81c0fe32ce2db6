//! Income: read by the engine; here only who can have it.

use super::OnDemand;
use super::gate::check_present;
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::store::TenantTx;

impl OnDemand {
    /// Refuses a connection that has no income. What was read before stays readable while the customer is needed (F6).
    pub async fn check_has_income(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<(), Problem> {
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        let entry = self.supporting(&connection, Product::Income, |provider| provider.incomes().is_some())?;
        check_present(entry, Product::Income, &tx.products(id).await?).map(drop)
    }
}
