//! A payment that a customer authorised at their bank (`PAYMENT_INITIATION`).

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Where a payment stands.
    pub enum PaymentStatus {
        /// It waits for the customer.
        InputNeeded = "INPUT_NEEDED",
        /// The bank is authorising it.
        Authorising = "AUTHORISING",
        /// It is being processed.
        Processing = "PROCESSING",
        /// The bank has accepted it.
        Initiated = "INITIATED",
        /// The money has left the payer's account, which does not say that it arrived.
        Executed = "EXECUTED",
        /// The money is in the recipient's account.
        Settled = "SETTLED",
        /// A standing order was set up.
        Established = "ESTABLISHED",
        /// The account holds too little.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// It could not be initiated; a new payment may go through.
        Failed = "FAILED",
        /// The provider stopped it.
        Blocked = "BLOCKED",
        /// The bank refused it.
        Rejected = "REJECTED",
        /// The customer withdrew it.
        Cancelled = "CANCELLED",
        /// A status that is new to us.
        Unknown = "UNKNOWN",
    }
}

/// A payment. Nothing of the payer is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitiatedPayment {
    /// The provider's id of it, as the link was started with.
    pub payment_id: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// The same in the provider's own word.
    pub provider_status: String,
    /// When that last changed.
    pub status_updated_at: Option<DateTime<Utc>>,
    /// How much is paid; positive.
    #[schema(value_type = String)]
    pub amount: Decimal,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What the recipient reads beside it.
    pub reference: Option<String>,
    /// The provider's id of the recipient.
    pub recipient_id: Option<String>,
}
