//! Payments and verifications: asked of the provider while the caller waits, for they change by themselves and nothing of them is kept.

use super::OnDemand;
use super::gate::Ready;
use crate::domain::ids::ConnectionId;
use crate::domain::payment::InitiatedPayment;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::verification::IdentityVerification;
use crate::providers::{Failure, Provider};
use crate::store::TenantStore;

fn has_payments(provider: &dyn Provider) -> bool {
    provider.payments().is_some()
}

fn has_verifications(provider: &dyn Provider) -> bool {
    provider.identity_verifications().is_some()
}

impl OnDemand {
    /// How the payment of a connection stands at the provider.
    pub async fn payment(&self, rows: &TenantStore, id: ConnectionId) -> Result<InitiatedPayment, Problem> {
        let mut tx = rows.begin().await?;
        let Ready { credential, entry, .. } = self.ready(&mut tx, id, Product::PaymentInitiation, has_payments).await?;
        tx.commit().await?;
        let payments = entry.provider.payments();
        let payments = payments.ok_or_else(|| entry.problem(Failure::unsupported("payments")))?;
        let payment = payments.payment(&entry.in_request(&self.linking.clock), &credential).await;
        payment.map_err(|failure| entry.problem(failure))
    }

    /// How the verification of a connection stands at the provider; the reading is written to the audit log.
    pub async fn identity_verification(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        actor: &str,
    ) -> Result<IdentityVerification, Problem> {
        let mut tx = rows.begin().await?;
        let Ready { credential, entry, .. } =
            self.ready(&mut tx, id, Product::IdentityVerification, has_verifications).await?;
        tx.audit(actor, "READ_IDENTITY_VERIFICATION", id.0).await?;
        tx.commit().await?;
        let verifications = entry.provider.identity_verifications();
        let verifications =
            verifications.ok_or_else(|| entry.problem(Failure::unsupported("identity_verifications")))?;
        let verification = verifications.verification(&entry.in_request(&self.linking.clock), &credential).await;
        verification.map_err(|failure| entry.problem(failure))
    }
}
