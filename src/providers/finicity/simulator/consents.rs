//! Receipts of what customers have agreed to.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Caller, Error};
use super::state::InstitutionLogin;
use super::{Simulator, institutions};
use crate::bank::{self, Access};

/// `GET /data-sharing-consents`.
pub async fn list(
    State(simulator): State<Simulator>,
    Query(query): Query<BTreeMap<String, String>>,
    _: Caller,
) -> Answer {
    let customer = query.get("customer_id").ok_or_else(|| Error::missing("customer_id"))?;
    let mut receipts = Vec::new();
    for login in simulator.logins(customer).await? {
        let books = simulator.shared.bank.books(&login.login.user).await?;
        let revoked = login.revoked || books.access(&login.login) == Access::Revoked;
        receipts.push(simulator.receipt(&login, revoked));
    }
    let count = receipts.len();
    Ok(Json(json!({ "consents": receipts, "found": count, "displaying": count, "moreAvailable": false })))
}

impl Simulator {
    fn receipt(&self, login: &InstitutionLogin, revoked: bool) -> Value {
        let now = self.shared.clock.now();
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let end = login.authorized_until.unwrap_or(login.created_at + chrono::TimeDelta::days(365));
        let (receipt, status) = match (revoked, end <= now) {
            (true, _) => ("INACTIVE", "REVOKED"),
            (false, true) => ("INACTIVE", "EXPIRED"),
            (false, false) => ("ACTIVE", "ACTIVE"),
        };
        let period = json!({ "startDate": time(login.created_at), "endDate": time(end) });
        let name = bank::institution(&login.institution).map(|one| one.name.as_str()).unwrap_or_default();
        json!({
            "consentReceiptId": Uuid::from_u128(u128::from(login.id.unsigned_abs())), "receiptVersion": 1,
            "customerId": login.customer, "customerCategory": "INDIVIDUAL", "purpose": "aggregation", "partnerId": self.shared.partner_id,
            "statusDetails": { "status": receipt, "statusDate": time(now) }, "accessPeriod": period,
            "createdDate": time(login.created_at),
            "institutions": [{
                "institutionId": institutions::id(&login.institution).to_string(),
                "institutionLoginId": login.id.to_string(), "institutionName": name,
                "statusDetails": { "status": status, "statusDate": time(now) }, "accessPeriod": period,
                "isBusinessConsumerStatement": "false", "accountOwnerCategory": "INDIVIDUAL", "dataScopes": [],
                "createdDate": time(login.created_at),
            }],
        })
    }
}
