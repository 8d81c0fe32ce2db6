//! What is erased: of one account, of all that a connection has, of a product that is removed from it (rule A15). Each kind of data
//! goes in one place, of one account or of all.

use super::{Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::product::Product;

impl TenantTx {
    /// Erases what was fetched for one account, or for all of a connection.
    pub async fn erase_account_data(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        match account {
            Some(account) => {
                self.remove_transactions(id, Some(account)).await?;
                self.erase_held(id, account).await?;
            }
            None => self.erase_accounts(id).await?,
        }
        self.erase_investment_transactions(id, account).await?;
        self.erase_holdings(id, account).await?;
        self.erase_liabilities(id, account).await?;
        self.erase_evaluations(id, account).await?;
        self.erase_incomes(id, account).await?;
        self.erase_statements(id, account).await?;
        self.erase_secrets(id, account).await
    }

    /// Erases what was fetched for a product, and where its reading was: added again, it is read from its beginning.
    pub async fn erase_product(&mut self, id: ConnectionId, product: Product) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        match product {
            Product::Balances => self.erase_balances(id).await?,
            Product::Identifiers | Product::Owners => self.erase_secrets_of(id, product.as_str()).await?,
            Product::Transactions => self.erase_transactions(id).await?,
            Product::InvestmentHoldings => self.erase_holdings(id, None).await?,
            Product::InvestmentTransactions => self.erase_investment_transactions(id, None).await?,
            Product::Liabilities => self.erase_liabilities(id, None).await?,
            Product::Statements => self.erase_statements(id, None).await?,
            Product::Income => self.erase_incomes(id, None).await?,
            Product::Signal => self.erase_evaluations(id, None).await?,
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

    /// Nothing of a connection's transactions and accounts stays, for nobody follows its feed any more.
    async fn erase_accounts(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!("delete from transactions where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        sqlx::query!("delete from accounts where tenant_id = $1 and connection_id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// The feed of changes tells that they are gone, so that whoever follows it erases them too.
    async fn remove_transactions(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        let sequence = self.next_sequence(id).await?;
        sqlx::query!(
            "update transactions set removed = true, gone_seq = coalesce(gone_seq, $4),
                changed_seq = case when removed then changed_seq else $4 end, description = '', merchant = null
             where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3) and (not removed or description <> '')",
            tenant_id,
            id.0,
            account,
            sequence
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    async fn erase_transactions(&mut self, id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        self.remove_transactions(id, None).await?;
        sqlx::query!("update connections set history_from = null where tenant_id = $1 and id = $2", tenant_id, id.0)
            .execute(self.sql())
            .await?;
        self.forget_shown(id).await
    }

    /// Rows of an account that a run keeps back.
    async fn erase_held(&mut self, id: ConnectionId, account: AccountId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set held = coalesce((select jsonb_agg(h) from jsonb_array_elements(held) h
                where h->>'account_id' <> $3::text), '[]')
             where tenant_id = $1 and connection_id = $2 and held <> '[]'",
            tenant_id,
            id.0,
            account.to_string()
        )
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
        self.erase_secrets_of(id, "PROVIDER_DATA").await
    }

    async fn erase_secrets_of(&mut self, id: ConnectionId, kind: &str) -> Result<()> {
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

    async fn erase_secrets(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from account_secrets where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_investment_transactions(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from investment_transactions where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_holdings(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from holdings where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_liabilities(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from liabilities where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_statements(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from statements where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_incomes(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from income_sources where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    async fn erase_evaluations(&mut self, id: ConnectionId, account: Option<AccountId>) -> Result<()> {
        let (tenant_id, account) = (self.tenant_id.0, account.map(|id| id.0));
        sqlx::query!("delete from signal_evaluations where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or account_id = $3)", tenant_id, id.0, account)
            .execute(self.sql())
            .await?;
        Ok(())
    }
}
