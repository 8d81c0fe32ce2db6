//! Risks of payments from a connection's accounts: evaluated, and what became of them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json, instant_or_null, within_or_null};
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::ids::{AccountId, ConnectionId, EvaluationId};
use crate::domain::problem::Problem;
use crate::domain::risk::{DecisionOutcome, PaymentMethod, RiskDecision, RiskResult, RiskReturn};
use crate::on_demand::{Payment, Sequel};
use crate::store::Evaluation;

/// The largest amount that is evaluated.
const MOST: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// A payment that may be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"accountId": "0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e", "amount": "102.05"}))]
pub struct EvaluationBody {
    /// From which account.
    account_id: AccountId,
    /// How much: a positive decimal text with at most two decimals, up to 10000000000.
    amount: String,
    /// ISO 4217; default and only choice is the account's.
    #[serde(default)]
    currency: Option<String>,
}

/// What was decided of a payment.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"initiated": true, "outcome": "APPROVE"}))]
pub struct DecisionBody {
    /// Whether the payment was set off.
    initiated: bool,
    /// What was decided.
    #[serde(default)]
    outcome: Option<DecisionOutcome>,
    /// How the payment goes.
    #[serde(default)]
    payment_method: Option<PaymentMethod>,
    /// For how many days the funds are held.
    #[serde(default, deserialize_with = "within_or_null::<_, _, 0, 365>")]
    #[schema(minimum = 0, maximum = 365)]
    days_funds_on_hold: Option<u16>,
    /// How much of it the customer can use at once; a decimal text like that of the payment.
    #[serde(default)]
    amount_instantly_available: Option<String>,
}

/// A payment that was returned.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"returnCode": "R01"}))]
pub struct ReturnBody {
    /// The ACH return code, like R01.
    return_code: String,
    /// When.
    #[serde(default, deserialize_with = "instant_or_null")]
    returned_at: Option<DateTime<Utc>>,
}

/// An evaluation of a payment.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationView {
    /// Ours; the provider knows the payment by it.
    evaluation_id: EvaluationId,
    /// From which account.
    account_id: AccountId,
    /// How much.
    #[schema(value_type = String)]
    amount: Decimal,
    /// ISO 4217.
    currency: Option<String>,
    /// What the provider said.
    #[serde(flatten)]
    result: RiskResult,
    /// What was decided; null until you say so.
    decision: Option<RiskDecision>,
    /// How it was returned; null unless you said so.
    returned: Option<RiskReturn>,
    /// When it was evaluated.
    created_at: DateTime<Utc>,
}

impl From<Evaluation> for EvaluationView {
    fn from(row: Evaluation) -> Self {
        Self {
            evaluation_id: row.id,
            account_id: row.account_id,
            amount: row.amount,
            currency: row.currency,
            result: row.result,
            decision: row.decision,
            returned: row.returned,
            created_at: row.created_at,
        }
    }
}

