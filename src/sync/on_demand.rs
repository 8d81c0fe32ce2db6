//! Products that are read when a caller asks for them, as far as something is to be had or done before.

use serde_json::{Value, json};

use super::Run;
use super::outcome::Fetched;
use crate::domain::event::EventType;
use crate::domain::ids::StatementId;
use crate::domain::income::IncomeSource;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::providers::Failure;
use crate::store::{Income, Statement};

impl Run<'_> {
    /// Has the provider gather what evaluations of payments need.
    pub(super) async fn prepare_risks(&self) -> Result<Fetched, Problem> {
        let Some(risks) = self.entry.provider.payment_risks() else {
            return Ok(Fetched::of(Failure::unsupported("payment_risks")));
        };
        let prepared = risks.prepare(&self.context(), &self.credential).await;
        Ok(prepared.map_or_else(Fetched::of, |()| Fetched::Whole))
    }

    /// Reads what the accounts show of income.
    pub(super) async fn fetch_income(&self) -> Result<Fetched, Problem> {
        let Some(incomes) = self.entry.provider.incomes() else {
            return Ok(Fetched::of(Failure::unsupported("incomes")));
        };
        let customer = self.connection.customer_id.to_string();
        let object = self.connection.provider_connection_id.as_deref().unwrap_or_default();
        let income = match incomes.income(&self.context(), &customer, object).await {
            Ok(income) => income,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let accounts = match self.accounts_named(income.sources.iter().map(|(account, _)| account.as_str())).await? {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let row = |(account, source): (String, IncomeSource)| {
            Some(Income { account_id: accounts.of(&account)?, source, generated_at: income.generated_at })
        };
        let rows: Vec<Income> = income.sources.into_iter().filter_map(row).collect();
        let Some(mut tx) = self.begin_for(Product::Income).await? else { return Ok(Fetched::Removed) };
        tx.replace_income(self.id(), &rows).await?;
        tx.commit().await?;
        Ok(Fetched::Whole)
    }

    /// Reads how the payment stands.
    pub(super) async fn read_payment(&self) -> Result<Fetched, Problem> {
        let Some(payments) = self.entry.provider.payments() else {
            return Ok(Fetched::of(Failure::unsupported("payments")));
        };
        match payments.payment(&self.context(), &self.credential).await {
            Ok(payment) => {
                let told = json!({ "status": payment.status, "providerStatus": payment.provider_status });
                self.tell_status(Product::PaymentInitiation, &payment.provider_status, EventType::PaymentUpdated, told)
                    .await
            }
            Err(failure) => Ok(Fetched::of(failure)),
        }
    }

    /// Reads how the verification stands.
    pub(super) async fn read_verification(&self) -> Result<Fetched, Problem> {
        let Some(verifications) = self.entry.provider.identity_verifications() else {
            return Ok(Fetched::of(Failure::unsupported("identity_verifications")));
        };
        match verifications.verification(&self.context(), &self.credential).await {
            Ok(one) => {
                self.name_as(&one.identity_verification_id).await?;
                let told = json!({ "status": one.status, "providerStatus": one.provider_status });
                let event = EventType::IdentityVerificationUpdated;
                self.tell_status(Product::IdentityVerification, &one.provider_status, event, told).await
            }
            Err(failure) => Ok(Fetched::of(failure)),
        }
    }

    /// The provider names the object otherwise now: by that its webhooks find it.
    async fn name_as(&self, provider_id: &str) -> Result<(), Problem> {
        if self.connection.provider_connection_id.as_deref() == Some(provider_id) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.set_provider_connection_id(self.id(), provider_id).await?;
        Ok(tx.commit().await?)
    }

    /// Tells a status once. Of the object itself nothing else is kept.
    async fn tell_status(
        &self,
        product: Product,
        status: &str,
        event: EventType,
        told: Value,
    ) -> Result<Fetched, Problem> {
        let Some(mut tx) = self.begin_for(product).await? else { return Ok(Fetched::Removed) };
        if tx.set_told_status(self.id(), product, status).await? {
            tx.emit(self.id(), event, told, self.sync.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(Fetched::Whole)
    }

    /// Reads the list of statements; the documents stay where they are.
    pub(super) async fn fetch_statements(&self) -> Result<Fetched, Problem> {
        let Some(provider) = self.entry.provider.statements() else {
            return Ok(Fetched::of(Failure::unsupported("statements")));
        };
        let listed = match provider.list(&self.context(), &self.credential).await {
            Ok(listed) => listed,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let accounts = match self.accounts_named(listed.iter().map(|one| one.provider_account_id.as_str())).await? {
            Ok(accounts) => accounts,
            Err(failure) => return Ok(Fetched::of(failure)),
        };
        let row = |one: crate::providers::own::ProviderStatement| {
            Some(Statement {
                id: StatementId::new(),
                account_id: accounts.of(&one.provider_account_id)?,
                provider_statement_id: one.provider_statement_id,
                period: one.period,
            })
        };
        let rows: Vec<Statement> = listed.into_iter().filter_map(row).collect();
        let Some(mut tx) = self.begin_for(Product::Statements).await? else { return Ok(Fetched::Removed) };
        let new = tx.replace_statements(self.id(), &rows).await?;
        if new > 0 {
            let told = json!({ "added": new });
            tx.emit(self.id(), EventType::StatementsUpdated, told, self.sync.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(Fetched::Whole)
    }
}
