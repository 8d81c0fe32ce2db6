//! Payments and verifications: one table of Plaid's words for each of ours; a word that is new to us is `UNKNOWN`, with itself beside it.

use crate::domain::money::in_currency;
use crate::domain::payment::{InitiatedPayment, PaymentStatus};
use crate::domain::verification::{
    ComparedData, DataMatch, IdentityVerification, StepOutcome, StepState, VerificationStatus, VerificationStep,
};
use crate::providers::plaid::wire::alone as wire;

use super::{currency, text};

/// `PaymentInitiationPaymentStatus` of the official description.
const PAYMENT: &[(&str, PaymentStatus)] = &[
    ("PAYMENT_STATUS_INPUT_NEEDED", PaymentStatus::InputNeeded),
    ("PAYMENT_STATUS_AUTHORISING", PaymentStatus::Authorising),
    ("PAYMENT_STATUS_PROCESSING", PaymentStatus::Processing),
    ("PAYMENT_STATUS_INITIATED", PaymentStatus::Initiated),
    ("PAYMENT_STATUS_EXECUTED", PaymentStatus::Executed),
    ("PAYMENT_STATUS_SETTLED", PaymentStatus::Settled),
    ("PAYMENT_STATUS_ESTABLISHED", PaymentStatus::Established),
    // What a standing order was called before.
    ("PAYMENT_STATUS_COMPLETED", PaymentStatus::Established),
    ("PAYMENT_STATUS_INSUFFICIENT_FUNDS", PaymentStatus::InsufficientFunds),
    ("PAYMENT_STATUS_FAILED", PaymentStatus::Failed),
    ("PAYMENT_STATUS_BLOCKED", PaymentStatus::Blocked),
    ("PAYMENT_STATUS_REJECTED", PaymentStatus::Rejected),
    ("PAYMENT_STATUS_CANCELLED", PaymentStatus::Cancelled),
    ("PAYMENT_STATUS_UNKNOWN", PaymentStatus::Unknown),
];

/// `IdentityVerificationStatus`.
const VERIFICATION: &[(&str, VerificationStatus)] = &[
    ("active", VerificationStatus::Active),
    ("success", VerificationStatus::Success),
    ("failed", VerificationStatus::Failed),
    ("expired", VerificationStatus::Expired),
    ("canceled", VerificationStatus::Cancelled),
    ("pending_review", VerificationStatus::PendingReview),
];

/// `IdentityVerificationStepStatus`.
const STEP: &[(&str, StepState)] = &[
    ("success", StepState::Success),
    ("active", StepState::Active),
    ("failed", StepState::Failed),
    ("waiting_for_prerequisite", StepState::WaitingForPrerequisite),
    ("not_applicable", StepState::NotApplicable),
    ("skipped", StepState::Skipped),
    ("expired", StepState::Expired),
    ("canceled", StepState::Cancelled),
    ("pending_review", StepState::PendingReview),
    ("manually_approved", StepState::ManuallyApproved),
    ("manually_rejected", StepState::ManuallyRejected),
];

/// `MatchSummaryCode`.
const MATCH: &[(&str, DataMatch)] = &[
    ("match", DataMatch::Match),
    ("partial_match", DataMatch::PartialMatch),
    ("no_match", DataMatch::NoMatch),
    ("no_data", DataMatch::NoData),
    ("no_input", DataMatch::NoInput),
];

/// The longest word that is passed on, in characters.
const LONGEST_WORD: usize = 100;

fn ours<T: Copy>(table: &[(&str, T)], word: &str, unknown: T) -> T {
    table.iter().find(|(theirs, _)| *theirs == word).map_or(unknown, |(_, ours)| *ours)
}

fn word(theirs: &str) -> String {
    theirs.chars().filter(|sign| !sign.is_control()).take(LONGEST_WORD).collect()
}

/// A payment.
pub fn payment(payment: wire::Payment) -> InitiatedPayment {
    let unit = currency(payment.amount.currency.as_deref(), None);
    let reference = payment.adjusted_reference.or(payment.reference);
    InitiatedPayment {
        payment_id: payment.payment_id.0,
        status: ours(PAYMENT, &payment.status, PaymentStatus::Unknown),
        provider_status: word(&payment.status),
        status_updated_at: payment.last_status_update,
        amount: in_currency(payment.amount.value.0, unit.as_deref()),
        currency: unit,
        reference: text(reference.as_deref()),
        recipient_id: payment.recipient_id.map(|id| id.0),
    }
}

