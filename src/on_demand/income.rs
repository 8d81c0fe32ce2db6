//! Income: read by the engine; here only who can have it.

use super::OnDemand;
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::store::{Income, TenantTx};

impl OnDemand {
    /// The income of a connection, as it was last read.
    pub async fn income(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<Vec<Income>, Problem> {
        let rows = tx.income(id).await?;
        let has = |provider: &dyn crate::providers::Provider| provider.incomes().is_some();
        self.readable(tx, id, Product::Income, has, (rows, true)).await
    }
}
