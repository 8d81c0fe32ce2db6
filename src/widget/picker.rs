//! Choosing the institution: a search and a list, page by page.

use maud::{Markup, html};
use serde::Deserialize;

use super::page::Page;
use super::session::{Notice, PATH};
use super::{launch, leave, start, texts};
use crate::domain::ids::InstitutionId;
use crate::domain::problem::Problem;
use crate::link::{Linking, SessionView};
use crate::store::Institution;

/// Institutions on a page.
const MOST_SHOWN: i64 = 30;

/// The longest search, in characters.
const MOST_SEARCHED: usize = 100;

/// What the customer searches for, and after which institution the page begins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    after: Option<String>,
}

/// What the page shows.
struct List<'a> {
    query: &'a str,
    after: Option<InstitutionId>,
    found: &'a [Institution],
    more: bool,
}

/// The page on which the customer chooses.
pub(super) async fn page(
    linking: &Linking,
    view: &SessionView,
    search: &Search,
    form_key: &str,
) -> Result<Page, Problem> {
    let query = search.query.as_deref().or(view.session.request.institution_search.as_deref()).unwrap_or_default();
    let query: String = query.chars().filter(|sign| !sign.is_control()).take(MOST_SEARCHED).collect();
    let query = query.trim();
    let after = search.after.as_deref().and_then(|after| after.parse().ok());
    let (found, more) = find(linking, view, query, after).await?;
    let list = List { query, after, found: &found, more };
    let started = match view.session.institution_id.filter(|_| Notice::of(linking, view).started) {
        Some(id) => linking.store.institution(id).await?,
        None => None,
    };
    Ok(Page::new(
        texts::CHOOSE_BANK,
        html! {
            (start::notice(&Notice::of(linking, view)))
            @if let Some(institution) = &started {
                form method="post" action=(launch::PATH) {
                    (start::key_field(form_key))
                    ul.banks { li { (choice(institution)) } }
                }
            }
            (start::asked_for(&start::requested(view)))
            (content(&list, form_key))
            (leave::form(form_key))
        },
    ))
}

/// Those that this session can link: they have all of its required products, in its countries.
async fn find(
    linking: &Linking,
    view: &SessionView,
    query: &str,
    after: Option<InstitutionId>,
) -> Result<(Vec<Institution>, bool), Problem> {
    let filter = view.institutions((!query.is_empty()).then(|| query.to_owned()));
    let mut found = linking.store.institutions(&filter, after, MOST_SHOWN + 1).await?;
    let shown = usize::try_from(MOST_SHOWN).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    Ok((found, more))
}

fn content(list: &List<'_>, form_key: &str) -> Markup {
    html! {
        form.search method="get" action=(PATH) role="search" {
            label for="query" { (texts::SEARCH_LABEL) }
            input #query type="search" name="query" value=(list.query) maxlength=(MOST_SEARCHED) autocomplete="off";
            button { (texts::SEARCH) }
        }
        @if list.found.is_empty() {
            p role="status" { @if list.query.is_empty() { (texts::NO_BANKS) } @else { (texts::NOTHING_FOUND) } }
        } @else {
            form method="post" action=(launch::PATH) {
                (start::key_field(form_key))
                ul.banks aria-label=(texts::BANKS) { @for institution in list.found { li { (choice(institution)) } } }
            }
        }
        @if list.after.is_some() || list.more {
            nav aria-label=(texts::BANKS) {
                @if list.after.is_some() { a href=(address(list.query, None)) { (texts::FROM_THE_BEGINNING) } }
                @if let Some(last) = list.found.last().filter(|_| list.more) {
                    a rel="next" href=(address(list.query, Some(last.id))) { (texts::MORE) }
                }
            }
        }
    }
}

/// One institution, to be chosen.
fn choice(institution: &Institution) -> Markup {
    html! {
        button.bank name="institutionId" value=(institution.id) {
            (start::logo(institution))
            span.name { (institution.name) }
            @if let Some(host) = institution.url.as_deref().and_then(host) { span.host { (host) } }
        }
    }
}

/// What tells banks of the same name apart.
fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

fn address(query: &str, after: Option<InstitutionId>) -> String {
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("query", query);
    if let Some(after) = after {
        parameters.append_pair("after", &after.to_string());
    }
    format!("{PATH}?{}", parameters.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn bank(name: &str) -> Institution {
        Institution {
            id: InstitutionId::new(),
            name: name.to_owned(),
            aliases: Vec::new(),
            url: Some("https://www.bank.example/home?x=<y>".to_owned()),
            logo_url: Some("javascript:alert(1)".to_owned()),
            country_codes: vec!["US".to_owned()],
            providers: Vec::new(),
        }
    }

    #[test]
    fn names_and_searches_are_text_whatever_they_hold() {
        let found = [bank("<script>alert('1')</script> & \"Sons\"")];
        let list = List { query: "\"><img src=x>", after: None, found: &found, more: true };
        let html = content(&list, "key").into_string();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("javascript:"), "{html}");
        assert!(html.contains("&lt;script&gt;alert('1')&lt;/script&gt; &amp; &quot;Sons&quot;"), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;img src=x&gt;\""), "{html}");
        assert!(html.contains("bank.example</span>"), "{html}");
    }

    #[test]
    fn the_next_page_begins_after_the_last_bank_and_keeps_the_search() {
        let found = [bank("A"), bank("B & C")];
        let html = content(&List { query: "a&b", after: None, found: &found, more: true }, "key").into_string();
        assert!(html.contains(&format!("/link?query=a%26b&amp;after={}", found[1].id)), "{html}");
        assert!(!html.contains(texts::FROM_THE_BEGINNING));
        let last = content(&List { query: "", after: Some(found[0].id), found: &found, more: false }, "key");
        assert!(last.0.contains(texts::FROM_THE_BEGINNING) && !last.0.contains(texts::MORE));
    }

    #[test]
    fn an_empty_list_says_why() {
        let html = |query| content(&List { query, after: None, found: &[], more: false }, "key").into_string();
        assert!(html("zzz").contains(texts::NOTHING_FOUND));
        assert!(html("").contains(texts::NO_BANKS));
    }

    #[test]
    fn every_form_that_changes_something_carries_the_key() {
        let found = [bank("A")];
        let html = content(&List { query: "", after: None, found: &found, more: false }, "the-key").into_string();
        assert_eq!(html.matches("method=\"post\"").count(), html.matches("value=\"the-key\"").count());
    }
}
