//! The page in which a provider's own script runs, and where it hands over what came of it.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use serde_json::Value;

use super::assets::Asset;
use super::page::{Page, Policy};
use super::refused::Refused;
use super::session::PATH as SESSION;
use super::visitor::Visitor;
use super::{start, texts};
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::SessionMode;
use crate::link::{Completion, LaunchRequest, Launched, Linking};
use crate::providers::link::{Launch, LaunchScript, LinkInput};

/// Where the script's answer is sent.
pub(super) const PATH: &str = "/link/complete";

/// The longest answer of a script, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    key: String,
    #[serde(default)]
    result: String,
}

/// The page that runs the provider's script; `None` for another kind of launch, or where the provider has none for a page.
pub(super) fn page(linking: &Linking, launched: &Launched, form_key: &str) -> Option<Page> {
    let Launch::Script { script_url, token, .. } = &launched.launch else { return None };
    let script = linking.registry.get(launched.service_provider)?.provider.launch_script()?;
    let content = html! {
        p { (texts::GOING.body) }
        form method="post" action=(PATH) data-launch-token=(token) {
            (start::key_field(form_key))
            input type="hidden" name="result";
        }
        noscript { p { (texts::SCRIPT_ONLY.body) } }
        @if !script.script_src.is_empty() { script src=(script_url) defer {} }
        script src=(own(script).path) defer {}
        p.actions { a href=(SESSION) { (texts::TRY_AGAIN) } }
    };
    Some(Page::new(texts::GOING.title, content).policy(Policy::Script(script)))
}

/// Our own part of the page, as a static file.
pub(super) fn own(script: &LaunchScript) -> Asset {
    Asset::script(script.source)
}

/// The page again, for a customer whom a bank sent back to it in the middle of the provider's script.
pub(super) async fn resumed(linking: &Linking, headers: &HeaderMap, provider: ServiceProvider) -> Option<Page> {
    let visitor = Visitor::of_browser(linking, headers).await.ok()??;
    let session = linking.open_view(visitor.tenant_id, visitor.session_id).await.ok()?.session;
    let chooses = session.mode == SessionMode::Connect;
    if session.service_provider != Some(provider) {
        return None;
    }
    let request =
        LaunchRequest { institution_id: session.institution_id.filter(|_| chooses), service_provider: None, psu: None };
    let launched = linking.launch(visitor.tenant_id, visitor.session_id, request).await.ok()?;
    page(linking, &launched, &visitor.form_key())
}

/// Takes what the provider's script gave, and leads the customer on.
pub(super) async fn take_result(
    State(linking): State<Linking>,
    visitor: Visitor,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Refused> {
    let Form(answer) = form.map_err(|_| Refused::foreign_form())?;
    visitor.check_form(&answer.key)?;
    let result = Some(answer.result).filter(|result| result.len() <= MOST_BYTES);
    let result = result.and_then(|result| serde_json::from_str::<Value>(&result).ok()).filter(Value::is_object);
    let result = LinkInput::Result(result.ok_or_else(Refused::unusable_launch)?);
    match linking.complete(visitor.tenant_id, visitor.session_id, result).await {
        Ok(Completion::Done(_)) => {
            let session = linking.view(visitor.tenant_id, visitor.session_id).await?.session;
            Ok(match linking.return_address(&session, "COMPLETED") {
                Some(address) => {
                    Page::saying(texts::GOING_BACK, Some((&address, texts::BACK))).going_to(0, &address).into_response()
                }
                None => Page::saying(texts::COMPLETED, None).into_response(),
            })
        }
        Ok(Completion::Pending(_)) => Ok(Page::saying(texts::CONFIRMING, Some((SESSION, texts::CHECK_AGAIN)))
            .going_to(2, SESSION)
            .into_response()),
        Err(problem) if problem.code.status() >= 500 => Err(problem.into()),
        // The session's own page says how the attempt ended.
        Err(_) => Ok(Redirect::to(SESSION).into_response()),
    }
}
