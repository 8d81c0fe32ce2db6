//! Risks of payments: prepared, evaluated, and what became of them.

use async_trait::async_trait;
use chrono::SecondsFormat;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::domain::risk::{RiskDecision, RiskResult, RiskReturn, RiskScores};
use crate::domain::secret::Secret;
use crate::providers::own::{PaymentRisks, PaymentToEvaluate};
use crate::providers::plaid::Plaid;
use crate::providers::plaid::wire::{Done, signal};
use crate::providers::text::text;
use crate::providers::{Context, Failure};

use super::{Operation, of_item, refused};

const PREPARE: Operation = Operation::repeatable("/signal/prepare");
const EVALUATE: Operation = Operation::once("/signal/evaluate");
const DECISION: Operation = Operation::repeatable("/signal/decision/report");
const RETURN: Operation = Operation::repeatable("/signal/return/report");

/// The most warnings that are kept.
const MOST_WARNINGS: usize = 20;

#[async_trait]
impl PaymentRisks for Plaid {
    async fn prepare(&self, cx: &Context<'_>, credential: &Secret) -> Result<(), Failure> {
        self.api(cx, "signal").post::<Done>(PREPARE, &of_item(credential)).await.map(drop)
    }

    async fn evaluate(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        payment: &PaymentToEvaluate,
    ) -> Result<RiskResult, Failure> {
        if payment.currency.as_deref().is_some_and(|currency| currency != "USD") {
            return Err(refused("CURRENCY_NOT_SUPPORTED", "Plaid evaluates payments in USD alone"));
        }
        let body = json!({
            "access_token": credential.expose(),
            "account_id": payment.provider_account_id,
            "client_transaction_id": payment.reference,
            "amount": number(payment.amount)?,
        });
        let answer: signal::Evaluated = self.api(cx, "signal").post(EVALUATE, &body).await?;
        Ok(result(answer))
    }

    async fn report_decision(&self, cx: &Context<'_>, reference: &str, decision: &RiskDecision) -> Result<(), Failure> {
        let mut body = json!({ "client_transaction_id": reference, "initiated": decision.initiated });
        if let Some(outcome) = decision.outcome {
            body["decision_outcome"] = json!(outcome);
        }
        if let Some(method) = decision.payment_method {
            body["payment_method"] = json!(method);
        }
        if let Some(days) = decision.days_funds_on_hold {
            body["days_funds_on_hold"] = json!(days);
        }
        if let Some(amount) = decision.amount_instantly_available {
            body["amount_instantly_available"] = number(amount)?;
        }
        self.api(cx, "signal").post::<Done>(DECISION, &body).await.map(drop)
    }

    async fn report_return(&self, cx: &Context<'_>, reference: &str, returned: &RiskReturn) -> Result<(), Failure> {
        let mut body = json!({ "client_transaction_id": reference, "return_code": returned.return_code });
        if let Some(at) = returned.returned_at {
            body["returned_at"] = json!(at.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        self.api(cx, "signal").post::<Done>(RETURN, &body).await.map(drop)
    }
}

/// An amount as a JSON number of the same digits.
fn number(amount: Decimal) -> Result<Value, Failure> {
    serde_json::from_str(&amount.to_string()).map_err(|_| refused("AMOUNT", "the amount is no number"))
}

fn result(answer: signal::Evaluated) -> RiskResult {
    let score = |risk: Option<signal::Risk>| risk.map(|risk| risk.score).filter(|score| (1..=99).contains(score));
    let scores = answer.scores.map_or_else(RiskScores::default, |scores| RiskScores {
        customer_initiated_return: score(scores.customer_initiated_return_risk),
        bank_initiated_return: score(scores.bank_initiated_return_risk),
    });
    let codes = answer.warnings.into_iter().filter_map(|warning| text(warning.warning_code.as_deref()));
    RiskResult {
        scores,
        // A word that is new to us is no recommendation.
        recommendation: answer.ruleset.and_then(|ruleset| ruleset.result?.parse().ok()),
        warnings: codes.take(MOST_WARNINGS).collect(),
    }
}
