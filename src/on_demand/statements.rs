//! Statements: the documents are handed through from the provider.

use super::OnDemand;
use crate::domain::ids::{ConnectionId, StatementId};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::{Failure, Provider};
use crate::store::{Statement, TenantStore, TenantTx};

fn has(provider: &dyn Provider) -> bool {
    provider.statements().is_some()
}

impl OnDemand {
    /// A page of a connection's statements, as they were last read.
    pub async fn statements(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        after: Option<(i32, i32, StatementId)>,
        limit: i64,
    ) -> Result<Vec<Statement>, Problem> {
        let rows = tx.statements(id, after, limit).await?;
        self.readable(tx, id, Product::Statements, has, (rows, after.is_none())).await
    }

    /// A statement as a PDF.
    pub async fn statement_pdf(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        statement: StatementId,
        actor: &str,
    ) -> Result<Vec<u8>, Problem> {
        let mut tx = rows.begin().await?;
        let ready = self.ready(&mut tx, id, Product::Statements, has).await?;
        let statement = tx.statement(id, statement).await?.ok_or_else(Problem::not_found)?;
        tx.audit(actor, "READ_STATEMENT", statement.id.0).await?;
        tx.commit().await?;
        let entry = ready.entry;
        let Some(provider) = entry.provider.statements() else {
            return Err(entry.problem(Failure::unsupported("statements")));
        };
        let cx = entry.in_request(&self.linking.clock);
        let pdf = provider.download(&cx, &ready.credential, &statement.provider_statement_id).await;
        pdf.map_err(|failure| entry.problem(failure))
    }
}
