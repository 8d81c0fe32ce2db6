//! `/identity_verification/get` and `/identity_verification/list`: people who prove in Link who they are.
//!
//! Who shows a document of their own passes, unless the template is one that says otherwise: `idvtmp_review…` has somebody look
//! at it first, which takes an hour. Who is let try again, as a client may do in its dashboard, shows their own document a minute later.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Simulator;
use super::accounts::time;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::questions::Answered;
use super::session::exit;
use super::state::{Ending, Link, Session, VERIFICATION};
use super::{ids, webhooks};
use crate::store;

const STATUS_UPDATED: &str = "STATUS_UPDATED";

/// So long somebody looks at it.
const REVIEW: TimeDelta = TimeDelta::hours(1);

/// So long the person takes who is let try again.
const RETRY: TimeDelta = TimeDelta::minutes(1);

/// A verification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verification {
    template: String,
    #[serde(default)]
    client_user_id: Option<String>,
    /// The attempt that this one is a retry of.
    #[serde(default)]
    previous: Option<String>,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    name: Option<String>,
    own_document: bool,
    webhook: Option<String>,
    told: String,
}

impl Verification {
    fn status(&self, now: DateTime<Utc>) -> &'static str {
        let Some(at) = self.completed_at.filter(|at| *at <= now) else { return "active" };
        match (self.own_document, self.template.starts_with("idvtmp_review")) {
            (false, _) => "failed",
            (true, true) if now < at + REVIEW => "pending_review",
            (true, _) => "success",
        }
    }

    fn body(&self, id: &str, now: DateTime<Utc>) -> Value {
        let status = self.status(now);
        let (document, begun) = match status {
            "active" => ("waiting_for_prerequisite", "active"),
            "failed" => ("failed", "success"),
            _ => ("success", "success"),
        };
        let watchlist = if status == "pending_review" { "pending_review" } else { begun };
        let checked = (status != "active").then(|| {
            json!({
                "status": "success",
                "name": { "summary": if self.own_document { "match" } else { "partial_match" } },
                "date_of_birth": { "summary": "no_input" },
                "address": { "summary": "no_data", "po_box": "no_data", "type": "no_data" },
                "id_number": { "summary": "no_input" },
                "phone_number": { "summary": "no_input", "area_code": "no_input" },
            })
        });
        let name = self.name.as_deref().map(|name| json!({ "given_name": name, "family_name": "Sandbox" }));
        json!({
            "id": id,
            "client_user_id": self.client_user_id.as_deref().unwrap_or("sandbox"),
            "created_at": time(self.created_at),
            "completed_at": self.completed_at.filter(|at| *at <= now).map(time),
            "previous_attempt_id": self.previous,
            "shareable_url": null,
            "template": { "id": self.template, "version": 1 },
            "user": {
                "phone_number": null, "date_of_birth": null, "ip_address": null, "email_address": null, "name": name,
                "address": null, "id_number": null,
            },
            "status": status,
            "steps": {
                "accept_tos": begun, "verify_sms": "not_applicable", "kyc_check": begun, "documentary_verification": document,
                "selfie_check": "not_applicable", "watchlist_screening": watchlist, "risk_check": "not_applicable",
            },
            "documentary_verification": null,
            "selfie_check": null,
            "kyc_check": checked,
            "risk_check": null,
            "verify_sms": null,
            "watchlist_screening_id": null,
            "beacon_user_id": null,
            "user_id": null,
            "redacted_at": null,
        })
    }
}

/// `/identity_verification/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["identity_verification_id"], &[])?;
    let id = fields.need("identity_verification_id")?;
    let shared = &call.simulator.shared;
    let found: Option<Verification> = shared.documents.get(VERIFICATION, id).await?;
    let found = found.ok_or_else(|| Error::invalid_field("identity_verification_id is not one of this client"))?;
    reply(found.body(id, shared.clock.now()))
}

/// `/identity_verification/list`: all in one page.
pub async fn list(call: Call) -> Answer {
    let fields = call.fields(&["template_id"], &["client_user_id", "user_id", "cursor"])?;
    let (template, person) = (fields.need("template_id")?, fields.need("client_user_id")?);
    let shared = &call.simulator.shared;
    let all: Vec<(String, Verification)> = shared.documents.list(VERIFICATION).await?;
    let is_theirs = |one: &Verification| one.template == template && one.client_user_id.as_deref() == Some(person);
    let theirs = all.iter().filter(|(_, one)| is_theirs(one));
    let bodies: Vec<Value> = theirs.map(|(id, one)| one.body(id, shared.clock.now())).collect();
    reply(json!({ "identity_verifications": bodies, "next_cursor": null }))
}