/// A verification.
pub fn verification(verification: wire::Verification) -> IdentityVerification {
    let steps = verification.steps.unwrap_or_default();
    let checked = verification.kyc_check.unwrap_or_default();
    let states = [
        (VerificationStep::AcceptTerms, steps.accept_tos),
        (VerificationStep::VerifySms, steps.verify_sms),
        (VerificationStep::DataSources, steps.kyc_check),
        (VerificationStep::Document, steps.documentary_verification),
        (VerificationStep::Selfie, steps.selfie_check),
        (VerificationStep::Watchlist, steps.watchlist_screening),
        (VerificationStep::Risk, steps.risk_check),
    ];
    let outcome =
        |(step, state): (_, Option<String>)| Some(StepOutcome { step, state: ours(STEP, &state?, StepState::Unknown) });
    IdentityVerification {
        identity_verification_id: verification.id.0,
        template_id: verification.template.and_then(|template| template.id).map(|id| id.0),
        status: ours(VERIFICATION, &verification.status, VerificationStatus::Unknown),
        provider_status: word(&verification.status),
        steps: states.into_iter().filter_map(outcome).collect(),
        compared: ComparedData {
            name: compared(checked.name),
            date_of_birth: compared(checked.date_of_birth),
            address: compared(checked.address),
            phone_number: compared(checked.phone_number),
            id_number: compared(checked.id_number),
        },
        created_at: verification.created_at,
        completed_at: verification.completed_at,
    }
}

fn compared(with: Option<wire::Compared>) -> Option<DataMatch> {
    Some(ours(MATCH, &with?.summary?, DataMatch::Unknown))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn paid(status: &str) -> InitiatedPayment {
        let answer = json!({
            "payment_id": "payment-id-1", "reference": "Account Funding 99744", "adjusted_reference": null,
            "amount": { "currency": "GBP", "value": 100 }, "status": status, "last_status_update": "2019-11-06T21:10:52Z",
            "recipient_id": "recipient-id-1", "bacs": { "account": "31926819", "sort_code": "601613" }, "iban": null,
        });
        payment(serde_json::from_str::<wire::Payment>(&answer.to_string()).unwrap())
    }

    #[test]
    fn a_payment_is_told_without_its_payer() {
        let payment = paid("PAYMENT_STATUS_INITIATED");
        assert_eq!((payment.status, payment.amount.to_string().as_str()), (PaymentStatus::Initiated, "100.00"));
        assert_eq!(payment.currency.as_deref(), Some("GBP"));
        let shown = serde_json::to_string(&payment).unwrap();
        assert!(!shown.contains("31926819") && !shown.contains("601613"), "{shown}");
    }

    #[test]
    fn a_status_that_is_new_keeps_the_providers_word() {
        let payment = paid("PAYMENT_STATUS_PENDING_MOON");
        assert_eq!(payment.status, PaymentStatus::Unknown);
        assert_eq!(payment.provider_status, "PAYMENT_STATUS_PENDING_MOON");
    }

    #[test]
    fn a_verification_is_told_without_what_the_person_entered() {
        let answer = json!({
            "id": "idv_1", "template": { "id": "idvtmp_1", "version": 2 }, "status": "failed",
            "created_at": "2020-07-24T03:26:02Z", "completed_at": null,
            "user": { "name": { "given_name": "Leslie", "family_name": "Knope" }, "date_of_birth": "1990-05-29" },
            "steps": { "accept_tos": "success", "kyc_check": "failed", "selfie_check": "a_new_word" },
            "kyc_check": { "status": "failed", "name": { "summary": "match" }, "address": { "summary": "no_match" } },
        });
        let told = verification(serde_json::from_value::<wire::Verification>(answer).unwrap());
        assert_eq!((told.status, told.completed_at), (VerificationStatus::Failed, None));
        let states: Vec<_> = told.steps.iter().map(|step| (step.step, step.state)).collect();
        let step = [
            (VerificationStep::AcceptTerms, StepState::Success),
            (VerificationStep::DataSources, StepState::Failed),
            (VerificationStep::Selfie, StepState::Unknown),
        ];
        assert_eq!(states, step);
        assert_eq!((told.compared.name, told.compared.address), (Some(DataMatch::Match), Some(DataMatch::NoMatch)));
        assert_eq!(told.compared.phone_number, None);
        let shown = serde_json::to_value(&told).unwrap();
        assert!(!shown.to_string().contains("Knope") && shown["user"] == Value::Null);
    }
}
