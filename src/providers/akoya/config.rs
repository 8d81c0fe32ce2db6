//! Akoya's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::{Number, plain_text};

/// Where the right credentials are to be found.
const SOURCE: &str = "as Akoya's hub shows it";

/// What this installation is at Akoya. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct AkoyaConfig {
    /// Names the application; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The application's secret; empty until set.
    pub client_secret: Secret,
    /// The version segment of paths: `v2`, `v3`.
    pub api_version: String,
    /// After so many minutes an id token is renewed, though it says that it lives longer: institutions end it when they like.
    pub id_token_minutes: u32,
    /// The institutions that the application is subscribed to. Empty: the service API is asked for those of `recipient_id`.
    pub institutions: Vec<ListedInstitution>,
    /// Names us at the service API.
    pub recipient_id: String,
    /// What the service token for that is asked for.
    pub management_scope: String,
    /// Whether Akoya is asked to send notifications of consents; a beta, which not every application has.
    pub notifications: bool,
    /// The identity provider's address, if it is another than the base address.
    pub idp_url: Option<Url>,
    /// The token service's.
    pub sts_url: Option<Url>,
    /// The service API's.
    pub service_url: Option<Url>,
}

/// An institution that the operator lists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedInstitution {
    /// Akoya's `providerId`.
    pub id: String,
    /// Its name, as customers know it.
    pub name: String,
    /// Akoya's names of products; all if left out.
    pub products: Option<Vec<String>>,
}

impl AkoyaConfig {
    /// The addresses of Akoya's production.
    pub fn in_production(mut self) -> Self {
        let address = |text: &str| Url::parse(text).ok();
        self.idp_url = self.idp_url.or_else(|| address("https://idp.ddp.akoya.com"));
        self.sts_url = self.sts_url.or_else(|| address("https://sts.ddp.akoya.com"));
        self.service_url = self.service_url.or_else(|| address("https://api.akoya.com"));
        self
    }

    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        let mut missing: Vec<&'static str> =
            [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose())]
                .into_iter()
                .filter_map(|(key, value)| value.is_empty().then_some(key))
                .collect();
        if self.institutions.is_empty() && self.recipient_id.is_empty() {
            missing.push("institutions");
        }
        missing
    }
}

impl Default for AkoyaConfig {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: Secret::new(""),
            api_version: "v2".into(),
            id_token_minutes: 15,
            institutions: Vec::new(),
            recipient_id: String::new(),
            management_scope: "app_management_v2".into(),
            notifications: true,
            idp_url: None,
            sts_url: None,
            service_url: None,
        }
    }
}

/// The section as written. The last two keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    api_version: Option<String>,
    id_token_minutes: Option<Number>,
    #[serde(default)]
    institutions: Vec<ListedInstitution>,
    recipient_id: Option<String>,
    management_scope: Option<String>,
    notifications: Option<bool>,
    idp_url: Option<Url>,
    sts_url: Option<Url>,
    service_url: Option<Url>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
}

impl TryFrom<Section> for AkoyaConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let default = Self::default();
        let config = Self {
            client_id: section.client_id.unwrap_or_default(),
            client_secret: section.client_secret.unwrap_or(default.client_secret),
            api_version: section.api_version.unwrap_or(default.api_version),
            id_token_minutes: section
                .id_token_minutes
                .map_or(default.id_token_minutes, |minutes| minutes.get().unwrap_or(0)),
            institutions: section.institutions,
            recipient_id: section.recipient_id.unwrap_or_default(),
            management_scope: section.management_scope.unwrap_or(default.management_scope),
            notifications: section.notifications.unwrap_or(default.notifications),
            idp_url: section.idp_url,
            sts_url: section.sts_url,
            service_url: section.service_url,
        };
        for (key, value) in [("client_id", &config.client_id), ("recipient_id", &config.recipient_id)] {
            plain_text(key, value, SOURCE)?;
        }
        plain_text("client_secret", config.client_secret.expose(), SOURCE)?;
        if !is_version(&config.api_version) {
            return Err("api_version must be v and a whole number, like v2: a minor version is not taken".into());
        }
        if !(2..=1440).contains(&config.id_token_minutes) {
            return Err("id_token_minutes must be 2 to 1440: no id token lives longer than a day".into());
        }
        if config.institutions.iter().any(|one| one.id.is_empty() || plain_text("id", &one.id, SOURCE).is_err()) {
            return Err("institutions: each needs an id without spaces, Akoya's providerId: copy it again".into());
        }
        Ok(config)
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<AkoyaConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = read(json!({ "mode": "live", "base_url": "https://products.ddp.akoya.com" })).unwrap();
        assert_eq!(config, AkoyaConfig::default());
        assert_eq!(config.missing_for_live(), ["client_id", "client_secret", "institutions"]);
    }

    #[test]
    fn a_number_may_stand_in_a_variable() {
        assert_eq!(read(json!({ "id_token_minutes": "20" })).unwrap().id_token_minutes, 20);
    }

    #[test]
    fn institutions_are_listed_or_asked_for() {
        let keys = json!({ "client_id": "a", "client_secret": "b" });
        let with = |more: serde_json::Value| {
            let mut section = keys.clone();
            section.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(section).unwrap().missing_for_live()
        };
        assert!(with(json!({ "recipient_id": "r" })).is_empty());
        assert!(with(json!({ "institutions": [{ "id": "mikomo", "name": "Mikomo" }] })).is_empty());
    }

    #[test]
    fn a_bad_value_names_its_key() {
        for (section, key) in [
            (json!({ "api_version": "v2.2" }), "api_version"),
            (json!({ "id_token_minutes": 1 }), "id_token_minutes"),
            (json!({ "id_token_minutes": "soon" }), "id_token_minutes"),
            (json!({ "client_id": "a b" }), "client_id"),
            (json!({ "institutions": [{ "id": "a b", "name": "x" }] }), "institutions"),
            (json!({ "client_key": "a" }), "client_key"),
        ] {
            assert!(read(section).unwrap_err().contains(key), "{key}");
        }
        let error = read(json!({ "client_secret": "canary secret" })).unwrap_err();
        assert!(error.contains("client_secret") && !error.contains("canary"), "{error}");
        let config = read(json!({ "client_secret": "canary" })).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
    }
}
