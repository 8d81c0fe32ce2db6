//! Reading a provider's section of the configuration: what every section's values have in common.

use figment::value::{Dict, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::{Mode, problem};
use crate::domain::service_provider::ServiceProvider;

/// The section as its provider wants it. What is wrong with it is told by key, never with the value, which may be a secret.
pub fn read<T: DeserializeOwned>(section: Dict) -> Result<T, String> {
    Value::from(section).deserialize().map_err(|error: figment::Error| {
        let key = error.path.join(".");
        let key = if key.is_empty() { key } else { format!("{key}: ") };
        format!("{key}{}", problem(&error.kind))
    })
}

/// Whether keys are missing, so that the sandbox's own take their place; a live provider needs each of them. `source` says where the
/// right value is to be found.
pub fn lacks(id: ServiceProvider, mode: Mode, missing: &[&str], source: &str) -> Result<bool, String> {
    match missing.first() {
        Some(key) if mode == Mode::Live => {
            let variable = format!("LINKSPAN_PROVIDERS__{id}__{}", key.to_uppercase());
            Err(format!("{key} is not set, and mode is live: set {variable} to {source}"))
        }
        missing => Ok(missing.is_some()),
    }
}

/// `None` for a text that is left empty.
pub fn set(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Refuses what cannot stand in a header: anything but up to 200 visible ASCII characters. `source` says where the right value is
/// to be found.
pub fn plain_text(key: &str, value: &str, source: &str) -> Result<(), String> {
    if value.len() <= 200 && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("{key} must be printable ASCII without spaces, {source}: copy it again"))
}

/// An address of the web.
pub fn address(key: &str, text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| format!("{key} must be an address that begins with https://"))
}

/// A number, which a variable of the environment holds as a text.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// In the file.
    Number(u32),
    /// In a variable.
    Text(String),
}

impl Number {
    /// `None` for a text that is no number.
    pub fn get(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}
