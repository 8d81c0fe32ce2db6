//! Products that only one provider has: each is a trait that a provider may have beside [`Provider`](super::Provider), so that what
//! it does not have is known without a call.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{Context, Failure};
use crate::domain::asset_report::AssetAccount;
use crate::domain::income::IncomeSource;
use crate::domain::payment::InitiatedPayment;
use crate::domain::risk::{RiskDecision, RiskResult, RiskReturn};
use crate::domain::secret::Secret;
use crate::domain::statement::StatementPeriod;
use crate::domain::verification::IdentityVerification;

/// A report that is wanted.
#[derive(Clone, Debug)]
pub struct AssetReportOrder {
    /// How many days of history, 1 to 731.
    pub days: u16,
    /// Our id of it: for support.
    pub reference: String,
    /// Where the provider tells that it is ready.
    pub webhook_url: String,
}

/// A report that was ordered.
#[derive(Clone, Debug)]
pub struct AssetReportOrdered {
    /// Opens the report.
    pub token: Secret,
    /// The provider's id of it, by which webhooks name it.
    pub provider_report_id: String,
}

/// A report as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAssetReport {
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// Each account with the provider's id of it.
    pub accounts: Vec<(String, AssetAccount)>,
}

/// Asset reports (`ASSETS`).
#[async_trait]
pub trait AssetReports: Send + Sync {
    /// Orders a report on all accounts that are shared now. Billed each time.
    async fn order(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        order: &AssetReportOrder,
    ) -> Result<AssetReportOrdered, Failure>;

    /// The report; [`FailureKind::NotReady`](super::FailureKind) until it is there.
    async fn report(&self, cx: &Context<'_>, token: &Secret) -> Result<ProviderAssetReport, Failure>;

    /// The same as a PDF.
    async fn pdf(&self, cx: &Context<'_>, token: &Secret) -> Result<Vec<u8>, Failure>;

    /// Removes the report at the provider. Idempotent: an unknown one counts as removed.
    async fn remove(&self, cx: &Context<'_>, token: &Secret) -> Result<(), Failure>;
}

/// A statement that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderStatement {
    /// The provider's id of the account.
    pub provider_account_id: String,
    /// The provider's id.
    pub provider_statement_id: String,
    /// Which it is.
    pub period: StatementPeriod,
}

/// Statements (`STATEMENTS`), of the time that was asked for in the session.
#[async_trait]
pub trait Statements: Send + Sync {
    /// Which there are.
    async fn list(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<ProviderStatement>, Failure>;

    /// One of them, as a PDF.
    async fn download(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        provider_statement_id: &str,
    ) -> Result<Vec<u8>, Failure>;
}

/// A payment that may be made.
#[derive(Clone, Debug)]
pub struct PaymentToEvaluate {
    /// The provider's id of the account that it is from.
    pub provider_account_id: String,
    /// Our id of the payment, at most 36 characters.
    pub reference: String,
    /// How much; positive.
    pub amount: Decimal,
    /// ISO 4217, the account's.
    pub currency: Option<String>,
}

/// Risks of payments (`SIGNAL`).
#[async_trait]
pub trait PaymentRisks: Send + Sync {
    /// Has the data gathered that evaluations need (C7). Idempotent.
    async fn prepare(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure>;

    /// How likely a payment is to be returned. Billed each time.
    async fn evaluate(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        payment: &PaymentToEvaluate,
    ) -> Result<RiskResult, Failure>;

    /// Tells what was decided of a payment, by our id of it; the last word counts.
    async fn report_decision(&self, cx: &Context<'_>, reference: &str, decision: &RiskDecision) -> Result<(), Failure>;

    /// Tells that a payment was returned.
    async fn report_return(&self, cx: &Context<'_>, reference: &str, returned: &RiskReturn) -> Result<(), Failure>;
}

/// What the accounts of a connection show of income.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderIncome {
    /// When the report was made.
    pub generated_at: DateTime<Utc>,
    /// Each source with the provider's id of the account that it goes to.
    pub sources: Vec<(String, IncomeSource)>,
}

/// Income as bank accounts show it (`INCOME`).
#[async_trait]
pub trait Incomes: Send + Sync {
    /// The latest report on a connection, by our customer's id and the provider's id of the connection;
    /// [`FailureKind::NotReady`](super::FailureKind) until there is one.
    async fn income(
        &self,
        cx: &Context<'_>,
        customer_ref: &str,
        provider_connection_id: &str,
    ) -> Result<ProviderIncome, Failure>;
}

/// Payments (`PAYMENT_INITIATION`), made at the provider and authorised in a link of their own, whose credential names them.
#[async_trait]
pub trait Payments: Send + Sync {
    /// How the payment stands.
    async fn payment(&self, cx: &Context<'_>, credential: &Secret) -> Result<InitiatedPayment, Failure>;
}

/// Verifications of people (`IDENTITY_VERIFICATION`), gone through in a link of their own, whose credential names them.
#[async_trait]
pub trait IdentityVerifications: Send + Sync {
    /// How the verification stands.
    async fn verification(&self, cx: &Context<'_>, credential: &Secret) -> Result<IdentityVerification, Failure>;
}
