//! The section `[providers.salt_edge]` or `[providers.salt_edge_partners]`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::secret::Secret;
use crate::providers::section::{Number, plain_text};

use super::signature::{self, PublicKey, SigningKey};

/// Where the right credentials are to be found.
const SOURCE: &str = "as the dashboard shows it";

/// What this installation is at Salt Edge.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Section")]
pub struct SaltEdgeConfig {
    /// The id of a service API key.
    pub app_id: String,
    /// Its secret.
    pub secret: Secret,
    /// Signs requests; compulsory for live clients.
    pub private_key: Option<SigningKey>,
    /// Verifies callbacks. Two keys are published and the examples hold the older one, so that it is never built in.
    pub callback_public_key: Option<PublicKey>,
    /// Whether Salt Edge refreshes by itself (E10). Always sent, because the two kinds of client have different defaults.
    pub automatic_refresh: bool,
    /// Whether banks' sandboxes and fake banks are listed.
    pub include_sandboxes: bool,
    /// Rows of a page.
    pub page_size: u32,
    /// Whether cards and loans report what is owed as a negative balance.
    pub debts_are_negative: bool,
}

/// The section as written. The last two keys are every provider's, and are read elsewhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    app_id: Option<String>,
    secret: Option<Secret>,
    private_key: Option<Secret>,
    callback_public_key: Option<String>,
    refresh_by: Option<String>,
    include_sandboxes: Option<bool>,
    page_size: Option<Number>,
    debts_are_negative: Option<bool>,
    #[serde(rename = "mode")]
    _mode: Option<IgnoredAny>,
    #[serde(rename = "base_url")]
    _base_url: Option<IgnoredAny>,
}

impl SaltEdgeConfig {
    /// The keys that are unset although live mode needs them.
    pub fn missing_for_live(&self) -> Vec<&'static str> {
        let keys = [
            ("app_id", self.app_id.is_empty()),
            ("secret", self.secret.expose().is_empty()),
            ("private_key", self.private_key.is_none()),
            ("callback_public_key", self.callback_public_key.is_none()),
        ];
        keys.into_iter().filter_map(|(key, is_missing)| is_missing.then_some(key)).collect()
    }
}

impl TryFrom<Section> for SaltEdgeConfig {
    type Error = String;

    fn try_from(section: Section) -> Result<Self, String> {
        let app_id = section.app_id.unwrap_or_default();
        let secret = section.secret.unwrap_or_else(|| Secret::new(""));
        plain_text("app_id", &app_id, SOURCE)?;
        plain_text("secret", secret.expose(), SOURCE)?;
        let automatic_refresh = match section.refresh_by.as_deref() {
            None | Some("linkspan") => false,
            Some("provider") => true,
            Some(_) => return Err("refresh_by must be \"linkspan\" or \"provider\"".to_owned()),
        };
        let page_size =
            section.page_size.map_or(Some(1000), |size| size.get()).filter(|size| (1..=1000).contains(size));
        let page_size = page_size.ok_or("page_size must be 1 to 1000")?;
        let private_key = section.private_key.filter(|key| !key.expose().trim().is_empty());
        let callback_key = section.callback_public_key.filter(|key| !key.trim().is_empty());
        Ok(Self {
            app_id,
            secret,
            private_key: private_key.map(|pem| signature::signing_key("private_key", pem.expose())).transpose()?,
            callback_public_key: callback_key
                .map(|pem| signature::public_key("callback_public_key", &pem))
                .transpose()?,
            automatic_refresh,
            include_sandboxes: section.include_sandboxes.unwrap_or(false),
            page_size,
            debts_are_negative: section.debts_are_negative.unwrap_or(true),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(section: serde_json::Value) -> Result<SaltEdgeConfig, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn live_mode_needs_keys_of_both_directions() {
        let all = ["app_id", "secret", "private_key", "callback_public_key"];
        assert_eq!(read(json!({})).unwrap().missing_for_live(), all);
        let pem = include_str!("sandbox/key.pem");
        let whole = json!({ "mode": "live", "app_id": "a", "secret": "s", "private_key": pem,
            "callback_public_key": include_str!("sandbox/public_key.pem"), "refresh_by": "provider" });
        let whole = read(whole).unwrap();
        assert!(whole.missing_for_live().is_empty() && whole.automatic_refresh);
        assert!(!format!("{whole:?}").contains("MII"));
        assert_eq!(read(json!({ "page_size": "20" })).unwrap().page_size, 20, "as in a variable");
    }

    #[test]
    fn a_bad_value_names_its_key_and_no_secret() {
        for (key, value) in [
            ("app_id", json!("a b")),
            ("private_key", json!("canary")),
            ("callback_public_key", json!("-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----")),
            ("refresh_by", json!("canary")),
            ("page_size", json!(0)),
            ("page_size", json!("canary")),
            ("unheard_of", json!(1)),
        ] {
            let error = read(json!({ key: value })).unwrap_err();
            assert!(error.contains(key) && !error.contains("canary"), "{error}");
        }
    }
}
