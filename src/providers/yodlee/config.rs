//! Yodlee's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::{address, plain_text, set};

/// Where the right credentials are to be found.
const SOURCE: &str = "as Yodlee's dashboard shows it";

/// What this installation is at Yodlee. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct YodleeConfig {
    /// Names the application at Yodlee; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The application's secret; empty until set.
    pub secret: Secret,
    /// The administrator's login name, with which notifications are subscribed to; unset: none are.
    pub admin_login: Option<String>,
    /// Where FastLink is; every environment and, in production, every customer of Yodlee's has its own.
    pub fastlink_url: Option<Url>,
    /// FastLink's configuration, by its name in the Configuration Tool.
    pub fastlink_config: String,
    /// The same where account numbers or owners are asked for; unset: the one above.
    pub fastlink_profile_config: Option<String>,
    /// Whether a front end runs FastLink's script (true), or the browser is sent to FastLink's page by a form (false).
    pub fastlink_script: bool,
}

impl YodleeConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        let fastlink_url = self.fastlink_url.as_ref().map_or("", Url::as_str);
        [("client_id", self.client_id.as_str()), ("secret", self.secret.expose()), ("fastlink_url", fastlink_url)]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect()
    }
}

impl Default for YodleeConfig {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            secret: Secret::new(""),
            admin_login: None,
            fastlink_url: None,
            fastlink_config: "Aggregation".into(),
            fastlink_profile_config: None,
            fastlink_script: false,
        }
    }
}

/// The section as written. The last three keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    client_id: Option<String>,
    secret: Option<Secret>,
    admin_login: Option<String>,
    fastlink_url: Option<String>,
    fastlink_config: Option<String>,
    fastlink_profile_config: Option<String>,
    fastlink_script: Option<bool>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
    #[serde(rename = "refresh_by")]
    _refresh_by: Option<IgnoredAny>,
}

impl TryFrom<Section> for YodleeConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let default = Self::default();
        let client_id = section.client_id.unwrap_or_default();
        let secret = section.secret.unwrap_or(default.secret);
        let admin_login = set(section.admin_login);
        plain_text("client_id", &client_id, SOURCE)?;
        plain_text("secret", secret.expose(), SOURCE)?;
        plain_text("admin_login", admin_login.as_deref().unwrap_or_default(), SOURCE)?;
        let fastlink_url = set(section.fastlink_url).map(|text| address("fastlink_url", &text)).transpose()?;
        Ok(Self {
            client_id,
            secret,
            admin_login,
            fastlink_url,
            fastlink_config: set(section.fastlink_config).unwrap_or(default.fastlink_config),
            fastlink_profile_config: set(section.fastlink_profile_config),
            fastlink_script: section.fastlink_script.unwrap_or(default.fastlink_script),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<YodleeConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = read(json!({})).unwrap();
        assert_eq!(config, YodleeConfig::default());
        assert_eq!(config.missing_for_live(), ["client_id", "secret", "fastlink_url"]);
    }

    #[test]
    fn the_keys_of_every_provider_are_passed_over() {
        let config = read(json!({
            "mode": "live", "base_url": "https://production.api.yodlee.com/ysl", "refresh_by": "provider",
            "client_id": "5f1", "secret": "s3", "fastlink_url": "https://fl4.prod.yodlee.com/authenticate/a/fastlink",
            "fastlink_config": "", "fastlink_profile_config": "Verification", "admin_login": "a_ADMIN",
        }))
        .unwrap();
        assert_eq!(config.missing_for_live(), Vec::<&str>::new());
        assert_eq!(config.fastlink_config, "Aggregation");
        assert_eq!(config.fastlink_profile_config.as_deref(), Some("Verification"));
    }

    #[test]
    fn a_bad_value_names_its_key_and_no_secret() {
        assert!(read(json!({"client_idd": "x"})).unwrap_err().contains("client_idd"));
        assert!(read(json!({"client_id": "a\nb"})).unwrap_err().contains("client_id"));
        assert!(read(json!({"fastlink_url": "javascript:alert(1)"})).unwrap_err().contains("fastlink_url"));
        let error = read(json!({"secret": "canary secret"})).unwrap_err();
        assert!(error.contains("secret must be") && !error.contains("canary"), "{error}");
        assert!(!format!("{:?}", read(json!({"secret": "canary"})).unwrap()).contains("canary"));
    }
}
