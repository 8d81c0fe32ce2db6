//! Mesh's section of the configuration.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::domain::secret::Secret;
use crate::providers::section::plain_text;

/// Where the right credentials are to be found.
const SOURCE: &str = "as Mesh's dashboard shows it";

/// Where an application that runs Link by itself finds Mesh's official package, as an ECMAScript module.
const SCRIPT_URL: &str = "https://cdn.jsdelivr.net/npm/@meshconnect/web-link-sdk/+esm";

/// What this installation is at Mesh. An unset text is left out of the file or empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct MeshConfig {
    /// Names the client at Mesh; empty until set, which only a simulator accepts.
    pub client_id: String,
    /// The client's secret; a key that may read is enough. Empty until set.
    pub client_secret: Secret,
    /// What signs webhooks, as Mesh's dashboard shows it; empty: no webhook is taken.
    pub webhook_secret: Secret,
    /// Where Link's package is, for an application that opens Link in a page of its own.
    pub script_url: String,
}

impl MeshConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose())]
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
    client_secret: Option<Secret>,
    webhook_secret: Option<Secret>,
    script_url: Option<String>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
    #[serde(rename = "refresh_by")]
    _refresh_by: Option<IgnoredAny>,
}

impl TryFrom<Section> for MeshConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let unset = || Secret::new("");
        let client_secret = section.client_secret.unwrap_or_else(unset);
        let webhook_secret = section.webhook_secret.unwrap_or_else(unset);
        plain_text("client_id", &section.client_id, SOURCE)?;
        plain_text("client_secret", client_secret.expose(), SOURCE)?;
        plain_text("webhook_secret", webhook_secret.expose(), SOURCE)?;
        let script_url = section.script_url.filter(|url| !url.is_empty()).unwrap_or_else(|| SCRIPT_URL.to_owned());
        if !Url::parse(&script_url).is_ok_and(|url| url.scheme() == "https") {
            return Err("script_url must be an https address: leave it out to take the provider's package".to_owned());
        }
        Ok(Self { client_id: section.client_id, client_secret, webhook_secret, script_url })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    fn read(section: Value) -> Result<MeshConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_need_be_set_but_the_keys() {
        let config =
            read(json!({"mode": "sandbox", "refresh_by": "linkspan", "base_url": "https://x.example"})).unwrap();
        assert_eq!(config.missing_for_live(), ["client_id", "client_secret"]);
        assert_eq!(config.script_url, SCRIPT_URL);
        let set = read(json!({"client_id": "c-1", "client_secret": "s-1", "script_url": "https://x.example/a.js"}));
        assert_eq!(set.unwrap().missing_for_live(), Vec::<&str>::new());
    }

    #[test]
    fn a_bad_value_names_its_key_and_no_secret() {
        for (section, key) in [
            (json!({"client_key": "x"}), "client_key"),
            (json!({"client_id": "a b"}), "client_id"),
            (json!({"script_url": "http://x.example"}), "script_url"),
        ] {
            assert!(read(section).unwrap_err().contains(key), "{key}");
        }
        let error = read(json!({"webhook_secret": "canary secret"})).unwrap_err();
        assert!(error.contains("webhook_secret") && !error.contains("canary"), "{error}");
    }
}
