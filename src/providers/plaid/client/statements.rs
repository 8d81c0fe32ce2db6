//! Statements: listed, and downloaded as PDFs.

use async_trait::async_trait;
use serde_json::json;

use crate::domain::secret::Secret;
use crate::domain::statement::StatementPeriod;
use crate::providers::own::{ProviderStatement, Statements};
use crate::providers::plaid::Plaid;
use crate::providers::plaid::wire::statement;
use crate::providers::{Context, Failure};

use super::{Operation, of_item};

const LIST: Operation = Operation::repeatable("/statements/list");
const DOWNLOAD: Operation = Operation::repeatable("/statements/download");

#[async_trait]
impl Statements for Plaid {
    async fn list(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<ProviderStatement>, Failure> {
        let answer: statement::Statements = self.api(cx, "statements").post(LIST, &of_item(credential)).await?;
        Ok(answer.accounts.into_iter().flat_map(of_account).collect())
    }

    async fn download(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        provider_statement_id: &str,
    ) -> Result<Vec<u8>, Failure> {
        let body = json!({ "access_token": credential.expose(), "statement_id": provider_statement_id });
        self.api(cx, "statements").document(DOWNLOAD, &body).await
    }
}

/// An account's statements; what names no month is none.
fn of_account(account: statement::StatementsAccount) -> impl Iterator<Item = ProviderStatement> {
    let id = account.account_id.0;
    let named = |one: &statement::Statement| (1..=12).contains(&one.month) && (1900..=9999).contains(&one.year);
    account.statements.into_iter().filter(named).map(move |one| ProviderStatement {
        provider_account_id: id.clone(),
        provider_statement_id: one.statement_id.0,
        period: StatementPeriod { year: one.year, month: one.month, posted_date: one.date_posted },
    })
}
