//! The configuration: one struct, whose every key `config.default.toml` documents. A file and then the environment override it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use hyper::header::HeaderName;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Variables that are not keys of the configuration.
const NOT_KEYS: [&str; 2] = ["LINKSPAN_CONFIG", "LINKSPAN_PROVIDER_SPECS"];

/// A configuration that cannot be used; the text names the key, the problem and the fix.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct Error(pub String);

/// Keys whose values are never numbers, whatever they look like.
const SECRETS: [&str; 2] = ["keys", "sandbox_api_key"];

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the API listens.
    pub bind: SocketAddr,
    /// How browsers and providers reach it.
    pub public_url: Option<Url>,
    /// In which header a proxy in front names the client.
    #[serde(default, deserialize_with = "header_name")]
    pub client_ip_header: Option<HeaderName>,
    /// Where the embedded database and the sandbox's keys are kept.
    pub data_dir: Option<PathBuf>,
    /// A PostgreSQL to use in place of the embedded one.
    pub database_url: Option<Secret>,
    /// Whether migrations run at start.
    pub migrate: bool,
    /// Connections to the database; 0 = by the number of cores.
    pub database_connections: u32,
    /// The key ring.
    pub keys: Option<Secret>,
    /// The key of the sandbox's tenant.
    pub sandbox_api_key: Option<Secret>,
    /// The seed of the simulated bank.
    pub sandbox_seed: u64,
    /// What is logged.
    pub log: Log,
    /// Bounds for clients.
    pub limits: Limits,
    /// Outbound calls.
    pub net: Net,
    /// The queue.
    pub jobs: Jobs,
    /// Readings of the product rules.
    pub products: Products,
    /// By provider, lower case.
    pub providers: BTreeMap<String, ProviderSection>,
}

/// What is logged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// As in tracing's `EnvFilter`.
    pub filter: String,
    /// How.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Bounds for clients.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests per second of an API key.
    pub api_key_per_second: std::num::NonZeroU32,
    /// Its burst.
    pub api_key_burst: std::num::NonZeroU32,
    /// Requests per second of a connect token.
    pub connect_token_per_second: std::num::NonZeroU32,
    /// Its burst.
    pub connect_token_burst: std::num::NonZeroU32,
    /// Connections to the listener at once.
    pub connections: std::num::NonZeroU32,
    /// For the head of a request.
    pub header_timeout_seconds: std::num::NonZeroU32,
    /// For a whole request.
    pub request_timeout_seconds: std::num::NonZeroU32,
}

/// Outbound calls.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Net {
    /// Opens the guard against private addresses.
    pub allow_private_addresses: bool,
}

/// The queue.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Jobs that this process runs at once.
    pub workers: u32,
}

/// Readings of the product rules.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Products {
    /// How rule A4 is read.
    #[serde(rename = "mx_investment_rule")]
    pub investment_rule: InvestmentRule,
}

/// How rule A4 is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvestmentRule {
    /// A product counts if it stands in a fetched array now.
    Table,
    /// A product counts if it was on the start call.
    OriginalCall,
}

/// Whether a provider is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Its built-in simulator.
    Sandbox,
    /// The real one, or whatever stands at `base_url`.
    Live,
    /// Not part of this installation.
    Off,
}

/// A provider's section.
#[derive(Clone, Deserialize)]
pub struct ProviderSection {
    /// Simulated, live or off; see [`Config::mode`] for what holds where it is left out.
    pub mode: Option<Mode>,
    /// Where it is, if not at its production address.
    pub base_url: Option<Url>,
    /// The provider's own keys.
    #[serde(flatten)]
    pub own: Dict,
}

