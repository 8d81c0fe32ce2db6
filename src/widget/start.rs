//! Where there is nothing to choose: what will happen, and a button. And the pieces that it shares with the picker.

use maud::{Markup, html};

use super::page::Page;
use super::session::{Notice, PATH};
use super::{launch, leave, texts};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::session::SessionMode;
use crate::link::{Linking, SessionView};
use crate::store::Institution;

/// The page of a repair, or of a link whose institution is settled.
pub(super) async fn page(linking: &Linking, view: &SessionView, form_key: &str) -> Result<Page, Problem> {
    let chosen = view.session.request.institution_id.or(view.connection.institution_id);
    let institution = match chosen {
        Some(id) => linking.store.institution(id).await?,
        None => None,
    };
    let request = &view.session.request;
    let asked: Vec<Product> = match view.session.mode {
        SessionMode::Connect | SessionMode::Relink => requested(view),
        SessionMode::Consent => request.products.iter().chain(&request.waiting).copied().collect(),
        SessionMode::Login | SessionMode::Accounts => Vec::new(),
    };
    Ok(render(view.session.mode, institution.as_ref(), &asked, &Notice::of(linking, view), form_key))
}

fn render(
    mode: SessionMode,
    institution: Option<&Institution>,
    asked: &[Product],
    so_far: &Notice,
    form_key: &str,
) -> Page {
    let bank = institution.map_or(texts::YOUR_BANK, |institution| institution.name.as_str());
    let (title, explanation) = texts::purpose(mode, bank, alone(asked));
    let content = html! {
        (notice(so_far))
        @if let Some(institution) = institution { p.bank { (logo(institution)) span.name { (institution.name) } } }
        p { (explanation) }
        (asked_for(asked))
        form.actions method="post" action=(launch::PATH) {
            (key_field(form_key))
            button.button { (texts::CONTINUE) }
        }
        (leave::form(form_key))
    };
    Page::new(title, content)
}

/// What has happened so far.
pub(super) fn notice(notice: &Notice) -> Markup {
    html! {
        @if notice.started {
            p.notice role="status" { (texts::STARTED) " " a href=(PATH) { (texts::CHECK_AGAIN) } }
        }
        @if let Some(attempt) = &notice.attempt { p.notice.bad role="alert" { (attempt) } }
    }
}

/// What consent is asked for in a fresh link: all four arrays (B1).
pub(super) fn requested(view: &SessionView) -> Vec<Product> {
    view.connection.requested.iter().map(|(product, _)| product).collect()
}

/// The product that has the link for itself (B7).
fn alone(products: &[Product]) -> Option<Product> {
    products.iter().copied().find(|product| product.stands_alone())
}

/// What the application wants to see; it sees nothing of the customer's accounts where a product has the link for itself.
pub(super) fn asked_for(products: &[Product]) -> Markup {
    html! {
        @if !products.is_empty() && alone(products).is_none() {
            p { (texts::WILL_SEE) }
            ul.products { @for product in products { li { (texts::product(*product)) } } }
        }
    }
}

/// The hidden field that proves a form to be ours.
pub(super) fn key_field(form_key: &str) -> Markup {
    html! { input type="hidden" name="key" value=(form_key); }
}

/// An institution's logo, or its first letter where it has none that may be shown.
pub(super) fn logo(institution: &Institution) -> Markup {
    let shown =
        institution.logo_url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("data:image/"));
    html! {
        @match shown {
            Some(url) => img.logo src=(url) alt="" width="32" height="32" loading="lazy";,
            None => span.logo aria-hidden="true" { @if let Some(first) = institution.name.chars().next() { (first) } }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::domain::ids::InstitutionId;

    fn bank() -> Institution {
        Institution {
            id: InstitutionId::new(),
            name: "<b>Bank</b>".to_owned(),
            aliases: Vec::new(),
            url: None,
            logo_url: Some("data:image/png;base64,AAAA\"onerror=\"x".to_owned()),
            country_codes: Vec::new(),
            providers: Vec::new(),
        }
    }

    #[test]
    fn d5_an_account_selection_says_that_the_others_are_removed() {
        let so_far = Notice { started: false, attempt: None };
        let html = render(SessionMode::Accounts, Some(&bank()), &[], &so_far, "key").html().into_string();
        assert!(html.contains("are removed"), "{html}");
        assert!(!html.contains("<b>") && !html.contains("\"onerror"), "{html}");
    }

    #[test]
    fn d9_another_login_is_told_with_a_way_to_go_on() {
        let so_far = Notice { started: false, attempt: Some(texts::attempt("DIFFERENT_LOGIN")) };
        let html = render(SessionMode::Login, None, &[], &so_far, "key").html().into_string();
        assert!(html.contains("another login") && html.contains("role=\"alert\""), "{html}");
        assert!(html.contains("action=\"/link/choose\"") && html.contains(texts::YOUR_BANK), "{html}");
    }

    #[test]
    fn a_consent_page_names_what_is_asked_for() {
        let so_far = Notice { started: true, attempt: None };
        let html = render(SessionMode::Consent, Some(&bank()), &[Product::Assets], &so_far, "key").html();
        assert!(html.0.contains(texts::product(Product::Assets)) && html.0.contains(texts::STARTED));
    }
}