/// How likely a payment from an account is to be returned. Billed each time.
#[utoipa::path(post, path = "/connections/{connectionId}/signal/evaluations", tag = "Data", params(("connectionId" = ConnectionId, Path)),
    request_body = EvaluationBody, responses((status = 201, body = EvaluationView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn evaluate_payment(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<EvaluationBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    let effect = async {
        let payment = payment(read?)?;
        let evaluation = app.on_demand.evaluate_payment(&caller.rows, id, &payment).await?;
        Ok((StatusCode::CREATED, EvaluationView::from(evaluation)))
    };
    key.outward(&caller.rows, "tenant", &bytes, effect).await
}

/// The evaluations of a connection, oldest first.
#[utoipa::path(get, path = "/connections/{connectionId}/signal/evaluations", tag = "Data", params(
    ("connectionId" = ConnectionId, Path), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<EvaluationView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn list_evaluations(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    mut params: Params,
) -> Result<Json<Page<EvaluationView>>, Problem> {
    let id: ConnectionId = id(&connection)?;
    let (after, limit) = params.cursor::<EvaluationId>("evaluations")?;
    let mut tx = caller.rows.begin().await?;
    let rows = app.on_demand.evaluations(&mut tx, id, after, limit + 1).await?;
    Ok(Json(Page::new("evaluations", rows, limit, |row| row.id, EvaluationView::from)))
}

/// An evaluation with what became of the payment.
#[utoipa::path(get, path = "/connections/{connectionId}/signal/evaluations/{evaluationId}", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("evaluationId" = EvaluationId, Path)),
    responses((status = 200, body = EvaluationView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn get_evaluation(
    State(app): State<App>,
    caller: Caller,
    Path((connection, evaluation)): Path<(String, String)>,
) -> Result<Json<EvaluationView>, Problem> {
    let (connection, evaluation): (ConnectionId, EvaluationId) = (id(&connection)?, id(&evaluation)?);
    let mut tx = caller.rows.begin().await?;
    app.on_demand.risk_provider(&mut tx, connection).await?;
    Ok(Json(tx.evaluation(connection, evaluation).await?.ok_or_else(Problem::not_found)?.into()))
}

/// Say what was decided of a payment, so that later scores are better. May be said again: the last word counts.
#[utoipa::path(post, path = "/connections/{connectionId}/signal/evaluations/{evaluationId}/decision", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("evaluationId" = EvaluationId, Path)),
    request_body = DecisionBody, responses((status = 200, body = EvaluationView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn report_decision(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<(String, String)>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<DecisionBody>,
) -> Result<Response, Problem> {
    report(&app, &caller, path, key, &bytes, read.and_then(decision)).await
}

/// Say that a payment was returned, so that later scores are better.
#[utoipa::path(post, path = "/connections/{connectionId}/signal/evaluations/{evaluationId}/return", tag = "Data",
    params(("connectionId" = ConnectionId, Path), ("evaluationId" = EvaluationId, Path)),
    request_body = ReturnBody, responses((status = 200, body = EvaluationView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn report_return(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<(String, String)>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<ReturnBody>,
) -> Result<Response, Problem> {
    report(&app, &caller, path, key, &bytes, read.and_then(returned)).await
}

async fn report(
    app: &App,
    caller: &Caller,
    (connection, evaluation): (String, String),
    key: IdempotencyKey,
    bytes: &[u8],
    sequel: Result<Sequel, Problem>,
) -> Result<Response, Problem> {
    let (connection, evaluation) = (id(&connection)?, id(&evaluation)?);
    let effect = async {
        let now = app.on_demand.report_sequel(&caller.rows, connection, evaluation, &sequel?).await?;
        Ok((StatusCode::OK, EvaluationView::from(now)))
    };
    key.outward(&caller.rows, "tenant", bytes, effect).await
}

fn payment(body: EvaluationBody) -> Result<Payment, Problem> {
    let amount = amount("amount", &body.amount)?;
    if body.currency.as_ref().is_some_and(|code| code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        return Err(Problem::invalid("/currency", "INVALID_VALUE", "currency is a code of three capitals, like USD."));
    }
    Ok(Payment { account_id: body.account_id, amount, currency: body.currency })
}

fn decision(body: DecisionBody) -> Result<Sequel, Problem> {
    let amount_instantly_available =
        body.amount_instantly_available.map(|text| amount("amountInstantlyAvailable", &text)).transpose()?;
    Ok(Sequel::Decided(RiskDecision {
        initiated: body.initiated,
        outcome: body.outcome,
        payment_method: body.payment_method,
        days_funds_on_hold: body.days_funds_on_hold,
        amount_instantly_available,
    }))
}

fn returned(body: ReturnBody) -> Result<Sequel, Problem> {
    let is_code = body.return_code.len() == 3
        && body.return_code.starts_with('R')
        && body.return_code.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    if !is_code {
        return Err(Problem::invalid("/returnCode", "INVALID_VALUE", "returnCode is an ACH return code, like R01."));
    }
    Ok(Sequel::Returned(RiskReturn { return_code: body.return_code, returned_at: body.returned_at }))
}

/// A positive amount of money with at most two decimals.
fn amount(name: &str, text: &str) -> Result<Decimal, Problem> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.len() <= 20;
    let read = text.parse::<Decimal>().ok().filter(|amount| is_plain && amount.scale() <= 2);
    read.filter(|amount| (Decimal::new(1, 2)..=MOST).contains(amount)).ok_or_else(|| {
        let detail = format!("{name} is a positive decimal text with at most two decimals, like \"102.05\".");
        Problem::invalid(format!("/{name}"), "INVALID_VALUE", detail)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_amount_is_money() {
        for (text, read) in [("102.05", true), ("0.01", true), ("10000000000", true), ("7", true)] {
            assert_eq!(amount("amount", text).is_ok(), read, "{text}");
        }
        for text in ["", "0", "-1", "1e3", "1.005", "10000000000.01", " 1", "+1", "1_000", "1,5", ".", "NaN"] {
            assert!(amount("amount", text).is_err(), "{text}");
        }
        assert_eq!(amount("amount", "19.3").unwrap(), Decimal::new(193, 1));
    }
}