impl std::fmt::Debug for ProviderSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderSection")
            .field("mode", &self.mode)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads defaults, the file that `LINKSPAN_CONFIG` names, and the environment.
    pub fn load() -> Result<Self, Error> {
        let file = std::env::var_os("LINKSPAN_CONFIG").map(PathBuf::from);
        Self::from_sources(
            file,
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// The same from given sources.
    pub fn from_sources(
        file: Option<PathBuf>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(Error(format!(
                    "LINKSPAN_CONFIG names {}, which is not a file: correct the path or unset it",
                    path.display()
                )));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        let mut names = BTreeMap::new();
        for (name, value) in variables {
            if !name.starts_with("LINKSPAN_") || NOT_KEYS.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            let key = name["LINKSPAN_".len()..].to_lowercase().replace("__", ".");
            figment = figment.merge(Serialized::default(&key, scalar(&key, &value)));
            names.insert(key, name);
        }
        let config: Self = figment.extract().map_err(|error| Error(explain(&error, &names)))?;
        config.check()?;
        Ok(config)
    }

    /// How browsers and providers reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.bind),
        }
    }

    /// Whether any provider is live.
    pub fn any_live(&self) -> bool {
        self.providers.values().any(|section| section.mode == Some(Mode::Live))
    }

    /// A provider's mode. Where nothing is said, it is simulated as long as this is a sandbox: no real customer is ever offered a
    /// simulated bank for want of a setting.
    pub fn mode(&self, id: ServiceProvider) -> Mode {
        let said = self.providers.get(&id.as_str().to_lowercase()).and_then(|section| section.mode);
        said.unwrap_or(if self.has_sandbox_tenant() { Mode::Sandbox } else { Mode::Off })
    }

    /// Whether the sandbox's tenant exists.
    pub fn has_sandbox_tenant(&self) -> bool {
        cfg!(feature = "sandbox") && (!self.any_live() || self.sandbox_api_key.is_some())
    }

    fn check(&self) -> Result<(), Error> {
        let known: Vec<String> = ServiceProvider::ALL.iter().map(|one| one.as_str().to_lowercase()).collect();
        if let Some(unknown) = self.providers.keys().find(|name| !known.contains(name)) {
            return Err(Error(format!(
                "providers.{unknown} is no provider: remove it, or take one of {}",
                known.join(", ")
            )));
        }
        let public = self.public_url.as_ref();
        if public.is_some_and(|url| {
            !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some()
        }) {
            return Err(Error("public_url must be an http or https address without query: set LINKSPAN_PUBLIC_URL to the one that browsers use".into()));
        }
        if self.any_live() && public.is_none_or(|url| url.scheme() != "https") {
            return Err(Error(
                "public_url must be https because a provider is live: set LINKSPAN_PUBLIC_URL=https://…".into(),
            ));
        }
        if self.any_live() && self.keys.is_none() {
            return Err(Error("keys is not set but a provider is live, and secrets must be sealed: set LINKSPAN_KEYS=\"k1:$(openssl rand -base64 32)\" and keep it safe".into()));
        }
        if self.database_connections == 1 {
            return Err(Error("database_connections is 1, and a request may need two: set LINKSPAN_DATABASE_CONNECTIONS to 2 or more, or 0 for the default".into()));
        }
        if self.database_url.as_ref().is_some_and(|url| !is_postgres(url.expose())) {
            return Err(Error("database_url is no PostgreSQL address: set LINKSPAN_DATABASE_URL=postgres://user:password@host/database, or unset it for the embedded database".into()));
        }
        if let Some(key) = &self.sandbox_api_key {
            let text = key.expose();
            if !(8..=200).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error("sandbox_api_key must be 8 to 200 visible ASCII characters: set LINKSPAN_SANDBOX_API_KEY=lsk_sandbox_… or unset it".into()));
            }
        }
        Ok(())
    }
}

/// A variable's value as the key's type wants it: what looks like a switch or a small number is one, but a provider's own
/// texts may look like numbers.
fn header_name<'de, D: Deserializer<'de>>(given: D) -> Result<Option<HeaderName>, D::Error> {
    let name = Option::<String>::deserialize(given)?;
    name.map(|name| name.parse().map_err(|_| D::Error::custom(format!("{name:?} is not the name of a header"))))
        .transpose()
}

fn scalar(key: &str, text: &str) -> Value {
    match text {
        "true" => Value::from(true),
        "false" => Value::from(false),
        _ => match text.parse::<u32>() {
            Ok(number) if !key.starts_with("providers.") && !SECRETS.contains(&key) => Value::from(number),
            _ => Value::from(text),
        },
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// What is wrong, without the value: it may be a secret.
pub(crate) fn problem(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            let found = match found {
                Actual::Str(_) => "a text".to_owned(),
                Actual::Unsigned(_) | Actual::Signed(_) => "a whole number".to_owned(),
                Actual::Float(_) => "a number".to_owned(),
                other => other.to_string(),
            };
            format!("it is {found}, and must be {expected}")
        }
        // Its first line says where; the lines of the file follow, and then what was expected.
        Kind::Message(text) if text.contains(" | ") => {
            let told = text.lines().filter(|line| !line.trim_start().starts_with('|') && !line.contains(" | "));
            told.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
        }
        // The library quotes each of several choices, and then all of them.
        kind => kind.to_string().replace("``", "`"),
    }
}

/// What is wrong, by key and by the variable or file that set it.
fn explain(error: &figment::Error, names: &BTreeMap<String, String>) -> String {
    let sentences: Vec<String> = error
        .clone()
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let set_by = set_by(&error, &key, names);
            match &error.kind {
                Kind::UnknownField(..) => {
                    format!(
                        "{key}{set_by} is no key: `linkspan config` prints every key; correct the name, or remove it"
                    )
                }
                kind if key.is_empty() => format!("the file{set_by} cannot be read: {}", problem(kind)),
                kind => {
                    format!(
                        "{key}{set_by}: {}; correct the value, `linkspan config` prints every key with what it takes",
                        problem(kind)
                    )
                }
            }
        })
        .collect();
    sentences.join("; ")
}

