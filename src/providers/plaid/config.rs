//! Plaid's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::{address, plain_text, set};

/// Where the right credentials are to be found.
const SOURCE: &str = "as Plaid's dashboard shows it";

/// A longer name is shown to the customer as "This Application" (`client_name` of `/link/token/create`).
const LONGEST_CLIENT_NAME: usize = 30;

/// What this installation is at Plaid. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct PlaidConfig {
    /// Names the team at Plaid; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The team's secret for the environment at `base_url`; empty until set.
    pub secret: Secret,
    /// The application's name as the customer sees it, 1 to 30 characters.
    pub client_name: String,
    /// Link customization of sessions that ask for nothing special, by its name in Plaid's dashboard.
    pub link_customization: Option<String>,
    /// Link customization of repairs in which the customer chooses accounts (D5); unset: the one above.
    pub account_selection_customization: Option<String>,
    /// Link customization of repairs that ask for consent (D6), whose use-case text covers the new data.
    pub consent_customization: Option<String>,
    /// Whether the customer goes to a page at Plaid; else our page runs Plaid's script.
    pub hosted_link: bool,
    /// Where Plaid sends webhooks, if not to this server's own address: a tunnel, a gateway.
    pub webhook_url: Option<Url>,
}

impl PlaidConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        [("client_id", self.client_id.as_str()), ("secret", self.secret.expose())]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect()
    }
}

impl Default for PlaidConfig {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            secret: Secret::new(""),
            client_name: "Linkspan".into(),
            link_customization: None,
            account_selection_customization: None,
            consent_customization: None,
            hosted_link: true,
            webhook_url: None,
        }
    }
}

/// The section as written. The last two keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    client_id: Option<String>,
    secret: Option<Secret>,
    client_name: Option<String>,
    link_customization: Option<String>,
    account_selection_customization: Option<String>,
    consent_customization: Option<String>,
    hosted_link: Option<bool>,
    webhook_url: Option<String>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
}

impl TryFrom<Section> for PlaidConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let default = Self::default();
        let client_id = section.client_id.unwrap_or_default();
        let secret = section.secret.unwrap_or(default.secret);
        plain_text("client_id", &client_id, SOURCE)?;
        plain_text("secret", secret.expose(), SOURCE)?;
        let client_name = section.client_name.unwrap_or(default.client_name);
        if !(1..=LONGEST_CLIENT_NAME).contains(&client_name.trim().chars().count()) {
            return Err(format!("client_name must have 1 to {LONGEST_CLIENT_NAME} characters: shorten it"));
        }
        Ok(Self {
            client_id,
            secret,
            client_name: client_name.trim().into(),
            link_customization: set(section.link_customization),
            account_selection_customization: set(section.account_selection_customization),
            consent_customization: set(section.consent_customization),
            hosted_link: section.hosted_link.unwrap_or(default.hosted_link),
            webhook_url: set(section.webhook_url).map(|text| address("webhook_url", &text)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<PlaidConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = read(json!({})).unwrap();
        assert_eq!(config, PlaidConfig::default());
        assert!(config.hosted_link);
        assert_eq!(config.missing_for_live(), ["client_id", "secret"]);
    }

    #[test]
    fn the_keys_of_every_provider_are_passed_over() {
        let config = read(json!({
            "mode": "live", "base_url": "https://production.plaid.com",
            "client_id": "5f1", "secret": "s3", "consent_customization": "consent", "link_customization": "",
            "hosted_link": false, "webhook_url": "https://hooks.example/plaid",
        }))
        .unwrap();
        assert_eq!(config.missing_for_live(), Vec::<&str>::new());
        assert_eq!(config.consent_customization.as_deref(), Some("consent"));
        assert_eq!(config.link_customization, None);
        assert!(!config.hosted_link);
        assert_eq!(config.webhook_url.unwrap().as_str(), "https://hooks.example/plaid");
    }

    #[test]
    fn a_bad_value_names_its_key() {
        assert!(read(json!({"client_nam": "x"})).unwrap_err().contains("client_nam"));
        assert!(
            read(json!({"client_name": "a name that is far longer than thirty"})).unwrap_err().contains("client_name")
        );
        assert!(read(json!({"client_name": " "})).unwrap_err().contains("client_name"));
        assert!(read(json!({"client_id": "a\nb"})).unwrap_err().contains("client_id"));
        assert!(read(json!({"webhook_url": "javascript:alert(1)"})).unwrap_err().contains("webhook_url"));
        let error = read(json!({"secret": "canary secret"})).unwrap_err();
        assert!(error.contains("secret must be") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn debug_hides_the_secret() {
        let config = read(json!({"client_id": "5f1", "secret": "canary"})).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
