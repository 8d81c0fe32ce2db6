//! Makes links to Connect.

use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Caller, Error, Fields, Result};
use super::state::{CONNECT, Connect, InstitutionLogin, LOGIN};
use super::{ids, institutions};
use crate::bank::pages::{Flow, FlowOptions};

/// How long a link lives.
const LINK_LIFE: TimeDelta = TimeDelta::hours(2);

/// `POST /connect/v2/generate`: the customer chooses an institution.
pub async fn generate(State(simulator): State<Simulator>, _: Caller, fields: Fields) -> Answer {
    simulator.generate(&fields, None, None).await
}

/// `POST /connect/v2/generate/lite`: at that institution.
pub async fn generate_lite(State(simulator): State<Simulator>, _: Caller, fields: Fields) -> Answer {
    let id = fields.required("institutionId")?;
    let known = id.parse().ok().and_then(institutions::find).ok_or_else(|| Error::new("14006"))?;
    simulator.generate(&fields, Some(known.key.clone()), None).await
}

/// `POST /connect/v2/generate/fix`: mends a login.
pub async fn generate_fix(State(simulator): State<Simulator>, _: Caller, fields: Fields) -> Answer {
    let customer = fields.required("customerId")?;
    let id = fields.required("institutionLoginId")?;
    let login: Option<InstitutionLogin> = simulator.shared.documents.get(LOGIN, &id).await?;
    let login = login.filter(|login| login.customer == customer).ok_or_else(|| Error::new("38007"))?;
    simulator.generate(&fields, Some(login.institution.clone()), Some(login)).await
}

impl Simulator {
    async fn generate(&self, fields: &Fields, institution: Option<String>, fix: Option<InstitutionLogin>) -> Answer {
        if fields.required("partnerId")? != self.shared.partner_id {
            return Err(Error::invalid("Partner ID does not exist"));
        }
        let customer = fields.required("customerId")?;
        if self.customer(&customer).await.is_err() {
            return Err(Error::invalid("Customer ID does not exist or does not belong to this partner"));
        }
        let connect = Connect {
            customer: customer.clone(),
            flow: Flow::new(options(institution, fix.as_ref())),
            fix: fix.map(|login| login.id),
            redirect: fields.text("redirectUri"),
            webhook: fields.text("webhook"),
            webhook_data: webhook_data(fields)?,
            expires_at: self.shared.clock.now() + LINK_LIFE,
            end: None,
        };
        // Finicity makes no link where its events would be lost.
        if !self.ping(&connect).await {
            return Err(Error::invalid("The webhook did not answer the ping event"));
        }
        let token = ids::token();
        self.shared.documents.put(CONNECT, &ids::fingerprint(&token), &connect).await?;
        let ttl = connect.expires_at.timestamp_millis();
        let link = format!("{}/connect/{token}?customerId={customer}&origin=url&ttl={ttl}", self.shared.pages_url);
        Ok(Json(json!({ "link": link })))
    }
}

fn webhook_data(fields: &Fields) -> Result<Value> {
    match fields.value("webhookData") {
        Value::Null => Ok(json!({})),
        data @ Value::Object(_) => Ok(data),
        _ => Err(Error::invalid("\"webhookData\" must be of type object")),
    }
}

fn options(institution: Option<String>, fix: Option<&InstitutionLogin>) -> FlowOptions {
    FlowOptions {
        application: "the application".to_owned(),
        network: "Finicity".to_owned(),
        institution,
        country_codes: vec!["US".to_owned()],
        consent_page: fix.is_none(),
        account_selection: fix.is_none(),
        ..FlowOptions::default()
    }
}
