//! `/payment_initiation/payment/get`: payments that a customer authorises in Link.
//!
//! Plaid's clients make payments by an operation that Linkspan never calls. So any id is one of a payment that was made, but those
//! that begin with `unknown`; amount, reference and recipient follow from the id. What becomes of it once the customer has
//! authorised it does too: ids that begin with `rejected`, `insufficient` or `blocked` end that way, `settled` goes on to the
//! recipient's account, and all others are executed after a minute.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Simulator;
use super::accounts::{number, time};
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::state::{Link, PAYMENT};
use super::{ids, webhooks};
use crate::bank::ids::number as number_of;
use crate::store;

/// What a payment becomes so long after the customer has authorised it.
const FATES: &[(&str, &[(i64, &str)])] = &[
    ("rejected", &[(0, INITIATED), (60, "PAYMENT_STATUS_REJECTED")]),
    ("insufficient", &[(0, INITIATED), (60, "PAYMENT_STATUS_INSUFFICIENT_FUNDS")]),
    ("blocked", &[(0, "PAYMENT_STATUS_BLOCKED")]),
    ("settled", &[(0, INITIATED), (60, EXECUTED), (3600, "PAYMENT_STATUS_SETTLED")]),
    ("", &[(0, INITIATED), (60, EXECUTED)]),
];

const INPUT_NEEDED: &str = "PAYMENT_STATUS_INPUT_NEEDED";
const INITIATED: &str = "PAYMENT_STATUS_INITIATED";
const EXECUTED: &str = "PAYMENT_STATUS_EXECUTED";

/// A payment that the customer has authorised.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// When.
    authorised_at: DateTime<Utc>,
    /// Where webhooks go.
    webhook: Option<String>,
    /// The status that was last told.
    told: String,
}

impl Payment {
    /// Its status now, and since when.
    fn status(&self, id: &str, now: DateTime<Utc>) -> (&'static str, DateTime<Utc>) {
        let fate = FATES.iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, fate)| *fate).unwrap_or_default();
        let mut steps = fate.iter().map(|(after, status)| (*status, self.authorised_at + TimeDelta::seconds(*after)));
        steps.rfind(|(_, at)| *at <= now).unwrap_or((INPUT_NEEDED, self.authorised_at))
    }
}

/// What the customer reads of a payment.
pub fn wording(id: &str) -> String {
    format!("{} GBP to Example Merchant", amount(id))
}

fn amount(id: &str) -> Decimal {
    Decimal::new(100 + number_of(&["payment", id]) % 50_000, 2)
}

fn reference(id: &str) -> String {
    format!("Order {}", number_of(&["reference", id]) % 100_000)
}

fn check_known(id: &str) -> Result<()> {
    let is_known = !id.starts_with("unknown");
    is_known.then_some(()).ok_or_else(|| Error::invalid_field("payment_id is not a payment of this client"))
}

/// `/payment_initiation/payment/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["payment_id"], &[])?;
    let id = fields.need("payment_id")?;
    check_known(id)?;
    let shared = &call.simulator.shared;
    let authorised: Option<Payment> = shared.documents.get(PAYMENT, id).await?;
    let (status, since) = authorised
        .map(|payment| payment.status(id, shared.clock.now()))
        .unwrap_or((INPUT_NEEDED, DateTime::UNIX_EPOCH));
    reply(json!({
        "payment_id": id,
        "amount": { "currency": "GBP", "value": number(amount(id)) },
        "status": status,
        "recipient_id": format!("recipient-id-sandbox-{}", ids::id(&["recipient", id])),
        "reference": reference(id),
        "adjusted_reference": null,
        "last_status_update": time(since),
        "schedule": null,
        "refund_details": null,
        "bacs": null,
        "iban": null,
        "refund_ids": null,
        "wallet_id": null,
        "scheme": null,
        "adjusted_scheme": null,
        "consent_id": null,
        "transaction_id": null,
        "end_to_end_id": null,
        "error": null,
    }))
}

impl Simulator {
    /// Refuses a link for a payment that nobody made, or that was authorised already.
    pub(super) async fn check_object(&self, link: &Link) -> Result<()> {
        let Some(id) = &link.payment else { return Ok(()) };
        check_known(id)?;
        if self.shared.documents.get::<Value>(PAYMENT, id).await?.is_some() {
            return Err(Error::invalid_field("payment_id is a payment that was authorised already"));
        }
        Ok(())
    }

    /// The customer has authorised the payment of a link.
    pub(super) async fn authorise(&self, link: &Link) -> Result<()> {
        let Some(id) = &link.payment else { return Ok(()) };
        let payment = Payment {
            authorised_at: self.shared.clock.now(),
            webhook: link.webhook.clone(),
            told: INPUT_NEEDED.to_owned(),
        };
        self.shared.documents.put_new(PAYMENT, id, &payment).await?;
        Ok(())
    }

    /// The webhook that says how a payment stands, and where it goes; `None` where the customer has not authorised it.
    pub(super) async fn payment_webhook(&self, id: &str) -> store::Result<Option<(Option<String>, Value)>> {
        let Some(payment) = self.shared.documents.get::<Payment>(PAYMENT, id).await? else { return Ok(None) };
        let (status, since) = payment.status(id, self.shared.clock.now());
        let body = webhooks::payment(id, &reference(id), (&payment.told, status), &time(since));
        Ok(Some((payment.webhook, body)))
    }

    /// Tells what became of payments.
    pub(super) async fn tell_payments(&self) -> store::Result<()> {
        let payments: Vec<(String, Value)> = self.shared.documents.list(PAYMENT).await?;
        for (id, _) in payments {
            if let Err(error) = self.tell_payment(&id).await {
                tracing::debug!(code = error.code(), "a payment of the Plaid simulator is not told");
            }
        }
        Ok(())
    }

    /// Tells what became of a payment, if that was not told.
    pub(super) async fn tell_payment(&self, id: &str) -> Result<()> {
        let now = self.shared.clock.now();
        let tell = |payment: &mut Payment| {
            let (status, since) = payment.status(id, now);
            if payment.told == status {
                return Err(());
            }
            let old = std::mem::replace(&mut payment.told, status.to_owned());
            Ok((payment.webhook.clone(), webhooks::payment(id, &reference(id), (&old, status), &time(since))))
        };
        match self.shared.documents.update(PAYMENT, id, tell).await? {
            Some(Ok((Some(url), body))) => self.post(&url, &body).await,
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

    fn after(id: &str, seconds: i64) -> &'static str {
        let at = DateTime::UNIX_EPOCH;
        let payment = Payment { authorised_at: at, webhook: None, told: INPUT_NEEDED.to_owned() };
        payment.status(id, at + TimeDelta::seconds(seconds)).0
    }

    #[test]
    fn the_id_decides_what_becomes_of_a_payment() {
        assert_eq!((after("payment-1", 0), after("payment-1", 60)), (INITIATED, EXECUTED));
        assert_eq!(after("rejected-1", 90), "PAYMENT_STATUS_REJECTED");
        assert_eq!(after("settled-1", 7200), "PAYMENT_STATUS_SETTLED");
        assert_eq!(after("blocked-1", 0), "PAYMENT_STATUS_BLOCKED");
        assert!(check_known("unknown-1").is_err() && check_known("payment-1").is_ok());
        assert!(amount("payment-1") >= Decimal::ONE);
    }
}
