//! How likely a payment is to be returned (`SIGNAL`), and what was decided.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

wire_enum! {
    /// What the provider's rules, as they are set up there, make of a payment.
    pub enum Recommendation {
        /// Take it.
        Accept = "ACCEPT",
        /// Offer another way to pay.
        Reroute = "REROUTE",
        /// Have somebody look at it.
        Review = "REVIEW",
    }
}

wire_enum! {
    /// What was decided of a payment.
    pub enum DecisionOutcome {
        /// Taken as it is.
        Approve = "APPROVE",
        /// Somebody looks at it.
        Review = "REVIEW",
        /// Not taken.
        Reject = "REJECT",
        /// Taken with precautions: a longer hold, or one more proof.
        TakeOtherRiskMeasures = "TAKE_OTHER_RISK_MEASURES",
        /// The evaluation was only written down.
        NotEvaluated = "NOT_EVALUATED",
    }
}

wire_enum! {
    /// How the payment goes.
    pub enum PaymentMethod {
        /// Settled on the same day.
        SameDayAch = "SAME_DAY_ACH",
        /// Settled later.
        StandardAch = "STANDARD_ACH",
        /// By several.
        MultiplePaymentMethods = "MULTIPLE_PAYMENT_METHODS",
    }
}

/// How likely a payment is to be returned: 1 to 99 each, 99 the likeliest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskScores {
    /// By the customer, who says that it was not authorised.
    #[schema(minimum = 1, maximum = 99)]
    pub customer_initiated_return: Option<u8>,
    /// By the bank, for want of funds and the like.
    #[schema(minimum = 1, maximum = 99)]
    pub bank_initiated_return: Option<u8>,
}

/// What the provider says of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskResult {
    /// How likely it is to be returned.
    pub scores: RiskScores,
    /// What the rules that are set up at the provider make of it; null where there are none.
    pub recommendation: Option<Recommendation>,
    /// The provider's codes for what the scores lack: data that is missing or old.
    pub warnings: Vec<String>,
}

/// What was decided of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskDecision {
    /// Whether the payment was set off.
    pub initiated: bool,
    /// What was decided.
    pub outcome: Option<DecisionOutcome>,
    /// How the payment goes.
    pub payment_method: Option<PaymentMethod>,
    /// For how many days the funds are held.
    #[schema(minimum = 0, maximum = 365)]
    pub days_funds_on_hold: Option<u16>,
    /// How much of it the customer can use at once.
    #[schema(value_type = Option<String>)]
    pub amount_instantly_available: Option<Decimal>,
}

/// A payment that was returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskReturn {
    /// The ACH return code.
    pub return_code: String,
    /// When.
    pub returned_at: Option<DateTime<Utc>>,
}
