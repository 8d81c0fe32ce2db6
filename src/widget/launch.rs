//! The customer has chosen: on to the provider.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use url::Url;

use super::end_user::EndUser;
use super::page::{self, Page, Policy};
use super::refused::Refused;
use super::session::PATH as SESSION;
use super::visitor::Visitor;
use super::{script, texts};
use crate::link::{LaunchRequest, Linking};
use crate::providers::link::Launch;

/// Where the choice is sent.
pub(super) const PATH: &str = "/link/choose";

/// What the form sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    #[serde(default)]
    key: String,
    #[serde(default)]
    institution_id: Option<String>,
}

/// Opens the provider's session at the institution that was chosen, and leads there.
pub(super) async fn choose_institution(
    State(linking): State<Linking>,
    visitor: Visitor,
    EndUser(psu): EndUser,
    headers: HeaderMap,
    form: Result<Form<Choice>, FormRejection>,
) -> Result<Page, Refused> {
    let Form(choice) = form.map_err(|_| Refused::foreign_form())?;
    visitor.check_form(&choice.key)?;
    let institution_id = choice.institution_id.map(|id| id.parse()).transpose().map_err(|_| Refused::no_choice())?;
    let request = LaunchRequest { institution_id, service_provider: None, psu };
    let launched = linking.launch(visitor.tenant_id, visitor.session_id, request).await?;
    let page = script::page(&linking, &launched, &visitor.form_key());
    page.or_else(|| way(&launched.launch, page::is_framed(&headers))).ok_or_else(Refused::unusable_launch)
}

/// The page that leads to the provider; `None` where its address is none that a browser should open.
fn way(launch: &Launch, framed: bool) -> Option<Page> {
    match launch {
        Launch::Redirect { url, .. } => {
            let address = web_address(url)?;
            Some(if framed { in_new_tab(link(&address, true)) } else { at_once(&address) })
        }
        Launch::FormPost { url, fields } => {
            let address = web_address(url)?;
            let fields = html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } };
            Some(
                if framed { in_new_tab(form(&address, &fields, true)) } else { going(&form(&address, &fields, false)) }
                    .policy(Policy::Form),
            )
        }
        // A provider whose script has no page of ours: only the application's own can run it.
        Launch::Script { .. } => Some(
            Page::saying(texts::SCRIPT_ONLY, Some((SESSION, texts::TRY_AGAIN))).status(StatusCode::NOT_IMPLEMENTED),
        ),
    }
}

fn web_address(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn at_once(address: &Url) -> Page {
    going(&link(address, false)).going_to(0, address.as_str())
}

fn going(way: &Markup) -> Page {
    Page::new(texts::GOING.title, html! { p { (texts::GOING.body) } p.actions { (way) } })
}

/// Banks do not let themselves be framed, so from a frame they open beside it.
fn in_new_tab(way: Markup) -> Page {
    let content = html! {
        p { (texts::GOING_IN_NEW_TAB.body) }
        p.actions { (way) }
        p { a href=(SESSION) { (texts::FINISHED_THERE) } }
    };
    Page::new(texts::GOING_IN_NEW_TAB.title, content)
}

fn link(address: &Url, new_tab: bool) -> Markup {
    html! { a.button href=(address) target=[new_tab.then_some("_blank")] rel="noopener" { (label(new_tab)) } }
}

fn form(address: &Url, fields: &Markup, new_tab: bool) -> Markup {
    html! {
        form method="post" action=(address) target=[new_tab.then_some("_blank")] rel="noopener" data-submit-at-once[!new_tab] {
            (fields)
            button.button { (label(new_tab)) }
        }
    }
}

fn label(new_tab: bool) -> &'static str {
    if new_tab { texts::CONTINUE_IN_NEW_TAB } else { texts::CONTINUE }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::BTreeMap;

    use super::*;

    fn html(launch: &Launch, framed: bool) -> String {
        way(launch, framed).unwrap().html().into_string()
    }

    fn redirect(url: &str) -> Launch {
        Launch::Redirect { url: url.to_owned(), token: None }
    }

    #[test]
    fn a_redirect_goes_on_by_itself_and_by_a_link() {
        let html = html(&redirect("https://provider.example/l?a=1&b=\"'<"), false);
        let address = "https://provider.example/l?a=1&amp;b=%22%27%3C";
        assert!(html.contains(&format!("content=\"0; url={address}\"")), "{html}");
        assert!(html.contains(&format!("href=\"{address}\"")), "{html}");
    }

    #[test]
    fn in_a_frame_it_opens_beside_it() {
        let html = html(&redirect("https://provider.example/l"), true);
        assert!(!html.contains("http-equiv") && html.contains("target=\"_blank\" rel=\"noopener\""), "{html}");
    }

    #[test]
    fn only_web_addresses_are_opened() {
        for url in ["javascript:alert(1)", "data:text/html,x", "/link", "", "ftp://provider.example"] {
            assert!(way(&redirect(url), false).is_none(), "{url}");
            let post = Launch::FormPost { url: url.to_owned(), fields: BTreeMap::new() };
            assert!(way(&post, false).is_none(), "{url}");
        }
    }

    #[test]
    fn a_form_is_sent_at_once_but_not_from_a_frame() {
        let fields = BTreeMap::from([("token".to_owned(), "\"><script>".to_owned())]);
        let post = Launch::FormPost { url: "https://provider.example/p".to_owned(), fields };
        let page = html(&post, false);
        assert!(page.contains("data-submit-at-once") && page.contains(".js\" defer"), "{page}");
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\""), "{page}");
        assert!(!html(&post, true).contains("data-submit-at-once"));
    }
}
