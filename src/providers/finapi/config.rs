//! finAPI's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::{Number, address, plain_text, set};

/// Where the right credentials are to be found.
const SOURCE: &str = "as finAPI gave it";

/// What this installation is at finAPI. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct FinApiConfig {
    /// Names the client at finAPI; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The client's secret; empty until set.
    pub client_secret: Secret,
    /// Where the Web Form is; unset: where Access is.
    pub web_form_url: Option<Url>,
    /// How the Web Form looks and speaks, by the id of a profile at finAPI.
    pub web_form_profile: Option<String>,
    /// Whether the installation has a licence of its own, and the Web Form's calls have to name the way back.
    pub licensed: bool,
    /// Whether finAPI's own test banks are listed and can be linked.
    pub test_banks: Option<bool>,
    /// Whether finAPI refreshes by itself (E10).
    pub auto_update: bool,
    /// From which percentage of successful attempts on an institution works; below a quarter of it, it does not.
    pub healthy_from: i64,
}

impl FinApiConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose())]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect()
    }
}

impl Default for FinApiConfig {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: Secret::new(""),
            web_form_url: None,
            web_form_profile: None,
            licensed: false,
            test_banks: None,
            auto_update: false,
            healthy_from: 80,
        }
    }
}

/// The section as written. `mode` and `base_url` are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    web_form_url: Option<String>,
    web_form_profile: Option<String>,
    licensed: Option<bool>,
    test_banks: Option<bool>,
    healthy_from: Option<Number>,
    refresh_by: Option<String>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
}

impl TryFrom<Section> for FinApiConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let default = Self::default();
        let client_id = section.client_id.unwrap_or_default();
        let client_secret = section.client_secret.unwrap_or(default.client_secret);
        plain_text("client_id", &client_id, SOURCE)?;
        plain_text("client_secret", client_secret.expose(), SOURCE)?;
        let web_form_profile = set(section.web_form_profile);
        if web_form_profile.as_ref().is_some_and(|id| id.len() != 36) {
            return Err("web_form_profile must be the id of a profile, 36 characters: copy it from finAPI".to_owned());
        }
        let healthy_from =
            section.healthy_from.map_or(Some(default.healthy_from), |percent| percent.get().map(i64::from));
        let Some(healthy_from) = healthy_from.filter(|percent| (0..=100).contains(percent)) else {
            return Err("healthy_from is a percentage: give a number from 0 to 100".to_owned());
        };
        Ok(Self {
            client_id,
            client_secret,
            web_form_url: set(section.web_form_url).map(|text| address("web_form_url", &text)).transpose()?,
            web_form_profile,
            licensed: section.licensed.unwrap_or(default.licensed),
            test_banks: section.test_banks,
            auto_update: section.refresh_by.as_deref() == Some("provider"),
            healthy_from,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<FinApiConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = read(json!({})).unwrap();
        assert_eq!(config, FinApiConfig::default());
        assert_eq!(config.missing_for_live(), ["client_id", "client_secret"]);
    }

    #[test]
    fn exactly_one_of_us_refreshes() {
        assert!(read(json!({"refresh_by": "provider"})).unwrap().auto_update);
        assert!(!read(json!({"refresh_by": "linkspan"})).unwrap().auto_update);
    }

    #[test]
    fn a_bad_value_names_its_key_and_no_secret() {
        assert!(read(json!({"client_idd": "x"})).unwrap_err().contains("client_idd"));
        assert!(read(json!({"web_form_url": "javascript:alert(1)"})).unwrap_err().contains("web_form_url"));
        assert!(read(json!({"web_form_profile": "x"})).unwrap_err().contains("web_form_profile"));
        assert!(read(json!({"healthy_from": 101})).unwrap_err().contains("healthy_from"));
        assert_eq!(read(json!({"healthy_from": "60"})).unwrap().healthy_from, 60, "as in a variable");
        let error = read(json!({"client_secret": "canary secret"})).unwrap_err();
        assert!(error.contains("client_secret must be") && !error.contains("canary"), "{error}");
        assert!(!format!("{:?}", read(json!({"client_secret": "canary"})).unwrap()).contains("canary"));
    }
}
