//! A page: its frame, and what the browser that shows it may do.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::{assets, texts};
use crate::providers::link::LaunchScript;

tokio::task_local! {
    /// The id of the request that is being answered; customers give it to support.
    static REFERENCE: Option<String>;
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a page may load, frame and send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// A page of the session. A tenant may frame it; anybody else who does has no session in it, because the cookie is partitioned.
    Session,
    /// The way back from the provider: nothing to send, and never in a frame.
    Callback,
    /// A form for the provider, whose answer may redirect to any address; it holds nothing that a stranger wrote.
    Form,
    /// A provider's script runs in it, with what that needs and no more.
    Script(&'static LaunchScript),
}

macro_rules! policy {
    ($rest:literal) => {
        HeaderValue::from_static(concat!(
            "default-src 'none'; style-src 'self'; img-src 'self' data: https:; base-uri 'none'; ",
            $rest
        ))
    };
}

impl Policy {
    /// As `Content-Security-Policy`.
    ///
    /// `form-action` covers the redirects that follow a form too (Chromium blocks them), so an answer to a form never redirects
    /// to another origin: it is a page that [goes on](Page::going_to) by itself, which is not part of the form any more.
    pub(super) fn header(self) -> HeaderValue {
        match self {
            Self::Session => policy!("form-action 'self'; frame-ancestors *"),
            Self::Callback => policy!("form-action 'none'; frame-ancestors 'none'"),
            Self::Script(script) => HeaderValue::from_str(&format!(
                "default-src 'none'; style-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'self'; \
                 script-src 'self' {}; frame-src {}; connect-src {}; frame-ancestors *",
                script.script_src, script.frame_src, script.connect_src
            ))
            .unwrap_or(HeaderValue::from_static("default-src 'none'")),
            Self::Form => policy!("form-action https: http:; script-src 'self'; frame-ancestors *"),
        }
    }
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    content: Markup,
    status: StatusCode,
    policy: Policy,
    next: Option<(u8, String)>,
}

impl Page {
    /// A page of the session.
    pub(super) fn new(title: impl Into<String>, content: Markup) -> Self {
        Self { title: title.into(), content, status: StatusCode::OK, policy: Policy::Session, next: None }
    }

    /// A page that only says something, with an address to go on to.
    pub(super) fn saying(text: texts::Text, link: Option<(&str, &str)>) -> Self {
        let content = html! {
            p { (text.body) }
            @if let Some((address, label)) = link { p.actions { a.button href=(address) { (label) } } }
        };
        Self::new(text.title, content)
    }

    /// With that status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With that policy.
    pub(super) fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Goes to an address by itself after some seconds; at 0 it leaves no trace in the browser's history.
    pub(super) fn going_to(self, after_seconds: u8, address: impl Into<String>) -> Self {
        Self { next: Some((after_seconds, address.into())), ..self }
    }

    /// As HTML.
    pub(super) fn html(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(texts::LANGUAGE) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    @if let Some((seconds, address)) = &self.next {
                        meta http-equiv="refresh" content={ (seconds) "; url=" (address) };
                    }
                    title { (self.title) }
                    link rel="stylesheet" href=(assets::STYLE.path);
                    // None: or every browser would ask for one.
                    link rel="icon" href="data:,";
                    @if self.policy == Policy::Form { script src=(assets::SUBMIT.path) defer {} }
                }
                body {
                    main {
                        h1 { (self.title) }
                        (self.content)
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = [(header::CONTENT_SECURITY_POLICY, self.policy.header())];
        (self.status, policy, self.html()).into_response()
    }
}

/// What holds for every answer of the widget: kept nowhere, sent on to nobody, taken for nothing else.
pub(super) async fn conventions(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = REFERENCE.scope(id, next.run(request)).await;
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The id of this request.
pub(super) fn reference() -> Option<String> {
    REFERENCE.try_with(Clone::clone).ok().flatten()
}

/// Whether the browser shows this in a frame; one that does not say so counts as not.
pub(super) fn is_framed(headers: &HeaderMap) -> bool {
    let destination = headers.get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    matches!(destination, Some("iframe" | "frame" | "embed" | "object"))
}
