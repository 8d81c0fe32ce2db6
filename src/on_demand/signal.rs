//! Risks of payments: evaluated by the provider while the caller waits, kept, and told what became of them.

use rust_decimal::Decimal;

use super::OnDemand;
use super::gate::check_there;
use crate::domain::account::AccountStatus;
use crate::domain::grant::suits;
use crate::domain::ids::{AccountId, ConnectionId, EvaluationId};
use crate::domain::money::in_currency;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::risk::{RiskDecision, RiskReturn};
use crate::providers::own::{PaymentRisks, PaymentToEvaluate};
use crate::providers::{Entry, Failure, Provider};
use crate::store::{Account, Evaluation, TenantStore, TenantTx};

/// A payment that a caller wants evaluated.
#[derive(Clone, Debug)]
pub struct Payment {
    /// From which account.
    pub account_id: AccountId,
    /// How much; positive.
    pub amount: Decimal,
    /// ISO 4217; the account's where it is left out.
    pub currency: Option<String>,
}

/// What became of a payment.
#[derive(Clone, Debug)]
pub enum Sequel {
    /// It was decided.
    Decided(RiskDecision),
    /// It was returned.
    Returned(RiskReturn),
}

fn has(provider: &dyn Provider) -> bool {
    provider.payment_risks().is_some()
}

impl OnDemand {
    /// Has a payment evaluated. Billed each time.
    pub async fn evaluate_payment(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        payment: &Payment,
    ) -> Result<Evaluation, Problem> {
        let mut tx = rows.begin().await?;
        let ready = self.ready(&mut tx, id, Product::Signal, has).await?;
        check_there(&ready.product)?;
        let account = account(&mut tx, id, payment).await?;
        tx.commit().await?;
        let Some(provider_account_id) = account.provider_account_id else { return Err(not_shared()) };
        let evaluation_id = EvaluationId::new();
        let asked = PaymentToEvaluate {
            provider_account_id,
            reference: evaluation_id.to_string(),
            amount: payment.amount,
            currency: account.currency.clone(),
        };
        let entry = &ready.entry;
        let cx = entry.in_request(&self.linking.clock);
        // An evaluation whose answer is lost here was billed in vain: it cannot be asked for again, by our id of it or otherwise, and
        // the next call makes another.
        let result = risks(entry)?.evaluate(&cx, &ready.credential, &asked).await;
        let evaluation = Evaluation {
            id: evaluation_id,
            connection_id: id,
            account_id: payment.account_id,
            amount: in_currency(payment.amount, account.currency.as_deref()),
            currency: account.currency,
            result: result.map_err(|failure| entry.problem(failure))?,
            decision: None,
            returned: None,
            created_at: self.linking.clock.now(),
        };
        let mut tx = rows.begin().await?;
        // Nobody deletes the connection between this look and the row.
        tx.lock_row(id).await?;
        tx.connection(id).await?.ok_or_else(Problem::not_found)?.condition.check_linked()?;
        tx.insert_evaluation(&evaluation).await?;
        tx.commit().await?;
        Ok(evaluation)
    }

    /// Tells the provider what became of a payment, and keeps it.
    pub async fn report_sequel(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        evaluation: EvaluationId,
        sequel: &Sequel,
    ) -> Result<Evaluation, Problem> {
        let mut tx = rows.begin().await?;
        let entry = self.risk_provider(&mut tx, id).await?;
        let known = tx.evaluation(id, evaluation).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        if !is_news(&known, sequel)? {
            return Ok(known);
        }
        let (cx, reference) = (entry.in_request(&self.linking.clock), evaluation.to_string());
        let told = match sequel {
            Sequel::Decided(decision) => risks(entry)?.report_decision(&cx, &reference, decision).await,
            Sequel::Returned(returned) => risks(entry)?.report_return(&cx, &reference, returned).await,
        };
        told.map_err(|failure| entry.problem(failure))?;
        let mut tx = rows.begin().await?;
        match sequel {
            Sequel::Decided(decision) => tx.set_decision(evaluation, decision).await?,
            Sequel::Returned(returned) => tx.set_returned(evaluation, returned).await?,
        }
        let now = tx.evaluation(id, evaluation).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        Ok(now)
    }

    /// A page of the evaluations of a connection, oldest first.
    pub async fn evaluations(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        after: Option<EvaluationId>,
        limit: i64,
    ) -> Result<Vec<Evaluation>, Problem> {
        let rows = tx.evaluations(id, after, limit).await?;
        self.readable(tx, id, Product::Signal, has, (rows, after.is_none())).await
    }

    /// The provider of a connection, if it evaluates payments.
    pub async fn risk_provider(&self, tx: &mut TenantTx, id: ConnectionId) -> Result<&Entry, Problem> {
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        self.supporting(&connection, Product::Signal, has)
    }
}

/// Whether the provider has to be told. What contradicts what it was told before it would refuse: a payment that was not set off
/// cannot come back, and a return cannot be taken back. The same again is no news.
fn is_news(known: &Evaluation, sequel: &Sequel) -> Result<bool, Problem> {
    match sequel {
        Sequel::Returned(_) if known.decision.as_ref().is_some_and(|decision| !decision.initiated) => {
            Err(contradiction(
                "The decision that was reported says that this payment was not set off, so it cannot have been returned. If it was set off after all, report the decision again with initiated true, then the return.",
            ))
        }
        Sequel::Decided(decision) if known.returned.is_some() && !decision.initiated => Err(contradiction(
            "This payment was reported as returned, which cannot be taken back, so it was set off. Report the decision with initiated true.",
        )),
        Sequel::Decided(decision) => Ok(known.decision.as_ref() != Some(decision)),
        Sequel::Returned(returned) => Ok(known.returned.as_ref() != Some(returned)),
    }
}

fn contradiction(detail: &str) -> Problem {
    Problem::new(Code::PaymentOutcomeConflict, detail)
}

fn risks(entry: &Entry) -> Result<&dyn PaymentRisks, Problem> {
    entry.provider.payment_risks().ok_or_else(|| entry.problem(Failure::unsupported("payment_risks")))
}

fn not_shared() -> Problem {
    let detail = "The customer no longer shares this account. Open a repair with accountSelection: true.";
    Problem::new(Code::UserActionRequired, detail)
}

/// The account that a payment is from, if payments can be made from it (C8).
async fn account(tx: &mut TenantTx, id: ConnectionId, payment: &Payment) -> Result<Account, Problem> {
    let found = tx.account(payment.account_id).await?.filter(|account| account.connection_id == id);
    let account = found.ok_or_else(|| {
        Problem::invalid("/accountId", "UNKNOWN", "accountId must be the id of an account of this connection.")
    })?;
    if account.status != AccountStatus::Open {
        return Err(not_shared());
    }
    if !suits(Product::Signal, account.account_type, account.subtype) {
        let detail = "Payments are evaluated from checking, savings and cash management accounts alone.";
        return Err(Problem::invalid("/accountId", "NO_COMPATIBLE_ACCOUNT", detail));
    }
    if payment.currency.is_some() && payment.currency != account.currency {
        let detail = "currency must be that of the account; leave it out for that.";
        return Err(Problem::invalid("/currency", "NOT_THE_ACCOUNTS", detail));
    }
    Ok(account)
}