impl Simulator {
    /// Lets the person of a verification try again, as from the dashboard: the webhook that says so, and where it goes.
    pub(super) async fn retry_verification(&self, id: &str) -> store::Result<Option<(Option<String>, Value)>> {
        let Some(found) = self.shared.documents.get::<Verification>(VERIFICATION, id).await? else { return Ok(None) };
        let now = self.shared.clock.now();
        let again = Verification {
            previous: Some(id.to_owned()),
            created_at: now,
            completed_at: Some(now + RETRY),
            own_document: true,
            told: "active".to_owned(),
            ..found.clone()
        };
        self.shared.documents.put_new(VERIFICATION, &ids::id(&["retry", id]), &again).await?;
        Ok(Some((found.webhook, webhooks::verification(id, "RETRIED"))))
    }

    /// Begins the verification of a session, where it is one.
    pub(super) async fn begin_verification(&self, link: &Link, session: &Session) -> Result<()> {
        let Some(template) = &link.template else { return Ok(()) };
        let verification = Verification {
            template: template.clone(),
            client_user_id: link.client_user_id.clone(),
            previous: None,
            created_at: session.started_at,
            completed_at: None,
            name: None,
            own_document: false,
            webhook: link.webhook.clone(),
            told: "active".to_owned(),
        };
        self.shared.documents.put_new(VERIFICATION, &session.id, &verification).await?;
        Ok(())
    }

    /// What came of a form: who has answered all is judged, whatever the judgement.
    pub(super) async fn verify(&self, link: &Link, session: &mut Session, answered: Answered) -> Result<()> {
        let now = self.shared.clock.now();
        match answered {
            Answered::More => {}
            Answered::Cancelled => session.end(now, exit(session, None)),
            Answered::All { name, own_document } => {
                self.begin_verification(link, session).await?;
                let judge = |one: &mut Verification| {
                    if one.completed_at.is_none() {
                        (one.name, one.own_document, one.completed_at) = (Some(name), own_document, Some(now));
                    }
                    Ok::<_, std::convert::Infallible>(())
                };
                self.shared.documents.update(VERIFICATION, &session.id, judge).await?;
                session.end(now, Ending::Done);
            }
        }
        Ok(())
    }

    /// Tells what came of a session without an Item.
    pub(super) async fn tell_object(&self, link: &Link, session: &Session) -> Result<()> {
        match &link.payment {
            Some(id) => self.tell_payment(id).await,
            None => self.tell_verification(&session.id).await,
        }
    }

    /// The webhook that says that a verification stands otherwise, and where it goes; `None` where there is no such verification.
    pub(super) async fn verification_webhook(&self, id: &str) -> store::Result<Option<(Option<String>, Value)>> {
        let found: Option<Verification> = self.shared.documents.get(VERIFICATION, id).await?;
        Ok(found.map(|verification| (verification.webhook, webhooks::verification(id, STATUS_UPDATED))))
    }

    /// Tells what came of verifications.
    pub(super) async fn tell_verifications(&self) -> store::Result<()> {
        let all: Vec<(String, Value)> = self.shared.documents.list(VERIFICATION).await?;
        for (id, _) in all {
            if let Err(error) = self.tell_verification(&id).await {
                tracing::debug!(code = error.code(), "a verification of the Plaid simulator is not told");
            }
        }
        Ok(())
    }

    async fn tell_verification(&self, id: &str) -> Result<()> {
        let now = self.shared.clock.now();
        let tell = |one: &mut Verification| {
            let status = one.status(now);
            if one.told == status {
                return Err(());
            }
            one.told = status.to_owned();
            Ok(one.webhook.clone())
        };
        match self.shared.documents.update(VERIFICATION, id, tell).await? {
            // Plaid sends them to the address in its dashboard, which there is none of here: that of the link stands for it.
            Some(Ok(Some(url))) => self.post(&url, &webhooks::verification(id, STATUS_UPDATED)).await,
            _ => Ok(()),
        }
    }
}