fn set_by(error: &figment::Error, key: &str, names: &BTreeMap<String, String>) -> String {
    let below = format!("{key}.");
    let variable = names.iter().find(|(name, _)| *name == key || name.starts_with(&below)).map(|(_, name)| name);
    let source = error.metadata.as_ref().and_then(|metadata| metadata.source.as_ref());
    match (variable, source) {
        (Some(name), _) => format!(" (set by {name})"),
        (None, Some(figment::Source::File(path))) => format!(" (set in {})", path.display()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test says where")]
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, Error> {
        Config::from_sources(None, variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_defaults_stand_alone() {
        let config = load(&[]).unwrap();
        assert_eq!(config.public_url(), "http://127.0.0.1:8080");
        assert!(config.has_sandbox_tenant() && !config.any_live());
    }

    #[test]
    fn variables_override_nested_keys() {
        let config = load(&[
            ("LINKSPAN_BIND", "0.0.0.0:9"),
            ("LINKSPAN_PROVIDERS__PLAID__CLIENT_ID", "123"),
            ("LINKSPAN_SANDBOX_API_KEY", "12345678"),
            ("LINKSPAN_LIMITS__CONNECT_TOKEN_BURST", "5"),
        ])
        .unwrap();
        assert_eq!(config.bind.port(), 9);
        assert_eq!(config.providers["plaid"].own["client_id"].as_str(), Some("123"));
        assert_eq!(config.sandbox_api_key.unwrap().expose(), "12345678");
        assert_eq!(config.limits.connect_token_burst.get(), 5);
    }

    #[test]
    fn a_bad_value_names_key_problem_and_fix() {
        for (variable, value, parts) in [
            ("LINKSPAN_BIND", "nonsense", ["bind (set by LINKSPAN_BIND)", "socket address", "correct the value"]),
            (
                "LINKSPAN_BNID",
                "127.0.0.1:1",
                ["bnid (set by LINKSPAN_BNID)", "is no key", "`linkspan config` prints every key"],
            ),
            ("LINKSPAN_LOG__FILTRE", "info", ["log.filtre (set by LINKSPAN_LOG__FILTRE)", "is no key", "remove it"]),
            ("LINKSPAN_JOBS__WORKERS__MOST", "3", ["jobs.workers", "set by LINKSPAN_JOBS__WORKERS__MOST", "correct"]),
            ("LINKSPAN_PROVIDERS__PLAIDD__MODE", "live", ["providers.plaidd", "is no provider", "plaid"]),
            ("LINKSPAN_LOG__FORMAT", "xml", ["log.format", "expected `text` or `json`", "correct the value"]),
            ("LINKSPAN_PROVIDERS__PLAID__MODE", "lvie", ["providers.plaid.mode", "lvie", "live"]),
            ("LINKSPAN_LIMITS__CONNECTIONS", "0", ["limits.connections", "nonzero", "correct the value"]),
            ("LINKSPAN_DATABASE_CONNECTIONS", "1", ["database_connections", "may need two", "2 or more"]),
            ("LINKSPAN_DATABASE_URL", "mysql://x/y", ["database_url", "no PostgreSQL address", "postgres://"]),
            ("LINKSPAN_SANDBOX_API_KEY", "short", ["sandbox_api_key", "8 to 200", "unset it"]),
        ] {
            let text = load(&[(variable, value)]).unwrap_err().to_string();
            for part in parts {
                assert!(text.contains(part), "{variable}={value}: {text:?} lacks {part:?}");
            }
        }
    }

    #[test]
    fn a_bad_file_is_named() {
        let path = std::env::temp_dir().join(format!("linkspan-{}.toml", std::process::id()));
        for (content, part) in [
            ("a = [", "line 1, column 6"),
            ("[log]\nfiltre = 3", "log.filtre"),
            ("[providers.plaid]\nsecret = \"4242", "line 2, column 15"),
            ("keys = 4242", "keys"),
        ] {
            std::fs::write(&path, content).unwrap();
            let text = Config::from_sources(Some(path.clone()), []).unwrap_err().to_string();
            assert!(text.contains(part) && text.contains(&*path.to_string_lossy()), "{text}");
            assert!(!text.contains("4242"), "a value may be a secret: {text}");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_live_provider_needs_https_and_keys() {
        let live = ("LINKSPAN_PROVIDERS__PLAID__MODE", "live");
        assert!(load(&[live]).unwrap_err().to_string().contains("LINKSPAN_PUBLIC_URL=https"));
        let url = ("LINKSPAN_PUBLIC_URL", "https://link.example.com/");
        assert!(load(&[live, url]).unwrap_err().to_string().contains("LINKSPAN_KEYS"));
        let keys = ("LINKSPAN_KEYS", "k1:AAAA");
        let config = load(&[live, url, keys]).unwrap();
        assert_eq!(config.public_url(), "https://link.example.com");
        assert!(!config.has_sandbox_tenant());
        assert_eq!((config.mode(ServiceProvider::Plaid), config.mode(ServiceProvider::Mx)), (Mode::Live, Mode::Off));
        let both = load(&[live, url, keys, ("LINKSPAN_SANDBOX_API_KEY", "lsk_sandbox_1")]).unwrap();
        assert_eq!(both.mode(ServiceProvider::Mx), Mode::Sandbox);
        let explicit = load(&[live, url, keys, ("LINKSPAN_PROVIDERS__MX__MODE", "sandbox")]).unwrap();
        assert_eq!(explicit.mode(ServiceProvider::Mx), Mode::Sandbox);
    }
}
