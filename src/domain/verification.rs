//! Whether a person is who they say they are (`IDENTITY_VERIFICATION`): what was checked and how it came out, not what they said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

wire_enum! {
    /// Where a verification stands.
    pub enum VerificationStatus {
        /// The person has steps to go.
        Active = "ACTIVE",
        /// Every step was passed.
        Success = "SUCCESS",
        /// A step was not passed.
        Failed = "FAILED",
        /// It was never finished.
        Expired = "EXPIRED",
        /// It was called off.
        Cancelled = "CANCELLED",
        /// Somebody of yours is to look at it in the provider's dashboard.
        PendingReview = "PENDING_REVIEW",
        /// A status that is new to us.
        Unknown = "UNKNOWN",
    }
}

wire_enum! {
    /// A step of a verification.
    pub enum VerificationStep {
        /// The terms were agreed to.
        AcceptTerms = "ACCEPT_TERMS",
        /// A code sent to the telephone was entered.
        VerifySms = "VERIFY_SMS",
        /// What the person entered was compared with registers.
        DataSources = "DATA_SOURCES",
        /// A document was shown.
        Document = "DOCUMENT",
        /// A picture of the person was compared with it.
        Selfie = "SELFIE",
        /// Watchlists were searched.
        Watchlist = "WATCHLIST",
        /// Signs of fraud were looked for.
        Risk = "RISK",
    }
}

wire_enum! {
    /// How a step came out.
    pub enum StepState {
        /// It was passed.
        Success = "SUCCESS",
        /// The person is at it.
        Active = "ACTIVE",
        /// It was not passed.
        Failed = "FAILED",
        /// Another one comes first.
        WaitingForPrerequisite = "WAITING_FOR_PREREQUISITE",
        /// The template does not have it.
        NotApplicable = "NOT_APPLICABLE",
        /// It was left out.
        Skipped = "SKIPPED",
        /// It was never finished.
        Expired = "EXPIRED",
        /// It was called off.
        Cancelled = "CANCELLED",
        /// Somebody is to look at it.
        PendingReview = "PENDING_REVIEW",
        /// Somebody let it pass.
        ManuallyApproved = "MANUALLY_APPROVED",
        /// Somebody did not.
        ManuallyRejected = "MANUALLY_REJECTED",
        /// A state that is new to us.
        Unknown = "UNKNOWN",
    }
}

wire_enum! {
    /// How what a person entered compares with the registers.
    pub enum DataMatch {
        /// It is the same.
        Match = "MATCH",
        /// It is nearly the same.
        PartialMatch = "PARTIAL_MATCH",
        /// It is something else.
        NoMatch = "NO_MATCH",
        /// No register knows.
        NoData = "NO_DATA",
        /// Nothing was entered.
        NoInput = "NO_INPUT",
        /// A result that is new to us.
        Unknown = "UNKNOWN",
    }
}

/// A step and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepOutcome {
    /// Which.
    pub step: VerificationStep,
    /// How it came out.
    pub state: StepState,
}

/// What was compared with registers. Null: it was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedData {
    /// The name.
    pub name: Option<DataMatch>,
    /// The date of birth.
    pub date_of_birth: Option<DataMatch>,
    /// The address.
    pub address: Option<DataMatch>,
    /// The telephone number.
    pub phone_number: Option<DataMatch>,
    /// The number of a document or of the social security.
    pub id_number: Option<DataMatch>,
}

/// A verification. It holds nothing that the person entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityVerification {
    /// The provider's id of it.
    pub identity_verification_id: String,
    /// The template by which it was done.
    pub template_id: Option<String>,
    /// Where it stands.
    pub status: VerificationStatus,
    /// The same in the provider's own word.
    pub provider_status: String,
    /// Every step.
    pub steps: Vec<StepOutcome>,
    /// What was compared with registers.
    pub compared: ComparedData,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was finished.
    pub completed_at: Option<DateTime<Utc>>,
}
