//! Static files, each under an address that changes with its content, so that browsers may keep it for ever.

use std::fmt::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::refused::Refused;
use crate::link::Linking;

/// A static file.
#[derive(Clone)]
pub(super) struct Asset {
    /// Its address.
    pub(super) path: String,
    content_type: &'static str,
    content: &'static str,
}

/// How the pages look.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_str!("style.css")));

/// Sends a page's form as soon as it is there.
pub(super) static SUBMIT: LazyLock<Asset> = LazyLock::new(|| Asset::script(include_str!("submit.js")));

impl Asset {
    /// A script.
    pub(super) fn script(content: &'static str) -> Self {
        Self::new("js", "text/javascript; charset=utf-8", content)
    }

    fn new(extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let mut path = String::from("/link/assets/");
        for byte in digest(&SHA256, content.as_bytes()).as_ref().iter().take(8) {
            // Writing to a text cannot fail.
            let _ = write!(path, "{byte:02x}");
        }
        Self { path: format!("{path}.{extension}"), content_type, content }
    }
}

/// A static file: of the widget, or what a provider's script needs of a page.
pub(super) async fn get_asset(State(linking): State<Linking>, Path(file): Path<String>) -> Result<Response, Refused> {
    let is_wanted = |asset: &Asset| asset.path.strip_prefix("/link/assets/") == Some(&file);
    let of_providers = linking.registry.iter().filter_map(|entry| entry.provider.launch_script());
    let asset = [STYLE.clone(), SUBMIT.clone()]
        .into_iter()
        .chain(of_providers.map(|script| Asset::script(script.source)))
        .find(is_wanted)
        .ok_or_else(Refused::unknown_path)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, asset.content).into_response())
}
