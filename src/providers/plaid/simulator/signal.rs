//! `/signal/*`: the less is left of the balance after a payment, the likelier it is returned.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::accounts::number;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{Open, account_id};
use super::product::Product;
use super::state::SIGNAL;
use crate::bank::BankAccount;

/// A payment that was evaluated, by its client's id of it.
#[derive(Debug, Serialize, Deserialize)]
struct Payment {
    /// The Item's id.
    item_id: String,
    /// The account.
    account_id: String,
    /// As it was written.
    amount: String,
    /// Whether it was set off, as last reported.
    initiated: Option<bool>,
    /// How it was returned.
    return_code: Option<String>,
}

/// `/signal/prepare`
pub async fn prepare(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    call.simulator.open_with(&call, fields.need("access_token")?, Product::Signal).await?;
    reply(json!({}))
}

/// `/signal/evaluate`
pub async fn evaluate(call: Call) -> Answer {
    let optional =
        ["client_user_id", "is_recurring", "default_payment_method", "user", "device", "ruleset_key", "user_present"];
    let fields = call.fields(&["access_token", "account_id", "client_transaction_id", "amount"], &optional)?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Signal).await?;
    let account = account(&open, fields.need("account_id")?)?;
    let amount = fields.number("amount")?.unwrap_or_default();
    let asked = amount.parse::<Decimal>().ok().filter(|amount| *amount > Decimal::ZERO);
    let asked = asked.ok_or_else(|| Error::invalid_field("amount must be a positive number"))?;
    let id = client_transaction_id(&fields)?;
    let payment = Payment {
        item_id: open.item.id.clone(),
        account_id: account_id(&open.item.id, &account.key),
        amount,
        initiated: None,
        return_code: None,
    };
    if !call.simulator.shared.documents.put_new(SIGNAL, id, &payment).await? {
        return Err(Error::new("CLIENT_TRANSACTION_ID_ALREADY_IN_USE"));
    }
    let balances = open.books.balances(&account.key, open.books.now()).unwrap_or_default();
    let available = balances.available.unwrap_or_default();
    let score = score(asked, available);
    reply(json!({
        "scores": {
            "customer_initiated_return_risk": { "score": (score / 2).max(1), "risk_tier": tier(score / 2, 5) },
            "bank_initiated_return_risk": { "score": score, "risk_tier": tier(score, 8) },
        },
        "core_attributes": {
            "available_balance": balances.available.map(number), "current_balance": balances.current.map(number),
        },
        "ruleset": Value::Null,
        "warnings": [],
    }))
}

/// `/signal/decision/report`
pub async fn report_decision(call: Call) -> Answer {
    let optional =
        ["days_funds_on_hold", "decision_outcome", "payment_method", "amount_instantly_available", "submitted_at"];
    let fields = call.fields(&["client_transaction_id", "initiated"], &optional)?;
    fields.one_of("decision_outcome", &["APPROVE", "REVIEW", "REJECT", "TAKE_OTHER_RISK_MEASURES", "NOT_EVALUATED"])?;
    fields.one_of("payment_method", &["SAME_DAY_ACH", "NEXT_DAY_ACH", "STANDARD_ACH", "MULTIPLE_PAYMENT_METHODS"])?;
    fields.integer("days_funds_on_hold", 0..=3650)?;
    fields.number("amount_instantly_available")?;
    let initiated = fields.boolean("initiated")?;
    change(&call, &fields, |payment| {
        payment.initiated = initiated;
        Ok(())
    })
    .await
}

/// `/signal/return/report`
pub async fn report_return(call: Call) -> Answer {
    let fields = call.fields(&["client_transaction_id", "return_code"], &["returned_at"])?;
    let code = fields.need("return_code")?.to_owned();
    if code.len() != 3 || !code.starts_with('R') {
        return Err(Error::invalid_field("return_code must be a valid ACH return code"));
    }
    change(&call, &fields, |payment| {
        // What was never set off cannot come back.
        if payment.initiated == Some(false) {
            return Err(Error::new("SIGNAL_TRANSACTION_NOT_INITIATED"));
        }
        payment.return_code = Some(code);
        Ok(())
    })
    .await
}

async fn change(call: &Call, fields: &Fields, change: impl FnOnce(&mut Payment) -> Result<()> + Send) -> Answer {
    let id = client_transaction_id(fields)?;
    match call.simulator.shared.documents.update(SIGNAL, id, change).await? {
        Some(changed) => changed.and_then(|()| reply(json!({}))),
        None => Err(Error::invalid_field("client_transaction_id is not that of an evaluation")),
    }
}

fn client_transaction_id(fields: &Fields) -> Result<&str> {
    let id = fields.need("client_transaction_id")?;
    if id.len() <= 36 {
        Ok(id)
    } else {
        Err(Error::invalid_field("client_transaction_id must have at most 36 characters"))
    }
}

fn account<'a>(open: &'a Open, wanted: &str) -> Result<&'a BankAccount> {
    let is_it = |account: &&BankAccount| account_id(&open.item.id, &account.key) == wanted;
    let account = open.accounts.iter().find(is_it).ok_or_else(|| Error::new("INVALID_ACCOUNT_ID"))?;
    if Product::Signal.suits(account) { Ok(account) } else { Err(Product::Signal.without_account()) }
}

/// 1 to 99: how much of what is there the payment takes.
fn score(amount: Decimal, available: Decimal) -> u8 {
    let part = if available > Decimal::ZERO { (amount / available * Decimal::from(90)).to_u8() } else { None };
    part.map_or(99, |part| part.clamp(1, 99))
}

fn tier(score: u8, tiers: u8) -> u8 {
    (score / (100 / tiers)).clamp(1, tiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_of_the_balance_a_payment_takes_the_riskier_it_is() {
        let score = |amount: i64, available: i64| score(Decimal::from(amount), Decimal::from(available));
        assert_eq!((score(1, 1000), score(500, 1000), score(5000, 1000), score(5, 0)), (1, 45, 99, 99));
    }
}
