//! The sandbox's own secrets, kept in the data folder (0600): its key ring and its tenant's API key.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Error;
use super::database::data_dir;
use crate::config::Config;
use crate::crypto::{self, KeyRing};
use crate::domain::secret::Secret;

/// The key ring: as configured; without live providers the sandbox's own.
pub(super) fn ring(config: &Config) -> Result<KeyRing, Error> {
    let text = match &config.keys {
        Some(keys) => keys.clone(),
        None => {
            let generate =
                || KeyRing::generate_text("sandbox").ok_or_else(|| Error("the system gave no random bytes".into()));
            kept(&data_dir(config)?.join("sandbox-keys"), generate)?
        }
    };
    KeyRing::parse(&text).map_err(|error| {
        Error(format!("configuration: keys: {error}; LINKSPAN_KEYS is id:base64,… with the current key first"))
    })
}

/// The API key of the sandbox's tenant: as configured, or made once.
pub(super) fn sandbox_api_key(config: &Config) -> Result<Secret, Error> {
    match &config.sandbox_api_key {
        Some(key) => Ok(key.clone()),
        None => kept(&data_dir(config)?.join("sandbox-api-key"), || {
            crypto::random_token("lsk_sandbox_").map_err(Error::new)
        }),
    }
}

/// The secret in that file, made where there is none.
fn kept(path: &Path, generate: impl FnOnce() -> Result<Secret, Error>) -> Result<Secret, Error> {
    let unusable = |error: std::io::Error| {
        Error(format!(
            "{} cannot be used ({error}): set LINKSPAN_DATA_DIR to a folder that this user may write",
            path.display()
        ))
    };
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok(Secret::new(text.trim())),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    let secret = generate()?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unusable)?;
    }
    // Written whole under another name first: a crash leaves the old state or the new one.
    let draft = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(unusable)?;
    writeln!(file, "{}", secret.expose()).and_then(|()| file.sync_all()).map_err(unusable)?;
    fs::rename(&draft, path).map_err(unusable)?;
    Ok(secret)
}
