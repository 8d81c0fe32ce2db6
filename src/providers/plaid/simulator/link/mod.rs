//! `/link/token/create` and `/link/token/get`.

mod known;
mod request;

use serde_json::{Value, json};

use super::Simulator;
use super::accounts::time;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::gate::item_error;
use super::ids;
use super::institutions;
use super::product::names;
use super::state::{Ending, Event, Item, LINK, Link, Session};
use crate::bank;

/// `/link/token/create`
pub async fn create(call: Call) -> Answer {
    let fields = call.fields(&["client_name", "language", "country_codes"], known::OPTIONAL)?;
    let simulator = &call.simulator;
    let mut link = request::read(&fields, simulator.shared.clock.now())?;
    link.user = simulator.user(&fields).await?;
    if let Some(token) = fields.text("access_token")? {
        let item = simulator.item(&call, token).await?;
        simulator.check_updatable(&item).await?;
        link.item_id = Some(item.id);
    }
    simulator.check_object(&link).await?;
    let token = ids::random_token("link");
    simulator.shared.documents.put(LINK, &ids::fingerprint(&token), &link).await?;
    let mut body = json!({ "link_token": token, "expiration": time(link.expires_at) });
    if link.hosted {
        body["hosted_link_url"] = json!(simulator.page_url(&token));
    }
    reply(body)
}

impl Simulator {
    /// A permission that was taken back can be given again at an institution that asks for it itself; what was taken back at Plaid stays so.
    async fn check_updatable(&self, item: &Item) -> Result<()> {
        let books = self.shared.bank.books(&item.login.user).await?;
        let error = item_error(item, &books, self.shared.clock.now());
        let revoked = error.filter(|error| error.code() == "USER_PERMISSION_REVOKED" && !books.institution().oauth);
        revoked.map_or(Ok(()), Err)
    }

    /// The link of a token.
    pub(super) async fn link(&self, token: &str) -> Result<Option<Link>> {
        Ok(self.shared.documents.get(LINK, &ids::fingerprint(token)).await?)
    }

    /// Where the customer goes with a link token.
    pub(super) fn page_url(&self, token: &str) -> String {
        format!("{}/link/{token}", self.shared.pages_url)
    }
}

/// The public token of a session; only who knows the link token can tell it.
pub fn public_token(link_token: &str, session: &Session) -> String {
    ids::derived_token("public", link_token, &session.id)
}

/// `/link/token/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["link_token"], &[])?;
    let token = fields.need("link_token")?;
    let link = call.simulator.link(token).await?.ok_or_else(|| Error::new("INVALID_LINK_TOKEN"))?;
    let sessions: Vec<Value> = link.sessions.iter().map(|session| self::session(token, session)).collect();
    let mut metadata = json!({
        "initial_products": names(&link.asked.required),
        "webhook": link.webhook,
        "country_codes": link.country_codes,
        "language": link.language,
        "redirect_uri": link.redirect_uri,
        "client_name": link.client_name,
    });
    if let Some(filters) = &link.account_filters {
        let filter = |(kind, subtypes)| (kind, json!({ "account_subtypes": subtypes }));
        // It takes this one as well, but does not show it.
        let shown = filters.clone().into_iter().filter(|(kind, _)| kind != "other");
        metadata["account_filters"] = Value::Object(shown.map(filter).collect());
    }
    reply(json!({
        "link_token": token,
        "created_at": time(link.created_at),
        "expiration": time(link.expires_at),
        "link_sessions": sessions,
        "metadata": metadata,
    }))
}

fn session(link_token: &str, session: &Session) -> Value {
    let institution = session.walk.institution().map(institution);
    let mut row = json!({
        "link_session_id": session.id,
        "started_at": time(session.started_at),
        "finished_at": session.finished_at.map(time),
        "on_success": null,
        "exit": null,
        "events": session.events.iter().rev().map(event).collect::<Vec<_>>(),
    });
    match &session.ending {
        None => {}
        Some(Ending::Success { accounts, .. }) => {
            let public_token = public_token(link_token, session);
            row["on_success"] = json!({ "public_token": public_token, "metadata": {
                "institution": institution, "accounts": accounts, "link_session_id": session.id, "transfer_status": null,
            }});
            let added = json!({ "public_token": public_token, "accounts": accounts, "institution": institution });
            row["results"] = results(vec![added]);
        }
        Some(Ending::Done) => row["results"] = results(Vec::new()),
        Some(Ending::Exit { error, status }) => {
            row["exit"] = json!({ "error": error, "metadata": {
                "institution": institution, "status": status, "link_session_id": session.id, "request_id": ids::request_id(),
            }});
            row["results"] = results(Vec::new());
        }
    }
    row
}

fn results(added: Vec<Value>) -> Value {
    json!({
        "item_add_results": added,
        "cra_item_add_results": [],
        "cra_update_results": [],
        "bank_income_results": [],
        "payroll_income_results": [],
        "document_income_results": null,
    })
}

/// An institution as a session names it.
pub fn institution(key: &str) -> Value {
    json!({
        "institution_id": institutions::id(key),
        "name": bank::institution(key).map_or(key, |institution| institution.name.as_str()),
    })
}

/// An event as answers and webhooks show it.
pub fn event(event: &Event) -> Value {
    json!({
        "event_name": event.name, "timestamp": time(event.at), "event_id": event.id, "event_metadata": event.metadata,
    })
}
