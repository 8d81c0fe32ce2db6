//! What leaves with a product that is removed from a connection (rule A15).

use super::{Result, TenantTx};
use crate::domain::ids::ConnectionId;
use crate::domain::product::Product;

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

    /// Erases what was fetched for a product, and where its reading was: added again, it is read from its beginning.
    pub async fn erase_product(&mut self, id: ConnectionId, product: Product) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        match product {
            Product::Balances => self.erase_balances(id).await?,
            Product::Identifiers | Product::Owners => self.erase_secrets(id, product.as_str()).await?,
            Product::Transactions => self.erase_transactions(id).await?,
            Product::InvestmentHoldings => self.erase_holdings(id).await?,
            Product::InvestmentTransactions => self.erase_investment_transactions(id).await?,
            Product::Liabilities => self.erase_liabilities(id).await?,
            Product::Statements => self.erase_statements(id).await?,
            Product::Income => self.erase_incomes(id).await?,
            Product::Signal => self.erase_evaluations(id).await?,
            // Nothing of them is stored with the connection's data; reports are removed at the provider first.
            _ => {}
        }
        sqlx::query!(
            "update connection_products set cursor = null, page_cursor = null, vanished = '{}', held = '[]', run_began = null,
                unshown_after = null, reread = false, history_complete = false, last_aggregated_at = null
             where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            id.0,
            product.as_str()
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    async fn erase_statements(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from statements where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_incomes(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from income_sources where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_evaluations(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from signal_evaluations where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_balances(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update accounts set current = null, available = null, credit_limit = null, balances_updated_at = null
             where tenant_id = $1 and connection_id = $2",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        // The provider's own words of an account hold its balances too.
        self.erase_secrets(id, "PROVIDER_DATA").await
    }

    async fn erase_secrets(&mut self, id: ConnectionId, kind: &str) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from account_secrets where tenant_id = $1 and connection_id = $2 and kind = $3",
            tenant_id,
            id.0,
            kind
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The feed of changes tells that they are gone, so that whoever follows it erases them too.
    async fn erase_transactions(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let sequence = self.next_sequence(id).await?;
        sqlx::query!(
            "update transactions set removed = true, changed_seq = $3, description = '', merchant = null
             where tenant_id = $1 and connection_id = $2 and not removed",
            tenant_id,
            id.0,
            sequence
        )
        .execute(self.sql())
        .await?;
        sqlx::query!("update connections set history_from = null where tenant_id = $1 and id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        self.forget_shown(id).await
    }

    async fn erase_holdings(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from holdings where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_investment_transactions(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from investment_transactions where tenant_id = $1 and connection_id = $2",
            tenant_id,
            id.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    async fn erase_liabilities(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from liabilities where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }
}
