//! The service API, for the application itself: the institutions that it may reach, and where notifications go.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::products::{at, members, names};
use super::state::{SUBSCRIPTION, Subscription};

/// The types of notifications, by category.
pub const TYPES: &[(&str, &[&str])] =
    &[("CONSENT", &["CONSENT_REVOKED", "CONSENT_UPDATED"]), ("MAINTENANCE", &["PLANNED_OUTAGE", "SERVICE"])];
/// The same without their categories.
pub const WEBHOOKS: &[&str] = &["CONSENT_REVOKED", "CONSENT_UPDATED", "PLANNED_OUTAGE", "SERVICE"];
/// The longest address that is taken.
const LONGEST: usize = 2000;

/// `GET /manage/v2/recipients/{recipientId}/providers`
pub async fn providers(
    State(simulator): State<Simulator>,
    Path(_recipient): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>> {
    simulator.count("/manage/providers");
    simulator.check_service_token(&headers).await?;
    let provider = |one| {
        let one: &crate::bank::BankInstitution = one;
        json!({ "providerId": one.key, "name": one.name, "products": names(&at(one)) })
    };
    Ok(Json(json!({ "providers": members().map(provider).collect::<Vec<_>>() })))
}

/// `POST /notifications/v1/subscriptions`
pub async fn subscribe(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>)> {
    simulator.count("/notifications/subscriptions");
    simulator.check_service_token(&headers).await?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Error::invalid("the body is no JSON"))?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let asked = Subscription { category: text("category"), kind: text("type"), url: text("callbackUrl") };
    let known =
        TYPES.iter().any(|(category, types)| *category == asked.category && types.contains(&asked.kind.as_str()));
    let is_address = url::Url::parse(&asked.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !known || !is_address || asked.url.len() > LONGEST || text("effectiveDate").is_empty() {
        return Err(Error::invalid("category, type, callbackUrl and effectiveDate are needed"));
    }
    // The same again is the same one.
    let id = super::tokens::fingerprint(&format!("{} {} {}", asked.category, asked.kind, asked.url));
    simulator.shared.documents.put(SUBSCRIPTION, &id, &asked).await?;
    Ok((StatusCode::CREATED, Json(json!({ "subscriptionId": id }))))
}
