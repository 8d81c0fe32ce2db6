//! Plays the customer: the same pages, forms and redirects as a browser's, over HTTP.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Sandbox;
use super::forms::PageForm;
use crate::bank::pages::DEPOSITED;
use crate::bank::{MFA_ANSWER, TestUser};
use crate::domain::ids::InstitutionId;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::net::{Call, Reply, header};

/// The most pages that a flow may have.
const MOST_PAGES: usize = 30;

/// Who plays, and how.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"connectToken": "lct_…", "username": "user_good", "password": "pass_good"}))]
pub struct PlayBody {
    /// Of the session.
    pub(super) connect_token: String,
    /// Where to log in; not needed where the session says it.
    #[serde(default)]
    pub(super) institution_id: Option<InstitutionId>,
    /// A provider other than the one that would be chosen.
    #[serde(default)]
    pub(super) service_provider: Option<ServiceProvider>,
    /// A test user.
    pub(super) username: String,
    /// Its password; with a wrong one, the customer knows no right amounts of deposits either, and has no document of their own.
    pub(super) password: String,
    /// What the customer does not allow, where the institution asks for each, or asks whether to pay.
    #[serde(default)]
    pub(super) deny: Vec<Product>,
    /// Which accounts are shared, where a page asks for them: `all`, or their masks. Institutions that do not ask share all.
    #[serde(default)]
    pub(super) accounts: Accounts,
    /// The customer goes away at the login page, or at the first question about themselves, before anything is settled.
    #[serde(default)]
    pub(super) abandon: bool,
}

/// Which accounts are shared.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(untagged, expecting = "all, or an array of masks")]
pub enum Accounts {
    /// As the page has them ticked, or all.
    #[default]
    Default,
    /// `all`.
    All(All),
    /// Those with these masks.
    Masks(BTreeSet<String>),
}

wire_enum! {
    /// The word `all`.
    pub enum All {
        /// Every account.
        All = "all",
    }
}

/// A customer's visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// How it ended.
    pub end: VisitEnd,
    /// What the page said was wrong when the customer left it; a code such as `WRONG_CREDENTIALS`.
    pub refusal: Option<String>,
}

/// How a customer's visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitEnd {
    /// The provider sent the customer back to us, to that path.
    Returned(String),
    /// The provider's page handed that over to the page that opened it.
    Handed(serde_json::Value),
    /// The pages have nothing more to show, and lead nowhere: the customer has been through them.
    Through,
    /// The customer went away.
    Abandoned,
}

impl Sandbox {
    /// Goes through the provider's pages from that address to the way back.
    pub async fn visit(&self, url: &str, play: &PlayBody) -> Result<Visit, Problem> {
        let (mut path, mut refusal) = (self.own_path(url)?, None);
        for _ in 0..MOST_PAGES {
            if path.starts_with("/connect/callback/") {
                return Ok(Visit { end: VisitEnd::Returned(path), refusal });
            }
            let page = self.ask(Call::get("page", path.as_str())).await?;
            if let Some(next) = self.redirect(&page, &path)? {
                path = next;
                continue;
            }
            let form = PageForm::read(&String::from_utf8_lossy(&page.body));
            if let Some(handed) = form.handover.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
                return Ok(Visit { end: VisitEnd::Handed(handed), refusal });
            }
            if form.step == "done" {
                return Ok(Visit { end: VisitEnd::Through, refusal });
            }
            if form.step.is_empty() {
                return Err(stuck("a page that asks for nothing"));
            }
            if play.abandon && ["credentials", "person"].contains(&form.step.as_str()) {
                return Ok(Visit { end: VisitEnd::Abandoned, refusal });
            }
            refusal = refusal.or_else(|| form.error.clone());
            let answer = self.ask(Call::post_form("form", path.as_str(), fields(&form, play))).await?;
            if let Some(next) = self.redirect(&answer, &path)? {
                path = next;
            }
        }
        Err(stuck("too many pages"))
    }

    /// Follows the way back: the widget's callback, as the browser would.
    pub(super) async fn come_back(&self, path: &str) -> Result<(), Problem> {
        self.ask(Call::get("callback", path)).await.map(drop)
    }

    async fn ask(&self, call: Call) -> Result<Reply, Problem> {
        self.local.send(call).await.map_err(|error| {
            Problem::new(Code::ProviderError, format!("The customer's page could not be reached: {error}."))
        })
    }

    fn redirect(&self, reply: &Reply, from: &str) -> Result<Option<String>, Problem> {
        if !reply.status.is_redirection() {
            return Ok(None);
        }
        let location = reply.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or(from);
        self.own_path(location).map(Some)
    }

    /// The path on our own listener of an address under our public one.
    fn own_path(&self, url: &str) -> Result<String, Problem> {
        let path = url.strip_prefix(&self.public_url).unwrap_or(url);
        if path.starts_with('/') && !path.starts_with("//") {
            return Ok(path.to_owned());
        }
        Err(Problem::new(Code::InvalidRequest, "The customer would leave the sandbox here; that cannot be played."))
    }
}

/// What the customer fills in.
fn fields(form: &PageForm, play: &PlayBody) -> Vec<(String, String)> {
    let mut fields = vec![("step".to_owned(), form.counter().to_owned())];
    let mut put = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    // Shown again with an error: this customer knows no better, and leaves.
    if form.error.is_some() {
        put("action", "cancel");
        return fields;
    }
    match form.step.as_str() {
        "credentials" => {
            put("username", &play.username);
            put("password", &play.password);
        }
        "mfa" => put("answer", MFA_ANSWER),
        // Who does not know the password does not know these either.
        "deposits" => {
            let amounts = if is_themselves(play) { DEPOSITED } else { ["0.98", "0.99"] };
            amounts.into_iter().for_each(|amount| put("amount", amount));
        }
        "person" => put("name", &play.username),
        // And shows a document that is somebody else's.
        "document" => put("document", if is_themselves(play) { "own" } else { "foreign" }),
        "permissions" => {
            let denied = |value: &str| play.deny.iter().any(|product| product.as_str() == value);
            for value in form.named("allow").filter_map(|tag| tag.get("value")).filter(|value| !denied(value)) {
                put("allow", value);
            }
        }
        "accounts" => {
            for tag in form.named("accounts") {
                let (Some(value), Some(mask)) = (tag.get("value"), tag.get("data-mask")) else { continue };
                let chosen = match &play.accounts {
                    Accounts::Default | Accounts::All(_) => true,
                    Accounts::Masks(masks) => masks.contains(mask),
                };
                if chosen {
                    put("accounts", value);
                }
            }
        }
        _ => {}
    }
    put("action", "submit");
    fields
}

fn is_themselves(play: &PlayBody) -> bool {
    TestUser::find(&play.username).is_some_and(|user| user.password == play.password)
}

fn stuck(step: &str) -> Problem {
    Problem::new(Code::ProviderError, format!("The customer's pages did not lead back ({step}). Play again."))
}
