//! What a customer's browser gets.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::CONTENT_SECURITY_POLICY;

/// What a page shows, or where it leads; with the headers that keep what is on it to itself.
pub enum Page {
    /// Something to see.
    Markup(StatusCode, Markup),
    /// The browser goes there.
    Elsewhere(String),
}

impl Page {
    /// A page without a form, which says why there is none. `network` is whose page it is.
    pub fn notice(network: &str, status: StatusCode, result: &str, text: &str) -> Self {
        Self::Markup(status, last_page(network, result, text, None))
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Markup(status, markup) => (status, markup).into_response(),
            Self::Elsewhere(url) => Redirect::to(&url).into_response(),
        };
        let headers = [
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The last page, with what a script of the network gives to the page around it.
pub fn last_page(network: &str, result: &str, text: &str, handover: Option<&Value>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (network) }
            }
            body { main data-step="done" data-result=(result) data-handover=[handover] { h1 { (network) } p { (text) } } }
        }
    }
}

/// A page's query.
#[derive(Deserialize)]
pub struct PageQuery {
    /// What institution is searched for.
    #[serde(default)]
    pub query: String,
}
