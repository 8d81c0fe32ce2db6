//! MX's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::secret::Secret;
use crate::providers::section::plain_text;

/// Where the right credentials are to be found.
const SOURCE: &str = "at most 200 characters";

/// What this installation is at MX. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct MxConfig {
    /// Names the client at MX; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The client's key for the environment at `base_url`; empty until set.
    pub api_key: Secret,
    /// Which version of the API is spoken.
    pub version: Version,
    /// What members are used for (`PFM`, `MONEY_MOVEMENT`); only for clients that have agreed with MX to say so.
    pub use_cases: Vec<UseCase>,
    /// Processors that may have codes, in capitals. MX is not told for whom a code is, so that it refuses none itself.
    pub processors: Vec<String>,
    /// The user name that MX sends with its webhooks, as set in its dashboard; empty: no webhook is taken.
    pub webhook_username: String,
    /// The password beside it.
    pub webhook_password: Secret,
}

/// A version of the API, by the value of `Accept-Version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// The older one, which is what MX speaks where no version is named.
    #[serde(rename = "v20111101")]
    V20111101,
    /// The newer one: products are asked for by name, statuses are a closed list.
    #[default]
    #[serde(rename = "v20250224")]
    V20250224,
}

/// What a member is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UseCase {
    /// Personal finance management.
    Pfm,
    /// Payments.
    MoneyMovement,
}

impl UseCase {
    /// As MX writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pfm => "PFM",
            Self::MoneyMovement => "MONEY_MOVEMENT",
        }
    }
}

impl MxConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        [("client_id", self.client_id.as_str()), ("api_key", self.api_key.expose())]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect()
    }
}

/// The section as written. The last three keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    client_id: String,
    api_key: Option<Secret>,
    #[serde(default)]
    version: Version,
    #[serde(default)]
    use_cases: Vec<UseCase>,
    #[serde(default)]
    processors: Vec<String>,
    #[serde(default)]
    webhook_username: String,
    webhook_password: Option<Secret>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
    #[serde(rename = "refresh_by")]
    _refresh_by: Option<IgnoredAny>,
}

impl TryFrom<Section> for MxConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let api_key = section.api_key.unwrap_or_else(|| Secret::new(""));
        let webhook_password = section.webhook_password.unwrap_or_else(|| Secret::new(""));
        let user = |key, text: &str| plain_text(key, text, SOURCE).and(without_colon(key, text));
        user("client_id", &section.client_id)?;
        plain_text("api_key", api_key.expose(), SOURCE)?;
        user("webhook_username", &section.webhook_username)?;
        plain_text("webhook_password", webhook_password.expose(), SOURCE)?;
        if section.webhook_username.is_empty() != webhook_password.expose().is_empty() {
            return Err("webhook_username and webhook_password go together: set both, or neither".to_owned());
        }
        Ok(Self {
            client_id: section.client_id,
            api_key,
            version: section.version,
            use_cases: section.use_cases,
            processors: section.processors,
            webhook_username: section.webhook_username,
            webhook_password,
        })
    }
}

/// In HTTP Basic the first colon ends the user's name.
fn without_colon(key: &str, value: &str) -> Result<(), String> {
    if value.contains(':') { Err(format!("{key} must not hold a colon: copy it again")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn read(section: Value) -> Result<MxConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_speaks_the_newer_version() {
        let config = read(json!({})).unwrap();
        assert_eq!(config.version, Version::V20250224);
        assert_eq!(config.missing_for_live(), ["client_id", "api_key"]);
    }

    #[test]
    fn everything_can_be_set() {
        let config = read(json!({
            "mode": "live", "base_url": "https://int-api.mx.com", "refresh_by": "linkspan",
            "client_id": "c-1", "api_key": "k-1", "version": "v20111101", "use_cases": ["PFM", "MONEY_MOVEMENT"], "processors": ["DWOLLA"],
            "webhook_username": "mx", "webhook_password": "w-1",
        }))
        .unwrap();
        assert_eq!(config.missing_for_live(), Vec::<&str>::new());
        assert_eq!(config.version, Version::V20111101);
        assert_eq!(config.use_cases.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ["PFM", "MONEY_MOVEMENT"]);
    }

    #[test]
    fn a_bad_value_names_its_key_and_no_secret() {
        for (section, key) in [
            (json!({"api_kei": "x"}), "api_kei"),
            (json!({"client_id": "a:b"}), "client_id"),
            (json!({"version": "v1"}), "v20250224"),
            (json!({"use_cases": ["FUN"]}), "MONEY_MOVEMENT"),
            (json!({"webhook_username": "mx"}), "webhook_password"),
        ] {
            assert!(read(section).unwrap_err().contains(key), "{key}");
        }
        let error = read(json!({"api_key": "canary secret"})).unwrap_err();
        assert!(error.contains("api_key must be") && !error.contains("canary"), "{error}");
        let config = read(json!({"client_id": "c", "api_key": "canary"})).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
