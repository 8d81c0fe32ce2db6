//! Finicity's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::{address, plain_text, set};

/// Where the right credentials are to be found.
const SOURCE: &str = "as the developer dashboard shows it";

/// What this installation is at Finicity. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct FinicityConfig {
    /// Names the partner; empty until set, which only a simulator accepts.
    pub partner_id: String,
    /// The partner's secret; it also signs Connect's webhooks.
    pub partner_secret: Secret,
    /// The application's key.
    pub app_key: Secret,
    /// Which customers are enrolled; the two kinds cannot be mixed.
    pub customers: CustomerKind,
    /// The registered application, which OAuth institutions need in production.
    pub application_id: Option<String>,
    /// The Connect experience; unset: Connect's own.
    pub experience: Option<String>,
    /// Whether a session for a chosen institution leads straight to it (Connect Lite); else the customer chooses anew there.
    pub lite: bool,
    /// Account types, as Finicity spells them, whose purchases come with a positive sign; elsewhere deposits do.
    pub purchase_positive_types: Vec<String>,
    /// Where Connect sends webhooks, if not to this server's own address: a tunnel, a gateway.
    pub webhook_url: Option<Url>,
    /// Whether Connect is given an address for webhooks at all; it opens no session where that address does not answer.
    pub webhooks: bool,
}

/// Which customers are enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// For real institutions; billed.
    Active,
    /// For Finicity's own test institutions alone.
    Testing,
}

impl FinicityConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        let secrets = [("partner_secret", &self.partner_secret), ("app_key", &self.app_key)];
        let texts = [("partner_id", self.partner_id.as_str())].into_iter();
        texts
            .chain(secrets.map(|(key, secret)| (key, secret.expose())))
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect()
    }
}

impl Default for FinicityConfig {
    fn default() -> Self {
        Self {
            partner_id: String::new(),
            partner_secret: Secret::new(""),
            app_key: Secret::new(""),
            customers: CustomerKind::Active,
            application_id: None,
            experience: None,
            lite: true,
            purchase_positive_types: Vec::new(),
            webhook_url: None,
            webhooks: true,
        }
    }
}

/// The section as written. The last three keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    partner_id: Option<String>,
    partner_secret: Option<Secret>,
    app_key: Option<Secret>,
    customers: Option<CustomerKind>,
    application_id: Option<String>,
    experience: Option<String>,
    lite: Option<bool>,
    purchase_positive_types: Option<Vec<String>>,
    webhook_url: Option<String>,
    webhooks: Option<bool>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
    #[serde(rename = "refresh_by")]
    _refresh_by: Option<IgnoredAny>,
}

impl TryFrom<Section> for FinicityConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let default = Self::default();
        let partner_id = section.partner_id.unwrap_or_default();
        let partner_secret = section.partner_secret.unwrap_or(default.partner_secret);
        let app_key = section.app_key.unwrap_or(default.app_key);
        for (key, value) in [
            ("partner_id", partner_id.as_str()),
            ("partner_secret", partner_secret.expose()),
            ("app_key", app_key.expose()),
        ] {
            plain_text(key, value, SOURCE)?;
        }
        Ok(Self {
            partner_id,
            partner_secret,
            app_key,
            customers: section.customers.unwrap_or(default.customers),
            application_id: set(section.application_id),
            experience: set(section.experience),
            lite: section.lite.unwrap_or(default.lite),
            purchase_positive_types: section.purchase_positive_types.unwrap_or_default(),
            webhook_url: set(section.webhook_url).map(|text| address("webhook_url", &text)).transpose()?,
            webhooks: section.webhooks.unwrap_or(default.webhooks),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<FinicityConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = read(json!({ "mode": "live", "base_url": "x", "refresh_by": "provider" })).unwrap();
        assert_eq!(config, FinicityConfig::default());
        assert_eq!(config.missing_for_live(), ["partner_id", "partner_secret", "app_key"]);
    }

    #[test]
    fn what_is_set_is_taken() {
        let config = read(json!({
            "partner_id": "2445", "partner_secret": "s3", "app_key": "k", "customers": "testing", "lite": false,
            "experience": "", "purchase_positive_types": ["creditCard"],
            "webhook_url": "https://hooks.example/finicity", "webhooks": false,
        }))
        .unwrap();
        assert!(config.missing_for_live().is_empty());
        assert_eq!((config.customers, config.experience.as_deref()), (CustomerKind::Testing, None));
        assert_eq!(config.purchase_positive_types, ["creditCard"]);
        assert!(!config.lite && !config.webhooks);
    }

    #[test]
    fn a_bad_value_names_its_key_and_never_shows_a_secret() {
        assert!(read(json!({ "partner": "x" })).unwrap_err().contains("partner"));
        assert!(read(json!({ "customers": "both" })).unwrap_err().contains("both"));
        assert!(read(json!({ "webhook_url": "ftp://x" })).unwrap_err().contains("webhook_url"));
        let error = read(json!({ "partner_secret": "canary secret" })).unwrap_err();
        assert!(error.contains("partner_secret must be") && !error.contains("canary"), "{error}");
        let config = read(json!({ "partner_secret": "canary", "app_key": "canary" })).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
